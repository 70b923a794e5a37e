#include "request.h"

#include <criterion/criterion.h>

#include "../../support/fake_service.h"
#include "service_info.h"

enum { USER = 1000, OTHER = 1001 };

static struct client root;
static struct client user;

static void set_up(void)
{
	bench_up();
	root = client_new(0, 0);
	user = client_new(USER, USER);
	cr_assert_eq(client_create(&root, "web", TPM_EC_P256), STATUS_OK);
}

static void tear_down(void)
{
	client_close(&root);
	client_close(&user);
	bench_down();
}

TestSuite(request, .init = set_up, .fini = tear_down);

static void expect_message(struct client *client, ks_pb_request *request, int status,
			   const char *said)
{
	ks_pb_reply *reply = client_ask(client, request);

	cr_assert_not_null(reply);
	cr_assert_eq((int)reply->status, status, "%d: %s", reply->status, reply->message);
	cr_assert_not_null(strstr(reply->message, said), "%s", reply->message);
	codec_reply_free(reply);
}

static uint64_t audit_count;
static char audit_last[128];

static bool take_entry(uint64_t seq, const struct store_audit *entry, void *data)
{
	(void)seq;
	(void)data;
	audit_count += entry->count;
	snprintf(audit_last, sizeof audit_last, "%u %s %s %s", entry->uid, entry->operation,
		 entry->object, entry->status);
	return true;
}

static void read_audit(void)
{
	audit_count = 0;
	audit_flush(bench.service.audit);
	store_audit_list(bench.service.store, 0, take_entry, NULL);
}

Test(request, grants_the_creator_what_the_key_is_for_and_nobody_else)
{
	cr_assert_eq(client_sign(&root, "web"), STATUS_OK);
	cr_assert_eq(client_sign(&user, "web"), STATUS_DENIED);
}

Test(request, lets_root_not_sign_once_the_grant_is_revoked)
{
	cr_assert_eq(client_allow_uid(&root, "web", 0, 0), STATUS_OK);
	cr_assert_eq(client_sign(&root, "web"), STATUS_DENIED);
	cr_assert_eq(client_delete(&root, "web"), STATUS_OK);
}

Test(request, lets_a_granted_user_sign_but_not_manage)
{
	cr_assert_eq(client_allow_uid(&root, "web", USER, POLICY_SIGN), STATUS_OK);
	cr_assert_eq(client_sign(&user, "web"), STATUS_OK);
	cr_assert_eq(client_delete(&user, "web"), STATUS_DENIED);
	cr_assert_eq(client_allow_uid(&user, "web", OTHER, POLICY_SIGN), STATUS_DENIED);
	cr_assert_eq(client_pin(&user, "web", true), STATUS_DENIED);
	cr_assert_eq(client_create(&user, "mine", TPM_EC_P256), STATUS_DENIED);
}

Test(request, answers_sign_requests_that_cannot_be_with_what_is_wrong)
{
	static const struct {
		const char *key;
		int hash;
		int padding;
		size_t len;
		int status;
		const char *said;
	} cases[] = {
		{"web", 2, 0, 20, STATUS_INVALID, "has 20 bytes, and SHA-256 makes 32"},
		{"web", 0, 0, 31, STATUS_INVALID, "SHA-256"},
		{"web", 3, 0, 32, STATUS_INVALID, "SHA-384 makes 48"},
		{"web", 2, 1, 32, STATUS_INVALID, "no padding"},
		{"web", 2, 2, 32, STATUS_INVALID, "no padding"},
		{"web", 2, 9, 32, STATUS_INVALID, "padding 9"},
		{"web", 77, 0, 32, STATUS_INVALID, "hash 77"},
		{"web", 1, 0, 20, STATUS_UNSUPPORTED, "SHA-1 are switched off"},
		{"none", 2, 0, 32, STATUS_NOT_FOUND, "no key “none”"},
		{"no/name", 2, 0, 32, STATUS_INVALID, "1 to 64"},
		{"", 2, 0, 32, STATUS_INVALID, "1 to 64"},
	};
	uint8_t digest[64] = {0};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		Keystore__V1__KeyRef ref = ref_to(cases[i].key);
		Keystore__V1__SignRequest sign = KEYSTORE__V1__SIGN_REQUEST__INIT;
		ks_pb_request request = REQUEST(SIGN, sign, &sign);

		sign.key = &ref;
		sign.hash = (Keystore__V1__Hash)cases[i].hash;
		sign.padding = (Keystore__V1__Padding)cases[i].padding;
		sign.digest.data = digest;
		sign.digest.len = cases[i].len;
		expect_message(&root, &request, cases[i].status, cases[i].said);
	}
	cr_assert_eq(fake.jobs_seen[TPM_SIGN], 0u);
}

Test(request, signs_over_sha1_where_the_configuration_allows_it)
{
	uint8_t digest[20] = {0};
	Keystore__V1__KeyRef ref = ref_to("web");
	Keystore__V1__SignRequest sign = KEYSTORE__V1__SIGN_REQUEST__INIT;
	ks_pb_request request = REQUEST(SIGN, sign, &sign);

	bench.config.allow_sha1_signatures = true;
	sign.key = &ref;
	sign.hash = KEYSTORE__V1__HASH__HASH_SHA1;
	sign.digest.data = digest;
	sign.digest.len = sizeof digest;
	cr_assert_eq(client_try(&root, &request), STATUS_OK);
}

Test(request, answers_every_kind_without_its_key)
{
	static const int kinds[] = {
		KEYSTORE__V1__REQUEST__BODY_KEY_SHOW,	KEYSTORE__V1__REQUEST__BODY_KEY_DELETE,
		KEYSTORE__V1__REQUEST__BODY_KEY_ALLOW,	KEYSTORE__V1__REQUEST__BODY_KEY_PIN,
		KEYSTORE__V1__REQUEST__BODY_KEY_EXPORT, KEYSTORE__V1__REQUEST__BODY_SIGN,
		KEYSTORE__V1__REQUEST__BODY_DECRYPT,	KEYSTORE__V1__REQUEST__BODY_CSR,
	};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		/* An empty body: field number, length 0. */
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
		cr_assert_eq(client_status(&root), STATUS_INVALID, "kind %u", number);
	}
}

Test(request, does_not_know_a_request_without_a_body)
{
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	expect_message(&user, &request, STATUS_UNSUPPORTED, "does not know");
}

Test(request, takes_no_token_that_no_login_brought)
{
	Keystore__V1__StatusRequest status = KEYSTORE__V1__STATUS_REQUEST__INIT;
	ks_pb_request request = REQUEST(STATUS, status, &status);

	request.token.data = (uint8_t *)(uintptr_t) "x";
	request.token.len = 1;
	expect_message(&user, &request, STATUS_DENIED, "log in again");
}

Test(request, answers_busy_beyond_what_one_user_may_have_in_flight)
{
	struct client second = client_new(0, 0);

	bench.config.requests_per_uid = 3;
	fake.holds_jobs = true;
	for (int i = 0; i < 3; i++)
		client_send_sign(&root, "web", 32);
	client_send_sign(&second, "web", 32);
	cr_assert_eq(client_status(&second), STATUS_BUSY);
	fake.holds_jobs = false;
	fake_wake();
	for (int i = 0; i < 3; i++)
		cr_assert_eq(client_status(&root), STATUS_OK);
	cr_assert_eq(client_sign(&second, "web"), STATUS_OK);
	client_close(&second);
}

Test(request, answers_what_is_not_done_by_its_deadline)
{
	Keystore__V1__RandomRequest random = KEYSTORE__V1__RANDOM_REQUEST__INIT;
	ks_pb_request request = REQUEST(RANDOM, random, &random);

	random.bytes = 1;
	request.deadline_ms = 10;
	fake.holds_jobs = true;
	expect_message(&user, &request, STATUS_DEADLINE, "nothing has changed");
	cr_assert_eq(fake.cancelled, 1u);
	fake.holds_jobs = false;
	request.id = 0;
	request.deadline_ms = 0;
	cr_assert_eq(client_try(&user, &request), STATUS_OK);
}

Test(request, says_what_the_tpm_said)
{
	static const struct {
		enum tpm_status tpm;
		int status;
	} outcomes[] = {
		{TPM_BUSY, STATUS_BUSY},
		{TPM_UNAVAILABLE, STATUS_UNAVAILABLE},
		{TPM_FULL, STATUS_LIMIT},
		{TPM_REFUSED, STATUS_TPM},
		{TPM_UNVERIFIED, STATUS_TPM},
		{TPM_NOMEM, STATUS_INTERNAL},
		{TPM_UNSUPPORTED, STATUS_UNSUPPORTED},
	};

	for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) {
		fake.next[0] = outcomes[i].tpm;
		fake.failures = 1;
		cr_assert_eq(client_sign(&root, "web"), outcomes[i].status, "case %zu", i);
	}
	fake.submit = TPM_UNAVAILABLE;
	cr_assert_eq(client_sign(&root, "web"), STATUS_UNAVAILABLE);
}

Test(request, waits_for_a_tpm_that_starts_but_not_for_one_that_failed_to)
{
	bench_stop();
	bench_start();
	client_close(&root);
	root = client_new(0, 0);
	fake.state = TPM_STATE_STARTING;
	fake.holds_jobs = true;
	client_send_sign(&root, "web", 32);
	bench_settle();
	cr_assert(fake.last.wait);
	fake.state = TPM_STATE_UNAVAILABLE;
	fake_wake();
	cr_assert_eq(client_status(&root), STATUS_UNAVAILABLE);
	client_send_sign(&root, "web", 32);
	bench_settle();
	cr_assert(!fake.last.wait);
}

Test(request, keeps_creation_behind_everything_else)
{
	Keystore__V1__KeyCreateRequest create = KEYSTORE__V1__KEY_CREATE_REQUEST__INIT;
	ks_pb_request request = REQUEST(KEY_CREATE, key_create, &create);

	create.name = (char *)(uintptr_t) "other";
	create.algorithm = KEYSTORE__V1__ALGORITHM__ALGORITHM_EC_P256;
	request.priority = KEYSTORE__V1__PRIORITY__PRIORITY_URGENT;
	cr_assert_eq(client_try(&root, &request), STATUS_OK);
	cr_assert_eq(fake.last.level, TPM_BULK);
	client_sign(&root, "web");
	cr_assert_eq(fake.last.level, TPM_NORMAL);
}

Test(request, refuses_a_second_key_of_a_name_even_while_the_first_is_being_made)
{
	struct client second = client_new(0, 0);
	Keystore__V1__KeyCreateRequest create = KEYSTORE__V1__KEY_CREATE_REQUEST__INIT;
	ks_pb_request request = REQUEST(KEY_CREATE, key_create, &create);

	cr_assert_eq(client_create(&root, "web", TPM_EC_P256), STATUS_EXISTS);
	fake.holds_jobs = true;
	create.name = (char *)(uintptr_t) "slow";
	create.algorithm = KEYSTORE__V1__ALGORITHM__ALGORITHM_EC_P256;
	client_send(&root, &request);
	cr_assert_eq(client_create(&second, "slow", TPM_EC_P256), STATUS_EXISTS);
	fake.holds_jobs = false;
	fake_wake();
	cr_assert_eq(client_status(&root), STATUS_OK);
	cr_assert_eq(client_create(&second, "slow", TPM_EC_P256), STATUS_EXISTS);
	client_close(&second);
}

Test(request, makes_no_more_keys_than_allowed)
{
	bench.config.keys = 2;
	cr_assert_eq(client_create(&root, "b", TPM_EC_P256), STATUS_OK);
	cr_assert_eq(client_create(&root, "c", TPM_EC_P256), STATUS_LIMIT);
	client_delete(&root, "b");
	cr_assert_eq(client_create(&root, "c", TPM_EC_P256), STATUS_OK);
}

Test(request, leaves_nothing_of_a_key_whose_client_vanished)
{
	struct client second = client_new(0, 0);
	Keystore__V1__KeyCreateRequest create = KEYSTORE__V1__KEY_CREATE_REQUEST__INIT;
	ks_pb_request request = REQUEST(KEY_CREATE, key_create, &create);

	fake.holds_jobs = true;
	create.name = (char *)(uintptr_t) "gone";
	create.algorithm = KEYSTORE__V1__ALGORITHM__ALGORITHM_EC_P256;
	client_send(&second, &request);
	client_close(&second);
	bench_settle();
	fake.holds_jobs = false;
	cr_assert_eq(store_key_count(bench.service.store), 1u);
	cr_assert_eq(client_create(&root, "gone", TPM_EC_P256), STATUS_OK);
}

Test(request, refuses_algorithms_and_operations_that_cannot_be)
{
	Keystore__V1__Operation decrypt = KEYSTORE__V1__OPERATION__OPERATION_DECRYPT;
	Keystore__V1__KeyCreateRequest create = KEYSTORE__V1__KEY_CREATE_REQUEST__INIT;
	ks_pb_request request = REQUEST(KEY_CREATE, key_create, &create);

	cr_assert_eq(client_create(&root, "x", 0), STATUS_INVALID);
	cr_assert_eq(client_create(&root, "x", 99), STATUS_INVALID);
	cr_assert_eq(client_create(&root, "1x", TPM_EC_P256), STATUS_INVALID);
	cr_assert_eq(client_create(&root, "x", TPM_RSA_4096), STATUS_UNSUPPORTED);
	create.name = (char *)(uintptr_t) "x";
	create.algorithm = KEYSTORE__V1__ALGORITHM__ALGORITHM_EC_P256;
	create.operations = &decrypt;
	create.n_operations = 1;
	expect_message(&root, &request, STATUS_INVALID, "signing only");
	cr_assert_eq(store_key_count(bench.service.store), 1u);
}

Test(request, has_no_more_grants_than_allowed_and_none_beyond_the_key)
{
	bench.config.grants_per_key = 2;
	cr_assert_eq(client_allow_uid(&root, "web", USER, POLICY_SIGN), STATUS_OK);
	cr_assert_eq(client_allow_uid(&root, "web", OTHER, POLICY_SIGN), STATUS_LIMIT);
	cr_assert_eq(client_allow_uid(&root, "web", USER, POLICY_SIGN), STATUS_OK);
	cr_assert_eq(client_allow_uid(&root, "web", USER, POLICY_DECRYPT), STATUS_INVALID);
	cr_assert_eq(client_allow_uid(&root, "web", UINT32_MAX, POLICY_SIGN), STATUS_INVALID);
}

static size_t list_as(struct client *client)
{
	Keystore__V1__KeyListRequest list = KEYSTORE__V1__KEY_LIST_REQUEST__INIT;
	ks_pb_request request = REQUEST(KEY_LIST, key_list, &list);
	ks_pb_reply *reply = client_ask(client, &request);
	size_t count = reply && reply->key_list ? reply->key_list->n_keys : 999;

	codec_reply_free(reply);
	return count;
}

Test(request, lists_to_each_what_it_may_see)
{
	client_create(&root, "b", TPM_EC_P256);
	cr_assert_eq(list_as(&root), 2u);
	cr_assert_eq(list_as(&user), 0u);
	client_allow_uid(&root, "b", USER, POLICY_SIGN);
	cr_assert_eq(list_as(&user), 1u);
}

Test(request, exports_the_wrapped_key_only_to_those_who_manage)
{
	Keystore__V1__KeyRef ref = ref_to("web");
	Keystore__V1__KeyExportRequest export = KEYSTORE__V1__KEY_EXPORT_REQUEST__INIT;
	ks_pb_request request = REQUEST(KEY_EXPORT, key_export, &export);

	client_allow_uid(&root, "web", USER, POLICY_SIGN);
	export.key = &ref;
	export.format = KEYSTORE__V1__KEY_FORMAT__KEY_FORMAT_PUBLIC_PEM;
	cr_assert_eq(client_try(&user, &request), STATUS_OK);
	request.id = 0;
	export.format = KEYSTORE__V1__KEY_FORMAT__KEY_FORMAT_TSS2_PEM;
	cr_assert_eq(client_try(&user, &request), STATUS_DENIED);
	read_audit();
	cr_assert_str_eq(audit_last, "1000 key export web denied");
	request.id = 0;
	cr_assert_eq(client_try(&root, &request), STATUS_OK);
	read_audit();
	cr_assert_str_eq(audit_last, "0 key export web ok");
	request.id = 0;
	export.format = KEYSTORE__V1__KEY_FORMAT__KEY_FORMAT_UNSPECIFIED;
	expect_message(&root, &request, STATUS_INVALID, "never leaves the TPM");
}

Test(request, imports_what_was_exported)
{
	Keystore__V1__KeyRef ref = ref_to("web");
	Keystore__V1__KeyExportRequest export = KEYSTORE__V1__KEY_EXPORT_REQUEST__INIT;
	Keystore__V1__KeyImportRequest import = KEYSTORE__V1__KEY_IMPORT_REQUEST__INIT;
	ks_pb_request exporting = REQUEST(KEY_EXPORT, key_export, &export);
	ks_pb_request importing = REQUEST(KEY_IMPORT, key_import, &import);

	export.key = &ref;
	export.format = KEYSTORE__V1__KEY_FORMAT__KEY_FORMAT_TSS2_PEM;
	ks_pb_reply *file = client_ask(&root, &exporting);

	import.name = (char *)(uintptr_t) "copy";
	import.pem = file->data->data;
	cr_assert_eq(client_try(&root, &importing), STATUS_OK);
	cr_assert_eq(client_sign(&root, "copy"), STATUS_OK);
	codec_reply_free(file);

	importing.id = 0;
	import.name = (char *)(uintptr_t) "bad";
	import.pem.data = (uint8_t *)(uintptr_t) "nonsense";
	import.pem.len = 8;
	expect_message(&root, &importing, STATUS_INVALID, "no TSS2 PRIVATE KEY");
}

Test(request, says_one_thing_for_every_ciphertext_that_does_not_decrypt)
{
	uint8_t ciphertext[256] = {0};
	Keystore__V1__KeyRef ref = ref_to("rsa");
	Keystore__V1__DecryptRequest decrypt = KEYSTORE__V1__DECRYPT_REQUEST__INIT;
	ks_pb_request request = REQUEST(DECRYPT, decrypt, &decrypt);

	client_create(&root, "rsa", TPM_RSA_2048);
	decrypt.key = &ref;
	decrypt.ciphertext.data = ciphertext;
	decrypt.ciphertext.len = sizeof ciphertext;
	expect_message(&root, &request, STATUS_DECRYPT_FAILED,
		       "the ciphertext does not decrypt with key “rsa”");
	request.id = 0;
	decrypt.ciphertext.len = 255;
	expect_message(&root, &request, STATUS_INVALID, "255 bytes");
	request.id = 0;
	ref = ref_to("web");
	cr_assert_eq(client_try(&root, &request), STATUS_DENIED);
}

Test(request, writes_a_csr)
{
	Keystore__V1__KeyRef ref = ref_to("web");
	Keystore__V1__CsrRequest csr = KEYSTORE__V1__CSR_REQUEST__INIT;
	ks_pb_request request = REQUEST(CSR, csr, &csr);

	csr.key = &ref;
	csr.subject = (char *)(uintptr_t) "CN=plc-1";
	ks_pb_reply *reply = client_ask(&root, &request);
	const uint8_t *at = reply->data->data.data;
	X509_REQ *parsed = d2i_X509_REQ(NULL, &at, (long)reply->data->data.len);

	cr_assert_not_null(parsed);
	cr_assert_eq(X509_REQ_verify(parsed, X509_REQ_get0_pubkey(parsed)), 1);
	X509_REQ_free(parsed);
	codec_reply_free(reply);
	request.id = 0;
	csr.subject = (char *)(uintptr_t) "nonsense";
	cr_assert_eq(client_try(&root, &request), STATUS_INVALID);
}

Test(request, enters_management_in_the_audit_whatever_came_of_it)
{
	read_audit();
	cr_assert_str_eq(audit_last, "0 key create web ok");
	client_delete(&user, "web");
	read_audit();
	cr_assert_str_eq(audit_last, "1000 key delete web denied");
	client_create(&root, "web", TPM_EC_P256);
	read_audit();
	cr_assert_eq(strncmp(audit_last, "0 key create web ", 17), 0);
	uint64_t before = audit_count;

	client_sign(&root, "web");
	read_audit();
	cr_assert_eq(audit_count, before);
}

Test(request, changes_nothing_when_the_audit_cannot_be_written)
{
	char path[TEMP_PATH_MAX + 32];
	char command[TEMP_PATH_MAX + 128];

	snprintf(path, sizeof path, "%s/keystored.db", bench.dir);
	snprintf(command, sizeof command,
		 "sqlite3 %s \"CREATE TRIGGER no BEFORE INSERT ON audit BEGIN SELECT "
		 "RAISE(ABORT, 'no'); END\" 2>/dev/null",
		 path);
	if (system(command) != 0)
		cr_skip_test("there is no sqlite3 here");
	cr_assert_eq(client_create(&root, "new", TPM_EC_P256), STATUS_STORAGE);
	cr_assert_eq(client_delete(&root, "web"), STATUS_STORAGE);
	cr_assert_eq(store_key_count(bench.service.store), 1u);
	cr_assert_eq(client_sign(&root, "web"), STATUS_OK);
}

Test(request, counts_a_flood_of_refusals_instead_of_entering_each)
{
	for (int i = 0; i < 300; i++)
		client_delete(&user, "web");
	read_audit();
	cr_assert_eq(audit_count, 301u);
}

Test(request, finds_a_key_by_id)
{
	Keystore__V1__KeyRef ref = KEYSTORE__V1__KEY_REF__INIT;
	Keystore__V1__KeyShowRequest show = KEYSTORE__V1__KEY_SHOW_REQUEST__INIT;
	ks_pb_request request = REQUEST(KEY_SHOW, key_show, &show);

	ref.by_case = KEYSTORE__V1__KEY_REF__BY_ID;
	ref.id = 1;
	show.key = &ref;
	ks_pb_reply *reply = client_ask(&root, &request);

	cr_assert_str_eq(reply->key->key->name, "web");
	cr_assert_eq(reply->key->key->fingerprint.len, 32u);
	cr_assert_eq(reply->key->key->n_grants, 1u);
	codec_reply_free(reply);
	request.id = 0;
	ref.id = UINT64_MAX;
	cr_assert_eq(client_try(&root, &request), STATUS_INVALID);
	request.id = 0;
	ref.id = 77;
	expect_message(&root, &request, STATUS_NOT_FOUND, "#77");
}
