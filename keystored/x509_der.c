#include "x509_der.h"

#include <time.h>

#include <openssl/x509.h>

#include "x509_cert.h"

X509 *x509_der_read(const uint8_t *der, size_t len)
{
	const unsigned char *at = der;
	X509 *x509;

	if (len > CERT_DER_MAX)
		return NULL;
	x509 = d2i_X509(NULL, &at, (long)len);
	if (x509 && at == der + len)
		return x509;
	X509_free(x509);
	return NULL;
}

bool x509_der_time(const ASN1_TIME *time, int64_t *ret_seconds)
{
	struct tm tm;

	if (!ASN1_TIME_to_tm(time, &tm))
		return false;
	*ret_seconds = timegm(&tm);
	return true;
}
