#include "x509_entry.h"

#include <criterion/criterion.h>

#include <stdlib.h>

#include "x509_maker.h"

static struct made_cert ca(const char *name, EVP_PKEY *key)
{
	return make_cert((struct made_spec){
		.name = name, .key = key, .extensions = {CA_EXTENSIONS, KEY_IDS}});
}

#define DER(made) ((struct entry_der){(made).der, (size_t)(made).len})

Test(x509_entry, reads_a_certificate)
{
	struct made_cert made = ca("Root", NULL);
	struct entry_facts facts = {0};

	cr_assert_eq(entry_read(made.der, (size_t)made.len, &facts), ENTRY_OK);
	cr_assert(!facts.is_crl);
	cr_assert(facts.is_ca);
	cr_assert_str_eq(facts.subject, "CN=Root");
	cr_assert_str_eq(facts.issuer, "CN=Root");
	cr_assert_eq(facts.from, NOW - 10 * DAY);
	cr_assert_eq(facts.until, NOW + 100 * DAY);
	cr_assert_neq(facts.name_hash, 0);
	made_cert_free(&made);
}

Test(x509_entry, reads_a_crl_and_finds_it_by_its_issuers_name)
{
	struct made_cert made = ca("Root", NULL);
	struct made_crl crl =
		make_crl((struct made_crl_spec){.issuer = &made, .revoked = &made, .number = 300});
	struct entry_facts of_cert = {0};
	struct entry_facts facts = {0};

	cr_assert_eq(entry_read(made.der, (size_t)made.len, &of_cert), ENTRY_OK);
	cr_assert_eq(entry_read(crl.der, (size_t)crl.len, &facts), ENTRY_OK);
	cr_assert(facts.is_crl);
	cr_assert_str_eq(facts.subject, "");
	cr_assert_str_eq(facts.issuer, "CN=Root");
	cr_assert_str_eq(facts.serial, "12C");
	cr_assert_eq(facts.from, NOW - DAY);
	cr_assert_eq(facts.until, NOW + 30 * DAY);
	cr_assert_eq(facts.revocations, 1);
	cr_assert_eq(facts.name_hash, of_cert.name_hash);
	made_crl_free(&crl);
	made_cert_free(&made);
}

Test(x509_entry, refuses_what_is_neither)
{
	struct made_cert made = ca("Root", NULL);
	struct made_crl delta = make_crl((struct made_crl_spec){
		.issuer = &made, .extension = {NID_delta_crl, "critical,ASN1:INTEGER:1"}});
	uint8_t *large = calloc(1, ENTRY_CRL_MAX + 1);
	struct entry_facts facts = {0};

	cr_assert_eq(entry_read(made.der, (size_t)made.len - 1, &facts), ENTRY_MALFORMED);
	memcpy(large, made.der, (size_t)made.len);
	cr_assert_eq(entry_read(large, (size_t)made.len + 1, &facts), ENTRY_MALFORMED);
	cr_assert_eq(entry_read(large, 0, &facts), ENTRY_MALFORMED);
	cr_assert_eq(entry_read(large, ENTRY_CRL_MAX + 1, &facts), ENTRY_TOO_LARGE);
	cr_assert_eq(entry_read(large, ENTRY_CERT_MAX + 1, &facts), ENTRY_TOO_LARGE);
	cr_assert_eq(entry_read(delta.der, (size_t)delta.len, &facts), ENTRY_DELTA);
	free(large);
	made_crl_free(&delta);
	made_cert_free(&made);
}

Test(x509_entry, knows_a_crl_of_its_issuer_from_one_that_only_has_its_name)
{
	struct made_cert root = ca("Root", NULL);
	struct made_cert other = ca("Root", NULL);
	struct made_cert stranger = ca("Stranger", root.key);
	struct made_cert leaf =
		make_cert((struct made_spec){.name = "Root",
					     .key = root.key,
					     .extensions = {{NID_basic_constraints, "CA:FALSE"}}});
	struct made_crl crl = make_crl((struct made_crl_spec){.issuer = &root});

	cr_assert(entry_crl_is_signed(DER(crl), DER(root)));
	cr_assert(!entry_crl_is_signed(DER(crl), DER(other)));
	cr_assert(entry_crl_is_named(DER(crl), DER(other)));
	cr_assert(!entry_crl_is_signed(DER(crl), DER(stranger)), "the name is another's");
	cr_assert(!entry_crl_is_named(DER(crl), DER(stranger)));
	cr_assert(!entry_crl_is_signed(DER(crl), DER(leaf)), "it may sign none");
	made_crl_free(&crl);
	made_cert_free(&leaf);
	made_cert_free(&stranger);
	made_cert_free(&other);
	made_cert_free(&root);
}

Test(x509_entry, takes_the_higher_number_then_the_later_time_for_newer)
{
	struct entry_facts old = {.serial = "FF", .from = 10};
	struct entry_facts high = {.serial = "100", .from = 5};
	struct entry_facts later = {.serial = "FF", .from = 11};
	struct entry_facts none = {.serial = "", .from = 11};

	cr_assert(entry_crl_is_newer(&high, &old));
	cr_assert(!entry_crl_is_newer(&old, &high));
	cr_assert(entry_crl_is_newer(&later, &old));
	cr_assert(!entry_crl_is_newer(&old, &old));
	cr_assert(entry_crl_is_newer(&none, &old));
	cr_assert(!entry_crl_is_newer(&old, &none));
}
