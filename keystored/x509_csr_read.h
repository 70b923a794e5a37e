/*
 * A certification request from outside (RFC 2986), taken apart into what a certificate is made
 * of. Hides the encoding. What it asks for is only ever text again, which goes through the same
 * rules as what is typed here.
 */
#ifndef X509_CSR_READ_H
#define X509_CSR_READ_H

#include <stddef.h>
#include <stdint.h>

#include "x509_csr.h"

enum csr_read_status {
	CSR_READ_OK = 0,
	CSR_READ_MALFORMED,  /* not exactly one request, PEM or DER */
	CSR_READ_UNVERIFIED, /* not signed with its own key, or with too weak a one */
	CSR_READ_TOO_LARGE,  /* over CSR_DER_MAX, or too many names */
	CSR_READ_UNFIT,	     /* a subject or name that is not issued here */
	CSR_READ_NOMEM,
};

struct csr_content {
	EVP_PKEY *public_key;
	char subject[X509_TEXT_MAX + 1]; /* as x509_name_parse() takes it */
	struct csr_name names[SAN_NAMES_MAX];
	size_t name_count;
	uint8_t *der; /* csr_read(): the request */
	size_t der_len;
};

/*
 * All but OK and NOMEM: @ret_error is a sentence for whoever sent it. Its own signature was
 * verified. *ret_content is the caller's: csr_content_free().
 */
[[nodiscard]] enum csr_read_status csr_read(const uint8_t *bytes, size_t len,
					    char ret_error[X509_ERROR_MAX],
					    struct csr_content **ret_content);

/*
 * What a request for the same certificate would have: so it can be asked for, or issued, again.
 * Statuses as above; nothing is verified.
 */
[[nodiscard]] enum csr_read_status csr_from_cert(const uint8_t *der, size_t len,
						 char ret_error[X509_ERROR_MAX],
						 struct csr_content **ret_content);

/* The common name of a request that was made here; "" where it has none. */
void csr_common_name(const uint8_t *der, size_t len, char *ret_name, size_t size);

void csr_content_free(struct csr_content *content); /* NULL is fine */

#endif
