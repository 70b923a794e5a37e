#include <criterion/criterion.h>
#include <string.h>

#include "fake_service.h"
#include "result.h"

/* Through the wire format and back: what result_from_reply() gets is never hand-made. */
static struct ks_result *read_back(const ks_pb_reply *reply)
{
	uint8_t bytes[4096];
	size_t len = protobuf_c_message_pack(&reply->base, bytes);
	ks_pb_reply *copy = codec_reply_decode(bytes, len);
	struct ks_result *result;

	cr_assert_not_null(copy);
	result = result_from_reply(copy, reply->body_case);
	if (!result)
		codec_reply_free(copy);
	return result;
}

/* A user with roles and rights, of which this library does not know all. */
struct example {
	char name[16];
	char first[16];
	char odd[16];
	char *roles[2];
	Keystore__V1__Right rights[5];
	Keystore__V1__UserInfo info;
};

static void example_fill(struct example *example)
{
	*example = (struct example){
		.name = "eva",
		.first = "operator",
		.odd = "red\033[31m",
		.roles = {example->first, example->odd},
		.rights = {KEYSTORE__V1__RIGHT__RIGHT_VIEW, KEYSTORE__V1__RIGHT__RIGHT_READ_AUDIT,
			   (Keystore__V1__Right)0, (Keystore__V1__Right)99,
			   (Keystore__V1__Right)-1},
		.info = KEYSTORE__V1__USER_INFO__INIT,
	};
	example->info.id = 7;
	example->info.name = example->name;
	example->info.roles = example->roles;
	example->info.n_roles = 2;
	example->info.rights = example->rights;
	example->info.n_rights = 5;
	example->info.must_change = 1;
	example->info.created = 1700000000;
	example->info.created_by = 1000;
	example->info.password_set = 1700000001;
	example->info.last_login = 1700000002;
}

static void expect_example(const struct ks_user *user)
{
	cr_assert_eq(user->id, 7);
	cr_assert_str_eq(user->name, "eva");
	cr_assert_eq(user->role_count, 2);
	cr_assert_str_eq(user->roles[0], "operator");
	cr_assert_str_eq(user->roles[1], "red?[31m");
	cr_assert_eq(user->rights, KS_RIGHT_VIEW | KS_RIGHT_READ_AUDIT);
	cr_assert(user->must_change);
	cr_assert(!user->disabled);
	cr_assert_eq(user->created, 1700000000);
	cr_assert_eq(user->created_by, 1000);
	cr_assert_eq(user->password_set, 1700000001);
	cr_assert_eq(user->last_login, 1700000002);
}

Test(result_user, carries_a_user_with_the_rights_that_are_known)
{
	Keystore__V1__UserReply body = KEYSTORE__V1__USER_REPLY__INIT;
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	struct ks_result *result;
	struct example example;

	example_fill(&example);
	body.user = &example.info;
	reply.body_case = KEYSTORE__V1__REPLY__BODY_USER;
	reply.user = &body;
	result = read_back(&reply);
	cr_assert_not_null(result);
	cr_assert_eq(result->user_count, 1);
	expect_example(&result->users[0]);
	ks_result_free(result);
}

Test(result_user, without_a_user_is_no_user)
{
	Keystore__V1__UserReply user = KEYSTORE__V1__USER_REPLY__INIT;
	Keystore__V1__RoleReply role = KEYSTORE__V1__ROLE_REPLY__INIT;
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;

	reply.body_case = KEYSTORE__V1__REPLY__BODY_USER;
	reply.user = &user;
	cr_assert_null(read_back(&reply));
	reply.body_case = KEYSTORE__V1__REPLY__BODY_ROLE;
	reply.role = &role;
	cr_assert_null(read_back(&reply));
}

Test(result_user, carries_a_page_of_users)
{
	Keystore__V1__UserListReply body = KEYSTORE__V1__USER_LIST_REPLY__INIT;
	Keystore__V1__UserInfo bare = KEYSTORE__V1__USER_INFO__INIT;
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	struct ks_result *result;
	struct example example;
	Keystore__V1__UserInfo *users[] = {&example.info, &bare};

	example_fill(&example);
	body.users = users;
	body.n_users = 2;
	body.more = 1;
	reply.body_case = KEYSTORE__V1__REPLY__BODY_USER_LIST;
	reply.user_list = &body;
	result = read_back(&reply);
	cr_assert_not_null(result);
	cr_assert_eq(result->user_count, 2);
	cr_assert(result->more);
	expect_example(&result->users[0]);
	cr_assert_str_eq(result->users[1].name, "");
	cr_assert_eq(result->users[1].role_count, 0);
	cr_assert_eq(result->users[1].rights, 0);
	ks_result_free(result);
}

/* Whoever asks for the page after it would ask for ever. */
Test(result_user, page_without_users_is_the_last_one)
{
	Keystore__V1__UserListReply body = KEYSTORE__V1__USER_LIST_REPLY__INIT;
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	struct ks_result *result;

	body.more = 1;
	reply.body_case = KEYSTORE__V1__REPLY__BODY_USER_LIST;
	reply.user_list = &body;
	result = read_back(&reply);
	cr_assert_not_null(result);
	cr_assert_eq(result->user_count, 0);
	cr_assert(!result->more);
	ks_result_free(result);
}

Test(result_user, carries_roles)
{
	char name[] = "shift\n";
	Keystore__V1__Right rights[] = {KEYSTORE__V1__RIGHT__RIGHT_OPCUA_ACCESS};
	Keystore__V1__RoleInfo info = KEYSTORE__V1__ROLE_INFO__INIT;
	Keystore__V1__RoleInfo *roles[] = {&info, &info};
	Keystore__V1__RoleListReply body = KEYSTORE__V1__ROLE_LIST_REPLY__INIT;
	Keystore__V1__RoleReply one = KEYSTORE__V1__ROLE_REPLY__INIT;
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	struct ks_result *result;

	info.name = name;
	info.rights = rights;
	info.n_rights = 1;
	info.predefined = 1;
	info.users = 3;
	body.roles = roles;
	body.n_roles = 2;
	reply.body_case = KEYSTORE__V1__REPLY__BODY_ROLE_LIST;
	reply.role_list = &body;
	result = read_back(&reply);
	cr_assert_not_null(result);
	cr_assert_eq(result->role_count, 2);
	cr_assert_str_eq(result->roles[1].name, "shift?");
	cr_assert_eq(result->roles[1].rights, KS_RIGHT_OPCUA_ACCESS);
	cr_assert(result->roles[1].predefined);
	cr_assert_eq(result->roles[1].users, 3);
	ks_result_free(result);

	one.role = &info;
	reply.body_case = KEYSTORE__V1__REPLY__BODY_ROLE;
	reply.role = &one;
	result = read_back(&reply);
	cr_assert_not_null(result);
	cr_assert_eq(result->role_count, 1);
	ks_result_free(result);
}

static struct ks_result *read_login(size_t token_len, Keystore__V1__UserInfo *user)
{
	static uint8_t token[] = {1, 2, 3, 4};
	Keystore__V1__LoginReply body = KEYSTORE__V1__LOGIN_REPLY__INIT;
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;

	body.token.data = token;
	body.token.len = token_len;
	body.user = user;
	body.idle_seconds = 1800;
	body.life_seconds = 43200;
	reply.body_case = KEYSTORE__V1__REPLY__BODY_LOGIN;
	reply.login = &body;
	return read_back(&reply);
}

Test(result_user, carries_a_login_with_its_token_and_user)
{
	static const uint8_t token[] = {1, 2, 3, 4};
	struct ks_result *result;
	struct example example;

	example_fill(&example);
	result = read_login(4, &example.info);
	cr_assert_not_null(result);
	cr_assert_eq(result->login->token_len, 4);
	cr_assert_arr_eq(result->login->token, token, sizeof(token));
	cr_assert_eq(result->login->idle_seconds, 1800);
	cr_assert_eq(result->login->life_seconds, 43200);
	cr_assert_eq(result->user_count, 1);
	expect_example(&result->users[0]);
	ks_result_free(result);
}

Test(result_user, without_token_or_user_is_no_login)
{
	struct example example;

	example_fill(&example);
	cr_assert_null(read_login(0, &example.info));
	cr_assert_null(read_login(4, NULL));
}

Test(result_user, carries_who_one_is)
{
	struct example example;
	Keystore__V1__WhoamiReply body = KEYSTORE__V1__WHOAMI_REPLY__INIT;
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	struct ks_result *result;

	example_fill(&example);
	reply.body_case = KEYSTORE__V1__REPLY__BODY_WHOAMI;
	reply.whoami = &body;
	result = read_back(&reply);
	cr_assert_not_null(result);
	cr_assert_str_eq(result->whoami->user, "");
	cr_assert_eq(result->whoami->role_count, 0);
	cr_assert(!result->whoami->has_users);
	ks_result_free(result);

	body.uid = 1000;
	body.user = example.odd;
	body.roles = example.roles;
	body.n_roles = 1;
	body.rights = example.rights;
	body.n_rights = 5;
	body.has_users = 1;
	body.idle_left_seconds = 30;
	body.life_left_seconds = 40;
	body.idle_seconds = 50;
	result = read_back(&reply);
	cr_assert_not_null(result);
	cr_assert_eq(result->whoami->uid, 1000);
	cr_assert_str_eq(result->whoami->user, "red?[31m");
	cr_assert_str_eq(result->whoami->roles[0], "operator");
	cr_assert_eq(result->whoami->rights, KS_RIGHT_VIEW | KS_RIGHT_READ_AUDIT);
	cr_assert(result->whoami->has_users);
	cr_assert_eq(result->whoami->idle_left_seconds, 30);
	cr_assert_eq(result->whoami->life_left_seconds, 40);
	cr_assert_eq(result->whoami->idle_seconds, 50);
	ks_result_free(result);
}

Test(result_user, carries_logins_and_the_mode)
{
	char user[] = "eva\x7f";
	Keystore__V1__SessionInfo info = KEYSTORE__V1__SESSION_INFO__INIT;
	Keystore__V1__SessionInfo *sessions[] = {&info};
	Keystore__V1__SessionListReply body = KEYSTORE__V1__SESSION_LIST_REPLY__INIT;
	Keystore__V1__ModeReply mode = KEYSTORE__V1__MODE_REPLY__INIT;
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	struct ks_result *result;

	info.id = 9;
	info.user = user;
	info.uid = 1000;
	info.since = 1700000000;
	info.idle_seconds = 60;
	body.sessions = sessions;
	body.n_sessions = 1;
	reply.body_case = KEYSTORE__V1__REPLY__BODY_SESSION_LIST;
	reply.session_list = &body;
	result = read_back(&reply);
	cr_assert_not_null(result);
	cr_assert_eq(result->session_count, 1);
	cr_assert_eq(result->sessions[0].id, 9);
	cr_assert_str_eq(result->sessions[0].user, "eva?");
	cr_assert_eq(result->sessions[0].uid, 1000);
	cr_assert_eq(result->sessions[0].since, 1700000000);
	cr_assert_eq(result->sessions[0].idle_seconds, 60);
	ks_result_free(result);

	mode.mode = KEYSTORE__V1__MODE__MODE_PROJECT;
	reply.body_case = KEYSTORE__V1__REPLY__BODY_MODE;
	reply.mode = &mode;
	result = read_back(&reply);
	cr_assert_not_null(result);
	cr_assert_eq(result->mode, KS_MODE_PROJECT);
	ks_result_free(result);
}
