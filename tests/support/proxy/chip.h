/*
 * How long a real chip takes for a command. Hides the published figures and the estimates.
 */
#ifndef PROXY_CHIP_H
#define PROXY_CHIP_H

#include <stdint.h>

enum key_type { KEY_UNKNOWN, KEY_RSA_2048, KEY_RSA_LARGER, KEY_EC_P256, KEY_EC_LARGER };

struct chip;

/* "slb9670", …; NULL: no such profile. */
const struct chip *chip_find(const char *name);

/* Names of all profiles, separated by spaces. */
const char *chip_names(void);

/* Microseconds from command to response; @type is that of the key used or to be made. */
uint64_t chip_latency_us(const struct chip *chip, uint32_t command, enum key_type type);

#endif
