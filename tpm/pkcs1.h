/*
 * RSAES-PKCS1-v1_5 (RFC 8017 7.2.2) behind a TPM that does RSA without padding. Hides what makes
 * it safe to answer whoever sends ciphertexts: nothing tells that a padding was wrong, neither a
 * status, nor time, nor the answer. It is then pseudo-random bytes, always the same for the same
 * ciphertext, as in OpenSSL 3.2 (implicit rejection, draft-irtf-cfrg-rsa-guidance).
 */
#ifndef TPM_PKCS1_H
#define TPM_PKCS1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PKCS1_SECRET_MAX 64

/* Everything is borrowed. */
struct pkcs1 {
	const uint8_t *secret; /* the key's, of which nobody else may know */
	size_t secret_len;
	const uint8_t *ciphertext; /* @size bytes, as is */
	const uint8_t *encoded;	   /* what RSA made of it */
	size_t size;		   /* of the modulus, bytes: 64 to 512 */
};

/*
 * The message, up to @size - 11 bytes, in @ret_message, which has room for @size. False: no memory,
 * or sizes that are out of range; it says nothing of the padding.
 */
bool pkcs1_unpad(const struct pkcs1 *block, uint8_t *ret_message, size_t *ret_len);

#endif
