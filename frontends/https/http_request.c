#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "http_private.h"

#define BODY_STEP 4096

struct http_request {
	struct http_door *door;		   /* NULL: the server has gone */
	struct MHD_Connection *connection; /* NULL: libmicrohttpd is through with it */
	enum http_method method;
	struct http_query query;
	struct http_response *answer;
	bool has_begun; /* its headers are there, and fine */
	bool is_handed; /* to the handler */
	bool is_answered;
	uint8_t *body;
	size_t body_len, body_size;
	const char *path, *raw_query; /* of @target */
	char *decoded;		      /* the query again */
	char target[];
};

static const struct {
	const char *name;
	enum http_method method;
} methods[] = {
	{"GET", HTTP_GET},     {"HEAD", HTTP_HEAD},	{"POST", HTTP_POST},   {"PUT", HTTP_PUT},
	{"PATCH", HTTP_PATCH}, {"DELETE", HTTP_DELETE}, {"OTHER", HTTP_OTHER},
};

const char *http_method_name(enum http_method method)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (methods[i].method == method)
			return methods[i].name;
	return "OTHER";
}

static enum http_method method_of(const char *name)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcmp(methods[i].name, name) == 0)
			return methods[i].method == HTTP_HEAD ? HTTP_GET : methods[i].method;
	return HTTP_OTHER;
}

enum http_method http_request_method(const struct http_request *request)
{
	return request->method;
}

const char *http_request_path(const struct http_request *request)
{
	return request->path;
}

const char *http_request_query(const struct http_request *request)
{
	return request->raw_query;
}

const char *http_request_parameter(const struct http_request *request, const char *name)
{
	return http_query_find(&request->query, name);
}

const char *http_request_header(const struct http_request *request, const char *name)
{
	return request->connection
		       ? MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name)
		       : NULL;
}

const uint8_t *http_request_body(const struct http_request *request, size_t *ret_len)
{
	*ret_len = request->body_len;
	return request->body;
}

const char *http_request_address(const struct http_request *request)
{
	return request->door ? request->door->address : "";
}

const char *http_request_peer(const struct http_request *request)
{
	return request->door && request->door->peer ? request->door->peer : "";
}

bool http_request_is_gone(const struct http_request *request)
{
	return !request->door || !request->door->outer;
}

static void request_free(struct http_request *request)
{
	if (request->body)
		OPENSSL_cleanse(request->body, request->body_size);
	free(request->body);
	http_response_free(request->answer);
	free(request);
}

static struct http_door *door_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info->socket_context;
}

void *http_request_begin(void *user, const char *target, struct MHD_Connection *connection)
{
	size_t len = strlen(target);
	struct http_request *request = calloc(1, sizeof(*request) + 2 * (len + 1));

	(void)user;
	if (!request)
		return NULL;
	memcpy(request->target, target, len + 1);
	request->decoded = request->target + len + 1;
	request->connection = connection;
	request->door = door_of(connection);
	return request;
}

static enum MHD_Result answer(struct http_request *request, struct http_response *response)
{
	enum MHD_Result result =
		response ? http_response_queue(response, request->connection) : MHD_NO;

	if (result == MHD_YES && response->feed)
		http_feed_begin(response->feed, request->door);
	return result;
}

/* Takes @response. */
static enum MHD_Result refuse(struct http_request *request, struct http_response *response)
{
	enum MHD_Result result;

	request->door->server->counters.bad_requests++;
	request->is_answered = true;
	http_door_phase(request->door, HTTP_ANSWERING);
	result = answer(request, response);
	http_response_free(response);
	return result;
}

static struct http_response *refuse_query(const struct http_request *request)
{
	static const char why[] = "The query cannot be read: it has more than 16 parameters or one "
				  "of them twice, or is no UTF-8 in percent-encoding.";

	return http_refusal(request->door->server, request->path, MHD_HTTP_BAD_REQUEST, why);
}

static enum MHD_Result begin(struct http_request *request, const char *method)
{
	struct http_server *server = request->door->server;
	bool has_failed = false;
	struct http_response *refusal;
	char *query;

	request->has_begun = true;
	http_door_requested(request->door, http_header_bytes(request->connection));
	request->method = method_of(method);
	if (request->door->is_plain)
		return refuse(request, http_redirect(server, request->connection, request->target));
	refusal = http_refuse(server, request->connection, request->target, &has_failed);
	if (refusal || has_failed)
		return refuse(request, refusal);
	query = request->target + strcspn(request->target, "?");
	if (*query)
		*query++ = '\0';
	request->path = request->target;
	request->raw_query = query;
	strcpy(request->decoded, query);
	if (!http_query_parse(request->decoded, &request->query))
		return refuse(request, refuse_query(request));
	return MHD_YES;
}

/* Memory grows with what has come, not with what was announced. */
static bool take_body(struct http_request *request, const char *bytes, size_t len)
{
	size_t size = request->body_size ? request->body_size : BODY_STEP;
	uint8_t *body;

	if (len > request->door->server->options.limits.body_bytes - request->body_len)
		return false;
	while (size < request->body_len + len)
		size *= 2;
	if (size > request->body_size) {
		body = malloc(size);
		if (!body)
			return false;
		if (request->body_len)
			memcpy(body, request->body, request->body_len);
		if (request->body)
			OPENSSL_cleanse(request->body, request->body_size);
		free(request->body);
		request->body = body;
		request->body_size = size;
	}
	memcpy(request->body + request->body_len, bytes, len);
	request->body_len += len;
	return true;
}

static void hand_on(struct http_request *request)
{
	struct http_server *server = request->door->server;

	server->counters.requests++;
	http_door_phase(request->door, HTTP_ANSWERING);
	request->is_handed = true;
	server->options.handler(request, server->options.user);
}

enum MHD_Result http_request_go_on(void *user, struct MHD_Connection *connection, const char *path,
				   const char *method, const char *version, const char *bytes,
				   size_t *len, void **context)
{
	struct http_request *request = *context;

	(void)user;
	(void)connection;
	(void)path;
	(void)version;
	if (!request)
		return MHD_NO; /* there was no memory */
	if (!request->has_begun)
		return begin(request, method);
	if (*len) {
		if (!take_body(request, bytes, *len))
			return MHD_NO;
		http_door_requested(request->door, *len);
		*len = 0;
		return MHD_YES;
	}
	if (!request->is_handed && !request->is_answered)
		hand_on(request);
	if (request->is_answered)
		return answer(request, request->answer);
	http_door_suspend(request->door);
	return MHD_YES;
}

void http_request_end(void *user, struct MHD_Connection *connection, void **context,
		      enum MHD_RequestTerminationCode code)
{
	struct http_request *request = *context;
	struct http_server *server;

	(void)user;
	(void)connection;
	*context = NULL;
	if (!request)
		return;
	server = request->door->server;
	if (!request->has_begun && code != MHD_REQUEST_TERMINATED_CLIENT_ABORT &&
	    code != MHD_REQUEST_TERMINATED_DAEMON_SHUTDOWN)
		server->counters.bad_requests++; /* libmicrohttpd has refused it */
	if (!server->is_stopping)
		http_door_phase(request->door, HTTP_IDLE);
	request->door = NULL;
	request->connection = NULL;
	if (!request->is_handed || request->is_answered) {
		request_free(request);
		return;
	}
	/* It is still to be answered: what was libmicrohttpd's is not there any more. */
	request->path = "/";
	request->raw_query = "";
	request->query.count = 0;
	request->body_len = 0;
}

/* Takes @response. */
static void give(struct http_request *request, struct http_response *response)
{
	request->answer = response;
	request->is_answered = true;
	if (!request->connection)
		request_free(request);
	else
		http_door_resume(request->door);
}

void http_answer(struct http_request *request, struct http_response *response)
{
	give(request, response ? http_response_share(response)
			       : http_response_static(MHD_HTTP_INTERNAL_SERVER_ERROR, NULL, "", 0));
}

struct http_feed *http_answer_feed(struct http_request *request, http_feed_ended_fn *ended,
				   void *user)
{
	static const char why[] = "As many live views are open as are allowed: close others.";
	struct http_feed *feed = NULL;
	struct http_response *response =
		request->door ? http_feed_response(request->door->server, ended, user, &feed)
			      : NULL;

	if (!response)
		response = http_response_static(MHD_HTTP_SERVICE_UNAVAILABLE,
						"text/plain; charset=utf-8", why, strlen(why));
	give(request, response);
	return feed;
}
