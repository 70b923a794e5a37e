#include "reference.h"

#include <openssl/asn1t.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define VERSION 1

typedef struct keystore_reference {
	ASN1_INTEGER *version;
	ASN1_INTEGER *key_id;
	ASN1_UTF8STRING *key_name;
	ASN1_STRING *public_key; /* with its header */
} KEYSTORE_REFERENCE;

DECLARE_ASN1_FUNCTIONS(KEYSTORE_REFERENCE)

ASN1_SEQUENCE(KEYSTORE_REFERENCE) =
	{
		ASN1_SIMPLE(KEYSTORE_REFERENCE, version, ASN1_INTEGER),
		ASN1_SIMPLE(KEYSTORE_REFERENCE, key_id, ASN1_INTEGER),
		ASN1_SIMPLE(KEYSTORE_REFERENCE, key_name, ASN1_UTF8STRING),
		/* Not X509_PUBKEY: that asks every provider of the program what the key is. */
		ASN1_SIMPLE(KEYSTORE_REFERENCE, public_key, ASN1_SEQUENCE),
} ASN1_SEQUENCE_END(KEYSTORE_REFERENCE)

		IMPLEMENT_ASN1_FUNCTIONS(KEYSTORE_REFERENCE)

			static const
	char *const texts[] = {
		[REFERENCE_OK] = "it is a reference file",
		[REFERENCE_MALFORMED] =
			"this is no reference file of keystored, or a damaged one: write "
			"it again with keystorectl key export --reference",
		[REFERENCE_NEWER] =
			"this reference file is of a newer version of keystored: update "
			"keystored here, or write the file again",
		[REFERENCE_NOMEM] = "out of memory",
};

const char *reference_status_text(enum reference_status status)
{
	return texts[status];
}

static bool is_name_char(char c, bool is_first)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (!is_first && ((c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-'));
}

/* What keystored lets keys be called: it reaches logs and terminals. */
static bool is_key_name(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!is_name_char(name[i], i == 0))
			return false;
	return len > 0 && len <= REFERENCE_NAME_MAX;
}

static bool is_key_id(uint64_t id)
{
	return id > 0 && id <= INT64_MAX;
}

static bool fill(KEYSTORE_REFERENCE *object, uint64_t key_id, const char *name,
		 const uint8_t *public_key, size_t public_key_len)
{
	return ASN1_INTEGER_set_uint64(object->version, VERSION) &&
	       ASN1_INTEGER_set_uint64(object->key_id, key_id) &&
	       ASN1_STRING_set(object->key_name, name, (int)strlen(name)) &&
	       ASN1_STRING_set(object->public_key, public_key, (int)public_key_len);
}

static bool print_pem(BIO *bio, uint64_t key_id, const char *name, const uint8_t *der, long der_len)
{
	return BIO_printf(bio,
			  "The private key \"%s\" (#%llu) is kept by keystored and never leaves "
			  "its TPM.\nThis file leads OpenSSL's provider \"keystore\" to it, and "
			  "holds no secret.\n",
			  name, (unsigned long long)key_id) > 0 &&
	       PEM_write_bio(bio, REFERENCE_LABEL, "", der, der_len) > 0;
}

static enum reference_status write_pem(KEYSTORE_REFERENCE *object, uint64_t key_id,
				       const char *name, char **ret_pem)
{
	enum reference_status status;
	BIO *bio = BIO_new(BIO_s_mem());
	unsigned char *der = NULL;
	int der_len = i2d_KEYSTORE_REFERENCE(object, &der);
	struct reference again;
	char *text = NULL;
	char *pem = NULL;
	long len;

	/* Whether the key given was one. */
	status = der_len > 0 ? reference_from_der(der, (size_t)der_len, &again)
			     : REFERENCE_MALFORMED;
	if (status != REFERENCE_OK)
		goto out;
	status = REFERENCE_NOMEM;
	if (!bio || !print_pem(bio, key_id, name, der, der_len))
		goto out;
	len = BIO_get_mem_data(bio, &text);
	pem = strndup(text, (size_t)len);
	if (!pem)
		goto out;
	*ret_pem = pem;
	status = REFERENCE_OK;
out:
	OPENSSL_free(der);
	BIO_free(bio);
	return status;
}

enum reference_status reference_to_pem(uint64_t key_id, const char *name, const uint8_t *public_key,
				       size_t public_key_len, char **ret_pem)
{
	enum reference_status status = REFERENCE_MALFORMED;
	KEYSTORE_REFERENCE *object = NULL;

	if (!is_key_id(key_id) || !is_key_name(name, strlen(name)) ||
	    public_key_len > REFERENCE_DER_MAX)
		return REFERENCE_MALFORMED;
	ERR_set_mark();
	object = KEYSTORE_REFERENCE_new();
	if (!object)
		status = REFERENCE_NOMEM;
	else if (fill(object, key_id, name, public_key, public_key_len))
		status = write_pem(object, key_id, name, ret_pem);
	KEYSTORE_REFERENCE_free(object);
	ERR_pop_to_mark();
	return status;
}

static enum reference_status take(KEYSTORE_REFERENCE *object, struct reference *reference)
{
	const char *name = (const char *)ASN1_STRING_get0_data(object->key_name);
	int name_len = ASN1_STRING_length(object->key_name);
	int len = ASN1_STRING_length(object->public_key);

	if (!ASN1_INTEGER_get_uint64(&reference->key_id, object->key_id) ||
	    !is_key_id(reference->key_id) || !is_key_name(name, (size_t)name_len) || len <= 0 ||
	    len > REFERENCE_DER_MAX)
		return REFERENCE_MALFORMED;
	memcpy(reference->name, name, (size_t)name_len);
	reference->name[name_len] = '\0';
	memcpy(reference->public_key, ASN1_STRING_get0_data(object->public_key), (size_t)len);
	reference->public_key_len = (size_t)len;
	return REFERENCE_OK;
}

/* OpenSSL reads BER too; one key has one encoding here. */
static bool is_encoded_so(KEYSTORE_REFERENCE *object, const uint8_t *der, size_t len)
{
	unsigned char *again = NULL;
	int again_len = i2d_KEYSTORE_REFERENCE(object, &again);
	bool is_same = again_len >= 0 && (size_t)again_len == len && memcmp(again, der, len) == 0;

	OPENSSL_free(again);
	return is_same;
}

enum reference_status reference_from_der(const uint8_t *der, size_t len,
					 struct reference *ret_reference)
{
	enum reference_status status = REFERENCE_MALFORMED;
	struct reference reference = {0};
	const unsigned char *end = der;
	KEYSTORE_REFERENCE *object = NULL;
	uint64_t version = 0;

	if (len > REFERENCE_DER_MAX)
		return REFERENCE_MALFORMED;
	ERR_set_mark();
	object = d2i_KEYSTORE_REFERENCE(NULL, &end, (long)len);
	if (!object || end != der + len || !is_encoded_so(object, der, len) ||
	    !ASN1_INTEGER_get_uint64(&version, object->version))
		goto out;
	status = REFERENCE_NEWER;
	if (version > VERSION)
		goto out;
	status = version == VERSION ? take(object, &reference) : REFERENCE_MALFORMED;
	if (status == REFERENCE_OK)
		*ret_reference = reference;
out:
	KEYSTORE_REFERENCE_free(object);
	ERR_pop_to_mark();
	return status;
}

enum reference_status reference_from_pem(const char *pem, size_t len,
					 struct reference *ret_reference)
{
	enum reference_status status = REFERENCE_MALFORMED;
	unsigned char *der = NULL;
	long der_len = 0;
	BIO *bio = NULL;

	if (len > REFERENCE_PEM_MAX)
		return REFERENCE_MALFORMED;
	ERR_set_mark();
	bio = BIO_new_mem_buf(pem, (int)len);
	if (!bio)
		status = REFERENCE_NOMEM;
	else if (PEM_bytes_read_bio(&der, &der_len, NULL, REFERENCE_LABEL, bio, NULL, NULL))
		status = reference_from_der(der, (size_t)der_len, ret_reference);
	OPENSSL_free(der);
	BIO_free(bio);
	ERR_pop_to_mark();
	return status;
}
