#include "x509_user.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "x509_der.h"

static const char *const mds[TPM_HASH_COUNT] = {
	[TPM_SHA1] = "SHA1",
	[TPM_SHA256] = "SHA256",
	[TPM_SHA384] = "SHA384",
	[TPM_SHA512] = "SHA512",
};

/* With two names of which others read the other one, somebody would be somebody else. */
static bool name_read(const X509 *x509, char ret_name[NAMES_KEY_MAX + 1])
{
	const X509_NAME *subject = X509_get_subject_name(x509);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	unsigned char *utf8 = NULL;
	bool is_name = false;

	if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0)
		return false;
	int len = ASN1_STRING_to_UTF8(&utf8,
				      X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));

	/* A NUL inside, after which a shorter name would be read, is none of a name's characters. */
	if (len > 0 && len <= NAMES_KEY_MAX && !memchr(utf8, 0, (size_t)len)) {
		char name[NAMES_KEY_MAX + 1] = "";

		memcpy(name, utf8, (size_t)len);
		is_name = names_is_key_name(name);
		if (is_name)
			memcpy(ret_name, name, sizeof name);
	}
	OPENSSL_free(utf8);
	return is_name;
}

bool x509_user_name(const uint8_t *der, size_t len, char ret_name[NAMES_KEY_MAX + 1])
{
	X509 *x509 = x509_der_read(der, len);
	bool is_name = x509 && name_read(x509, ret_name);

	X509_free(x509);
	ERR_clear_error();
	return is_name;
}

/* RFC 5280 4.2.1.3: where there is a key usage, it has one of the two for signing data. */
static bool may_sign(X509 *x509)
{
	uint32_t flags = X509_get_extension_flags(x509);

	return !(flags & EXFLAG_INVALID) &&
	       (!(flags & EXFLAG_KUSAGE) ||
		X509_get_key_usage(x509) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION));
}

static bool takes_padding(const EVP_PKEY *key, enum tpm_padding padding)
{
	if (EVP_PKEY_is_a(key, "RSA"))
		return true;
	if (EVP_PKEY_is_a(key, "RSA-PSS"))
		return padding == TPM_PADDING_PSS;
	return EVP_PKEY_is_a(key, "EC") && padding == TPM_PADDING_NONE;
}

static bool set_padding(EVP_PKEY_CTX *context, enum tpm_padding padding)
{
	if (padding != TPM_PADDING_PSS)
		return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
	return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static enum x509_user_status verify(X509 *x509, enum tpm_hash hash, enum tpm_padding padding,
				    const uint8_t *data, size_t data_len, const uint8_t *signature,
				    size_t signature_len)
{
	enum x509_user_status status = X509_USER_KEY;
	EVP_PKEY *key = X509_get0_pubkey(x509);
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	EVP_PKEY_CTX *context = NULL; /* @digest's */

	if (!digest) {
		status = X509_USER_NOMEM;
		goto out;
	}
	if (!key || !takes_padding(key, padding) || !may_sign(x509))
		goto out;
	status = X509_USER_SIGNATURE;
	if (EVP_DigestVerifyInit_ex(digest, &context, mds[hash], NULL, NULL, key, NULL) != 1 ||
	    (!EVP_PKEY_is_a(key, "EC") && !set_padding(context, padding)) ||
	    EVP_DigestVerify(digest, signature, signature_len, data, data_len) != 1)
		goto out;
	status = X509_USER_OK;
out:
	EVP_MD_CTX_free(digest);
	return status;
}

enum x509_user_status x509_user_verify(const uint8_t *der, size_t len, enum tpm_hash hash,
				       enum tpm_padding padding, const uint8_t *data,
				       size_t data_len, const uint8_t *signature,
				       size_t signature_len)
{
	X509 *x509 = x509_der_read(der, len);
	enum x509_user_status status = X509_USER_MALFORMED;

	if (x509)
		status = verify(x509, hash, padding, data, data_len, signature, signature_len);
	X509_free(x509);
	ERR_clear_error();
	return status;
}
