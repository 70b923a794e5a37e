#include "times.h"

#include <criterion/criterion.h>

Test(times, are_sorted_by_powers_of_two)
{
	struct tpm_times times = {0};

	times_add_signature(&times, 0);
	times_add_signature(&times, 1);
	times_add_signature(&times, 2);
	times_add_signature(&times, 3);
	times_add_signature(&times, 4);
	times_add_signature(&times, 1023);
	times_add_signature(&times, 1024);
	cr_assert_eq(times.signatures[0], 1);
	cr_assert_eq(times.signatures[1], 1);
	cr_assert_eq(times.signatures[2], 2);
	cr_assert_eq(times.signatures[3], 1);
	cr_assert_eq(times.signatures[10], 1);
	cr_assert_eq(times.signatures[11], 1);
}

Test(times, that_are_very_long_share_the_last_bucket)
{
	struct tpm_times times = {0};

	times_add_signature(&times, (UINT64_C(1) << (TPM_LATENCIES - 1)) - 1);
	cr_assert_eq(times.signatures[TPM_LATENCIES - 1], 1);
	times_add_signature(&times, UINT64_C(1) << TPM_LATENCIES);
	times_add_signature(&times, UINT64_MAX);
	cr_assert_eq(times.signatures[TPM_LATENCIES - 1], 3);
}
