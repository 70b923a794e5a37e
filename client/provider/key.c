#include "key.h"

#include <inttypes.h>
#include <openssl/core_names.h>
#include <openssl/core_object.h>
#include <openssl/param_build.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct key {
	atomic_uint owners;
	struct provider *provider;
	enum key_type type;
	bool is_kept;
	EVP_PKEY *pkey; /* of the provider's library context */
	char id[CALL_KEY_MAX];
	uint8_t fingerprint[SHA256_DIGEST_LENGTH];
};

static const struct {
	const char *name;
} types[] = {
	[KEY_RSA] = {"RSA"},
	[KEY_RSA_PSS] = {"RSA-PSS"},
	[KEY_EC] = {"EC"},
};

const char *key_type_name(enum key_type type)
{
	return types[type].name;
}

bool key_type_of(const EVP_PKEY *pkey, enum key_type *ret_type)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (EVP_PKEY_is_a(pkey, types[i].name)) {
			*ret_type = (enum key_type)i;
			return true;
		}
	return false;
}

struct key *key_new_foreign(struct provider *provider, enum key_type type, EVP_PKEY *pkey)
{
	struct key *key = calloc(1, sizeof(*key));

	if (!key) {
		EVP_PKEY_free(pkey);
		provider_fail(provider, PROVIDER_NO_MEMORY, "out of memory");
		return NULL;
	}
	atomic_init(&key->owners, 1);
	key->provider = provider;
	key->type = type;
	key->pkey = pkey;
	return key;
}

static bool hash_spki(EVP_PKEY *pkey, uint8_t ret_hash[SHA256_DIGEST_LENGTH])
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(pkey, &der);

	if (len > 0)
		SHA256(der, (size_t)len, ret_hash);
	OPENSSL_free(der);
	return len > 0;
}

static EVP_PKEY *rsa_from_params(OSSL_LIB_CTX *libctx, OSSL_PARAM params[])
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(libctx, "RSA", PROVIDER_OTHERS);
	EVP_PKEY *pkey = NULL;

	if (ctx && EVP_PKEY_fromdata_init(ctx) > 0)
		(void)EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params);
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

/* The same key without saying that it is for PSS only, which is how keystored knows it. */
static EVP_PKEY *as_plain_rsa(OSSL_LIB_CTX *libctx, const EVP_PKEY *pss)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	EVP_PKEY *pkey = NULL;
	BIGNUM *n = NULL;
	BIGNUM *e = NULL;

	if (build && EVP_PKEY_get_bn_param(pss, OSSL_PKEY_PARAM_RSA_N, &n) &&
	    EVP_PKEY_get_bn_param(pss, OSSL_PKEY_PARAM_RSA_E, &e) &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) &&
	    (params = OSSL_PARAM_BLD_to_param(build)))
		pkey = rsa_from_params(libctx, params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	BN_free(n);
	BN_free(e);
	return pkey;
}

/* SHA-256 of the SubjectPublicKeyInfo that keystored has. */
static bool fingerprint(struct key *key)
{
	EVP_PKEY *plain;
	bool is_done;

	if (key->type != KEY_RSA_PSS)
		return hash_spki(key->pkey, key->fingerprint);
	plain = as_plain_rsa(key->provider->libctx, key->pkey);
	is_done = plain && hash_spki(plain, key->fingerprint);
	EVP_PKEY_free(plain);
	return is_done;
}

struct key *key_new_kept(struct provider *provider, uint64_t key_id, const char *name,
			 const uint8_t *spki, size_t spki_len)
{
	const unsigned char *end = spki;
	EVP_PKEY *pkey =
		d2i_PUBKEY_ex(NULL, &end, (long)spki_len, provider->libctx, PROVIDER_OTHERS);
	enum key_type type;
	struct key *key;

	if (!pkey || end != spki + spki_len || !key_type_of(pkey, &type)) {
		provider_fail(provider, PROVIDER_BAD_REFERENCE,
			      "the public key in the reference to key \"%s\" (#%" PRIu64
			      ") is no RSA or EC key: write it again with keystorectl key export "
			      "--reference (and activate OpenSSL's provider \"default\" too)",
			      name, key_id);
		EVP_PKEY_free(pkey);
		return NULL;
	}
	key = key_new_foreign(provider, type, pkey);
	if (!key)
		return NULL;
	key->is_kept = true;
	snprintf(key->id, sizeof(key->id), "#%" PRIu64, key_id);
	if (fingerprint(key))
		return key;
	provider_fail(provider, PROVIDER_OPENSSL, "cannot encode the public key of \"%s\"", name);
	key_drop(key);
	return NULL;
}

struct key *key_share(struct key *key)
{
	atomic_fetch_add(&key->owners, 1);
	return key;
}

void key_drop(struct key *key)
{
	if (!key || atomic_fetch_sub(&key->owners, 1) > 1)
		return;
	EVP_PKEY_free(key->pkey);
	free(key);
}

struct provider *key_provider(const struct key *key)
{
	return key->provider;
}

enum key_type key_type(const struct key *key)
{
	return key->type;
}

bool key_is_kept(const struct key *key)
{
	return key->is_kept;
}

EVP_PKEY *key_pkey(const struct key *key)
{
	return key->pkey;
}

void key_fill(struct key *key, EVP_PKEY *pkey)
{
	EVP_PKEY_free(key->pkey);
	key->pkey = pkey;
}

static bool ask(const struct key *key, struct call_request *request, const uint8_t *input,
		size_t len, struct call_answer *ret_answer)
{
	memcpy(request->key, key->id, sizeof(request->key));
	memcpy(request->fingerprint, key->fingerprint, sizeof(request->fingerprint));
	memcpy(request->input, input, len);
	request->input_len = len;
	if (courier_ask(key->provider->courier, request, ret_answer) == KS_OK)
		return true;
	return provider_fail_answer(key->provider, ret_answer);
}

bool key_sign(const struct key *key, enum ks_hash hash, enum ks_padding padding,
	      const uint8_t *digest, size_t len, struct call_answer *ret_answer)
{
	struct call_request request = {.kind = CALL_SIGN, .hash = hash, .padding = padding};

	if (len > sizeof(request.input))
		return provider_fail(key->provider, PROVIDER_NOT_SUPPORTED,
				     "no digest has %zu bytes", len);
	return ask(key, &request, digest, len, ret_answer);
}

bool key_decrypt(const struct key *key, enum ks_hash hash, const uint8_t *ciphertext, size_t len,
		 struct call_answer *ret_answer)
{
	struct call_request request = {.kind = CALL_DECRYPT, .hash = hash};

	if (len > sizeof(request.input))
		return provider_fail(key->provider, PROVIDER_NOT_SUPPORTED,
				     "no ciphertext of RSA has %zu bytes", len);
	return ask(key, &request, ciphertext, len, ret_answer);
}

bool key_hand_over(struct key *key, OSSL_CALLBACK *callback, void *arg)
{
	char *type_name = (char *)(uintptr_t)key_type_name(key->type);
	int type = OSSL_OBJECT_PKEY;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_int(OSSL_OBJECT_PARAM_TYPE, &type),
		OSSL_PARAM_construct_utf8_string(OSSL_OBJECT_PARAM_DATA_TYPE, type_name, 0),
		OSSL_PARAM_construct_octet_string(OSSL_OBJECT_PARAM_REFERENCE, &key, sizeof(key)),
		OSSL_PARAM_construct_end(),
	};
	bool is_taken = callback(params, arg);

	/* NULL when it was taken over. */
	key_drop(key);
	return is_taken;
}
