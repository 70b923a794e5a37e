/*
 * What a GDS pushes, as an OPC UA server hands it on (OPC 10000-12 7.10): by the server's own user,
 * in the name of somebody who is logged in, as one transaction.
 */
#include <criterion/criterion.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "keystore.h"
#include "keystore_cert.h"
#include "keystore_service.h"
#include "keystore_trust.h"
#include "keystore_users.h"

#define FRONT_END 4711
#define PASSWORD  "correct horse"

static const struct ks_options staged = {.in_transaction = true};
static const struct ks_options at_once = {0};

struct bench {
	struct fixture *fixture;
	struct ks_client *client; /* the front-end's: its transaction, and a user's token */
	struct ks_client *plain;  /* the front-end's, without one */
};

static void expect(enum ks_status expected, const char *said, enum ks_status status,
		   struct ks_result *result)
{
	cr_assert_eq(status, expected, "%s: %s", ks_status_name(status), result->message);
	cr_assert_not_null(strstr(result->message, said), "%s", result->message);
	ks_result_free(result);
}

#define EXPECT(expected, said, call, ...)                                                          \
	do {                                                                                       \
		struct ks_result *ret = NULL;                                                      \
		enum ks_status status = call(__VA_ARGS__, &ret);                                   \
		expect(expected, said, status, ret);                                               \
	} while (0)

/* From here on, this process is the front-end. */
static void become_front_end(struct bench *bench)
{
	cr_assert_eq(seteuid(FRONT_END), 0);
	cr_assert_eq(ks_connect(fixture_socket(bench->fixture), &bench->client), KS_OK);
	cr_assert_eq(ks_connect(fixture_socket(bench->fixture), &bench->plain), KS_OK);
	cr_assert_eq(seteuid(0), 0);
}

static void log_in(struct bench *bench, const char *user)
{
	const struct ks_login_order order = {
		.lasting = true,
		.origin = "192.0.2.7",
		.user = user,
		.password = (const uint8_t *)PASSWORD,
		.password_len = strlen(PASSWORD),
	};
	struct ks_result *result = NULL;

	cr_assert_eq(ks_login_order(bench->client, &order, &result), KS_OK, "%s", result->message);
	cr_assert_eq(result->login->life_seconds, 0);
	ks_set_token(bench->client, result->login->token, result->login->token_len);
	ks_result_free(result);
}

/*
 * An OPC UA server, "plc" with its certificate 3, and its user; a web server without a certificate;
 * and who pushes: "gds", with a role of his own.
 */
static void set_up(struct bench *bench, const char *rights)
{
	if (geteuid() != 0)
		cr_skip_test("somebody else's uid takes root");
	*bench = (struct bench){.fixture = fixture_new(NULL)};
	free(fixture_sh_ok(
		bench->fixture,
		"set -e; chmod 755 .; keystorectl project init > /dev/null; "
		"keystorectl cert create --profile opcua-server --self-signed --new-key plc "
		"--algorithm rsa-2048 --subject CN=plc --san URI:urn:plant:plc,DNS:plc > "
		"/dev/null; "
		"keystorectl service create plc --kind opcua-server --cert 3 --group opcua --uid "
		"%d "
		"> /dev/null; "
		"keystorectl service create web --kind web-server --uid %d > /dev/null; "
		"keystorectl group set opcua --crls none > /dev/null; "
		"echo '" PASSWORD "' > pw; "
		"keystorectl user create admin --roles administrator --password-file pw > "
		"/dev/null; "
		"keystorectl login admin --password-file pw > /dev/null; "
		"keystorectl role set pusher --rights %s > /dev/null; "
		"keystorectl user create gds --roles pusher --password-file pw > /dev/null",
		FRONT_END, FRONT_END, rights));
	become_front_end(bench);
	log_in(bench, "gds");
}

static void tear_down(struct bench *bench)
{
	ks_close(bench->client);
	ks_close(bench->plain);
	fixture_free(bench->fixture);
}

static void begin(struct bench *bench)
{
	ks_set_options(bench->client, &at_once);
	EXPECT(KS_OK, "", ks_txn_begin, bench->client);
	ks_set_options(bench->client, &staged);
}

static void end_with(struct bench *bench, enum ks_status expected, const char *said)
{
	ks_set_options(bench->client, &at_once);
	EXPECT(expected, said, ks_txn_apply, bench->client);
}

/* The GDS's CA issues for a CSR, or makes a key itself, as its owner's openssl does. */
static struct ks_cert_file issue(struct bench *bench, const uint8_t *csr, size_t len,
				 const char *how)
{
	char path[256];
	size_t size = 0;

	snprintf(path, sizeof path, "%s/in.csr", fixture_dir(bench->fixture));
	if (csr)
		file_write(path, csr, len);
	free(fixture_sh_ok(
		bench->fixture,
		"set -e; test -f ca.k || openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.k "
		"-out ca.pem -subj /CN=gds-ca -days 300 2> /dev/null; "
		"printf 'subjectAltName=URI:urn:plant:plc,DNS:plc\\nkeyUsage=digitalSignature,"
		"nonRepudiation,keyEncipherment,dataEncipherment\\n"
		"extendedKeyUsage=serverAuth,clientAuth\\nbasicConstraints=CA:FALSE\\n"
		"subjectKeyIdentifier=hash\\nauthorityKeyIdentifier=keyid\\n' > ext; %s",
		how));
	snprintf(path, sizeof path, "%s/out", fixture_dir(bench->fixture));
	struct ks_cert_file file = {.bytes = (uint8_t *)file_read(path, &size)};

	file.len = size;
	return file;
}

#define SIGN_CSR                                                                                   \
	"openssl x509 -req -inform DER -in in.csr -CA ca.pem -CAkey ca.k -CAcreateserial "         \
	"-days 20 -extfile ext -outform DER -out out 2> /dev/null"
#define MAKE_KEY                                                                                   \
	"openssl req -newkey rsa:2048 -nodes -keyout new.k -subj /CN=plc -out new.csr 2> "         \
	"/dev/null; openssl x509 -req -in new.csr -CA ca.pem -CAkey ca.k -CAcreateserial "         \
	"-days 20 -extfile ext -out new.pem 2> /dev/null; "
#define AS_PEM MAKE_KEY "cat new.pem new.k > out"
#define AS_PFX                                                                                     \
	MAKE_KEY "openssl pkcs12 -export -inkey new.k -in new.pem -passout pass:secret -out out"

static void drop(struct ks_cert_file *file)
{
	free((void *)(uintptr_t)file->bytes);
}

static struct ks_cert show(struct bench *bench, uint64_t id)
{
	struct ks_result *result = NULL;

	cr_assert_eq(ks_cert_show(bench->plain, id, &result), KS_OK, "%s", result->message);
	struct ks_cert cert = {.version = result->certs[0].version,
			       .key_id = result->certs[0].key_id};

	ks_result_free(result);
	return cert;
}

/* The front-end itself may use what its service has. */
static void check_use(struct bench *bench, uint64_t key_id)
{
	uint8_t digest[32] = {7};
	char name[32];

	snprintf(name, sizeof name, "#%llu", (unsigned long long)key_id);
	EXPECT(KS_OK, "", ks_sign, bench->plain, name, KS_HASH_SHA256, KS_PADDING_PKCS1, digest,
	       sizeof(digest));
}

/* CreateSigningRequest with a new key, and the answer to it. */
static struct ks_cert_file request_and_issue(struct bench *bench, const char *key)
{
	const struct ks_cert_request again = {.new_key = key, .algorithm = KS_ALGORITHM_RSA_2048};
	struct ks_result *result = NULL;

	ks_set_options(bench->client, &at_once);
	cr_assert_eq(ks_cert_request(bench->client, 3, &again, &result), KS_OK, "%s",
		     result->message);
	struct ks_cert_file file = issue(bench, result->data, result->data_len, SIGN_CSR);

	ks_result_free(result);
	return file;
}

Test(push, takes_the_answer_to_a_request_with_a_new_key)
{
	struct bench bench;

	set_up(&bench, "manage-certs,manage-trust");
	uint64_t before = show(&bench, 3).key_id;
	struct ks_cert_file answer = request_and_issue(&bench, "plc-new");

	begin(&bench);
	EXPECT(KS_OK, "", ks_cert_replace, bench.client, 3, &answer);
	cr_assert_eq(show(&bench, 3).version, 1);
	end_with(&bench, KS_OK, "");
	cr_assert_eq(show(&bench, 3).version, 2);
	cr_assert_neq(show(&bench, 3).key_id, before);
	check_use(&bench, show(&bench, 3).key_id);
	/* For those who are connected yet. */
	check_use(&bench, before);
	drop(&answer);
	tear_down(&bench);
}

Test(push, refuses_the_answer_to_another_request)
{
	struct bench bench;

	set_up(&bench, "manage-certs,manage-trust");
	struct ks_cert_file answer = request_and_issue(&bench, "plc-new");
	struct ks_cert_file later = request_and_issue(&bench, "plc-newer");

	begin(&bench);
	EXPECT(KS_INVALID, "answers another CSR", ks_cert_replace, bench.client, 3, &answer);
	EXPECT(KS_OK, "", ks_cert_replace, bench.client, 3, &later);
	end_with(&bench, KS_OK, "");
	cr_assert_eq(show(&bench, 3).version, 2);
	drop(&answer);
	drop(&later);
	tear_down(&bench);
}

Test(push, takes_keys_that_come_along_in_pem_and_pfx)
{
	struct bench bench;

	set_up(&bench, "manage-certs,manage-trust");
	struct ks_cert_file pem = issue(&bench, NULL, 0, AS_PEM);
	struct ks_cert_file pfx = issue(&bench, NULL, 0, AS_PFX);

	begin(&bench);
	EXPECT(KS_OK, "", ks_cert_replace, bench.client, 3, &pem);
	end_with(&bench, KS_OK, "");
	cr_assert_eq(show(&bench, 3).version, 2);
	check_use(&bench, show(&bench, 3).key_id);
	pfx.password = "secret";
	begin(&bench);
	EXPECT(KS_OK, "", ks_cert_replace, bench.client, 3, &pfx);
	end_with(&bench, KS_OK, "");
	cr_assert_eq(show(&bench, 3).version, 3);
	check_use(&bench, show(&bench, 3).key_id);
	drop(&pem);
	drop(&pfx);
	tear_down(&bench);
}

static const struct ks_name web_name = {KS_NAME_DNS, "web.plant"};
static const struct ks_cert_request web_order = {
	.new_key = "web",
	.algorithm = KS_ALGORITHM_RSA_2048,
	.profile = "web-server",
	.subject = "CN=web",
	.names = &web_name,
	.name_count = 1,
};

static size_t count_keys(struct bench *bench)
{
	struct run run =
		fixture_sh(bench->fixture, "keystorectl key list --names | grep -c . || true");
	size_t count = strtoul(run.out, NULL, 10);

	run_free(&run);
	return count;
}

/* CreateSelfSignedCertificate for an empty slot. */
static void stage_web(struct bench *bench)
{
	const struct ks_assignment web = {.name = "web", .cert_key = "web"};

	EXPECT(KS_OK, "", ks_cert_create, bench->client, &web_order);
	EXPECT(KS_OK, "", ks_service_set, bench->client, &web, KS_FIELD_CERT, false);
}

static uint64_t cert_of(struct bench *bench, const char *service)
{
	char *text = fixture_sh_ok(bench->fixture,
				   "keystorectl service show %s --json | "
				   "sed -n 's/.*\"cert_id\":\\([0-9]*\\).*/\\1/p'",
				   service);
	uint64_t id = strtoull(text, NULL, 10);

	free(text);
	return id;
}

Test(push, makes_a_certificate_and_assigns_it_as_one)
{
	struct bench bench;

	set_up(&bench, "manage-certs,manage-trust,manage-services");
	begin(&bench);
	stage_web(&bench);
	cr_assert_eq(count_keys(&bench), 3);
	cr_assert_eq(cert_of(&bench, "web"), 0);
	end_with(&bench, KS_OK, "");
	cr_assert_eq(count_keys(&bench), 4);
	uint64_t id = cert_of(&bench, "web");

	cr_assert_neq(id, 0);
	check_use(&bench, show(&bench, id).key_id);
	free(fixture_sh_ok(bench.fixture,
			   "keystorectl audit verify; keystorectl audit list | grep "
			   "-q 'cert create .*web-server by %d'",
			   (int)id));
	/* DeleteCertificate: away from the service, and gone. */
	begin(&bench);
	EXPECT(KS_OK, "", ks_service_set, bench.client, &(struct ks_assignment){.name = "web"},
	       KS_FIELD_CERT, false);
	EXPECT(KS_OK, "", ks_cert_delete, bench.client, id);
	cr_assert_eq(cert_of(&bench, "web"), id);
	end_with(&bench, KS_OK, "");
	cr_assert_eq(cert_of(&bench, "web"), 0);
	tear_down(&bench);
}

Test(push, leaves_nothing_of_a_transaction_that_is_lost)
{
	struct bench bench;

	set_up(&bench, "manage-certs,manage-trust,manage-services");
	for (int i = 0; i < 3; i++) {
		begin(&bench);
		stage_web(&bench);
		ks_close(bench.client);
		ks_close(bench.plain);
		if (i == 2) {
			fixture_service_kill(bench.fixture);
			fixture_service_start(bench.fixture);
			fixture_service_wait(bench.fixture);
			/* It has forgotten who was logged in. */
			free(fixture_sh_ok(bench.fixture, "keystorectl login admin "
							  "--password-file pw > /dev/null"));
		}
		become_front_end(&bench);
		log_in(&bench, "gds");
		cr_assert_eq(count_keys(&bench), 3);
		cr_assert_eq(cert_of(&bench, "web"), 0);
	}
	/* The name is free. */
	begin(&bench);
	stage_web(&bench);
	end_with(&bench, KS_OK, "");
	cr_assert_eq(count_keys(&bench), 4);
	tear_down(&bench);
}

Test(push, conflicts_with_a_key_that_came_meanwhile)
{
	struct bench bench;

	set_up(&bench, "manage-certs,manage-trust,manage-services");
	begin(&bench);
	stage_web(&bench);
	free(fixture_sh_ok(bench.fixture, "keystorectl key create web --algorithm ec-p256"));
	end_with(&bench, KS_CONFLICT, "there is a key “web” already");
	cr_assert_eq(count_keys(&bench), 4);
	begin(&bench);
	EXPECT(KS_OK, "", ks_service_set, bench.client,
	       &(struct ks_assignment){.name = "web", .cert_key = "web"}, KS_FIELD_CERT, false);
	end_with(&bench, KS_CONFLICT, "no key “web” that has a certificate");
	tear_down(&bench);
}

Test(push, keeps_what_two_changes_set_of_one_service)
{
	struct bench bench;
	const struct ks_assignment group = {.name = "web", .group = "https"};

	set_up(&bench, "manage-certs,manage-trust,manage-services");
	begin(&bench);
	EXPECT(KS_OK, "", ks_service_set, bench.client, &group, KS_FIELD_GROUP, false);
	stage_web(&bench);
	end_with(&bench, KS_OK, "");
	cr_assert_neq(cert_of(&bench, "web"), 0);
	free(fixture_sh_ok(bench.fixture,
			   "keystorectl service show web --json | grep -q '\"group\":\"https\"'"));
	tear_down(&bench);
}

/* One certificate, of which copies that differ in a number are as many. */
static struct ks_trust_item *make_items(size_t count, size_t padding)
{
	struct ks_trust_item *items = calloc(count, sizeof *items);
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x509 = X509_new();
	X509_NAME *name = X509_get_subject_name(x509);

	X509_set_version(x509, X509_VERSION_3);
	X509_gmtime_adj(X509_getm_notBefore(x509), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x509), 86400 * 300);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)"client", -1,
				   -1, 0);
	X509_set_issuer_name(x509, name);
	X509_set_pubkey(x509, key);
	if (padding) {
		ASN1_OCTET_STRING *bytes = ASN1_OCTET_STRING_new();
		uint8_t *zeros = calloc(1, padding);

		ASN1_OCTET_STRING_set(bytes, zeros, (int)padding);
		X509_EXTENSION *extension = X509_EXTENSION_create_by_NID(
			NULL, OBJ_create("1.3.6.1.4.1.99999.1", "bulk", "bulk"), 0, bytes);

		X509_add_ext(x509, extension, -1);
		X509_EXTENSION_free(extension);
		ASN1_OCTET_STRING_free(bytes);
		free(zeros);
	}
	for (size_t i = 0; i < count; i++) {
		uint8_t *der = NULL;

		ASN1_INTEGER_set(X509_get_serialNumber(x509), (long)i + 1);
		cr_assert_gt(X509_sign(x509, key, EVP_sha256()), 0);
		items[i].list = KS_TRUSTED_CERTS;
		items[i].der_len = (size_t)i2d_X509(x509, &der);
		items[i].der = der;
	}
	X509_free(x509);
	EVP_PKEY_free(key);
	return items;
}

static void free_items(struct ks_trust_item *items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		OPENSSL_free((void *)(uintptr_t)items[i].der);
	free(items);
}

/* A trust list in as many requests as it takes. */
static void stage_list(struct bench *bench, const struct ks_trust_item *items, size_t count,
		       size_t at_a_time)
{
	size_t first = count < at_a_time ? count : at_a_time;

	EXPECT(KS_OK, "", ks_trust_set, bench->client, "opcua",
	       1u << KS_TRUSTED_CERTS | 1u << KS_TRUSTED_CRLS, items, first);
	for (size_t at = first; at < count; at += at_a_time)
		EXPECT(KS_OK, "", ks_trust_add, bench->client, "opcua", items + at,
		       count - at < at_a_time ? count - at : at_a_time);
}

static uint64_t trusted(struct bench *bench)
{
	struct ks_result *result = NULL;
	uint64_t count = 0;

	cr_assert_eq(ks_group_list(bench->plain, NULL, &result), KS_OK);
	for (size_t i = 0; i < result->group_count; i++) {
		if (strcmp(result->groups[i].name, "opcua") == 0)
			count = result->groups[i].trusted_certs;
	}
	ks_result_free(result);
	return count;
}

Test(push, takes_a_trust_list_of_ten_thousand, .timeout = 300)
{
	enum { COUNT = 10000, AT_A_TIME = 256 };
	struct bench bench;
	struct ks_trust_item *items = make_items(COUNT, 0);

	set_up(&bench, "manage-certs,manage-trust");
	begin(&bench);
	stage_list(&bench, items, COUNT, AT_A_TIME);
	cr_assert_eq(trusted(&bench), 0);
	end_with(&bench, KS_OK, "");
	cr_assert_eq(trusted(&bench), COUNT);
	/* And another one in its place. */
	begin(&bench);
	stage_list(&bench, items, 10, AT_A_TIME);
	EXPECT(KS_OK, "", ks_trust_add, bench.client, "opcua", items + 20, 1);
	end_with(&bench, KS_OK, "");
	cr_assert_eq(trusted(&bench), 11);
	free_items(items, COUNT);
	tear_down(&bench);
}

Test(push, takes_entries_of_64_kib)
{
	enum { COUNT = 100 };
	struct bench bench;
	struct ks_trust_item *items = make_items(COUNT, 65536 - 500);

	cr_assert_gt(items[0].der_len, 65000u);
	cr_assert_leq(items[0].der_len, 65536u);
	set_up(&bench, "manage-certs,manage-trust");
	begin(&bench);
	stage_list(&bench, items, COUNT, 3);
	end_with(&bench, KS_OK, "");
	cr_assert_eq(trusted(&bench), COUNT);
	free_items(items, COUNT);
	tear_down(&bench);
}

Test(push, refuses_more_than_a_transaction_may_hold)
{
	enum { COUNT = 1100 };
	struct bench bench;
	struct ks_trust_item *items = make_items(COUNT, 65536 - 500);
	struct ks_result *result = NULL;
	enum ks_status got = KS_OK;

	set_up(&bench, "manage-certs,manage-trust");
	begin(&bench);
	for (size_t i = 0; i + 3 <= COUNT && got == KS_OK; i += 3) {
		ks_result_free(result);
		got = ks_trust_add(bench.client, "opcua", items + i, 3, &result);
	}
	cr_assert_eq(got, KS_LIMIT);
	cr_assert_not_null(strstr(result->message, "transaction-size"), "%s", result->message);
	ks_result_free(result);
	ks_set_options(bench.client, &at_once);
	EXPECT(KS_OK, "", ks_txn_cancel, bench.client);
	cr_assert_eq(trusted(&bench), 0);
	free_items(items, COUNT);
	tear_down(&bench);
}

/* The front-end's own user may use its service's key, and change nothing. */
Test(push, is_nothing_for_a_front_end_without_a_users_token)
{
	struct bench bench;
	struct ks_trust_item *items = make_items(1, 0);
	const struct ks_cert_request again = {.new_key = "k", .algorithm = KS_ALGORITHM_EC_P256};

	set_up(&bench, "opcua-access");
	struct ks_client *both[] = {bench.plain, bench.client}; /* a user without rights neither */

	for (size_t i = 0; i < 2; i++) {
		EXPECT(KS_DENIED, "", ks_txn_begin, both[i]);
		EXPECT(KS_DENIED, "", ks_cert_request, both[i], 3, &again);
		EXPECT(KS_DENIED, "", ks_cert_create, both[i], &web_order);
		EXPECT(KS_DENIED, "", ks_cert_delete, both[i], 3);
		EXPECT(KS_DENIED, "", ks_trust_add, both[i], "opcua", items, 1);
		EXPECT(KS_DENIED, "", ks_service_set, both[i],
		       &(struct ks_assignment){.name = "plc"}, KS_FIELD_CERT, false);
	}
	check_use(&bench, show(&bench, 3).key_id);
	free_items(items, 1);
	tear_down(&bench);
}
