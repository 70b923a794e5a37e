#include "ouc_client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "byte_queue.h"

#define CHUNK 16384 /* read in one turn of the loop */

struct ask {
	LIST_ENTRY(ask) entry;
	struct ouc_client *client;
	int fd;
	sd_event_source *io, *timer;
	char *line;
	size_t len, sent;
	struct byte_queue input;
	size_t searched;	/* of the input: there is no line's end */
	struct ouc_reply reply; /* once it is over: the timer tells it */
	ouc_reply_fn *done;
	void *user;
};

struct ouc_client {
	sd_event *event;
	const char *path;
	uint64_t patience_us;
	unsigned count;
	LIST_HEAD(, ask) asks;
};

struct ouc_client *ouc_client_new(sd_event *event, const char *path, uint64_t patience_us)
{
	struct ouc_client *client = calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	client->event = event;
	client->path = path;
	client->patience_us = patience_us;
	return client;
}

static void ask_free(struct ask *ask)
{
	LIST_REMOVE(ask, entry);
	ask->client->count--;
	sd_event_source_disable_unref(ask->io);
	sd_event_source_disable_unref(ask->timer);
	if (ask->fd >= 0)
		close(ask->fd);
	byte_queue_clear(&ask->input);
	ouc_reply_clear(&ask->reply);
	free(ask->line);
	free(ask);
}

void ouc_client_free(struct ouc_client *client)
{
	if (!client)
		return;
	while (!LIST_EMPTY(&client->asks))
		ask_free(LIST_FIRST(&client->asks));
	free(client);
}

/* Takes @reply. */
static void finish(struct ask *ask, struct ouc_reply *reply)
{
	ouc_reply_fn *done = ask->done;
	void *user = ask->user;

	ask_free(ask);
	done(reply, user);
	ouc_reply_clear(reply);
}

__attribute__((format(printf, 2, 3))) static struct ouc_reply failed(enum ouc_status status,
								     const char *format, ...)
{
	struct ouc_reply reply = {.status = status};
	va_list list;

	va_start(list, format);
	vsnprintf(reply.sentence, sizeof(reply.sentence), format, list);
	va_end(list);
	return reply;
}

/* Without its end, the line was no command yet. */
static struct ouc_reply broken(const struct ask *ask)
{
	if (ask->sent < ask->len)
		return failed(OUC_AWAY, "keystore-ouc has ended the connection, and has done "
					"nothing: is it being restarted? Try again in a moment");
	return failed(OUC_UNANSWERED, "keystore-ouc has ended before it answered: it may have done "
				      "this or not; look again when it is back");
}

static int on_timer(sd_event_source *source, uint64_t usec, void *user)
{
	struct ask *ask = user;
	struct ouc_reply reply = ask->reply;

	(void)source;
	(void)usec;
	ask->reply = (struct ouc_reply){0};
	if (reply.status == OUC_OK && ask->sent < ask->len)
		reply = failed(OUC_AWAY, "keystore-ouc takes no commands, and has done nothing: "
					 "see whether it is well (systemctl status keystore-ouc)");
	else if (reply.status == OUC_OK)
		reply = failed(OUC_UNANSWERED,
			       "keystore-ouc has not answered in time: it may have done this or "
			       "not; see whether it is well (systemctl status keystore-ouc)");
	finish(ask, &reply);
	return 0;
}

/* False: it is over, and @ask is gone. */
static bool take_line(struct ask *ask)
{
	size_t waiting = byte_queue_waiting(&ask->input);
	const char *first = byte_queue_first(&ask->input);
	const char *end = memchr(first + ask->searched, '\n', waiting - ask->searched);
	struct ouc_reply reply;

	ask->searched = waiting;
	if (!end)
		return true;
	ouc_reply_parse(first, (size_t)(end - first), &reply);
	finish(ask, &reply);
	return false;
}

static void receive(struct ask *ask)
{
	struct ouc_reply reply;
	char chunk[CHUNK];
	ssize_t len = recv(ask->fd, chunk, sizeof(chunk), MSG_DONTWAIT);

	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len <= 0) {
		reply = broken(ask);
		finish(ask, &reply);
		return;
	}
	if (!byte_queue_add(&ask->input, chunk, (size_t)len, OUC_REPLY_MAX)) {
		reply = failed(OUC_GARBLED,
			       "what answers at DataControl's socket says too much to "
			       "be keystore-ouc: see whether that is the right path in "
			       "this server's configuration");
		finish(ask, &reply);
		return;
	}
	(void)take_line(ask);
}

/* Who takes no more may have said why. */
static void transmit(struct ask *ask)
{
	ssize_t len = send(ask->fd, ask->line + ask->sent, ask->len - ask->sent,
			   MSG_DONTWAIT | MSG_NOSIGNAL);
	bool is_deaf = len < 0 && errno != EAGAIN && errno != EINTR;

	if (len > 0)
		ask->sent += (size_t)len;
	if (is_deaf || ask->sent == ask->len)
		(void)sd_event_source_set_io_events(ask->io, EPOLLIN);
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *user)
{
	struct ask *ask = user;

	(void)source;
	(void)fd;
	if (revents & EPOLLOUT && ask->sent < ask->len)
		transmit(ask);
	if (revents & (EPOLLIN | EPOLLHUP | EPOLLERR))
		receive(ask);
	return 0;
}

static struct ouc_reply unreachable(const char *path, int error)
{
	switch (error) {
	case EAGAIN:
		return failed(OUC_BUSY, "too much is asked of keystore-ouc: try again in a moment");
	case ENOENT:
	case ECONNREFUSED:
		return failed(OUC_AWAY, "keystore-ouc does not run: start it (systemctl start "
					"keystore-ouc)");
	case EACCES:
	case EPERM:
		return failed(OUC_AWAY,
			      "this server may not use %.200s: make its user a member of that "
			      "socket's group",
			      path);
	default:
		return failed(OUC_AWAY, "keystore-ouc is not reached at %.200s: %s", path,
			      strerror(error));
	}
}

/* errno, or 0 */
static int connect_to(const char *path, int fd)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (fd < 0)
		return errno;
	if (strlen(path) >= sizeof(address.sun_path))
		return ENAMETOOLONG;
	strcpy(address.sun_path, path);
	return connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? errno : 0;
}

static bool start(struct ask *ask)
{
	sd_event *event = ask->client->event;
	uint64_t patience = ask->client->patience_us;
	int error;

	ask->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	error = connect_to(ask->client->path, ask->fd);
	if (error) {
		ask->reply = unreachable(ask->client->path, error);
		patience = 0;
	}
	return (error ||
		sd_event_add_io(event, &ask->io, ask->fd, EPOLLIN | EPOLLOUT, on_io, ask) >= 0) &&
	       sd_event_add_time_relative(event, &ask->timer, CLOCK_MONOTONIC, patience, 0,
					  on_timer, ask) >= 0;
}

/* NULL: no memory, or it is too long. */
static char *line_of(const json_t *command, size_t *ret_len)
{
	char *text = command ? json_dumps(command, JSON_COMPACT) : NULL;
	size_t len = text ? strlen(text) + 1 : 0;

	if (!text || len > OUC_QUESTION_MAX) {
		free(text);
		return NULL;
	}
	text[len - 1] = '\n'; /* in the place of its end */
	*ret_len = len;
	return text;
}

bool ouc_client_ask(struct ouc_client *client, json_t *command, ouc_reply_fn *done, void *user)
{
	struct ask *ask = client->count < OUC_ASKS_MAX ? calloc(1, sizeof(*ask)) : NULL;

	if (!ask) {
		json_decref(command);
		return false;
	}
	ask->client = client;
	ask->fd = -1;
	ask->done = done;
	ask->user = user;
	ask->line = line_of(command, &ask->len);
	json_decref(command);
	LIST_INSERT_HEAD(&client->asks, ask, entry);
	client->count++;
	if (ask->line && start(ask))
		return true;
	ask_free(ask);
	return false;
}
