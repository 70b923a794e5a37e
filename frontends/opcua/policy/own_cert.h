/*
 * One generation of an application instance certificate of ours: what peers are shown, and by which
 * key of keystored it signs and decrypts. It never changes; who uses it has a share of it.
 */
#ifndef OPCUA_OWN_CERT_H
#define OPCUA_OWN_CERT_H

#include <stddef.h>
#include <stdint.h>

#define OWN_CERT_KEY_MAX    24 /* "#18446744073709551615" */
#define OWN_CERT_CHAIN_MAX  10 /* certificates */
#define OWN_CERT_THUMBPRINT 20 /* SHA-1 of the leaf (OPC 10000-6 6.7.2.3) */

struct own_cert {
	char key[OWN_CERT_KEY_MAX]; /* of libkeystore's calls: "#12" */
	uint64_t cert_id;
	uint32_t version;
	int64_t not_after; /* Unix time, seconds */
	/* DER: the leaf, then its issuers without the root: what peers are shown. */
	uint8_t *chain;
	size_t chain_len, leaf_len;
	uint8_t thumbprint[OWN_CERT_THUMBPRINT];
	size_t key_size; /* bytes of the modulus: of a signature, and of a block to decrypt */
	unsigned shares;
};

/*
 * @key_id: of keystored. @certs: DER, the leaf first, then issuers in order; a root among them is
 * left out. NULL: no memory, or it is none of an RSA key of 1024 to 4096 bits.
 *
 * Clients of open62541 (1.4.11) can take a leaf alone only: they send the SHA-1 of all that they are
 * shown, and compare it with the leaf in an OPN.
 */
struct own_cert *own_cert_new(uint64_t cert_id, uint32_t version, uint64_t key_id,
			      const uint8_t *const *certs, const size_t *lens, size_t count);
struct own_cert *own_cert_share(struct own_cert *own); /* the same; NULL is fine */
void own_cert_free(struct own_cert *own);	       /* one share of it; NULL is fine */

#endif
