/* Certificates for tests, signed by software keys where the service asks the TPM. */
#ifndef CERT_MAKER_H
#define CERT_MAKER_H

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "soft_sign.h"
#include "x509_cert.h"

#define YEAR  31536000LL
#define BEGIN 1767225600LL /* 2026-01-01 */

struct made {
	uint8_t *der;
	size_t len;
	X509 *x509;
};

static const struct csr_name maker_names[] = {
	{SAN_URI, "urn:plc-1:app"},
	{SAN_IP, "192.0.2.1"},
	{SAN_DNS, "plc-1.example"},
};

static inline struct cert_spec maker_spec(enum profile_id profile, EVP_PKEY *key)
{
	return (struct cert_spec){
		.profile = profile_by_id(profile),
		.subject = profile == PROFILE_CA ? "CN=Plant CA,O=Plant" : "CN=plc-1,O=Plant",
		.names = maker_names,
		.name_count = profile == PROFILE_CA ? 0 : 3,
		.public_key = key,
		.not_before = BEGIN,
		.not_after = BEGIN + (profile == PROFILE_CA ? 10 : 2) * YEAR,
		.path_length = -1,
		.hash = TPM_SHA256,
		.padding = TPM_PADDING_NONE,
	};
}

static inline struct cert_spec maker_spec_by(enum profile_id profile, EVP_PKEY *key,
					     const struct made *issuer, EVP_PKEY *issuer_key)
{
	struct cert_spec spec = maker_spec(profile, key);

	spec.issuer = issuer->der;
	spec.issuer_len = issuer->len;
	spec.issuer_key = issuer_key;
	return spec;
}

static inline struct made maker_make(const struct cert_spec *spec)
{
	EVP_PKEY *signer = spec->issuer ? spec->issuer_key : spec->public_key;
	char error[CERT_ERROR_MAX] = "";
	struct made made = {0};
	const uint8_t *digest;
	size_t digest_len;
	const uint8_t *at;
	struct cert *cert;
	uint8_t sig[1024];
	size_t sig_len;

	cr_assert_eq(cert_new(spec, error, &cert), CERT_OK, "%s", error);
	cert_digest(cert, &digest, &digest_len);
	sig_len =
		soft_sign(signer, spec->hash, spec->padding, digest, digest_len, sig, sizeof(sig));
	cr_assert_eq(cert_finish(cert, sig, sig_len, &made.der, &made.len), CERT_OK);
	cert_free(cert);
	at = made.der;
	made.x509 = d2i_X509(NULL, &at, (long)made.len);
	cr_assert_not_null(made.x509);
	cr_assert_eq(at, made.der + made.len);
	cr_assert_eq(X509_verify(made.x509, signer), 1);
	return made;
}

/* A CA and its key; the key is the caller's. */
static inline struct made maker_ca(EVP_PKEY **ret_key, int path_length)
{
	struct cert_spec spec;

	*ret_key = EVP_EC_gen("P-256");
	spec = maker_spec(PROFILE_CA, *ret_key);
	spec.path_length = path_length;
	return maker_make(&spec);
}

static inline void made_free(struct made *made)
{
	X509_free(made->x509);
	free(made->der);
}

#endif
