/*
 * Whether a call that failed is tried again, and when. Pure: the time is given. Hides what may go
 * away by itself, and how long it is waited for: the program may stand still meanwhile.
 */
#ifndef PROVIDER_RETRY_H
#define PROVIDER_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "keystore.h"

/* What a call went through. Zero-initialise, but for the deadline. Times: ms, of one clock. */
struct retry {
	int64_t deadline;
	int64_t trouble_at; /* the first time that it failed; 0: never */
	unsigned losses;    /* connections that ended over it */
};

/*
 * @lost_at: when the last connection ended, 0: there was none yet. False: the failure is the
 * answer.
 */
bool retry_after(struct retry *retry, enum ks_status status, int64_t now, int64_t lost_at,
		 int64_t *ret_due);

#endif
