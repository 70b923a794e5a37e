/*
 * TRCV_C: cuts what comes into messages of a block's size, and checks them. Hides the part of a
 * message that waits for its rest, which has memory only meanwhile.
 */
#ifndef OUC_RECEIVER_H
#define OUC_RECEIVER_H

#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-event.h>

#include "data_block.h"
#include "stream.h"

#define RECEIVER_SCRATCH     ((size_t)DATA_BYTES_MAX + 1)
#define RECEIVER_TURN	     16 /* reads until others get their turn */
#define RECEIVER_PROBLEM_MAX 300

struct receiver_handler {
	void (*message)(const uint8_t *bytes, void *user); /* block->size, checked */
	void (*late)(void *user);			   /* the rest of a message did not come */
};

struct receiver;

/* @late_ms: until the rest of a message is there. NULL: no memory. */
struct receiver *receiver_new(sd_event *event, const struct data_block *block, uint32_t late_ms,
			      const struct receiver_handler *handler, void *user);
void receiver_free(struct receiver *receiver); /* NULL is fine */

enum receiver_result {
	RECEIVER_OK,	 /* until more comes */
	RECEIVER_ENDED,	 /* the peer sends no more, and all messages were whole */
	RECEIVER_CUT,	 /* it ended within a message: @problem */
	RECEIVER_BAD,	 /* what came is no such block: @problem; no message of it was told */
	RECEIVER_BROKEN, /* as STREAM_BROKEN */
	RECEIVER_NOMEM,
};

/* @scratch: RECEIVER_SCRATCH bytes that it may use meanwhile. Other than OK: receiver_reset(). */
[[nodiscard]] enum receiver_result receiver_read(struct receiver *receiver, struct stream *stream,
						 uint8_t *scratch,
						 char problem[RECEIVER_PROBLEM_MAX]);

bool receiver_is_within(const struct receiver *receiver); /* a message, of which a part came */

/* Forgets the part. */
void receiver_reset(struct receiver *receiver);

#endif
