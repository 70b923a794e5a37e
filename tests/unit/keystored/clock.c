#include "clock.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "../../support/temp_dir.h"

#define DAY   INT64_C(86400)
#define BUILD 1700000000
#define NOW   INT64_C(1800000000)

/* Begins a run on a machine that was started @boot seconds ago. */
static struct clock_memory run_after(int64_t seen)
{
	return (struct clock_memory){.build = BUILD, .seen = seen};
}

static enum clock_state look(struct clock_memory *memory, int64_t real, int64_t boot, bool is_sync)
{
	clock_judge(memory, &(struct clock_look){real, boot, is_sync});
	return memory->state;
}

Test(clock, is_believed_at_first_when_it_is_after_the_build)
{
	struct clock_memory memory = run_after(0);

	cr_assert_eq(look(&memory, BUILD - 1, 5, false), CLOCK_BEFORE_BUILD);
	cr_assert_eq(look(&memory, NOW, 6, false), CLOCK_GOOD);
	cr_assert_eq(memory.seen, NOW);
}

Test(clock, before_the_build_is_not_even_believed_when_synchronised_or_vouched_for)
{
	struct clock_memory memory = run_after(0);
	struct clock_look early = {BUILD - 1, 5, true};

	cr_assert_eq(look(&memory, BUILD - 1, 5, true), CLOCK_BEFORE_BUILD);
	cr_assert(!clock_vouch(&memory, &early));
	cr_assert_eq(memory.state, CLOCK_BEFORE_BUILD);
}

Test(clock, without_a_battery_is_behind_until_it_is_synchronised)
{
	struct clock_memory memory = run_after(NOW);

	cr_assert_eq(look(&memory, BUILD + 10, 5, false), CLOCK_BEHIND);
	cr_assert_eq(look(&memory, BUILD + 10 + 30 * DAY, 5 + 30 * DAY, false), CLOCK_BEHIND);
	cr_assert_eq(look(&memory, NOW + 3 * DAY, 6 + 30 * DAY, true), CLOCK_GOOD);
	cr_assert_eq(memory.seen, NOW + 3 * DAY);
}

Test(clock, may_be_corrected_by_hours)
{
	struct clock_memory memory = run_after(NOW);

	cr_assert_eq(look(&memory, NOW + 10, 5, false), CLOCK_GOOD);
	cr_assert_eq(look(&memory, NOW + 20 + 7200, 15, false), CLOCK_GOOD);
	cr_assert_eq(look(&memory, NOW + 30 - 7200, 25, false), CLOCK_GOOD);
	/* What was seen does not creep back with it. */
	cr_assert_eq(memory.seen, NOW + 20 + 7200);
}

Test(clock, that_jumps_ahead_is_not_believed_until_it_comes_back)
{
	struct clock_memory memory = run_after(NOW);

	cr_assert_eq(look(&memory, NOW, 100, false), CLOCK_GOOD);
	cr_assert_eq(look(&memory, NOW + 400 * DAY, 200, false), CLOCK_AHEAD);
	cr_assert_eq(clock_best(&memory, &(struct clock_look){NOW + 400 * DAY, 260, false}),
		     NOW + 160);
	cr_assert_eq(look(&memory, NOW + 300, 400, false), CLOCK_GOOD);
	cr_assert_eq(memory.seen, NOW + 300);
}

Test(clock, that_jumped_ahead_and_stays_there_for_a_day_was_meant)
{
	struct clock_memory memory = run_after(NOW);
	int64_t there = NOW + 400 * DAY;

	cr_assert_eq(look(&memory, NOW, 100, false), CLOCK_GOOD);
	cr_assert_eq(look(&memory, there, 200, false), CLOCK_AHEAD);
	cr_assert_eq(look(&memory, there + DAY - 1, 200 + DAY - 1, false), CLOCK_AHEAD);
	/* Not there, but farther still. */
	cr_assert_eq(look(&memory, there + 9 * DAY, 200 + DAY, false), CLOCK_AHEAD);
	cr_assert_eq(look(&memory, there + DAY, 200 + DAY, false), CLOCK_GOOD);
	cr_assert_eq(memory.seen, there + DAY);
}

Test(clock, of_a_gateway_that_was_off_for_weeks_is_believed_and_for_months_is_not)
{
	struct clock_memory memory = run_after(NOW);

	cr_assert_eq(look(&memory, NOW + 29 * DAY, 5, false), CLOCK_GOOD);
	memory = run_after(NOW);
	cr_assert_eq(look(&memory, NOW + 31 * DAY, 5, false), CLOCK_AHEAD);
	cr_assert(clock_vouch(&memory, &(struct clock_look){NOW + 31 * DAY, 6, false}));
	cr_assert_eq(look(&memory, NOW + 31 * DAY + 1, 7, false), CLOCK_GOOD);
}

Test(clock, that_somebody_vouched_for_may_be_behind_what_was_seen)
{
	struct clock_memory memory = run_after(NOW + 5000 * DAY);

	cr_assert_eq(look(&memory, NOW, 5, false), CLOCK_BEHIND);
	cr_assert(clock_vouch(&memory, &(struct clock_look){NOW + 1, 6, false}));
	cr_assert_eq(look(&memory, NOW + 2, 7, false), CLOCK_GOOD);
	cr_assert_eq(memory.seen, NOW + 2);
}

Test(clock, that_is_not_believed_is_replaced_by_the_latest_time_known)
{
	struct clock_memory memory = run_after(NOW);
	struct clock_look early = {BUILD + 5, 5, false};

	look(&memory, early.real, early.boot, false);
	cr_assert_eq(clock_best(&memory, &early), NOW);
	memory = run_after(0);
	early.real = 5;
	look(&memory, early.real, early.boot, false);
	cr_assert_eq(clock_best(&memory, &early), BUILD);
}

static void fake_look(struct clock_look *ret_look, void *user)
{
	*ret_look = *(struct clock_look *)user;
}

static void count(void *user)
{
	++*(unsigned *)user;
}

static void settle(sd_event *event)
{
	while (sd_event_run(event, 0) > 0)
		;
}

Test(clock, is_remembered_over_restarts_and_told_of)
{
	struct clock_look fake = {INT64_C(4000000000), 100, false};
	char error[STORE_ERROR_MAX];
	char text[CLOCK_TEXT_MAX];
	char dir[TEMP_PATH_MAX];
	struct store *store;
	struct clock *clock;
	sd_event *event;
	unsigned ticks = 0;

	temp_dir_make(dir);
	cr_assert_eq(store_open(dir, error, &store), STORE_OK);
	cr_assert_geq(sd_event_new(&event), 0);
	clock = clock_new(event, store, NULL, fake_look, &fake);
	clock_on_tick(clock, count, &ticks);
	settle(event);
	cr_assert_eq(ticks, 1u);
	cr_assert_eq(clock_state(clock), CLOCK_GOOD);
	cr_assert_eq(clock_now(clock), fake.real);
	clock_free(clock);

	fake = (struct clock_look){INT64_C(3000000000), 10, false};
	clock = clock_new(event, store, NULL, fake_look, &fake);
	cr_assert_eq(clock_state(clock), CLOCK_BEHIND);
	cr_assert_eq(clock_now(clock), 4000000000);
	clock_explain(clock, text);
	cr_assert_not_null(strstr(text, "2065-01-24"), "%s", text);
	cr_assert_not_null(strstr(text, "clock confirm"), "%s", text);
	clock_on_tick(clock, count, &ticks);
	settle(event);
	cr_assert(clock_confirm(clock));
	settle(event);
	cr_assert_eq(ticks, 3u);
	clock_free(clock);

	clock = clock_new(event, store, NULL, fake_look, &fake);
	cr_assert_eq(clock_state(clock), CLOCK_GOOD);
	clock_free(clock);
	sd_event_unref(event);
	store_close(store);
	temp_dir_remove(dir);
}
