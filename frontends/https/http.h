/*
 * HTTP/1.1 for the pages and the API. Hides libmicrohttpd, the TLS streams before it, connections
 * that stay open or go slow, and that a request is answered later than it came.
 *
 * Everything runs in the thread of the event loop. A handler is called from the loop only.
 */
#ifndef HTTPS_HTTP_H
#define HTTPS_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <systemd/sd-event.h>

#include "listener.h"
#include "tls.h"

#define HTTP_PATH_MAX	    1024	 /* bytes of a target, with its query */
#define HTTP_HEADERS_MAX    (8 * 1024)	 /* of a request, all of them */
#define HTTP_PARAMETERS_MAX 16		 /* of a query */
#define HTTP_OUTPUT_MAX	    (256 * 1024) /* of a feed that its reader does not read */

enum http_method {
	HTTP_GET,
	HTTP_HEAD, /* told as GET; the server leaves the body out */
	HTTP_POST,
	HTTP_PUT,
	HTTP_PATCH,
	HTTP_DELETE,
	HTTP_OTHER, /* answered 405 by whoever looks at it */
};

const char *http_method_name(enum http_method method); /* "GET" */

/*
 * One request, whole, with its body. It is there until it is answered, exactly once, even if its
 * client has gone meanwhile: the answer goes nowhere, then. After http_server_free() its path is
 * "/", and the rest is empty.
 */
struct http_request;

enum http_method http_request_method(const struct http_request *request);
/* As it was sent, without the query: still percent-encoded. It begins with '/'. */
const char *http_request_path(const struct http_request *request);
/* As it was sent, after the '?'; "": none. */
const char *http_request_query(const struct http_request *request);
/* Decoded; NULL: it is not there. Texts are UTF-8 without NUL: others were answered 400. */
const char *http_request_parameter(const struct http_request *request, const char *name);
/* The first of that name, whatever its case; NULL: there is none. */
const char *http_request_header(const struct http_request *request, const char *name);
const uint8_t *http_request_body(const struct http_request *request, size_t *ret_len);
const char *
http_request_address(const struct http_request *request); /* the client's: "192.0.2.1" */
/* The subject of the client's certificate; "": it has shown none. */
const char *http_request_peer(const struct http_request *request);
bool http_request_is_gone(const struct http_request *request); /* nobody waits for its answer */

/* An answer. One may go to several requests. */
struct http_response;

/*
 * Takes @body in each case (malloc; NULL: none); it is wiped when it goes if @is_secret. The headers
 * that keep a browser safe come by themselves (docs/https.md has them); Cache-Control is
 * "no-store" unless one is added. NULL: no memory.
 */
struct http_response *http_response_new(unsigned status, const char *type, void *body, size_t len,
					bool is_secret);
/* The same with bytes that outlive it. */
struct http_response *http_response_static(unsigned status, const char *type, const void *body,
					   size_t len);
/* False: no memory, or it could not stand in a header (line ends). */
bool http_response_add(struct http_response *response, const char *name, const char *value);
void http_response_free(struct http_response *response); /* NULL is fine */

/* Ends the request. @response stays the caller's; NULL: 500, without a word. */
void http_answer(struct http_request *request, struct http_response *response);

/* An answer without an end, as server-sent events (text/event-stream). */
struct http_feed;
/* @user's stream has ended: the reader is gone, or has read too slowly. The feed is freed. */
typedef void http_feed_ended_fn(void *user);
/* Ends the request; NULL: no memory, or as many as are allowed (@limits); it is answered 503. */
struct http_feed *http_answer_feed(struct http_request *request, http_feed_ended_fn *ended,
				   void *user);
/*
 * "event: @event", "data: @data", one line each, which have no line ends. False: it has ended, as its
 * reader does not read, or there is no memory; it is freed, and @ended is not called.
 */
bool http_feed_send(struct http_feed *feed, const char *event, const char *data);
void http_feed_end(struct http_feed *feed); /* @ended is not called */

struct http_limits {
	unsigned connections; /* at a time */
	unsigned connections_of_address;
	uint32_t idle_ms;    /* between requests */
	uint32_t request_ms; /* until a request is there, however slowly it comes */
	size_t body_bytes;
	unsigned feeds; /* at a time */
	unsigned kept;	/* idle connections that keep their memory for the next request; > 0 */
};

struct http_counters { /* since the start, but for the first three */
	unsigned connections;
	unsigned handshakes;
	unsigned feeds;
	uint64_t accepted;
	uint64_t refused; /* connections: limits */
	uint64_t failed;  /* handshakes */
	uint64_t requests;
	uint64_t bad_requests; /* answered 4xx before a handler saw them */
};

/* How @target is told that a request was not taken; NULL: in plain text. */
typedef struct http_response *http_refusal_fn(const char *target, unsigned status, const char *why);

/* Answers @request, now or later. */
typedef void http_handler_fn(struct http_request *request, void *user);

struct http_server;

/*
 * Serves TLS at each of @places. @peer, @names and what they point to must outlive it. False:
 * @problem. A place that is taken is tried again, and told by @changed (listener.h).
 */
struct http_options {
	struct tls_identity *identity; /* NULL: see http_server_show() */
	const struct tls_peer *peer;
	const struct listener_place *places;
	size_t place_count;
	/* Plain HTTP, answered with 308 to the first of @places; NULL: none. */
	const struct listener_place *redirect;
	const char *const *names; /* what Host may say, without port; NULL: anything */
	size_t name_count;
	struct http_limits limits;
	http_refusal_fn *refusal; /* of what no handler sees; NULL: plain text for all */
	http_handler_fn *handler;
	void (*changed)(const struct listener_place *place, enum listener_state state,
			const char *message, void *user);
	void *user;
};

#define HTTP_PROBLEM_MAX 256
[[nodiscard]] bool http_server_new(sd_event *event, const struct http_options *options,
				   struct http_server **ret_server, char problem[HTTP_PROBLEM_MAX]);
/*
 * Shows @identity to those who come from now on, which must stay until it is exchanged or the
 * server is freed. NULL, or one that is not ready: they are turned away.
 */
void http_server_show(struct http_server *server, struct tls_identity *identity);

/*
 * Takes nobody any more. Connections end when what they asked for is answered, feeds at once.
 * @ended is called from the loop when all have ended.
 */
void http_server_end(struct http_server *server, void (*ended)(void *user), void *user);

/*
 * All connections break; what was not answered yet may still be, to nobody. Not from within a
 * handler. NULL is fine.
 */
void http_server_free(struct http_server *server);

struct http_counters http_server_counters(const struct http_server *server);

#endif
