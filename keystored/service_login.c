#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conn.h"
#include "reply_user.h"
#include "request.h"
#include "service.h"
#include "service_login.h"
#include "service_user.h"
#include "session.h"
#include "store_service.h"
#include "throttle.h"

static void work_run(struct worker_job *job)
{
	struct password_work *work = (struct password_work *)job;

	if (work->verifies)
		work->is_right = password_verify(&work->given, work->kept);
	if (work->hashes && (!work->verifies || work->is_right))
		work->is_hashed = password_hash(&work->fresh, work->hash);
}

static void work_done(struct worker_job *job)
{
	struct password_work *work = (struct password_work *)job;

	request_worked(work->request);
	work->then(work->request, work);
}

static void work_free(struct worker_job *job)
{
	OPENSSL_cleanse(job, sizeof(struct password_work));
	free(job);
}

struct password_work *service_password_work(struct request *request,
					    void (*then)(struct request *request,
							 struct password_work *work))
{
	struct password_work *work = calloc(1, sizeof *work);

	if (!work) {
		request_fail_memory(request);
		return NULL;
	}
	work->job = (struct worker_job){.run = work_run, .done = work_done, .free = work_free};
	work->request = request;
	work->then = then;
	return work;
}

bool service_password_run(struct request *request, struct password_work *work)
{
	return request_work(request, &work->job);
}

bool service_password_take(struct request *request, struct password_work *work, const char *name,
			   const uint8_t *bytes, size_t len)
{
	char why[PASSWORD_WHY_MAX] = "it has 1 to 256 bytes";

	if (password_take(&work->fresh, bytes, len) &&
	    password_is_good(&work->fresh, name, request->service->config->password_length, why)) {
		work->hashes = true;
		return true;
	}
	request_fail(request, STATUS_INVALID, "that is no password for “%s”: %s", name, why);
	return false;
}

bool service_login_origin_is_good(const char *origin)
{
	size_t len = strlen(origin);

	for (size_t i = 0; i < len; i++) {
		if (origin[i] < 0x20 || origin[i] == 0x7f)
			return false;
	}
	return len <= SERVICE_LOGIN_ORIGIN_MAX;
}

/* Waits are no news for the audit: the wrong passwords before them are in it. */
bool service_login_may_try(struct request *request, const struct login_attempt *attempt)
{
	struct service *service = request->service;
	uint64_t wait = throttle_try(service->throttle, request->uid, attempt->origin,
				     attempt->user, service->now());

	if (!wait)
		return true;
	request->is_recorded = true;
	request_fail(request, STATUS_BUSY,
		     "too many wrong passwords came from uid %u%s%s: try again in %llu s",
		     request->uid, *attempt->origin ? " for " : "", attempt->origin,
		     (unsigned long long)((wait + 999) / 1000));
	return false;
}

/*
 * What is to be checked: @name's password, and @fresh (NULL: none) made ready to take its place.
 * Whether there is such a user makes no difference that the caller could see. NULL: answered.
 */
static struct password_work *
begin(struct request *request, const char *name, const ProtobufCBinaryData *password,
      const ProtobufCBinaryData *fresh, const char *origin,
      void (*then)(struct request *request, struct password_work *work))
{
	struct login_attempt *attempt = calloc(1, sizeof *attempt);
	struct store_user user = {0};
	enum store_status status;

	if (!attempt) {
		request_fail_memory(request);
		return NULL;
	}
	request->state = attempt;
	request->state_free = free;
	if (!names_is_key_name(name) || !service_login_origin_is_good(origin)) {
		request_fail(request, STATUS_INVALID,
			     "a user's name is " NAMES_KEY_RULE
			     ", and an origin at most %d printable characters",
			     SERVICE_LOGIN_ORIGIN_MAX);
		return NULL;
	}
	snprintf(attempt->user, sizeof attempt->user, "%s", name);
	snprintf(attempt->origin, sizeof attempt->origin, "%s", origin);
	snprintf(request->object, sizeof request->object, "%s", name);
	struct password_work *work = service_password_work(request, then);

	if (!work)
		return NULL;
	work->verifies = true;
	if (!password_take(&work->given, password->data, password->len)) {
		request_fail(request, STATUS_INVALID, "a password has 1 to %d bytes, without NUL",
			     PASSWORD_MAX);
		goto failed;
	}
	if (fresh && fresh->len == password->len &&
	    CRYPTO_memcmp(fresh->data, password->data, fresh->len) == 0) {
		request_fail(request, STATUS_INVALID, "that is the old password: choose another");
		goto failed;
	}
	if (fresh && !service_password_take(request, work, name, fresh->data, fresh->len))
		goto failed;
	if (!service_login_may_try(request, attempt))
		goto failed;
	status = store_user_get(request->service->store, name, 0, &user);
	if (status != STORE_OK && status != STORE_NOT_FOUND) {
		service_user_fail(request, name, status);
		goto failed;
	}
	attempt->id = user.id;
	memcpy(work->kept, user.password, sizeof work->kept);
	store_user_wipe(&user);
	return work;
failed:
	work->job.free(&work->job);
	return NULL;
}

/*
 * The user whose password was right, as stored now: things may have changed meanwhile. False:
 * answered, a wrong password and an unknown user in the same words.
 */
static bool check(struct request *request, const struct password_work *work,
		  struct store_user *ret_user)
{
	struct service *service = request->service;
	struct login_attempt attempt = *(struct login_attempt *)request->state;
	struct store_user user = {0};
	enum store_status status = STORE_NOT_FOUND;
	bool is_good = false;

	if (work->is_right)
		status = store_user_get(service->store, NULL, attempt.id, &user);
	if (status != STORE_OK && status != STORE_NOT_FOUND) {
		service_user_fail(request, attempt.user, status);
	} else if (status == STORE_NOT_FOUND || strcmp(user.password, work->kept) != 0) {
		request_fail(request, STATUS_DENIED, "the user or the password is wrong");
	} else {
		throttle_right(service->throttle, request->uid, attempt.origin, attempt.user,
			       service->now());
		is_good = !user.is_disabled;
		if (!is_good)
			request_fail(request, STATUS_DENIED,
				     "user “%s” is disabled: an administrator can enable it",
				     attempt.user);
	}
	if (is_good)
		*ret_user = user;
	store_user_wipe(&user);
	return is_good;
}

bool service_login_is_current(struct request *request, const struct store_user *user)
{
	if (user->must_change)
		request_fail(request, STATUS_CONFLICT,
			     "user “%s” has to choose another password first: keystorectl passwd "
			     "%s",
			     user->name, user->name);
	return !user->must_change;
}

/* The same for what a user does with the password, other than change it. */
static bool check_current(struct request *request, const struct password_work *work,
			  struct store_user *ret_user)
{
	if (!check(request, work, ret_user))
		return false;
	if (service_login_is_current(request, ret_user))
		return true;
	store_user_wipe(ret_user);
	return false;
}

static void reply_login(struct request *request, const struct store_user *user, bool is_lasting,
			uint8_t token[SESSION_TOKEN_SIZE])
{
	const struct config *config = request->service->config;
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	Keystore__V1__LoginReply login = KEYSTORE__V1__LOGIN_REPLY__INIT;
	struct reply_user built;

	reply_user_build(&built, user);
	login.token.data = token;
	login.token.len = SESSION_TOKEN_SIZE;
	login.user = &built.info;
	login.idle_seconds = config->idle_timeout_ms / 1000;
	login.life_seconds = is_lasting ? 0 : config->login_lifetime_ms / 1000;
	reply.body_case = KEYSTORE__V1__REPLY__BODY_LOGIN;
	reply.login = &login;
	request_reply(request, &reply);
}

bool service_login_serves_opcua(struct request *request, const char *what)
{
	struct policy_object object = {0};
	struct grant *grants = NULL;
	enum store_status status =
		store_service_kind_grants(request->service->store, STORE_OPCUA_SERVER, POLICY_OPCUA,
					  &grants, &object.grant_count);

	object.grants = grants;
	bool may = status == STORE_OK && request_may_use(request, RIGHT_SERVE_OPCUA, &object);

	free(grants);
	if (status != STORE_OK)
		request_fail_store(request, status);
	else if (!may)
		request_fail(request, STATUS_DENIED,
			     "%s is for OPC UA servers, and uid %u is no such service's user: "
			     "service set names the user of one",
			     what, request->uid);
	return may;
}

void service_login_begin(struct request *request, const struct store_user *user, bool is_lasting,
			 const char *detail)
{
	struct service *service = request->service;
	uint8_t token[SESSION_TOKEN_SIZE];
	uint64_t id = 0;
	struct session session = {.uid = request->uid,
				  .user_id = user->id,
				  .rights = user->rights,
				  .is_lasting = is_lasting};

	memcpy(session.user, user->name, sizeof session.user);
	memcpy(request->user, user->name, sizeof request->user);
	if (!sessions_begin(service->sessions, &session, service->now(), token, &id)) {
		request_fail(request, STATUS_LIMIT,
			     "%u users are logged in, and no more can be: have one log out, or "
			     "raise [limits] logins",
			     service->config->logins);
	} else if (!request_begin_change(request)) {
		sessions_end(service->sessions, id);
	} else if (!request_commit(request,
				   store_user_logged_in(service->store, user->id, time(NULL)),
				   detail)) {
		sessions_end(service->sessions, id);
	} else {
		reply_login(request, user, is_lasting, token);
	}
	OPENSSL_cleanse(token, sizeof token);
}

static void login_checked(struct request *request, struct password_work *work)
{
	bool is_lasting = ((struct login_attempt *)request->state)->is_lasting;
	struct store_user user;

	if (!check_current(request, work, &user))
		return;
	service_login_begin(request, &user, is_lasting, "");
	store_user_wipe(&user);
}

void service_login(struct request *request, const void *body, const struct keyring_key *key)
{
	const Keystore__V1__LoginRequest *asked = body;

	(void)key;
	if (asked->lasting && !service_login_serves_opcua(request, "a lasting login"))
		return;
	struct password_work *work =
		begin(request, asked->user, &asked->password, NULL, asked->origin, login_checked);

	if (!work)
		return;
	((struct login_attempt *)request->state)->is_lasting = asked->lasting;
	service_password_run(request, work);
}

static void verify_checked(struct request *request, struct password_work *work)
{
	struct store_user user;

	if (!check_current(request, work, &user))
		return;
	service_user_reply(request, user.id);
	store_user_wipe(&user);
}

void service_user_verify(struct request *request, const void *body, const struct keyring_key *key)
{
	const Keystore__V1__UserVerifyRequest *asked = body;
	struct password_work *work =
		begin(request, asked->user, &asked->password, NULL, asked->origin, verify_checked);

	(void)key;
	if (work)
		service_password_run(request, work);
}

static void change_checked(struct request *request, struct password_work *work)
{
	struct service *service = request->service;
	struct store_user user;

	if (!check(request, work, &user))
		return;
	memcpy(request->user, user.name, sizeof request->user);
	if (!work->is_hashed)
		request_fail_memory(request);
	else if (request_begin_change(request) &&
		 service_users_commit(request,
				      store_user_set_password(service->store, user.id, work->hash,
							      false, time(NULL)),
				      "")) {
		sessions_end_user(service->sessions, user.id, request->session);
		request_reply_empty(request);
	}
	store_user_wipe(&user);
}

void service_password_change(struct request *request, const void *body,
			     const struct keyring_key *key)
{
	const Keystore__V1__PasswordChangeRequest *asked = body;
	struct password_work *work = begin(request, asked->user, &asked->old_password,
					   &asked->new_password, asked->origin, change_checked);

	(void)key;
	if (work)
		service_password_run(request, work);
}

void service_logout(struct request *request, const void *body, const struct keyring_key *key)
{
	(void)body;
	(void)key;
	if (!request->session) {
		request_fail(request, STATUS_INVALID,
			     "nobody is logged in: the request has no "
			     "token");
		return;
	}
	snprintf(request->object, sizeof request->object, "%s", request->user);
	sessions_end(request->service->sessions, request->session);
	request_reply_empty(request);
}

void service_whoami(struct request *request, const void *body, const struct keyring_key *key)
{
	struct service *service = request->service;
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	Keystore__V1__WhoamiReply who = KEYSTORE__V1__WHOAMI_REPLY__INIT;
	struct policy_caller caller = request_caller(request);
	struct reply_rights rights = reply_rights(policy_rights(&service->policy, &caller));
	struct session_left left =
		sessions_left(service->sessions, request->session, service->now());
	struct store_user user = {0};
	struct reply_user built;

	(void)body;
	(void)key;
	if (request->session) {
		enum store_status status = store_user_get(service->store, request->user, 0, &user);

		if (status != STORE_OK) {
			service_user_fail(request, request->user, status);
			return;
		}
	}
	reply_user_build(&built, &user);
	who.uid = request->uid;
	who.user = user.name;
	who.rights = rights.list;
	who.n_rights = rights.count;
	who.roles = built.roles;
	who.n_roles = user.role_count;
	who.has_users = service->policy.has_users;
	who.idle_left_seconds = (uint32_t)(left.idle / 1000000);
	who.life_left_seconds = (uint32_t)(left.life / 1000000);
	who.idle_seconds = request->session ? service->config->idle_timeout_ms / 1000 : 0;
	reply.body_case = KEYSTORE__V1__REPLY__BODY_WHOAMI;
	reply.whoami = &who;
	request_reply(request, &reply);
	store_user_wipe(&user);
}

struct sessions_page {
	struct service *service;
	Keystore__V1__SessionInfo *infos;
	Keystore__V1__SessionInfo **list;
	size_t count;
};

static bool add_to_page(const struct session *session, void *user)
{
	struct sessions_page *page = user;
	Keystore__V1__SessionInfo *info = &page->infos[page->count];

	if (page->count == page->service->config->logins)
		return false;
	keystore__v1__session_info__init(info);
	info->id = session->id;
	info->user = (char *)(uintptr_t)session->user;
	info->uid = session->uid;
	info->since = session->since;
	info->idle_seconds = (uint32_t)((page->service->now() - session->used) / 1000000);
	page->list[page->count++] = info;
	return true;
}

void service_session_list(struct request *request, const void *body, const struct keyring_key *key)
{
	struct service *service = request->service;
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	Keystore__V1__SessionListReply list = KEYSTORE__V1__SESSION_LIST_REPLY__INIT;
	struct sessions_page page = {.service = service};

	(void)body;
	(void)key;
	page.infos = calloc(service->config->logins, sizeof *page.infos);
	page.list = calloc(service->config->logins, sizeof(Keystore__V1__SessionInfo *));
	if (page.infos && page.list) {
		sessions_each(service->sessions, service->now(), add_to_page, &page);
		list.sessions = page.list;
		list.n_sessions = page.count;
		reply.body_case = KEYSTORE__V1__REPLY__BODY_SESSION_LIST;
		reply.session_list = &list;
		request_reply(request, &reply);
	} else {
		request_fail_memory(request);
	}
	free(page.list);
	free(page.infos);
}

void service_session_end(struct request *request, const void *body, const struct keyring_key *key)
{
	const Keystore__V1__SessionEndRequest *asked = body;
	struct service *service = request->service;
	const struct session *session = sessions_find(service->sessions, asked->id, service->now());

	(void)key;
	if (!session) {
		request_fail(request, STATUS_NOT_FOUND,
			     "there is no login %llu: session list shows them",
			     (unsigned long long)asked->id);
		return;
	}
	snprintf(request->object, sizeof request->object, "%s", session->user);
	sessions_end(service->sessions, asked->id);
	request_reply_empty(request);
}
