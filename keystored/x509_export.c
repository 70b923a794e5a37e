#include "x509_export.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "x509_der.h"

/* Made while others wait, and for certificates, which are no secret: as OpenSSL has it. */
#define ROUNDS 2048

static enum export_status read_all(const struct export_cert *certs, size_t count,
				   STACK_OF(X509) * *ret_list)
{
	STACK_OF(X509) *list = sk_X509_new_null();
	enum export_status status = list ? EXPORT_OK : EXPORT_NOMEM;

	for (size_t i = 0; i < count && status == EXPORT_OK; i++) {
		X509 *cert = x509_der_read(certs[i].der, certs[i].len);

		if (!cert) {
			status = EXPORT_MALFORMED;
		} else if (!sk_X509_push(list, cert)) {
			X509_free(cert);
			status = EXPORT_NOMEM;
		}
	}
	if (status != EXPORT_OK) {
		sk_X509_pop_free(list, X509_free);
		return status;
	}
	*ret_list = list;
	return EXPORT_OK;
}

static enum export_status copy_out(const void *bytes, long len, uint8_t **ret_bytes,
				   size_t *ret_len)
{
	uint8_t *copy = len > 0 ? malloc((size_t)len) : NULL;

	if (!copy)
		return EXPORT_NOMEM;
	memcpy(copy, bytes, (size_t)len);
	*ret_bytes = copy;
	*ret_len = (size_t)len;
	return EXPORT_OK;
}

enum export_status export_pkcs7(const struct export_cert *certs, size_t count, bool is_pem,
				uint8_t **ret_bytes, size_t *ret_len)
{
	STACK_OF(X509) *list = NULL;
	enum export_status status = read_all(certs, count, &list);
	PKCS7 *pkcs7 = NULL;
	BIO *bio = NULL;
	char *view;

	if (status != EXPORT_OK)
		return status;
	status = EXPORT_NOMEM;
	pkcs7 = PKCS7_new();
	bio = BIO_new(BIO_s_mem());
	if (!pkcs7 || !bio || !PKCS7_set_type(pkcs7, NID_pkcs7_signed) ||
	    !PKCS7_content_new(pkcs7, NID_pkcs7_data))
		goto out;
	/* Without content, as RFC 2315 9.1 has it. */
	if (!PKCS7_set_detached(pkcs7, 1))
		goto out;
	for (int i = 0; i < sk_X509_num(list); i++) {
		if (!PKCS7_add_certificate(pkcs7, sk_X509_value(list, i)))
			goto out;
	}
	if (is_pem ? PEM_write_bio_PKCS7(bio, pkcs7) > 0 : i2d_PKCS7_bio(bio, pkcs7) > 0) {
		long len = BIO_get_mem_data(bio, &view);

		status = copy_out(view, len, ret_bytes, ret_len);
	}
out:
	PKCS7_free(pkcs7);
	BIO_free(bio);
	sk_X509_pop_free(list, X509_free);
	ERR_clear_error();
	return status;
}

enum export_status export_pkcs12(const struct export_cert *certs, size_t count, const char *name,
				 const char *password, uint8_t **ret_bytes, size_t *ret_len)
{
	bool is_protected = *password;
	STACK_OF(X509) *list = NULL;
	enum export_status status = read_all(certs, count, &list);
	PKCS12 *pkcs12 = NULL;
	uint8_t *der = NULL;
	int len;

	if (status != EXPORT_OK)
		return status;
	status = EXPORT_NOMEM;
	if (sk_X509_num(list) > 0 && *name &&
	    !X509_alias_set1(sk_X509_value(list, 0), (const unsigned char *)name, -1))
		goto out;
	/* Some readers want a MAC even where there is no password. */
	pkcs12 = PKCS12_create(password, NULL, NULL, NULL, list, -1,
			       is_protected ? NID_aes_256_cbc : -1, ROUNDS,
			       is_protected ? ROUNDS : 1, 0);
	if (!pkcs12)
		goto out;
	len = i2d_PKCS12(pkcs12, &der);
	status = copy_out(der, len, ret_bytes, ret_len);
out:
	OPENSSL_free(der);
	PKCS12_free(pkcs12);
	sk_X509_pop_free(list, X509_free);
	ERR_clear_error();
	return status;
}
