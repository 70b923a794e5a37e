/*
 * EMSA-PSS (RFC 8017 9.1.1) with MGF1 of the same hash and a salt as long as the digest, for
 * TPMs that can do RSA but choose another salt length. OpenSSL has this only for its own keys.
 */
#ifndef TPM_PSS_H
#define TPM_PSS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "key.h"

/*
 * Encodes @digest for a modulus of @modulus_bits (a multiple of 8) into modulus_bits / 8
 * bytes. False: the modulus is too short for the hash, or there is no randomness.
 */
bool pss_encode(enum tpm_hash hash, const uint8_t *digest, size_t modulus_bits,
		uint8_t *ret_encoded);

#endif
