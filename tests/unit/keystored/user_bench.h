/*
 * What tests of users and logins ask of the service, with root, a front-end and another user as
 * its clients. Hides the messages. For one test at a time.
 */
#ifndef USER_BENCH_H
#define USER_BENCH_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "../../support/fake_users.h"

enum { FRONT_END = 700, OTHER = 800 };

static struct client root;
static struct client front_end;
static struct client other;
static uint64_t clock_now;

static inline uint64_t test_clock(void)
{
	return clock_now;
}

static inline void up(void)
{
	bench_up();
	clock_now = 1000000;
	bench.service.now = test_clock;
	bench.service.policy.is_local = false;
	root = client_new(0, 0);
	front_end = client_new(FRONT_END, FRONT_END);
	other = client_new(OTHER, OTHER);
}

static inline void down(void)
{
	client_close(&root);
	client_close(&front_end);
	client_close(&other);
	bench_down();
}

/* The administrator, whom root makes. */
static inline struct login administrator(void)
{
	cr_assert_eq(fake_user_create(&root, NULL, "admin", "administrator", FAKE_PASSWORD),
		     STATUS_OK);
	struct login login = fake_login(&root, "admin", FAKE_PASSWORD);

	cr_assert_eq(login.status, STATUS_OK, "%s", login.message);
	return login;
}

static inline int whoami(struct client *client, const struct login *login, char *user, size_t size,
			 unsigned *ret_rights)
{
	Keystore__V1__WhoamiRequest body = KEYSTORE__V1__WHOAMI_REQUEST__INIT;
	ks_pb_request request = REQUEST(WHOAMI, whoami, &body);

	fake_token(&request, login);
	ks_pb_reply *reply = client_ask(client, &request);
	int status = (int)reply->status;

	*ret_rights = 0;
	if (status == STATUS_OK) {
		snprintf(user, size, "%s", reply->whoami->user);
		for (size_t i = 0; i < reply->whoami->n_rights; i++)
			*ret_rights |= RIGHT_BIT(reply->whoami->rights[i]);
	}
	codec_reply_free(reply);
	return status;
}

static inline bool is_valid(struct client *client, const struct login *login)
{
	char user[80];
	unsigned rights;

	return whoami(client, login, user, sizeof user, &rights) == STATUS_OK;
}

static inline int set(struct client *client, const struct login *by,
		      Keystore__V1__UserSetRequest *set, const char *name)
{
	ks_pb_request request = REQUEST(USER_SET, user_set, set);

	set->name = (char *)(uintptr_t)name;
	fake_token(&request, by);
	return client_try(client, &request);
}

static inline int disable(struct client *client, const struct login *by, const char *name,
			  bool disabled)
{
	Keystore__V1__UserSetRequest body = KEYSTORE__V1__USER_SET_REQUEST__INIT;

	body.set_disabled = true;
	body.disabled = disabled;
	return set(client, by, &body, name);
}

static inline int set_role(struct client *client, const struct login *by, const char *name,
			   const char *role)
{
	Keystore__V1__UserSetRequest body = KEYSTORE__V1__USER_SET_REQUEST__INIT;
	char *roles[] = {(char *)(uintptr_t)role};

	body.set_roles = true;
	body.roles = roles;
	body.n_roles = 1;
	return set(client, by, &body, name);
}

static inline int set_password(struct client *client, const struct login *by, const char *name,
			       const char *password, bool must_change)
{
	Keystore__V1__UserSetRequest body = KEYSTORE__V1__USER_SET_REQUEST__INIT;

	body.password = fake_bytes(password);
	body.must_change = must_change;
	return set(client, by, &body, name);
}

static inline int delete (struct client *client, const struct login *by, const char *name)
{
	Keystore__V1__UserDeleteRequest body = KEYSTORE__V1__USER_DELETE_REQUEST__INIT;
	ks_pb_request request = REQUEST(USER_DELETE, user_delete, &body);

	body.name = (char *)(uintptr_t)name;
	fake_token(&request, by);
	return client_try(client, &request);
}

static inline int change_password(struct client *client, const struct login *by, const char *name,
				  const char *old, const char *new)
{
	Keystore__V1__PasswordChangeRequest body = KEYSTORE__V1__PASSWORD_CHANGE_REQUEST__INIT;
	ks_pb_request request = REQUEST(PASSWORD_CHANGE, password_change, &body);

	body.user = (char *)(uintptr_t)name;
	body.old_password = fake_bytes(old);
	body.new_password = fake_bytes(new);
	fake_token(&request, by);
	return client_try(client, &request);
}

static inline int role_set(struct client *client, const struct login *by, const char *name,
			   unsigned rights)
{
	Keystore__V1__RoleSetRequest body = KEYSTORE__V1__ROLE_SET_REQUEST__INIT;
	ks_pb_request request = REQUEST(ROLE_SET, role_set, &body);
	Keystore__V1__Right list[RIGHT_GIVEN_END];

	body.name = (char *)(uintptr_t)name;
	body.rights = list;
	for (unsigned right = 1; right < RIGHT_GIVEN_END; right++) {
		if (rights & RIGHT_BIT(right))
			list[body.n_rights++] = (Keystore__V1__Right)right;
	}
	fake_token(&request, by);
	return client_try(client, &request);
}

static inline int role_delete(struct client *client, const struct login *by, const char *name)
{
	Keystore__V1__RoleDeleteRequest body = KEYSTORE__V1__ROLE_DELETE_REQUEST__INIT;
	ks_pb_request request = REQUEST(ROLE_DELETE, role_delete, &body);

	body.name = (char *)(uintptr_t)name;
	fake_token(&request, by);
	return client_try(client, &request);
}

static inline int recover(struct client *client, const char *name, const char *password)
{
	Keystore__V1__UserRecoverRequest body = KEYSTORE__V1__USER_RECOVER_REQUEST__INIT;
	ks_pb_request request = REQUEST(USER_RECOVER, user_recover, &body);

	body.name = (char *)(uintptr_t)name;
	body.password = fake_bytes(password);
	return client_try(client, &request);
}

static inline int verify(struct client *client, const char *name, const char *password,
			 unsigned *ret_rights)
{
	Keystore__V1__UserVerifyRequest body = KEYSTORE__V1__USER_VERIFY_REQUEST__INIT;
	ks_pb_request request = REQUEST(USER_VERIFY, user_verify, &body);

	body.user = (char *)(uintptr_t)name;
	body.password = fake_bytes(password);
	ks_pb_reply *reply = client_ask(client, &request);
	int status = (int)reply->status;

	*ret_rights = 0;
	for (size_t i = 0; status == STATUS_OK && i < reply->user->user->n_rights; i++)
		*ret_rights |= RIGHT_BIT(reply->user->user->rights[i]);
	codec_reply_free(reply);
	return status;
}

#endif
