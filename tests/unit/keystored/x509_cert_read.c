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
	cr_assert_str_eq(facts.key_type, "ec-p256");
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

/* A self-signed one that keystored would not make itself. */
static void key_type_is(EVP_PKEY *key, const EVP_MD *md, const char *wanted)
{
	X509 *x509 = X509_new();
	struct cert_facts facts;
	unsigned char *der = NULL;
	int len;

	cr_assert_not_null(key);
	cr_assert(X509_set_version(x509, X509_VERSION_3));
	cr_assert(ASN1_INTEGER_set(X509_get_serialNumber(x509), 1));
	cr_assert_not_null(X509_gmtime_adj(X509_getm_notBefore(x509), 0));
	cr_assert_not_null(X509_gmtime_adj(X509_getm_notAfter(x509), 9));
	cr_assert(X509_set_pubkey(x509, key));
	cr_assert(X509_sign(x509, key, md));
	len = i2d_X509(x509, &der);
	cr_assert_gt(len, 0);
	cr_assert_eq(cert_read(der, (size_t)len, &facts), CERT_OK);
	cr_expect_str_eq(facts.key_type, wanted);
	OPENSSL_free(der);
	X509_free(x509);
	EVP_PKEY_free(key);
}

Test(x509_cert_read, has_keys_that_are_none_of_ours)
{
	key_type_is(EVP_RSA_gen(1024), EVP_sha256(), "rsa-1024");
	key_type_is(EVP_EC_gen("P-384"), EVP_sha256(), "ec-p384");
	key_type_is(EVP_EC_gen("P-521"), EVP_sha256(), "ec-p521");
	key_type_is(EVP_EC_gen("brainpoolP512r1"), EVP_sha256(), "ec-brainpoolP512r1");
	key_type_is(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NULL, "ed25519");
	key_type_is(EVP_PKEY_Q_keygen(NULL, NULL, "ED448"), NULL, "ed448");
}

Test(x509_cert_read, shows_the_number_of_a_key_that_openssl_does_not_know)
{
	/* As OpenSSL writes id-Ed25519, and 1.3.101.127. */
	static const uint8_t known[] = {0x06, 0x03, 0x2b, 0x65, 0x70};
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	EVP_PKEY *ca_key;
	struct made ca = maker_ca(&ca_key, -1);
	X509 *x509 = X509_dup(ca.x509);
	struct cert_facts facts;
	unsigned char *der = NULL;
	uint8_t *at;
	int len;

	cr_assert(X509_set_pubkey(x509, key));
	len = i2d_re_X509_tbs(x509, &der);
	OPENSSL_free(der);
	der = NULL;
	len = len > 0 ? i2d_X509(x509, &der) : 0;
	cr_assert_gt(len, 0);
	at = memmem(der, (size_t)len, known, sizeof(known));
	cr_assert_not_null(at);
	at[4] = 0x7f;
	cr_assert_eq(cert_read(der, (size_t)len, &facts), CERT_OK);
	cr_expect_str_eq(facts.key_type, "1.3.101.127");
	OPENSSL_free(der);
	X509_free(x509);
	made_free(&ca);
	EVP_PKEY_free(key);
	EVP_PKEY_free(ca_key);
}
