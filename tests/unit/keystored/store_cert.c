#include "store_cert.h"

#include <criterion/criterion.h>
#include <sqlite3.h>

#include "../../support/temp_dir.h"
#include "cert_maker.h"

static char dir[TEMP_PATH_MAX];
static char error[STORE_ERROR_MAX];
static struct store *store;
static uint64_t key_id;

static void add_key(const char *name, bool of_ca)
{
	struct grant grant = {POLICY_UID, 1000, POLICY_SIGN};
	struct store_key key = {
		.id = store_key_next_id(store),
		.algorithm = 4,
		.operations = 1,
		.origin = 1,
		.of_ca = of_ca,
		.der = (uint8_t *)(uintptr_t) "wrapped",
		.der_len = 7,
		.grants = &grant,
		.grant_count = 1,
		.spki = (uint8_t *)(uintptr_t) "spki",
		.spki_len = 4,
	};

	snprintf(key.name, sizeof key.name, "%s", name);
	key_id = key.id;
	cr_assert_eq(store_key_add(store, &key), STORE_OK, "%s", store_error(store));
}

static void set_up(void)
{
	temp_dir_make(dir);
	cr_assert_eq(store_open(dir, error, &store), STORE_OK, "%s", error);
	add_key("web", false);
}

static void tear_down(void)
{
	store_close(store);
	temp_dir_remove(dir);
}

static struct store_cert a_cert(const char *serial, uint64_t issuer_id)
{
	struct store_cert cert = {
		.kind = issuer_id ? STORE_CERT_DEVICE : STORE_CERT_CA,
		.profile = issuer_id ? PROFILE_WEB_SERVER : PROFILE_CA,
		.created = 1700000000,
		.created_by = 7,
		.key_id = key_id,
		.issuer_id = issuer_id,
		.facts = {.subject = "CN=a",
			  .common_name = "a",
			  .issuer = "CN=ca",
			  .not_before = 5,
			  .not_after = 9,
			  .signature_algorithm = "ecdsa-sha256",
			  .key_type = "ec-p521",
			  .spki_fingerprint = {3}},
		.hash = TPM_SHA384,
		.padding = TPM_PADDING_PSS,
		.version_created = 1700000001,
		.der = (uint8_t *)(uintptr_t) "der",
		.der_len = 3,
		.subject = (char *)(uintptr_t) "CN=a",
		.names = (uint8_t *)(uintptr_t) "\3plc",
		.names_len = 5,
	};

	snprintf(cert.facts.serial, sizeof cert.facts.serial, "%s", serial);
	/* No two certificates are the same. */
	snprintf((char *)cert.facts.fingerprint, sizeof cert.facts.fingerprint, "%llu %s",
		 (unsigned long long)issuer_id, serial);
	return cert;
}

static uint64_t add(const char *serial, uint64_t issuer_id)
{
	struct store_cert cert = a_cert(serial, issuer_id);
	uint64_t id = 0;

	cr_assert_eq(store_cert_add(store, &cert, &id), STORE_OK, "%s", store_error(store));
	return id;
}

static enum store_status renew(uint64_t id, const char *serial, uint64_t issuer_id)
{
	struct store_cert cert = a_cert(serial, issuer_id);

	cert.id = id;
	return store_cert_renew(store, &cert);
}

TestSuite(store_cert, .init = set_up, .fini = tear_down);

Test(store_cert, gives_back_all_of_a_certificate_after_a_restart)
{
	uint64_t ca = add("01", 0);
	uint64_t id = add("02", ca);
	struct store_cert cert;

	store_close(store);
	cr_assert_eq(store_open(dir, error, &store), STORE_OK, "%s", error);
	cr_assert_eq(store_cert_get(store, id, &cert), STORE_OK);
	cr_assert_eq(cert.id, id);
	cr_assert_eq(cert.kind, STORE_CERT_DEVICE);
	cr_assert_eq(cert.profile, PROFILE_WEB_SERVER);
	cr_assert_eq(cert.version, 1u);
	cr_assert_eq(cert.state, STORE_CERT_ACTIVE);
	cr_assert_eq(cert.issuer_id, ca);
	cr_assert_eq(cert.created, 1700000000);
	cr_assert_eq(cert.version_created, 1700000001);
	cr_assert_eq(cert.created_by, 7u);
	cr_assert_eq(cert.hash, TPM_SHA384);
	cr_assert_eq(cert.padding, TPM_PADDING_PSS);
	cr_assert_str_eq(cert.facts.serial, "02");
	cr_assert_str_eq(cert.facts.signature_algorithm, "ecdsa-sha256");
	cr_assert_str_eq(cert.facts.key_type, "ec-p521");
	cr_assert_eq(cert.facts.not_after, 9);
	cr_assert_arr_eq(cert.facts.fingerprint, "1 02", 4);
	cr_assert_eq(cert.facts.spki_fingerprint[0], 3);
	cr_assert_str_eq(cert.key_name, "web");
	cr_assert_eq(cert.key_algorithm, 4u);
	cr_assert_arr_eq(cert.der, "der", 3);
	cr_assert_str_eq(cert.subject, "CN=a");
	cr_assert_eq(cert.names_len, 5u);
	store_cert_wipe(&cert);
	cr_assert_eq(store_cert_get(store, ca, &cert), STORE_OK);
	cr_assert_eq(cert.issuer_id, ca);
	store_cert_wipe(&cert);
	cr_assert_eq(store_cert_get(store, 99, &cert), STORE_NOT_FOUND);
}

struct seen {
	char text[64];
	size_t max;
};

static bool note(const struct store_cert *cert, void *user)
{
	struct seen *seen = user;
	size_t len = strlen(seen->text);

	snprintf(seen->text + len, sizeof seen->text - len, "%s:%u:%d ", cert->facts.serial,
		 cert->version, (int)cert->state);
	return --seen->max > 0;
}

Test(store_cert, keeps_the_id_over_a_renewal_and_the_old_version_as_superseded)
{
	uint64_t id = add("01", 0);
	struct seen seen = {.max = 9};
	struct store_cert cert;

	cr_assert_eq(renew(id, "02", 0), STORE_OK, "%s", store_error(store));
	cr_assert_eq(renew(99, "03", 0), STORE_NOT_FOUND);
	cr_assert_eq(store_cert_get(store, id, &cert), STORE_OK);
	cr_assert_eq(cert.version, 2u);
	cr_assert_str_eq(cert.facts.serial, "02");
	cr_assert_eq(cert.issuer_id, id);
	store_cert_wipe(&cert);
	cr_assert_eq(store_cert_history(store, id, note, &seen), STORE_OK);
	cr_assert_str_eq(seen.text, "02:2:1 01:1:2 ");
}

Test(store_cert, refuses_a_serial_that_the_issuer_has_given)
{
	uint64_t ca = add("01", 0);
	struct store_cert cert = a_cert("01", ca);
	uint64_t id = 77;

	store_begin(store);
	cr_assert_eq(store_cert_add(store, &cert, &id), STORE_EXISTS);
	store_rollback(store);
	cr_assert_eq(id, 77u);
	store_begin(store);
	cr_assert_eq(renew(ca, "01", 0), STORE_EXISTS);
	store_rollback(store);
	cr_assert_eq(store_cert_get(store, ca, &cert), STORE_OK);
	cr_assert_eq(cert.version, 1u);
	cr_assert_eq(cert.state, STORE_CERT_ACTIVE);
	store_cert_wipe(&cert);
}

Test(store_cert, never_hands_out_an_id_twice)
{
	uint64_t first = add("01", 0);

	cr_assert_eq(store_cert_delete(store, first), STORE_OK);
	cr_assert_eq(store_cert_delete(store, first), STORE_NOT_FOUND);
	cr_assert_gt(add("02", 0), first);
}

Test(store_cert, lists_current_versions_by_kind_and_after_an_id)
{
	uint64_t ca = add("01", 0);
	struct seen seen = {.max = 9};
	struct seen devices = {.max = 9};
	struct seen two = {.max = 2};

	add("02", ca);
	add("03", ca);
	cr_assert_eq(renew(ca, "04", 0), STORE_OK);
	store_cert_list(store, 0, 0, NULL, note, &seen);
	cr_assert_str_eq(seen.text, "04:2:1 02:1:1 03:1:1 ");
	store_cert_list(store, 0, STORE_CERT_DEVICE, NULL, note, &devices);
	cr_assert_str_eq(devices.text, "02:1:1 03:1:1 ");
	store_cert_list(store, ca, 0, NULL, note, &two);
	cr_assert_str_eq(two.text, "02:1:1 03:1:1 ");
}

Test(store_cert, lists_for_a_peer_only_those_whose_key_it_is_granted)
{
	struct peer peer = {.uid = 1000};
	struct seen seen = {.max = 9};
	struct seen none = {.max = 9};

	add("02", add("01", 0));
	store_cert_list(store, 0, STORE_CERT_DEVICE, &peer, note, &seen);
	cr_assert_str_eq(seen.text, "02:1:1 ");
	peer.uid = 1001;
	store_cert_list(store, 0, STORE_CERT_DEVICE, &peer, note, &none);
	cr_assert_str_eq(none.text, "");
}

Test(store_cert, knows_what_a_ca_has_issued_and_what_has_a_key)
{
	uint64_t ca = add("01", 0);
	uint64_t found = 0;

	cr_assert_eq(store_cert_issued_by(store, ca, &found), STORE_NOT_FOUND);
	uint64_t leaf = add("02", ca);

	cr_assert_eq(store_cert_issued_by(store, ca, &found), STORE_OK);
	cr_assert_eq(found, leaf);
	cr_assert_eq(store_cert_of_key(store, key_id, &found), STORE_OK);
	cr_assert_eq(found, ca);
	cr_assert_eq(store_cert_of_key(store, 99, &found), STORE_NOT_FOUND);
}

Test(store_cert, remembers_that_a_key_is_a_cas)
{
	struct store_key key;

	add_key("ca", true);
	cr_assert_eq(store_key_get(store, "ca", 0, &key), STORE_OK);
	cr_assert(key.of_ca);
	store_key_wipe(&key);
	cr_assert_eq(store_key_get(store, "web", 0, &key), STORE_OK);
	cr_assert(!key.of_ca);
	store_key_wipe(&key);
}

/* Takes the store back to when only the tables in @kept were there, and does @sql. */
static void take_back(const char *kept, const char *sql)
{
	char path[TEMP_PATH_MAX + 32];
	char drop[256];
	char list[1024] = "PRAGMA foreign_keys = OFF; ALTER TABLE audit DROP COLUMN user;";
	sqlite3_stmt *tables;
	sqlite3 *db;

	store_close(store);
	store = NULL;
	snprintf(path, sizeof path, "%s/keystored.db", dir);
	cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
	snprintf(drop, sizeof drop,
		 "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%%'"
		 " AND name NOT IN (%s)",
		 kept);
	cr_assert_eq(sqlite3_prepare_v2(db, drop, -1, &tables, NULL), SQLITE_OK);
	while (sqlite3_step(tables) == SQLITE_ROW) {
		size_t len = strlen(list);

		snprintf(list + len, sizeof list - len, "DROP TABLE %s;",
			 (const char *)sqlite3_column_text(tables, 0));
	}
	sqlite3_finalize(tables);
	cr_assert_eq(sqlite3_exec(db, list, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
	cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
	sqlite3_close(db);
	cr_assert_eq(store_open(dir, error, &store), STORE_OK, "%s", error);
}

Test(store_cert, is_added_to_a_database_of_the_first_version)
{
	struct store_key key;

	take_back("'key', 'grants', 'persistent', 'audit'",
		  "ALTER TABLE key DROP COLUMN of_ca; ALTER TABLE audit DROP COLUMN chain;"
		  "PRAGMA user_version = 1");
	cr_assert_eq(store_key_get(store, "web", 0, &key), STORE_OK);
	cr_assert(!key.of_ca);
	store_key_wipe(&key);
	add("01", 0);
}

static void ask(const char *sql)
{
	char path[TEMP_PATH_MAX + 32];
	sqlite3 *db;

	snprintf(path, sizeof path, "%s/keystored.db", dir);
	cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
	sqlite3_close(db);
}

Test(store_cert, knows_certificates_whose_key_and_issuer_are_elsewhere)
{
	struct store_cert cert = a_cert("01", 0);
	struct peer peer = {.uid = 4711, .gid = 4711};
	struct seen seen = {.max = 9};
	uint64_t id = 0;
	uint64_t found = 0;

	cert.kind = STORE_CERT_TRUSTED;
	cert.key_id = 0;
	cert.issuer_is_elsewhere = true;
	cr_assert_eq(store_cert_add(store, &cert, &id), STORE_OK, "%s", store_error(store));
	cr_assert_eq(store_cert_by_fingerprint(store, cert.facts.fingerprint, &found), STORE_OK);
	cr_assert_eq(found, id);
	cr_assert_eq(store_begin(store), STORE_OK);
	cr_assert_eq(store_cert_add(store, &cert, &found), STORE_EXISTS);
	store_rollback(store);
	/* Another CA of the same name, and the same serial. */
	cert.facts.fingerprint[0] = 99;
	cr_assert_eq(store_cert_add(store, &cert, &found), STORE_OK);
	cr_assert_eq(store_cert_list(store, 0, STORE_CERT_TRUSTED, &peer, note, &seen), STORE_OK);
	/* Everybody may see what is no device's. */
	cr_assert_str_eq(seen.text, "01:1:1 01:1:1 ");
	cr_assert_eq(store_cert_get(store, id, &cert), STORE_OK);
	cr_assert_eq(cert.key_id, 0u);
	cr_assert_eq(cert.issuer_id, 0u);
	cr_assert_str_eq(cert.key_name, "");
	store_cert_wipe(&cert);
}

Test(store_cert, shows_a_certificate_of_which_there_is_only_a_csr)
{
	struct store_cert cert;
	uint64_t found = 0;
	char sql[256];

	snprintf(sql, sizeof sql,
		 "INSERT INTO certificate VALUES (7, 2, 4, 0, 'CN=plc', x'', 5, 6);"
		 "INSERT INTO certificate_request VALUES (7, %llu, 'plc', 2, 0, 8, x'30')",
		 (unsigned long long)key_id);
	ask(sql);
	cr_assert_eq(store_cert_get(store, 7, &cert), STORE_OK);
	cr_assert_eq(cert.state, STORE_CERT_REQUESTED);
	cr_assert_eq(cert.version, 0u);
	cr_assert_eq(cert.request_created, 8);
	cr_assert_str_eq(cert.facts.common_name, "plc");
	cr_assert_str_eq(cert.facts.subject, "CN=plc");
	cr_assert_str_eq(cert.key_name, "web");
	store_cert_wipe(&cert);
	cr_assert_eq(store_cert_of_key(store, key_id, &found), STORE_OK);
	cr_assert_eq(found, 7u);
	cr_assert_eq(store_cert_delete(store, 7), STORE_OK);
	cr_assert_eq(store_cert_get(store, 7, &cert), STORE_NOT_FOUND);
}

Test(store_cert, keeps_what_an_older_version_stored)
{
	struct store_cert cert;
	char sql[1024];

	/* Back to version 3, of which this is what differs. */
	snprintf(sql, sizeof sql,
		 "CREATE TABLE certificate_version (certificate_id, version, state, key_id,"
		 " issuer_id, subject, common_name, issuer, serial, not_before, not_after, hash,"
		 " padding, signature_algorithm, fingerprint, spki_fingerprint, created, der,"
		 " UNIQUE (issuer, serial));"
		 "CREATE INDEX certificate_version_by_key ON certificate_version(key_id);"
		 "CREATE INDEX certificate_version_by_issuer ON certificate_version(issuer_id);"
		 "INSERT INTO certificate VALUES (3, 1, 10, 1, 'CN=ca', x'', 5, 6);"
		 "INSERT INTO certificate_version VALUES (3, 1, 1, %llu, 3, 'CN=ca', 'ca',"
		 " 'CN=ca', '01', 4, 5, 2, 0, 'ecdsa-sha256', x'aa', x'bb', 6, x'30');"
		 "PRAGMA user_version = 3",
		 (unsigned long long)key_id);
	take_back("'key', 'grants', 'persistent', 'audit', 'audit_chain', 'certificate'", sql);
	cr_assert_eq(store_cert_get(store, 3, &cert), STORE_OK);
	cr_assert_eq(cert.state, STORE_CERT_ACTIVE);
	cr_assert_eq(cert.issuer_id, 3u);
	cr_assert_eq(cert.key_id, key_id);
	cr_assert_eq(cert.revoked_at, 0);
	cr_assert_eq(cert.der_len, 1u);
	store_cert_wipe(&cert);
}

static void key_type_is(uint64_t id, const char *wanted)
{
	struct store_cert cert;

	cr_assert_eq(store_cert_get(store, id, &cert), STORE_OK, "%s", store_error(store));
	cr_expect_str_eq(cert.facts.key_type, wanted);
	store_cert_wipe(&cert);
}

Test(store_cert, of_version_11_gets_the_kind_of_its_key_from_its_bytes)
{
	EVP_PKEY *ca_key;
	struct made ca = maker_ca(&ca_key, -1);
	struct store_cert cert = a_cert("01", 0);
	uint64_t unreadable = add("02", 0);
	uint64_t id;

	cert.der = ca.der;
	cert.der_len = ca.len;
	cr_assert_eq(store_cert_add(store, &cert, &id), STORE_OK, "%s", store_error(store));
	store_close(store);
	store = NULL;
	ask("ALTER TABLE certificate_version DROP COLUMN key_type; DROP TABLE key_pool;"
	    " PRAGMA user_version = 11");
	cr_assert_eq(store_open(dir, error, &store), STORE_OK, "%s", error);
	key_type_is(id, "ec-p256");
	key_type_is(unreadable, "");
	made_free(&ca);
	EVP_PKEY_free(ca_key);
}
