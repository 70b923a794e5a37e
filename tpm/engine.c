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

#include "device.h"
#include "job.h"
#include "key_internal.h"
#include "operations.h"
#include "queue.h"
#include "response.h"
#include "slots.h"

/* How long a lost TPM is left alone between attempts to open it. */
#define REOPEN_FIRST_MS 20
#define REOPEN_LAST_MS	250
/* How often a TPM in lockout is asked whether it still is. */
#define LOCKOUT_POLL_MS 5000
#define STOP_GRACE_MS	1000
/* Within one run of a job: the TPM comes back, and then what it had loaded is in the way. */
#define RECOVERIES_MAX 2
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
	struct tpm_job *running;
	struct job_list done;
	struct tpm_facts facts;
	bool is_state_new;
	bool is_stopping;
	bool has_ended;
	uint64_t reopened;
	bool is_other_salt_seen; /* by the verifying thread, for the TPM thread */
};

static void list_append(struct job_list *list, struct tpm_job *job)
{
	job->state->next = NULL;
	if (list->last)
		list->last->state->next = job;
	else
		list->first = job;
	list->last = job;
}

static void wake_dispatcher(struct tpm_engine *engine)
{
	uint64_t one = 1;
	ssize_t written;

	/* Cannot fail but for a full counter, and then it is readable anyway. */
	written = write(engine->event, &one, sizeof(one));
	(void)written;
}

/* With the lock held. */
static void job_finished(struct tpm_engine *engine, struct tpm_job *job, enum tpm_status status)
{
	bool was_empty = !engine->done.first;

	job->status = status;
	list_append(&engine->done, job);
	if (was_empty)
		wake_dispatcher(engine);
}

static bool does_not_wait(const struct tpm_job *job)
{
	return !job->wait;
}

static bool is_any(const struct tpm_job *job)
{
	(void)job;
	return true;
}

/* With the lock held: answers what is queued with what is wrong with the TPM. */
static void queue_fail(struct tpm_engine *engine, bool (*is_fit)(const struct tpm_job *job))
{
	struct tpm_job *job;

	while ((job = queue_take(engine->queue, is_fit))) {
		snprintf(job->error, sizeof(job->error), "%s", engine->facts.reason);
		job_finished(engine, job, TPM_UNAVAILABLE);
	}
}

static void facts_publish(struct tpm_engine *engine)
{
	struct tpm_facts facts = engine->device.facts;

	facts.pss_padded_here = engine->device.salt == DEVICE_SALT_OTHER;
	pthread_mutex_lock(&engine->lock);
	if (engine->facts.state != facts.state) {
		engine->is_state_new = true;
		wake_dispatcher(engine);
	}
	engine->facts = facts;
	pthread_mutex_unlock(&engine->lock);
}

static void publish_unavailable(struct tpm_engine *engine, const char *reason)
{
	pthread_mutex_lock(&engine->lock);
	if (engine->facts.state != TPM_STATE_UNAVAILABLE) {
		engine->is_state_new = true;
		wake_dispatcher(engine);
	}
	engine->facts.state = TPM_STATE_UNAVAILABLE;
	snprintf(engine->facts.reason, sizeof(engine->facts.reason), "%s", reason);
	queue_fail(engine, does_not_wait);
	pthread_mutex_unlock(&engine->lock);
}

static bool device_is_open(const struct tpm_engine *engine)
{
	return engine->device.esys != NULL;
}

static bool open_once(struct tpm_engine *engine)
{
	char error[TPM_ERROR_MAX];

	if (device_open(&engine->device, &engine->config, &engine->watch, error)) {
		publish_unavailable(engine, error);
		return false;
	}
	slots_reset(engine->slots);
	facts_publish(engine);
	return true;
}

/* Everything loaded is gone with the context; persistent objects are checked when used. */
static bool open_again(struct tpm_engine *engine)
{
	device_close(&engine->device, false);
	if (!open_once(engine))
		return false;
	pthread_mutex_lock(&engine->lock);
	engine->reopened++;
	pthread_mutex_unlock(&engine->lock);
	return true;
}

static void deadline_after(unsigned ms, struct timespec *ret_deadline)
{
	clock_gettime(CLOCK_MONOTONIC, ret_deadline);
	ret_deadline->tv_sec += ms / 1000;
	ret_deadline->tv_nsec += (long)(ms % 1000) * 1000000;
	if (ret_deadline->tv_nsec >= 1000000000) {
		ret_deadline->tv_sec++;
		ret_deadline->tv_nsec -= 1000000000;
	}
}

/* NULL: stopping, or @idle_ms without work (0: no limit). */
static struct tpm_job *next_job(struct tpm_engine *engine, unsigned idle_ms)
{
	struct tpm_job *job = NULL;
	struct timespec deadline;
	int waited = 0;

	if (idle_ms)
		deadline_after(idle_ms, &deadline);
	pthread_mutex_lock(&engine->lock);
	while (!engine->is_stopping && !(job = queue_pop(engine->queue)) && waited != ETIMEDOUT)
		waited = idle_ms ? pthread_cond_timedwait(&engine->work, &engine->lock, &deadline)
				 : pthread_cond_wait(&engine->work, &engine->lock);
	engine->running = job;
	if (engine->is_other_salt_seen)
		engine->device.salt = DEVICE_SALT_OTHER;
	pthread_mutex_unlock(&engine->lock);
	return job;
}

/* False: stopping. */
static bool pause_for(struct tpm_engine *engine, unsigned ms)
{
	struct timespec deadline;
	bool goes_on;
	int waited = 0;

	deadline_after(ms, &deadline);
	pthread_mutex_lock(&engine->lock);
	while (!engine->is_stopping && waited != ETIMEDOUT)
		waited = pthread_cond_timedwait(&engine->work, &engine->lock, &deadline);
	goes_on = !engine->is_stopping;
	pthread_mutex_unlock(&engine->lock);
	return goes_on;
}

static bool uses_stored_key(const struct tpm_job *job)
{
	return job->operation != TPM_IMPORT && job->key;
}

/* After a failure: whether the job is worth running again, on a TPM brought back for it. */
static bool recover(struct tpm_engine *engine, struct tpm_job *job)
{
	TSS2_RC rc = engine->operations.rc;

	if (rc == TSS2_RC_SUCCESS)
		return false;
	switch (response_kind(rc)) {
	case RESPONSE_LOST:
	case RESPONSE_NOT_READY:
		return open_again(engine);
	case RESPONSE_STALE:
	case RESPONSE_NO_ROOM:
	case RESPONSE_REFUSAL:
	case RESPONSE_BAD_INPUT:
		break;
	}
	if (device_was_reset(&engine->device))
		return open_again(engine);
	if (response_kind(rc) == RESPONSE_NO_ROOM)
		return slots_reclaim(engine->slots);
	if (response_kind(rc) == RESPONSE_STALE && uses_stored_key(job)) {
		slots_forget(engine->slots, tpm_key_id(job->key));
		return true;
	}
	return false;
}

static void result_forget(struct tpm_job *job)
{
	OPENSSL_cleanse(job->output, job->output_len);
	job->output_len = 0;
	job->error[0] = '\0';
}

static enum tpm_status job_run(struct tpm_engine *engine, struct tpm_job *job)
{
	enum tpm_status status;

	if (job->state->is_distrusted) {
		job->state->is_distrusted = false;
		if (device_was_reset(&engine->device) && !open_again(engine))
			return TPM_UNAVAILABLE;
		slots_flush(engine->slots);
		slots_forget(engine->slots, tpm_key_id(job->key));
	}
	status = operations_run(&engine->operations, job);
	for (unsigned i = 0; status && i < RECOVERIES_MAX && recover(engine, job); i++) {
		result_forget(job);
		status = operations_run(&engine->operations, job);
	}
	if (status && engine->operations.rc &&
	    response_kind(engine->operations.rc) == RESPONSE_LOST)
		device_close(&engine->device, false);
	return status;
}

static bool changes_facts(const struct tpm_job *job)
{
	return job->operation == TPM_CREATE || job->operation == TPM_PIN ||
	       job->operation == TPM_UNPIN;
}

static void job_process(struct tpm_engine *engine, struct tpm_job *job)
{
	enum tpm_status status = job_run(engine, job);
	bool is_lost = !device_is_open(engine);

	if (!is_lost && (changes_facts(job) || engine->operations.rc == TPM2_RC_LOCKOUT)) {
		/* Should it fail, what was known goes on being said. */
		if (status)
			(void)device_refresh(&engine->device);
		facts_publish(engine);
	}
	pthread_mutex_lock(&engine->lock);
	engine->running = NULL;
	/* What asked to wait goes on waiting, in front: it was next once already. */
	if (is_lost && status && job->wait && !job->state->is_cancelled &&
	    ++job->state->attempts < ATTEMPTS_MAX) {
		result_forget(job);
		queue_push_front(engine->queue, job);
	} else {
		job_finished(engine, job, status);
	}
	pthread_mutex_unlock(&engine->lock);
}

static bool is_stopping(struct tpm_engine *engine)
{
	bool stopping;

	pthread_mutex_lock(&engine->lock);
	stopping = engine->is_stopping;
	pthread_mutex_unlock(&engine->lock);
	return stopping;
}

static void *engine_thread(void *argument)
{
	struct tpm_engine *engine = argument;
	unsigned pause_ms = REOPEN_FIRST_MS;
	struct tpm_job *job;

	open_once(engine);
	while (!is_stopping(engine)) {
		if (!device_is_open(engine)) {
			if (!pause_for(engine, pause_ms))
				break;
			pause_ms = 2 * pause_ms < REOPEN_LAST_MS ? 2 * pause_ms : REOPEN_LAST_MS;
			open_again(engine);
			continue;
		}
		pause_ms = REOPEN_FIRST_MS;
		job = next_job(engine, engine->device.facts.state == TPM_STATE_LOCKED_OUT
					       ? LOCKOUT_POLL_MS
					       : 0);
		if (job)
			job_process(engine, job);
		else if (!is_stopping(engine) && !device_refresh(&engine->device))
			facts_publish(engine);
	}
	if (device_is_open(engine)) {
		slots_flush(engine->slots);
		device_close(&engine->device, true);
	}
	pthread_mutex_lock(&engine->lock);
	engine->has_ended = true;
	pthread_cond_broadcast(&engine->work);
	pthread_mutex_unlock(&engine->lock);
	return NULL;
}

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
	is_started = pthread_create(&engine->thread, NULL, engine_thread, engine) == 0;
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
	queue_fail(engine, is_any);
	patience = engine->config.command_timeout_ms + STOP_GRACE_MS;
	pthread_cond_broadcast(&engine->work);
	pthread_mutex_unlock(&engine->lock);

	deadline_after(patience, &deadline);
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
	result_forget(job);
	pthread_mutex_lock(&engine->lock);
	if (verdict == KEY_VERIFIES_OTHER_SALT)
		engine->is_other_salt_seen = true;
	else
		job->state->is_distrusted = true;
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
	result_forget(job);
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
	pthread_mutex_lock(&engine->lock);
	counters.reopened = engine->reopened;
	counters.queue_length = queue_length(engine->queue);
	pthread_mutex_unlock(&engine->lock);
	*ret_counters = counters;
}
