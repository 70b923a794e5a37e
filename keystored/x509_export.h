/*
 * Certificates for other programs, several in one file. Hides PKCS#7 and PKCS#12. No private key
 * goes in: none can.
 */
#ifndef X509_EXPORT_H
#define X509_EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "x509_text.h"

struct export_cert {
	const uint8_t *der;
	size_t len;
};

enum export_status {
	EXPORT_OK = 0,
	EXPORT_MALFORMED, /* one that is stored cannot be read */
	EXPORT_NOMEM,
};

/* A degenerate SignedData (RFC 2315 9.1), as .p7b files are. *ret_bytes is the caller's. */
[[nodiscard]] enum export_status export_pkcs7(const struct export_cert *certs, size_t count,
					      bool is_pem, uint8_t **ret_bytes, size_t *ret_len);

/*
 * @name: of the first one, as the file's reader shows it. @password: encrypts the certificates
 * and protects them from changes; "": neither, for certificates are no secret. *ret_bytes is the
 * caller's.
 */
[[nodiscard]] enum export_status export_pkcs12(const struct export_cert *certs, size_t count,
					       const char *name, const char *password,
					       uint8_t **ret_bytes, size_t *ret_len);

#endif
