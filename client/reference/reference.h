/*
 * The reference file: what stands where a program wants its private key's file, and leads
 * OpenSSL to a key of keystored. It holds no secret. Hides its ASN.1 and its PEM:
 *
 *   KeystoreReference ::= SEQUENCE {
 *     version    INTEGER { v1(1) },
 *     keyId      INTEGER (1..9223372036854775807),
 *     keyName    UTF8String (SIZE (1..64)),      -- for people: the ID is what counts
 *     publicKey  SubjectPublicKeyInfo            -- so that it loads with the service down
 *   }
 *
 * in DER, in PEM between "KEYSTORE KEY REFERENCE" lines (RFC 7468). What stands before the PEM
 * is for the reader.
 */
#ifndef REFERENCE_REFERENCE_H
#define REFERENCE_REFERENCE_H

#include <stddef.h>
#include <stdint.h>

#define REFERENCE_LABEL	   "KEYSTORE KEY REFERENCE"
#define REFERENCE_NAME_MAX 64
#define REFERENCE_DER_MAX  4096 /* RSA-4096 takes about 700 */
#define REFERENCE_PEM_MAX  16384

struct reference {
	uint64_t key_id;
	char name[REFERENCE_NAME_MAX + 1];
	uint8_t public_key[REFERENCE_DER_MAX]; /* SubjectPublicKeyInfo, DER */
	size_t public_key_len;
};

enum reference_status {
	REFERENCE_OK = 0,
	REFERENCE_MALFORMED, /* no such PEM or DER, or cut short, or with more behind it */
	REFERENCE_NEWER,     /* of a version that is not known here */
	REFERENCE_NOMEM,
};

/* The status in a sentence; static. */
const char *reference_status_text(enum reference_status status);

/*
 * REFERENCE_MALFORMED: the name or the key is none. The text begins with lines that say what it
 * is. @ret_pem: NUL-terminated, free() it.
 */
[[nodiscard]] enum reference_status reference_to_pem(uint64_t key_id, const char *name,
						     const uint8_t *public_key,
						     size_t public_key_len, char **ret_pem);

/* The first block of that label; others are passed over. */
[[nodiscard]] enum reference_status reference_from_pem(const char *pem, size_t len,
						       struct reference *ret_reference);

/* What is inside of the PEM. */
[[nodiscard]] enum reference_status reference_from_der(const uint8_t *der, size_t len,
						       struct reference *ret_reference);

#endif
