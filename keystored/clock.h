/*
 * What time it is, and whether that may be believed: a gateway may have no battery for its
 * clock, or somebody sets it wrong. Hides the system's clocks, when they are looked at, and the
 * time last believed, which outlives a restart.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "log.h"
#include "store.h"

#define CLOCK_TEXT_MAX 256

enum clock_state {
	CLOCK_GOOD = 0,
	CLOCK_BEFORE_BUILD, /* before this program was built */
	CLOCK_BEHIND,	    /* more than a day before what it was */
	CLOCK_AHEAD,	    /* jumped ahead, by more than a day, or since the last run 30 days */
	CLOCK_STATE_COUNT
};

/* The system's clocks, seconds. */
struct clock_look {
	int64_t real;	      /* Unix time */
	int64_t boot;	      /* since the system was started, sleep included */
	bool is_synchronised; /* the kernel is told the time by NTP or the like */
};

/* What is judged from. Zeroed but for build and seen at the beginning. */
struct clock_memory {
	int64_t build; /* Unix time */
	int64_t seen;  /* the last time that was believed, of an earlier run too; 0: none */
	bool has_base; /* a look of this run was believed */
	struct clock_look base; /* the last such */
	struct clock_look odd;	/* the first look at a clock that is AHEAD */
	enum clock_state state;
};

/* Takes a look into account. Pure. */
void clock_judge(struct clock_memory *memory, const struct clock_look *look);

/* Somebody vouches for this look. False: it is before the build, and cannot be right. */
bool clock_vouch(struct clock_memory *memory, const struct clock_look *look);

/* The time by @look where it is believed, else the latest that it is known to be at least. */
int64_t clock_best(const struct clock_memory *memory, const struct clock_look *look);

typedef void clock_look_fn(struct clock_look *ret_look, void *user);
typedef void clock_tick_fn(void *user);

struct clock;

/* All are borrowed. @look NULL: the system's. NULL: no memory, or no timer. */
struct clock *clock_new(sd_event *event, struct store *store, const struct log *log,
			clock_look_fn *look, void *user);
/* What was seen is kept. NULL is fine. */
void clock_free(struct clock *clock);

/* Instead of the system's clocks, in tests. */
void clock_set_look(struct clock *clock, clock_look_fn *look, void *user);

/*
 * Called from the loop: soon after the start, then every few minutes, and when the clock was set
 * or its state has changed.
 */
void clock_on_tick(struct clock *clock, clock_tick_fn *tick, void *user);

/* As clock_best(). */
int64_t clock_now(struct clock *clock);
enum clock_state clock_state(struct clock *clock);
/* GOOD: whether it is synchronised; else what is wrong and the way out. */
void clock_explain(struct clock *clock, char ret_text[CLOCK_TEXT_MAX]);

/* Believes the clock from now on. False: it is before the build. */
bool clock_confirm(struct clock *clock);

#endif
