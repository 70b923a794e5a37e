#include "trust.h"

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "../../support/temp_dir.h"
#include "x509_maker.h"

static char dir[TEMP_PATH_MAX];
static struct store *store;
static struct trust *trust;
static uint64_t opcua;
static struct made_cert root, mid, leaf;
static struct made_crl root_crl, mid_crl;
static struct path_verdict verdict;

static void set_up(void)
{
	struct store_group group = {0};
	char error[STORE_ERROR_MAX] = "";

	temp_dir_make(dir);
	cr_assert_eq(store_open(dir, error, &store), STORE_OK, "%s", error);
	cr_assert_eq(store_group_get(store, "opcua", 0, &group), STORE_OK);
	opcua = group.id;
	trust = trust_new(store);
	root = make_cert(
		(struct made_spec){.name = "Root", .extensions = {CA_EXTENSIONS, KEY_IDS}});
	mid = make_cert((struct made_spec){
		.name = "Mid", .issuer = &root, .extensions = {CA_EXTENSIONS, KEY_IDS}});
	leaf = make_cert(
		(struct made_spec){.name = "plc-1", .issuer = &mid, .extensions = {KEY_IDS}});
	root_crl = make_crl((struct made_crl_spec){.issuer = &root});
	mid_crl = make_crl((struct made_crl_spec){.issuer = &mid});
}

static void tear_down(void)
{
	made_crl_free(&root_crl);
	made_crl_free(&mid_crl);
	made_cert_free(&leaf);
	made_cert_free(&mid);
	made_cert_free(&root);
	trust_free(trust);
	store_close(store);
	temp_dir_remove(dir);
}

TestSuite(trust, .init = set_up, .fini = tear_down);

static void add(uint64_t group, enum store_list list, const uint8_t *der, int len)
{
	struct store_trust entry = {
		.group_id = group, .list = list, .der = der, .der_len = (size_t)len};

	cr_assert_eq(entry_read(der, (size_t)len, &entry.facts), ENTRY_OK);
	cr_assert_eq(store_trust_add(store, &entry), STORE_OK);
	trust_changed(trust, group);
}

static void add_all(uint64_t group)
{
	add(group, STORE_TRUSTED_CERTS, root.der, root.len);
	add(group, STORE_TRUSTED_CRLS, root_crl.der, root_crl.len);
	add(group, STORE_ISSUER_CERTS, mid.der, mid.len);
	add(group, STORE_ISSUER_CRLS, mid_crl.der, mid_crl.len);
}

static enum path_reason ask(uint64_t group, const struct made_cert *made, bool is_trusted)
{
	struct path_request request = {
		.candidate = {made->der, (size_t)made->len},
		.at = NOW,
		.purpose = PATH_ANY,
		.crls = PATH_CRLS_REQUIRED,
	};

	cr_assert_eq(trust_validate(trust, group, &request, is_trusted, &verdict), STORE_OK);
	return verdict.reason;
}

Test(trust, follows_a_chain_through_all_four_lists)
{
	add_all(opcua);
	cr_assert_eq(ask(opcua, &leaf, false), PATH_OK, "%s", verdict.text);
	cr_assert_eq(verdict.depth, 2);
	cr_assert_eq(ask(opcua, &mid, false), PATH_OK, "%s", verdict.text);
	cr_assert_eq(ask(opcua, &root, false), PATH_OK, "%s", verdict.text);
}

Test(trust, names_the_issuer_that_is_missing)
{
	add(opcua, STORE_TRUSTED_CERTS, root.der, root.len);
	cr_assert_eq(ask(opcua, &leaf, false), PATH_INCOMPLETE);
	cr_assert_not_null(strstr(verdict.text, "CN=Mid"), "%s", verdict.text);
}

Test(trust, sees_what_was_added_and_removed_since)
{
	struct store_trust entry = {0};

	cr_assert_eq(ask(opcua, &leaf, false), PATH_INCOMPLETE);
	add_all(opcua);
	cr_assert_eq(ask(opcua, &leaf, false), PATH_OK, "%s", verdict.text);
	struct entry_facts facts;

	cr_assert_eq(entry_read(mid_crl.der, (size_t)mid_crl.len, &facts), ENTRY_OK);
	cr_assert_eq(store_trust_get(store, opcua, STORE_ISSUER_CRLS, facts.fingerprint, &entry),
		     STORE_OK);
	cr_assert_eq(store_trust_remove(store, entry.id), STORE_OK);
	store_trust_wipe(&entry);
	trust_changed(trust, opcua);
	cr_assert_eq(ask(opcua, &leaf, false), PATH_CRL_MISSING, "%s", verdict.text);
}

Test(trust, keeps_groups_apart)
{
	struct store_group https = {0};

	cr_assert_eq(store_group_get(store, "https", 0, &https), STORE_OK);
	add_all(opcua);
	cr_assert_eq(ask(https.id, &leaf, false), PATH_INCOMPLETE);
	cr_assert_eq(ask(opcua, &leaf, false), PATH_OK, "%s", verdict.text);
}

Test(trust, supposes_that_a_certificate_is_trusted_for_one_question_only)
{
	cr_assert_eq(ask(opcua, &leaf, true), PATH_OK, "%s", verdict.text);
	cr_assert_eq(ask(opcua, &leaf, false), PATH_INCOMPLETE, "%s", verdict.text);
}

Test(trust, goes_on_with_more_groups_than_are_kept)
{
	uint64_t ids[TRUST_POOLS_MAX + 1];

	for (size_t i = 0; i < TRUST_POOLS_MAX + 1; i++) {
		struct store_group group = {0};

		snprintf(group.name, sizeof group.name, "line-%zu", i);
		cr_assert_eq(store_group_add(store, &group, &ids[i]), STORE_OK);
		add_all(ids[i]);
	}
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < TRUST_POOLS_MAX + 1; i++)
			cr_assert_eq(ask(ids[i], &leaf, false), PATH_OK, "%s", verdict.text);
	}
}

Test(trust, gives_up_where_one_name_has_more_than_is_looked_at, .timeout = 120)
{
	struct made_cert made = make_cert(
		(struct made_spec){.name = "Same", .extensions = {CA_EXTENSIONS, KEY_IDS}});
	struct made_cert child = make_cert(
		(struct made_spec){.name = "x", .issuer = &made, .extensions = {KEY_IDS}});
	EVP_PKEY *key = made.key;

	cr_assert_eq(store_begin(store), STORE_OK);
	for (size_t i = 0; i < TRUST_CERTS_MAX + 1; i++) {
		struct made_cert one = make_cert((struct made_spec){
			.name = "Same", .key = key, .extensions = {CA_EXTENSIONS, KEY_IDS}});

		add(opcua, STORE_ISSUER_CERTS, one.der, one.len);
		made_cert_free(&one);
	}
	cr_assert_eq(store_commit(store), STORE_OK);
	cr_assert_eq(ask(opcua, &child, false), PATH_TOO_COMPLEX, "%s", verdict.text);
	/* Other names of the group are none the worse for it. */
	add_all(opcua);
	cr_assert_eq(ask(opcua, &leaf, false), PATH_OK, "%s", verdict.text);
	made_cert_free(&child);
	made_cert_free(&made);
}
