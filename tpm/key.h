/*
 * A key of the TPM as its owner keeps it: the wrapped blob, its auth value, the public part.
 * Hides the TPM's structures and the file format (TSS2 PRIVATE KEY,
 * draft-bottomley-tpm2-keys). Objects are immutable but for the persistent handle, and
 * counted; references may be held by several threads.
 */
#ifndef TPM_KEY_H
#define TPM_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

enum tpm_algorithm {
	TPM_RSA_2048 = 1,
	TPM_RSA_3072,
	TPM_RSA_4096,
	TPM_EC_P256,
	TPM_EC_P384,
	TPM_ALGORITHM_COUNT,
};

enum tpm_hash {
	TPM_SHA1 = 1,
	TPM_SHA256,
	TPM_SHA384,
	TPM_SHA512,
	TPM_HASH_COUNT,
};

enum tpm_padding { TPM_PADDING_NONE, TPM_PADDING_PKCS1, TPM_PADDING_PSS };

enum { TPM_USE_SIGN = 1, TPM_USE_DECRYPT = 2 };

#define TPM_AUTH_MAX	32
#define TPM_KEY_DER_MAX 4096

/* TPM2B_NAME: hash algorithm and digest of the public area (TPM 2.0 Part 1, 16). */
struct tpm_name {
	uint8_t bytes[68];
	size_t len;
};

struct tpm_key;

/*
 * From what was stored. @id: unique, never reused; @handle: where it is persistent, 0 if it
 * is not. NULL: malformed, an algorithm that is not ours, or no memory.
 */
struct tpm_key *tpm_key_new(uint64_t id, const uint8_t *der, size_t der_len, const uint8_t *auth,
			    size_t auth_len, uint32_t handle);
struct tpm_key *tpm_key_ref(struct tpm_key *key);
void tpm_key_unref(struct tpm_key *key); /* wipes with the last one; NULL is fine */

uint64_t tpm_key_id(const struct tpm_key *key);
enum tpm_algorithm tpm_key_algorithm(const struct tpm_key *key);
bool tpm_key_is_rsa(const struct tpm_key *key);
/* What the TPM lets the key do, TPM_USE_*. The owner may allow less. */
unsigned tpm_key_usage(const struct tpm_key *key);
/* Made in a TPM and bound to it: fixedTPM, fixedParent, sensitiveDataOrigin. */
bool tpm_key_is_from_tpm(const struct tpm_key *key);
const struct tpm_name *tpm_key_name(const struct tpm_key *key);

/* Borrowed, for as long as the reference. */
EVP_PKEY *tpm_key_public(const struct tpm_key *key);
const uint8_t *tpm_key_spki(const struct tpm_key *key, size_t *ret_len); /* DER */
const uint8_t *tpm_key_der(const struct tpm_key *key, size_t *ret_len);	 /* to be stored */
const uint8_t *tpm_key_auth(const struct tpm_key *key, size_t *ret_len); /* to be stored; secret */

/* 0: not persistent. Set by whoever committed a pin, between jobs of the key. */
uint32_t tpm_key_handle(const struct tpm_key *key);
void tpm_key_set_handle(struct tpm_key *key, uint32_t handle);

/* Length of a digest in bytes; 0 for no hash. */
size_t tpm_hash_size(enum tpm_hash hash);

/*
 * PEM armour of a TSS2 key file. The outputs belong to the caller: free() after wiping.
 * False: not such a file.
 */
bool tpm_key_pem_decode(const uint8_t *pem, size_t pem_len, uint8_t **ret_der, size_t *ret_len);
bool tpm_key_pem_encode(const uint8_t *der, size_t der_len, char **ret_pem, size_t *ret_len);

#endif
