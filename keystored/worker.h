/*
 * Work that would keep the loop waiting: password hashing, decryption under a password. Hides
 * the one thread that does it, and whose turn it is: groups take turns, each in its own order.
 *
 * All of it is called from the loop's thread, but for a job's run().
 */
#ifndef WORKER_H
#define WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <systemd/sd-event.h>

/* Jobs that wait or run: in all, and of one group. */
#define WORKER_JOBS_MAX	 64
#define WORKER_GROUP_MAX 8

enum worker_status {
	WORKER_OK = 0,
	WORKER_BUSY, /* as many wait as may */
	WORKER_NOMEM,
};

struct worker;

/* The first member of what a caller makes; zeroed, but for these. */
struct worker_job {
	/* On the thread: may look at nothing but the job. */
	void (*run)(struct worker_job *job);
	/* On the loop, once it has run; then it is freed. Not called for one cancelled. */
	void (*done)(struct worker_job *job);
	/* On the loop; wipes what is secret. */
	void (*free)(struct worker_job *job);
	uint32_t group; /* on whose behalf: a uid */

	/* worker.c's own */
	bool is_cancelled;
	TAILQ_ENTRY(worker_job) entry;
};

/* The thread begins with the first job. NULL: no memory. */
struct worker *worker_new(sd_event *event);
/* Waits for the job that runs; those that wait are freed unrun. NULL is fine. */
void worker_free(struct worker *worker);

/* OK: @job is the worker's. Else it stays the caller's. */
[[nodiscard]] enum worker_status worker_submit(struct worker *worker, struct worker_job *job);

/* @job was submitted and is not done: it is freed, at once or when it has run. */
void worker_cancel(struct worker *worker, struct worker_job *job);

#endif
