#include "store_csr.h"

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "../../support/temp_dir.h"
#include "store_issuer.h"

static char dir[TEMP_PATH_MAX];
static char error[STORE_ERROR_MAX];
static struct store *store;

static void set_up(void)
{
	temp_dir_make(dir);
	cr_assert_eq(store_open(dir, error, &store), STORE_OK, "%s", error);
	struct store_key key = {
		.id = 1, .name = "k", .algorithm = 4, .operations = 1, .origin = 1, .created = 1};

	key.der = (uint8_t *)(uintptr_t) "d";
	key.der_len = 1;
	key.spki = (uint8_t *)(uintptr_t) "spki";
	key.spki_len = 4;
	cr_assert_eq(store_begin(store), STORE_OK);
	cr_assert_eq(store_key_add(store, &key), STORE_OK, "%s", store_error(store));
	cr_assert_eq(store_commit(store), STORE_OK);
}

static void tear_down(void)
{
	store_close(store);
	temp_dir_remove(dir);
}

TestSuite(store_csr, .init = set_up, .fini = tear_down);

static struct store_cert a_cert(const char *subject, const char *issuer, uint8_t number)
{
	struct store_cert cert = {.kind = STORE_CERT_CA,
				  .profile = PROFILE_CA,
				  .created = 1,
				  .issuer_is_elsewhere = true,
				  .subject = (char *)(uintptr_t)subject,
				  .der = (uint8_t *)(uintptr_t) "der",
				  .der_len = 3};

	snprintf(cert.facts.subject, sizeof cert.facts.subject, "%s", subject);
	snprintf(cert.facts.issuer, sizeof cert.facts.issuer, "%s", issuer);
	snprintf(cert.facts.serial, sizeof cert.facts.serial, "%02x", number);
	cert.facts.fingerprint[0] = number;
	cert.facts.fingerprint[1] = (uint8_t)subject[3];
	return cert;
}

static uint64_t add(const char *subject, const char *issuer, uint8_t number)
{
	struct store_cert cert = a_cert(subject, issuer, number);
	uint64_t id = 0;

	cr_assert_eq(store_cert_add(store, &cert, &id), STORE_OK, "%s", store_error(store));
	return id;
}

static struct store_csr a_csr(uint64_t id, const char *der)
{
	struct store_csr csr = {.cert_id = id,
				.key_id = 1,
				.common_name = "plc-1",
				.hash = TPM_SHA384,
				.padding = TPM_PADDING_PSS,
				.created = 1700000000,
				.der = (uint8_t *)(uintptr_t)der,
				.der_len = strlen(der)};

	return csr;
}

Test(store_csr, keeps_a_request_until_it_is_answered)
{
	struct store_cert asked = {.kind = STORE_CERT_DEVICE,
				   .profile = PROFILE_WEB_SERVER,
				   .created = 5,
				   .created_by = 7,
				   .subject = (char *)(uintptr_t) "CN=plc-1"};
	struct store_cert cert, answer = a_cert("CN=plc-1", "CN=CA", 9);
	struct store_csr csr;
	uint64_t id = 0;

	cr_assert_eq(store_begin(store), STORE_OK);
	cr_assert_eq(store_csr_announce(store, &asked, &id), STORE_OK);
	csr = a_csr(id, "one");
	cr_assert_eq(store_csr_put(store, &csr), STORE_OK);
	cr_assert_eq(store_commit(store), STORE_OK);

	store_close(store);
	cr_assert_eq(store_open(dir, error, &store), STORE_OK, "%s", error);
	cr_assert_eq(store_cert_get(store, id, &cert), STORE_OK);
	cr_assert_eq(cert.state, STORE_CERT_REQUESTED);
	cr_assert_eq(cert.version, 0);
	cr_assert_eq(cert.key_id, 1);
	cr_assert_eq(cert.request_created, 1700000000);
	cr_assert_str_eq(cert.subject, "CN=plc-1");
	cr_assert_str_eq(cert.facts.common_name, "plc-1");
	store_cert_wipe(&cert);

	csr = a_csr(id, "two");
	cr_assert_eq(store_csr_put(store, &csr), STORE_OK);
	cr_assert_eq(store_csr_get(store, id, &csr), STORE_OK);
	cr_assert_eq(csr.key_id, 1);
	cr_assert_eq(csr.hash, TPM_SHA384);
	cr_assert_eq(csr.padding, TPM_PADDING_PSS);
	cr_assert_eq(csr.der_len, 3);
	cr_assert_arr_eq(csr.der, "two", 3);
	store_csr_wipe(&csr);

	answer.id = id;
	answer.key_id = 1;
	cr_assert_eq(store_cert_renew(store, &answer), STORE_OK, "%s", store_error(store));
	cr_assert_eq(store_csr_remove(store, id), STORE_OK);
	cr_assert_eq(store_csr_remove(store, id), STORE_OK);
	cr_assert_eq(store_csr_get(store, id, &csr), STORE_NOT_FOUND);
	cr_assert_eq(store_cert_get(store, id, &cert), STORE_OK);
	cr_assert_eq(cert.state, STORE_CERT_ACTIVE);
	cr_assert_eq(cert.version, 1);
	store_cert_wipe(&cert);
}

Test(store_csr, finds_issuers_and_orphans_by_name_and_links_them)
{
	uint64_t root = add("CN=R", "CN=R", 1), leaf = add("CN=L", "CN=R", 2),
		 other = add("CN=O", "CN=Q", 3);
	struct store_issuers found = {0};
	struct store_cert cert;

	cr_assert_eq(store_issuer_candidates(store, "CN=R", &found), STORE_OK);
	cr_assert_eq(found.count, 1);
	cr_assert_eq(found.list[0].cert_id, root);
	cr_assert_arr_eq(found.list[0].der, "der", 3);
	store_issuers_wipe(&found);
	cr_assert_eq(store_issuer_orphans(store, "CN=R", 0, &found), STORE_OK);
	cr_assert_eq(found.count, 2);
	cr_assert_eq(found.list[1].cert_id, leaf);
	store_issuers_wipe(&found);
	cr_assert_eq(store_issuer_orphans(store, "CN=R", root, &found), STORE_OK);
	cr_assert_eq(found.count, 1);
	store_issuers_wipe(&found);

	cr_assert_eq(store_issuer_link(store, leaf, 1, root), STORE_OK);
	cr_assert_eq(store_cert_get(store, leaf, &cert), STORE_OK);
	cr_assert_eq(cert.issuer_id, root);
	store_cert_wipe(&cert);
	/* A second one of the same issuer with the same serial stays what it is. */
	cr_assert_eq(store_issuer_link(store, other, 1, root), STORE_OK);
	cr_assert_eq(store_issuer_orphans(store, "CN=Q", 0, &found), STORE_OK);
	cr_assert_eq(found.count, 0);
	store_issuers_wipe(&found);
	add("CN=T", "CN=R", 2);
	cr_assert_eq(store_issuer_orphans(store, "CN=R", leaf, &found), STORE_OK);
	cr_assert_eq(found.count, 1);
	cr_assert_eq(store_issuer_link(store, found.list[0].cert_id, 1, root), STORE_OK);
	store_issuers_wipe(&found);
	cr_assert_eq(store_issuer_orphans(store, "CN=R", leaf, &found), STORE_OK);
	cr_assert_eq(found.count, 1);
	store_issuers_wipe(&found);
}

Test(store_csr, finds_a_key_by_what_is_public_of_it)
{
	uint64_t id = 0;

	cr_assert_eq(store_issuer_key(store, (const uint8_t *)"spki", 4, &id), STORE_OK);
	cr_assert_eq(id, 1);
	cr_assert_eq(store_issuer_key(store, (const uint8_t *)"spk", 3, &id), STORE_NOT_FOUND);
}
