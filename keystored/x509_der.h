/* Certificates and times as they come from outside. Hides how DER becomes OpenSSL's object. */
#ifndef X509_DER_H
#define X509_DER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

/*
 * One certificate of at most CERT_DER_MAX bytes, and nothing after it. The caller's:
 * X509_free(). NULL: it is none, or no memory.
 */
X509 *x509_der_read(const uint8_t *der, size_t len);

/* RFC 5280 4.1.2.5: UTCTime begins in 1950, GeneralizedTime ends with the year 9999. */
#define X509_TIME_MIN (-631152000LL)
#define X509_TIME_MAX 253402300799LL

/* Unix time, seconds. False: it is no time. */
bool x509_der_time(const ASN1_TIME *time, int64_t *ret_seconds);

#endif
