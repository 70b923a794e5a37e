/*
 * A request from its message to its reply. Hides what every request goes through: rights,
 * limits, deadline, audit, and what becomes of it when its client vanishes.
 *
 * A handler either answers with request_reply() or request_fail(), or starts a job whose
 * done() will. After that the request is gone.
 */
#ifndef REQUEST_H
#define REQUEST_H

#include <codec.h>
#include <engine.h>
#include <status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "keyring.h"
#include "policy.h"
#include "store.h"

struct account;
struct change;
struct conn;
struct request;
struct requests;
struct request_kind;
struct service;
struct worker_job;

LIST_HEAD(request_list, request);

struct request {
	struct service *service;
	const struct request_kind *kind;
	struct conn *conn; /* NULL: the client vanished, and the work goes on */
	uint64_t id;	   /* the client's */
	uint32_t uid;
	int32_t pid;
	char object[NAMES_KEY_MAX + 1]; /* the key's name; "" */
	uint64_t key_id;		/* the key's; 0: none */
	uint64_t session;		/* of the token; 0: nobody is logged in */
	char user[NAMES_KEY_MAX + 1];	/* who; "" */
	unsigned rights;		/* RIGHT_BIT()s of that user */

	struct tpm_job *job; /* under way; the engine's */
	enum tpm_level level;
	enum tpm_level asked_level; /* what @level would be if no key had to be made */
	struct worker_job *work; /* under way; the worker's */
	bool may_wait;		 /* for a TPM that is away */
	bool in_transaction;	 /* request_change() keeps it there */
	/* For the handler: freed with the request; */
	void *state;
	void (*state_free)(void *state);
	/* undoes what was begun, before a deadline is answered. */
	void (*give_up)(struct request *request);

	/* Has a refusal told otherwise than by the answer. False: it has to be one; NULL: each. */
	bool (*refused)(enum status status, const char *message, void *user);
	void *refused_user;

	/* request.c's own */
	void (*own_done)(enum status status, const char *message, void *user);
	void *own_user;
	bool waits_for_start;
	bool is_recorded;
	bool is_creating; /* @object is reserved */
	uint64_t deadline;
	struct account *account;
	LIST_ENTRY(request) of_conn;
	LIST_ENTRY(request) all;
};

/* All requests in flight. NULL: no memory. */
struct requests *requests_new(struct service *service);
void requests_free(struct requests *requests);

/* Takes up @message, which stays the caller's. */
void request_handle(struct service *service, struct conn *conn, const ks_pb_request *message);

typedef void request_own_fn(enum status status, const char *message, void *user);

/*
 * A request of the service itself, without a client and its rights, at bulk priority; only of
 * kinds that are about no key. @done is called once, perhaps from within this call, unless the
 * service ends before. @is_quiet: a failure is in the audit already. False: no memory.
 */
bool request_own(struct service *service, const ks_pb_request *message, bool is_quiet,
		 request_own_fn *done, void *user);

/* The client is gone: cancels its requests, but for what has to come to its end. */
void request_vanish_all(struct request_list *list);

/* The TPM did not come up: what waited for its start does not wait on. */
void requests_start_failed(struct requests *requests);

/* A key of that name is being created. */
bool requests_is_reserved(struct requests *requests, const char *name);
/* How many are being created. */
size_t requests_creating(const struct requests *requests);

/* "key create", as the log and the audit have it. */
const char *request_name(const struct request *request);

/* Fills in the id. @reply may not point into the request or its state: both end before it leaves. */
void request_reply(struct request *request, ks_pb_reply *reply);
void request_reply_key(struct request *request);
void request_reply_data(struct request *request, const uint8_t *data, size_t len);
void request_reply_empty(struct request *request);

/* @format: a sentence for the client: what, with which object, and what to do. */
__attribute__((format(printf, 3, 4))) void request_fail(struct request *request, enum status status,
							const char *format, ...);
void request_fail_store(struct request *request, enum store_status status);
/* What @job, or its submission, came to: "key "web": ERROR". */
void request_fail_job(struct request *request, const struct tpm_job *job);
void request_fail_memory(struct request *request);
/* DENIED: what @verdict on @right says, and who could help. */
void request_fail_policy(struct request *request, enum policy_verdict verdict, enum right right);

/* Who asks, for policy.c. */
struct policy_caller request_caller(const struct request *request);
/* Whether the caller has @right on @key (NULL: none). */
bool request_may(struct request *request, enum right right, const struct keyring_key *key);
/* The same on another object. */
bool request_may_use(struct request *request, enum right right, const struct policy_object *object);
/* Whether the caller has @right on @key; if not, it has been answered DENIED. */
bool request_allows(struct request *request, enum right right, const struct keyring_key *key);

/*
 * Whether the mode lets CAs work and be made; for what the body alone tells. Otherwise it has
 * been answered.
 */
bool request_needs_project(struct request *request);

/* The key that @ref names, and @right on it. False: answered. */
bool request_find_key(struct request *request, const Keystore__V1__KeyRef *ref, enum right right,
		      const struct keyring_key **ret_key);

/* @name is this request's until it ends: a key is being made. False: answered. */
bool request_reserve_name(struct request *request, const char *name);

/* The key for a job; borrowed, see keyring_tpm_key(). NULL: answered. */
struct tpm_key *request_tpm_key(struct request *request, const struct keyring_key *key);

/* A transaction that ends with the audit's entry. False: rolled back and answered. */
bool request_begin_change(struct request *request);
bool request_commit(struct request *request, enum store_status so_far, const char *detail);

/*
 * Applies @change, which it takes over, and answers; nothing but request_commit() of a change
 * that a transaction may hold.
 */
void request_change(struct request *request, struct change *change);

/* Submits with the request's priority. False: @job is freed and the request answered. */
bool request_submit(struct request *request, struct tpm_job *job, tpm_done_fn *done);

/*
 * Submits to the worker, in the client's turn. @work's done() begins with request_worked().
 * False: @work is freed and the request answered.
 */
bool request_work(struct request *request, struct worker_job *work);
void request_worked(struct request *request);

/* From here on, neither deadline nor vanishing ends the request. */
void request_must_finish(struct request *request);

#endif
