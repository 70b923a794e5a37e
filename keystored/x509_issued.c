#include "x509_issued.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "x509_der.h"

static bool is_signed_by(X509 *cert, X509 *issuer)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer);

	return key && X509_verify(cert, key) == 1;
}

bool cert_is_issued_by(const uint8_t *der, size_t len, const uint8_t *issuer, size_t issuer_len)
{
	X509 *cert = x509_der_read(der, len);
	X509 *ca = x509_der_read(issuer, issuer_len);
	/* Cheap comparisons first: a signature takes its time. */
	bool is = cert && ca && X509_check_ca(ca) == 1 &&
		  X509_check_issued(ca, cert) == X509_V_OK && is_signed_by(cert, ca);

	X509_free(cert);
	X509_free(ca);
	ERR_clear_error();
	return is;
}

/* Whether @cert says that @issuer's key signed it: 1, or -1: another one; 0: it doesn't say. */
static int names_key_of(X509 *cert, X509 *issuer)
{
	const ASN1_OCTET_STRING *named = X509_get0_authority_key_id(cert);
	const ASN1_OCTET_STRING *key = X509_get0_subject_key_id(issuer);

	if (!named || !key)
		return 0;
	return ASN1_OCTET_STRING_cmp(named, key) == 0 ? 1 : -1;
}

enum issued cert_issued(const uint8_t *der, size_t len, const uint8_t *issuer, size_t issuer_len)
{
	X509 *cert = x509_der_read(der, len);
	X509 *ca = x509_der_read(issuer, issuer_len);
	enum issued issued = ISSUED_BY_OTHER;
	int names_key = 0;

	if (!cert || !ca ||
	    X509_NAME_cmp(X509_get_issuer_name(cert), X509_get_subject_name(ca)) != 0)
		goto out;
	names_key = names_key_of(cert, ca);
	if (names_key < 0)
		goto out;
	if (is_signed_by(cert, ca))
		issued = ISSUED_BY_IT;
	else if (names_key)
		issued = ISSUED_BROKEN;
out:
	X509_free(cert);
	X509_free(ca);
	ERR_clear_error();
	return issued;
}

bool cert_is_self_signed(const uint8_t *der, size_t len)
{
	X509 *cert = x509_der_read(der, len);
	bool is = cert &&
		  X509_NAME_cmp(X509_get_subject_name(cert), X509_get_issuer_name(cert)) == 0 &&
		  is_signed_by(cert, cert);

	X509_free(cert);
	ERR_clear_error();
	return is;
}

bool cert_is_for_key(const uint8_t *der, size_t len, const EVP_PKEY *public_key)
{
	X509 *cert = x509_der_read(der, len);
	EVP_PKEY *key = cert ? X509_get0_pubkey(cert) : NULL;
	bool is = key && EVP_PKEY_eq(key, public_key) == 1;

	X509_free(cert);
	ERR_clear_error();
	return is;
}

bool cert_is_for_private_key(const uint8_t *der, size_t len, const uint8_t *pkcs8, size_t pkcs8_len)
{
	const uint8_t *at = pkcs8;
	EVP_PKEY *private = d2i_AutoPrivateKey(NULL, &at, (long)pkcs8_len);
	bool is = private && cert_is_for_key(der, len, private);

	EVP_PKEY_free(private);
	ERR_clear_error();
	return is;
}

int cert_path_length(const uint8_t *der, size_t len)
{
	X509 *cert = x509_der_read(der, len);
	long length = cert ? X509_get_pathlen(cert) : -1;

	X509_free(cert);
	return length >= 0 && length < 1000 ? (int)length : -1;
}

bool cert_spki(const uint8_t *der, size_t len, uint8_t **ret_spki, size_t *ret_len)
{
	X509 *cert = x509_der_read(der, len);
	EVP_PKEY *key = cert ? X509_get0_pubkey(cert) : NULL;
	uint8_t *spki = NULL;
	int spki_len = key ? i2d_PUBKEY(key, &spki) : 0;

	X509_free(cert);
	ERR_clear_error();
	if (spki_len <= 0)
		return false;
	*ret_spki = spki;
	*ret_len = (size_t)spki_len;
	return true;
}

bool private_key_is_rsa(const uint8_t *pkcs8, size_t len)
{
	const uint8_t *at = pkcs8;
	EVP_PKEY *private = d2i_AutoPrivateKey(NULL, &at, (long)len);
	bool is = private && EVP_PKEY_is_a(private, "RSA");

	EVP_PKEY_free(private);
	ERR_clear_error();
	return is;
}
