#include "crls.h"

#include <engine.h>
#include <status.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit.h"
#include "clock.h"
#include "crl_making.h"
#include "lazy_timer.h"
#include "service.h"
#include "service_crl.h"
#include "store_cert.h"
#include "store_crl.h"
#include "trust.h"

#define DAY	       86400
#define RETRY_MIN_USEC (5 * UINT64_C(1000000))
#define RETRY_MAX_USEC (3600 * UINT64_C(1000000))

LIST_HEAD(waiters, crls_waiter);

/* A CA whose list is being signed, or could not be. */
struct work {
	struct crls *crls;
	uint64_t ca_id;
	struct waiters next;	   /* for the list after the one under way */
	struct waiters current;	   /* for the one under way */
	struct crl_making *making; /* NULL: none is under way */
	struct tpm_job *job;	   /* the engine's */
	struct store_crl stored;   /* of the one under way */
	uint64_t changes;
	bool is_signed;
	struct tpm_key *key;
	char key_name[NAMES_KEY_MAX + 1];
	enum tpm_hash hash;
	enum tpm_padding padding;
	uint64_t pause;		     /* microseconds; 0: the last time went well */
	uint64_t retry;		     /* LAZY_NEVER: not because of a failure */
	char trouble[CRLS_TEXT_MAX]; /* said already */
	LIST_ENTRY(work) entry;
};

struct crls {
	struct service *service;
	struct lazy_timer *timer;
	LIST_HEAD(, work) list;
	bool is_due; /* crls_check() was called */
};

static void start(struct work *work);

static struct work *work_of(struct crls *crls, uint64_t ca_id)
{
	struct work *work;

	LIST_FOREACH(work, &crls->list, entry)
	{
		if (work->ca_id == ca_id)
			return work;
	}
	work = calloc(1, sizeof *work);
	if (!work)
		return NULL;
	work->crls = crls;
	work->ca_id = ca_id;
	work->retry = LAZY_NEVER;
	LIST_INSERT_HEAD(&crls->list, work, entry);
	return work;
}

static void answer(struct waiters *waiters, const char *trouble)
{
	struct crls_waiter *waiter;

	while ((waiter = LIST_FIRST(waiters))) {
		crls_forget(waiter);
		waiter->done(waiter, trouble);
	}
}

static void work_free(struct work *work)
{
	LIST_REMOVE(work, entry);
	crl_making_free(work->making);
	tpm_key_unref(work->key);
	free(work);
}

/* Once for each cause; the revocations stand, and the list follows. */
static void fail(struct work *work, const char *trouble)
{
	struct crls *crls = work->crls;
	struct service *service = crls->service;

	crl_making_free(work->making);
	work->making = NULL;
	if (strcmp(work->trouble, trouble) != 0)
		log_line(service->log, LOG_LEVEL_WARNING,
			 "the CRL of CA %llu is not signed anew yet: %s",
			 (unsigned long long)work->ca_id, trouble);
	snprintf(work->trouble, sizeof work->trouble, "%s", trouble);
	work->pause = work->pause ? 2 * work->pause : RETRY_MIN_USEC;
	if (work->pause > RETRY_MAX_USEC)
		work->pause = RETRY_MAX_USEC;
	work->retry = lazy_timer_now(crls->timer) + work->pause;
	lazy_timer_by(crls->timer, work->retry);
	answer(&work->current, work->trouble);
}

static void fail_store(struct work *work, enum store_status status)
{
	fail(work, status == STORE_NOT_FOUND ? "the CA, or its key, is not here any more"
					     : store_error(work->crls->service->store));
	if (status == STORE_NOT_FOUND)
		work->retry = LAZY_NEVER;
}

static enum store_status store_list(struct work *work, const uint8_t *der, size_t len)
{
	struct service *service = work->crls->service;
	enum store_status status = store_begin(service->store);
	char detail[96];
	struct audit_entry entry = {
		.uid = geteuid(),
		.pid = getpid(),
		.operation = "crl sign",
		.object = work->key_name,
		.status = status_name(STATUS_OK),
		.detail = detail,
	};
	char number[CRL_NUMBER_TEXT];

	crl_number_text(&work->stored.number, number);
	snprintf(detail, sizeof detail, "certificate %llu: number %s, %llu revoked",
		 (unsigned long long)work->ca_id, number, (unsigned long long)work->stored.count);
	if (status == STORE_OK)
		status = store_crl_put(service->store, &work->stored, work->changes, der, len);
	if (status == STORE_OK)
		status = audit_record(service->audit, &entry);
	if (status == STORE_OK)
		return store_commit(service->store);
	store_rollback(service->store);
	return status;
}

static void finished(struct work *work)
{
	const uint8_t *der;
	size_t len;

	crl_making_der(work->making, &der, &len);
	enum store_status stored = store_list(work, der, len);

	if (stored != STORE_OK) {
		fail_store(work, stored);
		return;
	}
	crl_making_free(work->making);
	work->making = NULL;
	work->pause = 0;
	work->retry = LAZY_NEVER;
	work->trouble[0] = '\0';
	trust_crl_changed(work->crls->service->trust);
	service_crl_publish(work->crls->service, &work->stored);
	answer(&work->current, NULL);
	if (LIST_EMPTY(&work->next))
		work_free(work);
	else
		start(work);
}

static void signature_done(struct tpm_job *job, void *user)
{
	struct work *work = user;

	work->job = NULL;
	if (job->status == TPM_OK)
		crl_making_finish(work->making, job->output, job->output_len);
	else
		fail(work, *job->error ? job->error : "the TPM could not do it");
}

static void sign(struct work *work)
{
	struct service *service = work->crls->service;
	struct tpm_job *job = tpm_job_new(TPM_SIGN);
	const uint8_t *digest;
	size_t len;

	crl_making_digest(work->making, &digest, &len);
	if (!service->engine || service->is_stopping || !job ||
	    tpm_job_set_input(job, digest, len) != TPM_OK) {
		tpm_job_free(job);
		fail(work,
		     service->is_stopping ? "the service is stopping" : "there is no memory left");
		return;
	}
	job->key = tpm_key_ref(work->key);
	job->hash = work->hash;
	job->padding = work->padding;
	job->level = TPM_NORMAL;
	job->group = geteuid();
	job->done = signature_done;
	job->user = work;
	if (tpm_engine_submit(service->engine, job) == TPM_OK) {
		work->job = job;
		return;
	}
	fail(work, job->error);
	tpm_job_free(job);
}

static void step_done(struct crl_making *making, enum crl_status status, const char *error,
		      void *user)
{
	struct work *work = user;

	(void)making;
	if (status == CRL_NOMEM)
		fail(work, "there is no memory left");
	else if (status == CRL_UNVERIFIED)
		fail(work, "the TPM's signature does not verify and was withheld");
	else if (status != CRL_OK)
		fail(work, error);
	else if (work->is_signed)
		finished(work);
	else {
		work->is_signed = true;
		sign(work);
	}
}

/* Clocks go backwards, lists do not. */
static void set_times(struct work *work, const struct store_crl *last)
{
	struct service *service = work->crls->service;
	int64_t now = clock_now(service->clock);

	work->stored.this_update = now > last->this_update ? now : last->this_update;
	work->stored.next_update =
		work->stored.this_update + (int64_t)service->config->crl_days * DAY;
}

/*
 * As the key signs for itself. What a CA below another has instead says how that other one's
 * key signs, which may be no RSA key.
 */
static enum tpm_padding padding_of(const struct store_cert *ca, const struct tpm_key *key)
{
	if (!tpm_key_is_rsa(key))
		return TPM_PADDING_NONE;
	return ca->issuer_id == ca->id && ca->padding ? ca->padding : TPM_PADDING_PKCS1;
}

static uint8_t *copy(const uint8_t *bytes, size_t len)
{
	uint8_t *copied = malloc(len ? len : 1);

	if (copied && len)
		memcpy(copied, bytes, len);
	return copied;
}

static void build(struct work *work, const struct store_cert *ca)
{
	struct service *service = work->crls->service;
	struct store_crl last = {0};
	struct crl_order order = {0};
	const uint8_t *spki = tpm_key_spki(work->key, &order.spki_len);
	enum store_status status = store_crl_get(service->store, work->ca_id, &last);

	if (status == STORE_OK || status == STORE_NOT_FOUND)
		status = store_crl_entries(service->store, work->ca_id, &order.entries,
					   &order.count, &work->changes);
	if (status != STORE_OK) {
		fail_store(work, status);
		return;
	}
	work->stored = (struct store_crl){.ca_id = work->ca_id, .count = order.count};
	set_times(work, &last);
	if (!crl_number_next(&last.number, &work->stored.number)) {
		free(order.entries);
		fail(work, "its numbers are used up: set up a new CA");
		return;
	}
	work->hash = tpm_key_algorithm(work->key) == TPM_EC_P384 ? TPM_SHA384 : TPM_SHA256;
	work->padding = padding_of(ca, work->key);
	order.issuer = copy(ca->der, ca->der_len);
	order.issuer_len = ca->der_len;
	order.spki = copy(spki, order.spki_len);
	order.number = work->stored.number;
	order.this_update = work->stored.this_update;
	order.next_update = work->stored.next_update;
	order.hash = work->hash;
	order.padding = work->padding;
	work->is_signed = false;
	work->making = crl_making_new(service->worker, &order, step_done, work);
	if (work->making && order.issuer && order.spki)
		crl_making_build(work->making);
	else
		fail(work, "there is no memory left");
}

static void start(struct work *work)
{
	struct service *service = work->crls->service;
	const struct keyring_key *stored;
	struct crls_waiter *waiter;
	struct tpm_key *key = NULL;
	struct store_cert ca = {0};
	enum store_status status;

	work->retry = LAZY_NEVER;
	while ((waiter = LIST_FIRST(&work->next))) {
		LIST_REMOVE(waiter, entry);
		LIST_INSERT_HEAD(&work->current, waiter, entry);
	}
	if (!service->engine || service->is_stopping) {
		fail(work, "the service is stopping");
		return;
	}
	status = store_cert_get(service->store, work->ca_id, &ca);
	if (status == STORE_OK && !ca.key_id)
		status = STORE_NOT_FOUND;
	if (status == STORE_OK)
		status = keyring_get(service->keyring, NULL, ca.key_id, &stored);
	if (status == STORE_OK)
		status = keyring_tpm_key(service->keyring, stored, &key);
	if (status == STORE_OK) {
		memcpy(work->key_name, ca.key_name, sizeof work->key_name);
		tpm_key_unref(work->key);
		work->key = tpm_key_ref(key);
		build(work, &ca);
	} else {
		fail_store(work, status);
	}
	store_cert_wipe(&ca);
}

bool crls_wait(struct crls *crls, uint64_t ca_id, struct crls_waiter *waiter)
{
	struct work *work = work_of(crls, ca_id);

	if (!work)
		return false;
	LIST_INSERT_HEAD(&work->next, waiter, entry);
	waiter->is_waiting = true;
	lazy_timer_by(crls->timer, lazy_timer_now(crls->timer));
	return true;
}

void crls_forget(struct crls_waiter *waiter)
{
	if (waiter->is_waiting)
		LIST_REMOVE(waiter, entry);
	waiter->is_waiting = false;
}

void crls_check(struct crls *crls)
{
	crls->is_due = true;
	lazy_timer_by(crls->timer, lazy_timer_now(crls->timer));
}

/* What the store says is due, one work each. */
static void find_due(struct crls *crls)
{
	struct service *service = crls->service;
	int64_t now = clock_state(service->clock) == CLOCK_GOOD ? clock_now(service->clock) : 0;
	uint64_t ids[STORE_CRL_DUE_MAX];
	size_t count = 0;

	crls->is_due = false;
	if (store_crl_due(service->store, now, ids, &count) != STORE_OK) {
		log_line(service->log, LOG_LEVEL_ERROR, "the CRLs that are due are not known: %s",
			 store_error(service->store));
		return;
	}
	for (size_t i = 0; i < count; i++) {
		struct work *work = work_of(crls, ids[i]);

		if (work && !work->making)
			work->retry = 0;
	}
}

static uint64_t on_time(uint64_t now, void *user)
{
	struct crls *crls = user;
	uint64_t next = LAZY_NEVER;
	struct work *work;
	struct work *following;

	if (crls->service->is_stopping)
		return LAZY_NEVER;
	if (crls->is_due)
		find_due(crls);
	for (work = LIST_FIRST(&crls->list); work; work = following) {
		following = LIST_NEXT(work, entry);
		if (work->making)
			continue;
		if (work->retry <= now || !LIST_EMPTY(&work->next))
			start(work);
		else if (work->retry < next)
			next = work->retry;
	}
	return next;
}

struct crls *crls_new(struct service *service)
{
	struct crls *crls = calloc(1, sizeof *crls);

	if (!crls)
		return NULL;
	crls->service = service;
	crls->timer = lazy_timer_new(service->event, on_time, crls);
	if (!crls->timer) {
		free(crls);
		return NULL;
	}
	return crls;
}

void crls_free(struct crls *crls)
{
	if (!crls)
		return;
	while (!LIST_EMPTY(&crls->list)) {
		struct work *work = LIST_FIRST(&crls->list);

		if (work->job && crls->service->engine)
			tpm_engine_cancel(crls->service->engine, work->job);
		work_free(work);
	}
	lazy_timer_free(crls->timer);
	free(crls);
}
