/* What api.c, api_answer.c and api_body.c know of a call, and the API's parts of each other. */
#ifndef HTTPS_API_PRIVATE_H
#define HTTPS_API_PRIVATE_H

#include <stddef.h>
#include <sys/queue.h>

#include "api.h"
#include "api_login.h"
#include "api_route.h"
#include "api_share.h"

struct api_data;
struct api_events;
struct api_trend;
struct api_watch;

struct api {
	struct api_options options;
	sd_event *event;
	struct api_share *share;
	struct api_trend *trend;   /* api_status.c */
	struct api_events *events; /* api_events.c */
	struct api_data *data;	   /* api_data.c */
	struct api_watch *watch;   /* api_watch.c */
	bool hangs;		   /* keystored, until it is there again */
	bool has_no_users;	   /* as keystored has said last */
	unsigned running;	   /* calls; those that wait for another's answer do not count */
	LIST_HEAD(, api_call) calls;
};

struct api_memory {
	struct api_memory *next;
	size_t size;
	max_align_t bytes[];
};

struct api_call {
	struct api_share_member shared; /* the first: a member is found as its call */
	LIST_ENTRY(api_call) entry;
	struct api *api;
	struct http_request *request;
	struct api_route route;
	struct api_login login;
	json_t *body;
	struct api_memory *memory;
	json_t *kept; /* of an answer that takes several questions; NULL: none */
	char *user;
	char *refusal;	   /* keystored's, while it is asked whether the login still is */
	bool asks_as_user; /* the last question */
	bool is_shared;
	bool is_running;
	bool is_passive;
};

/* Asks keystored what has to be asked first, and runs the operation. */
void api_call_run(struct api_call *call);
/* The call is over: @response, which it takes, goes to all that wait for it. NULL: 500. */
void api_call_end(struct api_call *call, struct http_response *response);

/* The body, if the operation takes one. False: it was answered. */
bool api_body_read(struct api_call *call);

/* 200 with the cookie of a login; 204 that takes it away. */
void api_answer_login(struct api_call *call, json_t *object, const struct api_login *login);
void api_answer_logout(struct api_call *call);

/* What the call's request became a feed by. NULL: it was answered. The call is over. */
struct http_feed *api_answer_feed(struct api_call *call, http_feed_ended_fn *ended, void *user);

/* False: keystored has said KS_OK and brought nothing; it was answered. */
bool api_result_has(struct api_call *call, bool is_there);

/* The operation openapi: openapi.json. */
void api_openapi_run(struct api_call *call);

struct http_response *api_problem(unsigned status, const char *code, const char *member,
				  const char *detail);

#endif
