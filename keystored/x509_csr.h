/*
 * A certification request (PKCS#10, RFC 2986) for a key that signs elsewhere and later: build
 * it, have csr_digest() signed, finish it. Hides the encoding; none of the steps blocks.
 */
#ifndef X509_CSR_H
#define X509_CSR_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#include "key.h"
#include "x509_san.h"

#define CSR_DER_MAX 65536 /* bytes of a finished request */

enum csr_status {
	CSR_OK = 0,
	CSR_SUBJECT, /* the subject is wrong, or missing where there are no names either */
	CSR_NAME,    /* a subject alternative name is wrong */
	CSR_NOMEM,
	CSR_UNVERIFIED, /* the signature is not the key's over this request */
	CSR_TOO_LARGE,	/* over CSR_DER_MAX */
};

struct csr;
struct profile;

/*
 * Version 1, @subject (x509_name.h), @public_key, and the names, if there are any, in an
 * extensionRequest: critical where the subject is empty (RFC 5280 4.2.1.6). @profile NULL: what
 * it is for is not known; a CA's asks for basicConstraints and keyUsage too. @padding: for RSA
 * keys, NONE means PKCS1; PSS has MGF1 of the same hash and a salt as long as the digest.
 * SUBJECT, NAME, TOO_LARGE: @ret_error is a sentence for whoever asked. *ret_csr is the
 * caller's and keeps a reference of its own to @public_key.
 */
[[nodiscard]] enum csr_status csr_new(const char *subject, const struct csr_name *names, size_t n,
				      const struct profile *profile, EVP_PKEY *public_key,
				      enum tpm_hash hash, enum tpm_padding padding,
				      char ret_error[X509_ERROR_MAX], struct csr **ret_csr);

/* What is to be signed. Borrowed, for as long as @csr. */
void csr_digest(const struct csr *csr, const uint8_t **ret_digest, size_t *ret_len);

/*
 * Adds the signature (PKCS#1 octets, or ECDSA-Sig-Value DER) and verifies the whole with the
 * public key. *ret_der is the caller's: free(). UNVERIFIED, TOO_LARGE, NOMEM.
 */
[[nodiscard]] enum csr_status csr_finish(struct csr *csr, const uint8_t *sig, size_t sig_len,
					 uint8_t **ret_der, size_t *ret_len);

void csr_free(struct csr *csr); /* NULL is fine */

#endif
