#include "backoff.h"

#include <criterion/criterion.h>
#include <limits.h>

Test(backoff, doubles_from_a_second_to_five_minutes)
{
	cr_assert_eq(backoff_ms(1, BACKOFF_LAST_MS), 1000);
	cr_assert_eq(backoff_ms(2, BACKOFF_LAST_MS), 2000);
	cr_assert_eq(backoff_ms(9, BACKOFF_LAST_MS), 256000);
	cr_assert_eq(backoff_ms(10, BACKOFF_LAST_MS), 300000);
	cr_assert_eq(backoff_ms(UINT_MAX, BACKOFF_LAST_MS), 300000);
	cr_assert_eq(backoff_ms(40, BACKOFF_SERVICE_MS), 30000);
	cr_assert_eq(backoff_ms(0, BACKOFF_LAST_MS), 1000);
}
