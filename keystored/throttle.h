/*
 * How soon a password may be tried again. Slows guessing down and locks nobody out: what one uid
 * got wrong counts for that uid alone, and there for the user tried and for where it came from
 * (an address that a front-end relays). Hides how failures are counted, and that only so many
 * can be: the rest of a uid's share one count. Pure; times in microseconds.
 */
#ifndef THROTTLE_H
#define THROTTLE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define THROTTLE_UIDS	   64	 /* the one that tried longest ago makes room */
#define THROTTLE_COUNTS	   256	 /* for each uid: users and origins with failures */
#define THROTTLE_FREE	   5	 /* failures for one user that cost no time */
#define THROTTLE_SPREAD	   20	 /* the same for one origin, whatever the users */
#define THROTTLE_WAIT_MS   60000 /* waits double up to this */
#define THROTTLE_FORGET_MS 900000

struct throttle;

/* NULL: no memory. */
struct throttle *throttle_new(void);
void throttle_free(struct throttle *throttle);

/*
 * Whether @user's password may be tried now: 0, and it counts as a failure until
 * throttle_right(). Else how many milliseconds to wait.
 */
uint64_t throttle_try(struct throttle *throttle, uid_t uid, const char *origin, const char *user,
		      uint64_t now);
void throttle_right(struct throttle *throttle, uid_t uid, const char *origin, const char *user,
		    uint64_t now);

#endif
