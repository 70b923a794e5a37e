#include "service_crl.h"

#include <criterion/criterion.h>

#include "../../support/fake_service.h"
#include "clock.h"
#include "crls.h"
#include "store_cert.h"

#define DAY 86400

enum { STRANGER = 1001 };

static struct client root;
static struct client stranger;
static struct clock_look now;
static const char *subject = "CN=web";

static void fake_look(struct clock_look *ret_look, void *user)
{
	(void)user;
	*ret_look = now;
}

static ks_pb_reply *ask_list(struct client *client)
{
	Keystore__V1__CrlListRequest list = KEYSTORE__V1__CRL_LIST_REQUEST__INIT;
	ks_pb_request request = REQUEST(CRL_LIST, crl_list, &list);

	return client_ask(client, &request);
}

/* Number, entries and whether it is pending of the P-256 CA's list. */
static void expect_list(const char *number, uint64_t entries, bool is_pending)
{
	ks_pb_reply *reply = ask_list(&stranger);

	cr_assert_not_null(reply);
	cr_assert_eq(reply->crl_list->n_crls, 2u);
	cr_assert_str_eq(reply->crl_list->crls[1]->number, number);
	cr_assert_eq(reply->crl_list->crls[1]->entries, entries);
	cr_assert_eq((bool)reply->crl_list->crls[1]->pending, is_pending);
	codec_reply_free(reply);
}

static void send_revoke(struct client *client, uint64_t id, uint32_t version, unsigned reason)
{
	Keystore__V1__CertRevokeRequest revoke = KEYSTORE__V1__CERT_REVOKE_REQUEST__INIT;
	ks_pb_request request = REQUEST(CERT_REVOKE, cert_revoke, &revoke);

	revoke.id = id;
	revoke.version = version;
	revoke.reason = (Keystore__V1__RevocationReason)reason;
	client_send(client, &request);
}

static int ask_revoke(struct client *client, uint64_t id, uint32_t version, unsigned reason)
{
	send_revoke(client, id, version, reason);
	return client_status(client);
}

static int renew_crl(struct client *client, uint64_t id)
{
	Keystore__V1__CrlRenewRequest renew = KEYSTORE__V1__CRL_RENEW_REQUEST__INIT;
	ks_pb_request request = REQUEST(CRL_RENEW, crl_renew, &renew);

	renew.ca_id = id;
	return client_try(client, &request);
}

static int renew_cert(uint64_t id)
{
	Keystore__V1__CertRenewRequest body = KEYSTORE__V1__CERT_RENEW_REQUEST__INIT;
	ks_pb_request request = REQUEST(CERT_RENEW, cert_renew, &body);

	body.id = id;
	return client_try(&root, &request);
}

static int create(const char *new_key, const char *profile, uint64_t issuer)
{
	Keystore__V1__CertCreateRequest body = KEYSTORE__V1__CERT_CREATE_REQUEST__INIT;
	ks_pb_request request = REQUEST(CERT_CREATE, cert_create, &body);

	body.new_key = (char *)(uintptr_t)new_key;
	body.algorithm = KEYSTORE__V1__ALGORITHM__ALGORITHM_EC_P256;
	body.profile = (char *)(uintptr_t)profile;
	body.subject = (char *)(uintptr_t)subject;
	body.issuer = issuer;
	return client_try(&root, &request);
}

static int export(struct client *client, uint64_t id, uint64_t offset, const char *number,
		  struct crl_facts *ret_facts)
{
	Keystore__V1__CrlExportRequest body = KEYSTORE__V1__CRL_EXPORT_REQUEST__INIT;
	ks_pb_request request = REQUEST(CRL_EXPORT, crl_export, &body);
	ks_pb_reply *reply;
	int status;

	body.ca_id = id;
	body.offset = offset;
	body.crl_number = (char *)(uintptr_t)number;
	reply = client_ask(client, &request);
	cr_assert_not_null(reply);
	status = (int)reply->status;
	if (status == STATUS_OK && ret_facts)
		cr_assert_eq(crl_read(reply->data->data.data, reply->data->data.len, ret_facts),
			     CRL_OK);
	codec_reply_free(reply);
	return status;
}

/* Certificates 1 and 2: the CAs; 3: issued by 2. */
static void set_up(void)
{
	Keystore__V1__ProjectInitRequest init = KEYSTORE__V1__PROJECT_INIT_REQUEST__INIT;
	ks_pb_request request = REQUEST(PROJECT_INIT, project_init, &init);

	bench_up();
	now = (struct clock_look){time(NULL), 1000, false};
	clock_set_look(bench.service.clock, fake_look, NULL);
	root = client_new(0, 0);
	stranger = client_new(STRANGER, STRANGER);
	cr_assert_eq(client_try(&root, &request), STATUS_OK);
	cr_assert_eq(create("web", "tls-client", 2), STATUS_OK);
	bench_settle();
}

static void tear_down(void)
{
	client_close(&root);
	client_close(&stranger);
	bench_down();
}

TestSuite(service_crl, .init = set_up, .fini = tear_down);

Test(service_crl, is_there_and_empty_once_a_ca_is_made)
{
	struct crl_facts facts;

	expect_list("1", 0, false);
	cr_assert_eq(export(&stranger, 2, 0, "", &facts), STATUS_OK);
	cr_assert_eq(facts.count, 0u);
	cr_assert_eq(facts.next_update - facts.this_update, 30 * DAY);
}

Test(service_crl, is_read_by_all_and_changed_by_those_only_who_manage)
{
	cr_assert_eq(export(&stranger, 1, 0, "1", NULL), STATUS_OK);
	cr_assert_eq(ask_revoke(&stranger, 3, 0, 0), STATUS_DENIED);
	cr_assert_eq(renew_crl(&stranger, 2), STATUS_DENIED);
	expect_list("1", 0, false);
	cr_assert_eq(renew_crl(&root, 2), STATUS_OK);
	expect_list("2", 0, false);
}

Test(service_crl, has_what_was_revoked_when_the_revocation_is_answered)
{
	struct crl_facts facts;

	cr_assert_eq(ask_revoke(&root, 3, 0, CRL_KEY_COMPROMISE), STATUS_OK);
	cr_assert_eq(export(&stranger, 2, 0, "2", &facts), STATUS_OK);
	cr_assert_eq(facts.count, 1u);
	cr_assert_eq(ask_revoke(&root, 3, 0, CRL_SUPERSEDED), STATUS_CONFLICT);
	cr_assert_eq(renew_cert(3), STATUS_CONFLICT);
	expect_list("2", 1, false);
}

Test(service_crl, lets_a_hold_be_taken_back_and_nothing_else)
{
	cr_assert_eq(ask_revoke(&root, 3, 0, CRL_REMOVE), STATUS_CONFLICT);
	cr_assert_eq(ask_revoke(&root, 3, 0, CRL_HOLD), STATUS_OK);
	expect_list("2", 1, false);
	cr_assert_eq(ask_revoke(&root, 3, 0, CRL_HOLD), STATUS_CONFLICT);
	cr_assert_eq(ask_revoke(&root, 3, 0, CRL_REMOVE), STATUS_OK);
	expect_list("3", 0, false);
	cr_assert_eq(renew_cert(3), STATUS_OK);
	cr_assert_eq(ask_revoke(&root, 3, 0, CRL_HOLD), STATUS_OK);
	cr_assert_eq(ask_revoke(&root, 3, 0, CRL_KEY_COMPROMISE), STATUS_OK);
	cr_assert_eq(ask_revoke(&root, 3, 0, CRL_REMOVE), STATUS_CONFLICT);
	expect_list("5", 2, false);
}

Test(service_crl, has_one_version_or_all_of_them)
{
	struct store_cert cert;

	cr_assert_eq(renew_cert(3), STATUS_OK);
	cr_assert_eq(ask_revoke(&root, 3, 1, CRL_SUPERSEDED), STATUS_OK);
	expect_list("2", 1, false);
	cr_assert_eq(store_cert_get(bench.service.store, 3, &cert), STORE_OK);
	cr_assert_eq(cert.state, STORE_CERT_ACTIVE);
	store_cert_wipe(&cert);
	cr_assert_eq(ask_revoke(&root, 3, 1, CRL_SUPERSEDED), STATUS_CONFLICT);
	cr_assert_eq(ask_revoke(&root, 3, 7, CRL_SUPERSEDED), STATUS_NOT_FOUND);
	cr_assert_eq(ask_revoke(&root, 3, 0, CRL_SUPERSEDED), STATUS_OK);
	expect_list("3", 2, false);
}

Test(service_crl, is_not_for_what_no_ca_here_has_issued)
{
	cr_assert_eq(ask_revoke(&root, 1, 0, 0), STATUS_CONFLICT);
	cr_assert_eq(ask_revoke(&root, 99, 0, 0), STATUS_NOT_FOUND);
	cr_assert_eq(ask_revoke(&root, 3, 0, 7), STATUS_INVALID);
	cr_assert_eq(ask_revoke(&root, 3, 0, 11), STATUS_INVALID);
	cr_assert_eq(create("own", "tls-client", 0), STATUS_OK);
	cr_assert_eq(ask_revoke(&root, 4, 0, 0), STATUS_CONFLICT);
	cr_assert_eq(renew_crl(&root, 3), STATUS_CONFLICT);
	cr_assert_eq(renew_crl(&root, 99), STATUS_NOT_FOUND);
	cr_assert_eq(export(&root, 3, 0, "", NULL), STATUS_NOT_FOUND);
	cr_assert_eq(export(&root, UINT64_MAX, 0, "", NULL), STATUS_NOT_FOUND);
	cr_assert_eq(export(&root, 2, UINT64_MAX, "", NULL), STATUS_INVALID);
	cr_assert_eq(export(&root, 2, 0, "2", NULL), STATUS_CONFLICT);
	expect_list("1", 0, false);
}

Test(service_crl, of_many_revocations_at_once_is_signed_twice)
{
	enum { COUNT = 20 };
	size_t before;
	char name[16];

	for (unsigned i = 0; i < COUNT; i++) {
		snprintf(name, sizeof name, "k%u", i);
		cr_assert_eq(create(name, "tls-client", 2), STATUS_OK);
	}
	before = fake.jobs_seen[TPM_SIGN];
	fake.holds_jobs = true;
	for (unsigned i = 0; i < COUNT; i++) {
		send_revoke(&root, 4 + i, 0, CRL_SUPERSEDED);
		bench_settle();
	}
	cr_assert_eq(fake.jobs_seen[TPM_SIGN], before + 1);
	fake.holds_jobs = false;
	fake_wake();
	for (unsigned i = 0; i < COUNT; i++)
		cr_assert_eq(client_status(&root), STATUS_OK);
	cr_assert_eq(fake.jobs_seen[TPM_SIGN], before + 2);
	expect_list("3", COUNT, false);
}

Test(service_crl, follows_when_the_tpm_is_back)
{
	ks_pb_reply *reply;

	fake.failures = 1;
	fake.next[0] = TPM_UNAVAILABLE;
	send_revoke(&root, 3, 0, CRL_KEY_COMPROMISE);
	reply = client_receive(&root);
	cr_assert_not_null(reply);
	cr_assert_eq((int)reply->status, STATUS_OK);
	cr_assert_eq((int)reply->cert->cert->state, KEYSTORE__V1__CERT_STATE__CERT_STATE_REVOKED);
	cr_assert_not_null(strstr(reply->cert->note, "later"), "%s", reply->cert->note);
	codec_reply_free(reply);
	expect_list("1", 0, true);
	crls_check(bench.service.crls);
	bench_settle();
	expect_list("2", 1, false);
}

Test(service_crl, of_a_revocation_is_signed_although_its_client_vanishes)
{
	struct client other = client_new(0, 0);

	fake.holds_jobs = true;
	send_revoke(&other, 3, 0, CRL_KEY_COMPROMISE);
	bench_settle();
	client_close(&other);
	bench_settle();
	fake.holds_jobs = false;
	fake_wake();
	bench_settle();
	expect_list("2", 1, false);
}

Test(service_crl, is_signed_after_a_restart_where_the_last_run_did_not)
{
	fake.holds_jobs = true;
	send_revoke(&root, 3, 0, CRL_KEY_COMPROMISE);
	bench_settle();
	client_close(&root);
	client_close(&stranger);
	bench_stop();
	bench_start();
	root = client_new(0, 0);
	stranger = client_new(STRANGER, STRANGER);
	bench_settle();
	expect_list("2", 1, false);
}

Test(service_crl, is_signed_anew_when_half_of_its_time_is_over)
{
	now.real += 14 * DAY;
	now.boot += 14 * DAY;
	crls_check(bench.service.crls);
	bench_settle();
	expect_list("1", 0, false);
	now.real += 2 * DAY;
	now.boot += 2 * DAY;
	crls_check(bench.service.crls);
	bench_settle();
	expect_list("2", 0, false);
}

Test(service_crl, does_not_follow_a_clock_that_jumps)
{
	struct crl_facts first;
	struct crl_facts facts;

	cr_assert_eq(export(&stranger, 2, 0, "", &first), STATUS_OK);
	/* A look at the clock before the jump. */
	cr_assert_eq(clock_state(bench.service.clock), CLOCK_GOOD);
	now.real += 4000 * DAY;
	crls_check(bench.service.crls);
	bench_settle();
	expect_list("1", 0, false);
	cr_assert_eq(ask_revoke(&root, 3, 0, CRL_KEY_COMPROMISE), STATUS_OK);
	cr_assert_eq(export(&stranger, 2, 0, "2", &facts), STATUS_OK);
	cr_assert_lt(facts.this_update, first.this_update + DAY);
	now.real = 5;
	cr_assert_eq(renew_crl(&root, 2), STATUS_OK);
	cr_assert_eq(export(&stranger, 2, 0, "3", &facts), STATUS_OK);
	cr_assert_geq(facts.this_update, first.this_update);
	cr_assert_lt(facts.this_update, first.this_update + DAY);
}

Test(service_crl, of_a_revoked_ca_stays_and_the_ca_issues_no_more)
{
	struct crl_facts facts;

	subject = "CN=Cell CA";
	cr_assert_eq(create("cell", "ca", 2), STATUS_OK);
	subject = "CN=web";
	cr_assert_eq(create("first", "tls-client", 4), STATUS_OK);
	cr_assert_eq(ask_revoke(&root, 4, 0, CRL_CA_COMPROMISE), STATUS_OK);
	cr_assert_eq(create("second", "tls-client", 4), STATUS_CONFLICT);
	cr_assert_eq(ask_revoke(&root, 5, 0, CRL_SUPERSEDED), STATUS_OK);
	cr_assert_eq(export(&stranger, 4, 0, "2", &facts), STATUS_OK);
	cr_assert_eq(facts.count, 1u);
}

Test(service_crl, keeps_what_was_revoked_and_deleted)
{
	Keystore__V1__CertDeleteRequest body = KEYSTORE__V1__CERT_DELETE_REQUEST__INIT;
	ks_pb_request request = REQUEST(CERT_DELETE, cert_delete, &body);

	body.id = 3;
	cr_assert_eq(ask_revoke(&root, 3, 0, CRL_KEY_COMPROMISE), STATUS_OK);
	cr_assert_eq(client_try(&root, &request), STATUS_OK);
	cr_assert_eq(renew_crl(&root, 2), STATUS_OK);
	expect_list("3", 1, false);
}

Test(service_crl, is_told_to_everybody)
{
	Keystore__V1__SubscribeRequest subscribe = KEYSTORE__V1__SUBSCRIBE_REQUEST__INIT;
	ks_pb_request request = REQUEST(SUBSCRIBE, subscribe, &subscribe);
	ks_pb_reply *event;

	cr_assert_eq(client_try(&stranger, &request), STATUS_OK);
	cr_assert_eq(renew_crl(&root, 1), STATUS_OK);
	event = client_receive(&stranger);
	cr_assert_not_null(event);
	cr_assert_eq((int)event->event->body_case, KEYSTORE__V1__EVENT__BODY_CRL);
	cr_assert_eq(event->event->crl->ca_id, 1u);
	cr_assert_str_eq(event->event->crl->number, "2");
	codec_reply_free(event);
}

static void revoke_many(unsigned count)
{
	struct crl_entry entry = {.revoked = now.real, .reason = CRL_SUPERSEDED};
	struct store *store = bench.service.store;

	cr_assert_eq(store_begin(store), STORE_OK);
	for (unsigned i = 0; i < count; i++) {
		snprintf(entry.serial, sizeof entry.serial, "%032X", i + 1);
		cr_assert_eq(store_crl_revoke(store, 2, &entry), STORE_OK);
	}
	cr_assert_eq(store_commit(store), STORE_OK);
}

Test(service_crl, that_is_long_is_made_beside_the_loop)
{
	struct crl_facts facts;

	revoke_many(2000);
	cr_assert_eq(renew_crl(&root, 2), STATUS_OK);
	cr_assert_eq(export(&stranger, 2, 0, "2", &facts), STATUS_OK);
	cr_assert_eq(facts.count, 2000u);
	/* The TPM fails between the two steps. */
	fake.failures = 1;
	fake.next[0] = TPM_REFUSED;
	cr_assert_eq(renew_crl(&root, 2), STATUS_UNAVAILABLE);
	cr_assert_eq(renew_crl(&root, 2), STATUS_OK);
	expect_list("3", 2000, false);
}

Test(service_crl, that_is_long_is_dropped_when_the_service_ends)
{
	Keystore__V1__CrlRenewRequest renew = KEYSTORE__V1__CRL_RENEW_REQUEST__INIT;
	ks_pb_request request = REQUEST(CRL_RENEW, crl_renew, &renew);

	revoke_many(2000);
	renew.ca_id = 2;
	client_send(&root, &request);
	bench_settle();
	client_close(&root);
	bench_stop();
	bench_start();
	root = client_new(0, 0);
	client_close(&stranger);
	stranger = client_new(STRANGER, STRANGER);
	cr_assert_eq(renew_crl(&root, 2), STATUS_OK);
}
