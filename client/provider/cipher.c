/*
 * ASYM_CIPHER (provider-asym_cipher(7)): RSA-OAEP decryption by keystored. Encryption, and the
 * keys of others, are left to other providers.
 */
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "key.h"

struct deciphering {
	struct provider *provider;
	struct key *key;
	EVP_PKEY_CTX *others; /* NULL: keystored's */
	/* keystored's: */
	int padding;
	EVP_MD *md;   /* NULL: SHA-1, as RFC 8017 A.2.1 has it */
	EVP_MD *mgf1; /* NULL: as md */
	bool has_label;
};

static void *new_context(void *provider)
{
	struct deciphering *deciphering = calloc(1, sizeof(*deciphering));

	if (!deciphering)
		return NULL;
	deciphering->provider = provider;
	deciphering->padding = RSA_PKCS1_PADDING;
	return deciphering;
}

static void free_context(void *data)
{
	struct deciphering *deciphering = data;

	if (!deciphering)
		return;
	EVP_PKEY_CTX_free(deciphering->others);
	EVP_MD_free(deciphering->md);
	EVP_MD_free(deciphering->mgf1);
	key_drop(deciphering->key);
	free(deciphering);
}

static void *copy_context(void *data)
{
	const struct deciphering *deciphering = data;
	struct deciphering *copy = new_context(deciphering->provider);

	if (!copy)
		return NULL;
	copy->key = deciphering->key ? key_share(deciphering->key) : NULL;
	copy->padding = deciphering->padding;
	copy->has_label = deciphering->has_label;
	if (deciphering->md && EVP_MD_up_ref(deciphering->md))
		copy->md = deciphering->md;
	if (deciphering->mgf1 && EVP_MD_up_ref(deciphering->mgf1))
		copy->mgf1 = deciphering->mgf1;
	if (!deciphering->others || (copy->others = EVP_PKEY_CTX_dup(deciphering->others)))
		return copy;
	free_context(copy);
	return NULL;
}

static bool read_padding(const OSSL_PARAM *param, int *ret_padding)
{
	if (param->data_type != OSSL_PARAM_UTF8_STRING)
		return OSSL_PARAM_get_int(param, ret_padding);
	/* Which other one it is doesn't matter. */
	*ret_padding = param->data && strcmp(param->data, OSSL_PKEY_RSA_PAD_MODE_OAEP) == 0
			       ? RSA_PKCS1_OAEP_PADDING
			       : RSA_PKCS1_PADDING;
	return true;
}

static bool set_md(const struct deciphering *deciphering, const OSSL_PARAM params[],
		   const char *key, EVP_MD **md)
{
	const OSSL_PARAM *param = OSSL_PARAM_locate_const(params, key);
	EVP_MD *fetched;

	if (!param)
		return true;
	fetched =
		param->data_type == OSSL_PARAM_UTF8_STRING
			? EVP_MD_fetch(deciphering->provider->libctx, param->data, PROVIDER_OTHERS)
			: NULL;
	if (!fetched)
		return provider_fail(deciphering->provider, PROVIDER_OPENSSL,
				     "no provider has the hash asked for");
	EVP_MD_free(*md);
	*md = fetched;
	return true;
}

static int set_params(void *data, const OSSL_PARAM params[])
{
	struct deciphering *deciphering = data;
	const OSSL_PARAM *param;

	if (!params)
		return 1;
	if (deciphering->others)
		return EVP_PKEY_CTX_set_params(deciphering->others, params) > 0;
	param = OSSL_PARAM_locate_const(params, OSSL_ASYM_CIPHER_PARAM_PAD_MODE);
	if (param && !read_padding(param, &deciphering->padding))
		return 0;
	param = OSSL_PARAM_locate_const(params, OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL);
	if (param)
		deciphering->has_label = param->data_size > 0;
	return set_md(deciphering, params, OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST, &deciphering->md) &&
	       set_md(deciphering, params, OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST, &deciphering->mgf1);
}

static const OSSL_PARAM *settable(void *deciphering, void *provider)
{
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_ASYM_CIPHER_PARAM_PAD_MODE, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST, NULL, 0),
		OSSL_PARAM_octet_string(OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL, NULL, 0),
		OSSL_PARAM_END,
	};

	(void)deciphering;
	(void)provider;
	return params;
}

static int get_params(void *data, OSSL_PARAM params[])
{
	struct deciphering *deciphering = data;
	OSSL_PARAM *padding = OSSL_PARAM_locate(params, OSSL_ASYM_CIPHER_PARAM_PAD_MODE);

	if (deciphering->others)
		return EVP_PKEY_CTX_get_params(deciphering->others, params) > 0;
	return !padding || padding->data_type == OSSL_PARAM_UTF8_STRING ||
	       OSSL_PARAM_set_int(padding, deciphering->padding);
}

static const OSSL_PARAM *gettable(void *deciphering, void *provider)
{
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_int(OSSL_ASYM_CIPHER_PARAM_PAD_MODE, NULL),
		OSSL_PARAM_END,
	};

	(void)deciphering;
	(void)provider;
	return params;
}

typedef int init_fn(EVP_PKEY_CTX *ctx);

static int begin(struct deciphering *deciphering, struct key *key, init_fn *init_others,
		 const OSSL_PARAM params[])
{
	if (!key || !key_pkey(key))
		return 0;
	key_share(key);
	key_drop(deciphering->key);
	deciphering->key = key;
	EVP_PKEY_CTX_free(deciphering->others);
	deciphering->others = NULL;
	if (!init_others)
		return set_params(deciphering, params);
	deciphering->others = EVP_PKEY_CTX_new_from_pkey(deciphering->provider->libctx,
							 key_pkey(key), PROVIDER_OTHERS);
	return deciphering->others && init_others(deciphering->others) > 0 &&
	       set_params(deciphering, params);
}

static int encrypt_init(void *deciphering, void *key, const OSSL_PARAM params[])
{
	return begin(deciphering, key, EVP_PKEY_encrypt_init, params);
}

static int decrypt_init(void *deciphering, void *key, const OSSL_PARAM params[])
{
	bool is_kept = key && key_is_kept(key);

	return begin(deciphering, key, is_kept ? NULL : EVP_PKEY_decrypt_init, params);
}

static int encrypt(void *data, unsigned char *out, size_t *ret_len, size_t size,
		   const unsigned char *in, size_t in_len)
{
	struct deciphering *deciphering = data;

	*ret_len = size;
	return EVP_PKEY_encrypt(deciphering->others, out, ret_len, in, in_len) > 0;
}

static const struct hash *oaep_hash(const struct deciphering *deciphering)
{
	const struct hash *hash = deciphering->md ? hash_of(deciphering->md) : hash_of_size(20);
	const struct hash *mgf1 = deciphering->mgf1 ? hash_of(deciphering->mgf1) : hash;

	if (deciphering->padding != RSA_PKCS1_OAEP_PADDING)
		provider_fail(deciphering->provider, PROVIDER_NOT_SUPPORTED,
			      "keystored decrypts RSA-OAEP only (rsa_padding_mode:oaep): PKCS#1 "
			      "v1.5 lets a stranger decrypt with the key by watching errors; for "
			      "TLS, allow cipher suites with ECDHE");
	else if (deciphering->has_label)
		provider_fail(deciphering->provider, PROVIDER_NOT_SUPPORTED,
			      "keystored decrypts OAEP without a label only");
	else if (!hash || hash != mgf1 || (hash->size != 20 && hash->size != 32))
		provider_fail(deciphering->provider, PROVIDER_NOT_SUPPORTED,
			      "keystored decrypts OAEP with SHA-1 or SHA-256, and MGF1 with the "
			      "same");
	else
		return hash;
	return NULL;
}

static int decrypt(void *data, unsigned char *out, size_t *ret_len, size_t size,
		   const unsigned char *in, size_t in_len)
{
	struct deciphering *deciphering = data;
	const struct hash *hash;
	struct call_answer answer;
	bool is_done;

	if (deciphering->others) {
		*ret_len = size;
		return EVP_PKEY_decrypt(deciphering->others, out, ret_len, in, in_len) > 0;
	}
	hash = oaep_hash(deciphering);
	if (!hash)
		return 0;
	if (!out) {
		*ret_len = (size_t)EVP_PKEY_get_size(key_pkey(deciphering->key));
		return 1;
	}
	is_done = key_decrypt(deciphering->key, hash->hash, in, in_len, &answer);
	if (is_done && answer.data_len > size)
		is_done = provider_fail(deciphering->provider, PROVIDER_NOT_SUPPORTED,
					"the plaintext has %zu bytes, there is room for %zu",
					answer.data_len, size);
	if (is_done) {
		memcpy(out, answer.data, answer.data_len);
		*ret_len = answer.data_len;
	}
	OPENSSL_cleanse(&answer, sizeof(answer));
	return is_done;
}

#define FUNCTION(id, function)                                                                     \
	{                                                                                          \
		OSSL_FUNC_ASYM_CIPHER_##id, (void (*)(void))(function)                             \
	}

const OSSL_DISPATCH cipher_rsa[] = {
	FUNCTION(NEWCTX, new_context),
	FUNCTION(FREECTX, free_context),
	FUNCTION(DUPCTX, copy_context),
	FUNCTION(ENCRYPT_INIT, encrypt_init),
	FUNCTION(ENCRYPT, encrypt),
	FUNCTION(DECRYPT_INIT, decrypt_init),
	FUNCTION(DECRYPT, decrypt),
	FUNCTION(GET_CTX_PARAMS, get_params),
	FUNCTION(GETTABLE_CTX_PARAMS, gettable),
	FUNCTION(SET_CTX_PARAMS, set_params),
	FUNCTION(SETTABLE_CTX_PARAMS, settable),
	{0, NULL},
};
