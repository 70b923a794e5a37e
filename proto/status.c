#include "status.h"

#include <stddef.h>

static const char *const names[STATUS_COUNT] = {
	[STATUS_OK] = "ok",
	[STATUS_INVALID] = "invalid",
	[STATUS_UNSUPPORTED] = "unsupported",
	[STATUS_DENIED] = "denied",
	[STATUS_NOT_FOUND] = "not found",
	[STATUS_EXISTS] = "exists",
	[STATUS_LIMIT] = "limit reached",
	[STATUS_BUSY] = "busy",
	[STATUS_UNAVAILABLE] = "unavailable",
	[STATUS_DEADLINE] = "deadline passed",
	[STATUS_CONFLICT] = "conflict",
	[STATUS_DECRYPT_FAILED] = "decryption failed",
	[STATUS_STORAGE] = "storage failure",
	[STATUS_TPM] = "refused by the TPM",
	[STATUS_INTERNAL] = "internal error",
};

const char *status_name(int status)
{
	if (status < 0 || status >= STATUS_COUNT || !names[status])
		return "unknown";
	return names[status];
}
