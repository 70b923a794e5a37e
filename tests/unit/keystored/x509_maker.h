/* Certificates and CRLs for tests, of any shape, made by OpenSSL. */
#ifndef X509_MAKER_H
#define X509_MAKER_H

#include <criterion/criterion.h>

#include <stdint.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#define NOW 1800000000
#define DAY 86400

#define CA_EXTENSIONS                                                                              \
	{NID_basic_constraints, "critical,CA:TRUE"},                                               \
	{                                                                                          \
		NID_key_usage, "critical,keyCertSign,cRLSign"                                      \
	}
#define KEY_IDS                                                                                    \
	{NID_subject_key_identifier, "hash"},                                                      \
	{                                                                                          \
		NID_authority_key_identifier, "keyid"                                              \
	}

struct made_cert {
	X509 *x509;
	EVP_PKEY *key;
	uint8_t *der;
	int len;
};

struct made_crl {
	X509_CRL *crl;
	uint8_t *der;
	int len;
};

struct made_extension {
	int nid;
	const char *value;
};

/* What is left out: a new P-256 key, valid NOW, SHA-256, self-signed, a serial of its own. */
struct made_spec {
	const char *name;
	const struct made_cert *issuer;
	EVP_PKEY *key;
	EVP_PKEY *signed_by; /* instead of the issuer's */
	int64_t not_before, not_after;
	const EVP_MD *md;
	struct made_extension extensions[8];
};

struct made_crl_spec {
	const struct made_cert *issuer;
	EVP_PKEY *signed_by;		  /* instead of the issuer's */
	int64_t this_update, next_update; /* -1: none */
	const struct made_cert *revoked;
	int reason; /* CRL_REASON_… */
	const EVP_MD *md;
	int number;
	bool without_key_id;
	struct made_extension extension;
};

static inline X509_NAME *made_name(const char *text)
{
	X509_NAME *name = X509_NAME_new();

	cr_assert(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)text,
					     -1, -1, 0));
	return name;
}

static inline struct made_cert make_cert(struct made_spec spec)
{
	static long serial = 1000;
	struct made_cert made = {.x509 = X509_new()};
	const struct made_cert *issuer = spec.issuer ? spec.issuer : &made;
	X509_NAME *name = made_name(spec.name);
	X509V3_CTX ctx;

	made.key = spec.key ? spec.key : EVP_EC_gen("P-256");
	if (spec.key)
		EVP_PKEY_up_ref(spec.key);
	X509_set_version(made.x509, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(made.x509), ++serial);
	X509_set_subject_name(made.x509, name);
	X509_set_issuer_name(made.x509, spec.issuer ? X509_get_subject_name(issuer->x509) : name);
	ASN1_TIME_set(X509_getm_notBefore(made.x509),
		      spec.not_before ? spec.not_before : NOW - 10 * DAY);
	ASN1_TIME_set(X509_getm_notAfter(made.x509),
		      spec.not_after ? spec.not_after : NOW + 100 * DAY);
	X509_set_pubkey(made.x509, made.key);
	X509V3_set_ctx(&ctx, issuer->x509, made.x509, NULL, NULL, 0);
	for (size_t i = 0; i < 8 && spec.extensions[i].nid; i++) {
		X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, spec.extensions[i].nid,
								spec.extensions[i].value);

		cr_assert_not_null(extension, "%s", spec.extensions[i].value);
		X509_add_ext(made.x509, extension, -1);
		X509_EXTENSION_free(extension);
	}
	cr_assert_gt(X509_sign(made.x509, spec.signed_by ? spec.signed_by : issuer->key,
			       spec.md ? spec.md : EVP_sha256()),
		     0);
	made.len = i2d_X509(made.x509, &made.der);
	X509_NAME_free(name);
	return made;
}

static inline struct made_crl make_crl(struct made_crl_spec spec)
{
	struct made_crl made = {.crl = X509_CRL_new()};
	ASN1_TIME *time = ASN1_TIME_new();
	ASN1_INTEGER *number = ASN1_INTEGER_new();
	X509_EXTENSION *extension;
	X509V3_CTX ctx;

	X509_CRL_set_version(made.crl, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(made.crl, X509_get_subject_name(spec.issuer->x509));
	ASN1_TIME_set(time, spec.this_update ? spec.this_update : NOW - DAY);
	X509_CRL_set1_lastUpdate(made.crl, time);
	ASN1_TIME_set(time, spec.next_update ? spec.next_update : NOW + 30 * DAY);
	if (spec.next_update >= 0)
		X509_CRL_set1_nextUpdate(made.crl, time);
	X509V3_set_ctx(&ctx, spec.issuer->x509, NULL, NULL, made.crl, 0);
	if (!spec.without_key_id) {
		extension = X509V3_EXT_conf_nid(NULL, &ctx, NID_authority_key_identifier, "keyid");
		cr_assert_not_null(extension);
		X509_CRL_add_ext(made.crl, extension, -1);
		X509_EXTENSION_free(extension);
	}
	if (spec.extension.nid) {
		extension =
			X509V3_EXT_conf_nid(NULL, &ctx, spec.extension.nid, spec.extension.value);
		cr_assert_not_null(extension, "%s", spec.extension.value);
		X509_CRL_add_ext(made.crl, extension, -1);
		X509_EXTENSION_free(extension);
	}
	ASN1_INTEGER_set(number, spec.number ? spec.number : 1);
	X509_CRL_add1_ext_i2d(made.crl, NID_crl_number, number, 0, 0);
	if (spec.revoked) {
		X509_REVOKED *revoked = X509_REVOKED_new();
		ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();

		X509_REVOKED_set_serialNumber(revoked, X509_get_serialNumber(spec.revoked->x509));
		ASN1_TIME_set(time, NOW - 2 * DAY);
		X509_REVOKED_set_revocationDate(revoked, time);
		ASN1_ENUMERATED_set(reason, spec.reason);
		X509_REVOKED_add1_ext_i2d(revoked, NID_crl_reason, reason, 0, 0);
		X509_CRL_add0_revoked(made.crl, revoked);
		ASN1_ENUMERATED_free(reason);
	}
	cr_assert_gt(X509_CRL_sign(made.crl, spec.signed_by ? spec.signed_by : spec.issuer->key,
				   spec.md ? spec.md : EVP_sha256()),
		     0);
	made.len = i2d_X509_CRL(made.crl, &made.der);
	ASN1_INTEGER_free(number);
	ASN1_TIME_free(time);
	return made;
}

static inline void made_cert_free(struct made_cert *made)
{
	X509_free(made->x509);
	EVP_PKEY_free(made->key);
	OPENSSL_free(made->der);
}

static inline void made_crl_free(struct made_crl *made)
{
	X509_CRL_free(made->crl);
	OPENSSL_free(made->der);
}

#endif
