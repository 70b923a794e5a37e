#include "service_user.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "../../support/fake_users.h"

enum { FRONT_END = 700, OTHER = 800 };

static struct client root;
static struct client front_end;
static struct client other;
static uint64_t clock_now;

static uint64_t test_clock(void)
{
	return clock_now;
}

static void up(void)
{
	bench_up();
	clock_now = 1000000;
	bench.service.now = test_clock;
	bench.service.policy.is_local = false;
	root = client_new(0, 0);
	front_end = client_new(FRONT_END, FRONT_END);
	other = client_new(OTHER, OTHER);
}

static void down(void)
{
	client_close(&root);
	client_close(&front_end);
	client_close(&other);
	bench_down();
}

TestSuite(service_user, .init = up, .fini = down, .timeout = 120);

/* The administrator, whom root makes. */
static struct login administrator(void)
{
	cr_assert_eq(fake_user_create(&root, NULL, "admin", "administrator", FAKE_PASSWORD),
		     STATUS_OK);
	struct login login = fake_login(&root, "admin", FAKE_PASSWORD);

	cr_assert_eq(login.status, STATUS_OK, "%s", login.message);
	return login;
}

static int whoami(struct client *client, const struct login *login, char *user, size_t size,
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

static bool is_valid(struct client *client, const struct login *login)
{
	char user[80];
	unsigned rights;

	return whoami(client, login, user, sizeof user, &rights) == STATUS_OK;
}

static int set(struct client *client, const struct login *by, Keystore__V1__UserSetRequest *set,
	       const char *name)
{
	ks_pb_request request = REQUEST(USER_SET, user_set, set);

	set->name = (char *)(uintptr_t)name;
	fake_token(&request, by);
	return client_try(client, &request);
}

static int disable(struct client *client, const struct login *by, const char *name, bool disabled)
{
	Keystore__V1__UserSetRequest body = KEYSTORE__V1__USER_SET_REQUEST__INIT;

	body.set_disabled = true;
	body.disabled = disabled;
	return set(client, by, &body, name);
}

static int set_role(struct client *client, const struct login *by, const char *name,
		    const char *role)
{
	Keystore__V1__UserSetRequest body = KEYSTORE__V1__USER_SET_REQUEST__INIT;
	char *roles[] = {(char *)(uintptr_t)role};

	body.set_roles = true;
	body.roles = roles;
	body.n_roles = 1;
	return set(client, by, &body, name);
}

static int set_password(struct client *client, const struct login *by, const char *name,
			const char *password, bool must_change)
{
	Keystore__V1__UserSetRequest body = KEYSTORE__V1__USER_SET_REQUEST__INIT;

	body.password = fake_bytes(password);
	body.must_change = must_change;
	return set(client, by, &body, name);
}

static int delete (struct client *client, const struct login *by, const char *name)
{
	Keystore__V1__UserDeleteRequest body = KEYSTORE__V1__USER_DELETE_REQUEST__INIT;
	ks_pb_request request = REQUEST(USER_DELETE, user_delete, &body);

	body.name = (char *)(uintptr_t)name;
	fake_token(&request, by);
	return client_try(client, &request);
}

static int change_password(struct client *client, const struct login *by, const char *name,
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

static int role_set(struct client *client, const struct login *by, const char *name,
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

static int role_delete(struct client *client, const struct login *by, const char *name)
{
	Keystore__V1__RoleDeleteRequest body = KEYSTORE__V1__ROLE_DELETE_REQUEST__INIT;
	ks_pb_request request = REQUEST(ROLE_DELETE, role_delete, &body);

	body.name = (char *)(uintptr_t)name;
	fake_token(&request, by);
	return client_try(client, &request);
}

static int recover(struct client *client, const char *name, const char *password)
{
	Keystore__V1__UserRecoverRequest body = KEYSTORE__V1__USER_RECOVER_REQUEST__INIT;
	ks_pb_request request = REQUEST(USER_RECOVER, user_recover, &body);

	body.name = (char *)(uintptr_t)name;
	body.password = fake_bytes(password);
	return client_try(client, &request);
}

static int verify(struct client *client, const char *name, const char *password,
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

Test(service_user, managing_takes_a_login_once_there_is_an_administrator)
{
	char user[80];
	unsigned rights;

	cr_assert_eq(client_create(&root, "before", KEYSTORE__V1__ALGORITHM__ALGORITHM_EC_P256),
		     STATUS_OK);
	struct login admin = administrator();

	cr_assert_eq(client_create(&root, "web", KEYSTORE__V1__ALGORITHM__ALGORITHM_EC_P256),
		     STATUS_DENIED);
	cr_assert_eq(whoami(&root, NULL, user, sizeof user, &rights), STATUS_OK);
	cr_assert_str_eq(user, "");
	cr_assert_eq(rights, RIGHT_BIT(RIGHT_VIEW));
	cr_assert_eq(whoami(&root, &admin, user, sizeof user, &rights), STATUS_OK);
	cr_assert_str_eq(user, "admin");
	cr_assert_eq(rights, RIGHT_GIVEN);
	/* And so it stays after a restart, which ends the logins. */
	client_close(&root);
	bench_stop();
	bench_start();
	root = client_new(0, 0);
	cr_assert_eq(client_create(&root, "web", KEYSTORE__V1__ALGORITHM__ALGORITHM_EC_P256),
		     STATUS_DENIED);
	cr_assert_not(is_valid(&root, &admin));
}

Test(service_user, the_first_user_is_an_administrator_made_by_root)
{
	cr_assert_eq(fake_user_create(&other, NULL, "me", "administrator", FAKE_PASSWORD),
		     STATUS_DENIED);
	cr_assert_eq(fake_user_create(&root, NULL, "op", "operator", FAKE_PASSWORD),
		     STATUS_CONFLICT);
	cr_assert_eq(fake_user_create(&root, NULL, "op", NULL, FAKE_PASSWORD), STATUS_CONFLICT);
	administrator();
	cr_assert_eq(fake_user_create(&root, NULL, "me", "administrator", FAKE_PASSWORD),
		     STATUS_DENIED);
}

Test(service_user, a_token_is_only_its_uids)
{
	struct login admin = administrator();

	cr_assert(is_valid(&root, &admin));
	cr_assert_not(is_valid(&other, &admin));
	cr_assert_eq(fake_logout(&other, &admin), STATUS_DENIED);
	cr_assert_eq(fake_logout(&root, &admin), STATUS_OK);
	cr_assert_not(is_valid(&root, &admin));
	cr_assert_eq(fake_logout(&root, NULL), STATUS_INVALID);
}

Test(service_user, a_login_is_over_when_it_is_not_used)
{
	struct login admin = administrator();

	clock_now += bench.config.idle_timeout_ms * UINT64_C(1000) - 1;
	cr_assert(is_valid(&root, &admin));
	clock_now += bench.config.idle_timeout_ms * UINT64_C(1000);
	/* Not even for what root may without one. */
	cr_assert_not(is_valid(&root, &admin));
}

Test(service_user, an_unknown_user_and_a_wrong_password_sound_alike)
{
	administrator();
	struct login unknown = fake_login(&other, "nobody", FAKE_PASSWORD);
	struct login wrong = fake_login(&other, "admin", "battery staple");

	cr_assert_eq(unknown.status, STATUS_DENIED);
	cr_assert_eq(wrong.status, STATUS_DENIED);
	cr_assert_str_eq(unknown.message, wrong.message);
}

Test(service_user, wrong_passwords_slow_down_their_own_uid_alone)
{
	administrator();
	int status = STATUS_DENIED;

	for (int i = 0; i < 50 && status == STATUS_DENIED; i++)
		status = fake_login(&other, "admin", "battery staple").status;
	cr_assert_eq(status, STATUS_BUSY);
	/* Not even with the right one, until the wait is over. */
	cr_assert_eq(fake_login(&other, "admin", FAKE_PASSWORD).status, STATUS_BUSY);
	cr_assert_eq(fake_login(&root, "admin", FAKE_PASSWORD).status, STATUS_OK);
	clock_now += 60000000;
	cr_assert_eq(fake_login(&other, "admin", FAKE_PASSWORD).status, STATUS_OK);
}

Test(service_user, behind_a_front_end_wrong_passwords_slow_down_their_own_origin_alone)
{
	administrator();
	int status = STATUS_DENIED;

	for (int i = 0; i < 50 && status == STATUS_DENIED; i++)
		status = fake_login_from(&front_end, "admin", "battery", "192.0.2.1").status;
	cr_assert_eq(status, STATUS_BUSY);
	cr_assert_eq(fake_login_from(&front_end, "admin", FAKE_PASSWORD, "192.0.2.2").status,
		     STATUS_OK);
}

Test(service_user, a_disabled_user_is_out_at_once)
{
	struct login admin = administrator();
	unsigned rights;

	cr_assert_eq(fake_user_create(&root, &admin, "op", "operator", FAKE_PASSWORD), STATUS_OK);
	struct login op = fake_login(&front_end, "op", FAKE_PASSWORD);

	cr_assert(is_valid(&front_end, &op));
	cr_assert_eq(disable(&root, &admin, "op", true), STATUS_OK);
	cr_assert_not(is_valid(&front_end, &op));
	cr_assert_eq(fake_login(&front_end, "op", FAKE_PASSWORD).status, STATUS_DENIED);
	cr_assert_eq(verify(&front_end, "op", FAKE_PASSWORD, &rights), STATUS_DENIED);
	cr_assert_eq(disable(&root, &admin, "op", false), STATUS_OK);
	cr_assert_not(is_valid(&front_end, &op));
	cr_assert_eq(fake_login(&front_end, "op", FAKE_PASSWORD).status, STATUS_OK);
}

Test(service_user, a_role_taken_or_given_counts_at_once)
{
	struct login admin = administrator();
	char user[80];
	unsigned rights;

	cr_assert_eq(fake_user_create(&root, &admin, "op", "operator", FAKE_PASSWORD), STATUS_OK);
	struct login op = fake_login(&front_end, "op", FAKE_PASSWORD);

	cr_assert_eq(set_role(&root, &admin, "op", "auditor"), STATUS_OK);
	cr_assert_eq(whoami(&front_end, &op, user, sizeof user, &rights), STATUS_OK);
	cr_assert(rights & RIGHT_BIT(RIGHT_READ_AUDIT));
	cr_assert_eq(role_set(&root, &admin, "own", RIGHT_BIT(RIGHT_VIEW)), STATUS_OK);
	cr_assert_eq(set_role(&root, &admin, "op", "own"), STATUS_OK);
	cr_assert_eq(role_set(&root, &admin, "own", RIGHT_BIT(RIGHT_USER_PAGES)), STATUS_OK);
	cr_assert_eq(whoami(&front_end, &op, user, sizeof user, &rights), STATUS_OK);
	cr_assert_eq(rights, RIGHT_BIT(RIGHT_USER_PAGES));
	cr_assert_eq(set_role(&root, &admin, "op", "king"), STATUS_NOT_FOUND);
}

Test(service_user, somebody_is_always_left_who_manages_users)
{
	struct login admin = administrator();

	cr_assert_eq(delete (&root, &admin, "admin"), STATUS_CONFLICT);
	cr_assert_eq(disable(&root, &admin, "admin", true), STATUS_CONFLICT);
	cr_assert_eq(set_role(&root, &admin, "admin", "operator"), STATUS_CONFLICT);
	cr_assert_eq(fake_user_create(&root, &admin, "two", "administrator", FAKE_PASSWORD),
		     STATUS_OK);
	cr_assert_eq(delete (&root, &admin, "admin"), STATUS_OK);
	cr_assert_not(is_valid(&root, &admin));
}

Test(service_user, nobody_gives_or_takes_rights_that_he_lacks)
{
	struct login admin = administrator();

	cr_assert_eq(role_set(&root, &admin, "clerk",
			      RIGHT_BIT(RIGHT_MANAGE_USERS) | RIGHT_BIT(RIGHT_OPCUA_ACCESS)),
		     STATUS_OK);
	cr_assert_eq(fake_user_create(&root, &admin, "clerk", "clerk", FAKE_PASSWORD), STATUS_OK);
	cr_assert_eq(fake_user_create(&root, &admin, "opc", "opcua-user", FAKE_PASSWORD),
		     STATUS_OK);
	struct login clerk = fake_login(&other, "clerk", FAKE_PASSWORD);

	cr_assert_eq(fake_user_create(&other, &clerk, "a", "opcua-user", FAKE_PASSWORD), STATUS_OK);
	cr_assert_eq(fake_user_create(&other, &clerk, "b", "administrator", FAKE_PASSWORD),
		     STATUS_DENIED);
	cr_assert_eq(set_role(&other, &clerk, "clerk", "administrator"), STATUS_DENIED);
	cr_assert_eq(set_password(&other, &clerk, "admin", "my new password", false),
		     STATUS_DENIED);
	cr_assert_eq(delete (&other, &clerk, "admin"), STATUS_DENIED);
	cr_assert_eq(role_set(&other, &clerk, "clerk", RIGHT_GIVEN), STATUS_DENIED);
	cr_assert_eq(set_password(&other, &clerk, "opc", "my new password", false), STATUS_OK);
}

Test(service_user, predefined_roles_stay_and_others_while_they_are_used)
{
	struct login admin = administrator();

	cr_assert_eq(role_set(&root, &admin, "operator", RIGHT_GIVEN), STATUS_CONFLICT);
	cr_assert_eq(role_delete(&root, &admin, "auditor"), STATUS_CONFLICT);
	cr_assert_eq(role_set(&root, &admin, "own", RIGHT_BIT(RIGHT_VIEW)), STATUS_OK);
	cr_assert_eq(fake_user_create(&root, &admin, "x", "own", FAKE_PASSWORD), STATUS_OK);
	cr_assert_eq(role_delete(&root, &admin, "own"), STATUS_CONFLICT);
	cr_assert_eq(delete (&root, &admin, "x"), STATUS_OK);
	cr_assert_eq(role_delete(&root, &admin, "own"), STATUS_OK);
	cr_assert_eq(role_delete(&root, &admin, "own"), STATUS_NOT_FOUND);
}

Test(service_user, a_new_password_ends_the_other_logins)
{
	struct login admin = administrator();
	struct login elsewhere = fake_login(&front_end, "admin", FAKE_PASSWORD);

	cr_assert_eq(change_password(&root, &admin, "admin", "wrong one", "another password"),
		     STATUS_DENIED);
	cr_assert_eq(change_password(&root, &admin, "admin", FAKE_PASSWORD, "short"),
		     STATUS_INVALID);
	cr_assert_eq(change_password(&root, &admin, "admin", FAKE_PASSWORD, FAKE_PASSWORD),
		     STATUS_INVALID);
	cr_assert(is_valid(&front_end, &elsewhere));
	cr_assert_eq(change_password(&root, &admin, "admin", FAKE_PASSWORD, "another password"),
		     STATUS_OK);
	cr_assert(is_valid(&root, &admin));
	cr_assert_not(is_valid(&front_end, &elsewhere));
	cr_assert_eq(fake_login(&root, "admin", FAKE_PASSWORD).status, STATUS_DENIED);
	cr_assert_eq(fake_login(&root, "admin", "another password").status, STATUS_OK);
}

Test(service_user, a_password_set_by_others_may_have_to_be_changed_first)
{
	struct login admin = administrator();
	unsigned rights;

	cr_assert_eq(fake_user_create(&root, &admin, "op", "operator", FAKE_PASSWORD), STATUS_OK);
	cr_assert_eq(set_password(&root, &admin, "op", "for now only", true), STATUS_OK);
	cr_assert_eq(fake_login(&other, "op", "for now only").status, STATUS_CONFLICT);
	cr_assert_eq(verify(&other, "op", "for now only", &rights), STATUS_CONFLICT);
	cr_assert_eq(fake_login(&other, "op", "something").status, STATUS_DENIED);
	cr_assert_eq(change_password(&other, NULL, "op", "for now only", "my own words"),
		     STATUS_OK);
	cr_assert_eq(fake_login(&other, "op", "my own words").status, STATUS_OK);
}

Test(service_user, verifying_brings_the_rights_and_no_login)
{
	struct login admin = administrator();
	unsigned rights;

	cr_assert_eq(fake_user_create(&root, &admin, "opc", "opcua-user", FAKE_PASSWORD),
		     STATUS_OK);
	cr_assert_eq(verify(&front_end, "opc", FAKE_PASSWORD, &rights), STATUS_OK);
	cr_assert_eq(rights, RIGHT_BIT(RIGHT_OPCUA_ACCESS));
	cr_assert_eq(verify(&front_end, "opc", "battery staple", &rights), STATUS_DENIED);
	cr_assert_eq(rights, 0u);
}

Test(service_user, root_helps_an_administrator_who_lost_the_password)
{
	struct login admin = administrator();

	cr_assert_eq(fake_user_create(&root, &admin, "op", "operator", FAKE_PASSWORD), STATUS_OK);
	cr_assert_eq(recover(&other, "admin", "another password"), STATUS_DENIED);
	cr_assert_eq(recover(&root, "op", "another password"), STATUS_CONFLICT);
	/* No way to make a second one past the first. */
	cr_assert_eq(recover(&root, "second", "another password"), STATUS_CONFLICT);
	cr_assert_eq(recover(&root, "admin", "another password"), STATUS_OK);
	cr_assert_not(is_valid(&root, &admin));
	cr_assert_eq(fake_login(&root, "admin", "another password").status, STATUS_OK);
}

Test(service_user, root_makes_an_administrator_where_none_can_log_in)
{
	administrator();
	struct store_user user;

	cr_assert_eq(store_user_get(bench.service.store, "admin", 0, &user), STATUS_OK);
	user.is_disabled = true;
	cr_assert_eq(store_user_set(bench.service.store, &user), STORE_OK);
	cr_assert_eq(recover(&root, "second", "another password"), STATUS_OK);
	cr_assert_eq(fake_login(&root, "second", "another password").status, STATUS_OK);
}

Test(service_user, there_are_so_many_users_and_no_more)
{
	bench.config.users = 2;
	struct login admin = administrator();

	cr_assert_eq(fake_user_create(&root, &admin, "a", NULL, FAKE_PASSWORD), STATUS_OK);
	cr_assert_eq(fake_user_create(&root, &admin, "a", NULL, FAKE_PASSWORD), STATUS_LIMIT);
	bench.config.users = 3;
	cr_assert_eq(fake_user_create(&root, &admin, "a", NULL, FAKE_PASSWORD), STATUS_EXISTS);
	bench.config.roles = 7;
	cr_assert_eq(role_set(&root, &admin, "own", 0), STATUS_OK);
	cr_assert_eq(role_set(&root, &admin, "own", RIGHT_BIT(RIGHT_VIEW)), STATUS_OK);
	cr_assert_eq(role_set(&root, &admin, "more", 0), STATUS_LIMIT);
}

static struct {
	unsigned denied; /* records of refused logins */
	unsigned counted;
	char last_user[80];
	char last[160];
} trail;

static bool take_entry(uint64_t seq, const struct store_audit *entry, void *user)
{
	(void)seq;
	(void)user;
	if (strcmp(entry->operation, "login") == 0 && strcmp(entry->status, "denied") == 0) {
		trail.denied++;
		trail.counted += entry->count;
	}
	snprintf(trail.last_user, sizeof trail.last_user, "%s", entry->user);
	snprintf(trail.last, sizeof trail.last, "%s %s %s", entry->operation, entry->object,
		 entry->status);
	return true;
}

static void read_trail(void)
{
	memset(&trail, 0, sizeof trail);
	audit_flush(bench.service.audit);
	cr_assert_eq(store_audit_list(bench.service.store, 0, take_entry, NULL), STORE_OK);
}

Test(service_user, the_trail_says_who_was_logged_in)
{
	struct login admin = administrator();

	cr_assert_eq(fake_user_create(&root, &admin, "op", "operator", FAKE_PASSWORD), STATUS_OK);
	read_trail();
	cr_assert_str_eq(trail.last, "user create op ok");
	cr_assert_str_eq(trail.last_user, "admin");
}

Test(service_user, the_trail_bundles_wrong_passwords)
{
	administrator();
	/* In turns, within the moment that the audit waits. */
	for (int i = 0; i < 3; i++) {
		Keystore__V1__LoginRequest body = KEYSTORE__V1__LOGIN_REQUEST__INIT;
		ks_pb_request request = REQUEST(LOGIN, login, &body);

		body.password = fake_bytes("battery staple");
		body.user = (char *)(uintptr_t) "admin";
		client_send(&other, &request);
		request.id = 0;
		body.user = (char *)(uintptr_t) "nobody";
		client_send(&other, &request);
	}
	for (int i = 0; i < 6; i++)
		cr_assert_eq(client_status(&other), STATUS_DENIED);
	read_trail();
	cr_assert_eq(trail.counted, 6u);
	cr_assert_lt(trail.denied, 6u);
}

Test(service_user, a_login_that_nobody_waits_for_leaves_nothing)
{
	administrator();
	Keystore__V1__LoginRequest body = KEYSTORE__V1__LOGIN_REQUEST__INIT;
	ks_pb_request request = REQUEST(LOGIN, login, &body);
	struct client gone = client_new(OTHER, OTHER);

	body.user = (char *)(uintptr_t) "admin";
	body.password = fake_bytes(FAKE_PASSWORD);
	client_send(&gone, &request);
	bench_settle();
	client_close(&gone);
	bench_settle();
	/* The next one's turn comes all the same. */
	cr_assert_eq(fake_login(&other, "admin", FAKE_PASSWORD).status, STATUS_OK);
}

static int user_list(struct client *client, const struct login *by, const char *after,
		     uint32_t limit, size_t *ret_count, bool *ret_more)
{
	Keystore__V1__UserListRequest body = KEYSTORE__V1__USER_LIST_REQUEST__INIT;
	ks_pb_request request = REQUEST(USER_LIST, user_list, &body);

	body.after = (char *)(uintptr_t)after;
	body.limit = limit;
	fake_token(&request, by);
	ks_pb_reply *reply = client_ask(client, &request);
	int status = (int)reply->status;

	if (status == STATUS_OK) {
		*ret_count = reply->user_list->n_users;
		*ret_more = reply->user_list->more;
	}
	codec_reply_free(reply);
	return status;
}

Test(service_user, lists_users_page_by_page)
{
	struct login admin = administrator();
	size_t count = 0;
	bool more = false;

	cr_assert_eq(fake_user_create(&root, &admin, "op", "operator", FAKE_PASSWORD), STATUS_OK);
	cr_assert_eq(user_list(&root, &admin, "", 1, &count, &more), STATUS_OK);
	cr_assert(count == 1 && more);
	cr_assert_eq(user_list(&root, &admin, "admin", 1, &count, &more), STATUS_OK);
	cr_assert(count == 1 && !more);
	cr_assert_eq(user_list(&root, NULL, "", 0, &count, &more), STATUS_DENIED);
}

Test(service_user, takes_no_names_or_origins_out_of_shape)
{
	char longer[80];

	memset(longer, 'a', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	administrator();
	cr_assert_eq(fake_login(&other, longer, FAKE_PASSWORD).status, STATUS_INVALID);
	cr_assert_eq(fake_login(&other, "", FAKE_PASSWORD).status, STATUS_INVALID);
	cr_assert_eq(fake_login(&other, "admin", "").status, STATUS_INVALID);
	cr_assert_eq(fake_login_from(&other, "admin", FAKE_PASSWORD, longer).status,
		     STATUS_INVALID);
	cr_assert_eq(fake_login_from(&other, "admin", FAKE_PASSWORD, "a\nb").status,
		     STATUS_INVALID);
}
