/*
 * The asymmetric part that takes no private key of ours: a peer's signatures, encryption for a peer,
 * digests to be signed, what a decrypted block holds. Without open62541. Hides OpenSSL.
 */
#ifndef OPCUA_ASYMMETRIC_H
#define OPCUA_ASYMMETRIC_H

#include "policy_kind.h"

#define ASYMMETRIC_KEY_MAX    512 /* bytes of a modulus */
#define ASYMMETRIC_DIGEST_MAX 64

struct asymmetric_key; /* a peer's public key */

/* @cert: DER, one. NULL: no certificate, no RSA, or of a size that @kind does not allow. */
struct asymmetric_key *asymmetric_key_new(const struct policy_kind *kind, const uint8_t *cert,
					  size_t len);
struct asymmetric_key *asymmetric_key_share(struct asymmetric_key *key); /* the same */
void asymmetric_key_free(struct asymmetric_key *key);	      /* one share of it; NULL is fine */
size_t asymmetric_key_size(const struct asymmetric_key *key); /* bytes of the modulus */

[[nodiscard]] bool asymmetric_verify(const struct asymmetric_key *key, const uint8_t *bytes,
				     size_t len, const uint8_t *signature, size_t signature_len);
/* In blocks: @plain of a whole number of (size - cipher_overhead) to as many of size; @out is apart. */
[[nodiscard]] bool asymmetric_encrypt(const struct asymmetric_key *key, const uint8_t *plain,
				      size_t len, uint8_t *out, size_t out_size, size_t *ret_len);

/* What keystored signs for @kind; the length is the result, 0: out of memory. */
size_t asymmetric_digest(const struct policy_kind *kind, const uint8_t *bytes, size_t len,
			 uint8_t digest[ASYMMETRIC_DIGEST_MAX]);

/* SHA-1 of a certificate (OPC 10000-6 6.7.2.3). */
[[nodiscard]] bool asymmetric_thumbprint(const uint8_t *cert, size_t len, uint8_t thumbprint[20]);

/*
 * The length of the first certificate of a chain, DER one after the other (OPC 10000-6 6.2.6); 0:
 * it is none. Only its outermost layer is looked at.
 */
size_t asymmetric_leaf(const uint8_t *chain, size_t len);

/* The application URI of a certificate (OPC 10000-6 6.2.2): the first URI of its subjectAltName. */
[[nodiscard]] bool asymmetric_uri(const uint8_t *cert, size_t len, char *buf, size_t size);

#endif
