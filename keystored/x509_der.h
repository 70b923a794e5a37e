/* Certificates as they come from outside. Hides how DER becomes OpenSSL's object. */
#ifndef X509_DER_H
#define X509_DER_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

/*
 * One certificate of at most CERT_DER_MAX bytes, and nothing after it. The caller's:
 * X509_free(). NULL: it is none, or no memory.
 */
X509 *x509_der_read(const uint8_t *der, size_t len);

#endif
