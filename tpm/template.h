/* The public areas that we ask the TPM to make. Hides attributes and schemes. */
#ifndef TPM_TEMPLATE_H
#define TPM_TEMPLATE_H

#include <stdbool.h>

#include <tss2/tss2_tpm2_types.h>

#include "key.h"

/*
 * What parent 0x40000001 stands for: TCG's H-2 (ECC P-256, AES-128-CFB) with noDA and a
 * zero-size unique field. Any other makes another primary, and other programs' keys useless.
 */
TPM2B_PUBLIC template_primary(void);
bool template_is_primary(const TPMT_PUBLIC *public);

/* @usage: TPM_USE_*. Bound to this TPM; noDA, since a random auth value needs no lockout. */
TPM2B_PUBLIC template_key(enum tpm_algorithm algorithm, unsigned usage);

#endif
