#include "control_client.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "byte_queue.h"
#include "connection_json.h"
#include "control.h"

#define CHUNK	       16384 /* read in one turn of the loop */
#define OUTPUT_HIGH    65536 /* a list goes on when less waits */
#define LAST_WORDS_MAX 4096
#define DISCARD_TURNS  64

static_assert(CONTROL_LINE_MAX >= 6 * (size_t)DATA_BYTES_MAX + 27 * (size_t)DATA_ELEMENTS_MAX +
					  DATA_FIELDS_MAX * (size_t)(DATA_NAME_MAX + 5) + 1024,
	      "all values of the largest block are a line");

enum client_state {
	CLIENT_IDLE,
	CLIENT_LISTS,	/* connections from ->listed on */
	CLIENT_WAITS,	/* until ->waits_for has sent */
	CLIENT_WATCHES, /* until it closes */
	CLIENT_CLOSES,	/* when it has read why */
};

struct control_client {
	const struct control_world *world;
	control_gone_fn *gone;
	void *user;
	int fd;
	sd_event_source *io, *patience;
	uint32_t polled;
	enum client_state state;
	struct byte_queue input, output;
	size_t searched; /* of the input: there is no line's end */
	bool has_ended;	 /* sends no more, but may read */
	size_t listed;
	const struct connection *waits_for;
	struct events_watch *watch;
};

/* With the newline; 0: none is whole yet. */
static size_t line_length(struct control_client *client)
{
	size_t waiting = byte_queue_waiting(&client->input);
	const char *first, *end;

	if (client->searched == waiting)
		return 0;
	first = byte_queue_first(&client->input);
	end = memchr(first + client->searched, '\n', waiting - client->searched);
	client->searched = end ? (size_t)(end - first) : waiting;
	return end ? (size_t)(end - first) + 1 : 0;
}

static bool wants_input(struct control_client *client)
{
	return !client->has_ended && client->state != CLIENT_CLOSES && !line_length(client);
}

/* Nothing is freed here: callers are anywhere. What goes wrong comes back with the next turn. */
static void update(struct control_client *client)
{
	uint32_t wanted = (wants_input(client) ? EPOLLIN : 0u) |
			  (byte_queue_waiting(&client->output) ? EPOLLOUT : 0u);

	if (wanted != client->polled && sd_event_source_set_io_events(client->io, wanted) >= 0)
		client->polled = wanted;
}

/* Takes @object; it becomes a line. False: there is no room for it, or no memory. */
static bool say(struct control_client *client, json_t *object, size_t max)
{
	char *text = object ? json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
	bool is_said = false;
	size_t len;

	json_decref(object);
	if (!text)
		return false;
	len = strlen(text);
	text[len] = '\n'; /* in the place of its end */
	is_said = byte_queue_add(&client->output, text, len + 1, max);
	free(text);
	return is_said;
}

/* The last words, which it has a while to read. */
static void dismiss(struct control_client *client, enum control_error error, const char *why)
{
	if (client->state == CLIENT_CLOSES)
		return;
	events_watch_remove(client->world->events, client->watch);
	client->watch = NULL;
	client->waits_for = NULL;
	client->state = CLIENT_CLOSES;
	byte_queue_clear(&client->input);
	client->searched = 0;
	(void)say(client, control_fail(error, "%s", why), CONTROL_OUTPUT_MAX + LAST_WORDS_MAX);
	(void)sd_event_source_set_time_relative(client->patience,
						CONTROL_LAST_WORDS_S * 1000000ull);
	(void)sd_event_source_set_enabled(client->patience, SD_EVENT_ONESHOT);
	update(client);
}

static void reply(struct control_client *client, json_t *object)
{
	if (!say(client, object, CONTROL_OUTPUT_MAX))
		dismiss(client, CONTROL_NOMEM, "out of memory");
}

static void on_line(const char *line, size_t len, void *user)
{
	struct control_client *client = user;

	if (!byte_queue_add(&client->output, line, len, CONTROL_OUTPUT_MAX))
		dismiss(client, CONTROL_SLOW,
			"it does not read events as fast as they come: they end here");
	update(client);
}

static void begin_watch(struct control_client *client)
{
	client->watch = events_watch_add(client->world->events, on_line, client);
	if (!client->watch) {
		dismiss(client, CONTROL_LIMIT, "too many programs watch already");
		return;
	}
	client->state = CLIENT_WATCHES;
	reply(client, json_pack("{s:b}", "ok", true));
}

static void carry_out(struct control_client *client, const struct control_command *command)
{
	struct connection *waits_for = NULL;
	json_t *answer;

	switch (command->verb) {
	case CONTROL_LIST:
		client->state = CLIENT_LISTS;
		client->listed = 0;
		break;
	case CONTROL_WATCH:
		begin_watch(client);
		break;
	case CONTROL_BLOCKS:
	case CONTROL_SHOW:
	case CONTROL_GET:
	case CONTROL_SET:
	case CONTROL_SEND:
		answer = control_do(command, client->world->settings, client->world->station,
				    &waits_for);
		if (waits_for) {
			client->state = CLIENT_WAITS;
			client->waits_for = waits_for;
		} else {
			reply(client, answer);
		}
		break;
	}
}

/* A reply is there afterwards, or comes later: so the next line has to wait for the next turn. */
static void serve_line(struct control_client *client, size_t len)
{
	char problem[CONTROL_PROBLEM_MAX];
	struct control_command command;

	if (!control_command_parse(byte_queue_first(&client->input), len - 1, &command, problem)) {
		dismiss(client, CONTROL_INVALID, problem);
		return;
	}
	byte_queue_took(&client->input, len);
	client->searched = 0;
	carry_out(client, &command);
	control_command_clear(&command);
}

static void list_on(struct control_client *client)
{
	struct connection *connection;

	while (client->state == CLIENT_LISTS && byte_queue_waiting(&client->output) < OUTPUT_HIGH) {
		connection = station_connection(client->world->station, client->listed++);
		if (connection) {
			reply(client,
			      json_pack("{s:o}", "connection", connection_json(connection)));
			continue;
		}
		client->state = CLIENT_IDLE;
		reply(client, control_list_end(client->world->settings));
	}
}

static void check_length(struct control_client *client)
{
	size_t len = line_length(client);
	char why[LAST_WORDS_MAX];

	if ((len ? len : byte_queue_waiting(&client->input)) <= CONTROL_LINE_MAX)
		return;
	snprintf(why, sizeof(why), "a line has at most %zu bytes", CONTROL_LINE_MAX);
	dismiss(client, CONTROL_LIMIT, why);
}

/* False: the connection broke. */
static bool receive(struct control_client *client)
{
	char chunk[CHUNK];
	ssize_t len = recv(client->fd, chunk, sizeof(chunk), MSG_DONTWAIT);

	if (len < 0)
		return errno == EAGAIN || errno == EINTR;
	if (len == 0) {
		client->has_ended = true;
		return true;
	}
	if (client->state == CLIENT_WATCHES)
		dismiss(client, CONTROL_INVALID,
			"a connection that watches takes no more commands: open another one");
	else if (!byte_queue_add(&client->input, chunk, (size_t)len, CONTROL_LINE_MAX + CHUNK))
		dismiss(client, CONTROL_NOMEM, "out of memory");
	else
		check_length(client);
	return true;
}

/* False: the connection broke. */
static bool flush(struct control_client *client)
{
	while (byte_queue_waiting(&client->output)) {
		ssize_t len =
			send(client->fd, byte_queue_first(&client->output),
			     byte_queue_waiting(&client->output), MSG_DONTWAIT | MSG_NOSIGNAL);

		if (len < 0)
			return errno == EAGAIN || errno == EINTR;
		byte_queue_took(&client->output, (size_t)len);
	}
	return true;
}

/* The next command, when the reply to the one before is with the reader. */
static void go_on(struct control_client *client)
{
	size_t len = line_length(client);

	if (client->state == CLIENT_IDLE && len && !byte_queue_waiting(&client->output))
		serve_line(client, len);
	else if (client->state == CLIENT_IDLE && client->has_ended && !len &&
		 byte_queue_waiting(&client->input))
		dismiss(client, CONTROL_INVALID, "the last line has no end");
	list_on(client);
}

static bool is_finished(struct control_client *client)
{
	return !byte_queue_waiting(&client->output) &&
	       (client->state == CLIENT_CLOSES ||
		(client->state == CLIENT_IDLE && client->has_ended && !line_length(client)));
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *user)
{
	struct control_client *client = user;
	/* Whoever has gone may have left an order. */
	bool is_there = !(revents & (EPOLLHUP | EPOLLERR)) || revents & EPOLLIN;

	(void)source;
	(void)fd;
	if (is_there && revents & EPOLLIN)
		is_there = receive(client);
	if (is_there)
		is_there = flush(client);
	if (is_there)
		go_on(client);
	if (!is_there || is_finished(client))
		client->gone(client, client->user);
	else
		update(client);
	return 0;
}

static int on_patience(sd_event_source *source, uint64_t usec, void *user)
{
	struct control_client *client = user;

	(void)source;
	(void)usec;
	client->gone(client, client->user);
	return 0;
}

struct control_client *control_client_new(const struct control_world *world, int fd,
					  control_gone_fn *gone, void *user)
{
	struct control_client *client = calloc(1, sizeof(*client));

	if (!client) {
		close(fd);
		return NULL;
	}
	*client = (struct control_client){
		.world = world, .gone = gone, .user = user, .fd = fd, .polled = EPOLLIN};
	if (sd_event_add_io(world->event, &client->io, fd, EPOLLIN, on_io, client) >= 0 &&
	    sd_event_add_time_relative(world->event, &client->patience, CLOCK_MONOTONIC, 0, 0,
				       on_patience, client) >= 0 &&
	    sd_event_source_set_enabled(client->patience, SD_EVENT_OFF) >= 0)
		return client;
	control_client_free(client);
	return NULL;
}

/* A close with input unread would reach the client as a reset, ahead of the last words. */
static void discard_input(int fd)
{
	char scratch[CHUNK];

	(void)shutdown(fd, SHUT_WR);
	for (int i = 0; i < DISCARD_TURNS; i++)
		if (recv(fd, scratch, sizeof(scratch), MSG_DONTWAIT) <= 0)
			break;
}

void control_client_free(struct control_client *client)
{
	if (!client)
		return;
	events_watch_remove(client->world->events, client->watch);
	sd_event_source_disable_unref(client->io);
	sd_event_source_disable_unref(client->patience);
	discard_input(client->fd);
	close(client->fd);
	byte_queue_clear(&client->input);
	byte_queue_clear(&client->output);
	free(client);
}

void control_client_changed(struct control_client *client, const struct connection *connection)
{
	if (client->waits_for != connection || !control_is_sent(connection))
		return;
	client->waits_for = NULL;
	client->state = CLIENT_IDLE;
	reply(client, control_sent(connection));
	update(client);
}

void control_client_refuse(int fd)
{
	json_t *object =
		control_fail(CONTROL_LIMIT, "%d programs are connected already: try again later",
			     CONTROL_CLIENTS_MAX);
	char line[LAST_WORDS_MAX];
	size_t len = object ? json_dumpb(object, line, sizeof(line) - 1, JSON_COMPACT) : 0;

	json_decref(object);
	if (len && len < sizeof(line)) {
		line[len] = '\n';
		(void)send(fd, line, len + 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	}
	discard_input(fd);
	close(fd);
}
