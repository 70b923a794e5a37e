#include "own.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define SETTLE 1000u

static struct own own;
static struct own_sight sight;
static uint64_t now = 1;
static uint64_t next;

/* The clock goes by seconds as the timer does by units, to tell the order. */
static bool look(uint64_t when)
{
	struct own_times times = {.now = when, .time = (int64_t)when, .settle = SETTLE};

	now = when;
	return own_observe(&own, &sight, &times, &next);
}

static void see(const char *text, const char *interface)
{
	struct own_seen seen = {.type = OWN_IPV4};

	snprintf(seen.text, sizeof seen.text, "%s", text);
	snprintf(seen.interface, sizeof seen.interface, "%s", interface);
	cr_assert(own_sight_add(&sight, &seen));
}

static void see_nothing(void)
{
	memset(&sight, 0, sizeof sight);
}

static const struct own_name *find(const char *text)
{
	for (size_t i = 0; i < own.count; i++) {
		if (strcmp(own.names[i].is.text, text) == 0)
			return &own.names[i];
	}
	return NULL;
}

static bool is_here(const char *text)
{
	return find(text) && find(text)->is_here;
}

Test(own, takes_an_address_for_its_own_once_it_has_lasted)
{
	see("192.0.2.1", "eth0");
	cr_assert(!look(1));
	cr_assert_eq(next, 1 + SETTLE);
	cr_assert(!look(SETTLE));
	cr_assert(!is_here("192.0.2.1"));
	cr_assert(look(1 + SETTLE));
	cr_assert(is_here("192.0.2.1"));
	cr_assert_eq(find("192.0.2.1")->since, 1 + SETTLE);
	cr_assert_eq(next, OWN_NEVER);
	cr_assert(!look(2 * SETTLE));
}

Test(own, forgets_what_did_not_last)
{
	see("192.0.2.1", "eth0");
	look(1);
	see_nothing();
	cr_assert(!look(2));
	cr_assert_eq(own.count, 0u);
	cr_assert_eq(next, OWN_NEVER);
}

Test(own, takes_no_notice_of_what_comes_back_in_time)
{
	see("192.0.2.1", "eth0");
	look(1);
	look(1 + SETTLE);
	for (uint64_t at = 5000; at < 50000; at += SETTLE) {
		see_nothing();
		cr_assert(!look(at));
		cr_assert_eq(next, at + SETTLE);
		see("192.0.2.1", "eth0");
		cr_assert(!look(at + SETTLE - 1));
		cr_assert(is_here("192.0.2.1"));
	}
}

Test(own, remembers_what_is_gone_and_since_when)
{
	see("192.0.2.1", "eth0");
	look(1);
	look(1 + SETTLE);
	see_nothing();
	look(5000);
	cr_assert(look(5000 + SETTLE));
	cr_assert(!is_here("192.0.2.1"));
	cr_assert(find("192.0.2.1")->is_news);
	cr_assert_eq(find("192.0.2.1")->since, 5000 + SETTLE);
	cr_assert(!look(9000));
	cr_assert(!find("192.0.2.1")->is_news);
}

Test(own, judges_nothing_by_an_interface_without_link)
{
	see("192.0.2.1", "eth0");
	look(1);
	look(1 + SETTLE);
	see_nothing();
	own_sight_add_dark(&sight, "eth0");
	cr_assert(!look(5000));
	cr_assert_eq(next, OWN_NEVER);
	cr_assert(!look(50000));
	cr_assert(is_here("192.0.2.1"));
	/* The link is there again, and the time begins then. */
	see_nothing();
	own_sight_add_dark(&sight, "eth1");
	cr_assert(!look(60000));
	cr_assert(look(60000 + SETTLE));
	cr_assert(!is_here("192.0.2.1"));
}

Test(own, judges_nothing_as_gone_by_a_partial_sight)
{
	see("192.0.2.1", "eth0");
	look(1);
	look(1 + SETTLE);
	see_nothing();
	sight.is_partial = true;
	look(5000);
	cr_assert(!look(50000));
	cr_assert(is_here("192.0.2.1"));
}

Test(own, follows_an_address_to_another_interface)
{
	see("192.0.2.1", "eth0");
	look(1);
	look(1 + SETTLE);
	see("192.0.2.1", "eth1");
	cr_assert(!look(5000), "it is on both");
	see_nothing();
	see("192.0.2.1", "eth1");
	cr_assert(look(6000));
	cr_assert(is_here("192.0.2.1"));
	cr_assert_str_eq(find("192.0.2.1")->is.interface, "eth1");
}

Test(own, does_not_see_more_than_there_is_room_for)
{
	struct own_seen seen = {.type = OWN_IPV4, .text = "192.0.2.1"};

	for (size_t i = 0; i < OWN_SEEN_MAX; i++)
		cr_assert(own_sight_add(&sight, &seen));
	cr_assert(!sight.is_partial);
	cr_assert(!own_sight_add(&sight, &seen));
	cr_assert(sight.is_partial);
	see_nothing();
	for (size_t i = 0; i < OWN_DARK_MAX; i++)
		cr_assert(own_sight_add_dark(&sight, "eth0"));
	cr_assert(!sight.is_partial);
	cr_assert(!own_sight_add_dark(&sight, "eth0"));
	cr_assert(sight.is_partial);
}

Test(own, forgets_what_went_away_first_where_there_is_no_room)
{
	char text[32];

	/* Two sights' worth that are gone, and one that is there. */
	for (unsigned i = 0; i < OWN_MAX; i++) {
		see_nothing();
		snprintf(text, sizeof text, "10.0.%u.%u", i / 256, i % 256);
		see(text, "eth0");
		look(1 + i * 10000);
		look(1 + i * 10000 + SETTLE);
		see_nothing();
		look(1 + i * 10000 + 2 * SETTLE);
		look(1 + i * 10000 + 3 * SETTLE);
	}
	cr_assert_eq(own.count, OWN_MAX);
	cr_assert_not_null(find("10.0.0.0"));
	see("192.0.2.1", "eth0");
	look(now + 10);
	look(now + SETTLE);
	cr_assert(is_here("192.0.2.1"));
	cr_assert_eq(own.count, OWN_MAX);
	cr_assert_null(find("10.0.0.0"));
	cr_assert_not_null(find("10.0.0.1"));
}
