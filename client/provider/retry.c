#include "retry.h"

#include <stddef.h>

#define LOSSES_MAX 3

/* The patience counts from the first failure; where the service is away, from its loss. */
static const struct trouble {
	enum ks_status status;
	int delay_ms;
	int patience_ms;
} troubles[] = {
	{KS_BUSY, 20, INT32_MAX},
	{KS_UNAVAILABLE, 100, 2000},
	/* A process that dies closes its connections before its listening socket. */
	{KS_DISCONNECTED, 20, 2000},
	{KS_UNREACHABLE, 50, 2000},
};

static const struct trouble *trouble_of(enum ks_status status)
{
	for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++)
		if (troubles[i].status == status)
			return &troubles[i];
	return NULL;
}

bool retry_after(struct retry *retry, enum ks_status status, int64_t now, int64_t lost_at,
		 int64_t *ret_due)
{
	const struct trouble *trouble = trouble_of(status);
	int64_t since;

	if (!trouble)
		return false;
	if (!retry->trouble_at)
		retry->trouble_at = now;
	/* What makes the service die shall not do so for long. */
	if (status == KS_DISCONNECTED && ++retry->losses > LOSSES_MAX)
		return false;
	since = status == KS_UNREACHABLE ? lost_at : retry->trouble_at;
	/* Who never had a connection is told at once. */
	if (!since || now >= since + trouble->patience_ms ||
	    now + trouble->delay_ms >= retry->deadline)
		return false;
	*ret_due = now + trouble->delay_ms;
	return true;
}
