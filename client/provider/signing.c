#include "signing.h"

#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

struct signing *signing_new(struct provider *provider)
{
	struct signing *signing = calloc(1, sizeof(*signing));

	if (!signing)
		return NULL;
	signing->provider = provider;
	signing->salt = SIGNING_SALT_UNSET;
	return signing;
}

void signing_free(struct signing *signing)
{
	if (!signing)
		return;
	key_drop(signing->key);
	EVP_MD_free(signing->md);
	EVP_MD_free(signing->mgf1);
	EVP_MD_CTX_free(signing->hashing);
	free(signing);
}

static bool md_share(EVP_MD *md)
{
	return !md || EVP_MD_up_ref(md);
}

struct signing *signing_copy(const struct signing *signing)
{
	struct signing *copy = signing_new(signing->provider);

	if (!copy)
		return NULL;
	copy->operation = signing->operation;
	copy->padding = signing->padding;
	copy->salt = signing->salt;
	copy->key = signing->key ? key_share(signing->key) : NULL;
	copy->md = md_share(signing->md) ? signing->md : NULL;
	copy->mgf1 = md_share(signing->mgf1) ? signing->mgf1 : NULL;
	if (!signing->hashing)
		return copy;
	copy->hashing = EVP_MD_CTX_new();
	if (copy->hashing && EVP_MD_CTX_copy_ex(copy->hashing, signing->hashing))
		return copy;
	signing_free(copy);
	return NULL;
}

bool signing_begin(struct signing *signing, struct key *key, enum signing_operation operation)
{
	signing->operation = operation;
	/* Begun again: the key of before. */
	if (!key)
		return signing->key ||
		       provider_fail(signing->provider, PROVIDER_NOT_SUPPORTED, "no key was given");
	if (!key_pkey(key))
		return provider_fail(signing->provider, PROVIDER_NOT_SUPPORTED, "the key is empty");
	key_share(key);
	key_drop(signing->key);
	signing->key = key;
	if (!signing->padding && key_type(key) != KEY_EC)
		signing->padding =
			key_type(key) == KEY_RSA_PSS ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING;
	return true;
}

static EVP_MD *fetch(const struct signing *signing, const char *name, const char *properties)
{
	/* What the program prefers, as far as it is not this provider. */
	EVP_MD *md = EVP_MD_fetch(signing->provider->libctx, name,
				  properties && *properties ? properties : PROVIDER_OTHERS);

	if (!md)
		provider_fail(signing->provider, PROVIDER_OPENSSL,
			      "no provider has the hash %s: is \"default\" activated in "
			      "openssl.cnf?",
			      name);
	return md;
}

bool signing_set_md(struct signing *signing, const char *name, const char *properties)
{
	EVP_MD *md = fetch(signing, name, properties);

	if (!md)
		return false;
	EVP_MD_free(signing->md);
	signing->md = md;
	return true;
}

bool signing_set_mgf1(struct signing *signing, const char *name)
{
	EVP_MD *md = fetch(signing, name, NULL);

	if (!md)
		return false;
	EVP_MD_free(signing->mgf1);
	signing->mgf1 = md;
	return true;
}

bool signing_start_hashing(struct signing *signing)
{
	EVP_MD_CTX_free(signing->hashing);
	signing->hashing = EVP_MD_CTX_new();
	return signing->hashing && signing->md &&
	       EVP_DigestInit_ex2(signing->hashing, signing->md, NULL);
}

bool signing_update(struct signing *signing, const uint8_t *data, size_t len)
{
	return signing->hashing && EVP_DigestUpdate(signing->hashing, data, len);
}

bool signing_finish_hashing(struct signing *signing, uint8_t digest[EVP_MAX_MD_SIZE],
			    size_t *ret_len)
{
	unsigned len = 0;

	if (!signing->hashing || !EVP_DigestFinal_ex(signing->hashing, digest, &len))
		return false;
	EVP_MD_CTX_free(signing->hashing);
	signing->hashing = NULL;
	*ret_len = len;
	return true;
}

/* --- keys of keystored --- */

static bool is_pss(const struct signing *signing)
{
	return signing->padding == RSA_PKCS1_PSS_PADDING;
}

int signing_salt(const struct signing *signing)
{
	const int salt = signing->salt;

	if (!key_is_kept(signing->key) || signing->operation == SIGNING_VERIFY)
		return salt == SIGNING_SALT_UNSET ? RSA_PSS_SALTLEN_AUTO : salt;
	return RSA_PSS_SALTLEN_DIGEST;
}

static bool check_salt(const struct signing *signing, const struct hash *hash)
{
	const int salt = signing->salt;

	/* -4: RSA_PSS_SALTLEN_AUTO_DIGEST_MAX, of OpenSSL 3.1. */
	if (!is_pss(signing) || salt == SIGNING_SALT_UNSET || salt == RSA_PSS_SALTLEN_DIGEST ||
	    salt == RSA_PSS_SALTLEN_AUTO || salt == -4 || salt == (int)hash->size)
		return true;
	if (salt == RSA_PSS_SALTLEN_MAX)
		return provider_fail(signing->provider, PROVIDER_NOT_SUPPORTED,
				     "a PSS salt as long as possible was asked for: keystored's is "
				     "as long as the digest (rsa_pss_saltlen:digest)");
	return provider_fail(signing->provider, PROVIDER_NOT_SUPPORTED,
			     "a PSS salt of %d bytes was asked for: keystored's is as long as the "
			     "digest, %zu bytes (rsa_pss_saltlen:digest)",
			     salt, hash->size);
}

static bool check_padding(const struct signing *signing)
{
	if (key_type(signing->key) == KEY_EC || signing->padding == RSA_PKCS1_PADDING ||
	    is_pss(signing))
		return true;
	return provider_fail(signing->provider, PROVIDER_NOT_SUPPORTED,
			     "keystored signs with PKCS#1 v1.5 or PSS padding, not with OpenSSL's "
			     "padding %d",
			     signing->padding);
}

static const struct hash *hash_to_sign(const struct signing *signing, size_t digest_len)
{
	const struct hash *hash = signing->md ? hash_of(signing->md) : hash_of_size(digest_len);

	/* Without a hash RSA would sign whatever the bytes are. */
	if (!signing->md && signing->padding)
		hash = NULL;
	if (hash && hash->size == digest_len)
		return hash;
	provider_fail(signing->provider, PROVIDER_NOT_SUPPORTED,
		      "keystored signs SHA-256, SHA-384 and SHA-512 digests (SHA-1 where it is "
		      "allowed), not %zu bytes of %s",
		      digest_len,
		      signing->md ? EVP_MD_get0_name(signing->md) : "a hash that was not named");
	return NULL;
}

/*
 * ECDSA takes of a digest what the order's length is (FIPS 186-5 6.4): cut off here it is the
 * digest of a shorter hash to the TPM, which may not have the longer one.
 */
static const struct hash *cut_for_curve(const struct signing *signing, const struct hash *hash)
{
	int bits = EVP_PKEY_get_bits(key_pkey(signing->key));
	const struct hash *shorter;

	if (key_type(signing->key) != KEY_EC || bits <= 0 || hash->size * 8 <= (size_t)bits)
		return hash;
	shorter = hash_of_size((size_t)bits / 8);
	return shorter ? shorter : hash;
}

static bool sign_kept(struct signing *signing, const uint8_t *digest, size_t digest_len,
		      uint8_t *signature, size_t size, size_t *ret_len)
{
	const struct hash *hash = hash_to_sign(signing, digest_len);
	struct call_answer answer;
	enum ks_padding padding;

	if (!hash || !check_padding(signing) || !check_salt(signing, hash))
		return false;
	if (is_pss(signing) && signing->mgf1 && hash_of(signing->mgf1) != hash)
		return provider_fail(signing->provider, PROVIDER_NOT_SUPPORTED,
				     "keystored's PSS has MGF1 with the digest's hash, not with %s",
				     EVP_MD_get0_name(signing->mgf1));
	hash = cut_for_curve(signing, hash);
	padding = key_type(signing->key) == KEY_EC ? KS_PADDING_DEFAULT
		  : is_pss(signing)		   ? KS_PADDING_PSS
						   : KS_PADDING_PKCS1;
	if (!key_sign(signing->key, hash->hash, padding, digest, hash->size, &answer))
		return false;
	if (answer.data_len > size)
		return provider_fail(signing->provider, PROVIDER_NOT_SUPPORTED,
				     "the signature has %zu bytes, there is room for %zu",
				     answer.data_len, size);
	memcpy(signature, answer.data, answer.data_len);
	*ret_len = answer.data_len;
	return true;
}

/* --- by others --- */

static bool set_rsa(const struct signing *signing, EVP_PKEY_CTX *ctx)
{
	if (key_type(signing->key) == KEY_EC)
		return true;
	if (EVP_PKEY_CTX_set_rsa_padding(ctx, signing->padding) <= 0)
		return false;
	if (!is_pss(signing))
		return true;
	return (signing->salt == SIGNING_SALT_UNSET ||
		EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, signing->salt) > 0) &&
	       (!signing->mgf1 || EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, signing->mgf1) > 0);
}

static EVP_PKEY_CTX *others_ctx(const struct signing *signing)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(signing->provider->libctx,
						       key_pkey(signing->key), PROVIDER_OTHERS);
	int (*init)(EVP_PKEY_CTX *) =
		signing->operation == SIGNING_SIGN ? EVP_PKEY_sign_init : EVP_PKEY_verify_init;

	if (ctx && init(ctx) > 0 && set_rsa(signing, ctx) &&
	    (!signing->md || EVP_PKEY_CTX_set_signature_md(ctx, signing->md) > 0))
		return ctx;
	EVP_PKEY_CTX_free(ctx);
	return NULL;
}

bool signing_sign(struct signing *signing, const uint8_t *digest, size_t digest_len,
		  uint8_t *signature, size_t size, size_t *ret_len)
{
	int max = EVP_PKEY_get_size(key_pkey(signing->key));
	EVP_PKEY_CTX *ctx;
	bool is_done;

	if (!signature) {
		*ret_len = (size_t)max;
		return max > 0;
	}
	if (key_is_kept(signing->key))
		return sign_kept(signing, digest, digest_len, signature, size, ret_len);
	ctx = others_ctx(signing);
	*ret_len = size;
	is_done = ctx && EVP_PKEY_sign(ctx, signature, ret_len, digest, digest_len) > 0;
	EVP_PKEY_CTX_free(ctx);
	return is_done;
}

bool signing_verify(struct signing *signing, const uint8_t *digest, size_t digest_len,
		    const uint8_t *signature, size_t len)
{
	EVP_PKEY_CTX *ctx = others_ctx(signing);
	bool is_good = ctx && EVP_PKEY_verify(ctx, signature, len, digest, digest_len) == 1;

	EVP_PKEY_CTX_free(ctx);
	return is_good;
}
