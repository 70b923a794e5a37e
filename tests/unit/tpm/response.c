#include <criterion/criterion.h>

#include <string.h>

#include <tss2/tss2_esys.h>
#include <tss2/tss2_tcti.h>

#include "response.h"

struct expectation {
	TSS2_RC rc;
	enum response_kind kind;
	enum tpm_status status;
	const char *words;
};

static const struct expectation expectations[] = {
	{0x921, RESPONSE_REFUSAL, TPM_REFUSED, "dictionarylockout"},
	{0x902, RESPONSE_NO_ROOM, TPM_FULL, "object slot"},
	{0x903, RESPONSE_NO_ROOM, TPM_FULL, "session slot"},
	{0x14b, RESPONSE_REFUSAL, TPM_FULL, "unpin"},
	{0x14c, RESPONSE_REFUSAL, TPM_CONFLICT, "taken"},
	{0x910, RESPONSE_STALE, TPM_REFUSED, "0x910"},
	{0x18b, RESPONSE_STALE, TPM_REFUSED, "handle"},
	{0x9a2, RESPONSE_STALE, TPM_BAD_AUTH, "authorization"},
	{0x98e, RESPONSE_STALE, TPM_BAD_AUTH, "authorization"},
	{0x1df, RESPONSE_REFUSAL, TPM_REFUSED, "another TPM"},
	{0x1d5, RESPONSE_BAD_INPUT, TPM_REFUSED, "0x1d5"},
	{0x100, RESPONSE_NOT_READY, TPM_UNAVAILABLE, "0x100"},
	{TSS2_TCTI_RC_IO_ERROR, RESPONSE_LOST, TPM_UNAVAILABLE, "stopped answering"},
	{TSS2_ESYS_RC_BAD_SEQUENCE, RESPONSE_LOST, TPM_UNAVAILABLE, "stopped answering"},
	/* What a TPM 1.2, or a dying emulator, answers. */
	{0x009, RESPONSE_LOST, TPM_UNAVAILABLE, "stopped answering"},
};

Test(response, is_classified_and_put_into_words)
{
	char error[TPM_ERROR_MAX];

	for (size_t i = 0; i < sizeof(expectations) / sizeof(*expectations); i++) {
		const struct expectation *expected = &expectations[i];

		response_describe(expected->rc, "to sign", error);

		cr_assert_eq(response_kind(expected->rc), expected->kind, "0x%x", expected->rc);
		cr_assert_eq(response_status(expected->rc), expected->status, "0x%x", expected->rc);
		cr_assert_not_null(strstr(error, expected->words), "0x%x: %s", expected->rc, error);
		cr_assert_not_null(strstr(error, "to sign"), "%s", error);
	}
}
