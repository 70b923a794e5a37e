#include "service_user.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conn.h"
#include "reply_user.h"
#include "request.h"
#include "service.h"
#include "session.h"

void service_user_fail(struct request *request, const char *name, enum store_status status)
{
	if (status == STORE_NOT_FOUND)
		request_fail(request, STATUS_NOT_FOUND,
			     "there is no user “%.64s”: user list shows them", name);
	else if (status == STORE_EXISTS)
		request_fail(request, STATUS_EXISTS,
			     "there is a user “%.64s” already: choose another name", name);
	else
		request_fail_store(request, status);
}

bool service_user_may_give(struct request *request, const char *what, unsigned rights)
{
	struct policy_caller caller = request_caller(request);

	if (policy_may_give(&request->service->policy, &caller, rights))
		return true;
	request_fail(request, STATUS_DENIED,
		     "%s “%s” has rights that you don't have, and nobody gives or takes those: "
		     "an administrator can",
		     what, request->object);
	return false;
}

static bool rights_now(uint64_t user_id, unsigned *ret_rights, void *context)
{
	struct service *service = context;
	struct store_user user;

	if (store_user_get(service->store, NULL, user_id, &user) != STORE_OK)
		return false;
	bool is_enabled = !user.is_disabled;

	if (is_enabled)
		*ret_rights = user.rights;
	store_user_wipe(&user);
	return is_enabled;
}

bool service_users_refresh(struct service *service)
{
	uint64_t count = 0;

	if (store_user_count(service->store, &count) != STORE_OK)
		return false;
	service->policy.has_users = count > 0;
	sessions_refresh(service->sessions, rights_now, service);
	return true;
}

bool service_users_commit(struct request *request, enum store_status so_far, const char *detail)
{
	struct service *service = request->service;
	enum store_status status = so_far;
	uint64_t users = 0;
	uint64_t managers = 0;

	if (status == STORE_OK)
		status = store_user_count(service->store, &users);
	if (status == STORE_OK)
		status = store_user_count_with(service->store, RIGHT_BIT(RIGHT_MANAGE_USERS),
					       &managers);
	if (status == STORE_OK && (users || service->policy.has_users) && !managers) {
		store_rollback(service->store);
		request_fail(request, STATUS_CONFLICT,
			     "nobody would be there who can manage users: give another user the "
			     "role administrator first");
		return false;
	}
	if (!request_commit(request, status, detail))
		return false;
	/* What cannot be read now counts as users: the stricter of the two. */
	if (!service_users_refresh(service))
		service->policy.has_users = true;
	return true;
}

void service_user_reply(struct request *request, uint64_t id)
{
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	Keystore__V1__UserReply body = KEYSTORE__V1__USER_REPLY__INIT;
	struct reply_user built;
	struct store_user user;
	enum store_status status = store_user_get(request->service->store, NULL, id, &user);

	if (status != STORE_OK) {
		service_user_fail(request, request->object, status);
		return;
	}
	reply_user_build(&built, &user);
	body.user = &built.info;
	reply.body_case = KEYSTORE__V1__REPLY__BODY_USER;
	reply.user = &body;
	request_reply(request, &reply);
	store_user_wipe(&user);
}

/* The roles that were asked for, and their rights. False: answered. */
static bool take_roles(struct request *request, char *const *names, size_t count,
		       struct store_user *user)
{
	user->role_count = 0;
	user->rights = 0;
	for (size_t i = 0; i < count; i++) {
		struct store_role role;
		bool is_twice = false;

		for (size_t j = 0; j < user->role_count; j++)
			is_twice |= strcmp(user->roles[j], names[i]) == 0;
		if (is_twice)
			continue;
		if (user->role_count == STORE_USER_ROLES_MAX) {
			request_fail(request, STATUS_LIMIT, "a user has at most %d roles",
				     STORE_USER_ROLES_MAX);
			return false;
		}
		enum store_status status = store_role_get(request->service->store, names[i], &role);

		if (status == STORE_NOT_FOUND)
			request_fail(request, STATUS_NOT_FOUND,
				     "there is no role “%.64s”: role list shows them", names[i]);
		else if (status != STORE_OK)
			request_fail_store(request, status);
		if (status != STORE_OK)
			return false;
		memcpy(user->roles[user->role_count++], role.name, sizeof role.name);
		user->rights |= role.rights;
	}
	return true;
}

static void list_roles(const struct store_user *user, char *text, size_t size)
{
	size_t len = 0;

	snprintf(text, size, "no roles");
	for (size_t i = 0; i < user->role_count && len < size; i++)
		len += (size_t)snprintf(text + len, size - len, "%s%s", i ? ", " : "roles ",
					user->roles[i]);
}

/* The user that is changed or made, until the password is hashed. NULL: answered. */
static struct store_user *new_state(struct request *request, const char *name)
{
	struct store_user *user = calloc(1, sizeof *user);

	if (!user) {
		request_fail_memory(request);
		return NULL;
	}
	request->state = user;
	request->state_free = free;
	if (!names_is_key_name(name)) {
		request_fail(request, STATUS_INVALID, "a user's name is " NAMES_KEY_RULE);
		return NULL;
	}
	snprintf(request->object, sizeof request->object, "%s", name);
	snprintf(user->name, sizeof user->name, "%s", name);
	return user;
}

/* Runs @then with the new password hashed. */
static void hash(struct request *request, const char *name, const ProtobufCBinaryData *password,
		 void (*then)(struct request *request, struct password_work *work))
{
	struct password_work *work = service_password_work(request, then);

	if (!work)
		return;
	if (service_password_take(request, work, name, password->data, password->len))
		service_password_run(request, work);
	else
		work->job.free(&work->job);
}

/* Also for whoever was faster, meanwhile. False: answered. */
static bool has_room(struct request *request)
{
	struct service *service = request->service;
	uint64_t count = 0;
	enum store_status status = store_user_count(service->store, &count);

	if (status != STORE_OK)
		request_fail_store(request, status);
	else if (count >= service->config->users)
		request_fail(request, STATUS_LIMIT,
			     "there are %u users, and no more are allowed: delete one, or raise "
			     "[limits] users",
			     service->config->users);
	return status == STORE_OK && count < service->config->users;
}

static void add(struct request *request, struct password_work *work)
{
	struct store_user user = *(struct store_user *)request->state;
	char detail[192];
	uint64_t id = 0;

	if (!work->is_hashed) {
		request_fail_memory(request);
		return;
	}
	/* The rights may be others' by now: the first user may have come, or roles have changed. */
	if (!has_room(request) || !service_user_may_give(request, "user", user.rights) ||
	    !request_begin_change(request))
		return;
	memcpy(user.password, work->hash, sizeof user.password);
	user.created = user.password_set = time(NULL);
	list_roles(&user, detail, sizeof detail);
	enum store_status status = store_user_add(request->service->store, &user, &id);

	store_user_wipe(&user);
	if (status == STORE_EXISTS) {
		store_rollback(request->service->store);
		service_user_fail(request, request->object, status);
	} else if (service_users_commit(request, status, detail)) {
		service_user_reply(request, id);
	}
}

void service_user_create(struct request *request, const void *body, const struct keyring_key *key)
{
	const Keystore__V1__UserCreateRequest *asked = body;
	struct store_user *user = new_state(request, asked->name);
	struct store_user other;

	(void)key;
	if (!user || !take_roles(request, asked->roles, asked->n_roles, user) ||
	    !service_user_may_give(request, "user", user->rights) || !has_room(request))
		return;
	user->must_change = asked->must_change;
	user->created_by = request->uid;
	enum store_status status = store_user_get(request->service->store, asked->name, 0, &other);

	if (status == STORE_OK)
		service_user_fail(request, asked->name, STORE_EXISTS);
	else if (status != STORE_NOT_FOUND)
		service_user_fail(request, asked->name, status);
	else
		hash(request, asked->name, &asked->password, add);
}

struct page {
	struct store_user users[SERVICE_USER_PAGE];
	struct reply_user built[SERVICE_USER_PAGE];
	Keystore__V1__UserInfo *list[SERVICE_USER_PAGE];
	size_t count;
	size_t limit;
	bool has_more;
};

static bool add_to_page(const struct store_user *user, void *context)
{
	struct page *page = context;
	size_t i = page->count;

	if (i == page->limit) {
		page->has_more = true;
		return false;
	}
	page->users[i] = *user;
	reply_user_build(&page->built[i], &page->users[i]);
	page->list[i] = &page->built[i].info;
	page->count++;
	return true;
}

void service_user_list(struct request *request, const void *body, const struct keyring_key *key)
{
	const Keystore__V1__UserListRequest *asked = body;
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	Keystore__V1__UserListReply list = KEYSTORE__V1__USER_LIST_REPLY__INIT;
	struct page *page = calloc(1, sizeof *page);

	(void)key;
	if (!page) {
		request_fail_memory(request);
		return;
	}
	page->limit =
		asked->limit && asked->limit < SERVICE_USER_PAGE ? asked->limit : SERVICE_USER_PAGE;
	enum store_status status =
		store_user_list(request->service->store, asked->after, add_to_page, page);

	if (status == STORE_OK) {
		list.users = page->list;
		list.n_users = page->count;
		list.more = page->has_more;
		reply.body_case = KEYSTORE__V1__REPLY__BODY_USER_LIST;
		reply.user_list = &list;
		request_reply(request, &reply);
	} else {
		request_fail_store(request, status);
	}
	free(page);
}

/* What user_set asked for, until the password is hashed. */
struct setting {
	struct store_user user; /* as it shall be */
	unsigned rights_before;
	bool has_password;
	bool must_change;
	bool takes_roles;
	bool takes_disabled;
};

static void set(struct request *request, struct password_work *work)
{
	struct service *service = request->service;
	struct setting setting = *(struct setting *)request->state;
	struct store_user *user = &setting.user;
	char detail[192] = "";
	char roles[128];

	if (setting.has_password && !work->is_hashed) {
		request_fail_memory(request);
		return;
	}
	if (!service_user_may_give(request, "user", setting.rights_before | user->rights) ||
	    !request_begin_change(request))
		return;
	if (setting.has_password)
		user->must_change = setting.must_change;
	enum store_status status = store_user_set(service->store, user);

	if (status == STORE_OK && setting.has_password)
		status = store_user_set_password(service->store, user->id, work->hash,
						 setting.must_change, time(NULL));
	list_roles(user, roles, sizeof roles);
	snprintf(detail, sizeof detail, "%s%s%s", setting.takes_roles ? roles : "",
		 !setting.takes_disabled ? ""
		 : user->is_disabled	 ? " disabled"
					 : " enabled",
		 setting.has_password ? " new password" : "");
	if (!service_users_commit(request, status, detail))
		return;
	if (user->is_disabled || setting.has_password)
		sessions_end_user(service->sessions, user->id, 0);
	service_user_reply(request, user->id);
}

static void setting_free(void *state)
{
	store_user_wipe(&((struct setting *)state)->user);
	free(state);
}

void service_user_set(struct request *request, const void *body, const struct keyring_key *key)
{
	const Keystore__V1__UserSetRequest *asked = body;
	struct setting *setting = calloc(1, sizeof *setting);
	enum store_status status = STORE_NOT_FOUND;

	(void)key;
	if (!setting) {
		request_fail_memory(request);
		return;
	}
	request->state = setting;
	request->state_free = setting_free;
	if (names_is_key_name(asked->name)) {
		snprintf(request->object, sizeof request->object, "%s", asked->name);
		status = store_user_get(request->service->store, asked->name, 0, &setting->user);
	}
	if (status != STORE_OK) {
		service_user_fail(request, asked->name, status);
		return;
	}
	setting->rights_before = setting->user.rights;
	setting->has_password = asked->password.len > 0;
	setting->must_change = asked->must_change;
	setting->takes_roles = asked->set_roles;
	setting->takes_disabled = asked->set_disabled;
	if (asked->set_roles && !take_roles(request, asked->roles, asked->n_roles, &setting->user))
		return;
	if (asked->set_disabled)
		setting->user.is_disabled = asked->disabled;
	if (!service_user_may_give(request, "user", setting->rights_before | setting->user.rights))
		return;
	if (setting->has_password)
		hash(request, asked->name, &asked->password, set);
	else
		set(request, NULL);
}

void service_user_delete(struct request *request, const void *body, const struct keyring_key *key)
{
	const Keystore__V1__UserDeleteRequest *asked = body;
	struct service *service = request->service;
	struct store_user user;
	enum store_status status = STORE_NOT_FOUND;

	(void)key;
	if (names_is_key_name(asked->name)) {
		snprintf(request->object, sizeof request->object, "%s", asked->name);
		status = store_user_get(service->store, asked->name, 0, &user);
	}
	if (status != STORE_OK) {
		service_user_fail(request, asked->name, status);
		return;
	}
	if (service_user_may_give(request, "user", user.rights) && request_begin_change(request) &&
	    service_users_commit(request, store_user_delete(service->store, user.id), "")) {
		sessions_end_user(service->sessions, user.id, 0);
		request_reply_empty(request);
	}
	store_user_wipe(&user);
}

/* Into @user who is to be recovered: one there is, or a new administrator. False: answered. */
static bool take_recovery(struct request *request, struct store_user *user)
{
	struct store *store = request->service->store;
	struct store_user found = {0};
	uint64_t others = 0;
	enum store_status status = store_user_get(store, user->name, 0, &found);
	enum store_status counted =
		store_user_count_with(store, RIGHT_BIT(RIGHT_MANAGE_USERS), &others);
	bool manages = found.rights & RIGHT_BIT(RIGHT_MANAGE_USERS);

	if (counted != STORE_OK || (status != STORE_OK && status != STORE_NOT_FOUND)) {
		request_fail_store(request, counted != STORE_OK ? counted : status);
	} else if (status == STORE_OK && !manages) {
		request_fail(request, STATUS_CONFLICT,
			     "user “%s” cannot manage users, so this is for an administrator to "
			     "do: user set %s",
			     user->name, user->name);
	} else if (status == STORE_NOT_FOUND && others) {
		request_fail(request, STATUS_CONFLICT,
			     "there is no user “%s”, and a new administrator is made only where "
			     "none can log in: name one that user list shows",
			     user->name);
	} else {
		if (status == STORE_OK)
			*user = found;
		else
			snprintf(user->roles[user->role_count++], sizeof user->roles[0],
				 "administrator");
		store_user_wipe(&found);
		return true;
	}
	store_user_wipe(&found);
	return false;
}

static void recover(struct request *request, struct password_work *work)
{
	struct service *service = request->service;
	struct store_user user = *(struct store_user *)request->state;
	enum store_status status;
	uint64_t id;

	if (!work->is_hashed) {
		request_fail_memory(request);
		return;
	}
	/* Again, since others had the time to do something. */
	user.role_count = 0;
	if (!take_recovery(request, &user) || !request_begin_change(request))
		return;
	id = user.id;
	user.is_disabled = false;
	user.must_change = false;
	memcpy(user.password, work->hash, sizeof user.password);
	if (id) {
		status = store_user_set(service->store, &user);
		if (status == STORE_OK)
			status = store_user_set_password(service->store, id, work->hash, false,
							 time(NULL));
	} else {
		user.created = user.password_set = time(NULL);
		user.created_by = request->uid;
		status = store_user_add(service->store, &user, &id);
	}
	store_user_wipe(&user);
	if (!service_users_commit(request, status, ""))
		return;
	sessions_end_user(service->sessions, id, 0);
	service_user_reply(request, id);
}

void service_user_recover(struct request *request, const void *body, const struct keyring_key *key)
{
	const Keystore__V1__UserRecoverRequest *asked = body;
	struct store_user *user = new_state(request, asked->name);

	(void)key;
	if (!user)
		return;
	struct store_user looked_at = *user;
	bool is_possible = take_recovery(request, &looked_at);

	store_user_wipe(&looked_at);
	if (is_possible)
		hash(request, asked->name, &asked->password, recover);
}
