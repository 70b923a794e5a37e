#include "byte_queue.h"

#include <stdlib.h>
#include <string.h>

#define CAPACITY_FIRST 4096

void byte_queue_clear(struct byte_queue *queue)
{
	free(queue->bytes);
	*queue = (struct byte_queue){0};
}

/* Room for @len bytes behind the last. */
static bool make_room(struct byte_queue *queue, size_t len)
{
	size_t waiting = byte_queue_waiting(queue);
	size_t capacity = queue->capacity ? queue->capacity : CAPACITY_FIRST;
	char *grown;

	if (queue->capacity - queue->end >= len)
		return true;
	if (waiting)
		memmove(queue->bytes, queue->bytes + queue->start, waiting);
	queue->start = 0;
	queue->end = waiting;
	/* Mostly empty afterwards, so that the next few bytes move nothing. */
	while (capacity - waiting < len || waiting > capacity / 2)
		capacity *= 2;
	if (capacity == queue->capacity)
		return true;
	grown = realloc(queue->bytes, capacity);
	if (!grown)
		return false;
	queue->bytes = grown;
	queue->capacity = capacity;
	return true;
}

bool byte_queue_add(struct byte_queue *queue, const char *bytes, size_t len, size_t max)
{
	if (len > max || byte_queue_waiting(queue) > max - len || !make_room(queue, len))
		return false;
	memcpy(queue->bytes + queue->end, bytes, len);
	queue->end += len;
	return true;
}

const char *byte_queue_first(const struct byte_queue *queue)
{
	return queue->bytes + queue->start;
}

void byte_queue_took(struct byte_queue *queue, size_t len)
{
	queue->start += len;
	if (queue->start == queue->end)
		byte_queue_clear(queue);
}
