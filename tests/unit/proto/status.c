#include <criterion/criterion.h>

#include "keystore.pb-c.h"
#include "status.h"

static int wire_number(const char *name)
{
	const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value_by_name(
		&keystore__v1__status__descriptor, name);

	cr_assert_not_null(value);
	return value->value;
}

Test(status, has_the_numbers_of_the_protocol)
{
	cr_assert_eq(keystore__v1__status__descriptor.n_values, STATUS_COUNT);
	cr_assert_eq(wire_number("STATUS_OK"), (int)STATUS_OK);
	cr_assert_eq(wire_number("STATUS_NOT_FOUND"), (int)STATUS_NOT_FOUND);
	cr_assert_eq(wire_number("STATUS_DECRYPT_FAILED"), (int)STATUS_DECRYPT_FAILED);
	cr_assert_eq(wire_number("STATUS_INTERNAL"), (int)STATUS_INTERNAL);
}

Test(status, names_each_status_differently)
{
	for (int a = 0; a < STATUS_COUNT; a++) {
		cr_assert_str_neq(status_name(a), "unknown");
		for (int b = 0; b < a; b++)
			cr_assert_str_neq(status_name(a), status_name(b));
	}
}

Test(status, calls_a_number_that_is_none_unknown)
{
	cr_assert_str_eq(status_name(-1), "unknown");
	cr_assert_str_eq(status_name(STATUS_COUNT), "unknown");
	cr_assert_str_eq(status_name(1 << 30), "unknown");
}
