#include "anchor.h"

#include <openssl/crypto.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lazy_timer.h"
#include "service.h"

#define ANCHOR_SIZE (8 + STORE_CHAIN_SIZE)

struct anchor {
	struct service *service;
	struct lazy_timer *timer;
	struct tpm_job *job; /* under way; the engine's */
	struct store_link writing;
	struct store_link written;   /* what the TPM holds, as far as this run knows */
	char trouble[TPM_ERROR_MAX]; /* said already; "": none */
};

/* Once, until something else is the matter. */
static void warn(struct anchor *anchor, const char *trouble)
{
	if (strcmp(anchor->trouble, trouble) == 0)
		return;
	snprintf(anchor->trouble, sizeof anchor->trouble, "%s", trouble);
	log_line(anchor->service->log, LOG_LEVEL_WARNING,
		 "the end of the audit trail is not anchored in the TPM (NV index 0x%08x): %s",
		 anchor->service->config->audit_index, trouble);
}

static void warn_store(struct anchor *anchor)
{
	warn(anchor, store_error(anchor->service->store));
}

static void is_written(struct anchor *anchor, const struct store_link *link)
{
	if (*anchor->trouble)
		log_line(anchor->service->log, LOG_LEVEL_INFO,
			 "the end of the audit trail is anchored in the TPM again");
	anchor->trouble[0] = '\0';
	anchor->written = *link;
	/* Only what may be dropped hangs on it. */
	if (store_audit_anchored(anchor->service->store, link->seq) != STORE_OK)
		warn_store(anchor);
}

static void write_done(struct tpm_job *job, void *user)
{
	struct anchor *anchor = user;

	anchor->job = NULL;
	if (job->status == TPM_OK)
		is_written(anchor, &anchor->writing);
	else
		warn(anchor, job->error);
}

static struct tpm_job *new_job(struct anchor *anchor, enum tpm_operation operation)
{
	uint8_t auth[STORE_ANCHOR_AUTH];
	struct tpm_job *job = NULL;

	if (store_audit_auth(anchor->service->store, auth) == STORE_OK)
		job = tpm_job_new(operation);
	if (job) {
		memcpy(job->auth, auth, sizeof auth);
		job->auth_len = sizeof auth;
		job->handle = anchor->service->config->audit_index;
		job->want = ANCHOR_SIZE;
		job->group = geteuid();
	}
	OPENSSL_cleanse(auth, sizeof auth);
	return job;
}

/* NULL @job is fine: there was no memory. */
static void submit(struct anchor *anchor, struct tpm_job *job, tpm_done_fn *done)
{
	if (!job) {
		warn(anchor, "the database or memory is not there");
		return;
	}
	job->level = TPM_URGENT;
	job->done = done;
	job->user = anchor;
	if (tpm_engine_submit(anchor->service->engine, job) == TPM_OK) {
		anchor->job = job;
		return;
	}
	warn(anchor, job->error);
	tpm_job_free(job);
}

/* The TPM knew a record once, and now it knows none: that is for the trail itself. */
static enum store_status record_loss(struct anchor *anchor, uint64_t anchored)
{
	struct store *store = anchor->service->store;
	enum store_status status = store_begin(store);
	char detail[160];
	struct audit_entry entry = {
		.uid = geteuid(),
		.pid = getpid(),
		.operation = "audit anchor",
		.object = "",
		.status = "lost",
		.detail = detail,
	};

	snprintf(
		detail, sizeof detail,
		"the TPM held record %llu and holds nothing now: the NV index was removed, or this "
		"is another TPM; begun anew",
		(unsigned long long)anchored);
	if (status == STORE_OK)
		status = audit_record(anchor->service->audit, &entry);
	if (status == STORE_OK)
		status = store_audit_anchored(store, 0);
	if (status == STORE_OK)
		return store_commit(store);
	store_rollback(store);
	return status;
}

static void write_head(struct anchor *anchor, const struct store_link *head)
{
	uint8_t bytes[ANCHOR_SIZE];
	struct tpm_job *job = new_job(anchor, TPM_NV_WRITE);

	for (size_t i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(head->seq >> (56 - 8 * i));
	memcpy(bytes + 8, head->chain, sizeof head->chain);
	if (job && tpm_job_set_input(job, bytes, sizeof bytes) != TPM_OK) {
		tpm_job_free(job);
		job = NULL;
	}
	anchor->writing = *head;
	submit(anchor, job, write_done);
}

static void read_done(struct tpm_job *job, void *user)
{
	struct anchor *anchor = user;
	struct store *store = anchor->service->store;
	enum anchor_verdict verdict = ANCHOR_HOLDS;
	enum store_status status;
	struct store_audit_state state;
	struct store_link link;
	bool is_there;

	anchor->job = NULL;
	if (job->status != TPM_OK) {
		warn(anchor, job->error);
		return;
	}
	is_there = anchor_parse(job, &link);
	status = store_audit_state(store, &state);
	if (status == STORE_OK && is_there)
		status = anchor_compare(store, &link, &verdict);
	if (status == STORE_OK && !is_there && state.anchored) {
		status = record_loss(anchor, state.anchored);
		if (status == STORE_OK)
			status = store_audit_state(store, &state);
	}
	if (status != STORE_OK)
		warn_store(anchor);
	else if (verdict != ANCHOR_HOLDS)
		warn(anchor, "the trail is not the one that the TPM knows: look at it with "
			     "keystorectl audit verify");
	else if (is_there && store_link_is(&link, &state.head))
		is_written(anchor, &link);
	else
		write_head(anchor, &state.head);
}

/* Reads, compares, and writes if there is something new. */
static void begin(struct anchor *anchor)
{
	struct service *service = anchor->service;
	struct store_audit_state state;

	if (anchor->job || !service->config->audit_index || !service->engine)
		return;
	if (store_audit_state(service->store, &state) != STORE_OK)
		warn_store(anchor);
	else if (state.head.seq && !store_link_is(&state.head, &anchor->written))
		submit(anchor, new_job(anchor, TPM_NV_READ), read_done);
}

static uint64_t on_time(uint64_t now, void *user)
{
	struct anchor *anchor = user;
	enum tpm_state state = anchor->service->tpm_state;

	/* A TPM that is away has been spoken of already. */
	if (state == TPM_STATE_READY || state == TPM_STATE_LOCKED_OUT)
		begin(anchor);
	return now + anchor->service->config->audit_interval_ms * UINT64_C(1000);
}

struct anchor *anchor_new(struct service *service)
{
	struct anchor *anchor = calloc(1, sizeof *anchor);

	if (!anchor)
		return NULL;
	anchor->service = service;
	anchor->timer = lazy_timer_new(service->event, on_time, anchor);
	if (!anchor->timer) {
		free(anchor);
		return NULL;
	}
	if (service->config->audit_index)
		lazy_timer_by(anchor->timer,
			      lazy_timer_now(anchor->timer) +
				      service->config->audit_interval_ms * UINT64_C(1000));
	return anchor;
}

void anchor_free(struct anchor *anchor)
{
	if (!anchor)
		return;
	lazy_timer_free(anchor->timer);
	free(anchor);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void anchor_finish(struct anchor *anchor, unsigned patience_ms)
{
	struct service *service = anchor->service;
	int64_t until = now_ms() + patience_ms;

	if (service->tpm_state != TPM_STATE_READY && service->tpm_state != TPM_STATE_LOCKED_OUT)
		return;
	audit_flush(service->audit);
	begin(anchor);
	while (anchor->job) {
		struct pollfd poll_fd = {.fd = tpm_engine_fd(service->engine), .events = POLLIN};
		int64_t left = until - now_ms();

		if (left <= 0 || poll(&poll_fd, 1, (int)left) < 0)
			break;
		tpm_engine_dispatch(service->engine);
	}
	if (anchor->job) {
		tpm_engine_cancel(service->engine, anchor->job);
		anchor->job = NULL;
		warn(anchor, "the TPM has other work to finish; the next start does it");
	}
}

struct tpm_job *anchor_read_job(struct anchor *anchor, const char **ret_reason)
{
	struct tpm_job *job = NULL;

	if (!anchor->service->config->audit_index)
		*ret_reason = "the configuration has audit-index = none";
	else if (!(job = new_job(anchor, TPM_NV_READ)))
		*ret_reason = "the database or memory is not there";
	return job;
}

const char *anchor_trouble(const struct anchor *anchor)
{
	return anchor->trouble;
}

bool anchor_parse(const struct tpm_job *job, struct store_link *ret_link)
{
	struct store_link link = {0};

	if (job->output_len != ANCHOR_SIZE)
		return false;
	for (size_t i = 0; i < 8; i++)
		link.seq = link.seq << 8 | job->output[i];
	memcpy(link.chain, job->output + 8, sizeof link.chain);
	*ret_link = link;
	return true;
}

enum store_status anchor_compare(struct store *store, const struct store_link *link,
				 enum anchor_verdict *ret_verdict)
{
	struct store_audit_state state;
	struct store_link stored = {0};
	enum store_status status = store_audit_state(store, &state);

	if (status == STORE_OK)
		status = store_audit_link(store, link->seq, &stored);
	if (status != STORE_OK && status != STORE_NOT_FOUND)
		return status;
	if (link->seq > state.head.seq)
		*ret_verdict = ANCHOR_CUT_OFF;
	else if (link->seq < state.begin.seq)
		*ret_verdict = ANCHOR_DROPPED;
	else if (!store_link_is(link, &stored))
		*ret_verdict = ANCHOR_REWRITTEN;
	else
		*ret_verdict = ANCHOR_HOLDS;
	return STORE_OK;
}
