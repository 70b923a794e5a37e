/*
 * What is in a file from outside: certificates, CRLs and perhaps a private key, in whatever
 * form it comes. Hides the formats (DER, PEM, PKCS#7, PKCS#8, PKCS#12), which are told by
 * their content, and what a password opens. Nothing in it is trusted: who uses what is found
 * checks it.
 */
#ifndef X509_IMPORT_H
#define X509_IMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "x509_text.h"

#define IMPORT_BYTES_MAX    262144 /* of a file */
#define IMPORT_CERTS_MAX    64
#define IMPORT_CRLS_MAX	    64
#define IMPORT_PASSWORD_MAX 1024 /* bytes */

enum import_status {
	IMPORT_OK = 0,
	IMPORT_UNKNOWN,		/* no form that we know, or damaged */
	IMPORT_EMPTY,		/* no certificate, no CRL and no private key in it */
	IMPORT_PASSWORD_NEEDED, /* it is encrypted, and there was no password */
	IMPORT_PASSWORD_WRONG,	/* or the file is damaged: nobody can tell */
	IMPORT_TOO_LARGE,	/* over IMPORT_BYTES_MAX, or a certificate over CERT_DER_MAX */
	IMPORT_TOO_MANY,	/* over IMPORT_CERTS_MAX, IMPORT_CRLS_MAX, or two private keys */
	IMPORT_TOO_COSTLY,	/* its password would have to be hashed for too long */
	IMPORT_UNSUPPORTED,	/* encrypted with what nobody should use any more */
	IMPORT_NOMEM,
};

struct import_item {
	uint8_t *der;
	size_t len;
};

struct import {
	struct import_item certs[IMPORT_CERTS_MAX]; /* in the file's order, each once */
	size_t cert_count;
	struct import_item crls[IMPORT_CRLS_MAX];
	size_t crl_count;
	struct import_item key; /* PKCS#8, DER, in the clear; .der NULL: none */
};

/*
 * @password: UTF-8 of at most IMPORT_PASSWORD_MAX bytes; NULL: none. May take seconds where
 * there is one: not for the main thread. All but OK: @ret_error is a sentence for whoever sent
 * the file. *ret_import is the caller's: import_free().
 */
[[nodiscard]] enum import_status import_read(const uint8_t *bytes, size_t len, const char *password,
					     char ret_error[X509_ERROR_MAX],
					     struct import **ret_import);

void import_free(struct import *import); /* wipes the key; NULL is fine */

#endif
