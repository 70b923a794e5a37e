/*
 * The state of one import_read(), for the files that know a format each. Hides the limits, and
 * what of a found object is kept. For x509_import*.c.
 */
#ifndef X509_IMPORT_READER_H
#define X509_IMPORT_READER_H

#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "x509_import.h"
#include "x509_pbe.h"

struct import_reader {
	struct import *import;
	const char *password; /* NULL: none */
	unsigned rounds;      /* of hashing that are left */
	char *error;
};

/* Returns @status with the sentence set. */
[[nodiscard]] enum import_status reader_fail(struct import_reader *reader,
					     enum import_status status, const char *sentence);
[[nodiscard]] enum import_status reader_fail_pbe(struct import_reader *reader,
						 enum pbe_status status);

/* Keep a copy. One that is there already is not kept again. */
[[nodiscard]] enum import_status reader_take_cert(struct import_reader *reader, const X509 *cert);
[[nodiscard]] enum import_status reader_take_crl(struct import_reader *reader, const X509_CRL *crl);
[[nodiscard]] enum import_status reader_take_key(struct import_reader *reader,
						 const PKCS8_PRIV_KEY_INFO *key);

/* An EncryptedPrivateKeyInfo: opened with the password. */
[[nodiscard]] enum import_status reader_take_encrypted_key(struct import_reader *reader,
							   const X509_SIG *encrypted);

/* What a PKCS#7 or PKCS#12 object holds. */
[[nodiscard]] enum import_status reader_take_pkcs7(struct import_reader *reader, PKCS7 *pkcs7);
[[nodiscard]] enum import_status reader_take_pkcs12(struct import_reader *reader, PKCS12 *pkcs12);

#endif
