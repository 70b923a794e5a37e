/*
 * What is not done again at once: renewals that have failed, and those by which a certificate
 * follows a device whose addresses come and go. Hides how long each waits: the longer the more
 * often it was. Pure: times in, microseconds of one clock.
 */
#ifndef RETRIES_H
#define RETRIES_H

#include <stdbool.h>
#include <stdint.h>

#define RETRIES_MIN_USEC (600 * UINT64_C(1000000))
#define RETRIES_MAX_USEC (86400 * UINT64_C(1000000))
#define RETRIES_FREE	 4u    /* times in a day that a certificate follows without a wait */
#define RETRIES_MAX	 1024u /* certificates remembered */

struct retries;

struct retries *retries_new(void);	    /* NULL: no memory */
void retries_free(struct retries *retries); /* NULL is fine */

/* Whether this version is to wait still. */
bool retries_wait(const struct retries *retries, uint64_t id, uint32_t version, uint64_t now);

/* Whether this version has failed before. */
bool retries_has_failed(const struct retries *retries, uint64_t id, uint32_t version);

/* False: it cannot be remembered, and would be tried again at once. */
bool retries_failed(struct retries *retries, uint64_t id, uint32_t version, uint64_t now);

/* It has followed, and is of @version now. Where there is no room it is not remembered. */
void retries_followed(struct retries *retries, uint64_t id, uint32_t version, uint64_t now);

/* Nothing is known of it any more. */
void retries_forget(struct retries *retries, uint64_t id);

#endif
