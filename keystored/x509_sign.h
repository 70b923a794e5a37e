/*
 * What all X.509 objects that are signed elsewhere and later have in common. Hides how the
 * algorithms of signatures are encoded (RFC 4055, RFC 5758).
 */
#ifndef X509_SIGN_H
#define X509_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>
#include <openssl/types.h>

#include "key.h"

/* Bytes that a signature of the largest key and its algorithm may add. */
#define X509_SIGNATURE_ROOM 1024

struct x509_digest {
	uint8_t bytes[EVP_MAX_MD_SIZE];
	size_t len;
};

/*
 * @padding: for RSA keys, NONE means PKCS1; PSS has MGF1 of the same hash and a salt as long as
 * the digest. The caller's: X509_ALGOR_free(). NULL: no memory.
 */
X509_ALGOR *x509_sign_algorithm(const EVP_PKEY *key, enum tpm_hash hash, enum tpm_padding padding);

/* False: no memory. */
bool x509_sign_digest(const uint8_t *tbs, size_t len, enum tpm_hash hash,
		      struct x509_digest *ret_digest);

/* Puts @sig, at most X509_SIGNATURE_ROOM bytes, into @bits. False: too long, or no memory. */
bool x509_sign_fill(ASN1_BIT_STRING *bits, const uint8_t *sig, size_t len);

/* The identifier of @x509's key (RFC 7093 2, method 1). The caller's. NULL: no memory. */
ASN1_OCTET_STRING *x509_sign_key_id(const X509 *x509);

/*
 * How what @issuer signs refers to its key: the identifier that its certificate has, or else
 * x509_sign_key_id(). The caller's. NULL: no memory.
 */
ASN1_OCTET_STRING *x509_sign_issuer_id(X509 *issuer);

#endif
