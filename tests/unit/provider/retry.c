#include "retry.h"

#include <criterion/criterion.h>

#define DEADLINE 30000

/* How many tries @status gets when each fails as soon as it is made, and until when. */
static unsigned tries(enum ks_status status, int64_t lost_at, int64_t *ret_end)
{
	struct retry retry = {.deadline = DEADLINE};
	unsigned count = 0;
	int64_t now = 1000;

	while (retry_after(&retry, status, now, lost_at, &now))
		count++;
	*ret_end = now;
	return count;
}

Test(retry, waits_for_what_comes_back_by_itself)
{
	int64_t end;

	cr_expect_eq(tries(KS_UNAVAILABLE, 0, &end), 20);
	cr_expect_eq(end, 3000);
	cr_expect_eq(tries(KS_UNREACHABLE, 500, &end), 30);
	cr_expect_eq(end, 2500, "two seconds after the connection was lost");
	cr_expect(tries(KS_BUSY, 0, &end) > 1000);
	cr_expect(end < DEADLINE && end >= DEADLINE - 20);
}

Test(retry, tells_at_once_who_was_never_connected)
{
	int64_t end;

	cr_expect_eq(tries(KS_UNREACHABLE, 0, &end), 0);
}

Test(retry, gives_up_on_what_ends_connections)
{
	int64_t end;

	cr_expect_eq(tries(KS_DISCONNECTED, 900, &end), 3);
}

Test(retry, takes_a_refusal_for_an_answer)
{
	static const enum ks_status refusals[] = {
		KS_INVALID,  KS_UNSUPPORTED,	KS_DENIED, KS_NOT_FOUND, KS_LIMIT,    KS_DEADLINE,
		KS_CONFLICT, KS_DECRYPT_FAILED, KS_TPM,	   KS_INTERNAL,	 KS_PROTOCOL, KS_NOMEM,
	};
	int64_t end;

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		cr_expect_eq(tries(refusals[i], 900, &end), 0);
}

Test(retry, does_not_try_beyond_the_deadline)
{
	struct retry retry = {.deadline = 1050};
	int64_t due = -1;

	cr_expect_not(retry_after(&retry, KS_UNAVAILABLE, 1000, 0, &due));
	cr_expect_eq(due, -1);
}
