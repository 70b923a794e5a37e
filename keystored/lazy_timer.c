#include "lazy_timer.h"

#include <stdlib.h>
#include <time.h>

#define ACCURACY_USEC 1000

struct lazy_timer {
	sd_event *event;
	sd_event_source *source;
	lazy_scan_fn *scan;
	void *user;
	uint64_t armed; /* LAZY_NEVER: not */
};

static int on_time(sd_event_source *source, uint64_t usec, void *user)
{
	struct lazy_timer *timer = user;

	(void)source;
	(void)usec;
	timer->armed = LAZY_NEVER;
	uint64_t next = timer->scan(lazy_timer_now(timer), timer->user);

	if (next != LAZY_NEVER)
		lazy_timer_by(timer, next);
	return 0;
}

struct lazy_timer *lazy_timer_new(sd_event *event, lazy_scan_fn *scan, void *user)
{
	struct lazy_timer *timer = calloc(1, sizeof *timer);

	if (!timer)
		return NULL;
	timer->event = sd_event_ref(event);
	timer->scan = scan;
	timer->user = user;
	timer->armed = LAZY_NEVER;
	if (sd_event_add_time(event, &timer->source, CLOCK_MONOTONIC, LAZY_NEVER, ACCURACY_USEC,
			      on_time, timer) < 0 ||
	    sd_event_source_set_enabled(timer->source, SD_EVENT_OFF) < 0) {
		lazy_timer_free(timer);
		return NULL;
	}
	return timer;
}

void lazy_timer_free(struct lazy_timer *timer)
{
	if (!timer)
		return;
	sd_event_source_unref(timer->source);
	sd_event_unref(timer->event);
	free(timer);
}

void lazy_timer_by(struct lazy_timer *timer, uint64_t when)
{
	if (timer->armed <= when)
		return;
	if (sd_event_source_set_time(timer->source, when) >= 0 &&
	    sd_event_source_set_enabled(timer->source, SD_EVENT_ONESHOT) >= 0)
		timer->armed = when;
}

uint64_t lazy_timer_now(const struct lazy_timer *timer)
{
	uint64_t now = 0;

	sd_event_now(timer->event, CLOCK_MONOTONIC, &now);
	return now;
}
