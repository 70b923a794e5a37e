#include "result_user.h"

#include <stdlib.h>

#include "text.h"

/* Rights may be newer than this library. */
static unsigned rights_bits(const Keystore__V1__Right *rights, size_t count)
{
	unsigned bits = 0;

	for (size_t i = 0; i < count; i++) {
		if ((unsigned)rights[i] < 32)
			bits |= 1u << rights[i];
	}
	return bits & ~1u;
}

static const char *const *clean_list(char **texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		text_clean(texts[i]);
	return (const char *const *)texts;
}

static void read_user(const Keystore__V1__UserInfo *from, struct ks_user *user)
{
	text_clean(from->name);
	*user = (struct ks_user){
		.id = from->id,
		.name = from->name,
		.roles = clean_list(from->roles, from->n_roles),
		.role_count = from->n_roles,
		.rights = rights_bits(from->rights, from->n_rights),
		.disabled = from->disabled,
		.must_change = from->must_change,
		.created = from->created,
		.created_by = from->created_by,
		.password_set = from->password_set,
		.last_login = from->last_login,
	};
}

static void read_users(struct result_users *users, Keystore__V1__UserInfo *const *from,
		       size_t count, struct ks_result *result)
{
	users->users = calloc(count ? count : 1, sizeof(*users->users));
	if (!users->users) {
		result->status = KS_NOMEM;
		return;
	}
	for (size_t i = 0; i < count; i++)
		read_user(from[i], &users->users[i]);
	result->users = users->users;
	result->user_count = count;
}

static void read_roles(struct result_users *users, Keystore__V1__RoleInfo *const *from,
		       size_t count, struct ks_result *result)
{
	users->roles = calloc(count ? count : 1, sizeof(*users->roles));
	if (!users->roles) {
		result->status = KS_NOMEM;
		return;
	}
	for (size_t i = 0; i < count; i++) {
		text_clean(from[i]->name);
		users->roles[i] = (struct ks_role){
			.name = from[i]->name,
			.rights = rights_bits(from[i]->rights, from[i]->n_rights),
			.predefined = from[i]->predefined,
			.users = from[i]->users,
		};
	}
	result->roles = users->roles;
	result->role_count = count;
}

static void read_sessions(struct result_users *users, const Keystore__V1__SessionListReply *from,
			  struct ks_result *result)
{
	users->sessions = calloc(from->n_sessions ? from->n_sessions : 1, sizeof(*users->sessions));
	if (!users->sessions) {
		result->status = KS_NOMEM;
		return;
	}
	for (size_t i = 0; i < from->n_sessions; i++) {
		text_clean(from->sessions[i]->user);
		users->sessions[i] = (struct ks_session){
			.id = from->sessions[i]->id,
			.user = from->sessions[i]->user,
			.uid = from->sessions[i]->uid,
			.since = from->sessions[i]->since,
			.idle_seconds = from->sessions[i]->idle_seconds,
		};
	}
	result->sessions = users->sessions;
	result->session_count = from->n_sessions;
}

static bool read_login(struct result_users *users, const Keystore__V1__LoginReply *from,
		       struct ks_result *result)
{
	if (!from->user || !from->token.len)
		return false;
	users->login = (struct ks_login){
		.token = from->token.data,
		.token_len = from->token.len,
		.idle_seconds = from->idle_seconds,
		.life_seconds = from->life_seconds,
	};
	result->login = &users->login;
	read_users(users, &(Keystore__V1__UserInfo *){from->user}, 1, result);
	return true;
}

static void read_whoami(struct result_users *users, const Keystore__V1__WhoamiReply *from,
			struct ks_result *result)
{
	text_clean(from->user);
	users->whoami = (struct ks_whoami){
		.uid = from->uid,
		.user = from->user,
		.roles = clean_list(from->roles, from->n_roles),
		.role_count = from->n_roles,
		.rights = rights_bits(from->rights, from->n_rights),
		.has_users = from->has_users,
		.idle_left_seconds = from->idle_left_seconds,
		.life_left_seconds = from->life_left_seconds,
		.idle_seconds = from->idle_seconds,
	};
	result->whoami = &users->whoami;
}

bool result_users_read(struct result_users *users, const ks_pb_reply *reply,
		       struct ks_result *result)
{
	if (reply->body_case == KEYSTORE__V1__REPLY__BODY_LOGIN)
		return read_login(users, reply->login, result);
	if (reply->body_case == KEYSTORE__V1__REPLY__BODY_WHOAMI) {
		read_whoami(users, reply->whoami, result);
	} else if (reply->body_case == KEYSTORE__V1__REPLY__BODY_USER) {
		if (!reply->user->user)
			return false;
		read_users(users, &reply->user->user, 1, result);
	} else if (reply->body_case == KEYSTORE__V1__REPLY__BODY_USER_LIST) {
		result->more = reply->user_list->more && reply->user_list->n_users > 0;
		read_users(users, reply->user_list->users, reply->user_list->n_users, result);
	} else if (reply->body_case == KEYSTORE__V1__REPLY__BODY_ROLE) {
		if (!reply->role->role)
			return false;
		read_roles(users, &reply->role->role, 1, result);
	} else if (reply->body_case == KEYSTORE__V1__REPLY__BODY_ROLE_LIST) {
		read_roles(users, reply->role_list->roles, reply->role_list->n_roles, result);
	} else if (reply->body_case == KEYSTORE__V1__REPLY__BODY_MODE) {
		result->mode = (enum ks_mode)reply->mode->mode;
	} else if (reply->body_case == KEYSTORE__V1__REPLY__BODY_SESSION_LIST) {
		read_sessions(users, reply->session_list, result);
	}
	return true;
}

void result_users_wipe(struct result_users *users)
{
	free(users->users);
	free(users->roles);
	free(users->sessions);
}
