#include "request.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "change.h"
#include "conn.h"
#include "lazy_timer.h"
#include "service.h"
#include "service_audit.h"
#include "service_cert.h"
#include "service_crl.h"
#include "service_info.h"
#include "service_key.h"
#include "service_pin.h"
#include "service_rejected.h"
#include "service_renewal.h"
#include "service_trust.h"
#include "service_use.h"
#include "worker.h"

#define DEADLINE_MAX_MS 3600000u
#define NOWHERE		SIZE_MAX

typedef void request_handler(struct request *request, const void *body,
			     const struct keyring_key *key);

enum audit_kind { AUDIT_NONE, AUDIT_ENTRY };
enum vanish_kind { VANISH_CANCELS, VANISH_CONTINUES };

struct request_kind {
	const char *name;
	request_handler *handle;
	enum right right;
	size_t key_at;	/* offset of a KeyRef in the body; NOWHERE: it is about no key */
	size_t name_at; /* offset of a new key's name; NOWHERE: it makes none */
	enum audit_kind audit;
	enum vanish_kind vanish;
	bool is_creation; /* slow, so with a deadline of its own */
};

#define BODY(name)	    KEYSTORE__V1__REQUEST__BODY_##name
#define ABOUT(type, member) .key_at = offsetof(Keystore__V1__##type, member), .name_at = NOWHERE
#define MAKES(type, member) .key_at = NOWHERE, .name_at = offsetof(Keystore__V1__##type, member)
#define PLAIN		    .key_at = NOWHERE, .name_at = NOWHERE

static const struct request_kind kinds[] = {
	[BODY(HELLO)] = {"hello", service_info_hello, RIGHT_ANY, PLAIN},
	[BODY(STATUS)] = {"status", service_info_status, RIGHT_ANY, PLAIN},
	[BODY(SUBSCRIBE)] = {"subscribe", service_info_subscribe, RIGHT_ANY, PLAIN},
	[BODY(RANDOM)] = {"random", service_use_random, RIGHT_ANY, PLAIN},
	[BODY(KEY_CREATE)] = {"key create", service_key_create, RIGHT_MANAGE_KEYS,
			      MAKES(KeyCreateRequest, name), AUDIT_ENTRY, VANISH_CANCELS, true},
	[BODY(KEY_LIST)] = {"key list", service_key_list, RIGHT_ANY, PLAIN},
	[BODY(KEY_SHOW)] = {"key show", service_key_show, RIGHT_SEE, ABOUT(KeyShowRequest, key)},
	[BODY(KEY_DELETE)] = {"key delete", service_key_delete, RIGHT_MANAGE_KEYS,
			      ABOUT(KeyDeleteRequest, key), AUDIT_ENTRY, VANISH_CONTINUES},
	[BODY(KEY_ALLOW)] = {"key allow", service_key_allow, RIGHT_GRANT_KEY,
			     ABOUT(KeyAllowRequest, key), AUDIT_ENTRY},
	[BODY(KEY_PIN)] = {"key pin", service_pin, RIGHT_MANAGE_KEYS, ABOUT(KeyPinRequest, key),
			   AUDIT_ENTRY, VANISH_CONTINUES},
	/* What the format asks for beyond that, the handler checks. */
	[BODY(KEY_EXPORT)] = {"key export", service_key_export, RIGHT_SEE,
			      ABOUT(KeyExportRequest, key), AUDIT_ENTRY},
	[BODY(KEY_IMPORT)] = {"key import", service_key_import, RIGHT_MANAGE_KEYS,
			      MAKES(KeyImportRequest, name), AUDIT_ENTRY, VANISH_CANCELS, true},
	[BODY(SIGN)] = {"sign", service_use_sign, RIGHT_SIGN, ABOUT(SignRequest, key)},
	[BODY(DECRYPT)] = {"decrypt", service_use_decrypt, RIGHT_DECRYPT,
			   ABOUT(DecryptRequest, key)},
	[BODY(CSR)] = {"csr", service_use_csr, RIGHT_CERTIFY, ABOUT(CsrRequest, key)},
	[BODY(PROJECT_INIT)] = {"project init", service_cert_project_init, RIGHT_MANAGE_CERTS,
				PLAIN, AUDIT_ENTRY, VANISH_CANCELS, true},
	[BODY(CERT_CREATE)] = {"cert create", service_cert_create, RIGHT_MANAGE_CERTS, PLAIN,
			       AUDIT_ENTRY, VANISH_CANCELS, true},
	[BODY(CERT_RENEW)] = {"cert renew", service_cert_renew, RIGHT_MANAGE_CERTS, PLAIN,
			      AUDIT_ENTRY, VANISH_CANCELS, true},
	[BODY(CERT_DELETE)] = {"cert delete", service_cert_delete, RIGHT_MANAGE_CERTS, PLAIN,
			       AUDIT_ENTRY},
	/* What is revoked stays so, whoever waits for the list. */
	[BODY(CERT_REVOKE)] = {"cert revoke", service_cert_revoke, RIGHT_MANAGE_CERTS, PLAIN,
			       AUDIT_ENTRY, VANISH_CONTINUES},
	[BODY(CERT_SET_RENEWAL)] = {"cert renewal", service_cert_set_renewal, RIGHT_MANAGE_CERTS,
				    PLAIN, AUDIT_ENTRY},
	[BODY(CLOCK_CONFIRM)] = {"clock confirm", service_clock_confirm, RIGHT_MANAGE_CERTS, PLAIN,
				 AUDIT_ENTRY},
	[BODY(CRL_EXPORT)] = {"crl export", service_crl_export, RIGHT_ANY, PLAIN},
	[BODY(CRL_LIST)] = {"crl list", service_crl_list, RIGHT_ANY, PLAIN},
	[BODY(CRL_RENEW)] = {"crl renew", service_crl_renew, RIGHT_MANAGE_CERTS, PLAIN,
			     AUDIT_ENTRY},
	[BODY(CERT_IMPORT)] = {"cert import", service_cert_import, RIGHT_MANAGE_CERTS, PLAIN,
			       AUDIT_ENTRY, VANISH_CANCELS, true},
	[BODY(CERT_REPLACE)] = {"cert replace", service_cert_replace, RIGHT_MANAGE_CERTS, PLAIN,
				AUDIT_ENTRY, VANISH_CANCELS, true},
	[BODY(CERT_REQUEST)] = {"cert request", service_cert_request, RIGHT_MANAGE_CERTS, PLAIN,
				AUDIT_ENTRY, VANISH_CANCELS, true},
	[BODY(CERT_SIGN_CSR)] = {"ca sign", service_cert_sign_csr, RIGHT_MANAGE_CERTS, PLAIN,
				 AUDIT_ENTRY},
	/* Who may see which certificate, the handlers check. */
	[BODY(CERT_LIST)] = {"cert list", service_cert_list, RIGHT_ANY, PLAIN},
	[BODY(CERT_CHECK)] = {"cert check", service_cert_check, RIGHT_ANY, PLAIN},
	[BODY(CERT_SHOW)] = {"cert show", service_cert_show, RIGHT_ANY, PLAIN},
	[BODY(CERT_EXPORT)] = {"cert export", service_cert_export, RIGHT_ANY, PLAIN},
	/* Who may use which trust group, the handlers check. */
	[BODY(TRUST_LIST)] = {"trust list", service_trust_list, RIGHT_ANY, PLAIN},
	[BODY(TRUST_ADD)] = {"trust add", service_trust_add, RIGHT_MANAGE_TRUST, PLAIN,
			     AUDIT_ENTRY},
	[BODY(TRUST_SET)] = {"trust set", service_trust_set, RIGHT_MANAGE_TRUST, PLAIN,
			     AUDIT_ENTRY},
	[BODY(TRUST_REMOVE)] = {"trust remove", service_trust_remove, RIGHT_MANAGE_TRUST, PLAIN,
				AUDIT_ENTRY},
	[BODY(TRUST_EXPORT)] = {"trust export", service_trust_export, RIGHT_ANY, PLAIN},
	[BODY(TRUST_GROUP_LIST)] = {"group list", service_trust_group_list, RIGHT_ANY, PLAIN},
	[BODY(TRUST_GROUP_SET)] = {"group set", service_trust_group_set, RIGHT_MANAGE_TRUST, PLAIN,
				   AUDIT_ENTRY},
	[BODY(REJECTED_LIST)] = {"rejected list", service_rejected_list, RIGHT_ANY, PLAIN},
	[BODY(REJECTED_TRUST)] = {"rejected trust", service_rejected_trust, RIGHT_MANAGE_TRUST,
				  PLAIN, AUDIT_ENTRY},
	[BODY(REJECTED_DELETE)] = {"rejected delete", service_rejected_delete, RIGHT_MANAGE_TRUST,
				   PLAIN, AUDIT_ENTRY},
	[BODY(VALIDATE)] = {"validate", service_validate, RIGHT_ANY, PLAIN},
	[BODY(AUDIT_LIST)] = {"audit list", service_audit_list, RIGHT_READ_AUDIT, PLAIN},
	[BODY(AUDIT_VERIFY)] = {"audit verify", service_audit_verify, RIGHT_READ_AUDIT, PLAIN},
};

static const struct request_kind unknown_kind = {"unknown request", NULL, RIGHT_ANY, PLAIN};

struct requests {
	struct request_list list;
	struct lazy_timer *timer;
	size_t creating;
};

static void request_end(struct request *request)
{
	LIST_REMOVE(request, all);
	if (request->conn) {
		LIST_REMOVE(request, of_conn);
		conn_request_ended(request->conn);
	}
	request->account->requests--;
	account_settle(request->account);
	if (request->is_creating)
		request->service->requests->creating--;
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
	};
}

static void note(struct request *request, enum status status, const char *detail)
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

	note(request, status, reply->message);
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

static enum policy_verdict decide_on(struct request *request, enum right right,
				     const struct policy_object *object)
{
	struct policy_caller caller = {.peer = conn_peer(request->conn)};

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
	change->operation = request->kind->name;
	if (!*change->object)
		memcpy(change->object, request->object, sizeof change->object);
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
			     "%s has to wait for others' passwords, and too many wait already: try "
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

static void cancel_job(struct request *request)
{
	if (request->job)
		tpm_engine_cancel(request->service->engine, request->job);
	request->job = NULL;
	if (request->work)
		worker_cancel(request->service->worker, request->work);
	request->work = NULL;
}

static uint64_t on_deadline(uint64_t now, void *user)
{
	struct requests *requests = user;
	struct request *request = LIST_FIRST(&requests->list);
	uint64_t next = LAZY_NEVER;

	while (request) {
		struct request *following = LIST_NEXT(request, all);

		if (request->deadline <= now) {
			cancel_job(request);
			if (request->give_up)
				request->give_up(request);
			request_fail(request, STATUS_DEADLINE,
				     "%s was not done in time, and nothing has changed: allow more "
				     "time, or try when the TPM has less to do",
				     request->kind->name);
		} else if (request->deadline < next) {
			next = request->deadline;
		}
		request = following;
	}
	return next;
}

struct requests *requests_new(struct service *service)
{
	struct requests *requests = calloc(1, sizeof *requests);

	if (!requests)
		return NULL;
	requests->timer = lazy_timer_new(service->event, on_deadline, requests);
	if (!requests->timer) {
		free(requests);
		return NULL;
	}
	return requests;
}

void requests_free(struct requests *requests)
{
	if (!requests)
		return;
	/* What is left has no client any more. */
	while (!LIST_EMPTY(&requests->list)) {
		cancel_job(LIST_FIRST(&requests->list));
		request_end(LIST_FIRST(&requests->list));
	}
	lazy_timer_free(requests->timer);
	free(requests);
}

void request_vanish_all(struct request_list *list)
{
	struct request *request;

	while ((request = LIST_FIRST(list))) {
		LIST_REMOVE(request, of_conn);
		request->conn = NULL;
		if (request->kind->vanish == VANISH_CONTINUES &&
		    (request->job || request->work || request->deadline == LAZY_NEVER))
			continue;
		cancel_job(request);
		note(request, STATUS_DEADLINE, "the client went away");
		request_end(request);
	}
}

void requests_start_failed(struct requests *requests)
{
	struct request *request = LIST_FIRST(&requests->list);

	while (request) {
		struct request *following = LIST_NEXT(request, all);

		if (request->waits_for_start && request->job) {
			struct tpm_facts facts;

			tpm_engine_facts(request->service->engine, &facts);
			cancel_job(request);
			if (request->give_up)
				request->give_up(request);
			request_fail(request, STATUS_UNAVAILABLE, "the TPM is not available: %s",
				     facts.reason);
		}
		request = following;
	}
}

bool requests_is_reserved(struct requests *requests, const char *name)
{
	struct request *request;

	if (!requests->creating)
		return false;
	LIST_FOREACH(request, &requests->list, all)
	{
		if (request->is_creating && strcmp(request->object, name) == 0)
			return true;
	}
	return false;
}

size_t requests_creating(const struct requests *requests)
{
	return requests->creating;
}

static const struct request_kind *kind_of(const ks_pb_request *message)
{
	size_t number = (size_t)message->body_case;

	if (number >= sizeof kinds / sizeof *kinds || !kinds[number].handle)
		return &unknown_kind;
	return &kinds[number];
}

static void set_deadline(struct request *request, const ks_pb_request *message)
{
	const struct config *config = request->service->config;
	struct lazy_timer *timer = request->service->requests->timer;
	uint32_t ms = message->deadline_ms;

	if (!ms)
		ms = request->kind->is_creation ? config->create_deadline_ms : config->deadline_ms;
	if (ms > DEADLINE_MAX_MS)
		ms = DEADLINE_MAX_MS;
	request->deadline = lazy_timer_now(timer) + ms * 1000ull;
	lazy_timer_by(timer, request->deadline);
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
	request->kind = kind_of(message);
	request->conn = conn;
	request->id = message->id;
	request->uid = conn_peer(conn)->uid;
	request->pid = conn_peer(conn)->pid;
	request->level = TPM_NORMAL;
	if ((unsigned)message->priority < sizeof levels / sizeof *levels)
		request->level = levels[message->priority];
	/* Making a key keeps the TPM busy for seconds; it never goes ahead of its use. */
	if (request->kind->is_creation)
		request->level = TPM_BULK;
	request->may_wait = message->wait_for_tpm;
	request->account = conn_account(conn);
	request->account->requests++;
	LIST_INSERT_HEAD(&service->requests->list, request, all);
	LIST_INSERT_HEAD(conn_requests(conn), request, of_conn);
	conn_request_began(conn);
	return request;
}

bool request_reserve_name(struct request *request, const char *name)
{
	struct requests *requests = request->service->requests;

	if (!names_is_key_name(name)) {
		request_fail(request, STATUS_INVALID, "a key's name is " NAMES_KEY_RULE);
		return false;
	}
	if (requests_is_reserved(requests, name)) {
		request_fail(request, STATUS_EXISTS,
			     "key “%s” is just being made by another request: choose another name",
			     name);
		return false;
	}
	snprintf(request->object, sizeof request->object, "%s", name);
	request->is_creating = true;
	requests->creating++;
	return true;
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

	if (kind->key_at != NOWHERE) {
		const Keystore__V1__KeyRef *ref;

		memcpy(&ref, (const char *)body + kind->key_at, sizeof ref);
		if (!request_find_key(request, ref, kind->right, &key))
			return;
	} else if (kind->name_at != NOWHERE) {
		if (!take_new_name(request, body))
			return;
	} else if (!request_allows(request, kind->right, NULL)) {
		return;
	}
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
	request->kind = kind_of(message);
	request->uid = geteuid();
	request->pid = getpid();
	request->level = TPM_BULK;
	request->is_recorded = is_quiet;
	request->own_done = done;
	request->own_user = user;
	request->account = account;
	account->requests++;
	LIST_INSERT_HEAD(&service->requests->list, request, all);
	set_deadline(request, message);
	request->kind->handle(request, message->hello, NULL);
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
	set_deadline(request, message);
	if (!request->kind->handle)
		request_fail(request, STATUS_UNSUPPORTED,
			     "this service (version %s) does not know the request: hello tells its "
			     "version",
			     KEYSTORE_VERSION);
	else if (message->token.len)
		request_fail(request, STATUS_UNSUPPORTED,
			     "this service has no users to log in: leave the token empty");
	else if (request->account->requests > service->config->requests_per_uid)
		request_fail(request, STATUS_BUSY,
			     "uid %u has %u requests in flight, and no more are allowed: wait for "
			     "one to be answered",
			     request->uid, service->config->requests_per_uid);
	else
		dispatch(request, message);
}
