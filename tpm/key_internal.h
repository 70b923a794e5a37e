/* What only tpm/ sees of a key: the TPM's structures and the verifier. */
#ifndef TPM_KEY_INTERNAL_H
#define TPM_KEY_INTERNAL_H

#include <tss2/tss2_tpm2_types.h>

#include "key.h"

const TPM2B_PUBLIC *key_public_area(const struct tpm_key *key);
const TPM2B_PRIVATE *key_private_area(const struct tpm_key *key);

/* A key from what the TPM returned. NULL: no memory, or not one of our algorithms. */
struct tpm_key *key_from_areas(uint64_t id, const TPM2B_PUBLIC *public,
			       const TPM2B_PRIVATE *private, const uint8_t *auth, size_t auth_len);

enum key_verdict {
	KEY_VERIFIES,
	KEY_VERIFIES_OTHER_SALT, /* a PSS signature whose salt is not as long as the digest */
	KEY_DOES_NOT_VERIFY,
};

/* Keeps its OpenSSL context for the next time: one thread at a time. */
enum key_verdict key_verify(struct tpm_key *key, enum tpm_hash hash, enum tpm_padding padding,
			    const uint8_t *digest, size_t digest_len, const uint8_t *signature,
			    size_t signature_len);

#endif
