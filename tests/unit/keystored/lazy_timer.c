#include "lazy_timer.h"

#include <criterion/criterion.h>

struct scans {
	int count;
	uint64_t next[4]; /* what to answer, relative to now; LAZY_NEVER at the end */
};

static uint64_t scan(uint64_t now, void *user)
{
	struct scans *scans = user;
	uint64_t next = scans->next[scans->count++];

	return next == LAZY_NEVER ? LAZY_NEVER : now + next;
}

Test(lazy_timer, rings_for_the_earliest_deadline)
{
	struct scans scans = {.next = {LAZY_NEVER}};
	sd_event *event = NULL;

	sd_event_new(&event);
	struct lazy_timer *timer = lazy_timer_new(event, scan, &scans);
	uint64_t now = lazy_timer_now(timer);

	lazy_timer_by(timer, now + 3600000000u);
	lazy_timer_by(timer, now + 1000);
	lazy_timer_by(timer, now + 7200000000u);
	cr_assert_gt(sd_event_run(event, 10000000), 0);
	cr_assert_eq(scans.count, 1);
	cr_assert_eq(sd_event_run(event, 0), 0);
	lazy_timer_free(timer);
	sd_event_unref(event);
}

Test(lazy_timer, rings_again_when_the_scan_says_so)
{
	struct scans scans = {.next = {1000, 1000, LAZY_NEVER}};
	sd_event *event = NULL;

	sd_event_new(&event);
	struct lazy_timer *timer = lazy_timer_new(event, scan, &scans);

	lazy_timer_by(timer, lazy_timer_now(timer));
	for (int i = 0; i < 3; i++)
		cr_assert_gt(sd_event_run(event, 10000000), 0);
	cr_assert_eq(scans.count, 3);
	cr_assert_eq(sd_event_run(event, 0), 0);
	lazy_timer_free(timer);
	sd_event_unref(event);
}

Test(lazy_timer, is_freed_when_it_is_none)
{
	lazy_timer_free(NULL);
}
