/*
 * A TPM whose PSS salt is "the largest size allowed" (TPM 2.0 Part 1, B.7), as chips have it
 * and swtpm has not. Hides how a TPM2_Sign becomes a raw RSA operation and back.
 *
 * Works for keys that may also decrypt, used with a password; a signature by any other key
 * passes through with swtpm's own salt, for no command of a TPM does raw RSA with it.
 */
#ifndef PROXY_PSS_H
#define PROXY_PSS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keys.h"

/* Whether @command is a TPM2_Sign with RSAPSS. */
bool pss_is_sign(const uint8_t *command, size_t len);

/*
 * Turns it into TPM2_RSA_Decrypt of an encoding with the largest salt, in place; @command has
 * room for TPM_MESSAGE_MAX. *ret_hash is for pss_response(). False: nothing changed.
 */
bool pss_command(const struct key_facts *key, uint8_t *command, size_t *len, uint16_t *ret_hash);

/* Turns the response back into that of TPM2_Sign, in place; an error stays as it is. */
void pss_response(uint8_t *response, size_t *len, uint16_t hash);

#endif
