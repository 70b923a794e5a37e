#include "uplink.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backoff.h"

#define DEADLINE_MS 10000

struct uplink {
	sd_event *event;
	const char *socket;
	struct uplink_handler handler;
	void *user;
	struct ks_client *client;	  /* NULL: not connected */
	bool is_up;			  /* keystored has taken the subscription */
	char refusal[UPLINK_PROBLEM_MAX]; /* or not: why */
	sd_event_source *io, *timer;
	unsigned failures;
	uint8_t token[UPLINK_TOKEN_MAX];
	size_t token_len; /* 0: none */
	bool is_lent;	  /* for one question of somebody else */
};

struct ks_client *uplink_connect(const char *socket, char problem[UPLINK_PROBLEM_MAX])
{
	const struct ks_options options = {.deadline_ms = DEADLINE_MS};
	struct ks_client *client = NULL;

	if (ks_connect(socket, &client) != KS_OK) {
		ks_connect_message(socket, errno, problem, UPLINK_PROBLEM_MAX);
		return NULL;
	}
	ks_set_options(client, &options);
	return client;
}

static void uplink_drop(struct uplink *uplink)
{
	struct ks_client *client = uplink->client;

	uplink->io = sd_event_source_disable_unref(uplink->io);
	uplink->is_up = false;
	uplink->client = NULL; /* what is answered now starts nothing over it */
	ks_close(client);
}

/* For whoever asks next over this connection. */
static void be_oneself(struct uplink *uplink)
{
	const struct ks_options options = {.deadline_ms = DEADLINE_MS,
					   .passive = uplink->token_len};

	ks_set_options(uplink->client, &options);
	ks_set_token(uplink->client, uplink->token, uplink->token_len);
	uplink->is_lent = false;
}

struct ks_client *uplink_client(struct uplink *uplink)
{
	return uplink->is_up ? uplink->client : NULL;
}

struct ks_client *uplink_client_as(struct uplink *uplink, const struct ks_options *options,
				   const uint8_t *token, size_t len)
{
	struct ks_client *client = uplink_client(uplink);

	if (!client)
		return NULL;
	ks_set_options(client, options);
	ks_set_token(client, token, len);
	uplink->is_lent = true;
	return client;
}

static uint32_t epoll_of(const struct ks_client *client)
{
	return EPOLLIN | (ks_events(client) & POLLOUT ? EPOLLOUT : 0u);
}

void uplink_sends(struct uplink *uplink)
{
	if (uplink->is_lent && uplink->client)
		be_oneself(uplink);
	if (uplink->io)
		(void)sd_event_source_set_io_events(uplink->io, epoll_of(uplink->client));
}

static void set_timer(struct uplink *uplink, uint32_t ms)
{
	(void)sd_event_source_set_time_relative(uplink->timer, (uint64_t)ms * 1000);
	(void)sd_event_source_set_enabled(uplink->timer, SD_EVENT_ONESHOT);
}

static void uplink_lost(struct uplink *uplink, const char *why)
{
	uplink_drop(uplink);
	if (uplink->failures++ == 0)
		uplink->handler.down(why, uplink->user);
	set_timer(uplink, backoff_ms(uplink->failures, BACKOFF_SERVICE_MS));
}

void uplink_break(struct uplink *uplink, const char *why)
{
	if (uplink->client)
		uplink_lost(uplink, why);
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct uplink *uplink = user;

	(void)source;
	(void)fd;
	(void)events;
	if (ks_process(uplink->client) != KS_OK)
		uplink_lost(uplink, "keystored ended the connection");
	else if (*uplink->refusal)
		uplink_lost(uplink, uplink->refusal);
	else
		uplink_sends(uplink);
	return 0;
}

static void on_subscribed(const struct ks_result *result, void *user)
{
	struct uplink *uplink = user;

	if (!uplink->client)
		return;
	if (result->status != KS_OK) {
		snprintf(uplink->refusal, sizeof(uplink->refusal), "%s", result->message);
		return;
	}
	uplink->is_up = true;
	uplink->failures = 0;
	(void)sd_event_source_set_enabled(uplink->timer, SD_EVENT_OFF);
	uplink->handler.up(uplink->user);
}

/* Nothing here waits: a service that hangs must not stop what its front-end does meanwhile. */
static bool uplink_open(struct uplink *uplink)
{
	*uplink->refusal = '\0';
	be_oneself(uplink);
	set_timer(uplink, DEADLINE_MS);
	return ks_subscribe_start(uplink->client, uplink->handler.event, uplink->user,
				  on_subscribed, uplink) == KS_OK &&
	       sd_event_add_io(uplink->event, &uplink->io, ks_fd(uplink->client),
			       epoll_of(uplink->client), on_io, uplink) >= 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *user)
{
	struct uplink *uplink = user;
	char problem[UPLINK_PROBLEM_MAX] = "";

	(void)source;
	(void)usec;
	if (uplink->client) {
		uplink_lost(uplink, "keystored takes connections and does not answer");
		return 0;
	}
	if (ks_connect(uplink->socket, &uplink->client) != KS_OK) {
		ks_connect_message(uplink->socket, errno, problem, sizeof(problem));
		uplink_lost(uplink, problem);
	} else if (!uplink_open(uplink)) {
		uplink_lost(uplink, "out of memory");
	}
	return 0;
}

struct uplink *uplink_new(sd_event *event, const char *socket, const struct uplink_handler *handler,
			  void *user)
{
	struct uplink *uplink = calloc(1, sizeof(*uplink));

	if (!uplink)
		return NULL;
	uplink->event = event;
	uplink->socket = socket;
	uplink->handler = *handler;
	uplink->user = user;
	if (sd_event_add_time_relative(event, &uplink->timer, CLOCK_BOOTTIME, 0, 0, on_timer,
				       uplink) >= 0)
		return uplink;
	uplink_free(uplink);
	return NULL;
}

struct uplink *uplink_new_as(const struct uplink *like, const uint8_t *token, size_t len,
			     const struct uplink_handler *handler, void *user)
{
	struct uplink *uplink = len <= UPLINK_TOKEN_MAX
					? uplink_new(like->event, like->socket, handler, user)
					: NULL;

	if (!uplink)
		return NULL;
	if (len)
		memcpy(uplink->token, token, len);
	uplink->token_len = len;
	return uplink;
}

void uplink_free(struct uplink *uplink)
{
	if (!uplink)
		return;
	uplink_drop(uplink);
	sd_event_source_disable_unref(uplink->timer);
	explicit_bzero(uplink->token, sizeof(uplink->token));
	free(uplink);
}
