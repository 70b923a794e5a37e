#include "retries.h"

#include <criterion/criterion.h>

static struct retries *retries;

static void set_up(void)
{
	retries = retries_new();
	cr_assert_not_null(retries);
}

static void tear_down(void)
{
	retries_free(retries);
}

TestSuite(retries, .init = set_up, .fini = tear_down);

Test(retries, wait_twice_as_long_each_time_up_to_a_day)
{
	uint64_t pause = RETRIES_MIN_USEC;
	uint64_t now = 1;

	cr_assert(!retries_wait(retries, 7, 1, now));
	for (int i = 0; i < 20; i++) {
		cr_assert(retries_failed(retries, 7, 1, now));
		cr_assert(retries_wait(retries, 7, 1, now + pause - 1));
		cr_assert(!retries_wait(retries, 7, 1, now + pause));
		now += pause;
		pause = 2 * pause < RETRIES_MAX_USEC ? 2 * pause : RETRIES_MAX_USEC;
	}
	cr_assert_eq(pause, RETRIES_MAX_USEC);
}

Test(retries, are_of_one_version)
{
	cr_assert(retries_failed(retries, 7, 1, 1));
	cr_assert(retries_has_failed(retries, 7, 1));
	cr_assert(!retries_has_failed(retries, 7, 2));
	cr_assert(!retries_has_failed(retries, 8, 1));
	cr_assert(!retries_wait(retries, 7, 2, 2));
	cr_assert(retries_failed(retries, 7, 2, 2));
	cr_assert(!retries_wait(retries, 7, 2, 2 + RETRIES_MIN_USEC));
	retries_forget(retries, 7);
	retries_forget(retries, 99);
	cr_assert(!retries_wait(retries, 7, 2, 2));
}

Test(retries, of_one_more_than_there_is_room_for_are_not_remembered)
{
	for (uint64_t id = 1; id <= RETRIES_MAX; id++)
		cr_assert(retries_failed(retries, id, 1, 1));
	cr_assert(!retries_failed(retries, RETRIES_MAX + 1, 1, 1));
	cr_assert(retries_failed(retries, 1, 1, 1));
	retries_forget(retries, 1);
	cr_assert(retries_failed(retries, RETRIES_MAX + 1, 1, 1));
}

Test(retries, of_what_follows_are_free_a_few_times_a_day)
{
	uint32_t version = 1;
	uint64_t now = 1;

	for (unsigned i = 0; i < RETRIES_FREE; i++) {
		retries_followed(retries, 7, ++version, now);
		cr_assert(!retries_wait(retries, 7, version, now));
		cr_assert(!retries_has_failed(retries, 7, version));
	}
	retries_followed(retries, 7, ++version, now);
	cr_assert(retries_wait(retries, 7, version, now + RETRIES_MIN_USEC - 1));
	cr_assert(!retries_wait(retries, 7, version, now + RETRIES_MIN_USEC));
	now += RETRIES_MIN_USEC;
	for (unsigned i = 0; i < 20; i++) {
		retries_followed(retries, 7, ++version, now);
		cr_assert(retries_wait(retries, 7, version, now + 2 * RETRIES_MIN_USEC - 1));
		cr_assert(!retries_wait(retries, 7, version, now + RETRIES_MAX_USEC));
	}
	/* A quiet day, and it begins anew. */
	now += RETRIES_MAX_USEC + 1;
	retries_followed(retries, 7, ++version, now);
	cr_assert(!retries_wait(retries, 7, version, now));
}

Test(retries, of_what_fails_after_it_followed_begin_with_the_first_wait)
{
	retries_followed(retries, 7, 2, 1);
	cr_assert(retries_failed(retries, 7, 2, 1));
	cr_assert(retries_wait(retries, 7, 2, RETRIES_MIN_USEC));
	cr_assert(!retries_wait(retries, 7, 2, 1 + RETRIES_MIN_USEC));
}

Test(retries, of_failures_take_the_place_of_what_followed)
{
	for (uint64_t id = 1; id < RETRIES_MAX; id++)
		cr_assert(retries_failed(retries, id, 1, 1));
	retries_followed(retries, RETRIES_MAX, 2, 1);
	cr_assert(retries_failed(retries, RETRIES_MAX + 1, 1, 1));
	retries_followed(retries, RETRIES_MAX + 2, 2, 1);
	cr_assert(!retries_failed(retries, RETRIES_MAX + 2, 1, 1));
}
