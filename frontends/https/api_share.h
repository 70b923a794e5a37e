/*
 * One answer for all who ask the same at the same time. Hides who waits for whom.
 *
 * Whoever asks while an equal question is under way waits for the next one, which starts when that
 * has ended: so no answer is older than its question, and an answer never goes to somebody who has
 * lost the right to it before he asked.
 */
#ifndef HTTPS_API_SHARE_H
#define HTTPS_API_SHARE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#define API_SHARE_KEY_BYTES   32
#define API_SHARE_WAITING_MAX 1024 /* of all questions together */

struct api_share;
struct api_share_batch;

struct api_share_member {
	TAILQ_ENTRY(api_share_member) entry;
	struct api_share_batch *batch;
};

TAILQ_HEAD(api_share_members, api_share_member);

enum api_share_turn {
	API_SHARE_STARTS, /* ask, then api_share_end() */
	API_SHARE_WAITS,  /* another's api_share_end() brings it back */
	API_SHARE_FULL,	  /* too many wait, or no memory: it is in no batch */
};

struct api_share *api_share_new(void);	      /* NULL: no memory */
void api_share_free(struct api_share *share); /* once it is empty; NULL is fine */

/* @key: a digest of the question, and of who asks. */
[[nodiscard]] enum api_share_turn api_share_enter(struct api_share *share,
						  const uint8_t key[API_SHARE_KEY_BYTES],
						  struct api_share_member *member);

/*
 * @member, which had started, has its answer; it is for all that @ret_answered then has, @member
 * included, which are in no batch any more. Returns who has to start now, for those who came
 * meanwhile; NULL: nobody.
 */
[[nodiscard]] struct api_share_member *api_share_end(struct api_share *share,
						     struct api_share_member *member,
						     struct api_share_members *ret_answered);

#endif
