#include "response.h"

#include <stdio.h>
#include <string.h>

#include <tss2/tss2_rc.h>
#include <tss2/tss2_tpm2_types.h>

/* Format-one codes name a parameter, session or handle in their upper bits. */
#define FORMAT_ONE	0x080u
#define FORMAT_ONE_MASK 0x0bfu

struct response {
	TSS2_RC rc; /* without the number of the parameter, session or handle */
	enum response_kind kind;
	enum tpm_status status;
	const char *advice;
};

static const struct response responses[] = {
	{TPM2_RC_LOCKOUT, RESPONSE_REFUSAL, TPM_REFUSED,
	 "too many wrong authorisations; wait, or reset it with tpm2_dictionarylockout -c"},
	{TPM2_RC_OBJECT_MEMORY, RESPONSE_NO_ROOM, TPM_FULL,
	 "every object slot is taken by other programs; end them, use /dev/tpmrm0, or "
	 "tpm2_flushcontext -t"},
	{TPM2_RC_SESSION_MEMORY, RESPONSE_NO_ROOM, TPM_FULL,
	 "every session slot is taken by other programs; tpm2_flushcontext -l frees them"},
	{TPM2_RC_SESSION_HANDLES, RESPONSE_NO_ROOM, TPM_FULL,
	 "every session slot is taken by other programs; tpm2_flushcontext -s frees them"},
	{TPM2_RC_OBJECT_HANDLES, RESPONSE_NO_ROOM, TPM_FULL, "no object handles are left"},
	{TPM2_RC_NV_SPACE, RESPONSE_REFUSAL, TPM_FULL,
	 "no room for another persistent object; unpin a key, or free one with tpm2_evictcontrol"},
	{TPM2_RC_NV_DEFINED, RESPONSE_REFUSAL, TPM_CONFLICT, "the persistent handle is taken"},
	{TPM2_RC_REFERENCE_H0, RESPONSE_STALE, TPM_REFUSED, NULL},
	{TPM2_RC_REFERENCE_H1, RESPONSE_STALE, TPM_REFUSED, NULL},
	{TPM2_RC_REFERENCE_H2, RESPONSE_STALE, TPM_REFUSED, NULL},
	{TPM2_RC_REFERENCE_S0, RESPONSE_STALE, TPM_REFUSED, NULL},
	{TPM2_RC_REFERENCE_S1, RESPONSE_STALE, TPM_REFUSED, NULL},
	{TPM2_RC_REFERENCE_S2, RESPONSE_STALE, TPM_REFUSED, NULL},
	{TPM2_RC_CONTEXT_GAP, RESPONSE_STALE, TPM_REFUSED, NULL},
	{TPM2_RC_HANDLE, RESPONSE_STALE, TPM_REFUSED, NULL},
	{TPM2_RC_INITIALIZE, RESPONSE_NOT_READY, TPM_UNAVAILABLE, NULL},
	{TPM2_RC_FAILURE, RESPONSE_REFUSAL, TPM_UNAVAILABLE,
	 "the TPM is in failure mode; only a power cycle helps"},
	/* A handle whose slot was refilled answers with another key's authorisation failure. */
	{TPM2_RC_BAD_AUTH, RESPONSE_STALE, TPM_BAD_AUTH, NULL},
	{TPM2_RC_AUTH_FAIL, RESPONSE_STALE, TPM_BAD_AUTH, NULL},
	{TPM2_RC_INTEGRITY, RESPONSE_REFUSAL, TPM_REFUSED,
	 "another TPM wrapped this key, or this TPM's owner hierarchy was cleared since"},
	{TPM2_RC_SCHEME, RESPONSE_REFUSAL, TPM_UNSUPPORTED, NULL},
	{TPM2_RC_HASH, RESPONSE_REFUSAL, TPM_UNSUPPORTED, NULL},
	{TPM2_RC_KEY_SIZE, RESPONSE_REFUSAL, TPM_UNSUPPORTED, NULL},
	{TPM2_RC_CURVE, RESPONSE_REFUSAL, TPM_UNSUPPORTED, NULL},
	{TPM2_RC_COMMAND_CODE, RESPONSE_REFUSAL, TPM_UNSUPPORTED, NULL},
	{TPM2_RC_ASYMMETRIC, RESPONSE_REFUSAL, TPM_UNSUPPORTED, NULL},
	{TPM2_RC_ATTRIBUTES, RESPONSE_REFUSAL, TPM_UNSUPPORTED, NULL},
};

static bool is_from_tpm(TSS2_RC rc)
{
	TSS2_RC layer = rc & TSS2_RC_LAYER_MASK;

	return layer == TSS2_TPM_RC_LAYER || layer == TSS2_RESMGR_TPM_RC_LAYER;
}

static const struct response *response_find(TSS2_RC rc)
{
	TSS2_RC code = rc & ~TSS2_RC_LAYER_MASK;

	if (code & FORMAT_ONE)
		code &= FORMAT_ONE_MASK;
	for (size_t i = 0; is_from_tpm(rc) && i < sizeof(responses) / sizeof(*responses); i++)
		if (responses[i].rc == code)
			return &responses[i];
	return NULL;
}

enum response_kind response_kind(TSS2_RC rc)
{
	const struct response *response = response_find(rc);

	if (!is_from_tpm(rc))
		return RESPONSE_LOST;
	/* A TPM 2.0 never answers so small a number: this came from something else. */
	if (!(rc & (FORMAT_ONE | 0x100u)))
		return RESPONSE_LOST;
	if (response)
		return response->kind;
	return rc & FORMAT_ONE ? RESPONSE_BAD_INPUT : RESPONSE_REFUSAL;
}

enum tpm_status response_status(TSS2_RC rc)
{
	const struct response *response = response_find(rc);

	if (response_kind(rc) == RESPONSE_LOST)
		return TPM_UNAVAILABLE;
	return response ? response->status : TPM_REFUSED;
}

void response_describe(TSS2_RC rc, const char *doing, char ret_error[TPM_ERROR_MAX])
{
	const struct response *response = response_find(rc);
	const char *words = Tss2_RC_Decode(rc);
	const char *advice = response ? response->advice : NULL;

	if (response_kind(rc) == RESPONSE_LOST)
		snprintf(ret_error, TPM_ERROR_MAX, "the TPM stopped answering when asked %s",
			 doing);
	else
		snprintf(ret_error, TPM_ERROR_MAX, "the TPM refused %s: %s (0x%03x)%s%s", doing,
			 words, rc, advice ? "; " : "", advice ? advice : "");
}
