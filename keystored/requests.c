#include "requests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lazy_timer.h"
#include "request_kind.h"
#include "service.h"
#include "worker.h"

#define DEADLINE_MAX_MS 3600000u

struct requests {
	struct request_list list;
	struct lazy_timer *timer;
	size_t creating;
};

void requests_add(struct request *request)
{
	LIST_INSERT_HEAD(&request->service->requests->list, request, all);
}

void requests_remove(struct request *request)
{
	LIST_REMOVE(request, all);
	if (request->is_creating)
		request->service->requests->creating--;
}

void requests_set_deadline(struct request *request, const ks_pb_request *message)
{
	const struct config *config = request->service->config;
	struct lazy_timer *timer = request->service->requests->timer;
	uint32_t ms = message->deadline_ms;

	if (!ms)
		ms = request->kind->is_creation ? config->create_deadline_ms : config->deadline_ms;
	if (ms > DEADLINE_MAX_MS)
		ms = DEADLINE_MAX_MS;
	request->deadline = lazy_timer_now(timer) + ms * 1000ull;
	lazy_timer_by(timer, request->deadline);
}

static void cancel_job(struct request *request)
{
	if (request->job)
		tpm_engine_cancel(request->service->engine, request->job);
	request->job = NULL;
	if (request->work)
		worker_cancel(request->service->worker, request->work);
	request->work = NULL;
}

static uint64_t on_deadline(uint64_t now, void *user)
{
	struct requests *requests = user;
	struct request *request = LIST_FIRST(&requests->list);
	uint64_t next = LAZY_NEVER;

	while (request) {
		struct request *following = LIST_NEXT(request, all);

		if (request->deadline <= now) {
			cancel_job(request);
			if (request->give_up)
				request->give_up(request);
			request_fail(request, STATUS_DEADLINE,
				     "%s was not done in time, and nothing has changed: allow more "
				     "time, or try when the TPM has less to do",
				     request->kind->name);
		} else if (request->deadline < next) {
			next = request->deadline;
		}
		request = following;
	}
	return next;
}

struct requests *requests_new(struct service *service)
{
	struct requests *requests = calloc(1, sizeof *requests);

	if (!requests)
		return NULL;
	requests->timer = lazy_timer_new(service->event, on_deadline, requests);
	if (!requests->timer) {
		free(requests);
		return NULL;
	}
	return requests;
}

void requests_free(struct requests *requests)
{
	if (!requests)
		return;
	/* What is left has no client any more. */
	while (!LIST_EMPTY(&requests->list)) {
		cancel_job(LIST_FIRST(&requests->list));
		request_end(LIST_FIRST(&requests->list));
	}
	lazy_timer_free(requests->timer);
	free(requests);
}

void request_vanish_all(struct request_list *list)
{
	struct request *request;

	while ((request = LIST_FIRST(list))) {
		LIST_REMOVE(request, of_conn);
		request->conn = NULL;
		if (request->kind->vanish == VANISH_CONTINUES &&
		    (request->job || request->work || request->deadline == LAZY_NEVER))
			continue;
		cancel_job(request);
		request_note(request, STATUS_DEADLINE, "the client went away");
		request_end(request);
	}
}

void requests_start_failed(struct requests *requests)
{
	struct request *request = LIST_FIRST(&requests->list);

	while (request) {
		struct request *following = LIST_NEXT(request, all);

		if (request->waits_for_start && request->job) {
			struct tpm_facts facts;

			tpm_engine_facts(request->service->engine, &facts);
			cancel_job(request);
			if (request->give_up)
				request->give_up(request);
			request_fail(request, STATUS_UNAVAILABLE, "the TPM is not available: %s",
				     facts.reason);
		}
		request = following;
	}
}

bool requests_is_reserved(struct requests *requests, const char *name)
{
	struct request *request;

	if (!requests->creating)
		return false;
	LIST_FOREACH(request, &requests->list, all)
	{
		if (request->is_creating && strcmp(request->object, name) == 0)
			return true;
	}
	return false;
}

size_t requests_creating(const struct requests *requests)
{
	return requests->creating;
}

bool request_reserve_name(struct request *request, const char *name)
{
	struct requests *requests = request->service->requests;

	if (!names_is_key_name(name)) {
		request_fail(request, STATUS_INVALID, "a key's name is " NAMES_KEY_RULE);
		return false;
	}
	if (requests_is_reserved(requests, name)) {
		request_fail(request, STATUS_EXISTS,
			     "key “%s” is just being made by another request: choose another name",
			     name);
		return false;
	}
	snprintf(request->object, sizeof request->object, "%s", name);
	request->is_creating = true;
	requests->creating++;
	return true;
}
