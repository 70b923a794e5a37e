#include "store_cert.h"

#include <criterion/criterion.h>
#include <sqlite3.h>

#include "../../support/temp_dir.h"

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
			  .fingerprint = {1, 2},
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
	cr_assert_eq(cert.facts.not_after, 9);
	cr_assert_eq(cert.facts.fingerprint[1], 2);
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

	add("01", 0);
	store_cert_list(store, 0, 0, &peer, note, &seen);
	cr_assert_str_eq(seen.text, "01:1:1 ");
	peer.uid = 1001;
	store_cert_list(store, 0, 0, &peer, note, &none);
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

Test(store_cert, is_added_to_a_database_of_the_first_version)
{
	char file[TEMP_PATH_MAX + 32];
	struct store_key key;
	sqlite3 *db;

	store_close(store);
	snprintf(file, sizeof file, "%s/keystored.db", dir);
	cr_assert_eq(sqlite3_open(file, &db), SQLITE_OK);
	/* As version 1 left it. */
	cr_assert_eq(sqlite3_exec(db,
				  "DROP TABLE certificate_version; DROP TABLE certificate;"
				  "ALTER TABLE key DROP COLUMN of_ca; DROP TABLE audit_chain;"
				  "ALTER TABLE audit DROP COLUMN chain;"
				  "PRAGMA user_version = 1",
				  NULL, NULL, NULL),
		     SQLITE_OK, "%s", sqlite3_errmsg(db));
	sqlite3_close(db);
	cr_assert_eq(store_open(dir, error, &store), STORE_OK, "%s", error);
	cr_assert_eq(store_key_get(store, "web", 0, &key), STORE_OK);
	cr_assert(!key.of_ca);
	store_key_wipe(&key);
	add("01", 0);
}
