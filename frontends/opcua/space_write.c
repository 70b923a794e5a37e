#include "space_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <time.h>

#include "data_block.h"
#include "ouc_client.h"
#include "space.h"

#define SUBJECT_MAX 96
#define LINE_MAX    1400 /* with a sentence of keystore-ouc */

struct ask {
	LIST_ENTRY(ask) entry;
	struct space_write *write;
	bool is_waited_for;
	bool is_answered;
	UA_StatusCode status;
	char block[DATA_NAME_MAX + 1];
	char subject[SUBJECT_MAX];
};

struct space_write {
	const struct space_options *options;
	/* Only keystore-ouc's answers are waited for here, and nothing else happens meanwhile. */
	sd_event *inner;
	sd_event_source *io; /* of the program's loop: @inner has something to do */
	struct ouc_client *client;
	LIST_HEAD(, ask) asks;
	bool is_slow; /* an answer is owed */
};

static int on_inner(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct space_write *write = user;

	(void)source;
	(void)fd;
	(void)events;
	while (sd_event_run(write->inner, 0) > 0)
		;
	return 0;
}

struct space_write *space_write_new(sd_event *event, const struct space_options *options)
{
	struct space_write *write = calloc(1, sizeof(*write));

	if (!write)
		return NULL;
	write->options = options;
	LIST_INIT(&write->asks);
	if (sd_event_new(&write->inner) >= 0)
		write->client =
			ouc_client_new(write->inner, options->data_control, OUC_PATIENCE_US);
	if (write->client && sd_event_add_io(event, &write->io, sd_event_get_fd(write->inner),
					     EPOLLIN, on_inner, write) >= 0)
		return write;
	space_write_free(write);
	return NULL;
}

static void ask_free(struct ask *ask)
{
	LIST_REMOVE(ask, entry);
	free(ask);
}

void space_write_free(struct space_write *write)
{
	if (!write)
		return;
	sd_event_source_disable_unref(write->io);
	ouc_client_free(write->client);
	while (!LIST_EMPTY(&write->asks))
		ask_free(LIST_FIRST(&write->asks));
	sd_event_unref(write->inner);
	free(write);
}

static UA_StatusCode status_of(enum ouc_status status)
{
	switch (status) {
	case OUC_OK:
		return UA_STATUSCODE_GOOD;
	case OUC_INVALID:
		return UA_STATUSCODE_BADOUTOFRANGE;
	case OUC_REFUSED:
		return UA_STATUSCODE_BADNOTWRITABLE;
	case OUC_BUSY:
		return UA_STATUSCODE_BADTOOMANYOPERATIONS;
	case OUC_FAILED:
	case OUC_GARBLED:
		return UA_STATUSCODE_BADDEVICEFAILURE;
	case OUC_NOT_FOUND:
	case OUC_AWAY:
	case OUC_UNANSWERED:
		return UA_STATUSCODE_BADNOCOMMUNICATION;
	}
	return UA_STATUSCODE_BADINTERNALERROR;
}

static void say(const struct ask *ask, const char *sentence)
{
	const struct space_options *options = ask->write->options;
	char line[LINE_MAX];

	if (!options->log)
		return;
	snprintf(line, sizeof(line), "%s has not written to data block %s: %s", ask->subject,
		 ask->block, sentence);
	options->log(line, options->user);
}

static void on_reply(const struct ouc_reply *reply, void *user)
{
	struct ask *ask = user;

	ask->status = status_of(reply->status);
	ask->is_answered = true;
	ask->write->is_slow = reply->status == OUC_UNANSWERED;
	if (reply->status != OUC_OK)
		say(ask, reply->sentence);
	if (!ask->is_waited_for)
		ask_free(ask);
}

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* What is owed is there by then, or is not waited for. */
static void wait_for(struct space_write *write, const struct ask *ask)
{
	uint64_t now = now_us(), end = now + (write->is_slow ? 0 : SPACE_WRITE_WAIT_US);

	(void)sd_event_run(write->inner, 0); /* it is sent, at least */
	while (!ask->is_answered && (now = now_us()) < end)
		(void)sd_event_run(write->inner, end - now);
	while (sd_event_run(write->inner, 0) > 0)
		;
}

UA_StatusCode space_write_set(struct space_write *write, const char *block, json_t *values,
			      const char *subject)
{
	struct ask *ask = calloc(1, sizeof(*ask));
	UA_StatusCode status = UA_STATUSCODE_GOODCOMPLETESASYNCHRONOUSLY;
	json_t *command =
		json_pack("{s:s, s:s, s:o}", "command", "set", "block", block, "values", values);

	if (!ask) {
		json_decref(command);
		return UA_STATUSCODE_BADOUTOFMEMORY;
	}
	ask->write = write;
	ask->is_waited_for = true;
	snprintf(ask->block, sizeof(ask->block), "%s", block);
	snprintf(ask->subject, sizeof(ask->subject), "%s", subject);
	LIST_INSERT_HEAD(&write->asks, ask, entry);
	if (!ouc_client_ask(write->client, command, on_reply, ask)) {
		ask_free(ask);
		return UA_STATUSCODE_BADTOOMANYOPERATIONS;
	}
	wait_for(write, ask);
	if (!ask->is_answered) {
		ask->is_waited_for = false;
		write->is_slow = true;
		return status;
	}
	status = ask->status;
	ask_free(ask);
	return status;
}
