/*
 * Response codes of the TPM and of the TSS's layers, in words and as a tpm_status. Hides their
 * encoding (TPM 2.0 Part 2, 6.6).
 */
#ifndef TPM_RESPONSE_H
#define TPM_RESPONSE_H

#include <stdbool.h>

#include <tss2/tss2_common.h>

#include "engine.h"

/* What a response means for whoever sent the command. @rc is not success. */
enum response_kind {
	RESPONSE_REFUSAL,   /* the TPM understood and said no */
	RESPONSE_BAD_INPUT, /* no: what it was given to work on is no good */
	RESPONSE_STALE,	    /* it does not know the object or session we named */
	RESPONSE_NO_ROOM,   /* no free slot for an object or session */
	RESPONSE_NOT_READY, /* TPM2_Startup is missing */
	RESPONSE_LOST,	    /* nothing sensible came back: the connection is of no use */
};

enum response_kind response_kind(TSS2_RC rc);

[[nodiscard]] enum tpm_status response_status(TSS2_RC rc);

/* "the TPM refused @doing: …", with what to do where there is something. */
void response_describe(TSS2_RC rc, const char *doing, char ret_error[TPM_ERROR_MAX]);

#endif
