/*
 * The public half of a TPM object: from the TPM's structure to OpenSSL's, its name, and
 * whether a signature verifies. Hides the field layouts of both sides.
 */
#ifndef TPM_PUBLIC_H
#define TPM_PUBLIC_H

#include <openssl/evp.h>
#include <tss2/tss2_tpm2_types.h>

#include "key.h"

/* Key sizes and curves, in the TPM's numbers. */
bool public_is_rsa(enum tpm_algorithm algorithm);
UINT16 public_rsa_bits(enum tpm_algorithm algorithm);
TPMI_ECC_CURVE public_curve(enum tpm_algorithm algorithm);
const char *public_group(enum tpm_algorithm algorithm); /* the curve, as OpenSSL calls it */
TPMI_ALG_HASH public_hash_alg(enum tpm_hash hash);
const EVP_MD *public_hash_md(enum tpm_hash hash);

/* 0: not one of ours. */
enum tpm_algorithm public_algorithm(const TPMT_PUBLIC *public);

/* NULL: not one of ours, a point off the curve, or no memory. */
EVP_PKEY *public_to_pkey(const TPMT_PUBLIC *public);

/* nameAlg and the digest of the public area (TPM 2.0 Part 1, 16). */
bool public_name(const TPMT_PUBLIC *public, struct tpm_name *ret_name);

/*
 * The TPM's signature in its wire form: RSA octets as long as the modulus, or ECDSA-Sig-Value.
 * False: it is of another kind, or longer than @max.
 */
bool public_signature_encode(const TPMT_SIGNATURE *signature, enum tpm_algorithm algorithm,
			     size_t max, uint8_t *ret_bytes, size_t *ret_len);

/* @salt_len: of PSS; EVP's RSA_PSS_SALTLEN_* are fine. */
EVP_PKEY_CTX *public_verifier_new(EVP_PKEY *pkey, enum tpm_hash hash, enum tpm_padding padding,
				  int salt_len);

#endif
