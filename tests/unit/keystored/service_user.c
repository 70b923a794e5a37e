#include "service_user.h"

#include "user_bench.h"

TestSuite(service_user, .init = up, .fini = down, .timeout = 120);

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
