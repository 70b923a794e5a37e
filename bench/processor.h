/* A processor for each: programs that are measured beside each other do not share one. */
#ifndef BENCH_PROCESSOR_H
#define BENCH_PROCESSOR_H

#include <sched.h>
#include <stdbool.h>
#include <sys/types.h>

/*
 * @thread, 0 being this one, and what it starts from now on, runs on the @which-th of the
 * processors that it may use, counted from 0 and around; until processor_unpin().
 */
void processor_pin(pid_t thread, unsigned which, cpu_set_t *ret_before);
void processor_unpin(pid_t thread, const cpu_set_t *before);

/*
 * @thread, 0 being this one, and what threads it starts from now on, go before all that others run,
 * where the system allows it: for delays, which else are those of the machine. Not for what is busy.
 */
void processor_first(pid_t thread, bool is_first);

#endif
