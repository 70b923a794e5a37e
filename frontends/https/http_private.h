/* What the files http*.c share. Hides from everybody else what http.h hides. */
#ifndef HTTPS_HTTP_PRIVATE_H
#define HTTPS_HTTP_PRIVATE_H

#include <microhttpd.h>
#include <sys/queue.h>

#include "address.h"
#include "http.h"
#include "http_text.h"
#include "pipe.h"
#include "stream.h"

/* A connection: what the client has, and libmicrohttpd's end of a pair of sockets. */
enum http_phase {
	HTTP_IDLE,	/* between requests */
	HTTP_RECEIVING, /* a request has begun */
	HTTP_ANSWERING, /* it is whole */
	HTTP_LINGERING, /* all is said: the client may still be talking */
};

struct http_door {
	TAILQ_ENTRY(http_door) next;
	TAILQ_ENTRY(http_door) next_quiet;
	struct http_server *server;
	char address[ADDRESS_TEXT_MAX];
	char *peer; /* the client's subject; NULL: none */
	bool is_plain, is_open;
	bool is_suspended;    /* libmicrohttpd leaves it alone */
	bool is_quiet;	      /* libmicrohttpd's side is there and has nothing to do */
	struct stream *outer; /* NULL: the client has gone */
	struct stream *inner; /* NULL: no request, or libmicrohttpd has ended it */
	struct pipe in, out;
	uint64_t requested;		   /* of in.count, what whole requests had */
	struct MHD_Connection *connection; /* NULL: not yet, or not any more */
	unsigned connection_count;	   /* one that was let go ends a little later */
	struct http_feed *feed;		   /* under way */
	enum http_phase phase;
	uint64_t deadline;  /* of the phase: microseconds, CLOCK_MONOTONIC; 0: none */
	size_t linger_left; /* bytes */
};

struct http_listening {
	struct http_server *server;
	const struct listener_place *place;
	struct listener *listener;
	bool is_plain;
};

struct http_server {
	sd_event *event;
	struct http_options options;
	struct listener_place *places; /* copies; the last is the redirect's */
	struct http_listening *listenings;
	size_t listening_count;
	struct tls_identity *identity;
	struct MHD_Daemon *daemon;
	sd_event_source *run, *again; /* libmicrohttpd has something to do; at once */
	sd_event_source *sweep;	      /* looks for what is late */
	sd_event_source *ended_soon;
	TAILQ_HEAD(, http_door) doors;
	TAILQ_HEAD(, http_door) quiet; /* the longest first */
	unsigned quiet_count;
	struct http_door *arriving; /* while libmicrohttpd takes it */
	struct http_counters counters;
	bool is_ending, is_stopping;
	void (*ended)(void *user);
	void *ended_user;
	uint8_t scratch[PIPE_SCRATCH];
};

uint64_t http_server_now(const struct http_server *server); /* microseconds */
void http_server_run_again(struct http_server *server);
void http_door_ended(struct http_server *server); /* one is gone */

/* Takes @fd in each case. */
void http_door_open(struct http_server *server, int fd, const char *address, bool is_plain);
void http_door_close(struct http_door *door); /* the client's side; may free it */
void http_door_ends(struct http_door *door);  /* after what is under way; may free it */
/* Bytes of a request that libmicrohttpd has read. */
void http_door_requested(struct http_door *door, size_t len);
void http_door_suspend(struct http_door *door);
void http_door_resume(struct http_door *door); /* one that is not suspended is fine */
void http_door_phase(struct http_door *door, enum http_phase phase);
void http_door_check(struct http_door *door, uint64_t now); /* what is late ends; may free it */
/* libmicrohttpd has taken or ended its side. */
void http_door_notify(void *user, struct MHD_Connection *connection, void **context,
		      enum MHD_ConnectionNotificationCode code);

/* Of libmicrohttpd, for requests. */
void *http_request_begin(void *user, const char *target, struct MHD_Connection *connection);
enum MHD_Result http_request_go_on(void *user, struct MHD_Connection *connection, const char *path,
				   const char *method, const char *version, const char *bytes,
				   size_t *len, void **context);
void http_request_end(void *user, struct MHD_Connection *connection, void **context,
		      enum MHD_RequestTerminationCode code);

struct http_response {
	struct MHD_Response *response;
	unsigned status, shares;
	bool has_cache_control;
	struct http_feed *feed;
};

/* Takes @response; NULL: no memory. */
struct http_response *http_response_wrap(unsigned status, const char *type,
					 struct MHD_Response *response);
/* Adds what keeps browsers safe. Takes @response; NULL: no memory, or it was. */
struct http_response *http_response_make_safe(struct http_response *response);
struct http_response *http_response_share(struct http_response *response);
enum MHD_Result http_response_queue(struct http_response *response,
				    struct MHD_Connection *connection);

/* Has one on its way in @door, or lost before. */
void http_feed_begin(struct http_feed *feed, struct http_door *door);
void http_feed_lost(struct http_feed *feed); /* its reader has gone */
struct http_response *http_feed_response(struct http_server *server, http_feed_ended_fn *ended,
					 void *user, struct http_feed **ret_feed);

size_t http_header_bytes(struct MHD_Connection *connection); /* of a request, its first line too */
/* NULL: it may be handed on. Else how it is answered; or there is no memory, @ret_has_failed. */
struct http_response *http_refuse(const struct http_server *server,
				  struct MHD_Connection *connection, const char *target,
				  bool *ret_has_failed);
/* @why lasts; NULL: no memory. */
struct http_response *http_refusal(const struct http_server *server, const char *target,
				   unsigned status, const char *why);
/* How plain HTTP is answered. NULL: no memory. */
struct http_response *http_redirect(const struct http_server *server,
				    struct MHD_Connection *connection, const char *target);

#endif
