/*
 * The JSON API under /api/v1: one table of operations, as openapi.json describes them. Hides how a
 * path finds its operation, logins and their cookie, the defence against forged requests, and how
 * keystored's answers become HTTP's.
 *
 * Each operation asks keystored with the token of whoever is logged in, and decides nothing itself;
 * where something is not keystored's (process data, diagnostics), it asks keystored first whether
 * the user has the right, each time.
 */
#ifndef HTTPS_API_H
#define HTTPS_API_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http.h"
#include "keystore.h"
#include "uplink.h"

#define API_ROOT	   "/api/v1"
#define API_PARAMETERS_MAX 3   /* of a path */
#define API_PARAMETER_MAX  256 /* bytes, decoded */
#define API_DEPTH_MAX	   8   /* of a body */
#define API_CALLS_MAX	   256 /* under way at a time; then 503 */
#define API_CALLS_OF_LOGIN 32  /* of those, one login's */

struct api;
struct api_call;

enum api_access {
	API_LOGIN, /* a login; keystored decides on the rest. The first: what is not said is safe */
	API_PUBLIC, /* anybody: no token is passed on */
	API_ENTRY, /* the same, and it may carry a password: forged requests are warded off all the same */
};

struct api_operation {
	const char *id; /* operationId: "certList" */
	enum http_method method;
	const char *path; /* below API_ROOT: "/certs/{id}" */
	enum api_access access;
	unsigned right; /* enum ks_right: the user must have it, asked of keystored; 0: see above */
	bool takes_body;		    /* a JSON object; others must have none */
	void (*run)(struct api_call *call); /* answers, now or later */
	bool is_feed;			    /* it ends its request itself: no answer to share */
};

/* Tables of operations, NULL-terminated by id; api.c has the list of tables. */
extern const struct api_operation
	api_session_operations[];			 /* api_session.c: login, identification */
extern const struct api_operation api_root_operations[]; /* api_roots.c: root certificates */
extern const struct api_operation api_cert_operations[]; /* api_certs.c */
extern const struct api_operation
	api_authority_operations[];			/* api_authorities.c: CAs, CRLs, project */
extern const struct api_operation api_key_operations[]; /* api_keys.c */
extern const struct api_operation api_trust_operations[]; /* api_trust.c: groups, lists, rejected */
extern const struct api_operation api_service_operations[]; /* api_services.c */
extern const struct api_operation api_user_operations[];    /* api_users.c: users, roles, logins */
extern const struct api_operation api_audit_operations[];   /* api_audit.c */
extern const struct api_operation api_status_operations[]; /* api_status.c: status, trend, events */
extern const struct api_operation api_data_operations[];   /* api_data.c: process data */

/* What an operation has of its request. */
struct api *api_of(const struct api_call *call);
struct http_request *api_request(const struct api_call *call);
const char *api_parameter(const struct api_call *call, size_t index); /* of the path, decoded */
const char *api_query(const struct api_call *call, const char *name); /* NULL: not given */
const json_t *api_body(const struct api_call *call);		      /* an object */
const char *
api_user(const struct api_call *call);		 /* who is logged in, where .right was asked; "" */
bool api_has_login(const struct api_call *call); /* a token came along, of whatever worth */

/*
 * Readers of what was sent. False, or NULL with *ret_ok false: it was answered 400 with a sentence
 * that names the member; return at once. Those with "optional" take its absence, and null.
 */
bool api_parameter_id(struct api_call *call, size_t index, uint64_t *ret_id); /* 1..2^63-1 */
bool api_query_number(struct api_call *call, const char *name, uint64_t max, uint64_t fallback,
		      uint64_t *ret_value);
bool api_query_time(struct api_call *call, const char *name, int64_t *ret_seconds); /* 0: none */
bool api_member_string(struct api_call *call, const char *name, size_t max, const char **ret_text);
bool api_member_string_optional(struct api_call *call, const char *name, size_t max,
				const char **ret_text); /* NULL: none */
bool api_member_number_optional(struct api_call *call, const char *name, uint64_t max,
				uint64_t fallback, uint64_t *ret_value);
bool api_member_bool_optional(struct api_call *call, const char *name, bool fallback,
			      bool *ret_value);
/* RFC 3339 5.6. False: it is none, and was not answered. */
bool api_read_time(const char *text, int64_t *ret_seconds);
/* The same; 0: none. */
bool api_member_time_optional(struct api_call *call, const char *name, int64_t *ret_seconds);
/* A list of texts, which live as long as the call. NULL: none. */
bool api_member_names_optional(struct api_call *call, const char *name, size_t max,
			       const char *const **ret_names, size_t *ret_count);
/* Base64, RFC 4648 4; malloc, the call's, wiped when it ends. */
bool api_member_bytes(struct api_call *call, const char *name, size_t max,
		      const uint8_t **ret_bytes, size_t *ret_len);
/* Members that no operation has are refused: name all that may come, then NULL. */
bool api_members_are(struct api_call *call, ...) __attribute__((sentinel));

/* Memory that ends with the call. NULL: no memory; it was answered. */
void *api_alloc(struct api_call *call, size_t size);

/*
 * keystored, with the caller's token, for one _start; "api_start(call, ks_cert_list_start(client,
 * ..., done, call))". NULL: it is away, or nobody is logged in, and that was answered. The done
 * function must come to an api_answer…() or start the next. Nothing else of libkeystore between
 * these two: others use the connection too.
 */
struct ks_client *api_client(struct api_call *call);
/* The same with no token: as the front-end itself. For what anybody may see. */
struct ks_client *api_client_own(struct api_call *call);
/* Exactly one for each api_client(). False: it was not started, and that was answered. */
bool api_start(struct api_call *call, enum ks_status status);

/* Answers, exactly one for each call, which ends by it. @object is taken; NULL: no memory, 500. */
void api_answer(struct api_call *call, unsigned status, json_t *object);
void api_answer_nothing(struct api_call *call); /* 204 */
/* For a download: "attachment; filename=@name". @bytes are copied. */
void api_answer_file(struct api_call *call, const char *type, const char *name, const void *bytes,
		     size_t len, bool is_secret);
/* RFC 9457: @code as ks_status_name() has it, in words joined by "-"; @member: of the body, or NULL. */
void api_answer_problem(struct api_call *call, unsigned status, const char *code,
			const char *member, const char *detail);
/*
 * True: it is KS_OK. Else it was answered, or will be: 400, 401, 403, 404, 409, 503, 504, 507 …, with
 * its sentence; return at once.
 */
bool api_result_is_good(struct api_call *call, const struct ks_result *result);

struct api_options {
	struct uplink *uplink;
	const char *service;			/* its own in keystored: "web-server" */
	const char *name, *location;		/* of the identification */
	const char *data_images, *data_control; /* keystore-ouc's folder and socket */
	struct http_server *const *server;	/* for diagnostics; set before the first request */
	/* What keystored's audit trail does not know, for a log; NULL: nobody wants it. */
	void (*log)(const char *message, void *user);
	void *user;
};

/* @options' texts must outlive it. NULL: no memory. */
struct api *api_new(sd_event *event, const struct api_options *options);
/*
 * Once the uplink is freed, which ends all that is under way at keystored; before the server is.
 * What else is under way is answered 503. NULL is fine.
 */
void api_free(struct api *api);

const struct api_options *api_options(const struct api *api);

/* Whether the path is the API's; if so it is answered, now or later. */
bool api_take(struct api *api, struct http_request *request);

/* An http_refusal_fn: NULL where the path is not the API's, or there is no memory. */
struct http_response *api_refusal(const char *target, unsigned status, const char *why);

/* From the uplink's handler: for feeds, and for what is kept of keystored. */
void api_uplink_up(struct api *api);
void api_uplink_down(struct api *api, const char *why);
void api_event(struct api *api, const struct ks_event *event);

#endif
