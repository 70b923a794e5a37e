/*
 * Certificates while the service is killed: what was acknowledged is there, everything else
 * whole or not there. One client for each kind of change, and the service dies at 200 moments.
 */
#include <criterion/criterion.h>

#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fixture.h"
#include "keystore.h"
#include "keystore_service.h"
#include "keystore_trust.h"

#define KILLS	    200
#define ENTRIES_MAX 8192
#define SERIAL_MAX  64
#define ACTS_MIN    20

/* What a client was told has happened. */
struct entry {
	uint64_t id;
	uint32_t version;
	char serial[SERIAL_MAX];
	bool is_revoked;
};

struct actor {
	const char *name;
	/* One change, entered when it is acknowledged. */
	enum ks_status (*act)(struct actor *actor, struct ks_client *client);
	struct fixture *fixture;
	const atomic_bool *is_over;
	pthread_t thread;
	unsigned turn;
	uint64_t id; /* of the certificate that it replaces */
	EVP_PKEY *key;
	atomic_size_t count;
	struct entry entries[ENTRIES_MAX];
};

static struct entry *enter(struct actor *actor, const struct ks_cert *cert)
{
	struct entry *entry = &actor->entries[actor->count++];

	entry->id = cert->id;
	entry->version = cert->version;
	snprintf(entry->serial, sizeof(entry->serial), "%s", cert->serial);
	return entry;
}

static enum ks_status create(struct ks_client *client, const char *prefix, unsigned turn,
			     struct ks_result **ret_result)
{
	char name[32];
	struct ks_cert_request request = {
		.new_key = name,
		.algorithm = KS_ALGORITHM_EC_P256,
		.profile = "tls-client",
		.subject = "CN=client",
		.issuer = 2,
	};

	snprintf(name, sizeof(name), "%s%u", prefix, turn);
	return ks_cert_create(client, &request, ret_result);
}

static enum ks_status act_create(struct actor *actor, struct ks_client *client)
{
	struct ks_result *result = NULL;
	enum ks_status status = create(client, "c", actor->turn, &result);

	if (status == KS_OK)
		enter(actor, &result->certs[0]);
	ks_result_free(result);
	return status;
}

static enum ks_status act_renew(struct actor *actor, struct ks_client *client)
{
	struct ks_result *result = NULL;
	enum ks_status status = ks_cert_renew(client, 3, NULL, KS_HASH_DEFAULT, &result);

	if (status == KS_OK)
		enter(actor, &result->certs[0]);
	ks_result_free(result);
	return status;
}

static enum ks_status act_revoke(struct actor *actor, struct ks_client *client)
{
	struct ks_result *result = NULL;
	enum ks_status status = create(client, "r", actor->turn, &result);
	struct entry *entry;

	if (status == KS_OK) {
		entry = enter(actor, &result->certs[0]);
		ks_result_free(result);
		result = NULL;
		status = ks_cert_revoke(client, entry->id, 0, KS_REASON_SUPERSEDED, &result);
		entry->is_revoked = status == KS_OK;
	}
	ks_result_free(result);
	return status;
}

/* A self-signed certificate that nobody has seen before. */
static X509 *make_x509(EVP_PKEY *key, unsigned serial)
{
	X509 *x509 = X509_new();
	X509_NAME *name = X509_get_subject_name(x509);
	X509V3_CTX context;

	X509_set_version(x509, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x509), 1000 + (long)serial);
	X509_gmtime_adj(X509_getm_notBefore(x509), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x509), 86400 * 300);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)"partner", -1,
				   -1, 0);
	X509_set_issuer_name(x509, name);
	X509_set_pubkey(x509, key);
	X509V3_set_ctx(&context, x509, x509, NULL, NULL, 0);
	X509_EXTENSION *usage =
		X509V3_EXT_conf_nid(NULL, &context, NID_key_usage, "critical,digitalSignature");

	X509_add_ext(x509, usage, -1);
	X509_EXTENSION_free(usage);
	cr_assert_gt(X509_sign(x509, key, EVP_sha256()), 0);
	return x509;
}

static enum ks_status act_import(struct actor *actor, struct ks_client *client)
{
	X509 *x509 = make_x509(actor->key, actor->turn);
	unsigned char *der = NULL;
	int len = i2d_X509(x509, &der);
	struct ks_cert_file file = {.bytes = der, .len = (size_t)len, .kind = KS_CERT_TRUSTED};
	struct ks_result *result = NULL;
	enum ks_status status = ks_cert_import(client, &file, &result);

	if (status == KS_OK)
		enter(actor, &result->certs[0]);
	ks_result_free(result);
	OPENSSL_free(der);
	X509_free(x509);
	return status;
}

/* With another key each time, which goes into the TPM. */
static enum ks_status act_replace(struct actor *actor, struct ks_client *client)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x509 = make_x509(key, 100000 + actor->turn);
	PKCS12 *p12 = PKCS12_create("secret", NULL, key, x509, NULL, NID_aes_256_cbc,
				    NID_aes_256_cbc, 1000, 1000, 0);
	unsigned char *der = NULL;
	int len = i2d_PKCS12(p12, &der);
	struct ks_cert_file file = {.bytes = der, .len = (size_t)len, .password = "secret"};
	struct ks_result *result = NULL;
	enum ks_status status = ks_cert_replace(client, actor->id, &file, &result);

	if (status == KS_OK)
		enter(actor, &result->certs[0]);
	ks_result_free(result);
	OPENSSL_free(der);
	PKCS12_free(p12);
	X509_free(x509);
	EVP_PKEY_free(key);
	return status;
}

/* Two certificates of one turn are trusted together: the serials are 2 * turn and the next. */
static enum ks_status act_apply(struct actor *actor, struct ks_client *client)
{
	const struct ks_options staged = {.in_transaction = true};
	const struct ks_options direct = {0};
	struct ks_result *result = NULL;
	enum ks_status status = ks_txn_begin(client, &result);

	ks_result_free(result);
	for (unsigned i = 0; i < 2 && status == KS_OK; i++) {
		X509 *x509 = make_x509(actor->key, 200000 + 2 * actor->turn + i);
		unsigned char *der = NULL;
		int len = i2d_X509(x509, &der);
		struct ks_trust_item item = {
			.list = KS_TRUSTED_CERTS, .der = der, .der_len = (size_t)len};

		result = NULL;
		ks_set_options(client, &staged);
		status = ks_trust_add(client, "ouc", &item, 1, &result);
		ks_set_options(client, &direct);
		ks_result_free(result);
		OPENSSL_free(der);
		X509_free(x509);
	}
	result = NULL;
	if (status == KS_OK)
		status = ks_txn_apply(client, &result);
	if (status == KS_OK)
		actor->entries[actor->count++].id = actor->turn;
	ks_result_free(result);
	if (status != KS_OK) {
		result = NULL;
		(void)ks_txn_cancel(client, &result);
		ks_result_free(result);
	}
	return status;
}

static struct ks_client *connect_patiently(struct actor *actor)
{
	struct ks_client *client = NULL;

	while (!*actor->is_over && ks_connect(fixture_socket(actor->fixture), &client) != KS_OK)
		poll(NULL, 0, 2);
	return client;
}

static void *actor_run(void *user)
{
	struct actor *actor = user;
	struct ks_client *client = connect_patiently(actor);

	for (; client && !*actor->is_over && actor->count < ENTRIES_MAX; actor->turn++) {
		enum ks_status status = actor->act(actor, client);

		if (status == KS_DISCONNECTED || status == KS_UNREACHABLE) {
			ks_close(client);
			client = connect_patiently(actor);
		}
	}
	ks_close(client);
	return NULL;
}

/* On a busy machine the service may die faster than anybody gets anything done. */
static bool has_acted(void *user)
{
	struct actor *actor = user;

	return atomic_load(&actor->count) >= ACTS_MIN;
}

static void expect(struct fixture *fixture, const char *sql, const char *answer)
{
	char *out = fixture_sh_ok(fixture, "sqlite3 state/keystored.db \"%s\"", sql);

	cr_assert_str_eq(out, answer, "%s: %s", sql, out);
	free(out);
}

/* What was applied is there, and nothing half of it. */
static void check_applied(const struct actor *actor)
{
	/* make_x509() adds 1000. */
	for (size_t n = 0; n < actor->count; n++) {
		char sql[256];

		snprintf(sql, sizeof(sql),
			 "SELECT count(*) FROM trust_entry WHERE serial IN ('%06llX', '%06llX')",
			 201000 + 2 * (unsigned long long)actor->entries[n].id,
			 201001 + 2 * (unsigned long long)actor->entries[n].id);
		expect(actor->fixture, sql, "2\n");
	}
	/* As many of the one kind as of the other: each turn has an even serial and an odd one. */
	expect(actor->fixture,
	       "SELECT sum(substr(serial, -1) IN ('0','2','4','6','8','A','C','E')) - "
	       "sum(substr(serial, -1) IN ('1','3','5','7','9','B','D','F')) FROM trust_entry",
	       "0\n");
}

/* Each version that was acknowledged is there, and what was revoked is. */
static void check_entries(const struct actor *actor, struct ks_client *client)
{
	for (size_t n = 0; n < actor->count; n++) {
		const struct entry *entry = &actor->entries[n];
		struct ks_result *result = NULL;
		char version[SERIAL_MAX + 160];
		char *found;

		cr_assert_eq(ks_cert_show(client, entry->id, &result), KS_OK,
			     "%s: certificate %llu was acknowledged and is gone", actor->name,
			     (unsigned long long)entry->id);
		if (entry->is_revoked)
			cr_assert_eq(result->certs[0].state, KS_CERT_REVOKED,
				     "the revocation of %llu was acknowledged and is gone",
				     (unsigned long long)entry->id);
		ks_result_free(result);
		snprintf(version, sizeof(version),
			 "select count(*) from certificate_version where certificate_id = %llu and "
			 "version = %u and serial = '%s'",
			 (unsigned long long)entry->id, entry->version, entry->serial);
		/* The protocol tells the last versions only. */
		found = entry->version > 1 || n % 16 == 0
				? fixture_sh_ok(actor->fixture, "sqlite3 state/keystored.db \"%s\"",
						version)
				: NULL;
		if (found)
			cr_assert_str_eq(found, "1\n", "%s: version %u of certificate %llu is gone",
					 actor->name, entry->version,
					 (unsigned long long)entry->id);
		free(found);
	}
}

static void check_database(struct fixture *fixture)
{
	expect(fixture, "PRAGMA integrity_check", "ok\n");
	expect(fixture, "PRAGMA foreign_key_check", "");
	/* No key without the certificate that it was made for. */
	expect(fixture,
	       "SELECT count(*) FROM key WHERE name <> 'p0' AND id NOT IN "
	       "(SELECT key_id FROM certificate_version WHERE key_id IS NOT NULL)",
	       "0\n");
	/* Versions without gaps, of which the last one alone is active or revoked. */
	expect(fixture,
	       "SELECT count(*) FROM certificate c WHERE c.version <> (SELECT count(*) FROM "
	       "certificate_version v WHERE v.certificate_id = c.id) OR 1 <> (SELECT count(*) FROM "
	       "certificate_version v WHERE v.certificate_id = c.id AND v.state <> 2)",
	       "0\n");
	expect(fixture, "SELECT count(*) - count(DISTINCT fingerprint) FROM certificate_version",
	       "0\n");
	/* What is revoked is on the list, and nothing else. */
	expect(fixture,
	       "SELECT count(*) FROM certificate_version v WHERE (v.state = 3) <> EXISTS (SELECT 1 "
	       "FROM revocation r WHERE r.ca_id = v.issuer_id AND r.serial = v.serial)",
	       "0\n");
	/* Each change has its record in the trail. */
	expect(fixture,
	       "SELECT (SELECT sum(version) FROM certificate) - 1 - (SELECT count(*) FROM audit "
	       "WHERE status = 'ok' AND operation IN ('project init', 'cert create', 'cert "
	       "renew', 'cert import', 'cert replace'))",
	       "0\n");
	expect(fixture,
	       "SELECT (SELECT count(*) FROM revocation) - (SELECT count(*) FROM audit WHERE "
	       "status = 'ok' AND operation = 'cert revoke')",
	       "0\n");
}

Test(certificates, are_whole_or_not_there_when_the_service_is_killed_at_200_moments, .timeout = 900)
{
	static struct actor actors[] = {
		{.name = "create", .act = act_create},	 {.name = "renew", .act = act_renew},
		{.name = "revoke", .act = act_revoke},	 {.name = "import", .act = act_import},
		{.name = "replace", .act = act_replace}, {.name = "apply", .act = act_apply},
	};
	const size_t count = sizeof(actors) / sizeof(actors[0]);
	struct fixture *fixture = fixture_new(NULL);
	static atomic_bool is_over;
	struct ks_client *client;

	free(fixture_sh_ok(fixture,
			   "keystorectl project init && keystorectl cert create --profile "
			   "tls-client --issuer 2 --new-key r0 --algorithm ec-p256 --subject CN=r "
			   "&& keystorectl cert create --profile tls-client --self-signed "
			   "--new-key p0 --algorithm ec-p256 --subject CN=p"));
	for (size_t i = 0; i < count; i++) {
		actors[i].fixture = fixture;
		actors[i].is_over = &is_over;
		actors[i].turn = 1;
		actors[i].id = 4;
		actors[i].key = EVP_EC_gen("P-256");
		cr_assert_eq(pthread_create(&actors[i].thread, NULL, actor_run, &actors[i]), 0);
	}
	for (int i = 0; i < KILLS; i++) {
		struct timespec nap = {.tv_nsec = 5000000 + 7919000L * i % 60000000};

		/* A different moment each time. */
		nanosleep(&nap, NULL);
		fixture_service_kill(fixture);
		fixture_service_start(fixture);
		fixture_service_wait(fixture);
	}
	for (size_t i = 0; i < count; i++)
		fixture_until(has_acted, &actors[i], actors[i].name);
	atomic_store(&is_over, true);
	for (size_t i = 0; i < count; i++)
		pthread_join(actors[i].thread, NULL);

	cr_assert_eq(ks_connect(fixture_socket(fixture), &client), KS_OK);
	for (size_t i = 0; i < count; i++) {
		if (actors[i].act == act_apply)
			check_applied(&actors[i]);
		else
			check_entries(&actors[i], client);
		EVP_PKEY_free(actors[i].key);
	}
	ks_close(client);
	free(fixture_sh_ok(fixture,
			   "keystorectl audit verify && keystorectl crl export 2 --out crl"));
	cr_assert_eq(fixture_service_stop(fixture), 0);
	check_database(fixture);
	fixture_free(fixture);
}
