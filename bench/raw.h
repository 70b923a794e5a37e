/*
 * The yardstick: a program that does nothing but sign with the TPM, by ESYS alone, with a
 * password session and a persistent key. With tpm/ the only place that knows the TSS.
 */
#ifndef BENCH_RAW_H
#define BENCH_RAW_H

#include <stdint.h>

enum raw_kind { RAW_EC_P256, RAW_RSA_2048 };

struct raw;

/* Opens the TPM and makes a key of each kind. Never fails: says what went wrong and exits. */
struct raw *raw_open(const char *tcti);
void raw_close(struct raw *raw);

/* One TPM2_Sign of a SHA-256 digest: ECDSA, or RSASSA. */
void raw_sign(struct raw *raw, enum raw_kind kind, const uint8_t digest[32]);

#endif
