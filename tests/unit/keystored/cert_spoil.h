/* What can be wrong with a certificate: each function spoils one thing. */
#ifndef CERT_SPOIL_H
#define CERT_SPOIL_H

#include "cert_maker.h"

#include <string.h>

#include <openssl/core_names.h>

static inline void drop(X509 *x509, int nid)
{
	X509_EXTENSION_free(X509_delete_ext(x509, X509_get_ext_by_NID(x509, nid, -1)));
}

static inline void add(X509 *x509, int nid, const char *value)
{
	X509_EXTENSION *extension;
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, x509, x509, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	cr_assert_not_null(extension);
	cr_assert_eq(X509_add_ext(x509, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

static inline void set(X509 *x509, int nid, const char *value)
{
	drop(x509, nid);
	add(x509, nid, value);
}

static inline void add_raw(X509 *x509, const char *oid, bool critical, const char *bytes, int len)
{
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
	ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
	X509_EXTENSION *extension;

	cr_assert(ASN1_OCTET_STRING_set(octets, (const unsigned char *)bytes, len));
	extension = X509_EXTENSION_create_by_OBJ(NULL, object, critical, octets);
	cr_assert_eq(X509_add_ext(x509, extension, -1), 1);
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(octets);
	ASN1_OBJECT_free(object);
}

/* What it needs is done after signing. */
static inline void nothing_yet(X509 *x)
{
	(void)x;
}

static inline void serial_zero(X509 *x)
{
	ASN1_INTEGER_set(X509_get_serialNumber(x), 0);
}

static inline void serial_negative(X509 *x)
{
	ASN1_INTEGER_set(X509_get_serialNumber(x), -5);
}

static inline void serial_of_21_octets(X509 *x)
{
	ASN1_STRING_set(X509_get_serialNumber(x), "123456789012345678901", 21);
}

static inline void serial_one(X509 *x)
{
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
}

static inline void no_issuer(X509 *x)
{
	X509_NAME *name = X509_NAME_new();

	X509_set_issuer_name(x, name);
	X509_NAME_free(name);
}

static inline void no_subject(X509 *x)
{
	X509_NAME *name = X509_NAME_new();

	X509_set_subject_name(x, name);
	X509_NAME_free(name);
}

static inline void only_common_name(X509 *x)
{
	X509_NAME *name = X509_NAME_new();

	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)"plc", -1, -1,
				   0);
	X509_set_subject_name(x, name);
	X509_NAME_free(name);
}

static inline void reversed(X509 *x)
{
	ASN1_TIME_set(X509_getm_notAfter(x), BEGIN - 1);
}

static inline void generalized_2026(X509 *x)
{
	ASN1_TIME_set_string(X509_getm_notBefore(x), "20260101000000Z");
}

static inline void utc_without_seconds(X509 *x)
{
	ASN1_STRING_set(X509_getm_notBefore(x), "2601010000Z", 11);
}

static inline void unknown_key(X509 *x)
{
	X509_PUBKEY_set0_param(X509_get_X509_PUBKEY(x), OBJ_txt2obj("1.2.3.4", 1), V_ASN1_UNDEF,
			       NULL, OPENSSL_zalloc(8), 8);
}

static inline void rsa_1024(X509 *x)
{
	EVP_PKEY *key = EVP_RSA_gen(1024);

	X509_set_pubkey(x, key);
	EVP_PKEY_free(key);
}

static inline void p_192(X509 *x)
{
	EVP_PKEY *key = EVP_EC_gen("P-192");

	X509_set_pubkey(x, key);
	EVP_PKEY_free(key);
}

/* A modulus is all that RSA's public half needs besides. */
static inline void exponent_3(X509 *x)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	uint32_t e = 3;
	OSSL_PARAM params[] = {
		OSSL_PARAM_uint(OSSL_PKEY_PARAM_RSA_E, &e),
		OSSL_PARAM_END,
	};
	EVP_PKEY *key = NULL;

	cr_assert_eq(EVP_PKEY_keygen_init(ctx), 1);
	cr_assert_eq(EVP_PKEY_CTX_set_params(ctx, params), 1);
	cr_assert_eq(EVP_PKEY_generate(ctx, &key), 1);
	X509_set_pubkey(x, key);
	EVP_PKEY_free(key);
	EVP_PKEY_CTX_free(ctx);
}

static inline void explicit_curve(X509 *x)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");

	cr_assert(EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING, "explicit"));
	X509_set_pubkey(x, key);
	EVP_PKEY_free(key);
}

static inline void twice(X509 *x)
{
	X509_add_ext(x, X509_get_ext(x, 0), -1);
}

static inline void malformed_names(X509 *x)
{
	drop(x, NID_subject_alt_name);
	add_raw(x, "2.5.29.17", false, "\x30\x03\x86\x05x", 5);
}

static inline void unknown_critical(X509 *x)
{
	add_raw(x, "1.2.3.4", true, "\x05\x00", 2);
}

static inline void relaxed_constraints(X509 *x)
{
	set(x, NID_basic_constraints, "CA:TRUE");
}

static inline void stray_path_length(X509 *x)
{
	/* OpenSSL's own text form refuses to make it. */
	drop(x, NID_basic_constraints);
	add_raw(x, "2.5.29.19", true, "\x30\x03\x02\x01\x00", 5);
}

static inline void no_constraints(X509 *x)
{
	drop(x, NID_basic_constraints);
}

static inline void becomes_ca(X509 *x)
{
	set(x, NID_basic_constraints, "critical,CA:TRUE");
}

static inline void only_signs_crls(X509 *x)
{
	set(x, NID_key_usage, "critical,cRLSign");
}

static inline void only_signs_certificates(X509 *x)
{
	set(x, NID_key_usage, "critical,digitalSignature,keyCertSign");
}

static inline void relaxed_usage(X509 *x)
{
	set(x, NID_key_usage, "digitalSignature");
}

static inline void no_usage(X509 *x)
{
	drop(x, NID_key_usage);
}

static inline void no_usage_bit(X509 *x)
{
	drop(x, NID_key_usage);
	add_raw(x, "2.5.29.15", true, "\x03\x01\x00", 3);
}

static inline void enciphers(X509 *x)
{
	set(x, NID_key_usage, "critical,digitalSignature,keyEncipherment");
}

static inline void no_key_id(X509 *x)
{
	drop(x, NID_subject_key_identifier);
}

static inline void no_authority(X509 *x)
{
	drop(x, NID_authority_key_identifier);
}

static inline void empty_authority(X509 *x)
{
	no_authority(x);
	add_raw(x, "2.5.29.35", false, "\x30\x00", 2);
}

static inline void other_authority(X509 *x)
{
	no_authority(x);
	add_raw(x, "2.5.29.35", false, "\x30\x03\x80\x01\x07", 5);
}

static inline void critical_authority(X509 *x)
{
	no_authority(x);
	add_raw(x, "2.5.29.35", true, "\x30\x03\x80\x01\x07", 5);
}

static inline void no_name_in_names(X509 *x)
{
	drop(x, NID_subject_alt_name);
	add_raw(x, "2.5.29.17", false, "\x30\x00", 2);
}

static inline void nul_in_name(X509 *x)
{
	drop(x, NID_subject_alt_name);
	add_raw(x, "2.5.29.17", false,
		"\x30\x05\x82\x03"
		"a\0b",
		7);
}

static inline void address_of_5(X509 *x)
{
	drop(x, NID_subject_alt_name);
	add_raw(x, "2.5.29.17", false,
		"\x30\x07\x87\x05"
		"abcde",
		9);
}

static inline void name_with_underscore(X509 *x)
{
	set(x, NID_subject_alt_name, "URI:urn:a,DNS:plc_1");
}

static inline void only_signs_and_agrees(X509 *x)
{
	set(x, NID_key_usage, "critical,keyAgreement");
}

static inline void no_purposes(X509 *x)
{
	drop(x, NID_ext_key_usage);
}

static inline void other_purposes(X509 *x)
{
	set(x, NID_ext_key_usage, "codeSigning");
}

static inline void no_uri(X509 *x)
{
	set(x, NID_subject_alt_name, "DNS:plc-1");
}

static inline void two_uris(X509 *x)
{
	set(x, NID_subject_alt_name, "URI:urn:a,URI:urn:b");
}

static inline void no_host(X509 *x)
{
	set(x, NID_subject_alt_name, "URI:urn:a");
}

static inline void rsa_5120(X509 *x)
{
	/* Nobody has to use it: a modulus of the length will do. */
	static const char modulus_head[] = "\x30\x82\x02\x8a\x02\x82\x02\x81";
	static uint8_t der[654];
	uint8_t *copy;

	memcpy(der, modulus_head, 8);
	der[8] = 0;
	memset(der + 9, 0xc1, 640);
	memcpy(der + 649, "\x02\x03\x01\x00\x01", 5);
	copy = OPENSSL_memdup(der, sizeof(der));
	X509_PUBKEY_set0_param(X509_get_X509_PUBKEY(x), OBJ_nid2obj(NID_rsaEncryption), V_ASN1_NULL,
			       NULL, copy, sizeof(der));
}

#endif
