/* Logins, passwords and what the audit trail has of them. */
#include "session.h"
#include "user_bench.h"

TestSuite(service_login, .init = up, .fini = down, .timeout = 120);

Test(service_login, a_token_is_only_its_uids)
{
	struct login admin = administrator();

	cr_assert(is_valid(&root, &admin));
	cr_assert_not(is_valid(&other, &admin));
	cr_assert_eq(fake_logout(&other, &admin), STATUS_DENIED);
	cr_assert_eq(fake_logout(&root, &admin), STATUS_OK);
	cr_assert_not(is_valid(&root, &admin));
	cr_assert_eq(fake_logout(&root, NULL), STATUS_INVALID);
}

Test(service_login, a_login_is_over_when_it_is_not_used)
{
	struct login admin = administrator();

	clock_now += bench.config.idle_timeout_ms * UINT64_C(1000) - 1;
	cr_assert(is_valid(&root, &admin));
	clock_now += bench.config.idle_timeout_ms * UINT64_C(1000);
	/* Not even for what root may without one. */
	cr_assert_not(is_valid(&root, &admin));
}

static struct session_left passive_whoami(const struct login *login)
{
	Keystore__V1__WhoamiRequest body = KEYSTORE__V1__WHOAMI_REQUEST__INIT;
	ks_pb_request request = REQUEST(WHOAMI, whoami, &body);
	struct session_left left = {0};

	request.passive = true;
	fake_token(&request, login);
	ks_pb_reply *reply = client_ask(&root, &request);

	if (reply->status == KEYSTORE__V1__STATUS__STATUS_OK)
		left = (struct session_left){reply->whoami->idle_left_seconds,
					     reply->whoami->life_left_seconds};
	codec_reply_free(reply);
	return left;
}

Test(service_login, a_login_is_not_used_by_passive_requests_which_say_how_long_it_has)
{
	struct login admin = administrator();
	uint32_t idle = bench.config.idle_timeout_ms / 1000;
	uint32_t life = bench.config.login_lifetime_ms / 1000;

	clock_now += 60000000;
	cr_assert_eq(passive_whoami(&admin).idle, idle - 60);
	cr_assert_eq(passive_whoami(&admin).life, life - 60);
	cr_assert(is_valid(&root, &admin));
	cr_assert_eq(passive_whoami(&admin).idle, idle);
	clock_now += (idle - 1) * UINT64_C(1000000);
	cr_assert_eq(passive_whoami(&admin).idle, 1);
	clock_now += 1000000;
	cr_assert_eq(passive_whoami(&admin).idle, 0);
	cr_assert_not(is_valid(&root, &admin));
}

Test(service_login, an_unknown_user_and_a_wrong_password_sound_alike)
{
	administrator();
	struct login unknown = fake_login(&other, "nobody", FAKE_PASSWORD);
	struct login wrong = fake_login(&other, "admin", "battery staple");

	cr_assert_eq(unknown.status, STATUS_DENIED);
	cr_assert_eq(wrong.status, STATUS_DENIED);
	cr_assert_str_eq(unknown.message, wrong.message);
}

Test(service_login, wrong_passwords_slow_down_their_own_uid_alone)
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

Test(service_login, behind_a_front_end_wrong_passwords_slow_down_their_own_origin_alone)
{
	administrator();
	int status = STATUS_DENIED;

	for (int i = 0; i < 50 && status == STATUS_DENIED; i++)
		status = fake_login_from(&front_end, "admin", "battery", "192.0.2.1").status;
	cr_assert_eq(status, STATUS_BUSY);
	cr_assert_eq(fake_login_from(&front_end, "admin", FAKE_PASSWORD, "192.0.2.2").status,
		     STATUS_OK);
}

Test(service_login, a_new_password_ends_the_other_logins)
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

Test(service_login, a_password_set_by_others_may_have_to_be_changed_first)
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

Test(service_login, verifying_brings_the_rights_and_no_login)
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

Test(service_login, the_trail_says_who_was_logged_in)
{
	struct login admin = administrator();

	cr_assert_eq(fake_user_create(&root, &admin, "op", "operator", FAKE_PASSWORD), STATUS_OK);
	read_trail();
	cr_assert_str_eq(trail.last, "user create op ok");
	cr_assert_str_eq(trail.last_user, "admin");
}

Test(service_login, the_trail_bundles_wrong_passwords)
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

Test(service_login, a_login_that_nobody_waits_for_leaves_nothing)
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
