#include "worker.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "job.h"
#include "response.h"
#include "tcti.h"
#include "times.h"

/* How long a lost TPM is left alone between attempts to open it. */
#define REOPEN_FIRST_MS 20
#define REOPEN_LAST_MS	250
/* How often a TPM in lockout is asked whether it still is. */
#define LOCKOUT_POLL_MS 5000
/* Within one run of a job: the TPM comes back, and then what it had loaded is in the way. */
#define RECOVERIES_MAX 2

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

void worker_fail_queued(struct tpm_engine *engine, bool (*is_fit)(const struct tpm_job *job))
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
	worker_fail_queued(engine, does_not_wait);
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

void worker_deadline(unsigned ms, struct timespec *ret_deadline)
{
	clock_gettime(CLOCK_MONOTONIC, ret_deadline);
	ret_deadline->tv_sec += ms / 1000;
	ret_deadline->tv_nsec += (long)(ms % 1000) * 1000000;
	if (ret_deadline->tv_nsec >= 1000000000) {
		ret_deadline->tv_sec++;
		ret_deadline->tv_nsec -= 1000000000;
	}
}

/* With the lock held: @job's turn begins. */
static void turn_began(struct tpm_engine *engine, struct tpm_job *job)
{
	uint64_t now = tcti_now_us();

	engine->times.wait_us += now - job->state->queued_us;
	engine->times.jobs++;
	job->state->queued_us = now;
}

/* NULL: stopping, or @idle_ms without work (0: no limit). */
static struct tpm_job *next_job(struct tpm_engine *engine, unsigned idle_ms)
{
	struct tpm_job *job = NULL;
	struct timespec deadline;
	int waited = 0;

	if (idle_ms)
		worker_deadline(idle_ms, &deadline);
	pthread_mutex_lock(&engine->lock);
	while (!engine->is_stopping && !(job = queue_pop(engine->queue)) && waited != ETIMEDOUT)
		waited = idle_ms ? pthread_cond_timedwait(&engine->work, &engine->lock, &deadline)
				 : pthread_cond_wait(&engine->work, &engine->lock);
	if (job)
		turn_began(engine, job);
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

	worker_deadline(ms, &deadline);
	pthread_mutex_lock(&engine->lock);
	while (!engine->is_stopping && waited != ETIMEDOUT)
		waited = pthread_cond_timedwait(&engine->work, &engine->lock, &deadline);
	goes_on = !engine->is_stopping;
	pthread_mutex_unlock(&engine->lock);
	return goes_on;
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
	/* A wrong password is no better the second time, and may count towards a lockout. */
	if (response_kind(rc) == RESPONSE_STALE &&
	    !(job->operation == TPM_IMPORT && response_status(rc) == TPM_BAD_AUTH)) {
		/* Somebody flushed what we had loaded: keys, the primary, or the session. */
		slots_flush(engine->slots);
		if (job->key)
			slots_forget(engine->slots, tpm_key_id(job->key));
		return true;
	}
	return false;
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
		job_result_forget(job);
		status = operations_run(&engine->operations, job);
	}
	if (status && engine->operations.rc &&
	    response_kind(engine->operations.rc) == RESPONSE_LOST)
		device_close(&engine->device, false);
	return status;
}

static bool changes_facts(const struct tpm_job *job)
{
	return job->operation == TPM_CREATE || job->operation == TPM_IMPORT_KEY ||
	       job->operation == TPM_PIN || job->operation == TPM_UNPIN;
}

static void job_process(struct tpm_engine *engine, struct tpm_job *job)
{
	enum tpm_status status = job_run(engine, job);
	bool is_lost = !device_is_open(engine);
	uint64_t now = tcti_now_us();

	if (!is_lost && (changes_facts(job) || engine->operations.rc == TPM2_RC_LOCKOUT)) {
		/* Should it fail, what was known goes on being said. */
		if (status)
			(void)device_refresh(&engine->device);
		facts_publish(engine);
	}
	pthread_mutex_lock(&engine->lock);
	/* What asked to wait goes on waiting, in front: it was next once already. */
	if (is_lost && status && job->wait && !job->state->is_cancelled &&
	    ++job->state->attempts < ATTEMPTS_MAX) {
		job_result_forget(job);
		job->state->queued_us = now;
		queue_push_front(engine->queue, job);
	} else {
		if (!status && job->operation == TPM_SIGN)
			times_add_signature(&engine->times, now - job->state->queued_us);
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

void *worker_thread(void *argument)
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
