#include "engine.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "job.h"
#include "key_internal.h"
#include "worker.h"

#define STOP_GRACE_MS 1000

static void engine_free(struct tpm_engine *engine)
{
	if (!engine)
		return;
	queue_free(engine->queue);
	slots_free(engine->slots);
	if (engine->owner_auth)
		OPENSSL_cleanse(engine->owner_auth, strlen(engine->owner_auth));
	free(engine->owner_auth);
	free(engine->tcti);
	if (engine->event >= 0)
		close(engine->event);
	pthread_cond_destroy(&engine->work);
	pthread_mutex_destroy(&engine->lock);
	free(engine);
}

static bool copy_strings(struct tpm_engine *engine, const struct tpm_config *config)
{
	engine->tcti = config->tcti ? strdup(config->tcti) : NULL;
	engine->owner_auth = config->owner_auth ? strdup(config->owner_auth) : NULL;
	engine->config.tcti = engine->tcti;
	engine->config.owner_auth = engine->owner_auth;
	return (!config->tcti || engine->tcti) && (!config->owner_auth || engine->owner_auth);
}

/* Signals are for the thread that has the event loop. */
static bool thread_start(struct tpm_engine *engine)
{
	sigset_t all, before;
	bool is_started;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	is_started = pthread_create(&engine->thread, NULL, worker_thread, engine) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return is_started;
}

enum tpm_status tpm_engine_start(const struct tpm_config *config, struct tpm_engine **ret_engine)
{
	struct tpm_engine *engine = calloc(1, sizeof(*engine));
	pthread_condattr_t attributes;

	if (!engine)
		return TPM_NOMEM;
	/* tpm2-tss prints its errors; ours come as sentences. */
	setenv("TSS2_LOG", "all+NONE", 0);
	pthread_mutex_init(&engine->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&engine->work, &attributes);
	pthread_condattr_destroy(&attributes);
	engine->config = *config;
	engine->facts.state = TPM_STATE_STARTING;
	engine->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	engine->queue = queue_new(config->queue_max);
	engine->slots = slots_new(&engine->device);
	engine->operations = (struct operations){.device = &engine->device, .slots = engine->slots};
	if (engine->event < 0 || !engine->queue || !engine->slots ||
	    !copy_strings(engine, config) || !thread_start(engine)) {
		engine_free(engine);
		return TPM_NOMEM;
	}
	*ret_engine = engine;
	return TPM_OK;
}

static bool is_any(const struct tpm_job *job)
{
	(void)job;
	return true;
}

void tpm_engine_stop(struct tpm_engine *engine)
{
	struct timespec deadline;
	unsigned patience;
	bool has_ended;
	int waited = 0;

	if (!engine)
		return;
	pthread_mutex_lock(&engine->lock);
	engine->is_stopping = true;
	snprintf(engine->facts.reason, sizeof(engine->facts.reason), "the service is stopping");
	worker_fail_queued(engine, is_any);
	patience = engine->config.command_timeout_ms + STOP_GRACE_MS;
	pthread_cond_broadcast(&engine->work);
	pthread_mutex_unlock(&engine->lock);

	worker_deadline(patience, &deadline);
	pthread_mutex_lock(&engine->lock);
	while (!engine->has_ended && waited != ETIMEDOUT)
		waited = pthread_cond_timedwait(&engine->work, &engine->lock, &deadline);
	has_ended = engine->has_ended;
	pthread_mutex_unlock(&engine->lock);
	if (has_ended)
		pthread_join(engine->thread, NULL);
	tpm_engine_dispatch(engine);
	/* A thread inside a transport that blocks is left to the end of the process. */
	if (has_ended)
		engine_free(engine);
	else
		pthread_detach(engine->thread);
}

int tpm_engine_fd(const struct tpm_engine *engine)
{
	return engine->event;
}

void tpm_engine_on_state(struct tpm_engine *engine, void (*state_changed)(void *user), void *user)
{
	engine->state_changed = state_changed;
	engine->state_user = user;
}

/* With the lock held. */
static bool is_overdue(struct tpm_engine *engine)
{
	int64_t overdue_at = atomic_load(&engine->watch.overdue_at);

	return overdue_at && tcti_now_ms() > overdue_at;
}

enum tpm_status tpm_engine_submit(struct tpm_engine *engine, struct tpm_job *job)
{
	enum tpm_status status = TPM_UNAVAILABLE;
	bool was_empty, wakes = false;

	pthread_mutex_lock(&engine->lock);
	if (engine->is_stopping || (engine->facts.state == TPM_STATE_UNAVAILABLE && !job->wait)) {
		snprintf(job->error, sizeof(job->error), "%s", engine->facts.reason);
		goto out;
	}
	if (is_overdue(engine) && !job->wait) {
		snprintf(job->error, sizeof(job->error),
			 "the TPM has not answered its last command in time");
		goto out;
	}
	status = operations_check(&engine->facts, job);
	if (status)
		goto out;
	was_empty = queue_length(engine->queue) == 0;
	job->state->queued_us = tcti_now_us();
	if (!queue_push(engine->queue, job)) {
		snprintf(job->error, sizeof(job->error), "%zu jobs wait for the TPM already",
			 queue_length(engine->queue));
		status = TPM_BUSY;
		goto out;
	}
	status = TPM_OK;
	wakes = was_empty;
out:
	pthread_mutex_unlock(&engine->lock);
	/* Not before: the thread would wake only to wait for the lock. */
	if (wakes)
		pthread_cond_signal(&engine->work);
	return status;
}

void tpm_engine_cancel(struct tpm_engine *engine, struct tpm_job *job)
{
	pthread_mutex_lock(&engine->lock);
	if (queue_holds(engine->queue, job)) {
		queue_remove(engine->queue, job);
		pthread_mutex_unlock(&engine->lock);
		tpm_job_free(job);
		return;
	}
	job->state->is_cancelled = true;
	pthread_mutex_unlock(&engine->lock);
}

/* Once more, on a key loaded anew. False: it had its chances, or there is no TPM. */
static bool sign_again(struct tpm_engine *engine, struct tpm_job *job, enum key_verdict verdict)
{
	if (++job->state->attempts >= ATTEMPTS_MAX)
		return false;
	job_result_forget(job);
	pthread_mutex_lock(&engine->lock);
	if (verdict == KEY_VERIFIES_OTHER_SALT)
		engine->is_other_salt_seen = true;
	else
		job->state->is_distrusted = true;
	job->state->queued_us = tcti_now_us();
	queue_push_front(engine->queue, job);
	pthread_cond_signal(&engine->work);
	pthread_mutex_unlock(&engine->lock);
	return true;
}

/* True: @job went back to the TPM. */
static bool verify_or_repeat(struct tpm_engine *engine, struct tpm_job *job)
{
	enum key_verdict verdict;

	if (!engine->config.verify_signatures && job->padding != TPM_PADDING_PSS)
		return false;
	verdict = key_verify(job->key, job->hash, job->padding, job->input, job->input_len,
			     job->output, job->output_len);
	if (verdict == KEY_VERIFIES)
		return false;
	engine->counters.withheld++;
	if (sign_again(engine, job, verdict))
		return true;
	job_result_forget(job);
	job->status = TPM_UNVERIFIED;
	snprintf(job->error, sizeof(job->error),
		 "the TPM's signature does not verify with the key's public part");
	return false;
}

static void count(struct tpm_engine *engine, const struct tpm_job *job)
{
	if (job->status)
		return;
	engine->counters.signatures += job->operation == TPM_SIGN;
	engine->counters.decryptions += job->operation == TPM_DECRYPT;
}

static void job_deliver(struct tpm_engine *engine, struct tpm_job *job)
{
	bool is_cancelled = job->state->is_cancelled;

	if (!is_cancelled && job->operation == TPM_SIGN && !job->status &&
	    verify_or_repeat(engine, job))
		return;
	count(engine, job);
	if (!is_cancelled)
		job->done(job, job->user);
	tpm_job_free(job);
}

void tpm_engine_dispatch(struct tpm_engine *engine)
{
	struct tpm_job *job, *next;
	bool is_state_new;
	uint64_t events;
	ssize_t got;

	got = read(engine->event, &events, sizeof(events));
	(void)got;
	pthread_mutex_lock(&engine->lock);
	job = engine->done.first;
	engine->done = (struct job_list){0};
	is_state_new = engine->is_state_new;
	engine->is_state_new = false;
	pthread_mutex_unlock(&engine->lock);
	for (; job; job = next) {
		next = job->state->next;
		job_deliver(engine, job);
	}
	if (is_state_new && engine->state_changed)
		engine->state_changed(engine->state_user);
}

void tpm_engine_facts(struct tpm_engine *engine, struct tpm_facts *ret_facts)
{
	pthread_mutex_lock(&engine->lock);
	*ret_facts = engine->facts;
	if (is_overdue(engine) && ret_facts->state == TPM_STATE_READY) {
		ret_facts->state = TPM_STATE_UNAVAILABLE;
		snprintf(ret_facts->reason, sizeof(ret_facts->reason),
			 "the TPM has not answered its last command in time");
	}
	ret_facts->pss_padded_here |= engine->is_other_salt_seen;
	pthread_mutex_unlock(&engine->lock);
}

void tpm_engine_counters(struct tpm_engine *engine, struct tpm_counters *ret_counters)
{
	struct tpm_counters counters = engine->counters;

	counters.commands = atomic_load(&engine->watch.commands);
	counters.busy_us = atomic_load(&engine->watch.busy_us);
	pthread_mutex_lock(&engine->lock);
	counters.reopened = engine->reopened;
	counters.times = engine->times;
	counters.queue_length = queue_length(engine->queue);
	pthread_mutex_unlock(&engine->lock);
	*ret_counters = counters;
}
