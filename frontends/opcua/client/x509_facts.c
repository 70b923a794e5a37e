#include "x509_facts.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void name_text(const X509_NAME *name, char text[X509_FACTS_NAME])
{
	BIO *bio = BIO_new(BIO_s_mem());
	int len = 0;

	*text = '\0';
	if (bio && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0)
		len = BIO_read(bio, text, X509_FACTS_NAME - 1);
	text[len > 0 ? len : 0] = '\0';
	BIO_free(bio);
}

static int64_t seconds_of(const ASN1_TIME *time)
{
	struct tm parts = {0};

	return ASN1_TIME_to_tm(time, &parts) == 1 ? timegm(&parts) : 0;
}

bool x509_facts_read(const uint8_t *der, size_t len, struct x509_facts *ret_facts)
{
	const uint8_t *at = der;
	X509 *cert = len <= INT32_MAX ? d2i_X509(NULL, &at, (long)len) : NULL;
	struct x509_facts facts = {0};
	bool is_ok = cert && at == der + len &&
		     EVP_Digest(der, len, facts.fingerprint, NULL, EVP_sha256(), NULL) == 1;

	if (is_ok) {
		name_text(X509_get_subject_name(cert), facts.subject);
		name_text(X509_get_issuer_name(cert), facts.issuer);
		facts.not_after = seconds_of(X509_get0_notAfter(cert));
		*ret_facts = facts;
	}
	X509_free(cert);
	return is_ok;
}

bool x509_crl_facts_read(const uint8_t *der, size_t len, struct x509_facts *ret_facts)
{
	const uint8_t *at = der;
	X509_CRL *crl = len <= INT32_MAX ? d2i_X509_CRL(NULL, &at, (long)len) : NULL;
	struct x509_facts facts = {0};
	bool is_ok = crl && at == der + len &&
		     EVP_Digest(der, len, facts.fingerprint, NULL, EVP_sha256(), NULL) == 1;

	if (is_ok) {
		name_text(X509_CRL_get_issuer(crl), facts.issuer);
		if (X509_CRL_get0_nextUpdate(crl))
			facts.not_after = seconds_of(X509_CRL_get0_nextUpdate(crl));
		*ret_facts = facts;
	}
	X509_CRL_free(crl);
	return is_ok;
}

bool x509_is_crl(const uint8_t *der, size_t len)
{
	const uint8_t *at = der;
	X509_CRL *crl = len <= INT32_MAX ? d2i_X509_CRL(NULL, &at, (long)len) : NULL;
	bool is_crl = crl && at == der + len;

	X509_CRL_free(crl);
	return is_crl;
}

char *x509_request_pem(const uint8_t *der, size_t len)
{
	const uint8_t *at = der;
	X509_REQ *request = len <= INT32_MAX ? d2i_X509_REQ(NULL, &at, (long)len) : NULL;
	BIO *bio = BIO_new(BIO_s_mem());
	char *bytes = NULL;
	char *pem = NULL;
	long count;

	/* As it came: nothing is encoded anew. */
	if (request && at == der + len && bio &&
	    PEM_write_bio(bio, PEM_STRING_X509_REQ, "", der, (long)len) > 0) {
		count = BIO_get_mem_data(bio, &bytes);
		pem = strndup(bytes, (size_t)count);
	}
	X509_REQ_free(request);
	BIO_free(bio);
	return pem;
}

EVP_PKEY *x509_pfx_key(const uint8_t *bytes, size_t len, const char *password)
{
	const uint8_t *at = bytes;
	PKCS12 *file = len <= INT32_MAX ? d2i_PKCS12(NULL, &at, (long)len) : NULL;
	EVP_PKEY *key = NULL;
	X509 *cert = NULL;

	if (file && PKCS12_parse(file, password, &key, &cert, NULL) != 1)
		key = NULL;
	PKCS12_free(file);
	X509_free(cert);
	ERR_clear_error();
	return key;
}
