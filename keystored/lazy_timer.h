/*
 * A timer for many deadlines of which nearly all are met: setting one costs nothing while
 * the timer already rings early enough. Hides the event source and when it is armed.
 */
#ifndef LAZY_TIMER_H
#define LAZY_TIMER_H

#include <stdint.h>
#include <systemd/sd-event.h>

#define LAZY_NEVER UINT64_MAX

struct lazy_timer;

/*
 * @scan is called some time at or after a deadline set with lazy_timer_by(): it deals with
 * what is due at @now and returns the earliest of the rest, or LAZY_NEVER. Microseconds of
 * CLOCK_MONOTONIC.
 */
typedef uint64_t lazy_scan_fn(uint64_t now, void *user);

/* NULL: no memory. */
struct lazy_timer *lazy_timer_new(sd_event *event, lazy_scan_fn *scan, void *user);
void lazy_timer_free(struct lazy_timer *timer);

void lazy_timer_by(struct lazy_timer *timer, uint64_t when);

/* The loop's idea of now. */
uint64_t lazy_timer_now(const struct lazy_timer *timer);

#endif
