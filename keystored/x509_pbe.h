/*
 * What is encrypted with a password (PKCS#5, PKCS#12): whether we can open it, and what that
 * costs. Hides the parameters of the algorithms. A file says itself how often its password is
 * to be hashed, so a hostile one could keep us busy for hours.
 */
#ifndef X509_PBE_H
#define X509_PBE_H

#include <openssl/types.h>

/* Rounds of hashing that all parts of a file may take together: a few seconds at most. */
#define PBE_ROUNDS_MAX 3000000u

enum pbe_status {
	PBE_OK = 0,
	PBE_UNSUPPORTED, /* an algorithm that OpenSSL does not have, or has as legacy only */
	PBE_TOO_COSTLY,
	PBE_MALFORMED,
};

/* Takes what @algorithm costs off *@rounds, which begins as PBE_ROUNDS_MAX. */
[[nodiscard]] enum pbe_status pbe_can_open(const X509_ALGOR *algorithm, unsigned *rounds);

/* The same for the key of a PKCS#12 file's MAC; @iterations NULL: one. */
[[nodiscard]] enum pbe_status pbe_can_verify(const X509_ALGOR *mac, const ASN1_INTEGER *iterations,
					     unsigned *rounds);

#endif
