/* RSA keys and certificates in software, as OPC UA's peers have them. For tests with no TPM. */
#ifndef SUPPORT_RSA_MAKER_H
#define SUPPORT_RSA_MAKER_H

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdint.h>
#include <stdlib.h>

struct rsa_cert {
	EVP_PKEY *key;
	X509 *x509;
	uint8_t *der;
	size_t len;
};

static inline void rsa_expect(int holds)
{
	if (!holds)
		abort();
}

static inline void rsa_add(X509 *x509, X509V3_CTX *ctx, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, ctx, nid, value);

	rsa_expect(extension && X509_add_ext(x509, extension, -1));
	X509_EXTENSION_free(extension);
}

/* @key: taken over. @issuer: NULL for one that signs itself. @names: a subjectAltName or NULL. */
static inline struct rsa_cert rsa_cert_of(EVP_PKEY *key, const char *name, const char *names,
					  const struct rsa_cert *issuer)
{
	struct rsa_cert made = {.key = key, .x509 = X509_new()};
	X509_NAME *subject = X509_get_subject_name(made.x509);
	X509V3_CTX ctx;
	uint64_t serial = 0;

	for (const char *c = name; *c; c++)
		serial = serial * 31 + (uint8_t)*c;
	rsa_expect(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
					      (const unsigned char *)name, -1, -1, 0));
	X509_set_version(made.x509, 2);
	ASN1_INTEGER_set_uint64(X509_get_serialNumber(made.x509), serial);
	X509_set_issuer_name(made.x509, issuer ? X509_get_subject_name(issuer->x509) : subject);
	ASN1_TIME_set_string(X509_getm_notBefore(made.x509), "20240101000000Z");
	ASN1_TIME_set_string(X509_getm_notAfter(made.x509), "20491231235959Z");
	X509_set_pubkey(made.x509, key);
	X509V3_set_ctx(&ctx, issuer ? issuer->x509 : made.x509, made.x509, NULL, NULL, 0);
	rsa_add(made.x509, &ctx, NID_subject_key_identifier, "hash");
	rsa_add(made.x509, &ctx, NID_authority_key_identifier, "keyid:always");
	rsa_add(made.x509, &ctx, NID_basic_constraints,
		names ? "critical,CA:FALSE" : "critical,CA:TRUE");
	rsa_add(made.x509, &ctx, NID_key_usage,
		names ? "critical,digitalSignature,nonRepudiation,keyEncipherment,"
			"dataEncipherment,keyCertSign"
		      : "critical,keyCertSign,cRLSign");
	if (names) {
		rsa_add(made.x509, &ctx, NID_ext_key_usage, "serverAuth,clientAuth");
		rsa_add(made.x509, &ctx, NID_subject_alt_name, names);
	}
	rsa_expect(X509_sign(made.x509, issuer ? issuer->key : key, EVP_sha256()));
	made.len = (size_t)i2d_X509(made.x509, &made.der);
	return made;
}

static inline struct rsa_cert rsa_cert_make(unsigned bits, const char *name, const char *names,
					    const struct rsa_cert *issuer)
{
	return rsa_cert_of(EVP_RSA_gen(bits), name, names, issuer);
}

static inline void rsa_cert_clear(struct rsa_cert *cert)
{
	EVP_PKEY_free(cert->key);
	X509_free(cert->x509);
	OPENSSL_free(cert->der);
}

#endif
