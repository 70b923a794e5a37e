#include "api.h"

#include <malloc.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api_data.h"
#include "api_events.h"
#include "api_private.h"
#include "api_trend.h"
#include "api_watch.h"

static const struct api_operation *const tables[] = {
	api_session_operations,
	api_root_operations,
	api_user_operations,
	api_audit_operations,
	api_status_operations,
	api_cert_operations,
	api_key_operations,
	api_authority_operations,
	api_trust_operations,
	api_service_operations,
	api_data_operations,
	NULL,
};

/* Bodies have passwords in them, and jansson's parser has copies. */
static void wipe_and_free(void *memory)
{
	if (memory)
		OPENSSL_cleanse(memory, malloc_usable_size(memory));
	free(memory);
}

struct api *api_new(sd_event *event, const struct api_options *options)
{
	struct api *api = calloc(1, sizeof(*api));

	if (!api)
		return NULL;
	json_set_alloc_funcs(malloc, wipe_and_free);
	api->event = event;
	api->options = *options;
	api->share = api_share_new();
	api->trend = api_trend_new(api);
	api->events = api_events_new(api);
	api->data = api_data_new(api);
	api->watch = api_watch_new(api);
	if (api->share && api->trend && api->events && api->data && api->watch) {
		api_events_set_part(api->events, &api_data_part);
		return api;
	}
	api_free(api);
	return NULL;
}

static struct api_call *running_call(const struct api *api)
{
	struct api_call *call;

	LIST_FOREACH(call, &api->calls, entry)
	{
		if (call->is_running)
			return call;
	}
	return NULL;
}

void api_free(struct api *api)
{
	struct api_call *call;

	if (!api)
		return;
	/* Ending a call may start one that waits for it, which ends for want of keystored. */
	api->options.uplink = NULL;
	while ((call = running_call(api)))
		api_answer_problem(call, 503, "stopping", NULL,
				   "this server is being stopped: try again in a moment");
	api_events_free(api->events);
	api_data_free(api->data);
	api_trend_free(api->trend);
	api_watch_free(api->watch);
	api_share_free(api->share);
	free(api);
}

const struct api_options *api_options(const struct api *api)
{
	return &api->options;
}

struct api *api_of(const struct api_call *call)
{
	return call->api;
}

struct http_request *api_request(const struct api_call *call)
{
	return call->request;
}

const char *api_parameter(const struct api_call *call, size_t index)
{
	return call->route.parameters[index];
}

const char *api_query(const struct api_call *call, const char *name)
{
	return http_request_parameter(call->request, name);
}

const json_t *api_body(const struct api_call *call)
{
	return call->body;
}

const char *api_user(const struct api_call *call)
{
	return call->user ? call->user : "";
}

bool api_has_login(const struct api_call *call)
{
	return call->login.len;
}

void *api_alloc(struct api_call *call, size_t size)
{
	struct api_memory *memory = calloc(1, sizeof(*memory) + size);

	if (!memory) {
		api_answer_problem(call, 503, "no-memory", NULL,
				   "this server has no memory left: try again in a moment");
		return NULL;
	}
	memory->size = size;
	memory->next = call->memory;
	call->memory = memory;
	return memory->bytes;
}

static struct ks_client *client_with(struct api_call *call, const struct api_login *login)
{
	const struct ks_options options = {.passive = call->is_passive};
	struct uplink *uplink = call->api->options.uplink;
	struct ks_client *client =
		uplink ? uplink_client_as(uplink, &options, login ? login->token : NULL,
					  login ? login->len : 0)
		       : NULL;

	if (!client && call->api->hangs) {
		api_answer_problem(call, 504, "unanswered", NULL, API_WATCH_HANGS);
		return NULL;
	}
	if (!client) {
		api_answer_problem(call, 503, "unreachable", NULL,
				   "keystored does not run, or is being restarted: this page goes "
				   "on by itself when it is back");
		return NULL;
	}
	call->asks_as_user = login;
	api_watch_wake(call->api->watch);
	return client;
}

struct ks_client *api_client(struct api_call *call)
{
	if (call->login.len)
		return client_with(call, &call->login);
	api_answer_problem(call, 401, "no-login", NULL, "log in first");
	return NULL;
}

struct ks_client *api_client_own(struct api_call *call)
{
	return client_with(call, NULL);
}

static const char *start_problem(enum ks_status status)
{
	if (status == KS_BUSY)
		return "too much is being asked of keystored: try again in a moment";
	if (status == KS_INVALID || status == KS_LIMIT)
		return "a name or an ID of what was sent is none, or it is too much for one "
		       "request";
	return "keystored could not be asked: try again in a moment";
}

bool api_start(struct api_call *call, enum ks_status status)
{
	const struct ks_result result = {.status = status, .message = start_problem(status)};

	uplink_sends(call->api->options.uplink);
	return api_result_is_good(call, &result);
}

static void whoami_done(const struct ks_result *result, void *user)
{
	struct api_call *call = user;
	const struct api_operation *operation = call->route.operation;
	char detail[160];

	if (!api_result_is_good(call, result))
		return;
	if ((result->whoami->rights & operation->right) != operation->right) {
		snprintf(detail, sizeof(detail),
			 "this takes the right \"%s\": an administrator can give it by a role",
			 ks_right_name((enum ks_right)operation->right));
		api_answer_problem(call, 403, "denied", NULL, detail);
		return;
	}
	free(call->user);
	call->user = strdup(result->whoami->user);
	if (call->user)
		operation->run(call);
	else
		api_call_end(call, NULL);
}

void api_call_run(struct api_call *call)
{
	const struct api_operation *operation = call->route.operation;
	struct ks_client *client;

	call->is_running = true;
	call->api->running++;
	if (operation->access == API_LOGIN && !call->login.len) {
		api_answer_problem(call, 401, "no-login", NULL, "log in first");
		return;
	}
	if (!operation->right) {
		operation->run(call);
		return;
	}
	client = api_client(call);
	if (client)
		(void)api_start(call, ks_whoami_start(client, whoami_done, call));
}

static void call_free(struct api_call *call)
{
	struct api_memory *memory;

	while ((memory = call->memory)) {
		call->memory = memory->next;
		OPENSSL_cleanse(memory->bytes, memory->size);
		free(memory);
	}
	if (call->is_running)
		call->api->running--;
	LIST_REMOVE(call, entry);
	json_decref(call->body);
	json_decref(call->kept);
	free(call->user);
	free(call->refusal);
	OPENSSL_cleanse(&call->login, sizeof(call->login));
	free(call);
}

void api_call_end(struct api_call *call, struct http_response *response)
{
	struct api_share *share = call->api->share;
	struct api_share_members answered;
	struct api_share_member *next = NULL;

	TAILQ_INIT(&answered);
	if (call->is_shared)
		next = api_share_end(share, &call->shared, &answered);
	else
		TAILQ_INSERT_TAIL(&answered, &call->shared, entry);
	while (!TAILQ_EMPTY(&answered)) {
		struct api_share_member *member = TAILQ_FIRST(&answered);
		struct api_call *each = (struct api_call *)member;

		TAILQ_REMOVE(&answered, member, entry);
		http_answer(each->request, response);
		call_free(each);
	}
	http_response_free(response);
	if (next)
		api_call_run((struct api_call *)next);
}

struct http_feed *api_answer_feed(struct api_call *call, http_feed_ended_fn *ended, void *user)
{
	struct http_feed *feed = http_answer_feed(call->request, ended, user);

	call_free(call);
	return feed;
}

/* Who asks, and for what: what else an answer depends on is not the request's. */
static bool digest_question(const struct api_call *call, uint8_t ret_key[API_SHARE_KEY_BYTES])
{
	const char *path = http_request_path(call->request);
	const char *query = http_request_query(call->request);
	const uint8_t head[2] = {(uint8_t)call->login.len, call->is_passive};
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	bool is_good = md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 &&
		       EVP_DigestUpdate(md, head, sizeof(head)) == 1 &&
		       EVP_DigestUpdate(md, call->login.token, call->login.len) == 1 &&
		       EVP_DigestUpdate(md, path, strlen(path) + 1) == 1 &&
		       EVP_DigestUpdate(md, query, strlen(query)) == 1 &&
		       EVP_DigestFinal_ex(md, ret_key, NULL) == 1;

	EVP_MD_CTX_free(md);
	return is_good;
}

static bool login_has_room(const struct api_call *call)
{
	const struct api_call *each;
	unsigned count = 0;

	if (!call->login.len)
		return true;
	LIST_FOREACH(each, &call->api->calls, entry)
	{
		if (each->is_running && each->login.len == call->login.len &&
		    memcmp(each->login.token, call->login.token, call->login.len) == 0)
			count++;
	}
	return count < API_CALLS_OF_LOGIN;
}

static void begin(struct api_call *call)
{
	const struct api_operation *operation = call->route.operation;
	const char *forgery = api_login_forgery(call->request, operation->access, &call->login);
	uint8_t key[API_SHARE_KEY_BYTES];

	if (forgery) {
		api_answer_problem(call, 403, "forged", NULL, forgery);
		return;
	}
	if (!api_body_read(call))
		return;
	if (operation->method == HTTP_GET && !operation->is_feed && digest_question(call, key)) {
		enum api_share_turn turn = api_share_enter(call->api->share, key, &call->shared);

		call->is_shared = turn != API_SHARE_FULL;
		if (turn == API_SHARE_WAITS)
			return;
	}
	if ((operation->method == HTTP_GET && !operation->is_feed && !call->is_shared) ||
	    call->api->running == API_CALLS_MAX || !login_has_room(call))
		api_answer_problem(call, 503, "busy", NULL,
				   "too much is asked at once: try again in a moment");
	else
		api_call_run(call);
}

static struct http_response *route_problem(enum api_route_status status,
					   const struct api_route *route)
{
	struct http_response *response = NULL;

	switch (status) {
	case API_ROUTE_OK:
		break;
	case API_ROUTE_MALFORMED:
		return api_problem(400, "malformed", NULL,
				   "the path is not well-formed: each part is encoded once, as "
				   "UTF-8, without slashes and control characters in it");
	case API_ROUTE_UNKNOWN:
		return api_problem(404, "not-found", NULL,
				   "there is no such path: GET /api/v1/openapi.json has all");
	case API_ROUTE_METHOD:
		response = api_problem(405, "method", NULL,
				       "this path has no such method: Allow has those it has");
		if (response && !http_response_add(response, "Allow", route->allow)) {
			http_response_free(response);
			response = NULL;
		}
		break;
	}
	return response;
}

static const char *path_below(const char *path, const char *root)
{
	size_t len = strlen(root);

	if (strncmp(path, root, len) != 0 || (path[len] && path[len] != '/'))
		return NULL;
	return path + len;
}

struct http_response *api_refusal(const char *target, unsigned status, const char *why)
{
	bool is_too_large = status == 413 || status == 414 || status == 431;

	return path_below(target, "/api")
		       ? api_problem(status, is_too_large ? "too-large" : "malformed", NULL, why)
		       : NULL;
}

bool api_take(struct api *api, struct http_request *request)
{
	const char *path = http_request_path(request);
	const char *below = path_below(path, API_ROOT);
	enum api_route_status status = API_ROUTE_UNKNOWN;
	struct api_call *call = calloc(1, sizeof(*call));
	const char *passive = http_request_header(request, "Keystore-Passive");

	/* Other versions are the API's too, and not there. */
	if (!below && !path_below(path, "/api")) {
		free(call);
		return false;
	}
	if (!call) {
		http_answer(request, NULL);
		return true;
	}
	if (below)
		status = api_route_find(tables, http_request_method(request), below, &call->route);
	if (status != API_ROUTE_OK) {
		struct http_response *response = route_problem(status, &call->route);

		http_answer(request, response);
		http_response_free(response);
		free(call);
		return true;
	}
	call->api = api;
	call->request = request;
	call->login = api_login_of(request);
	call->is_passive = passive && strcmp(passive, "1") == 0;
	LIST_INSERT_HEAD(&api->calls, call, entry);
	begin(call);
	return true;
}

void api_uplink_up(struct api *api)
{
	api->hangs = false;
	api_events_tell(api->events, "up");
	/* Its logins are over, if it was started anew. */
	api_events_check(api->events);
}

void api_uplink_down(struct api *api, const char *why)
{
	(void)why;
	api_events_tell(api->events, "down");
}

void api_event(struct api *api, const struct ks_event *event)
{
	(void)api; /* each feed hears what its own login may */
	(void)event;
}
