#include "receiver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct receiver {
	const struct data_block *block;
	struct receiver_handler handler;
	void *user;
	sd_event_source *timer;
	uint64_t late; /* microseconds */
	uint8_t *part; /* NULL: none */
	uint32_t have;
};

static int on_late(sd_event_source *source, uint64_t usec, void *user)
{
	struct receiver *receiver = user;

	(void)source;
	(void)usec;
	receiver->handler.late(receiver->user);
	return 0;
}

struct receiver *receiver_new(sd_event *event, const struct data_block *block, uint32_t late_ms,
			      const struct receiver_handler *handler, void *user)
{
	struct receiver *receiver = calloc(1, sizeof(*receiver));

	if (!receiver)
		return NULL;
	receiver->block = block;
	receiver->handler = *handler;
	receiver->user = user;
	receiver->late = late_ms * 1000ull;
	if (sd_event_add_time(event, &receiver->timer, CLOCK_MONOTONIC, UINT64_MAX, 0, on_late,
			      receiver) >= 0 &&
	    sd_event_source_set_enabled(receiver->timer, SD_EVENT_OFF) >= 0)
		return receiver;
	receiver_free(receiver);
	return NULL;
}

void receiver_free(struct receiver *receiver)
{
	if (!receiver)
		return;
	sd_event_source_disable_unref(receiver->timer);
	free(receiver->part);
	free(receiver);
}

bool receiver_is_within(const struct receiver *receiver)
{
	return receiver->part != NULL;
}

void receiver_reset(struct receiver *receiver)
{
	free(receiver->part);
	receiver->part = NULL;
	receiver->have = 0;
	(void)sd_event_source_set_enabled(receiver->timer, SD_EVENT_OFF);
}

static bool deliver(struct receiver *receiver, const uint8_t *bytes,
		    char problem[RECEIVER_PROBLEM_MAX])
{
	char why[DATA_PROBLEM_MAX];

	if (!data_block_check(receiver->block, bytes, why)) {
		snprintf(problem, RECEIVER_PROBLEM_MAX, "what came is no block %.40s: %s",
			 receiver->block->name, why);
		return false;
	}
	receiver->handler.message(bytes, receiver->user);
	return true;
}

/* From the first byte on, whatever trickles in afterwards. */
static bool begin_part(struct receiver *receiver)
{
	receiver->part = malloc(receiver->block->size);
	if (!receiver->part)
		return false;
	(void)sd_event_source_set_time_relative(receiver->timer, receiver->late);
	(void)sd_event_source_set_enabled(receiver->timer, SD_EVENT_ONESHOT);
	return true;
}

static enum receiver_result take(struct receiver *receiver, const uint8_t *bytes, size_t len,
				 char problem[RECEIVER_PROBLEM_MAX])
{
	uint32_t size = receiver->block->size;

	while (len) {
		size_t rest = size - receiver->have;
		size_t step = len < rest ? len : rest;

		/* A whole message in one piece needs no copy. */
		if (step == size) {
			if (!deliver(receiver, bytes, problem))
				return RECEIVER_BAD;
		} else {
			if (!receiver->part && !begin_part(receiver))
				return RECEIVER_NOMEM;
			memcpy(receiver->part + receiver->have, bytes, step);
			receiver->have += (uint32_t)step;
		}
		if (receiver->have == size) {
			if (!deliver(receiver, receiver->part, problem))
				return RECEIVER_BAD;
			receiver_reset(receiver);
		}
		bytes += step;
		len -= step;
	}
	return RECEIVER_OK;
}

static enum receiver_result end(const struct receiver *receiver, char problem[RECEIVER_PROBLEM_MAX])
{
	if (!receiver->part)
		return RECEIVER_ENDED;
	snprintf(problem, RECEIVER_PROBLEM_MAX,
		 "the peer ended the connection within a message: %u of the %u bytes of block "
		 "%.63s came; does it send the same block?",
		 receiver->have, receiver->block->size, receiver->block->name);
	return RECEIVER_CUT;
}

enum receiver_result receiver_read(struct receiver *receiver, struct stream *stream,
				   uint8_t *scratch, char problem[RECEIVER_PROBLEM_MAX])
{
	enum receiver_result result = RECEIVER_OK;

	for (int i = 0; i < RECEIVER_TURN && result == RECEIVER_OK; i++) {
		size_t len = 0;

		switch (stream_read(stream, scratch, RECEIVER_SCRATCH, &len)) {
		case STREAM_OK:
			result = take(receiver, scratch, len, problem);
			break;
		case STREAM_AGAIN:
			return RECEIVER_OK;
		case STREAM_END:
			return end(receiver, problem);
		case STREAM_BROKEN:
			return RECEIVER_BROKEN;
		}
	}
	return result;
}
