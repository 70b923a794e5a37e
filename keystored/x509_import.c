#include "x509_import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include "x509_cert.h"
#include "x509_import_reader.h"

enum import_status reader_fail(struct import_reader *reader, enum import_status status,
			       const char *sentence)
{
	snprintf(reader->error, X509_ERROR_MAX, "%s", sentence);
	return status;
}

enum import_status reader_fail_pbe(struct import_reader *reader, enum pbe_status status)
{
	switch (status) {
	case PBE_OK:
	case PBE_MALFORMED:
		break;
	case PBE_UNSUPPORTED:
		return reader_fail(
			reader, IMPORT_UNSUPPORTED,
			"the file is encrypted with an algorithm of the past: write it "
			"anew with AES, as openssl pkcs12 does (reading needs its option "
			"-legacy)");
	case PBE_TOO_COSTLY:
		return reader_fail(reader, IMPORT_TOO_COSTLY,
				   "the file's password would have to be hashed more than 3000000 "
				   "times: write the file with fewer iterations");
	}
	return reader_fail(reader, IMPORT_UNKNOWN, "the file's encryption is described wrongly");
}

static bool is_there(const struct import_item *items, size_t count, const uint8_t *der, size_t len)
{
	for (size_t i = 0; i < count; i++) {
		if (items[i].len == len && memcmp(items[i].der, der, len) == 0)
			return true;
	}
	return false;
}

/* @der is OpenSSL's. */
static enum import_status keep(struct import_reader *reader, struct import_item *items,
			       size_t *count, size_t max, const uint8_t *der, int len,
			       const char *too_many)
{
	uint8_t *copy;

	if (len <= 0)
		return reader_fail(reader, IMPORT_NOMEM, "no memory");
	if (is_there(items, *count, der, (size_t)len))
		return IMPORT_OK;
	if (*count == max)
		return reader_fail(reader, IMPORT_TOO_MANY, too_many);
	copy = malloc((size_t)len);
	if (!copy)
		return reader_fail(reader, IMPORT_NOMEM, "no memory");
	memcpy(copy, der, (size_t)len);
	items[(*count)++] = (struct import_item){copy, (size_t)len};
	return IMPORT_OK;
}

enum import_status reader_take_cert(struct import_reader *reader, const X509 *cert)
{
	struct import *import = reader->import;
	uint8_t *der = NULL;
	int len = i2d_X509(cert, &der);
	enum import_status status;

	if (len > CERT_DER_MAX)
		status = reader_fail(reader, IMPORT_TOO_LARGE,
				     "the file has a certificate of more than 64 KiB");
	else
		status = keep(reader, import->certs, &import->cert_count, IMPORT_CERTS_MAX, der,
			      len, "the file has more than 64 certificates: import it in parts");
	OPENSSL_free(der);
	return status;
}

enum import_status reader_take_crl(struct import_reader *reader, const X509_CRL *crl)
{
	struct import *import = reader->import;
	uint8_t *der = NULL;
	int len = i2d_X509_CRL(crl, &der);
	enum import_status status =
		keep(reader, import->crls, &import->crl_count, IMPORT_CRLS_MAX, der, len,
		     "the file has more than 64 CRLs: import it in parts");

	OPENSSL_free(der);
	return status;
}

enum import_status reader_take_key(struct import_reader *reader, const PKCS8_PRIV_KEY_INFO *key)
{
	struct import_item *item = &reader->import->key;
	size_t count = item->der ? 1 : 0;
	uint8_t *der = NULL;
	int len = i2d_PKCS8_PRIV_KEY_INFO(key, &der);
	enum import_status status =
		keep(reader, item, &count, 1, der, len,
		     "the file has more than one private key: give each with its certificate");

	OPENSSL_clear_free(der, len > 0 ? (size_t)len : 0);
	return status;
}

enum import_status reader_take_encrypted_key(struct import_reader *reader,
					     const X509_SIG *encrypted)
{
	const X509_ALGOR *algorithm;
	PKCS8_PRIV_KEY_INFO *key;
	enum import_status status;
	enum pbe_status can_open;

	if (!reader->password)
		return reader_fail(reader, IMPORT_PASSWORD_NEEDED,
				   "the private key is encrypted: give its password");
	X509_SIG_get0(encrypted, &algorithm, NULL);
	can_open = pbe_can_open(algorithm, &reader->rounds);
	if (can_open != PBE_OK)
		return reader_fail_pbe(reader, can_open);
	key = PKCS8_decrypt(encrypted, reader->password, (int)strlen(reader->password));
	if (!key)
		return reader_fail(reader, IMPORT_PASSWORD_WRONG,
				   "the password does not open the private key");
	status = reader_take_key(reader, key);
	PKCS8_PRIV_KEY_INFO_free(key);
	return status;
}

static enum import_status take_lists(struct import_reader *reader, const STACK_OF(X509) * certs,
				     const STACK_OF(X509_CRL) * crls)
{
	enum import_status status = IMPORT_OK;

	for (int i = 0; i < sk_X509_num(certs) && status == IMPORT_OK; i++)
		status = reader_take_cert(reader, sk_X509_value(certs, i));
	for (int i = 0; i < sk_X509_CRL_num(crls) && status == IMPORT_OK; i++)
		status = reader_take_crl(reader, sk_X509_CRL_value(crls, i));
	return status;
}

enum import_status reader_take_pkcs7(struct import_reader *reader, PKCS7 *pkcs7)
{
	if (PKCS7_type_is_signed(pkcs7) && pkcs7->d.sign)
		return take_lists(reader, pkcs7->d.sign->cert, pkcs7->d.sign->crl);
	return reader_fail(reader, IMPORT_UNKNOWN,
			   "the PKCS#7 file is no collection of certificates");
}

/* Any private key that OpenSSL reads, as PKCS#8. */
static enum import_status take_plain_key(struct import_reader *reader, EVP_PKEY *pkey)
{
	PKCS8_PRIV_KEY_INFO *key = EVP_PKEY2PKCS8(pkey);
	enum import_status status =
		key ? reader_take_key(reader, key)
		    : reader_fail(reader, IMPORT_UNSUPPORTED,
				  "the private key is of a kind that cannot be kept here");

	PKCS8_PRIV_KEY_INFO_free(key);
	return status;
}

/* False: it is none of that kind. */
typedef bool der_fn(struct import_reader *reader, const uint8_t *der, size_t len,
		    enum import_status *ret_status);

static bool der_cert(struct import_reader *reader, const uint8_t *der, size_t len,
		     enum import_status *ret_status)
{
	const uint8_t *at = der;
	X509 *cert = d2i_X509(NULL, &at, (long)len);
	bool fits = cert && at == der + len;

	if (fits)
		*ret_status = reader_take_cert(reader, cert);
	X509_free(cert);
	return fits;
}

static bool der_crl(struct import_reader *reader, const uint8_t *der, size_t len,
		    enum import_status *ret_status)
{
	const uint8_t *at = der;
	X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)len);
	bool fits = crl && at == der + len;

	if (fits)
		*ret_status = reader_take_crl(reader, crl);
	X509_CRL_free(crl);
	return fits;
}

static bool der_pkcs7(struct import_reader *reader, const uint8_t *der, size_t len,
		      enum import_status *ret_status)
{
	const uint8_t *at = der;
	PKCS7 *pkcs7 = d2i_PKCS7(NULL, &at, (long)len);
	bool fits = pkcs7 && at == der + len;

	if (fits)
		*ret_status = reader_take_pkcs7(reader, pkcs7);
	PKCS7_free(pkcs7);
	return fits;
}

static bool der_pkcs12(struct import_reader *reader, const uint8_t *der, size_t len,
		       enum import_status *ret_status)
{
	const uint8_t *at = der;
	PKCS12 *pkcs12 = d2i_PKCS12(NULL, &at, (long)len);
	bool fits = pkcs12 && at == der + len;

	if (fits)
		*ret_status = reader_take_pkcs12(reader, pkcs12);
	PKCS12_free(pkcs12);
	return fits;
}

static bool der_pkcs8(struct import_reader *reader, const uint8_t *der, size_t len,
		      enum import_status *ret_status)
{
	const uint8_t *at = der;
	PKCS8_PRIV_KEY_INFO *key = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)len);
	bool fits = key && at == der + len;

	if (fits)
		*ret_status = reader_take_key(reader, key);
	PKCS8_PRIV_KEY_INFO_free(key);
	return fits;
}

static bool der_encrypted_key(struct import_reader *reader, const uint8_t *der, size_t len,
			      enum import_status *ret_status)
{
	const uint8_t *at = der;
	X509_SIG *encrypted = d2i_X509_SIG(NULL, &at, (long)len);
	bool fits = encrypted && at == der + len;

	if (fits)
		*ret_status = reader_take_encrypted_key(reader, encrypted);
	X509_SIG_free(encrypted);
	return fits;
}

static bool der_traditional_key(struct import_reader *reader, const uint8_t *der, size_t len,
				enum import_status *ret_status)
{
	const uint8_t *at = der;
	EVP_PKEY *pkey = d2i_AutoPrivateKey(NULL, &at, (long)len);
	bool fits = pkey && at == der + len;

	if (fits)
		*ret_status = take_plain_key(reader, pkey);
	EVP_PKEY_free(pkey);
	return fits;
}

static bool der_request(struct import_reader *reader, const uint8_t *der, size_t len,
			enum import_status *ret_status)
{
	const uint8_t *at = der;
	X509_REQ *request = d2i_X509_REQ(NULL, &at, (long)len);
	bool fits = request && at == der + len;

	if (fits)
		*ret_status = reader_fail(reader, IMPORT_EMPTY,
					  "the file is a certificate signing request, not a "
					  "certificate: a CA here signs it with ca sign");
	X509_REQ_free(request);
	return fits;
}

/* A request may be read as a certificate's beginning, but none of these as another. */
static der_fn *const der_forms[] = {der_cert,	 der_crl,   der_pkcs7,	       der_pkcs12,
				    der_request, der_pkcs8, der_encrypted_key, der_traditional_key};

static enum import_status read_der(struct import_reader *reader, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < sizeof(der_forms) / sizeof(*der_forms); i++) {
		enum import_status status;

		if (der_forms[i](reader, bytes, len, &status))
			return status;
	}
	return reader_fail(reader, IMPORT_UNKNOWN,
			   "the file is neither PEM nor DER, PKCS#7, PKCS#8 or PKCS#12, or it is "
			   "damaged");
}

static const struct pem_form {
	const char *label;
	der_fn *read;
	const char *name; /* for a sentence */
} pem_forms[] = {
	{PEM_STRING_X509, der_cert, "a damaged certificate"},
	{PEM_STRING_X509_OLD, der_cert, "a damaged certificate"},
	{PEM_STRING_X509_CRL, der_crl, "a damaged CRL"},
	{PEM_STRING_PKCS7, der_pkcs7, "a damaged PKCS#7 object"},
	{PEM_STRING_PKCS7_SIGNED, der_pkcs7, "a damaged PKCS#7 object"},
	{"PKCS12", der_pkcs12, "a damaged PKCS#12 object"}, /* as GnuTLS writes it */
	{PEM_STRING_CMS, der_pkcs7, "a CMS object that is no collection of certificates"},
	{PEM_STRING_X509_REQ, der_request, "a damaged request"},
	{PEM_STRING_X509_REQ_OLD, der_request, "a damaged request"},
	{PEM_STRING_PKCS8INF, der_pkcs8, "a damaged private key"},
	{PEM_STRING_PKCS8, der_encrypted_key, "a damaged encrypted private key"},
	{PEM_STRING_RSA, der_traditional_key, "a damaged private key"},
	{PEM_STRING_ECPRIVATEKEY, der_traditional_key, "a damaged private key"},
};

static int give_password(char *buffer, int size, int is_for_writing, void *user)
{
	const char *password = user;
	size_t len = strlen(password);

	(void)is_for_writing;
	if (len > (size_t)size)
		return -1;
	memcpy(buffer, password, len);
	return (int)len;
}

/* "Proc-Type: 4,ENCRYPTED" (RFC 1421), which hashes a password once. In place. */
static enum import_status decrypt_block(struct import_reader *reader, char *header, uint8_t *der,
					long *len)
{
	EVP_CIPHER_INFO cipher;

	if (!*header)
		return IMPORT_OK;
	if (!PEM_get_EVP_CIPHER_INFO(header, &cipher) || !cipher.cipher)
		return reader_fail_pbe(reader, PBE_UNSUPPORTED);
	if (!reader->password)
		return reader_fail(reader, IMPORT_PASSWORD_NEEDED,
				   "the private key is encrypted: give its password");
	if (!PEM_do_header(&cipher, der, len, give_password, (void *)(uintptr_t)reader->password))
		return reader_fail(reader, IMPORT_PASSWORD_WRONG,
				   "the password does not open the private key");
	return IMPORT_OK;
}

/* Of others, such as public keys and parameters of curves, nothing is wanted. */
static enum import_status read_block(struct import_reader *reader, const char *label, char *header,
				     uint8_t *der, long len)
{
	enum import_status status = IMPORT_OK;

	if (strcmp(label, "TSS2 PRIVATE KEY") == 0)
		return reader_fail(reader, IMPORT_UNSUPPORTED,
				   "the file has a key of a TPM: it is taken in with key import");
	for (size_t i = 0; i < sizeof(pem_forms) / sizeof(*pem_forms); i++) {
		const struct pem_form *form = &pem_forms[i];

		if (strcmp(label, form->label) != 0)
			continue;
		status = decrypt_block(reader, header, der, &len);
		if (status == IMPORT_OK && !form->read(reader, der, (size_t)len, &status)) {
			snprintf(reader->error, X509_ERROR_MAX, "the file has %s", form->name);
			status = IMPORT_UNKNOWN;
		}
		break;
	}
	return status;
}

static enum import_status read_pem(struct import_reader *reader, const uint8_t *bytes, size_t len)
{
	BIO *bio = BIO_new_mem_buf(bytes, (int)len);
	enum import_status status = bio ? IMPORT_OK : IMPORT_NOMEM;

	while (status == IMPORT_OK) {
		char *label = NULL, *header = NULL;
		unsigned char *der = NULL;
		long size = 0;

		if (!PEM_read_bio(bio, &label, &header, &der, &size)) {
			if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
				status = reader_fail(reader, IMPORT_UNKNOWN,
						     "the file's PEM is damaged");
			break;
		}
		long room = size;

		status = read_block(reader, label, header, der, size);
		OPENSSL_free(label);
		OPENSSL_free(header);
		OPENSSL_clear_free(der, (size_t)room);
	}
	BIO_free(bio);
	return status;
}

static bool is_pem(const uint8_t *bytes, size_t len)
{
	static const char begin[] = "-----BEGIN ";

	return memmem(bytes, len, begin, sizeof(begin) - 1) != NULL;
}

enum import_status import_read(const uint8_t *bytes, size_t len, const char *password,
			       char ret_error[X509_ERROR_MAX], struct import **ret_import)
{
	struct import_reader reader = {
		.password = password, .rounds = PBE_ROUNDS_MAX, .error = ret_error};
	enum import_status status;

	if (len > IMPORT_BYTES_MAX)
		return reader_fail(&reader, IMPORT_TOO_LARGE,
				   "the file has more than 256 KiB: import it in parts");
	if (len == 0)
		return reader_fail(&reader, IMPORT_EMPTY, "the file is empty");
	if (password && strlen(password) > IMPORT_PASSWORD_MAX)
		return reader_fail(&reader, IMPORT_PASSWORD_WRONG,
				   "the password has more than 1024 bytes");
	reader.import = calloc(1, sizeof(*reader.import));
	if (!reader.import)
		return reader_fail(&reader, IMPORT_NOMEM, "no memory");
	status = is_pem(bytes, len) ? read_pem(&reader, bytes, len) : read_der(&reader, bytes, len);
	if (status == IMPORT_OK && !reader.import->cert_count && !reader.import->crl_count &&
	    !reader.import->key.der)
		status = reader_fail(&reader, IMPORT_EMPTY,
				     "there is no certificate, no CRL and no private key in the "
				     "file");
	ERR_clear_error();
	if (status != IMPORT_OK) {
		import_free(reader.import);
		return status;
	}
	*ret_import = reader.import;
	return IMPORT_OK;
}

void import_free(struct import *import)
{
	if (!import)
		return;
	for (size_t i = 0; i < import->cert_count; i++)
		free(import->certs[i].der);
	for (size_t i = 0; i < import->crl_count; i++)
		free(import->crls[i].der);
	if (import->key.der)
		OPENSSL_cleanse(import->key.der, import->key.len);
	free(import->key.der);
	free(import);
}
