/* Imports, CSRs and their answers while the service is killed: whole or not there. */
#include <criterion/criterion.h>

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "fixture.h"
#include "keystore.h"

#define KILLS	  20
#define CERTS_MAX 4096
#define DAY	  86400

/* What a client was told has happened. */
struct ledger {
	struct fixture *fixture;
	atomic_bool is_over;
	atomic_uint count;
	struct {
		uint64_t id;
		uint32_t version; /* at least */
	} certs[CERTS_MAX];
	/* the CA elsewhere */
	EVP_PKEY *ca_key;
	X509_NAME *ca_name;
	long serial;
};

static struct ks_client *connect_patiently(struct ledger *ledger)
{
	struct ks_client *client = NULL;

	while (!ledger->is_over && ks_connect(fixture_socket(ledger->fixture), &client) != KS_OK)
		poll(NULL, 0, 2);
	return client;
}

/* A certificate by the CA elsewhere; PEM, with @pair's private key where it is to come along. */
static BIO *issue(struct ledger *ledger, const X509_NAME *subject, EVP_PKEY *key, bool with_key)
{
	X509_EXTENSION *names =
		X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:outside.example");
	X509 *cert = X509_new();
	BIO *pem = BIO_new(BIO_s_mem());

	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), ++ledger->serial);
	X509_set_subject_name(cert, subject);
	X509_set_issuer_name(cert, ledger->ca_name);
	X509_gmtime_adj(X509_getm_notBefore(cert), -DAY);
	X509_gmtime_adj(X509_getm_notAfter(cert), 100 * DAY);
	X509_set_pubkey(cert, key);
	X509_add_ext(cert, names, -1);
	X509_sign(cert, ledger->ca_key, EVP_sha256());
	PEM_write_bio_X509(pem, cert);
	if (with_key)
		PEM_write_bio_PrivateKey(pem, key, NULL, NULL, 0, NULL, NULL);
	X509_EXTENSION_free(names);
	X509_free(cert);
	return pem;
}

static struct ks_cert_file file_of(BIO *pem)
{
	struct ks_cert_file file = {0};
	char *text;
	long len = BIO_get_mem_data(pem, &text);

	file.bytes = (const uint8_t *)text;
	file.len = (size_t)len;
	return file;
}

static void enter(struct ledger *ledger, const struct ks_result *result)
{
	ledger->certs[ledger->count].id = result->certs[0].id;
	ledger->certs[ledger->count].version = result->certs[0].version;
	ledger->count++;
}

/* However slow the machine: the kills hit work that went on. */
static bool has_enough(void *user)
{
	const struct ledger *ledger = user;

	return ledger->count >= KILLS / 2;
}

/* One certificate, with its key or without. */
static enum ks_status import(struct ledger *ledger, struct ks_client *client, unsigned n)
{
	struct ks_result *result = NULL;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	bool with_key = n % 3 == 0;
	BIO *pem = issue(ledger, ledger->ca_name, key, with_key);
	struct ks_cert_file file = file_of(pem);
	enum ks_status status;
	char name[32];

	snprintf(name, sizeof(name), "imported-%u", n);
	if (with_key)
		file.key_name = name;
	status = ks_cert_import(client, &file, &result);
	if (status == KS_OK)
		enter(ledger, result);
	ks_result_free(result);
	BIO_free(pem);
	EVP_PKEY_free(key);
	return status;
}

/* A CSR, and its answer. */
static enum ks_status request(struct ledger *ledger, struct ks_client *client, unsigned n)
{
	char name[32];
	struct ks_cert_request asked = {.new_key = name,
					.algorithm = KS_ALGORITHM_EC_P256,
					.profile = "tls-client",
					.subject = "CN=asked"};
	struct ks_result *result = NULL;
	enum ks_status status;

	snprintf(name, sizeof(name), "asked-%u", n);
	status = ks_cert_request(client, 0, &asked, &result);
	if (status == KS_OK) {
		const uint8_t *at = result->data;
		X509_REQ *csr = d2i_X509_REQ(NULL, &at, (long)result->data_len);
		BIO *pem = issue(ledger, X509_REQ_get_subject_name(csr), X509_REQ_get0_pubkey(csr),
				 false);
		struct ks_cert_file file = file_of(pem);
		uint64_t id = result->certs[0].id;

		enter(ledger, result);
		ks_result_free(result);
		result = NULL;
		status = ks_cert_replace(client, id, &file, &result);
		if (status == KS_OK)
			ledger->certs[ledger->count - 1].version = result->certs[0].version;
		BIO_free(pem);
		X509_REQ_free(csr);
	}
	ks_result_free(result);
	return status;
}

static void *worker(void *user)
{
	struct ledger *ledger = user;
	struct ks_client *client = connect_patiently(ledger);

	for (unsigned n = 0; client && !ledger->is_over && ledger->count < CERTS_MAX; n++) {
		enum ks_status status =
			n % 3 == 1 ? request(ledger, client, n) : import(ledger, client, n);

		if (status == KS_DISCONNECTED || status == KS_UNREACHABLE) {
			ks_close(client);
			client = connect_patiently(ledger);
		}
	}
	ks_close(client);
	return NULL;
}

static void expect(struct fixture *fixture, const char *sql, const char *answer)
{
	char *out = fixture_sh_ok(fixture, "sqlite3 state/keystored.db \"%s\"", sql);

	cr_assert_str_eq(out, answer, "%s: %s", sql, out);
	free(out);
}

Test(outside, is_whole_or_not_there_when_the_service_is_killed_twenty_times, .timeout = 600)
{
	struct ledger *ledger = calloc(1, sizeof(*ledger));
	struct fixture *fixture = fixture_new(NULL);
	struct ks_client *client;
	pthread_t thread;

	ledger->fixture = fixture;
	ledger->ca_key = EVP_EC_gen("P-256");
	ledger->ca_name = X509_NAME_new();
	X509_NAME_add_entry_by_txt(ledger->ca_name, "CN", MBSTRING_UTF8,
				   (const unsigned char *)"Elsewhere", -1, -1, 0);
	cr_assert_eq(pthread_create(&thread, NULL, worker, ledger), 0);
	for (int i = 0; i < KILLS; i++) {
		struct timespec nap = {.tv_nsec = 5000000 + 7919000L * i % 80000000};

		/* A different moment each time. */
		nanosleep(&nap, NULL);
		fixture_service_kill(fixture);
		fixture_service_start(fixture);
		fixture_service_wait(fixture);
	}
	fixture_until(has_enough, ledger, "certificates that were acknowledged");
	atomic_store(&ledger->is_over, true);
	pthread_join(thread, NULL);

	cr_assert_eq(ks_connect(fixture_socket(fixture), &client), KS_OK);
	for (unsigned n = 0; n < ledger->count; n++) {
		struct ks_result *result = NULL;

		cr_assert_eq(ks_cert_show(client, ledger->certs[n].id, &result), KS_OK,
			     "certificate %llu was acknowledged and is gone",
			     (unsigned long long)ledger->certs[n].id);
		cr_assert_geq(result->certs[0].version, ledger->certs[n].version);
		ks_result_free(result);
	}
	ks_close(client);
	cr_assert_eq(fixture_service_stop(fixture), 0);
	expect(fixture, "PRAGMA integrity_check", "ok\n");
	expect(fixture, "PRAGMA foreign_key_check", "");
	/* No key without its certificate or CSR, and no certificate without either. */
	expect(fixture,
	       "SELECT count(*) FROM key WHERE id NOT IN (SELECT key_id FROM certificate_version "
	       "WHERE key_id IS NOT NULL UNION SELECT key_id FROM certificate_request)",
	       "0\n");
	expect(fixture,
	       "SELECT count(*) FROM certificate c WHERE (SELECT count(*) FROM certificate_version "
	       "v "
	       "WHERE v.certificate_id = c.id) <> c.version OR (c.version = 0) <> (c.id IN (SELECT "
	       "certificate_id FROM certificate_request))",
	       "0\n");
	/* Each change has its entry in the trail. */
	expect(fixture,
	       "SELECT (SELECT sum(version) FROM certificate) - (SELECT count(*) FROM audit WHERE "
	       "status = 'ok' AND operation IN ('cert import', 'cert replace'))",
	       "0\n");
	expect(fixture,
	       "SELECT (SELECT count(*) FROM certificate WHERE subject = 'CN=asked') - (SELECT "
	       "count(*) FROM audit WHERE status = 'ok' AND operation = 'cert request')",
	       "0\n");
	fixture_service_start(fixture);
	fixture_service_wait(fixture);
	free(fixture_sh_ok(fixture, "keystorectl audit verify"));
	fixture_free(fixture);
	X509_NAME_free(ledger->ca_name);
	EVP_PKEY_free(ledger->ca_key);
	free(ledger);
}
