/* Requests without connections, and what they were answered. */
#ifndef FAKE_HTTP_H
#define FAKE_HTTP_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http.h"

#define FAKE_FIELDS_MAX 16

struct fake_field {
	const char *name;
	char value[512];
};

struct http_request {
	enum http_method method;
	const char *path, *query;
	struct fake_field parameters[FAKE_FIELDS_MAX]; /* as the server would decode @query */
	struct fake_field headers[FAKE_FIELDS_MAX];
	const char *body;
	size_t len;
	/* Its answer: */
	unsigned answers, status;
	char *text;
	struct fake_field answered[FAKE_FIELDS_MAX];
};

struct http_response {
	unsigned status;
	void *body;
	const void *text;
	size_t len;
	struct fake_field headers[FAKE_FIELDS_MAX];
};

static inline void fake_expect(bool holds)
{
	if (!holds)
		abort();
}

static inline void fake_set(struct fake_field fields[FAKE_FIELDS_MAX], const char *name,
			    const char *value)
{
	size_t i = 0;

	while (fields[i].name && strcasecmp(fields[i].name, name) != 0)
		fake_expect(++i < FAKE_FIELDS_MAX);
	fields[i].name = name;
	snprintf(fields[i].value, sizeof(fields[i].value), "%s", value);
}

static inline const char *fake_get(const struct fake_field fields[FAKE_FIELDS_MAX],
				   const char *name)
{
	for (size_t i = 0; i < FAKE_FIELDS_MAX && fields[i].name; i++) {
		if (strcasecmp(fields[i].name, name) == 0)
			return fields[i].value;
	}
	return NULL;
}

static inline void fake_request_end(struct http_request *request)
{
	free(request->text);
	request->text = NULL;
	request->answers = 0;
}

const char *http_method_name(enum http_method method)
{
	static const char *const names[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "?"};

	return names[method];
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
	return request->query ? request->query : "";
}

const char *http_request_parameter(const struct http_request *request, const char *name)
{
	return fake_get(request->parameters, name);
}

const char *http_request_header(const struct http_request *request, const char *name)
{
	return fake_get(request->headers, name);
}

const uint8_t *http_request_body(const struct http_request *request, size_t *ret_len)
{
	*ret_len = request->len ? request->len : request->body ? strlen(request->body) : 0;
	return (const uint8_t *)request->body;
}

const char *http_request_address(const struct http_request *request)
{
	(void)request;
	return "192.0.2.1";
}

const char *http_request_peer(const struct http_request *request)
{
	(void)request;
	return "";
}

bool http_request_is_gone(const struct http_request *request)
{
	(void)request;
	return false;
}

struct http_response *http_response_new(unsigned status, const char *type, void *body, size_t len,
					bool is_secret)
{
	struct http_response *response = calloc(1, sizeof(*response));

	(void)is_secret;
	fake_expect(response);
	response->status = status;
	response->body = body;
	response->text = body;
	response->len = len;
	fake_set(response->headers, "Content-Type", type ? type : "");
	return response;
}

struct http_response *http_response_static(unsigned status, const char *type, const void *body,
					   size_t len)
{
	struct http_response *response = http_response_new(status, type, NULL, len, false);

	response->text = body;
	return response;
}

bool http_response_add(struct http_response *response, const char *name, const char *value)
{
	fake_set(response->headers, name, value);
	return true;
}

void http_response_free(struct http_response *response)
{
	if (!response)
		return;
	free(response->body);
	free(response);
}

void http_answer(struct http_request *request, struct http_response *response);

struct http_feed *http_answer_feed(struct http_request *request, http_feed_ended_fn *ended,
				   void *user)
{
	(void)ended;
	(void)user;
	http_answer(request, NULL);
	return NULL;
}

bool http_feed_send(struct http_feed *feed, const char *event, const char *data)
{
	(void)feed;
	(void)event;
	(void)data;
	return false;
}

void http_feed_end(struct http_feed *feed)
{
	(void)feed;
}

struct http_counters http_server_counters(const struct http_server *server)
{
	(void)server;
	return (struct http_counters){0};
}

void http_answer(struct http_request *request, struct http_response *response)
{
	request->answers++;
	fake_expect(request->answers == 1);
	request->status = response ? response->status : 500;
	if (!response)
		return;
	request->text = strndup(response->len ? response->text : "", response->len);
	memcpy(request->answered, response->headers, sizeof(request->answered));
}

#endif
