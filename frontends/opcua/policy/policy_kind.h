/*
 * What each security policy of OPC UA is made of (OPC 10000-7 6.6): one table, without open62541.
 */
#ifndef OPCUA_POLICY_KIND_H
#define OPCUA_POLICY_KIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keystore.h"

enum policy_id {
	POLICY_NONE,
	POLICY_BASIC128RSA15,
	POLICY_BASIC256,
	POLICY_BASIC256SHA256,
	POLICY_AES128_SHA256_RSAOAEP,
	POLICY_AES256_SHA256_RSAPSS,
};
#define POLICY_COUNT	 6
#define POLICY_NONCE_MAX 32

enum policy_cipher { POLICY_CIPHER_NONE, POLICY_CIPHER_PKCS1, POLICY_CIPHER_OAEP };

struct policy_kind {
	enum policy_id id;
	const char *name; /* "Basic256Sha256" */
	const char *uri;
	bool is_deprecated;
	/* asymmetric: signatures … */
	const char *sign_uri;
	enum ks_hash sign_hash;
	enum ks_padding sign_padding;
	/* … encryption, the hash is OAEP's … */
	const char *cipher_uri;
	enum policy_cipher cipher;
	enum ks_hash cipher_hash;
	size_t cipher_overhead; /* bytes of a block that are not plain text */
	unsigned key_bits_min, key_bits_max;
	/* … symmetric: P_hash and HMAC, AES-CBC: bytes */
	enum ks_hash hmac_hash;
	const char *hmac_uri, *aes_uri;
	size_t hmac_size;     /* of a signature */
	size_t hmac_key_size; /* of its key */
	size_t aes_key_size;
	size_t nonce_size;
};

const struct policy_kind *policy_kind(enum policy_id id);
/* NULL: there is none. */
const struct policy_kind *policy_kind_by_name(const char *name);
const struct policy_kind *policy_kind_by_uri(const uint8_t *uri, size_t len);
/* By the algorithm's URI of an encrypted password (OPC 10000-4 7.40.2.2). */
const struct policy_kind *policy_kind_by_cipher(const uint8_t *uri, size_t len);

#endif
