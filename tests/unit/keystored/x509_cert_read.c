#include "cert_maker.h"

#include <string.h>

#include <openssl/bn.h>

Test(x509_cert_read, is_read_as_a_list_shows_it)
{
	EVP_PKEY *ca_key;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct made ca = maker_ca(&ca_key, -1);
	struct cert_spec spec = maker_spec_by(PROFILE_TLS_CLIENT, key, &ca, ca_key);
	uint8_t digest[EVP_MAX_MD_SIZE];
	struct cert_facts facts;
	unsigned char *spki = NULL;
	struct made made;
	BIGNUM *serial;
	char *hex;
	int len;

	spec.subject = "CN=K\u00f6ln\\, 1,O=Plant";
	made = maker_make(&spec);
	cr_assert_eq(cert_read(made.der, made.len, &facts), CERT_OK);
	cr_assert_str_eq(facts.subject, "CN=K\u00f6ln\\, 1,O=Plant");
	cr_assert_str_eq(facts.common_name, "K\u00f6ln, 1");
	cr_assert_str_eq(facts.issuer, "CN=Plant CA,O=Plant");
	cr_assert_eq(facts.not_before, BEGIN);
	cr_assert_eq(facts.not_after, BEGIN + 2 * YEAR);
	cr_assert(!facts.is_ca);
	serial = ASN1_INTEGER_to_BN(X509_get0_serialNumber(made.x509), NULL);
	hex = BN_bn2hex(serial);
	cr_assert_str_eq(facts.serial, hex);
	EVP_Digest(made.der, made.len, digest, NULL, EVP_sha256(), NULL);
	cr_assert_arr_eq(facts.fingerprint, digest, 32);
	len = i2d_PUBKEY(key, &spki);
	EVP_Digest(spki, (size_t)len, digest, NULL, EVP_sha256(), NULL);
	cr_assert_arr_eq(facts.spki_fingerprint, digest, 32);

	cr_assert_eq(cert_read(ca.der, ca.len, &facts), CERT_OK);
	cr_assert(facts.is_ca);
	OPENSSL_free(hex);
	BN_free(serial);
	OPENSSL_free(spki);
	made_free(&made);
	made_free(&ca);
	EVP_PKEY_free(key);
	EVP_PKEY_free(ca_key);
}

Test(x509_cert_read, is_shown_cut_where_it_is_long)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct cert_spec spec = maker_spec(PROFILE_TLS_CLIENT, key);
	char subject[600] = "CN=a";
	struct cert_facts facts;
	struct made made;

	for (size_t i = 0; i < 8; i++)
		strcat(subject,
		       ",OU=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\u00e4");
	spec.subject = subject;
	made = maker_make(&spec);
	cr_assert_eq(cert_read(made.der, made.len, &facts), CERT_OK);
	cr_assert_lt(strlen(facts.subject), sizeof(facts.subject));
	cr_assert_str_eq(facts.subject + strlen(facts.subject) - 3, "...");
	made_free(&made);
	EVP_PKEY_free(key);
}

Test(x509_cert_read, is_read_only_where_it_is_one_and_whole)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct cert_spec spec = maker_spec(PROFILE_TLS_CLIENT, key);
	struct made made = maker_make(&spec);
	static uint8_t bytes[CERT_DER_MAX + 1];
	struct cert_facts facts = {.serial = "kept"};

	memcpy(bytes, made.der, made.len);
	for (size_t len = 0; len < made.len; len++)
		cr_assert_eq(cert_read(bytes, len, &facts), CERT_SUBJECT);
	cr_assert_eq(cert_read(bytes, made.len + 1, &facts), CERT_SUBJECT);
	cr_assert_eq(cert_read(bytes, sizeof(bytes), &facts), CERT_TOO_LARGE);
	cr_assert_str_eq(facts.serial, "kept");
	cr_assert_eq(cert_read(bytes, made.len, &facts), CERT_OK);
	made_free(&made);
	EVP_PKEY_free(key);
}
