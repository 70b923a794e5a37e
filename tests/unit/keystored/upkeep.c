#include "upkeep.h"

#include "upkeep_bench.h"

/* The next event of a certificate's end. */
static ks_pb_reply *next_expiry(struct client *client)
{
	ks_pb_reply *reply = client_receive(client);

	while (reply && (int)reply->event->body_case != KEYSTORE__V1__EVENT__BODY_EXPIRY) {
		codec_reply_free(reply);
		reply = client_receive(client);
	}
	cr_assert_not_null(reply);
	return reply;
}

TestSuite(upkeep, .init = set_up, .fini = tear_down);

Test(upkeep, renews_by_default_when_a_tenth_of_the_life_is_left)
{
	uint64_t id = create_with("web", "tls-client", 2, 100);
	struct store_cert before = get(id);
	struct store_cert after;

	pass(89 * DAY);
	cr_assert_eq(version_of(id), 1u);
	pass(2 * DAY);
	after = get(id);
	cr_assert_eq(after.version, 2u);
	cr_assert_eq(after.key_id, before.key_id);
	cr_assert_eq(after.facts.not_after - after.facts.not_before,
		     before.facts.not_after - before.facts.not_before);
	cr_assert_eq(audited("cert renew", "ok"), 1u);
	/* And not again. */
	pass(DAY);
	cr_assert_eq(version_of(id), 2u);
}

Test(upkeep, renews_self_signed_ones_too_and_no_cas)
{
	uint64_t id = create_with("own", "tls-client", 0, 100);
	uint64_t ca = create_with("cell", "ca", 0, 100);

	pass(95 * DAY);
	cr_assert_eq(version_of(id), 2u);
	cr_assert_eq(get(id).issuer_id, id);
	cr_assert_eq(version_of(ca), 1u);
	cr_assert_eq(set_policy(&root, ca, 2, 30, false), STATUS_OK);
	settle();
	cr_assert_eq(version_of(ca), 2u);
}

Test(upkeep, renews_as_the_policy_says)
{
	uint64_t id = create_with("web", "tls-client", 2, 100);

	cr_assert_eq(set_policy(&user, id, 1, 0, false), STATUS_DENIED);
	cr_assert_eq(set_policy(&root, id, 1, 0, false), STATUS_OK);
	pass(95 * DAY);
	cr_assert_eq(version_of(id), 1u);
	cr_assert_eq(set_policy(&root, id, 2, 4, false), STATUS_OK);
	settle();
	cr_assert_eq(version_of(id), 1u);
	cr_assert_eq(set_policy(&root, id, 3, 6, false), STATUS_OK);
	settle();
	cr_assert_eq(version_of(id), 2u);
	cr_assert_eq(set_policy(&root, id, 3, 67, false), STATUS_INVALID);
	cr_assert_eq(set_policy(&root, id, 2, 0, false), STATUS_INVALID);
	cr_assert_eq(set_policy(&root, id, 4, 1, false), STATUS_INVALID);
	cr_assert_eq(set_policy(&root, 99, 1, 0, false), STATUS_NOT_FOUND);
	cr_assert_eq(set_policy(&root, 2, 0, 0, true), STATUS_CONFLICT);
}

Test(upkeep, makes_a_new_key_with_the_grants_of_the_old_one)
{
	uint64_t id = create_with("web", "tls-client", 2, 100);
	const struct keyring_key *key;
	struct store_cert cert;

	cr_assert_eq(client_allow_uid(&root, "web", USER, POLICY_SIGN), STATUS_OK);
	cr_assert_eq(set_policy(&root, id, 0, 0, true), STATUS_OK);
	pass(95 * DAY);
	cert = get(id);
	cr_assert_eq(cert.version, 2u);
	cr_assert_str_eq(cert.key_name, "web.v2");
	cr_assert_eq(keyring_get(bench.service.keyring, "web.v2", 0, &key), STORE_OK);
	/* Who made the first one, and who was granted its use. */
	cr_assert_eq(key->grant_count, 2u);
	cr_assert_eq(client_sign(&user, "web.v2"), STATUS_OK);
	/* What signed with the old one goes on. */
	cr_assert_eq(client_sign(&user, "web"), STATUS_OK);
	pass(95 * DAY);
	cr_assert_str_eq(get(id).key_name, "web.v3");
}

Test(upkeep, renews_one_at_a_time_at_bulk_priority)
{
	uint64_t first = create_with("k1", "tls-client", 2, 100);
	uint64_t second = create_with("k2", "tls-client", 2, 100);

	fake.holds_jobs = true;
	pass(95 * DAY);
	/* The CRLs of the CAs are due too. */
	cr_assert_leq(fake.job_count, 3u);
	fake.holds_jobs = false;
	fake_wake();
	settle();
	cr_assert_eq(version_of(first), 2u);
	cr_assert_eq(version_of(second), 2u);
}

Test(upkeep, tries_again_what_failed_and_enters_that_once)
{
	uint64_t id = create_with("web", "tls-client", 2, 100);
	ks_pb_reply *event;

	subscribe(&root);
	fake.submit = TPM_UNAVAILABLE;
	pass(95 * DAY);
	cr_assert_eq(version_of(id), 1u);
	/* The warning that is due as well. */
	codec_reply_free(next_expiry(&root));
	event = next_expiry(&root);
	cr_assert_eq(event->event->expiry->id, id);
	cr_assert_not_null(strstr(event->event->expiry->note, "could not be renewed"));
	codec_reply_free(event);
	cr_assert_eq(audited("cert renew", "unavailable"), 1u);
	fake.submit = TPM_OK;
	/* In ten minutes, of the loop's clock and not of the fake one. */
	pass(DAY);
	cr_assert_eq(version_of(id), 1u);
	cr_assert_eq(audited("cert renew", NULL), 1u);
}

Test(upkeep, reports_once_what_would_end_no_later)
{
	uint64_t ca = create_with("cell", "ca", 0, 100);
	uint64_t id = create_with("web", "tls-client", ca, 0);

	subscribe(&user);
	cr_assert_eq(client_allow_uid(&root, "web", USER, POLICY_SIGN), STATUS_OK);
	pass(92 * DAY);
	cr_assert_eq(version_of(id), 1u);
	codec_reply_free(next_expiry(&user));
	/* The CA's warning, the leaf's with its report. */
	cr_assert_eq(audited("cert expiry", "ok"), 2u);
	pass(DAY / 2);
	cr_assert_eq(audited("cert expiry", "ok"), 2u);
	/* With the CA it goes on. */
	cr_assert_eq(set_policy(&root, ca, 2, 30, false), STATUS_OK);
	settle();
	cr_assert_eq(version_of(ca), 2u);
	cr_assert_eq(version_of(id), 2u);
}

Test(upkeep, warns_30_7_and_1_days_ahead_once_each_and_over_restarts)
{
	uint64_t id = create_with("web", "tls-client", 2, 100);
	static const struct {
		int days;
		unsigned warnings;
	} steps[] = {{69, 0}, {2, 1}, {10, 1}, {13, 2}, {2, 2}, {3, 3}, {5, 3}};
	struct store_renewal renewal;

	cr_assert_eq(set_policy(&root, id, 1, 0, false), STATUS_OK);
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		pass(steps[i].days * DAY);
		cr_assert_eq(audited("cert expiry", "ok"), steps[i].warnings, "%zu", i);
		if (i != 3)
			continue;
		client_close(&root);
		client_close(&user);
		bench_stop();
		bench_start();
		clock_set_look(bench.service.clock, fake_look, NULL);
		clock_confirm(bench.service.clock);
		settle();
	}
	cr_assert_eq(store_renewal_get(bench.service.store, id, &renewal), STORE_OK);
	cr_assert_eq(renewal.warned_version, 1u);
	cr_assert_eq(renewal.warned_days, 1u);
	cr_assert_eq(version_of(id), 1u);
}

Test(upkeep, does_nothing_on_a_clock_that_is_not_believed)
{
	uint64_t id = create_with("web", "tls-client", 2, 100);
	Keystore__V1__ClockConfirmRequest body = KEYSTORE__V1__CLOCK_CONFIRM_REQUEST__INIT;
	ks_pb_request request = REQUEST(CLOCK_CONFIRM, clock_confirm, &body);
	Keystore__V1__StatusRequest status_body = KEYSTORE__V1__STATUS_REQUEST__INIT;
	ks_pb_request status = REQUEST(STATUS, status, &status_body);
	Keystore__V1__CertRenewRequest renew_body = KEYSTORE__V1__CERT_RENEW_REQUEST__INIT;
	ks_pb_request renew = REQUEST(CERT_RENEW, cert_renew, &renew_body);
	ks_pb_reply *reply;

	clock_state(bench.service.clock);
	now.real += 95 * DAY;
	upkeep_check(bench.service.upkeep);
	settle();
	cr_assert_eq(version_of(id), 1u);
	cr_assert_eq(audited("cert expiry", NULL), 0u);
	reply = client_ask(&user, &status);
	cr_assert_eq((int)reply->service->clock, KEYSTORE__V1__CLOCK_STATE__CLOCK_STATE_AHEAD);
	cr_assert_eq(reply->service->certs_expiring, 0u);
	codec_reply_free(reply);
	renew_body.id = id;
	cr_assert_eq(client_try(&root, &renew), STATUS_CONFLICT);
	cr_assert_eq(client_try(&user, &request), STATUS_DENIED);
	cr_assert_eq(client_try(&root, &request), STATUS_OK);
	settle();
	cr_assert_eq(version_of(id), 2u);
	cr_assert_eq(audited("clock confirm", "ok"), 1u);
	now.real = 1;
	request.id = 0;
	cr_assert_eq(client_try(&root, &request), STATUS_CONFLICT);
}

Test(upkeep, counts_what_ends_soon_and_what_has_ended)
{
	Keystore__V1__StatusRequest body = KEYSTORE__V1__STATUS_REQUEST__INIT;
	ks_pb_request status = REQUEST(STATUS, status, &body);
	uint64_t id = create_with("web", "tls-client", 2, 100);
	ks_pb_reply *reply;

	cr_assert_eq(set_policy(&root, id, 1, 0, false), STATUS_OK);
	pass(80 * DAY);
	reply = client_ask(&user, &status);
	cr_assert_eq(reply->service->certs_expiring, 1u);
	cr_assert_eq(reply->service->certs_expired, 0u);
	codec_reply_free(reply);
	pass(30 * DAY);
	status.id = 0;
	reply = client_ask(&user, &status);
	cr_assert_eq(reply->service->certs_expiring, 0u);
	cr_assert_eq(reply->service->certs_expired, 1u);
	codec_reply_free(reply);
}

Test(upkeep, does_not_renew_what_is_revoked)
{
	uint64_t id = create_with("web", "tls-client", 2, 100);
	Keystore__V1__CertRevokeRequest body = KEYSTORE__V1__CERT_REVOKE_REQUEST__INIT;
	ks_pb_request request = REQUEST(CERT_REVOKE, cert_revoke, &body);

	body.id = id;
	cr_assert_eq(client_try(&root, &request), STATUS_OK);
	pass(95 * DAY);
	cr_assert_eq(version_of(id), 1u);
	cr_assert_eq(audited("cert expiry", NULL), 0u);
}

Test(upkeep, does_not_renew_what_is_revoked_while_the_tpm_signs)
{
	uint64_t id = create_with("web", "tls-client", 2, 100);
	struct client other = client_new(0, 0);
	Keystore__V1__CertRevokeRequest body = KEYSTORE__V1__CERT_REVOKE_REQUEST__INIT;
	ks_pb_request revoke_it = REQUEST(CERT_REVOKE, cert_revoke, &body);
	Keystore__V1__CertRenewRequest renew_body = KEYSTORE__V1__CERT_RENEW_REQUEST__INIT;
	ks_pb_request renew = REQUEST(CERT_RENEW, cert_renew, &renew_body);

	body.id = id;
	renew_body.id = id;
	fake.holds_jobs = true;
	client_send(&root, &renew);
	bench_settle();
	client_send(&other, &revoke_it);
	bench_settle();
	fake.holds_jobs = false;
	fake_wake();
	cr_assert_eq(client_status(&root), STATUS_CONFLICT);
	cr_assert_eq(client_status(&other), STATUS_OK);
	cr_assert_eq(version_of(id), 1u);
	cr_assert_eq(get(id).state, STORE_CERT_REVOKED);
	client_close(&other);
}
