/*
 * What peers may cost before they have shown who they are: by address how much of theirs waits at a
 * time, and how soon they may come again with what has failed. A certificate is public and so is what
 * was sent over a network before, so that both prove nothing. Hides how failures are counted, and
 * that only so many can be. Pure; times in microseconds.
 */
#ifndef OPCUA_THROTTLE_H
#define OPCUA_THROTTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define THROTTLE_COUNTS	   1024	 /* addresses, and what came from there, with failures */
#define THROTTLE_SPREAD	   4	 /* so many times as much is free for an address in all */
#define THROTTLE_WAIT_MS   60000 /* waits double up to this */
#define THROTTLE_FORGET_MS 900000
#define THROTTLE_LEAK_MS   30000 /* an address in all is forgiven one failure */
#define THROTTLE_SEEN	   1024	 /* messages that are known again */
#define THROTTLE_PLACES	   256	 /* at most, whatever the limits say */

struct throttle_limits {
	unsigned places, places_of_address; /* how much waits at a time */
	unsigned free;			    /* failures with the same that cost no time */
};

struct throttle;

/* NULL: no memory. */
struct throttle *throttle_new(const struct throttle_limits *limits);
void throttle_free(struct throttle *throttle);

/*
 * A place for what waits, until throttle_leave(); IPv6 addresses of one /64 are one. False: there is
 * none left.
 */
bool throttle_enter(struct throttle *throttle, const char *address);
void throttle_leave(struct throttle *throttle, const char *address);

/* How many milliseconds it takes until @what (a certificate, a user) may be tried from @address; 0: now. */
uint64_t throttle_wait(struct throttle *throttle, const char *address, const uint8_t *what,
		       size_t len, uint64_t now);
/* What came of it. */
void throttle_wrong(struct throttle *throttle, const char *address, const uint8_t *what, size_t len,
		    uint64_t now);
void throttle_right(struct throttle *throttle, const char *address, const uint8_t *what, size_t len,
		    uint64_t now);

/* Whether these very bytes were there lately, which nobody sends twice. They are remembered. */
bool throttle_seen(struct throttle *throttle, const uint8_t *bytes, size_t len);

#endif
