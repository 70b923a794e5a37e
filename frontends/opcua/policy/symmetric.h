/*
 * The symmetric part of a secure channel (OPC 10000-6 6.7.4 to 6.7.6), without open62541. Hides
 * P_hash, HMAC and AES-CBC of OpenSSL.
 */
#ifndef OPCUA_SYMMETRIC_H
#define OPCUA_SYMMETRIC_H

#include "policy_kind.h"

#define SYMMETRIC_KEY_MAX 32
#define SYMMETRIC_BLOCK	  16

/* Of one direction. Wipe it. */
struct symmetric_keys {
	const struct policy_kind *kind;
	uint8_t hmac[SYMMETRIC_KEY_MAX];
	uint8_t aes[SYMMETRIC_KEY_MAX];
	uint8_t iv[SYMMETRIC_BLOCK];
};

/* P_hash (RFC 5246 5) of any length. */
[[nodiscard]] bool symmetric_derive(const struct policy_kind *kind, const uint8_t *secret,
				    size_t secret_len, const uint8_t *seed, size_t seed_len,
				    uint8_t *out, size_t len);
/* Those of the side whose nonce is @seed; @secret is the other's. */
[[nodiscard]] bool symmetric_keys_derive(const struct policy_kind *kind, const uint8_t *secret,
					 size_t secret_len, const uint8_t *seed, size_t seed_len,
					 struct symmetric_keys *ret_keys);

/* @signature: kind->hmac_size bytes. */
[[nodiscard]] bool symmetric_sign(const struct symmetric_keys *keys, const uint8_t *bytes,
				  size_t len, uint8_t *signature);
[[nodiscard]] bool symmetric_verify(const struct symmetric_keys *keys, const uint8_t *bytes,
				    size_t len, const uint8_t *signature, size_t signature_len);
/* In place; @len: whole blocks. */
[[nodiscard]] bool symmetric_encrypt(const struct symmetric_keys *keys, uint8_t *bytes, size_t len);
[[nodiscard]] bool symmetric_decrypt(const struct symmetric_keys *keys, uint8_t *bytes, size_t len);

/*
 * A whole chunk "MSG" or "CLO" of a peer, in a copy: decrypts where @is_encrypted, verifies, and
 * finds what is between the sequence header and padding or signature. False: it is none of @keys.
 */
[[nodiscard]] bool symmetric_open(const struct symmetric_keys *keys, bool is_encrypted,
				  uint8_t *chunk, size_t len, const uint8_t **ret_body,
				  size_t *ret_len);

/*
 * Keys made ready for many messages: nothing is derived or allocated for a message. The same
 * operations; of one direction, encrypting or decrypting. Wipes what it holds.
 */
struct symmetric_work;

/* NULL: no memory. */
struct symmetric_work *symmetric_work_new(const struct symmetric_keys *keys, bool encrypts);
void symmetric_work_free(struct symmetric_work *work); /* NULL is fine */
[[nodiscard]] bool symmetric_work_sign(struct symmetric_work *work, const uint8_t *bytes,
				       size_t len, uint8_t *signature);
[[nodiscard]] bool symmetric_work_verify(struct symmetric_work *work, const uint8_t *bytes,
					 size_t len, const uint8_t *signature,
					 size_t signature_len);
[[nodiscard]] bool symmetric_work_crypt(struct symmetric_work *work, uint8_t *bytes, size_t len);

#endif
