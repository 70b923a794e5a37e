/*
 * The thread that owns the TPM, and what it shares with the thread that dispatches. Hides how
 * a TPM is opened, lost and brought back, and what is tried again.
 */
#ifndef TPM_WORKER_H
#define TPM_WORKER_H

#include <pthread.h>
#include <time.h>

#include "device.h"
#include "engine.h"
#include "operations.h"
#include "queue.h"
#include "slots.h"

/* A job, once more after the TPM was lost or reset, and once more after a bad signature. */
#define ATTEMPTS_MAX 3

struct job_list {
	struct tpm_job *first, *last;
};

struct tpm_engine {
	struct tpm_config config;
	char *tcti, *owner_auth;
	pthread_t thread;
	int event;
	struct tcti_watch watch;

	/* The TPM thread's own. */
	struct device device;
	struct slots *slots;
	struct operations operations;

	/* Of the thread that dispatches. */
	void (*state_changed)(void *user);
	void *state_user;
	struct tpm_counters counters;

	pthread_mutex_t lock; /* what follows */
	pthread_cond_t work;
	struct queue *queue;
	struct job_list done;
	struct tpm_facts facts;
	bool is_state_new;
	bool is_stopping;
	bool has_ended;
	uint64_t reopened;
	struct tpm_times times;
	bool is_other_salt_seen; /* by the verifying thread, for the TPM thread */
};

/* The thread's main function; @engine is a struct tpm_engine. */
void *worker_thread(void *engine);

/* With the lock held: answers what is queued, and fit, with what is wrong with the TPM. */
void worker_fail_queued(struct tpm_engine *engine, bool (*is_fit)(const struct tpm_job *job));

/* @ms from now, CLOCK_MONOTONIC. */
void worker_deadline(unsigned ms, struct timespec *ret_deadline);

#endif
