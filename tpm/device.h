/*
 * The connection to one TPM, from opening it to its orderly shutdown. Hides how its facts are
 * asked, how the encrypted session is kept, and how a reset behind our back is noticed. Used by
 * the TPM thread only.
 */
#ifndef TPM_DEVICE_H
#define TPM_DEVICE_H

#include <stdbool.h>

#include <tss2/tss2_esys.h>

#include "engine.h"
#include "tcti.h"

/* The RSAPSS salt that this TPM makes (TPM 2.0 Part 1, B.7: it may be the largest possible). */
enum device_salt { DEVICE_SALT_UNKNOWN, DEVICE_SALT_DIGEST, DEVICE_SALT_OTHER };

struct device {
	const struct tpm_config *config;
	struct tcti_watch *watch;
	TSS2_TCTI_CONTEXT *tcti;
	ESYS_CONTEXT *esys; /* NULL: not open */
	ESYS_TR session;
	unsigned session_uses;
	uint32_t reset_count, restart_count;
	enum device_salt salt;
	struct tpm_facts facts;
};

/*
 * Opens, starts the TPM up if nobody did, and asks for its facts. On failure the device is
 * closed and ret_error says why.
 */
[[nodiscard]] enum tpm_status device_open(struct device *device, const struct tpm_config *config,
					  struct tcti_watch *watch, char ret_error[TPM_ERROR_MAX]);

/* @is_orderly: ends our session and sends TPM2_Shutdown first. Closed already: fine. */
void device_close(struct device *device, bool is_orderly);

/* Whether the TPM lost what was loaded since device_open(); also true if it doesn't answer. */
bool device_was_reset(struct device *device);

/* Asks again for what changes: lockout, room for persistent objects. */
[[nodiscard]] TSS2_RC device_refresh(struct device *device);

/*
 * A session salted with @parent (an ESYS object that decrypts) that encrypts parameters both
 * ways, with those of @attributes (TPMA_SESSION_DECRYPT, _ENCRYPT) set. One is kept and used
 * again.
 */
[[nodiscard]] TSS2_RC device_session(struct device *device, ESYS_TR parent, TPMA_SESSION attributes,
				     ESYS_TR *ret_session);
bool device_has_session(const struct device *device);
/* After a command with the session failed: its nonces may be out of step. */
void device_session_drop(struct device *device);

#endif
