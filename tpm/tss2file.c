#include "tss2file.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/asn1t.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <tss2/tss2_mu.h>

#include "key.h"

#define OID_LOADABLE "2.23.133.10.1.3"
#define PEM_LABEL    "TSS2 PRIVATE KEY"

typedef struct {
	ASN1_OBJECT *type;
	ASN1_BOOLEAN empty_auth;
	ASN1_TYPE *policy;
	ASN1_OCTET_STRING *secret;
	ASN1_TYPE *auth_policy;
	ASN1_UTF8STRING *description;
	ASN1_BOOLEAN rsa_parent;
	ASN1_INTEGER *parent;
	ASN1_OCTET_STRING *pubkey;
	ASN1_OCTET_STRING *privkey;
} TSS2_PRIVATE_KEY;

/* clang-format off */
ASN1_SEQUENCE(TSS2_PRIVATE_KEY) = {
	ASN1_SIMPLE(TSS2_PRIVATE_KEY, type, ASN1_OBJECT),
	ASN1_EXP_OPT(TSS2_PRIVATE_KEY, empty_auth, ASN1_BOOLEAN, 0),
	ASN1_EXP_OPT(TSS2_PRIVATE_KEY, policy, ASN1_ANY, 1),
	ASN1_EXP_OPT(TSS2_PRIVATE_KEY, secret, ASN1_OCTET_STRING, 2),
	ASN1_EXP_OPT(TSS2_PRIVATE_KEY, auth_policy, ASN1_ANY, 3),
	ASN1_EXP_OPT(TSS2_PRIVATE_KEY, description, ASN1_UTF8STRING, 4),
	ASN1_EXP_OPT(TSS2_PRIVATE_KEY, rsa_parent, ASN1_BOOLEAN, 5),
	ASN1_SIMPLE(TSS2_PRIVATE_KEY, parent, ASN1_INTEGER),
	ASN1_SIMPLE(TSS2_PRIVATE_KEY, pubkey, ASN1_OCTET_STRING),
	ASN1_SIMPLE(TSS2_PRIVATE_KEY, privkey, ASN1_OCTET_STRING),
} static_ASN1_SEQUENCE_END(TSS2_PRIVATE_KEY)
	/* clang-format on */

	static void template_free(TSS2_PRIVATE_KEY * key)
{
	ASN1_item_free((ASN1_VALUE *)key, ASN1_ITEM_rptr(TSS2_PRIVATE_KEY));
}

static bool type_is_loadable(const ASN1_OBJECT *type)
{
	char oid[64];

	return OBJ_obj2txt(oid, sizeof(oid), type, 1) > 0 && strcmp(oid, OID_LOADABLE) == 0;
}

/* Both blobs must be used up to the byte: what follows would be stored and never checked. */
static bool blobs_decode(const TSS2_PRIVATE_KEY *key, struct tss2file *file)
{
	const uint8_t *public = ASN1_STRING_get0_data(key->pubkey);
	const uint8_t *private = ASN1_STRING_get0_data(key->privkey);
	size_t public_len = (size_t)ASN1_STRING_length(key->pubkey);
	size_t private_len = (size_t)ASN1_STRING_length(key->privkey);
	size_t at = 0;

	if (Tss2_MU_TPM2B_PUBLIC_Unmarshal(public, public_len, &at, &file->public) ||
	    at != public_len)
		return false;
	at = 0;
	return !Tss2_MU_TPM2B_PRIVATE_Unmarshal(private, private_len, &at, &file->private) &&
	       at == private_len;
}

enum tss2file_status tss2file_decode(const uint8_t *der, size_t len, struct tss2file *ret_file)
{
	enum tss2file_status status = TSS2FILE_MALFORMED;
	/* Unmarshalling reads selectors that it expects to be zero before. */
	struct tss2file file = {0};
	TSS2_PRIVATE_KEY *key = NULL;
	const uint8_t *at = der;
	uint64_t parent;

	if (len > TPM_KEY_DER_MAX)
		goto out;
	key = (TSS2_PRIVATE_KEY *)ASN1_item_d2i(NULL, &at, (long)len,
						ASN1_ITEM_rptr(TSS2_PRIVATE_KEY));
	if (!key || at != der + len)
		goto out;
	if (!ASN1_INTEGER_get_uint64(&parent, key->parent) || parent > UINT32_MAX)
		goto out;
	if (!type_is_loadable(key->type)) {
		status = TSS2FILE_NOT_LOADABLE;
		goto out;
	}
	if (key->policy || key->auth_policy) {
		status = TSS2FILE_POLICY;
		goto out;
	}
	if (key->secret || !blobs_decode(key, &file))
		goto out;

	file.parent = (uint32_t)parent;
	file.empty_auth = key->empty_auth > 0;
	*ret_file = file;
	status = TSS2FILE_OK;
out:
	template_free(key);
	OPENSSL_cleanse(&file, sizeof(file));
	ERR_clear_error();
	return status;
}

static bool blobs_encode(const struct tss2file *file, TSS2_PRIVATE_KEY *key)
{
	uint8_t public[sizeof(TPM2B_PUBLIC)], private[sizeof(TPM2B_PRIVATE)];
	size_t public_len = 0, private_len = 0;

	return !Tss2_MU_TPM2B_PUBLIC_Marshal(&file->public, public, sizeof(public), &public_len) &&
	       !Tss2_MU_TPM2B_PRIVATE_Marshal(&file->private, private, sizeof(private),
					      &private_len) &&
	       ASN1_OCTET_STRING_set(key->pubkey, public, (int)public_len) &&
	       ASN1_OCTET_STRING_set(key->privkey, private, (int)private_len);
}

bool tss2file_encode(const struct tss2file *file, uint8_t **ret_der, size_t *ret_len)
{
	TSS2_PRIVATE_KEY *key = (TSS2_PRIVATE_KEY *)ASN1_item_new(ASN1_ITEM_rptr(TSS2_PRIVATE_KEY));
	uint8_t *openssl_der = NULL, *der = NULL;
	bool is_done = false;
	int len;

	if (!key)
		goto out;
	ASN1_OBJECT_free(key->type);
	key->type = OBJ_txt2obj(OID_LOADABLE, 1);
	/* Written even when false: OpenSSL's tpm2 provider takes absence for true. */
	key->empty_auth = file->empty_auth ? 0xff : 0;
	key->rsa_parent = -1;
	if (!key->type || !ASN1_INTEGER_set_uint64(key->parent, file->parent) ||
	    !blobs_encode(file, key))
		goto out;
	len = ASN1_item_i2d((ASN1_VALUE *)key, &openssl_der, ASN1_ITEM_rptr(TSS2_PRIVATE_KEY));
	if (len <= 0)
		goto out;
	der = malloc((size_t)len);
	if (!der)
		goto out;

	memcpy(der, openssl_der, (size_t)len);
	*ret_der = der;
	*ret_len = (size_t)len;
	is_done = true;
out:
	OPENSSL_free(openssl_der);
	template_free(key);
	ERR_clear_error();
	return is_done;
}

bool tpm_key_pem_decode(const uint8_t *pem, size_t pem_len, uint8_t **ret_der, size_t *ret_len)
{
	char *name = NULL, *header = NULL;
	unsigned char *data = NULL;
	uint8_t *der = NULL;
	BIO *bio = NULL;
	long len = 0;

	if (pem_len == 0 || pem_len > 4 * (size_t)TPM_KEY_DER_MAX)
		return false;
	bio = BIO_new_mem_buf(pem, (int)pem_len);
	if (bio && PEM_read_bio(bio, &name, &header, &data, &len) && strcmp(name, PEM_LABEL) == 0 &&
	    len > 0 && len <= TPM_KEY_DER_MAX) {
		der = malloc((size_t)len);
		if (der) {
			memcpy(der, data, (size_t)len);
			*ret_der = der;
			*ret_len = (size_t)len;
		}
	}
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_clear_free(data, len > 0 ? (size_t)len : 0);
	BIO_free(bio);
	ERR_clear_error();
	return der != NULL;
}

bool tpm_key_pem_encode(const uint8_t *der, size_t der_len, char **ret_pem, size_t *ret_len)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *view, *pem = NULL;
	long len;

	if (bio && PEM_write_bio(bio, PEM_LABEL, "", der, (long)der_len) > 0) {
		len = BIO_get_mem_data(bio, &view);
		pem = len > 0 ? malloc((size_t)len + 1) : NULL;
		if (pem) {
			memcpy(pem, view, (size_t)len);
			pem[len] = '\0';
			*ret_pem = pem;
			*ret_len = (size_t)len;
		}
	}
	BIO_free(bio);
	ERR_clear_error();
	return pem != NULL;
}
