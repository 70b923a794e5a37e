/*
 * Bytes that wait to be taken, up to a maximum. Hides where they are kept; grows with what waits,
 * and lets go of it when nothing does.
 */
#ifndef COMMON_BYTE_QUEUE_H
#define COMMON_BYTE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

/* Zeros: an empty one. */
struct byte_queue {
	char *bytes;
	size_t start, end, capacity;
};

void byte_queue_clear(struct byte_queue *queue);

static inline size_t byte_queue_waiting(const struct byte_queue *queue)
{
	return queue->end - queue->start;
}

/* All of it or nothing. False: no memory, or more than @max bytes would wait. */
[[nodiscard]] bool byte_queue_add(struct byte_queue *queue, const char *bytes, size_t len,
				  size_t max);

/* What waits longest; then says how much of it is gone. */
const char *byte_queue_first(const struct byte_queue *queue);
void byte_queue_took(struct byte_queue *queue, size_t len);

#endif
