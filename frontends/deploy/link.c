#include "link.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "backoff.h"

#define DEADLINE_MS 10000

struct link {
	sd_event *event;
	const char *socket;
	struct link_handler handler;
	void *user;
	struct ks_client *client; /* NULL: not connected */
	sd_event_source *io, *timer;
	unsigned failures;
};

struct ks_client *link_connect(const char *socket, char problem[DEPLOY_PROBLEM_MAX])
{
	const struct ks_options options = {.deadline_ms = DEADLINE_MS};
	struct ks_client *client = NULL;

	if (ks_connect(socket, &client) != KS_OK) {
		ks_connect_message(socket, errno, problem, DEPLOY_PROBLEM_MAX);
		return NULL;
	}
	ks_set_options(client, &options);
	return client;
}

static void link_drop(struct link *link)
{
	link->io = sd_event_source_disable_unref(link->io);
	ks_close(link->client);
	link->client = NULL;
}

static void link_lost(struct link *link, const char *why)
{
	link_drop(link);
	if (link->failures++ == 0)
		link->handler.down(why, link->user);
	(void)sd_event_source_set_time_relative(
		link->timer, (uint64_t)backoff_ms(link->failures, BACKOFF_SERVICE_MS) * 1000);
	(void)sd_event_source_set_enabled(link->timer, SD_EVENT_ONESHOT);
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct link *link = user;

	(void)source;
	(void)fd;
	(void)events;
	if (ks_process(link->client) != KS_OK)
		link_lost(link, "keystored ended the connection");
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *user)
{
	struct link *link = user;
	char problem[DEPLOY_PROBLEM_MAX] = "";
	struct ks_result *result = NULL;

	(void)source;
	(void)usec;
	link->client = link_connect(link->socket, problem);
	if (!link->client) {
		link_lost(link, problem);
		return 0;
	}
	if (ks_subscribe(link->client, link->handler.event, link->user, &result) != KS_OK)
		link_lost(link, result->message);
	else if (sd_event_add_io(link->event, &link->io, ks_fd(link->client), EPOLLIN, on_io,
				 link) < 0)
		link_lost(link, "out of memory");
	ks_result_free(result);
	if (link->client) {
		link->failures = 0;
		link->handler.up(link->user);
	}
	return 0;
}

struct link *link_new(sd_event *event, const char *socket, const struct link_handler *handler,
		      void *user)
{
	struct link *link = calloc(1, sizeof(*link));

	if (!link)
		return NULL;
	link->event = event;
	link->socket = socket;
	link->handler = *handler;
	link->user = user;
	if (sd_event_add_time_relative(event, &link->timer, CLOCK_BOOTTIME, 0, 0, on_timer, link) >=
	    0)
		return link;
	link_free(link);
	return NULL;
}

void link_free(struct link *link)
{
	if (!link)
		return;
	link_drop(link);
	sd_event_source_disable_unref(link->timer);
	free(link);
}
