#include "x509_match.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

/* The first certificate's DER; OPENSSL_free() it. @ret_end: what was read up to there. */
static unsigned char *first_der(const char *pem, size_t len, long *ret_len, size_t *ret_end)
{
	unsigned char *der = NULL;
	BIO *bio = len <= INT_MAX ? BIO_new_mem_buf(pem, (int)len) : NULL;

	ERR_set_mark();
	if (bio && PEM_bytes_read_bio(&der, ret_len, NULL, PEM_STRING_X509, bio, NULL, NULL))
		*ret_end = len - (size_t)BIO_pending(bio);
	else
		der = NULL;
	BIO_free(bio);
	ERR_pop_to_mark();
	return der;
}

bool x509_match_der(const char *pem, size_t len, const uint8_t *der, size_t der_len,
		    size_t *ret_rest)
{
	long found_len = 0;
	size_t end = 0;
	unsigned char *found = first_der(pem, len, &found_len, &end);
	bool is_same = found && (size_t)found_len == der_len && memcmp(found, der, der_len) == 0;

	OPENSSL_free(found);
	if (is_same)
		*ret_rest = end;
	return is_same;
}

bool x509_match_key(const char *pem, size_t len, const uint8_t *key, size_t key_len)
{
	long der_len = 0;
	size_t end = 0;
	unsigned char *der = first_der(pem, len, &der_len, &end);
	const unsigned char *at = der;
	unsigned char *found = NULL;
	X509 *cert = NULL;
	int found_len = -1;
	bool is_same;

	ERR_set_mark();
	if (der)
		cert = d2i_X509(NULL, &at, der_len);
	if (cert)
		found_len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &found);
	is_same =
		found_len >= 0 && (size_t)found_len == key_len && memcmp(found, key, key_len) == 0;
	OPENSSL_free(found);
	X509_free(cert);
	OPENSSL_free(der);
	ERR_pop_to_mark();
	return is_same;
}
