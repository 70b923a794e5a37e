#include "sender.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ACCURACY_PART	 20 /* of a cycle: so much later it may be */
#define ACCURACY_LAST_US 250000ull

struct sender {
	sd_event *event;
	const struct data_image *image;
	uint8_t *message;
	uint32_t sent;
	sd_event_source *timer;
	uint64_t cycle; /* microseconds */
	uint64_t next;
	sender_due_fn *due;
	void *user;
};

static uint64_t now_of(const struct sender *sender)
{
	uint64_t now = 0;

	(void)sd_event_now(sender->event, CLOCK_MONOTONIC, &now);
	return now;
}

static int on_cycle(sd_event_source *source, uint64_t usec, void *user)
{
	struct sender *sender = user;
	uint64_t now = now_of(sender);
	uint64_t missed = now > sender->next ? (now - sender->next) / sender->cycle : 0;

	(void)usec;
	/* By the plan, not by when this came to run: else cycles would drift. */
	sender->next += (missed + 1) * sender->cycle;
	(void)sd_event_source_set_time(source, sender->next);
	sender->due(missed, sender->user);
	return 0;
}

static bool add_timer(struct sender *sender)
{
	uint64_t accuracy = sender->cycle / ACCURACY_PART;

	if (accuracy > ACCURACY_LAST_US)
		accuracy = ACCURACY_LAST_US;
	return sd_event_add_time(sender->event, &sender->timer, CLOCK_MONOTONIC, UINT64_MAX,
				 accuracy, on_cycle, sender) >= 0 &&
	       sd_event_source_set_enabled(sender->timer, SD_EVENT_OFF) >= 0;
}

struct sender *sender_new(sd_event *event, const struct data_image *image, uint32_t cycle_ms,
			  sender_due_fn *due, void *user)
{
	struct sender *sender = calloc(1, sizeof(*sender));

	if (!sender)
		return NULL;
	sender->event = event;
	sender->image = image;
	sender->cycle = cycle_ms * 1000ull;
	sender->due = due;
	sender->user = user;
	if (!cycle_ms || add_timer(sender))
		return sender;
	sender_free(sender);
	return NULL;
}

void sender_free(struct sender *sender)
{
	if (!sender)
		return;
	sd_event_source_disable_unref(sender->timer);
	free(sender->message);
	free(sender);
}

void sender_run(struct sender *sender, bool runs)
{
	int enabled = SD_EVENT_OFF;

	if (!sender->timer || sd_event_source_get_enabled(sender->timer, &enabled) == (int)runs)
		return;
	if (runs) {
		sender->next = now_of(sender) + (uint64_t)random() % sender->cycle;
		(void)sd_event_source_set_time(sender->timer, sender->next);
	}
	(void)sd_event_source_set_enabled(sender->timer, runs ? SD_EVENT_ON : SD_EVENT_OFF);
}

bool sender_order(struct sender *sender)
{
	uint32_t size = data_image_block(sender->image)->size;

	sender->message = malloc(size);
	if (!sender->message)
		return false;
	memcpy(sender->message, data_image_bytes(sender->image), size);
	sender->sent = 0;
	return true;
}

bool sender_is_busy(const struct sender *sender)
{
	return sender->message != NULL;
}

bool sender_has_unsent(const struct sender *sender)
{
	return sender->message && sender->sent < data_image_block(sender->image)->size;
}

enum stream_result sender_push(struct sender *sender, struct stream *stream)
{
	uint32_t size = data_image_block(sender->image)->size;

	while (sender->sent < size) {
		size_t len;
		enum stream_result result = stream_write(stream, sender->message + sender->sent,
							 size - sender->sent, &len);

		if (result != STREAM_OK)
			return result;
		sender->sent += (uint32_t)len;
	}
	return STREAM_OK;
}

const uint8_t *sender_message(const struct sender *sender)
{
	return sender->message;
}

void sender_end(struct sender *sender)
{
	free(sender->message);
	sender->message = NULL;
}
