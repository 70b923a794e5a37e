/*
 * TPM commands and responses as plain bytes (TPM 2.0 Part 1, 18; Part 3). Hides offsets and
 * byte order. Uses no TSS, so that tests see what goes over the wire and not what the library
 * under test believes.
 */
#ifndef PROXY_COMMAND_H
#define PROXY_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TPM_HEADER	10
#define TPM_MESSAGE_MAX 8192

enum {
	TPM_ST_NO_SESSIONS = 0x8001,
	TPM_ST_SESSIONS = 0x8002,
};

/* TPM 2.0 Part 2, 6.5.2: those that are named, timed or understood here. */
enum tpm_cc {
	TPM_CC_EvictControl = 0x120,
	TPM_CC_CreatePrimary = 0x131,
	TPM_CC_Create = 0x153,
	TPM_CC_Import = 0x156,
	TPM_CC_Load = 0x157,
	TPM_CC_RSA_Decrypt = 0x159,
	TPM_CC_Sign = 0x15d,
	TPM_CC_ContextLoad = 0x161,
	TPM_CC_FlushContext = 0x165,
	TPM_CC_LoadExternal = 0x167,
	TPM_CC_ReadPublic = 0x173,
	TPM_CC_CreateLoaded = 0x191,
};

uint16_t get_u16(const uint8_t *at);
uint32_t get_u32(const uint8_t *at);
uint8_t *put_u16(uint8_t *at, uint16_t value); /* both return where the next value goes */
uint8_t *put_u32(uint8_t *at, uint32_t value);

/* Length of a whole message by its header; 0: fewer than 10 bytes so far, or nonsense. */
size_t message_length(const uint8_t *bytes, size_t have);

/* Command code, or response code; 0 for a message without one. */
uint32_t message_code(const uint8_t *bytes, size_t len);

/* The first handle of a command or response; 0: it has none that fits. */
uint32_t message_handle(const uint8_t *bytes, size_t len);

/* "Sign", "Create", … or NULL. */
const char *command_name(uint32_t code);

/* By name ("sign", case ignored) or number; 0: unknown. */
uint32_t command_from_name(const char *name);

/* A response of nothing but @rc; returns its length. */
size_t response_error(uint32_t rc, uint8_t *ret_response);

#endif
