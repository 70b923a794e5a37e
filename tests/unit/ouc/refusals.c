#include "refusals.h"

#include <criterion/criterion.h>

Test(refusals, are_told_some_times_a_second_and_the_others_counted)
{
	struct refusals refusals = {0};
	uint64_t others = 99, now = 5000000;

	for (int i = 0; i < REFUSALS_A_SECOND; i++) {
		cr_assert(refusals_count(&refusals, now, &others));
		cr_assert_eq(others, 0);
	}
	for (int i = 0; i < 1000; i++)
		cr_assert(!refusals_count(&refusals, now + 999999, &others));
	cr_assert(refusals_count(&refusals, now + 1000000, &others));
	cr_assert_eq(others, 1000);
	cr_assert(refusals_count(&refusals, now + 1000000, &others));
	cr_assert_eq(others, 0);
}
