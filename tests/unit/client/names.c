#include <criterion/criterion.h>

#include "keystore.h"

Test(names, of_algorithms_lead_back_to_them)
{
	for (enum ks_algorithm i = KS_ALGORITHM_RSA_2048; i <= KS_ALGORITHM_EC_P384; i++)
		cr_assert_eq(ks_algorithm_from_name(ks_algorithm_name(i)), i);
}

Test(names, of_hashes_lead_back_to_them)
{
	for (enum ks_hash i = KS_HASH_SHA1; i <= KS_HASH_SHA512; i++)
		cr_assert_eq(ks_hash_from_name(ks_hash_name(i)), i);
}

Test(names, that_are_none_give_nothing)
{
	cr_assert_null(ks_algorithm_name((enum ks_algorithm)0));
	cr_assert_null(ks_algorithm_name((enum ks_algorithm)6));
	cr_assert_null(ks_hash_name(KS_HASH_DEFAULT));
	cr_assert_null(ks_hash_name((enum ks_hash)5));
	cr_assert_eq(ks_algorithm_from_name("rsa-1024"), 0);
	cr_assert_eq(ks_algorithm_from_name(""), 0);
	cr_assert_eq(ks_algorithm_from_name(NULL), 0);
	cr_assert_eq(ks_hash_from_name("md5"), 0);
}

Test(names, of_statuses_are_never_null)
{
	cr_assert_str_eq(ks_status_name(KS_NOT_FOUND), "not found");
	cr_assert_str_eq(ks_status_name(KS_UNREACHABLE), "unreachable");
	cr_assert_not_null(ks_status_name((enum ks_status)15));
	cr_assert_not_null(ks_status_name((enum ks_status)105));
	cr_assert_not_null(ks_status_name((enum ks_status) - 1));
}
