#include "clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "lazy_timer.h"
#include "store_clock.h"

#define DAY	   86400
#define JUMP_MAX   DAY	      /* within a run: more than NTP or a person corrects */
#define ABSENT_MAX (30 * DAY) /* between two runs: more than a plant stands still, commonly */
#define SETTLED	   DAY	      /* ahead for so long: it was meant */
#define TICK_USEC  (600 * UINT64_C(1000000))
#define SAVE_EVERY 3600 /* seconds: each time is a write to the disk */

struct clock {
	sd_event *event;
	struct store *store;
	const struct log *log;
	struct lazy_timer *timer;
	sd_event_source *set_source; /* tells when the clock was set */
	int set_fd;
	clock_look_fn *look;
	void *look_user;
	clock_tick_fn *tick;
	void *tick_user;
	struct clock_memory memory;
	int64_t saved;
	bool is_told; /* somebody was told of the state */
};

static void believe(struct clock_memory *memory, const struct clock_look *look)
{
	memory->has_base = true;
	memory->base = *look;
	memory->state = CLOCK_GOOD;
}

/* Where the clock should be, as far as that is known. 0: it is not. */
static int64_t expected(const struct clock_memory *memory, const struct clock_look *look)
{
	return memory->has_base ? memory->base.real + (look->boot - memory->base.boot)
				: memory->seen;
}

/* It has gone on for long from where it jumped to. */
static bool is_settled(const struct clock_memory *memory, const struct clock_look *look)
{
	int64_t passed = look->boot - memory->odd.boot;
	int64_t wanted = memory->odd.real + passed;

	return passed >= SETTLED && look->real >= wanted - JUMP_MAX &&
	       look->real <= wanted + JUMP_MAX;
}

void clock_judge(struct clock_memory *memory, const struct clock_look *look)
{
	int64_t at = expected(memory, look);
	int64_t ahead_max = memory->has_base ? JUMP_MAX : ABSENT_MAX;

	if (look->real < memory->build) {
		memory->state = CLOCK_BEFORE_BUILD;
	} else if (look->is_synchronised) {
		believe(memory, look);
		memory->seen = look->real;
	} else if (at && look->real < at - JUMP_MAX) {
		memory->state = CLOCK_BEHIND;
	} else if (at && look->real > at + ahead_max &&
		   !(memory->state == CLOCK_AHEAD && is_settled(memory, look))) {
		if (memory->state != CLOCK_AHEAD)
			memory->odd = *look;
		memory->state = CLOCK_AHEAD;
	} else {
		believe(memory, look);
		if (look->real > memory->seen)
			memory->seen = look->real;
	}
}

bool clock_vouch(struct clock_memory *memory, const struct clock_look *look)
{
	if (look->real < memory->build)
		return false;
	believe(memory, look);
	memory->seen = look->real;
	return true;
}

int64_t clock_best(const struct clock_memory *memory, const struct clock_look *look)
{
	int64_t at = expected(memory, look);

	if (memory->state == CLOCK_GOOD)
		return look->real;
	return at > memory->build ? at : memory->build;
}

static void system_look(struct clock_look *ret_look, void *user)
{
	struct timespec real;
	struct timespec boot;
	struct timex kernel = {0};

	(void)user;
	clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	ret_look->real = real.tv_sec;
	ret_look->boot = boot.tv_sec;
	ret_look->is_synchronised = adjtimex(&kernel) >= 0 && !(kernel.status & STA_UNSYNC);
}

static void save(struct clock *clock)
{
	int64_t seen = clock->memory.seen;

	/* What is lost is an hour; the next time tries again. */
	if (store_clock_set(clock->store, seen) == STORE_OK)
		clock->saved = seen;
	else
		log_line(clock->log, LOG_LEVEL_WARNING, "the time is not kept: %s",
			 store_error(clock->store));
}

static void describe(const struct clock *clock, const struct clock_look *look,
		     char ret_text[CLOCK_TEXT_MAX])
{
	static const struct {
		const char *before;
		const char *after;
	} sentences[CLOCK_STATE_COUNT] = {
		[CLOCK_BEFORE_BUILD] = {"the clock says ", ", which is before this program was "
							   "built: set it"},
		[CLOCK_BEHIND] = {"the clock says ",
				  ", more than a day before what it was: set it, "
				  "or say that it is right with: clock confirm"},
		[CLOCK_AHEAD] = {"the clock jumped ahead to ",
				 ": set it, or say that it is right with: clock confirm"},
	};
	char time[32] = "?";
	struct tm tm;

	if (clock->memory.state == CLOCK_GOOD) {
		snprintf(ret_text, CLOCK_TEXT_MAX, "%s",
			 look->is_synchronised ? "synchronised" : "not synchronised, plausible");
		return;
	}
	if (gmtime_r(&look->real, &tm))
		strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%SZ", &tm);
	snprintf(ret_text, CLOCK_TEXT_MAX, "%s%s%s", sentences[clock->memory.state].before, time,
		 sentences[clock->memory.state].after);
}

static struct clock_look look_now(struct clock *clock)
{
	enum clock_state before = clock->memory.state;
	struct clock_look look;
	char text[CLOCK_TEXT_MAX];

	clock->look(&look, clock->look_user);
	clock_judge(&clock->memory, &look);
	if (clock->memory.state != before || !clock->is_told) {
		describe(clock, &look, text);
		log_line(clock->log,
			 clock->memory.state == CLOCK_GOOD ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING,
			 "%s%s",
			 clock->memory.state == CLOCK_GOOD
				 ? "the clock is believed: "
				 : "nothing is renewed or judged expired: ",
			 text);
		clock->is_told = true;
	}
	if (clock->memory.state != before && clock->tick)
		lazy_timer_by(clock->timer, lazy_timer_now(clock->timer));
	return look;
}

static uint64_t on_time(uint64_t now, void *user)
{
	struct clock *clock = user;
	int64_t seen;

	look_now(clock);
	seen = clock->memory.seen;
	if (seen >= clock->saved + SAVE_EVERY || seen < clock->saved)
		save(clock);
	if (clock->tick)
		clock->tick(clock->tick_user);
	return now + TICK_USEC;
}

static bool arm_set(struct clock *clock)
{
	/* Never comes; but setting the clock ends it. */
	struct itimerspec never = {.it_value = {.tv_sec = INT32_MAX}};

	return timerfd_settime(clock->set_fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never,
			       NULL) == 0;
}

static int on_set(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct clock *clock = user;
	uint64_t count;

	(void)source;
	(void)events;
	if (read(fd, &count, sizeof count) < 0 && errno == EAGAIN)
		return 0;
	if (!arm_set(clock))
		clock->set_source = sd_event_source_unref(clock->set_source);
	lazy_timer_by(clock->timer, lazy_timer_now(clock->timer));
	return 0;
}

struct clock *clock_new(sd_event *event, struct store *store, const struct log *log,
			clock_look_fn *look, void *user)
{
	struct clock *clock = calloc(1, sizeof *clock);

	if (!clock)
		return NULL;
	clock->event = sd_event_ref(event);
	clock->store = store;
	clock->log = log;
	clock->look = look ? look : system_look;
	clock->look_user = user;
	clock->memory.build = KEYSTORE_BUILD_TIME;
	clock->timer = lazy_timer_new(event, on_time, clock);
	clock->set_fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	if (!clock->timer || clock->set_fd < 0 || !arm_set(clock) ||
	    sd_event_add_io(event, &clock->set_source, clock->set_fd, EPOLLIN, on_set, clock) < 0) {
		clock_free(clock);
		return NULL;
	}
	/* Without it everything after the build is believed. */
	if (store_clock_get(store, &clock->memory.seen) != STORE_OK)
		clock->memory.seen = 0;
	clock->saved = clock->memory.seen;
	lazy_timer_by(clock->timer, lazy_timer_now(clock->timer));
	return clock;
}

void clock_free(struct clock *clock)
{
	if (!clock)
		return;
	if (clock->timer && clock->memory.seen != clock->saved)
		save(clock);
	sd_event_source_unref(clock->set_source);
	if (clock->set_fd >= 0)
		close(clock->set_fd);
	lazy_timer_free(clock->timer);
	sd_event_unref(clock->event);
	free(clock);
}

void clock_set_look(struct clock *clock, clock_look_fn *look, void *user)
{
	clock->look = look;
	clock->look_user = user;
	clock->memory.has_base = false;
}

void clock_on_tick(struct clock *clock, clock_tick_fn *tick, void *user)
{
	clock->tick = tick;
	clock->tick_user = user;
	lazy_timer_by(clock->timer, lazy_timer_now(clock->timer));
}

int64_t clock_now(struct clock *clock)
{
	struct clock_look look = look_now(clock);

	return clock_best(&clock->memory, &look);
}

enum clock_state clock_state(struct clock *clock)
{
	look_now(clock);
	return clock->memory.state;
}

void clock_explain(struct clock *clock, char ret_text[CLOCK_TEXT_MAX])
{
	struct clock_look look = look_now(clock);

	describe(clock, &look, ret_text);
}

bool clock_confirm(struct clock *clock)
{
	struct clock_look look;

	clock->look(&look, clock->look_user);
	if (!clock_vouch(&clock->memory, &look))
		return false;
	save(clock);
	lazy_timer_by(clock->timer, lazy_timer_now(clock->timer));
	return true;
}
