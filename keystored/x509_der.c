#include "x509_der.h"

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
