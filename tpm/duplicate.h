/*
 * A private key from outside, as TPM2_Import takes it: the public area, and the sensitive area
 * in an outer wrapper whose seed only the new parent can recover (TPM 2.0 Part 1, 23.3), so that
 * the key is never readable between here and the TPM. Hides PKCS#8 and the wrapper's layout.
 */
#ifndef TPM_DUPLICATE_H
#define TPM_DUPLICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tss2/tss2_tpm2_types.h>

#include "key.h"

enum duplicate_status {
	DUPLICATE_OK = 0,
	DUPLICATE_MALFORMED,   /* no private key, or halves that don't belong together */
	DUPLICATE_UNSUPPORTED, /* a key that no TPM of ours holds: see enum tpm_algorithm */
	DUPLICATE_NOMEM,
};

struct duplicate {
	enum tpm_algorithm algorithm;
	TPMU_PUBLIC_ID unique;
	TPMU_SENSITIVE_COMPOSITE secret;
	/* once wrapped */
	TPM2B_PUBLIC public; /* may move: neither fixedTPM nor sensitiveDataOrigin */
	TPM2B_PRIVATE wrapped;
	TPM2B_ENCRYPTED_SECRET seed;
};

/*
 * @pkcs8: a PrivateKeyInfo (RFC 5208), DER; RSA with two primes of one length and exponent 65537,
 * or a named curve.
 */
[[nodiscard]] enum duplicate_status duplicate_read_key(const uint8_t *pkcs8, size_t len,
						       struct duplicate *ret_duplicate);

/*
 * The rest. @parent: our primary, or another P-256 storage key with AES-128-CFB and SHA-256;
 * @auth: what the key is to be used with. False: another parent, or no memory.
 */
bool duplicate_wrap(struct duplicate *duplicate, unsigned usage, const uint8_t auth[TPM_AUTH_MAX],
		    const TPMT_PUBLIC *parent);

/* Wipes it. */
void duplicate_forget(struct duplicate *duplicate);

#endif
