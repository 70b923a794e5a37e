#include <criterion/criterion.h>

#include "request.h"

Test(request, names_a_key_by_name_or_by_id)
{
	Keystore__V1__KeyRef ref = KEYSTORE__V1__KEY_REF__INIT;

	cr_assert(request_key("plc-1", &ref));
	cr_assert_eq(ref.by_case, KEYSTORE__V1__KEY_REF__BY_NAME);
	cr_assert_str_eq(ref.name, "plc-1");
	cr_assert(request_key("#18446744073709551615", &ref));
	cr_assert_eq(ref.by_case, KEYSTORE__V1__KEY_REF__BY_ID);
	cr_assert_eq(ref.id, UINT64_MAX);
}

Test(request, refuses_what_names_no_key)
{
	static const char *const bad[] = {
		"", "#", "#x", "#1x", "# 1", "#-1", "#18446744073709551616"};
	Keystore__V1__KeyRef ref = KEYSTORE__V1__KEY_REF__INIT;

	cr_assert(!request_key(NULL, &ref));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert(!request_key(bad[i], &ref), "%s", bad[i]);
}

Test(request, lists_operations)
{
	struct request_operations list;

	request_operations(0, &list);
	cr_assert_eq(list.count, 0);
	request_operations(KS_OPERATION_SIGN | KS_OPERATION_DECRYPT, &list);
	cr_assert_eq(list.count, 2);
	cr_assert_eq(list.list[1], KEYSTORE__V1__OPERATION__OPERATION_DECRYPT);
}
