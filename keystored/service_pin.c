#include "service_pin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lazy_timer.h"
#include "request.h"
#include "service.h"
#include "service_info.h"

#define RETRY_USEC (60 * UINT64_C(1000000))

struct pin {
	struct store_handle handle;
	struct tpm_key *key;
};

struct eviction {
	struct service *service;
	struct store_handle handle;
	struct request *request;
	LIST_ENTRY(eviction) all;
};

static void pin_free(void *state)
{
	struct pin *pin = state;

	tpm_key_unref(pin->key);
	free(pin);
}

static void eviction_end(struct eviction *eviction, enum tpm_status status,
			 const struct tpm_job *job)
{
	struct service *service = eviction->service;
	struct request *request = eviction->request;
	/* CONFLICT: what is there is not ours, so there is nothing to drop. */
	bool is_gone = status == TPM_OK || status == TPM_CONFLICT;
	bool is_later = status == TPM_UNAVAILABLE || status == TPM_BUSY;

	LIST_REMOVE(eviction, all);
	if (is_gone && store_handle_remove(service->store, eviction->handle.handle) != STORE_OK)
		log_line(service->log, LOG_LEVEL_WARNING,
			 "persistent handle 0x%08x stays reserved until the next start: %s",
			 eviction->handle.handle, store_error(service->store));
	if (!is_gone)
		log_line(service->log, LOG_LEVEL_WARNING,
			 "persistent handle 0x%08x is still to be evicted: %s",
			 eviction->handle.handle, job ? job->error : "no memory");
	free(eviction);
	if (!is_gone)
		lazy_timer_by(service->sweep, lazy_timer_now(service->sweep) + RETRY_USEC);
	if (!request)
		return;
	if (!is_gone && !is_later && job)
		request_fail_job(request, job);
	else if (request->state)
		request_reply_key(request);
	else
		request_reply_empty(request);
}

static void eviction_done(struct tpm_job *job, void *user)
{
	eviction_end(user, job->status, job);
}

void service_pin_evict(struct service *service, const struct store_handle *handle,
		       struct request *request)
{
	struct eviction *eviction = calloc(1, sizeof *eviction);
	struct tpm_job *job = tpm_job_new(TPM_UNPIN);

	if (!eviction || !job) {
		free(eviction);
		tpm_job_free(job);
		if (request)
			request_fail_memory(request);
		return;
	}
	eviction->service = service;
	eviction->handle = *handle;
	eviction->request = request;
	LIST_INSERT_HEAD(&service->evictions, eviction, all);
	if (request)
		request_must_finish(request);
	job->level = TPM_URGENT;
	job->handle = handle->handle;
	memcpy(job->name.bytes, handle->name, handle->name_len);
	job->name.len = handle->name_len;
	job->done = eviction_done;
	job->user = eviction;
	enum tpm_status status = tpm_engine_submit(service->engine, job);

	if (status != TPM_OK) {
		job->status = status;
		eviction_end(eviction, status, job);
		tpm_job_free(job);
	}
}

/* The TPM may or may not hold the key by now: it will not, in the end. */
static void undo(struct service *service, const struct pin *pin)
{
	struct store_handle handle = pin->handle;

	handle.state = STORE_UNPINNING;
	if (store_handle_set(service->store, handle.handle, STORE_UNPINNING) != STORE_OK)
		log_line(service->log, LOG_LEVEL_WARNING,
			 "persistent handle 0x%08x stays reserved until the next start: %s",
			 handle.handle, store_error(service->store));
	service_pin_evict(service, &handle, NULL);
}

static void give_up(struct request *request)
{
	undo(request->service, request->state);
}

static void pin_at(struct request *request, uint32_t from);

static void publish_changed(struct request *request)
{
	struct service *service = request->service;
	const struct keyring_key *key;

	keyring_refresh(service->keyring, request->key_id);
	if (keyring_get(service->keyring, NULL, request->key_id, &key) == STORE_OK)
		service_info_publish_key(service, key,
					 KEYSTORE__V1__KEY_EVENT__CHANGE__CHANGE_UPDATED);
}

static void pin_done(struct tpm_job *job, void *user)
{
	struct request *request = user;
	struct service *service = request->service;
	struct pin *pin = request->state;
	char detail[32];

	request->job = NULL;
	if (job->status == TPM_CONFLICT) {
		/* Somebody else's object: never touched, and the next handle tried. */
		enum store_status status = store_handle_remove(service->store, pin->handle.handle);

		if (status != STORE_OK)
			request_fail_store(request, status);
		else
			pin_at(request, pin->handle.handle + 1);
		return;
	}
	if (job->status != TPM_OK) {
		undo(service, pin);
		request_fail_job(request, job);
		return;
	}
	snprintf(detail, sizeof detail, "pinned at 0x%08x", pin->handle.handle);
	struct pin kept = {pin->handle, NULL};

	if (!request_begin_change(request) ||
	    !request_commit(request,
			    store_handle_set(service->store, kept.handle.handle, STORE_PINNED),
			    detail)) {
		undo(service, &kept);
		return;
	}
	tpm_key_set_handle(pin->key, pin->handle.handle);
	publish_changed(request);
	request_reply_key(request);
}

static void pin_at(struct request *request, uint32_t from)
{
	struct service *service = request->service;
	const struct config *config = service->config;
	struct pin *pin = request->state;
	enum store_status status = STORE_NOT_FOUND;

	if (from <= config->persistent_last)
		status = store_handle_free(service->store, from, config->persistent_last,
					   &pin->handle.handle);
	if (status == STORE_NOT_FOUND) {
		request->give_up = NULL;
		request_fail(
			request, STATUS_LIMIT,
			"key “%s” cannot be pinned: the handles 0x%08x to 0x%08x are all taken: "
			"unpin another key, or widen persistent-handles",
			request->object, config->persistent_first, config->persistent_last);
		return;
	}
	if (status == STORE_OK)
		status = store_handle_add(service->store, &pin->handle);
	if (status != STORE_OK) {
		request_fail_store(request, status);
		return;
	}
	struct tpm_job *job = tpm_job_new(TPM_PIN);
	uint32_t handle = pin->handle.handle;

	if (job) {
		job->key = tpm_key_ref(pin->key);
		job->handle = handle;
		request->give_up = give_up;
		if (request_submit(request, job, pin_done))
			return;
	} else {
		request_fail_memory(request);
	}
	if (store_handle_remove(service->store, handle) != STORE_OK)
		log_line(service->log, LOG_LEVEL_WARNING,
			 "persistent handle 0x%08x stays reserved until the next start: %s", handle,
			 store_error(service->store));
}

static void begin_pin(struct request *request, const struct keyring_key *key)
{
	struct tpm_key *tpm = request_tpm_key(request, key);

	if (!tpm)
		return;
	struct pin *pin = calloc(1, sizeof *pin);
	const struct tpm_name *name = tpm_key_name(tpm);

	if (!pin) {
		request_fail_memory(request);
		return;
	}
	pin->handle.key_id = key->id;
	pin->handle.state = STORE_PINNING;
	memcpy(pin->handle.name, name->bytes, name->len);
	pin->handle.name_len = name->len;
	pin->key = tpm_key_ref(tpm);
	request->state = pin;
	request->state_free = pin_free;
	pin_at(request, request->service->config->persistent_first);
}

static void begin_unpin(struct request *request, const struct store_handle *handle)
{
	struct service *service = request->service;
	struct pin *pin = calloc(1, sizeof *pin);

	if (!pin) {
		request_fail_memory(request);
		return;
	}
	pin->handle = *handle;
	request->state = pin;
	request->state_free = pin_free;
	if (!request_begin_change(request) ||
	    !request_commit(request,
			    store_handle_set(service->store, handle->handle, STORE_UNPINNING),
			    "unpinned"))
		return;
	publish_changed(request);
	service_pin_evict(service, handle, request);
}

void service_pin(struct request *request, const void *body, const struct keyring_key *key)
{
	const Keystore__V1__KeyPinRequest *asked = body;
	struct store_handle handle = {0};
	enum store_status status = store_handle_of_key(request->service->store, key->id, &handle);

	if (status != STORE_OK && status != STORE_NOT_FOUND)
		request_fail_store(request, status);
	else if (status == STORE_OK && handle.state != STORE_PINNED)
		request_fail(request, STATUS_CONFLICT,
			     "key “%s” is just being pinned or unpinned: try again shortly",
			     key->name);
	else if (asked->pinned == (status == STORE_OK))
		request_reply_key(request);
	else if (asked->pinned)
		begin_pin(request, key);
	else
		begin_unpin(request, &handle);
}

struct leftovers {
	struct service *service;
	struct store_handle *list;
	size_t count;
	bool is_short;
};

/* Copied, since a list under way and changes to it do not go together. */
static void collect(const struct store_handle *handle, void *user)
{
	struct leftovers *leftovers = user;
	struct store_handle *list =
		reallocarray(leftovers->list, leftovers->count + 1, sizeof *list);

	if (!list) {
		leftovers->is_short = true;
		return;
	}
	leftovers->list = list;
	list[leftovers->count++] = *handle;
}

static enum store_status recover(struct service *service)
{
	struct leftovers leftovers = {.service = service};
	enum store_status status = store_handle_leftovers(service->store, collect, &leftovers);

	for (size_t i = 0; i < leftovers.count && status == STORE_OK; i++) {
		if (leftovers.list[i].state == STORE_PINNING)
			status = store_handle_set(service->store, leftovers.list[i].handle,
						  STORE_UNPINNING);
	}
	free(leftovers.list);
	return leftovers.is_short ? STORE_NOMEM : status;
}

static bool is_being_evicted(const struct service *service, uint32_t handle)
{
	const struct eviction *eviction;

	LIST_FOREACH(eviction, &service->evictions, all)
	{
		if (eviction->handle.handle == handle)
			return true;
	}
	return false;
}

void service_pin_sweep(struct service *service)
{
	struct leftovers leftovers = {.service = service};

	if (store_handle_leftovers(service->store, collect, &leftovers) != STORE_OK)
		log_line(service->log, LOG_LEVEL_WARNING,
			 "persistent handles to be evicted are unknown: %s",
			 store_error(service->store));
	for (size_t i = 0; i < leftovers.count; i++) {
		const struct store_handle *handle = &leftovers.list[i];

		if (handle->state == STORE_UNPINNING && !is_being_evicted(service, handle->handle))
			service_pin_evict(service, handle, NULL);
	}
	free(leftovers.list);
}

static void forgotten(struct tpm_job *job, void *user)
{
	(void)job;
	(void)user;
}

static uint64_t on_retry(uint64_t now, void *user)
{
	struct service *service = user;

	(void)now;
	/* While the TPM is away its return is what starts the next sweep. */
	if (service->tpm_state == TPM_STATE_READY || service->tpm_state == TPM_STATE_LOCKED_OUT)
		service_pin_sweep(service);
	return LAZY_NEVER;
}

bool service_pin_open(struct service *service)
{
	service->sweep = lazy_timer_new(service->event, on_retry, service);
	if (!service->sweep)
		return false;
	if (recover(service) != STORE_OK)
		log_line(service->log, LOG_LEVEL_WARNING, "what was left half pinned stays so: %s",
			 store_error(service->store));
	return true;
}

void service_pin_close(struct service *service)
{
	lazy_timer_free(service->sweep);
	service->sweep = NULL;
}

void service_pin_forget(struct service *service, struct tpm_key *key)
{
	struct tpm_job *job = tpm_job_new(TPM_FORGET);

	if (!job)
		return;
	job->key = tpm_key_ref(key);
	job->level = TPM_URGENT;
	job->done = forgotten;
	/* Refused means that the TPM is away or busy: what it holds goes by itself then. */
	if (tpm_engine_submit(service->engine, job) != TPM_OK)
		tpm_job_free(job);
}
