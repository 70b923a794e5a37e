#include "service_cert.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "../../support/fake_service.h"
#include "profile.h"
#include "store_cert.h"
#include "x509_san.h"

enum { USER = 1000, STRANGER = 1001 };

static struct client root;
static struct client user;
static struct client stranger;

static ks_pb_reply *ask_init(struct client *client)
{
	Keystore__V1__ProjectInitRequest init = KEYSTORE__V1__PROJECT_INIT_REQUEST__INIT;
	ks_pb_request request = REQUEST(PROJECT_INIT, project_init, &init);

	return client_ask(client, &request);
}

static int status_of(ks_pb_reply *reply)
{
	int status = reply ? (int)reply->status : -1;

	codec_reply_free(reply);
	return status;
}

static void send_create(struct client *client, const char *new_key, const char *profile,
			uint64_t issuer)
{
	Keystore__V1__CertCreateRequest create = KEYSTORE__V1__CERT_CREATE_REQUEST__INIT;
	ks_pb_request request = REQUEST(CERT_CREATE, cert_create, &create);

	create.new_key = (char *)(uintptr_t)new_key;
	create.algorithm = KEYSTORE__V1__ALGORITHM__ALGORITHM_EC_P256;
	create.profile = (char *)(uintptr_t)profile;
	create.subject = (char *)(uintptr_t) "CN=web";
	create.issuer = issuer;
	client_send(client, &request);
}

static int create(struct client *client, const char *new_key, const char *profile, uint64_t issuer)
{
	send_create(client, new_key, profile, issuer);
	return client_status(client);
}

static int show(struct client *client, uint64_t id)
{
	Keystore__V1__CertShowRequest body = KEYSTORE__V1__CERT_SHOW_REQUEST__INIT;
	ks_pb_request request = REQUEST(CERT_SHOW, cert_show, &body);

	body.id = id;
	return client_try(client, &request);
}

static int export(struct client *client, uint64_t id, int format)
{
	Keystore__V1__CertExportRequest body = KEYSTORE__V1__CERT_EXPORT_REQUEST__INIT;
	ks_pb_request request = REQUEST(CERT_EXPORT, cert_export, &body);

	body.id = id;
	body.format = (Keystore__V1__CertFormat)format;
	return client_try(client, &request);
}

static int renew(struct client *client, uint64_t id)
{
	Keystore__V1__CertRenewRequest body = KEYSTORE__V1__CERT_RENEW_REQUEST__INIT;
	ks_pb_request request = REQUEST(CERT_RENEW, cert_renew, &body);

	body.id = id;
	return client_try(client, &request);
}

static int delete (struct client *client, uint64_t id)
{
	Keystore__V1__CertDeleteRequest body = KEYSTORE__V1__CERT_DELETE_REQUEST__INIT;
	ks_pb_request request = REQUEST(CERT_DELETE, cert_delete, &body);

	body.id = id;
	return client_try(client, &request);
}

/* How many are listed for @client, in pages of @limit; -1: not in order. */
static int listed(struct client *client, uint32_t limit)
{
	uint64_t after = 0;
	int count = 0;
	bool more = true;

	while (more) {
		Keystore__V1__CertListRequest body = KEYSTORE__V1__CERT_LIST_REQUEST__INIT;
		ks_pb_request request = REQUEST(CERT_LIST, cert_list, &body);

		body.after = after;
		body.limit = limit;
		ks_pb_reply *reply = client_ask(client, &request);

		cr_assert_not_null(reply);
		cr_assert_eq((int)reply->body_case, KEYSTORE__V1__REPLY__BODY_CERT_LIST);
		for (size_t i = 0; i < reply->cert_list->n_certs; i++) {
			if (reply->cert_list->certs[i]->id <= after)
				return -1;
			after = reply->cert_list->certs[i]->id;
			count++;
		}
		more = reply->cert_list->more;
		codec_reply_free(reply);
	}
	return count;
}

/* Certificates 1 and 2: the CAs; 3: key "web", that USER may sign with. */
static void set_up(void)
{
	bench_up();
	root = client_new(0, 0);
	user = client_new(USER, USER);
	stranger = client_new(STRANGER, STRANGER);
	cr_assert_eq(status_of(ask_init(&root)), STATUS_OK);
	cr_assert_eq(create(&root, "web", "tls-client", 2), STATUS_OK);
	cr_assert_eq(client_allow_uid(&root, "web", USER, POLICY_SIGN), STATUS_OK);
}

static void tear_down(void)
{
	client_close(&root);
	client_close(&user);
	client_close(&stranger);
	bench_down();
}

TestSuite(service_cert, .init = set_up, .fini = tear_down);

Test(service_cert, are_made_renewed_and_deleted_by_those_only_who_manage)
{
	cr_assert_eq(status_of(ask_init(&user)), STATUS_DENIED);
	cr_assert_eq(create(&user, "mine", "tls-client", 2), STATUS_DENIED);
	cr_assert_eq(renew(&user, 3), STATUS_DENIED);
	cr_assert_eq(delete (&user, 3), STATUS_DENIED);
	cr_assert_eq(renew(&root, 3), STATUS_OK);
	cr_assert_eq(delete (&root, 3), STATUS_OK);
}

Test(service_cert, of_cas_are_seen_by_all_and_of_devices_by_those_who_may_see_the_key)
{
	cr_assert_eq(show(&root, 1), STATUS_OK);
	cr_assert_eq(show(&user, 3), STATUS_OK);
	cr_assert_eq(show(&user, 2), STATUS_OK);
	cr_assert_eq(show(&stranger, 3), STATUS_DENIED);
	cr_assert_eq(export(&user, 3, 3), STATUS_OK);
	cr_assert_eq(export(&stranger, 2, 2), STATUS_OK);
	cr_assert_eq(export(&stranger, 3, 1), STATUS_DENIED);
	cr_assert_eq(export(&user, 3, 0), STATUS_INVALID);
	cr_assert_eq(export(&user, 3, 99), STATUS_INVALID);
	cr_assert_eq(listed(&root, 0), 3);
	cr_assert_eq(listed(&user, 0), 3);
	cr_assert_eq(listed(&stranger, 0), 2);
}

static int check(struct client *client, uint64_t id, const char *der, size_t len)
{
	Keystore__V1__CertCheckRequest body = KEYSTORE__V1__CERT_CHECK_REQUEST__INIT;
	ks_pb_request request = REQUEST(CERT_CHECK, cert_check, &body);

	body.id = id;
	body.der.data = (uint8_t *)(uintptr_t)der;
	body.der.len = len;
	return client_try(client, &request);
}

Test(service_cert, are_checked_for_those_who_may_see_them)
{
	cr_assert_eq(check(&root, 0, NULL, 0), STATUS_OK);
	cr_assert_eq(check(&user, 3, NULL, 0), STATUS_OK);
	cr_assert_eq(check(&stranger, 2, NULL, 0), STATUS_OK);
	cr_assert_eq(check(&stranger, 3, NULL, 0), STATUS_DENIED);
	cr_assert_eq(check(&stranger, 0, NULL, 0), STATUS_DENIED);
	cr_assert_eq(check(&stranger, 99, NULL, 0), STATUS_NOT_FOUND);
	cr_assert_eq(check(&stranger, 0, "0", 1), STATUS_INVALID);
	cr_assert_eq(check(&root, 3, "0", 1), STATUS_INVALID);
}

static ks_pb_reply *draft(struct client *client, Keystore__V1__CertCreateRequest *create)
{
	Keystore__V1__CertDraftRequest body = KEYSTORE__V1__CERT_DRAFT_REQUEST__INIT;
	ks_pb_request request = REQUEST(CERT_DRAFT, cert_draft, &body);

	body.create = create;
	return client_ask(client, &request);
}

/* The rules that are broken, and the fields that they are about: "rule:field …". */
static const char *drafted(struct client *client, Keystore__V1__CertCreateRequest *create)
{
	static char text[512];
	ks_pb_reply *reply = draft(client, create);
	size_t len = 0;

	cr_assert_eq(reply->status, KEYSTORE__V1__STATUS__STATUS_OK, "%s", reply->message);
	*text = '\0';
	for (size_t i = 0; i < reply->cert_check->n_findings && len < sizeof text; i++)
		len += (size_t)snprintf(text + len, sizeof text - len, "%s%s:%s", i ? " " : "",
					reply->cert_check->findings[i]->rule,
					reply->cert_check->findings[i]->field);
	codec_reply_free(reply);
	return text;
}

Test(service_cert, of_a_draft_everything_wrong_is_told_and_nothing_made)
{
	Keystore__V1__CertCreateRequest create = KEYSTORE__V1__CERT_CREATE_REQUEST__INIT;
	char good[] = "CN=web";
	char profile[] = "tls-client";
	char key[] = "fresh";
	char no_key[] = "no name";
	char nothing[] = "nothing";
	Keystore__V1__Validity validity = KEYSTORE__V1__VALIDITY__INIT;

	create.subject = good;
	create.profile = profile;
	create.new_key = key;
	create.algorithm = KEYSTORE__V1__ALGORITHM__ALGORITHM_EC_P256;
	create.issuer = 2;
	cr_assert_str_eq(drafted(&root, &create), "");
	/* Again, since the name is still free. */
	cr_assert_str_eq(drafted(&root, &create), "");
	cr_assert_eq(listed(&root, 0), 3);

	create.profile = nothing;
	create.subject = nothing;
	create.new_key = no_key;
	create.issuer = 99;
	create.ca_levels = 1;
	validity.days = 1;
	validity.not_after = 1;
	create.validity = &validity;
	create.hash = (Keystore__V1__Hash)99;
	cr_assert_str_eq(drafted(&root, &create),
			 "profile-known:profile key-possible:key issuer-fit:issuer "
			 "validity-possible:validity hash-possible:hash subject-form:subject");
	create.profile = profile;
	cr_assert(strstr(drafted(&root, &create), "ca-levels-possible:ca_levels"));
	cr_assert_eq(listed(&root, 0), 3);
}

Test(service_cert, profiles_are_told_as_the_table_has_them)
{
	Keystore__V1__ProfileListRequest body = KEYSTORE__V1__PROFILE_LIST_REQUEST__INIT;
	ks_pb_request request = REQUEST(PROFILE_LIST, profile_list, &body);
	ks_pb_reply *reply = client_ask(&stranger, &request);

	cr_assert_eq(reply->status, KEYSTORE__V1__STATUS__STATUS_OK, "%s", reply->message);
	cr_assert_eq(reply->profile_list->n_profiles, PROFILE_COUNT - 1);
	for (int id = 1; id < PROFILE_COUNT; id++) {
		const Keystore__V1__Profile *told = reply->profile_list->profiles[id - 1];
		const struct profile *profile = profile_by_id(id);
		size_t mandatory = profile->uri == PROFILE_MANDATORY;

		cr_assert_str_eq(told->name, profile->name);
		cr_assert_str_eq(told->title, profile->title);
		cr_assert_eq(told->n_key_usages, (size_t)__builtin_popcount(profile->key_usage));
		cr_assert_eq(told->n_extended_key_usages,
			     (size_t)profile->for_server + profile->for_client);
		cr_assert_eq(told->n_mandatory_names, mandatory);
		cr_assert_eq(told->n_optional_names, SAN_TYPE_COUNT - 1 - mandatory);
		cr_assert_eq(told->needs_host, profile->needs_host);
		cr_assert_eq((int)told->default_algorithm, (int)profile->default_algorithm);
		cr_assert_eq(told->default_days, profile->default_days);
		cr_assert_eq(told->is_ca, profile->is_ca);
	}
	codec_reply_free(reply);
}

Test(service_cert, drafts_are_for_those_who_may_make_certificates)
{
	Keystore__V1__CertCreateRequest create = KEYSTORE__V1__CERT_CREATE_REQUEST__INIT;

	cr_assert_eq(status_of(draft(&stranger, &create)), STATUS_DENIED);
	cr_assert_eq(status_of(draft(&root, NULL)), STATUS_INVALID);
	cr_assert_eq(status_of(draft(&root, &create)), STATUS_OK);
}

Test(service_cert, of_more_than_a_page_are_all_listed)
{
	char name[16];

	for (unsigned i = 0; i < SERVICE_CERT_PAGE + 2; i++) {
		snprintf(name, sizeof name, "k%u", i);
		cr_assert_eq(create(&root, name, "tls-client", 2), STATUS_OK);
	}
	cr_assert_eq(listed(&root, 0), (int)SERVICE_CERT_PAGE + 5);
	cr_assert_eq(listed(&root, 50), (int)SERVICE_CERT_PAGE + 5);
}

Test(service_cert, leave_nothing_when_the_tpm_fails_at_any_step)
{
	for (size_t step = 0; step < 2; step++) {
		fake.failures = step + 1;
		memset(fake.next, 0, sizeof fake.next);
		fake.next[step] = TPM_REFUSED;
		cr_assert_eq(create(&root, "new", "tls-client", 2), STATUS_TPM);
	}
	cr_assert_eq(listed(&root, 0), 3);
	cr_assert_eq(store_key_count(bench.service.store), 3u);
	cr_assert_eq(create(&root, "new", "tls-client", 2), STATUS_OK);
}

Test(service_cert, leave_nothing_when_their_client_vanishes)
{
	fake.holds_jobs = true;
	send_create(&root, "new", "tls-client", 2);
	bench_settle();
	client_close(&root);
	fake.holds_jobs = false;
	bench_settle();
	root = client_new(0, 0);
	cr_assert_eq(listed(&root, 0), 3);
	cr_assert_eq(create(&root, "new", "tls-client", 2), STATUS_OK);
}

Test(service_cert, are_not_made_when_their_issuer_is_deleted_meanwhile)
{
	struct client other = client_new(0, 0);

	fake.holds_jobs = true;
	send_create(&root, "new", "tls-client", 1);
	bench_settle();
	cr_assert_eq(delete (&other, 1), STATUS_OK);
	fake.holds_jobs = false;
	fake_wake();
	cr_assert_eq(client_status(&root), STATUS_CONFLICT);
	cr_assert_eq(store_key_count(bench.service.store), 3u);
	client_close(&other);
}

Test(service_cert, reserve_the_name_of_their_new_key)
{
	struct client other = client_new(0, 0);

	fake.holds_jobs = true;
	send_create(&root, "new", "tls-client", 2);
	bench_settle();
	cr_assert_eq(client_create(&other, "new", TPM_EC_P256), STATUS_EXISTS);
	cr_assert_eq(create(&other, "new", "tls-client", 2), STATUS_EXISTS);
	fake.holds_jobs = false;
	fake_wake();
	cr_assert_eq(client_status(&root), STATUS_OK);
	client_close(&other);
}

Test(service_cert, answer_every_request_without_content)
{
	static const int kinds[] = {
		KEYSTORE__V1__REQUEST__BODY_PROJECT_INIT, KEYSTORE__V1__REQUEST__BODY_CERT_CREATE,
		KEYSTORE__V1__REQUEST__BODY_CERT_LIST,	  KEYSTORE__V1__REQUEST__BODY_CERT_SHOW,
		KEYSTORE__V1__REQUEST__BODY_CERT_EXPORT,  KEYSTORE__V1__REQUEST__BODY_CERT_RENEW,
		KEYSTORE__V1__REQUEST__BODY_CERT_DELETE,
	};
	static const int statuses[] = {STATUS_EXISTS,	 STATUS_INVALID,   STATUS_OK,
				       STATUS_NOT_FOUND, STATUS_NOT_FOUND, STATUS_NOT_FOUND,
				       STATUS_NOT_FOUND};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		unsigned number = (unsigned)kinds[i];
		uint8_t frame[] = {0,
				   0,
				   0,
				   5,
				   8,
				   1,
				   (uint8_t)((number << 3 | 2) | 0x80),
				   (uint8_t)(number >> 4),
				   0};

		client_send_bytes(&root, frame, sizeof frame);
		cr_assert_eq(client_status(&root), statuses[i], "kind %u", number);
	}
}

Test(service_cert, tell_of_their_changes_those_who_may_see_them)
{
	Keystore__V1__SubscribeRequest subscribe = KEYSTORE__V1__SUBSCRIBE_REQUEST__INIT;
	ks_pb_request request = REQUEST(SUBSCRIBE, subscribe, &subscribe);
	ks_pb_reply *event;

	cr_assert_eq(client_try(&user, &request), STATUS_OK);
	cr_assert_eq(client_try(&stranger, &request), STATUS_OK);
	cr_assert_eq(renew(&root, 3), STATUS_OK);
	cr_assert_eq(renew(&root, 2), STATUS_OK);
	/* A device's is not for the stranger to see. */
	event = client_receive(&stranger);
	cr_assert_not_null(event);
	cr_assert_eq(event->event->cert->id, 2u);
	codec_reply_free(event);
	event = client_receive(&user);
	cr_assert_not_null(event);
	cr_assert_eq((int)event->event->body_case, KEYSTORE__V1__EVENT__BODY_CERT);
	cr_assert_eq((int)event->event->cert->change,
		     KEYSTORE__V1__KEY_EVENT__CHANGE__CHANGE_UPDATED);
	cr_assert_eq(event->event->cert->id, 3u);
	cr_assert_str_eq(event->event->cert->common_name, "web");
	codec_reply_free(event);
}
