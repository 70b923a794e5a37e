#include "throttle.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define SECOND UINT64_C(1000000)

static struct throttle *throttle;

static void setup(void)
{
	const struct throttle_limits limits = {.places = 6, .places_of_address = 2, .free = 3};

	throttle = throttle_new(&limits);
	cr_assert(throttle);
}

static void teardown(void)
{
	throttle_free(throttle);
}

TestSuite(throttle, .init = setup, .fini = teardown);

/* And fails. */
static uint64_t try(const char *address, const char *what, uint64_t now)
{
	uint64_t wait = throttle_wait(throttle, address, (const uint8_t *)what, strlen(what), now);

	if (!wait)
		throttle_wrong(throttle, address, (const uint8_t *)what, strlen(what), now);
	return wait;
}

static void right(const char *address, const char *what, uint64_t now)
{
	throttle_right(throttle, address, (const uint8_t *)what, strlen(what), now);
}

Test(throttle, lets_an_address_have_so_many_places_and_all_together_no_more_than_theirs)
{
	cr_assert(throttle_enter(throttle, "192.0.2.1"));
	cr_assert(throttle_enter(throttle, "192.0.2.1"));
	cr_assert(!throttle_enter(throttle, "192.0.2.1"));
	cr_assert(throttle_enter(throttle, "192.0.2.2"));
	cr_assert(throttle_enter(throttle, "192.0.2.2"));
	cr_assert(throttle_enter(throttle, "192.0.2.3"));
	cr_assert(throttle_enter(throttle, "192.0.2.4"));
	cr_assert(!throttle_enter(throttle, "192.0.2.5"));

	throttle_leave(throttle, "192.0.2.1");
	cr_assert(throttle_enter(throttle, "192.0.2.5"));
	cr_assert(!throttle_enter(throttle, "192.0.2.1"));
}

Test(throttle, takes_the_addresses_of_one_ipv6_network_for_one)
{
	cr_assert(throttle_enter(throttle, "2001:db8:0:1::1"));
	cr_assert(throttle_enter(throttle, "2001:db8:0:1::2"));
	cr_assert(!throttle_enter(throttle, "2001:db8:0:1:ffff::3"));
	cr_assert(throttle_enter(throttle, "2001:db8:0:2::1"));
	cr_assert(throttle_enter(throttle, "::ffff:192.0.2.1"));
	cr_assert(throttle_enter(throttle, "::ffff:192.0.2.1"));
	cr_assert(throttle_enter(throttle, "::ffff:192.0.2.2"));
}

Test(throttle, never_has_more_places_than_it_knows_addresses)
{
	const struct throttle_limits limits = {
		.places = THROTTLE_PLACES + 1, .places_of_address = THROTTLE_PLACES + 1, .free = 1};
	struct throttle *large = throttle_new(&limits);
	char address[32];

	for (unsigned i = 0; i < THROTTLE_PLACES; i++) {
		snprintf(address, sizeof(address), "10.0.%u.%u", i / 256, i % 256);
		cr_assert(throttle_enter(large, address), "%u", i);
	}
	cr_assert(!throttle_enter(large, "192.0.2.1"));
	throttle_leave(large, address);
	cr_assert(throttle_enter(large, "192.0.2.1"));
	throttle_free(large);
}

Test(throttle, costs_no_time_what_fails_rarely_and_ever_more_what_fails_often)
{
	for (int i = 0; i < 3; i++)
		cr_assert_eq(try("192.0.2.1", "a", SECOND), 0);
	cr_assert_eq(try("192.0.2.1", "a", SECOND), 1000);
	cr_assert_eq(try("192.0.2.1", "a", SECOND + SECOND / 4), 750);
	cr_assert_eq(try("192.0.2.1", "a", 2 * SECOND), 0);
	cr_assert_eq(try("192.0.2.1", "a", 2 * SECOND), 2000);
	for (uint64_t now = 100; now < 1500; now += 100)
		cr_assert_eq(try("192.0.2.1", "a", now * SECOND), 0, "%u", (unsigned)now);
	cr_assert_eq(try("192.0.2.1", "a", 1400 * SECOND), THROTTLE_WAIT_MS);
}

Test(throttle, forgets_what_was_right_in_the_end_and_what_is_long_ago)
{
	for (int i = 0; i < 3; i++)
		cr_assert_eq(try("192.0.2.1", "a", SECOND), 0, "%d", i);
	cr_assert_neq(try("192.0.2.1", "a", SECOND), 0);
	right("192.0.2.1", "a", SECOND);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(try("192.0.2.1", "a", SECOND), 0);
	cr_assert_neq(try("192.0.2.1", "a", SECOND), 0);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(try("192.0.2.1", "a", SECOND + THROTTLE_FORGET_MS * 1000), 0);
}

Test(throttle, keeps_nobody_waiting_for_what_others_got_wrong)
{
	while (!try("192.0.2.1", "a", SECOND))
		;
	cr_assert_eq(try("192.0.2.2", "a", SECOND), 0);
	cr_assert_eq(try("192.0.2.1", "b", SECOND), 0);
}

Test(throttle, slows_an_address_down_that_gets_ever_another_thing_wrong)
{
	char what[16];
	unsigned tried = 0;

	do
		snprintf(what, sizeof(what), "%u", tried++);
	while (!try("192.0.2.1", what, SECOND));
	cr_assert_eq(tried, 3 * THROTTLE_SPREAD + 1);
	cr_assert_eq(try("192.0.2.2", what, SECOND), 0);
}

Test(throttle, keeps_nobody_waiting_for_one_at_his_address_who_fails_for_ever)
{
	for (uint64_t now = 1; now < 36000; now++)
		(void)try("192.0.2.1", "a", now * SECOND);
	cr_assert_neq(try("192.0.2.1", "a", 36000 * SECOND), 0);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(try("192.0.2.1", "b", 36000 * SECOND), 0);
}

Test(throttle, makes_room_for_one_address_too_many_by_what_failed_longest_ago)
{
	char address[32];

	for (int i = 0; i < 3; i++)
		cr_assert_eq(try("192.0.2.1", "a", SECOND), 0);
	for (unsigned i = 0; i < THROTTLE_COUNTS / 2; i++) {
		snprintf(address, sizeof(address), "10.0.%u.%u", i / 256, i % 256);
		for (int n = 0; n < 3; n++)
			cr_assert_eq(try(address, "a", (2 + i) * SECOND), 0, "%u", i);
	}
	cr_assert_neq(try(address, "a", (THROTTLE_COUNTS / 2 + 1) * SECOND), 0);
	cr_assert_eq(try("192.0.2.1", "a", SECOND + SECOND / 2), 0);
}

Test(throttle, knows_again_what_was_there_lately)
{
	uint8_t bytes[8] = {0};

	cr_assert(!throttle_seen(throttle, bytes, sizeof(bytes)));
	cr_assert(throttle_seen(throttle, bytes, sizeof(bytes)));
	for (uint32_t i = 1; i < THROTTLE_SEEN; i++) {
		memcpy(bytes, &i, sizeof(i));
		cr_assert(!throttle_seen(throttle, bytes, sizeof(bytes)), "%u", i);
	}
	memset(bytes, 0, sizeof(bytes));
	cr_assert(throttle_seen(throttle, bytes, sizeof(bytes)));
	bytes[7] = 1;
	cr_assert(!throttle_seen(throttle, bytes, sizeof(bytes)));
	memset(bytes, 0, sizeof(bytes));
	cr_assert(!throttle_seen(throttle, bytes, sizeof(bytes)));
}
