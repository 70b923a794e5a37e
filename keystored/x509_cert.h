/*
 * Certificates that keystored makes (RFC 5280), in three steps that never block: build what
 * is to be signed, have its digest signed, assemble and verify. Hides OpenSSL's X.509.
 */
#ifndef X509_CERT_H
#define X509_CERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#include "key.h"
#include "profile.h"
#include "x509_csr.h"

#define CERT_ERROR_MAX X509_ERROR_MAX
#define CERT_DER_MAX   65536 /* bytes of a certificate */

enum cert_status {
	CERT_OK = 0,
	CERT_SUBJECT,	 /* the subject is wrong, missing, or the issuer's */
	CERT_NAME,	 /* a SAN entry is wrong, or one that the profile needs is missing */
	CERT_VALIDITY,	 /* reversed, outside the issuer's, or beyond what RFC 5280 can say */
	CERT_ISSUER,	 /* no CA, without keyCertSign, its path length, not its key, malformed */
	CERT_UNVERIFIED, /* the signature is not the issuer's over this certificate */
	CERT_TOO_LARGE,	 /* over CERT_DER_MAX */
	CERT_NOMEM,
};

/* What is wanted. Everything is borrowed for the call. */
struct cert_spec {
	const struct profile *profile;
	const char *subject; /* as csr_new() takes it */
	const struct csr_name *names;
	size_t name_count;
	EVP_PKEY *public_key;
	int64_t not_before, not_after; /* Unix time, seconds */
	const uint8_t *issuer;	       /* the CA's certificate, DER; NULL: self-signed */
	size_t issuer_len;
	EVP_PKEY *issuer_key;	  /* its public key; NULL: self-signed */
	int path_length;	  /* -1: no limit; of a profile that is no CA's, ignored */
	enum tpm_hash hash;	  /* of the signature */
	enum tpm_padding padding; /* of the signature */
};

struct cert;

/*
 * A version 3 certificate. Serial: 127 random bits, positive (RFC 5280 4.1.2.2). Basic
 * constraints, key usage, extended key usage and names as the profile says; the subject may be
 * empty where there is an issuer and a name. Key identifiers: 160 bits of SHA-256 of the key
 * (RFC 7093 2, method 1), or what the issuer's certificate has; the authority's is there in a
 * self-signed certificate too. All but UNVERIFIED and NOMEM: @ret_error is a sentence for
 * whoever asked. *ret_cert is the caller's: cert_free().
 */
[[nodiscard]] enum cert_status cert_new(const struct cert_spec *spec,
					char ret_error[CERT_ERROR_MAX], struct cert **ret_cert);

/*
 * To be signed with the issuer's key, or, self-signed, with the certificate's own. Borrowed, for
 * as long as @cert.
 */
void cert_digest(const struct cert *cert, const uint8_t **ret_digest, size_t *ret_len);

/*
 * Adds the signature (PKCS#1 octets, or ECDSA-Sig-Value DER) and verifies the whole with the
 * issuer's public key. *ret_der is the caller's: free(). UNVERIFIED, TOO_LARGE, NOMEM.
 */
[[nodiscard]] enum cert_status cert_finish(struct cert *cert, const uint8_t *signature,
					   size_t signature_len, uint8_t **ret_der,
					   size_t *ret_len);

/* As it is, to be measured: before cert_finish() without a signature. TOO_LARGE, NOMEM. */
[[nodiscard]] enum cert_status cert_encode(const struct cert *cert, uint8_t **ret_der,
					   size_t *ret_len);

void cert_free(struct cert *cert); /* NULL is fine */

/* What a list shows of a certificate. Strings are NUL-terminated UTF-8, cut where too long. */
struct cert_facts {
	char subject[256];
	char common_name[128];
	char issuer[256];
	char serial[64];	       /* upper-case hex of its octets, no separators */
	int64_t not_before, not_after; /* Unix time, seconds */
	bool is_ca;
	char signature_algorithm[32]; /* "ecdsa-sha256", "rsa-pss-sha256"; others: their number */
	char key_type[32];	      /* "rsa-2048", "ec-p256", "ed25519"; others: their number */
	uint8_t fingerprint[32];      /* SHA-256 of the DER */
	uint8_t spki_fingerprint[32]; /* SHA-256 of its SubjectPublicKeyInfo */
	uint32_t name_hash;	      /* of the subject, by which x509_pool.h asks for it */
};

/* One certificate, nothing after it. TOO_LARGE; NOMEM; SUBJECT: it is no certificate. */
[[nodiscard]] enum cert_status cert_read(const uint8_t *der, size_t len,
					 struct cert_facts *ret_facts);

#endif
