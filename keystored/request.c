#include "request.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "change.h"
#include "conn.h"
#include "lazy_timer.h"
#include "request_kind.h"
#include "requests.h"
#include "service.h"
#include "service_txn.h"
#include "session.h"
#include "worker.h"

void request_end(struct request *request)
{
	requests_remove(request);
	if (request->conn) {
		LIST_REMOVE(request, of_conn);
		conn_request_ended(request->conn);
	}
	request->account->requests--;
	account_settle(request->account);
	if (request->state_free)
		request->state_free(request->state);
	free(request);
}

const char *request_name(const struct request *request)
{
	return request->kind->name;
}

static struct audit_entry entry_of(const struct request *request, enum status status,
				   const char *detail)
{
	return (struct audit_entry){
		.uid = request->uid,
		.pid = request->pid,
		.operation = request->kind->name,
		.object = request->object,
		.status = status_name(status),
		.detail = detail,
		.user = request->user,
	};
}

void request_note(struct request *request, enum status status, const char *detail)
{
	if (request->kind->audit == AUDIT_NONE || request->is_recorded)
		return;
	struct audit_entry entry = entry_of(request, status, detail);

	request->is_recorded = true;
	audit_note(request->service->audit, &entry);
}

void request_reply(struct request *request, ks_pb_reply *reply)
{
	enum status status = (enum status)reply->status;

	request_note(request, status, reply->message);
	if (request->kind->audit != AUDIT_NONE)
		log_line(request->service->log, LOG_LEVEL_INFO, "uid %u pid %d: %s %s: %s%s%s",
			 request->uid, request->pid, request->kind->name, request->object,
			 status_name(status), *reply->message ? ": " : "", reply->message);
	else if (status == STATUS_STORAGE || status == STATUS_TPM || status == STATUS_INTERNAL)
		log_line(request->service->log, LOG_LEVEL_ERROR, "uid %u pid %d: %s %s: %s",
			 request->uid, request->pid, request->kind->name, request->object,
			 reply->message);
	reply->id = request->id;
	struct conn *conn = request->conn;
	request_own_fn *own_done = request->own_done;
	void *own_user = request->own_user;

	request_end(request);
	if (conn)
		conn_send(conn, reply);
	if (own_done)
		own_done(status, reply->message, own_user);
}

struct policy_caller request_caller(const struct request *request)
{
	return (struct policy_caller){
		.peer = request->conn ? conn_peer(request->conn) : NULL,
		.is_service = request->own_done != NULL,
		.is_user = request->session != 0,
		.rights = request->rights,
	};
}

static enum policy_verdict decide_on(struct request *request, enum right right,
				     const struct policy_object *object)
{
	struct policy_caller caller = request_caller(request);

	return policy_decide(&request->service->policy, &caller, right, object);
}

static enum policy_verdict decide(struct request *request, enum right right,
				  const struct keyring_key *key)
{
	struct policy_object object = {0};

	if (key)
		object = (struct policy_object){key->grants, key->grant_count, key->of_ca};
	return decide_on(request, right, key ? &object : NULL);
}

bool request_may_use(struct request *request, enum right right, const struct policy_object *object)
{
	return decide_on(request, right, object) == POLICY_ALLOWED;
}

bool request_may(struct request *request, enum right right, const struct keyring_key *key)
{
	return decide(request, right, key) == POLICY_ALLOWED;
}

bool request_allows(struct request *request, enum right right, const struct keyring_key *key)
{
	enum policy_verdict verdict = decide(request, right, key);

	if (verdict != POLICY_ALLOWED)
		request_fail_policy(request, verdict, right);
	return verdict == POLICY_ALLOWED;
}

static bool scope_allows(struct request *request, enum policy_scope scope)
{
	if (policy_is_in_scope(&request->service->policy, scope))
		return true;
	request_fail(request, STATUS_CONFLICT,
		     "\"%s\" is not for local mode, where certificates sign themselves and there "
		     "are no CAs: switch to project mode, with project init or mode set project",
		     request->kind->name);
	return false;
}

bool request_needs_project(struct request *request)
{
	return request->kind->scope == POLICY_TO_PROJECT ||
	       scope_allows(request, POLICY_PROJECT_MODE);
}

struct tpm_key *request_tpm_key(struct request *request, const struct keyring_key *key)
{
	struct tpm_key *tpm = NULL;
	enum store_status status = keyring_tpm_key(request->service->keyring, key, &tpm);

	if (status != STORE_OK)
		request_fail_store(request, status);
	return tpm;
}

bool request_begin_change(struct request *request)
{
	enum store_status status = store_begin(request->service->store);

	if (status != STORE_OK)
		request_fail_store(request, status);
	return status == STORE_OK;
}

bool request_commit(struct request *request, enum store_status so_far, const char *detail)
{
	struct store *store = request->service->store;
	struct audit_entry entry = entry_of(request, STATUS_OK, detail);
	enum store_status status = so_far;

	if (status == STORE_OK)
		status = audit_record(request->service->audit, &entry);
	if (status == STORE_OK)
		status = store_commit(store);
	if (status == STORE_OK) {
		request->is_recorded = true;
		return true;
	}
	store_rollback(store);
	request_fail_store(request, status);
	return false;
}

void request_change(struct request *request, struct change *change)
{
	struct service *service = request->service;
	struct change_list list = TAILQ_HEAD_INITIALIZER(list);
	struct change *failed = NULL;

	change->uid = request->uid;
	change->pid = request->pid;
	memcpy(change->user, request->user, sizeof change->user);
	change->operation = request->kind->name;
	if (!*change->object)
		memcpy(change->object, request->object, sizeof change->object);
	if (request->in_transaction) {
		/* Its record comes when it is applied. */
		request->is_recorded = true;
		service_txn_stage(request, change);
		return;
	}
	TAILQ_INSERT_TAIL(&list, change, entry);
	enum store_status status = change_apply_all(service, &list, &failed);

	if (status == STORE_OK) {
		request->is_recorded = true;
		if (change->kind->reply)
			change->kind->reply(request, change);
		else
			request_reply_empty(request);
	} else {
		if (change->kind->dropped)
			change->kind->dropped(service, change);
		if (*change->sentence)
			request_fail(request, change->status, "%s", change->sentence);
		else
			request_fail_store(request, status);
	}
	change_free(change);
}

bool request_submit(struct request *request, struct tpm_job *job, tpm_done_fn *done)
{
	struct service *service = request->service;

	job->level = request->level;
	job->group = request->uid;
	job->client = request->conn ? conn_number(request->conn) : 0;
	request->waits_for_start = !request->may_wait && service->tpm_state == TPM_STATE_STARTING;
	job->wait = request->may_wait || request->waits_for_start;
	job->done = done;
	job->user = request;
	enum tpm_status status = tpm_engine_submit(service->engine, job);

	if (status == TPM_OK) {
		request->job = job;
		return true;
	}
	job->status = status;
	request_fail_job(request, job);
	tpm_job_free(job);
	return false;
}

bool request_work(struct request *request, struct worker_job *work)
{
	work->group = request->uid;
	enum worker_status status = worker_submit(request->service->worker, work);

	if (status == WORKER_OK) {
		request->work = work;
		return true;
	}
	work->free(work);
	if (status == WORKER_BUSY)
		request_fail(request, STATUS_BUSY,
			     "%s has to wait for others' passwords and files, and too many wait "
			     "already: try "
			     "again shortly",
			     request->kind->name);
	else
		request_fail_memory(request);
	return false;
}

void request_worked(struct request *request)
{
	request->work = NULL;
}

void request_must_finish(struct request *request)
{
	request->deadline = LAZY_NEVER;
}

static bool id_is_taken(struct conn *conn, uint64_t id)
{
	const struct request *request;

	LIST_FOREACH(request, conn_requests(conn), of_conn)
	{
		if (request->id == id)
			return true;
	}
	return false;
}

static struct request *request_new(struct service *service, struct conn *conn,
				   const ks_pb_request *message)
{
	static const enum tpm_level levels[] = {
		[KEYSTORE__V1__PRIORITY__PRIORITY_NORMAL] = TPM_NORMAL,
		[KEYSTORE__V1__PRIORITY__PRIORITY_URGENT] = TPM_URGENT,
		[KEYSTORE__V1__PRIORITY__PRIORITY_BULK] = TPM_BULK,
	};
	struct request *request = calloc(1, sizeof *request);

	if (!request)
		return NULL;
	request->service = service;
	request->kind = request_kind_of((size_t)message->body_case);
	request->conn = conn;
	request->id = message->id;
	request->uid = conn_peer(conn)->uid;
	request->pid = conn_peer(conn)->pid;
	request->level = TPM_NORMAL;
	if ((unsigned)message->priority < sizeof levels / sizeof *levels)
		request->level = levels[message->priority];
	request->asked_level = request->level;
	/* Making a key keeps the TPM busy for seconds; it never goes ahead of its use. */
	if (request->kind->is_creation)
		request->level = TPM_BULK;
	request->may_wait = message->wait_for_tpm;
	request->in_transaction = message->in_transaction;
	request->account = conn_account(conn);
	request->account->requests++;
	requests_add(request);
	LIST_INSERT_HEAD(conn_requests(conn), request, of_conn);
	conn_request_began(conn);
	return request;
}

/* False: answered. */
static bool take_new_name(struct request *request, const void *body)
{
	char *name;

	memcpy(&name, (const char *)body + request->kind->name_at, sizeof name);
	/* The audit has it, also when it is denied. */
	if (names_is_key_name(name))
		snprintf(request->object, sizeof request->object, "%s", name);
	return request_allows(request, request->kind->right, NULL) &&
	       request_reserve_name(request, name);
}

bool request_find_key(struct request *request, const Keystore__V1__KeyRef *ref, enum right right,
		      const struct keyring_key **ret_key)
{
	struct service *service = request->service;
	enum store_status status;

	if (ref && ref->by_case == KEYSTORE__V1__KEY_REF__BY_NAME && names_is_key_name(ref->name)) {
		snprintf(request->object, sizeof request->object, "%s", ref->name);
		status = keyring_get(service->keyring, ref->name, 0, ret_key);
	} else if (ref && ref->by_case == KEYSTORE__V1__KEY_REF__BY_ID && ref->id <= INT64_MAX) {
		snprintf(request->object, sizeof request->object, "#%llu",
			 (unsigned long long)ref->id);
		status = keyring_get(service->keyring, NULL, ref->id, ret_key);
	} else {
		request_fail(
			request, STATUS_INVALID,
			"%s has to say which key: by ID, or by a name, which is " NAMES_KEY_RULE,
			request->kind->name);
		return false;
	}
	if (status != STORE_OK) {
		request_fail_store(request, status);
		return false;
	}
	snprintf(request->object, sizeof request->object, "%s", (*ret_key)->name);
	request->key_id = (*ret_key)->id;
	return request_allows(request, right, *ret_key);
}

static void dispatch(struct request *request, const ks_pb_request *message)
{
	const struct request_kind *kind = request->kind;
	const void *body = message->hello; /* whichever: the union holds one pointer */
	const struct keyring_key *key = NULL;

	if (request->in_transaction && kind->audit != AUDIT_NONE && !kind->is_staged) {
		request_fail(request, STATUS_INVALID,
			     "\"%s\" cannot be part of a transaction: ask for it without",
			     kind->name);
		return;
	}
	if (kind->key_at != REQUEST_NOWHERE) {
		const Keystore__V1__KeyRef *ref;

		memcpy(&ref, (const char *)body + kind->key_at, sizeof ref);
		if (!request_find_key(request, ref, kind->right, &key))
			return;
	} else if (kind->name_at != REQUEST_NOWHERE) {
		if (!take_new_name(request, body))
			return;
	} else if (!request_allows(request, kind->right, NULL)) {
		return;
	}
	if (scope_allows(request, kind->scope))
		kind->handle(request, body, key);
}

bool request_own(struct service *service, const ks_pb_request *message, bool is_quiet,
		 request_own_fn *done, void *user)
{
	struct request *request = calloc(1, sizeof *request);
	struct account *account = account_of(&service->accounts, geteuid());

	if (!request || !account) {
		free(request);
		account_settle(account);
		return false;
	}
	request->service = service;
	request->kind = request_kind_of((size_t)message->body_case);
	request->uid = geteuid();
	request->pid = getpid();
	request->level = request->asked_level = TPM_BULK;
	request->is_recorded = is_quiet;
	request->own_done = done;
	request->own_user = user;
	request->account = account;
	account->requests++;
	requests_add(request);
	requests_set_deadline(request, message);
	request->kind->handle(request, message->hello, NULL);
	return true;
}

/* False: a token of nobody, or of somebody else. It never counts as none. */
static bool take_token(struct request *request, const ks_pb_request *message)
{
	struct service *service = request->service;
	const struct session *session =
		sessions_use(service->sessions, message->token.data, message->token.len,
			     request->uid, message->passive, service->now());

	if (!session)
		return false;
	request->session = session->id;
	request->rights = session->rights;
	memcpy(request->user, session->user, sizeof request->user);
	return true;
}

void request_handle(struct service *service, struct conn *conn, const ks_pb_request *message)
{
	if (!message->id || id_is_taken(conn, message->id)) {
		conn_refuse(conn, STATUS_INVALID,
			    "request id %llu: an id is not 0 and not that of a request in flight",
			    (unsigned long long)message->id);
		return;
	}
	struct request *request = request_new(service, conn, message);

	if (!request) {
		conn_refuse(conn, STATUS_INTERNAL, "the service has no memory left");
		return;
	}
	requests_set_deadline(request, message);
	if (!request->kind->handle)
		request_fail(request, STATUS_UNSUPPORTED,
			     "this service (version %s) does not know the request: hello tells its "
			     "version",
			     KEYSTORE_VERSION);
	else if (message->token.len && !take_token(request, message))
		request_fail(request, STATUS_DENIED,
			     "the login is over, or not that of uid %u: log in again with "
			     "keystorectl login, or leave the token empty",
			     request->uid);
	else if (request->account->requests > service->config->requests_per_uid)
		request_fail(request, STATUS_BUSY,
			     "uid %u has %u requests in flight, and no more are allowed: wait for "
			     "one to be answered",
			     request->uid, service->config->requests_per_uid);
	else
		dispatch(request, message);
}
