#include "throttle.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define SECOND UINT64_C(1000000)

static struct throttle *throttle;
static uint64_t now;

static void up(void)
{
	throttle = throttle_new();
	cr_assert(throttle);
	now = 5 * SECOND;
}

static void down(void)
{
	throttle_free(throttle);
}

TestSuite(throttle, .init = up, .fini = down);

static uint64_t try(uid_t uid, const char *origin, const char *user)
{
	return throttle_try(throttle, uid, origin, user, now);
}

static void fail_until_waiting(uid_t uid, const char *origin, const char *user)
{
	for (int i = 0; i < 1000 && !try(uid, origin, user); i++)
		;
	cr_assert(try(uid, origin, user));
}

Test(throttle, makes_waits_longer_with_each_failure)
{
	uint64_t before = 0;

	for (int i = 0; i < THROTTLE_FREE; i++)
		cr_assert_eq(try(1, "", "anna"), 0u);
	for (int i = 0; i < 20; i++) {
		uint64_t wait = try(1, "", "anna");

		cr_assert_gt(wait, 0u);
		cr_assert_leq(wait, (uint64_t)THROTTLE_WAIT_MS);
		cr_assert_geq(wait, before);
		before = wait;
		/* A moment too early is too early. */
		now += wait * 1000 - 1;
		cr_assert_gt(try(1, "", "anna"), 0u);
		now += 1;
		cr_assert_eq(try(1, "", "anna"), 0u);
	}
	cr_assert_eq(before, (uint64_t)THROTTLE_WAIT_MS);
}

Test(throttle, locks_nobody_else_out)
{
	fail_until_waiting(1, "", "anna");
	/* The same user from another uid, and another user from the same. */
	cr_assert_eq(try(2, "", "anna"), 0u);
	cr_assert_eq(try(1, "", "bert"), 0u);
}

Test(throttle, counts_each_origin_behind_a_front_end_by_itself)
{
	fail_until_waiting(1, "192.0.2.1", "anna");
	cr_assert_eq(try(1, "192.0.2.2", "anna"), 0u);
	cr_assert_eq(try(1, "", "anna"), 0u);
}

Test(throttle, slows_down_who_tries_many_users)
{
	char user[16];
	int tried = 0;

	for (int i = 0; i < 100; i++) {
		snprintf(user, sizeof user, "u%d", i);
		tried += try(1, "192.0.2.1", user) == 0;
	}
	cr_assert_eq(tried, THROTTLE_SPREAD);
	cr_assert_eq(try(1, "192.0.2.2", "u0"), 0u);
}

Test(throttle, forgets_the_failures_of_who_knows_the_password)
{
	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < THROTTLE_FREE - 1; i++)
			cr_assert_eq(try(1, "", "anna"), 0u);
		if (round % 3 == 2)
			now += THROTTLE_FORGET_MS * UINT64_C(1000);
		cr_assert_eq(try(1, "", "anna"), 0u);
		throttle_right(throttle, 1, "", "anna", now);
	}
}

Test(throttle, does_not_let_the_own_password_hide_guesses_at_others)
{
	int tried = 0;

	for (int i = 0; i < 100; i++) {
		if (try(1, "", "me") == 0)
			throttle_right(throttle, 1, "", "me", now);
		tried += try(1, "", "anna") == 0;
	}
	cr_assert_eq(tried, THROTTLE_FREE);
}

Test(throttle, forgets_after_a_while)
{
	fail_until_waiting(1, "", "anna");
	now += THROTTLE_FORGET_MS * UINT64_C(1000);
	for (int i = 0; i < THROTTLE_FREE; i++)
		cr_assert_eq(try(1, "", "anna"), 0u);
}

Test(throttle, shares_one_count_when_a_uid_has_used_up_its_own)
{
	char origin[32];
	int tried = 0;

	/* An origin of its own for every guess. */
	for (int i = 0; i < 10 * THROTTLE_COUNTS; i++) {
		snprintf(origin, sizeof origin, "10.0.%d.%d", i / 256, i % 256);
		tried += try(1, origin, "anna") == 0;
	}
	cr_assert_leq(tried, THROTTLE_COUNTS / 2 + THROTTLE_SPREAD + 1);
	cr_assert_eq(try(2, "", "anna"), 0u);
}

Test(throttle, remembers_so_many_uids)
{
	for (uid_t uid = 0; uid < 3 * THROTTLE_UIDS; uid++)
		fail_until_waiting(uid, "", "anna");
	/* The latest are still slowed down. */
	cr_assert_gt(try(3 * THROTTLE_UIDS - 1, "", "anna"), 0u);
}
