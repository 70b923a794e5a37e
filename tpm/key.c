#include "key.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "key_internal.h"
#include "public.h"
#include "tss2file.h"

struct tpm_key {
	atomic_uint references;
	uint64_t id;
	enum tpm_algorithm algorithm;
	TPM2B_PUBLIC public;
	TPM2B_PRIVATE private;
	struct tpm_name name;
	uint8_t auth[TPM_AUTH_MAX];
	size_t auth_len;
	atomic_uint handle;
	uint8_t *der;
	size_t der_len;
	uint8_t *spki;
	size_t spki_len;
	EVP_PKEY *pkey;
	/* The last verification's context: setting one up costs a third of a verification. */
	EVP_PKEY_CTX *verifier;
	enum tpm_hash verifier_hash;
	enum tpm_padding verifier_padding;
};

static bool public_parts_derive(struct tpm_key *key)
{
	int len;

	key->algorithm = public_algorithm(&key->public.publicArea);
	key->pkey = public_to_pkey(&key->public.publicArea);
	if (!key->pkey || !public_name(&key->public.publicArea, &key->name))
		return false;
	len = i2d_PUBKEY(key->pkey, &key->spki);
	key->spki_len = len > 0 ? (size_t)len : 0;
	return len > 0;
}

static struct tpm_key *key_build(uint64_t id, const struct tss2file *file, const uint8_t *auth,
				 size_t auth_len, uint32_t handle)
{
	struct tpm_key *key = auth_len <= TPM_AUTH_MAX ? calloc(1, sizeof(*key)) : NULL;

	if (!key)
		return NULL;
	atomic_init(&key->references, 1);
	atomic_init(&key->handle, handle);
	key->id = id;
	key->public = file->public;
	key->private = file->private;
	if (auth_len)
		memcpy(key->auth, auth, auth_len);
	key->auth_len = auth_len;
	if (!public_parts_derive(key) || !tss2file_encode(file, &key->der, &key->der_len)) {
		tpm_key_unref(key);
		return NULL;
	}
	return key;
}

struct tpm_key *tpm_key_new(uint64_t id, const uint8_t *der, size_t der_len, const uint8_t *auth,
			    size_t auth_len, uint32_t handle)
{
	struct tss2file file;
	struct tpm_key *key;

	if (tss2file_decode(der, der_len, &file))
		return NULL;
	key = key_build(id, &file, auth, auth_len, handle);
	OPENSSL_cleanse(&file, sizeof(file));
	return key;
}

struct tpm_key *key_from_areas(uint64_t id, const TPM2B_PUBLIC *public,
			       const TPM2B_PRIVATE *private, const uint8_t *auth, size_t auth_len)
{
	struct tss2file file = {
		.empty_auth = auth_len == 0,
		.parent = TSS2FILE_PARENT_OWNER,
		.public = *public,
		.private = *private,
	};

	return key_build(id, &file, auth, auth_len, 0);
}

struct tpm_key *tpm_key_ref(struct tpm_key *key)
{
	atomic_fetch_add_explicit(&key->references, 1, memory_order_relaxed);
	return key;
}

void tpm_key_unref(struct tpm_key *key)
{
	if (!key || atomic_fetch_sub_explicit(&key->references, 1, memory_order_acq_rel) != 1)
		return;
	EVP_PKEY_CTX_free(key->verifier);
	EVP_PKEY_free(key->pkey);
	OPENSSL_free(key->spki);
	if (key->der)
		OPENSSL_cleanse(key->der, key->der_len);
	free(key->der);
	OPENSSL_cleanse(key, sizeof(*key));
	free(key);
}

uint64_t tpm_key_id(const struct tpm_key *key)
{
	return key->id;
}

enum tpm_algorithm tpm_key_algorithm(const struct tpm_key *key)
{
	return key->algorithm;
}

bool tpm_key_is_rsa(const struct tpm_key *key)
{
	return public_is_rsa(key->algorithm);
}

unsigned tpm_key_usage(const struct tpm_key *key)
{
	TPMA_OBJECT attributes = key->public.publicArea.objectAttributes;
	unsigned usage = 0;

	if (attributes & TPMA_OBJECT_RESTRICTED)
		return 0;
	if (attributes & TPMA_OBJECT_SIGN_ENCRYPT)
		usage |= TPM_USE_SIGN;
	if (attributes & TPMA_OBJECT_DECRYPT && tpm_key_is_rsa(key))
		usage |= TPM_USE_DECRYPT;
	return usage;
}

bool tpm_key_is_from_tpm(const struct tpm_key *key)
{
	TPMA_OBJECT bound =
		TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN;

	return (key->public.publicArea.objectAttributes & bound) == bound;
}

const struct tpm_name *tpm_key_name(const struct tpm_key *key)
{
	return &key->name;
}

EVP_PKEY *tpm_key_public(const struct tpm_key *key)
{
	return key->pkey;
}

const uint8_t *tpm_key_spki(const struct tpm_key *key, size_t *ret_len)
{
	*ret_len = key->spki_len;
	return key->spki;
}

const uint8_t *tpm_key_der(const struct tpm_key *key, size_t *ret_len)
{
	*ret_len = key->der_len;
	return key->der;
}

const uint8_t *tpm_key_auth(const struct tpm_key *key, size_t *ret_len)
{
	*ret_len = key->auth_len;
	return key->auth;
}

uint32_t tpm_key_handle(const struct tpm_key *key)
{
	return atomic_load(&key->handle);
}

void tpm_key_set_handle(struct tpm_key *key, uint32_t handle)
{
	atomic_store(&key->handle, handle);
}

const TPM2B_PUBLIC *key_public_area(const struct tpm_key *key)
{
	return &key->public;
}

const TPM2B_PRIVATE *key_private_area(const struct tpm_key *key)
{
	return &key->private;
}

static bool verifies_with_other_salt(struct tpm_key *key, enum tpm_hash hash, const uint8_t *digest,
				     size_t digest_len, const uint8_t *signature,
				     size_t signature_len)
{
	EVP_PKEY_CTX *verifier =
		public_verifier_new(key->pkey, hash, TPM_PADDING_PSS, RSA_PSS_SALTLEN_AUTO);
	bool verifies = verifier && EVP_PKEY_verify(verifier, signature, signature_len, digest,
						    digest_len) == 1;

	EVP_PKEY_CTX_free(verifier);
	return verifies;
}

enum key_verdict key_verify(struct tpm_key *key, enum tpm_hash hash, enum tpm_padding padding,
			    const uint8_t *digest, size_t digest_len, const uint8_t *signature,
			    size_t signature_len)
{
	enum key_verdict verdict = KEY_DOES_NOT_VERIFY;

	if (!key->verifier || key->verifier_hash != hash || key->verifier_padding != padding) {
		EVP_PKEY_CTX_free(key->verifier);
		key->verifier =
			public_verifier_new(key->pkey, hash, padding, RSA_PSS_SALTLEN_DIGEST);
		key->verifier_hash = hash;
		key->verifier_padding = padding;
	}
	if (key->verifier &&
	    EVP_PKEY_verify(key->verifier, signature, signature_len, digest, digest_len) == 1)
		verdict = KEY_VERIFIES;
	else if (padding == TPM_PADDING_PSS &&
		 verifies_with_other_salt(key, hash, digest, digest_len, signature, signature_len))
		verdict = KEY_VERIFIES_OTHER_SALT;
	if (verdict != KEY_VERIFIES)
		ERR_clear_error();
	return verdict;
}
