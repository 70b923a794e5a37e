/*
 * The key file "TSS2 PRIVATE KEY" (draft-bottomley-tpm2-keys) as ASN.1. Hides the template;
 * knows nothing of what is inside the two blobs.
 */
#ifndef TPM_TSS2FILE_H
#define TPM_TSS2FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tss2/tss2_tpm2_types.h>

/* The parent that means: the owner-hierarchy P-256 primary of the draft's template. */
#define TSS2FILE_PARENT_OWNER TPM2_RH_OWNER

enum tss2file_status {
	TSS2FILE_OK = 0,
	TSS2FILE_MALFORMED,
	TSS2FILE_NOT_LOADABLE, /* importable or sealed: another kind of object */
	TSS2FILE_POLICY,       /* protected by a policy */
};

struct tss2file {
	bool empty_auth;
	uint32_t parent;
	TPM2B_PUBLIC public;
	TPM2B_PRIVATE private;
};

[[nodiscard]] enum tss2file_status tss2file_decode(const uint8_t *der, size_t len,
						   struct tss2file *ret_file);

/* The DER is malloc()ed. False: no memory. */
bool tss2file_encode(const struct tss2file *file, uint8_t **ret_der, size_t *ret_len);

#endif
