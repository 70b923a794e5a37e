#include "push.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <open62541/nodeids.h>
#include <open62541/types_generated_handling.h>

#include "push_event.h"
#include "push_file.h"
#include "push_hook.h"
#include "push_local.h"
#include "push_nodes.h"
#include "push_worker.h"

/* A day: open62541 stops looking for results where there is no timeout at all. */
#define OPERATION_TIMEOUT_MS 86400000.0
#define UNDER_WAY_MAX	     (PUSH_JOBS_MAX + 1)

struct push {
	struct push_options options;
	sd_event *event;
	sd_event_source *expiry; /* of files */
	struct push_files *files;
	struct push_worker *worker;
	struct push_job *under_way[UNDER_WAY_MAX]; /* the worker's, for their operations only */
	UA_UInt64 sizes[PUSH_GROUPS];		   /* of lists, when they were last seen */
};

static UA_UInt64 now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (UA_UInt64)now.tv_sec * 1000 + (UA_UInt64)now.tv_nsec / 1000000;
}

static void show_list(struct push *push, enum push_group group)
{
	push_nodes_set_list(push->options.server, group, push->sizes[group],
			    (UA_UInt16)push_files_count(push->files, group));
}

/* As large as what was read last, or written, of all of its lists. */
static void note_size(struct push *push, const struct push_job *job)
{
	bool is_whole = job->method == PUSH_LIST_CLOSE_AND_UPDATE ||
			(job->masks == UA_TRUSTLISTMASKS_ALL && !job->is_written);

	if (is_whole)
		push->sizes[job->group] = job->content.length;
}

static void expire_later(struct push *push)
{
	UA_UInt64 next = push_files_expire(push->files, now_ms());

	if (!next) {
		(void)sd_event_source_set_enabled(push->expiry, SD_EVENT_OFF);
		return;
	}
	(void)sd_event_source_set_time(push->expiry, (now_ms() + next) * 1000);
	(void)sd_event_source_set_enabled(push->expiry, SD_EVENT_ONESHOT);
}

static int on_expiry(sd_event_source *source, uint64_t usec, void *user)
{
	struct push *push = user;

	(void)source;
	(void)usec;
	expire_later(push);
	for (int group = 0; group < PUSH_GROUPS; group++)
		show_list(push, (enum push_group)group);
	return 0;
}

static const char *name_of(const struct push_job *job)
{
	return job->method < PUSH_METHODS ? push_method_kind(job->method)->name : "a transaction";
}

/* A line for the log: who wanted what, and what came of it. */
static void tell(struct push *push, const struct push_job *job)
{
	const struct push_caller *caller = &job->caller;
	char line[PUSH_MESSAGE_MAX + 512];
	bool has_failed = job->status != UA_STATUSCODE_GOOD;

	if (job->method == PUSH_REFRESH || (!has_failed && !*job->message && !job->is_applied))
		return;
	snprintf(line, sizeof line, "GDS push: %s by user “%s” from %s, %s: %s%s%s", name_of(job),
		 caller->user, *caller->address ? caller->address : "nowhere",
		 push_group_kind(job->group)->name,
		 has_failed ? UA_StatusCode_name(job->status) : "done", *job->message ? ": " : "",
		 job->message);
	push->options.log(line, push->options.user);
}

/* What a call has brought goes back; what it has been answered already, goes nowhere. */
static void answer(struct push *push, struct push_job *job, size_t result_count,
		   UA_StatusCode *results)
{
	UA_AsyncOperationResponse response = {0};
	UA_CallMethodResult *result = &response.callMethodResult;

	if (!job->operation)
		return;
	result->statusCode = job->status;
	result->inputArgumentResults = results;
	result->inputArgumentResultsSize = result_count;
	if (job->status == UA_STATUSCODE_GOOD) {
		result->outputArguments = job->outputs;
		result->outputArgumentsSize = job->output_count;
	}
	UA_Server_setAsyncOperationResult(push->options.server, &response, job->operation);
	push_worker_wake(push->worker);
}

static bool is_open(const struct push_job *job)
{
	return job->method == PUSH_LIST_OPEN || job->method == PUSH_LIST_OPEN_WITH_MASKS;
}

/* Without the lists' last changes nothing is wrong. */
static void take_refresh(struct push *push, const struct push_job *job)
{
	const UA_DateTime *updated = job->outputs[0].data;

	for (int group = 0; group < PUSH_GROUPS && job->output_count; group++)
		push_nodes_set_updated(push->options.server, (enum push_group)group,
				       updated[group]);
}

static void refresh(struct push *push)
{
	struct push_job *job = push_job_new(PUSH_REFRESH, PUSH_APPLICATION, NULL);

	if (job && !push_worker_add(push->worker, job))
		push_job_free(job);
}

static void forget(struct push *push, const struct push_job *job)
{
	for (size_t i = 0; i < UNDER_WAY_MAX; i++) {
		if (push->under_way[i] == job)
			push->under_way[i] = NULL;
	}
}

/* Back from the worker. NULL: what was answered is ready to be sent. */
static void on_done(struct push_job *job, void *user)
{
	struct push *push = user;
	UA_Server *server = push->options.server;

	if (!job) {
		push_hook_flush(UA_Server_getConfig(server)->eventLoop);
		return;
	}
	forget(push, job);
	/* Without an operation, who asked for it has gone. */
	if (job->status == UA_STATUSCODE_GOOD && is_open(job) && job->operation) {
		note_size(push, job);
		push_local_open(push->files, job, now_ms());
		expire_later(push);
	}
	if (job->status == UA_STATUSCODE_GOOD && job->method == PUSH_LIST_CLOSE_AND_UPDATE)
		note_size(push, job);
	if (job->report.is_new)
		push_nodes_set_report(server, &job->report);
	tell(push, job);
	answer(push, job, 0, NULL);
	if (job->method == PUSH_REFRESH)
		take_refresh(push, job);
	if (job->method < PUSH_METHODS && push_method_kind(job->method)->owner == PUSH_OF_LIST)
		show_list(push, job->group);
	push_event_emit(server, job);
	if (job->is_applied) {
		refresh(push);
		push->options.applied(push->options.user);
	}
	push_job_free(job);
}

static bool start(struct push *push, struct push_job *job)
{
	for (size_t i = 0; i < UNDER_WAY_MAX; i++) {
		if (push->under_way[i])
			continue;
		if (!push_worker_add(push->worker, job))
			break;
		push->under_way[i] = job;
		return true;
	}
	return push_job_fail(job, UA_STATUSCODE_BADTOOMANYOPERATIONS,
			     "%d calls wait already: try again later", PUSH_JOBS_MAX);
}

/* Whether this caller may have that at all: open62541 asks nobody for asynchronous methods. */
static UA_StatusCode judge(const struct session *session, const struct push_method_kind *kind)
{
	if (!session)
		return UA_STATUSCODE_BADUSERACCESSDENIED;
	if (session->mode != UA_MESSAGESECURITYMODE_SIGNANDENCRYPT &&
	    (kind->needs_encryption || session->mode != UA_MESSAGESECURITYMODE_SIGN))
		return UA_STATUSCODE_BADSECURITYMODEINSUFFICIENT;
	return session_is_security_admin(session) ? UA_STATUSCODE_GOOD
						  : UA_STATUSCODE_BADUSERACCESSDENIED;
}

/* One that open62541 has given up, and whose place in memory it uses again. */
static void orphan(struct push *push, const void *operation)
{
	for (size_t i = 0; i < UNDER_WAY_MAX; i++) {
		if (push->under_way[i] && push->under_way[i]->operation == operation)
			push->under_way[i]->operation = NULL;
	}
}

static void take_call(struct push *push, UA_CallMethodRequest *request, void *operation)
{
	const struct session *session = push->options.caller(push->options.user);
	UA_StatusCode results[PUSH_INPUTS_MAX + 1] = {0};
	struct push_job refused = {.operation = operation};
	size_t result_count = 0;
	enum push_method method;
	enum push_group group;
	struct push_job *job = NULL;

	if (!push_method_find(&request->objectId, &request->methodId, &method, &group)) {
		refused.status = UA_STATUSCODE_BADMETHODINVALID;
		answer(push, &refused, 0, NULL);
		return;
	}
	refused.method = method;
	refused.group = group;
	refused.status = judge(session, push_method_kind(method));
	if (!session)
		push_job_fail(&refused, refused.status,
			      "there is no session by that connection, or there are several: a "
			      "client that pushes has a channel for each of its sessions");
	if (refused.status == UA_STATUSCODE_GOOD)
		refused.status = push_method_check(method, request->inputArguments,
						   request->inputArgumentsSize, results);
	if (refused.status == UA_STATUSCODE_BADINVALIDARGUMENT)
		result_count = request->inputArgumentsSize;
	if (refused.status == UA_STATUSCODE_GOOD) {
		job = push_job_new(method, group, session);
		if (!job || !push_job_take_inputs(job, request->inputArguments,
						  request->inputArgumentsSize))
			refused.status = UA_STATUSCODE_BADOUTOFMEMORY;
	}
	if (refused.status != UA_STATUSCODE_GOOD) {
		if (session) {
			memcpy(refused.caller.user, session->user, sizeof session->user);
			memcpy(refused.caller.address, session->address, sizeof session->address);
		}
		tell(push, &refused);
		answer(push, &refused, result_count, results);
		push_job_free(job);
		return;
	}
	job->operation = operation;
	if (push_local_begin(push->files, job, now_ms()) == PUSH_LOCAL_ON && start(push, job))
		return;
	if (method == PUSH_LIST_CLOSE)
		show_list(push, group);
	tell(push, job);
	answer(push, job, 0, NULL);
	push_job_free(job);
}

/* open62541 calls it within the request that it has just taken. */
static void on_operation(UA_Server *server)
{
	const UA_AsyncOperationRequest *request;
	UA_AsyncOperationType type;
	UA_DateTime timeout;
	void *context = NULL;
	void *operation;

	if (UA_Server_getNodeContext(server, UA_NODEID_NUMERIC(0, UA_NS0ID_SERVERCONFIGURATION),
				     &context) != UA_STATUSCODE_GOOD)
		return;
	struct push *push = context;

	while (UA_Server_getAsyncOperationNonBlocking(server, &type, &request, &operation,
						      &timeout)) {
		orphan(push, operation);
		/* The operation's own copy of the request, in which secrets are wiped. */
		take_call(push, (UA_CallMethodRequest *)(uintptr_t)&request->callMethodRequest,
			  operation);
	}
}

static bool begin(struct push *push)
{
	const struct push_options *options = &push->options;
	const struct push_place_names names = {.services = {[PUSH_APPLICATION] = options->service,
							    [PUSH_HTTPS] = options->https_service,
							    [PUSH_USER_TOKEN] = ""},
					       .user_group = options->user_group,
					       .trust_list_max = options->trust_list_max};
	const struct push_nodes_options nodes = {
		.has_group = {[PUSH_APPLICATION] = true,
			      [PUSH_HTTPS] = *options->https_service,
			      [PUSH_USER_TOKEN] = *options->user_group},
		.trust_list_max = options->trust_list_max,
		.context = push};
	UA_ServerConfig *config = UA_Server_getConfig(options->server);

	push->files = push_files_new(options->trust_list_max);
	if (!push->files || sd_event_add_time(push->event, &push->expiry, CLOCK_MONOTONIC, 0,
					      1000000, on_expiry, push) < 0)
		return false;
	(void)sd_event_source_set_enabled(push->expiry, SD_EVENT_OFF);
	push->worker = push_worker_new(push->event, options->socket, &names, on_done, push);
	if (!push->worker)
		return false;
	UA_StatusCode status = push_nodes_add(options->server, &nodes);

	if (status != UA_STATUSCODE_GOOD) {
		char line[256];

		snprintf(line, sizeof line,
			 "ServerConfiguration is not complete: a node could not be added (%s)",
			 UA_StatusCode_name(status));
		options->log(line, options->user);
	}
	config->asyncOperationTimeout = OPERATION_TIMEOUT_MS;
	config->maxAsyncOperationQueueSize = 2 * PUSH_JOBS_MAX;
	config->asyncOperationNotifyCallback = on_operation;
	return true;
}

struct push *push_new(sd_event *event, const struct push_options *options)
{
	struct push *push = calloc(1, sizeof *push);

	if (!push)
		return NULL;
	push->options = *options;
	push->event = event;
	if (!begin(push)) {
		push_free(push);
		return NULL;
	}
	return push;
}

void push_free(struct push *push)
{
	if (!push)
		return;
	UA_ServerConfig *config = UA_Server_getConfig(push->options.server);

	config->asyncOperationNotifyCallback = NULL;
	push_worker_free(push->worker);
	push_files_free(push->files);
	sd_event_source_disable_unref(push->expiry);
	push_hook_clear(config->eventLoop);
	free(push);
}

void push_event(struct push *push, const struct ks_event *event)
{
	if (event->type == KS_EVENT_TRUST)
		refresh(push);
}

void push_uplink_up(struct push *push)
{
	refresh(push);
}

void push_set_setup(struct push *push, bool is_on)
{
	push_nodes_set_setup(push->options.server, is_on);
}

void push_session_ended(struct push *push, const struct session *session)
{
	struct push_job *job = push_job_new(PUSH_SESSION_ENDED, PUSH_APPLICATION, session);

	for (size_t i = 0; i < UNDER_WAY_MAX; i++) {
		struct push_job *other = push->under_way[i];

		if (other && UA_NodeId_equal(&other->caller.session, &session->id))
			other->operation = NULL;
	}
	push_files_end(push->files, &session->id);
	for (int group = 0; group < PUSH_GROUPS; group++)
		show_list(push, (enum push_group)group);
	/* Without memory keystored drops the transaction, when it has been idle. */
	if (job)
		(void)push_worker_add(push->worker, job);
}
