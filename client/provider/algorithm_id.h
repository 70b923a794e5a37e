/* The AlgorithmIdentifier of a signature (RFC 3279, 4055, 5758), DER. */
#ifndef PROVIDER_ALGORITHM_ID_H
#define PROVIDER_ALGORITHM_ID_H

#include <stddef.h>

#include "hash.h"

enum algorithm_kind { ALGORITHM_PKCS1, ALGORITHM_PSS, ALGORITHM_ECDSA };

/* PSS: MGF1 and salt are of the hash. OPENSSL_free() it. NULL: no memory. */
unsigned char *algorithm_id(enum algorithm_kind kind, const struct hash *hash, size_t *ret_len);

#endif
