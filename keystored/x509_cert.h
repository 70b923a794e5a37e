/*
 * Certificates that keystored makes (RFC 5280), in three steps that never block: build what
 * is to be signed, have its digest signed, assemble and verify. Hides OpenSSL's X.509.
 */
#ifndef X509_CERT_H
#define X509_CERT_H

#include <stddef.h>
#include <stdint.h>

#include <engine.h>

#include "profile.h"
#include "x509_csr.h"

#define CERT_ERROR_MAX 256

enum cert_status {
	CERT_OK = 0,
	CERT_SUBJECT,  /* the subject: the error says what */
	CERT_NAME,     /* a SAN entry, or one that the profile needs */
	CERT_VALIDITY, /* reversed, beyond the issuer's, or beyond what RFC 5280 can say */
	CERT_ISSUER,   /* no CA, expired, a path length of 0, or malformed */
	CERT_UNVERIFIED,
	CERT_TOO_LARGE,
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
	int path_length;	  /* of a CA's certificate; -1: no limit */
	enum tpm_hash hash;	  /* of the signature */
	enum tpm_padding padding; /* of the signature */
};

struct cert;

/*
 * Serial: 127 random bits, positive (RFC 5280 4.1.2.2). Subject and authority key identifiers,
 * basic constraints, key usage, extended key usage and names as the profile says.
 */
[[nodiscard]] enum cert_status cert_new(const struct cert_spec *spec,
					char ret_error[CERT_ERROR_MAX], struct cert **ret_cert);

/* To be signed with the issuer's key, or, self-signed, with the certificate's own. */
void cert_digest(const struct cert *cert, const uint8_t **ret_digest, size_t *ret_len);

/* The DER is malloc()ed. */
[[nodiscard]] enum cert_status cert_finish(struct cert *cert, const uint8_t *signature,
					   size_t signature_len, uint8_t **ret_der,
					   size_t *ret_len);
void cert_free(struct cert *cert);

/* What a list shows of a certificate. Strings are NUL-terminated UTF-8, cut where too long. */
struct cert_facts {
	char subject[256];
	char common_name[128];
	char issuer[256];
	char serial[64]; /* hex, no separators */
	int64_t not_before, not_after;
	bool is_ca;
	char signature_algorithm[32]; /* "ecdsa-sha256", "rsa-sha256", "rsa-pss-sha256" */
	uint8_t fingerprint[32];      /* SHA-256 of the DER */
	uint8_t spki_fingerprint[32]; /* SHA-256 of its SubjectPublicKeyInfo */
};

/* CERT_ISSUER never; CERT_TOO_LARGE over 64 KiB; CERT_SUBJECT: it is no certificate. */
[[nodiscard]] enum cert_status cert_read(const uint8_t *der, size_t len,
					 struct cert_facts *ret_facts);

#endif
