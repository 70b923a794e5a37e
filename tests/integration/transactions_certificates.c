/*
 * Certificates that come in as part of a transaction, as programs have them: applied as one or
 * not at all, and no key stays in the TPM that nobody has.
 */
#include <criterion/criterion.h>

#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "keystore.h"
#include "keystore_service.h"
#include "keystore_trust.h"

static const struct ks_options staged = {.in_transaction = true};
static const struct ks_options at_once = {0};

struct bench {
	struct fixture *fixture;
	struct ks_client *client; /* with the transaction */
	struct ks_client *other;
};

static void set_up(struct bench *bench, const struct fixture_options *options)
{
	*bench = (struct bench){.fixture = fixture_new(options)};
	cr_assert_eq(ks_connect(fixture_socket(bench->fixture), &bench->client), KS_OK);
	cr_assert_eq(ks_connect(fixture_socket(bench->fixture), &bench->other), KS_OK);
}

static void tear_down(struct bench *bench)
{
	ks_close(bench->client);
	ks_close(bench->other);
	fixture_free(bench->fixture);
}

/* What a call has to end with, and a word of its sentence. */
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

/* A self-signed certificate of a new key, as PKCS#12; in DER where there is a name for that. */
static struct ks_cert_file make_file(const char *name, const char *der_name)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x509 = X509_new();
	X509_NAME *subject = X509_get_subject_name(x509);
	struct ks_cert_file file = {.key_name = der_name ? NULL : name};
	uint8_t *bytes = NULL;
	X509V3_CTX context;
	int len;

	X509_set_version(x509, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x509), rand() + 1L);
	X509_gmtime_adj(X509_getm_notBefore(x509), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x509), 86400 * 300);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
				   (const unsigned char *)(name ? name : der_name), -1, -1, 0);
	X509_set_issuer_name(x509, subject);
	X509_set_pubkey(x509, key);
	X509V3_set_ctx(&context, x509, x509, NULL, NULL, 0);
	X509_EXTENSION *usage =
		X509V3_EXT_conf_nid(NULL, &context, NID_key_usage, "critical,digitalSignature");

	X509_add_ext(x509, usage, -1);
	X509_EXTENSION_free(usage);
	cr_assert_gt(X509_sign(x509, key, EVP_sha256()), 0);
	if (der_name) {
		len = i2d_X509(x509, &bytes);
	} else {
		PKCS12 *p12 = PKCS12_create(NULL, NULL, key, x509, NULL, -1, -1, 0, -1, 0);

		len = i2d_PKCS12(p12, &bytes);
		PKCS12_free(p12);
	}
	cr_assert_gt(len, 0);
	file.bytes = bytes;
	file.len = (size_t)len;
	X509_free(x509);
	EVP_PKEY_free(key);
	return file;
}

static void file_drop(struct ks_cert_file *file)
{
	OPENSSL_free((void *)(uintptr_t)file->bytes);
}

static void begin(struct bench *bench)
{
	ks_set_options(bench->client, &at_once);
	EXPECT(KS_OK, "", ks_txn_begin, bench->client);
	ks_set_options(bench->client, &staged);
}

static void stage_import(struct bench *bench, const struct ks_cert_file *file)
{
	EXPECT(KS_OK, "", ks_cert_import, bench->client, file);
}

static void apply(struct bench *bench, enum ks_status expected, const char *said)
{
	ks_set_options(bench->client, &at_once);
	EXPECT(expected, said, ks_txn_apply, bench->client);
}

static size_t count_keys(struct bench *bench)
{
	struct ks_result *result = NULL;
	size_t count;

	cr_assert_eq(ks_key_list(bench->other, NULL, 0, &result), KS_OK);
	count = result->key_count;
	ks_result_free(result);
	return count;
}

static size_t count_certs(struct bench *bench)
{
	struct ks_result *result = NULL;
	size_t count;

	cr_assert_eq(ks_cert_list(bench->other, KS_CERT_ALL, 0, 0, &result), KS_OK);
	count = result->cert_count;
	ks_result_free(result);
	return count;
}

static uint32_t version_of(struct bench *bench, uint64_t id)
{
	struct ks_result *result = NULL;
	uint32_t version;

	cr_assert_eq(ks_cert_show(bench->other, id, &result), KS_OK, "%s", result->message);
	version = result->certs[0].version;
	ks_result_free(result);
	return version;
}

/* A device's certificate, 1, with its key "plc". */
static void create_first(struct bench *bench)
{
	const struct ks_cert_request request = {
		.new_key = "plc",
		.algorithm = KS_ALGORITHM_EC_P256,
		.profile = "tls-client",
		.subject = "CN=plc",
	};

	EXPECT(KS_OK, "", ks_cert_create, bench->other, &request);
}

/* Objects that the TPM holds for the service, as the proxy saw them come and go. */
static uint64_t count_loaded(struct bench *bench)
{
	static const char *const loads[] = {"Load", "LoadExternal", "CreatePrimary", "ContextLoad"};
	uint8_t digest[32] = {7};
	uint64_t count = 0;

	/* What was to be flushed before that is. */
	EXPECT(KS_OK, "", ks_sign, bench->other, "plc", KS_HASH_SHA256, KS_PADDING_DEFAULT, digest,
	       sizeof(digest));
	for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++)
		count += fixture_proxy_count(bench->fixture, loads[i]);
	return count - fixture_proxy_count(bench->fixture, "FlushContext");
}

Test(transactions, of_imports_and_replacements_are_applied_as_one)
{
	struct bench bench;
	uint8_t digest[32] = {7};
	struct ks_cert_file device = make_file("device", NULL);
	struct ks_cert_file next = make_file("plc-next", NULL);
	struct ks_cert_file partner = make_file(NULL, "partner");

	set_up(&bench, NULL);
	create_first(&bench);
	begin(&bench);
	stage_import(&bench, &device);
	stage_import(&bench, &partner);
	EXPECT(KS_OK, "", ks_cert_replace, bench.client, 1, &next);
	/* Nobody else sees anything of it. */
	cr_assert_eq(count_certs(&bench), 1);
	cr_assert_eq(count_keys(&bench), 1);
	cr_assert_eq(version_of(&bench, 1), 1);
	EXPECT(KS_NOT_FOUND, "device", ks_key_show, bench.other, "device");
	apply(&bench, KS_OK, "");
	cr_assert_eq(count_certs(&bench), 3);
	cr_assert_eq(count_keys(&bench), 3);
	cr_assert_eq(version_of(&bench, 1), 2);
	for (size_t i = 0; i < 2; i++)
		EXPECT(KS_OK, "", ks_sign, bench.other, i ? "plc-next" : "device", KS_HASH_SHA256,
		       KS_PADDING_DEFAULT, digest, sizeof(digest));
	free(fixture_sh_ok(bench.fixture,
			   "keystorectl audit verify; test $(keystorectl audit list | grep -c "
			   "' cert import ') = 2; keystorectl audit list | grep -q "
			   "' cert replace .*certificate 1 plc-next'"));
	file_drop(&device);
	file_drop(&next);
	file_drop(&partner);
	tear_down(&bench);
}

/* An import and a replacement, of which nothing is to stay once @end has ended them. */
static void lose(struct bench *bench, const struct ks_cert_file *device,
		 const struct ks_cert_file *next, void (*end)(struct bench *bench))
{
	begin(bench);
	stage_import(bench, device);
	EXPECT(KS_OK, "", ks_cert_replace, bench->client, 1, next);
	end(bench);
	cr_assert_eq(count_certs(bench), 1);
	cr_assert_eq(count_keys(bench), 1);
	cr_assert_eq(version_of(bench, 1), 1);
}

static void cancel(struct bench *bench)
{
	ks_set_options(bench->client, &at_once);
	EXPECT(KS_OK, "", ks_txn_cancel, bench->client);
}

static void disconnect(struct bench *bench)
{
	ks_close(bench->client);
	cr_assert_eq(ks_connect(fixture_socket(bench->fixture), &bench->client), KS_OK);
}

static void crash(struct bench *bench)
{
	fixture_service_kill(bench->fixture);
	fixture_service_start(bench->fixture);
	fixture_service_wait(bench->fixture);
}

Test(transactions, that_are_cancelled_leave_no_certificate_and_no_key)
{
	struct bench bench;
	struct ks_cert_file device = make_file("device", NULL);
	struct ks_cert_file next = make_file("plc-next", NULL);
	uint64_t loaded;

	set_up(&bench, &(struct fixture_options){.with_proxy = true});
	create_first(&bench);
	loaded = count_loaded(&bench);
	/* More often than a TPM has room for. */
	for (int i = 0; i < 4; i++) {
		lose(&bench, &device, &next, cancel);
		lose(&bench, &device, &next, disconnect);
	}
	cr_assert_leq(count_loaded(&bench), loaded);
	lose(&bench, &device, &next, crash);
	/* Their names are free. */
	begin(&bench);
	stage_import(&bench, &device);
	EXPECT(KS_OK, "", ks_cert_replace, bench.client, 1, &next);
	apply(&bench, KS_OK, "");
	cr_assert_eq(count_keys(&bench), 3);
	file_drop(&device);
	file_drop(&next);
	tear_down(&bench);
}

Test(transactions, conflict_with_what_became_of_the_certificate_meanwhile)
{
	struct bench bench;
	const struct ks_cert_request again = {.new_key = "plc-3",
					      .algorithm = KS_ALGORITHM_EC_P256};
	struct ks_cert_file next = make_file("plc-next", NULL);
	struct ks_cert_file partner = make_file(NULL, "partner");

	set_up(&bench, NULL);
	create_first(&bench);
	begin(&bench);
	stage_import(&bench, &partner);
	EXPECT(KS_OK, "", ks_cert_replace, bench.client, 1, &next);
	EXPECT(KS_OK, "", ks_cert_renew, bench.other, 1, NULL, KS_HASH_DEFAULT);
	apply(&bench, KS_CONFLICT, "certificate 1 is version 2 by now");
	cr_assert_eq(count_certs(&bench), 1);
	cr_assert_eq(count_keys(&bench), 1);
	/* A CSR that came up is not thrown away. */
	begin(&bench);
	EXPECT(KS_OK, "", ks_cert_replace, bench.client, 1, &next);
	EXPECT(KS_OK, "", ks_cert_request, bench.other, 1, &again);
	apply(&bench, KS_CONFLICT, "another CSR");
	cr_assert_eq(version_of(&bench, 1), 2);
	begin(&bench);
	EXPECT(KS_OK, "", ks_cert_replace, bench.client, 1, &next);
	EXPECT(KS_OK, "", ks_cert_delete, bench.other, 1);
	apply(&bench, KS_CONFLICT, "certificate 1 was deleted meanwhile");
	cr_assert_eq(count_certs(&bench), 0);
	file_drop(&next);
	file_drop(&partner);
	tear_down(&bench);
}

Test(transactions, conflict_with_what_became_of_the_keys_meanwhile)
{
	struct bench bench;
	struct ks_cert_file device = make_file("device", NULL);
	struct ks_cert_file next = make_file("plc-next", NULL);
	struct ks_cert_file elsewhere;
	char *pem;

	set_up(&bench, &(struct fixture_options){.config = "[limits]\nkeys = 2\n"});
	EXPECT(KS_OK, "", ks_key_create, bench.other, "plc", KS_ALGORITHM_EC_P256, 0);
	/* Somebody certified the key. */
	pem = fixture_sh_ok(
		bench.fixture,
		"set -e; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
		"-keyout ca.k -out ca.pem -subj /CN=ca 2> /dev/null; "
		"keystorectl csr plc --subject CN=plc --out plc.csr > /dev/null; "
		"printf 'keyUsage=digitalSignature\n' > ext; "
		"openssl x509 -req -in plc.csr -CA ca.pem -CAkey ca.k -CAcreateserial -days 20 "
		"-extfile ext 2> /dev/null");
	elsewhere = (struct ks_cert_file){.bytes = (uint8_t *)pem, .len = strlen(pem)};
	begin(&bench);
	stage_import(&bench, &elsewhere);
	EXPECT(KS_OK, "", ks_key_delete, bench.other, "plc");
	apply(&bench, KS_CONFLICT, "was deleted meanwhile");
	cr_assert_eq(count_certs(&bench), 0);
	/* A name is taken by another request, and then there is no room. */
	begin(&bench);
	stage_import(&bench, &device);
	EXPECT(KS_OK, "", ks_key_create, bench.other, "device", KS_ALGORITHM_EC_P256, 0);
	apply(&bench, KS_CONFLICT, "there is a key “device” already");
	EXPECT(KS_OK, "", ks_key_delete, bench.other, "device");
	begin(&bench);
	stage_import(&bench, &device);
	stage_import(&bench, &next);
	EXPECT(KS_OK, "", ks_key_create, bench.other, "third", KS_ALGORITHM_EC_P256, 0);
	apply(&bench, KS_CONFLICT, "there are 2 keys, and no more are allowed");
	cr_assert_eq(count_keys(&bench), 1);
	cr_assert_eq(count_certs(&bench), 0);
	free(pem);
	file_drop(&device);
	file_drop(&next);
	tear_down(&bench);
}
