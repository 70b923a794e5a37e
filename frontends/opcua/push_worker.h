/*
 * The push thread: jobs in turn, each waiting for keystored as long as it takes, so that the server
 * waits for none. Hides the thread, its queue and how the main loop hears of what is done.
 */
#ifndef OPCUA_PUSH_WORKER_H
#define OPCUA_PUSH_WORKER_H

#include <systemd/sd-event.h>

#include "push_work.h"

#define PUSH_JOBS_MAX 64 /* that wait */

struct push_worker;

/* @done is called from the loop, and takes over the job. NULL: no memory, or no thread. */
struct push_worker *push_worker_new(sd_event *event, const char *socket,
				    const struct push_place_names *names,
				    void (*done)(struct push_job *job, void *user), void *user);
/* Waits for the job under way; those that wait are dropped. NULL is fine. */
void push_worker_free(struct push_worker *worker);

/* Takes over @job. False: there are too many, and it is still the caller's; own jobs always fit. */
bool push_worker_add(struct push_worker *worker, struct push_job *job);
/* The loop calls @done for nothing, soon: with NULL. */
void push_worker_wake(struct push_worker *worker);

#endif
