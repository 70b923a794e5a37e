#include <criterion/criterion.h>

#include "keystore.pb-c.h"
#include "status.h"

Test(status, has_the_numbers_of_the_protocol)
{
	const ProtobufCEnumDescriptor *wire = &keystore__v1__status__descriptor;

	cr_assert_eq(wire->n_values, STATUS_COUNT);
	cr_assert_eq((int)KEYSTORE__V1__STATUS__STATUS_NOT_FOUND, (int)STATUS_NOT_FOUND);
	cr_assert_eq((int)KEYSTORE__V1__STATUS__STATUS_DECRYPT_FAILED, (int)STATUS_DECRYPT_FAILED);
	cr_assert_eq((int)KEYSTORE__V1__STATUS__STATUS_INTERNAL, (int)STATUS_INTERNAL);
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
