/*
 * TSEND_C: a message as it was when it was ordered, on its way out, and the cycles in which the
 * next is due. Hides the copy, which is there only meanwhile, and the timer.
 */
#ifndef OUC_SENDER_H
#define OUC_SENDER_H

#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-event.h>

#include "data_image.h"
#include "stream.h"

struct sender;

/* A cycle begins; @missed before it were not told, since the program had no time. */
typedef void sender_due_fn(uint64_t missed, void *user);

/* Sends what @image holds. @cycle_ms 0: it has no cycles. NULL: no memory. */
struct sender *sender_new(sd_event *event, const struct data_image *image, uint32_t cycle_ms,
			  sender_due_fn *due, void *user);
void sender_free(struct sender *sender); /* NULL is fine */

/* Whether cycles are told. They begin at a random moment, so that not all begin at once. */
void sender_run(struct sender *sender, bool runs);

/* Copies the image. False: no memory. Not while it is busy. */
[[nodiscard]] bool sender_order(struct sender *sender);

bool sender_is_busy(const struct sender *sender);    /* from the order to sender_end() */
bool sender_has_unsent(const struct sender *sender); /* bytes of it */

/* STREAM_OK: all of it is out, and still there. */
[[nodiscard]] enum stream_result sender_push(struct sender *sender, struct stream *stream);

/* NULL: it is not busy. */
const uint8_t *sender_message(const struct sender *sender);

/* The order is over, well or not. */
void sender_end(struct sender *sender);

#endif
