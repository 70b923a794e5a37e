#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http_private.h"

#define SUBJECT_MAX	 512
#define LINGER_US	 UINT64_C(2000000)
#define LINGER_BYTES_MAX ((size_t)16 << 20)
#define US_PER_MS	 UINT64_C(1000)

static void door_free(struct http_door *door)
{
	struct http_server *server = door->server;

	TAILQ_REMOVE(&server->doors, door, next);
	server->counters.connections--;
	pipe_clear(&door->in);
	pipe_clear(&door->out);
	free(door->peer);
	free(door);
	http_door_ended(server);
}

static void free_if_over(struct http_door *door)
{
	if (!door->outer && !door->connection_count)
		door_free(door);
}

static void opens(struct http_door *door)
{
	if (door->is_open)
		return;
	door->is_open = true;
	door->server->counters.handshakes--;
}

static void stir(struct http_door *door)
{
	if (!door->is_quiet)
		return;
	door->is_quiet = false;
	TAILQ_REMOVE(&door->server->quiet, door, next_quiet);
	door->server->quiet_count--;
}

static void let_go_of_inner(struct http_door *door)
{
	struct stream *inner = door->inner;

	stir(door);
	door->inner = NULL;
	stream_free(inner);
}

/* Of others, before one more comes. */
static void make_room(struct http_server *server)
{
	while (server->quiet_count >= server->options.limits.kept)
		let_go_of_inner(TAILQ_FIRST(&server->quiet));
}

/* All that came was requests, as a whole, and all answers are on their way. */
static void rest(struct http_door *door)
{
	struct http_server *server = door->server;

	if (door->is_quiet || !door->inner || door->phase != HTTP_IDLE || server->is_ending ||
	    door->in.count != door->requested || !pipe_wants_read(&door->in) ||
	    !pipe_wants_read(&door->out))
		return;
	make_room(server);
	door->is_quiet = true;
	TAILQ_INSERT_TAIL(&server->quiet, door, next_quiet);
	server->quiet_count++;
}

void http_door_requested(struct http_door *door, size_t len)
{
	door->requested += len;
}

void http_door_close(struct http_door *door)
{
	struct stream *outer = door->outer;

	door->outer = NULL;
	door->deadline = 0;
	opens(door);
	stream_free(outer);
	let_go_of_inner(door);
	if (door->feed)
		http_feed_lost(door->feed);
	free_if_over(door);
}

void http_door_suspend(struct http_door *door)
{
	door->is_suspended = true;
	MHD_suspend_connection(door->connection);
}

void http_door_resume(struct http_door *door)
{
	if (!door->is_suspended)
		return;
	door->is_suspended = false;
	MHD_resume_connection(door->connection);
	/* Without threads of its own, libmicrohttpd does not wake itself. */
	http_server_run_again(door->server);
}

void http_door_phase(struct http_door *door, enum http_phase phase)
{
	const struct http_limits *limits = &door->server->options.limits;
	uint64_t now = http_server_now(door->server);

	door->phase = phase;
	switch (phase) {
	case HTTP_IDLE:
		door->deadline = now + limits->idle_ms * US_PER_MS;
		if (door->server->is_ending)
			http_door_ends(door);
		break;
	case HTTP_RECEIVING:
		door->deadline = now + limits->request_ms * US_PER_MS;
		break;
	case HTTP_ANSWERING:
		door->deadline = 0;
		break;
	case HTTP_LINGERING:
		door->deadline = now + LINGER_US;
		break;
	}
}

void http_door_ends(struct http_door *door)
{
	if (!door->inner) {
		if (door->phase != HTTP_LINGERING)
			http_door_close(door);
	} else if (door->phase == HTTP_IDLE) {
		/* libmicrohttpd reads an end, and ends its side when all is said. */
		stir(door);
		stream_finish(door->inner);
	} else if (door->feed) {
		http_door_close(door);
	}
}

/* A body that was not read would break the connection, and the answer with it. */
static void linger(struct http_door *door)
{
	size_t len;

	for (int i = 0; i < PIPE_TURN; i++) {
		enum stream_result result = stream_read(door->outer, door->server->scratch,
							sizeof(door->server->scratch), &len);

		if (result == STREAM_AGAIN)
			break;
		if (result != STREAM_OK || len > door->linger_left) {
			http_door_close(door);
			return;
		}
		door->linger_left -= len;
	}
	stream_wants(door->outer, STREAM_READ);
}

static void begin_to_linger(struct http_door *door)
{
	let_go_of_inner(door);
	pipe_clear(&door->in);
	door->linger_left = LINGER_BYTES_MAX;
	http_door_phase(door, HTTP_LINGERING);
	if (door->in.has_ended)
		http_door_close(door);
	else
		linger(door);
}

static void note_progress(struct http_door *door, uint64_t in, uint64_t out)
{
	const struct http_limits *limits = &door->server->options.limits;

	if (door->in.count != in)
		stir(door);
	if (door->in.count != in && door->phase == HTTP_IDLE)
		http_door_phase(door, HTTP_RECEIVING);
	/* A reader has to take something now and then, too. */
	if (door->phase == HTTP_RECEIVING || door->phase == HTTP_LINGERING)
		return;
	if (door->phase == HTTP_ANSWERING && !pipe_wants_write(&door->out))
		door->deadline = 0;
	else if (door->out.count != out || !door->deadline)
		door->deadline = http_server_now(door->server) + limits->idle_ms * US_PER_MS;
}

/* All that libmicrohttpd has said, and its end, or as much as the client takes. */
static bool move_out(struct http_door *door)
{
	uint64_t before;

	do {
		before = door->out.count;
		if (!pipe_move(&door->out, door->inner, door->outer, door->server->scratch))
			return false;
	} while (door->out.count != before && pipe_wants_read(&door->out));
	return true;
}

/*
 * Where libmicrohttpd has refused a request it has closed its end, and writing there would break the
 * stream with its answer in it. So the client has his say when nothing waits for him.
 */
static bool may_talk(const struct http_door *door)
{
	return door->inner && pipe_wants_read(&door->out);
}

static bool move_in(struct http_door *door)
{
	return !may_talk(door) ||
	       pipe_move(&door->in, door->outer, door->inner, door->server->scratch);
}

static struct stream *pair_with_daemon(struct http_door *door);

/* libmicrohttpd's side comes with a request. False: no descriptor, or no memory. */
static bool wake(struct http_door *door)
{
	if (!door->inner && door->phase == HTTP_IDLE && !door->out.has_ended)
		door->inner = pair_with_daemon(door);
	return door->inner || door->out.has_ended;
}

static void move(struct http_door *door)
{
	uint64_t in = door->in.count, out = door->out.count;

	if (door->phase == HTTP_LINGERING) {
		linger(door);
		return;
	}
	if (!wake(door) || !move_out(door) || !move_in(door)) {
		http_door_close(door);
		return;
	}
	note_progress(door, in, out);
	/* One who has ended his side reads an answer still, but no feed, which has no end. */
	if (door->in.has_ended && door->feed) {
		http_door_close(door);
		return;
	}
	if (door->out.is_finished) {
		begin_to_linger(door);
		return;
	}
	stream_wants(door->outer,
		     (may_talk(door) && pipe_wants_read(&door->in) ? STREAM_READ : 0u) |
			     (pipe_wants_write(&door->out) ? STREAM_WRITE : 0u));
	if (door->inner)
		stream_wants(door->inner,
			     (pipe_wants_read(&door->out) ? STREAM_READ : 0u) |
				     (pipe_wants_write(&door->in) ? STREAM_WRITE : 0u));
	rest(door);
}

static void on_ready(void *user)
{
	move(user);
}

static void on_inner_opened(void *user)
{
	move(user);
}

/* It has said all that there is; some may still be on the way. */
static void on_inner_failed(const struct stream_failure *failure, void *user)
{
	struct http_door *door = user;

	(void)failure;
	let_go_of_inner(door);
	door->out.has_ended = true;
	pipe_clear(&door->in);
	move(door);
}

/* NULL: no descriptor, or no memory. */
static struct stream *pair_with_daemon(struct http_door *door)
{
	static const struct stream_handler handler = {on_inner_opened, on_ready, on_inner_failed};
	static const struct sockaddr nobody = {.sa_family = AF_UNIX};
	struct http_server *server = door->server;
	enum MHD_Result result;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) < 0)
		return NULL;
	server->arriving = door;
	result = MHD_add_connection(server->daemon, fds[1], &nobody, sizeof(nobody));
	server->arriving = NULL;
	if (result == MHD_YES)
		return stream_plain(server->event, fds[0], &handler, door);
	close(fds[0]); /* the other was */
	return NULL;
}

void http_door_notify(void *user, struct MHD_Connection *connection, void **context,
		      enum MHD_ConnectionNotificationCode code)
{
	struct http_server *server = user;
	struct http_door *door = *context;

	switch (code) {
	case MHD_CONNECTION_NOTIFY_STARTED:
		*context = server->arriving;
		server->arriving->connection = connection;
		server->arriving->connection_count++;
		break;
	case MHD_CONNECTION_NOTIFY_CLOSED:
		door->connection_count--;
		if (door->connection == connection)
			door->connection = NULL;
		free_if_over(door);
		break;
	}
}

static void on_outer_opened(void *user)
{
	struct http_door *door = user;
	char subject[SUBJECT_MAX];

	opens(door);
	stream_peer_subject(door->outer, subject, sizeof(subject));
	door->peer = *subject ? strdup(subject) : NULL;
	if (*subject && !door->peer) {
		http_door_close(door);
		return;
	}
	http_door_phase(door, HTTP_IDLE);
	stream_wants(door->outer, STREAM_READ);
}

static void on_outer_failed(const struct stream_failure *failure, void *user)
{
	struct http_door *door = user;

	(void)failure;
	door->server->counters.failed += !door->is_open;
	http_door_close(door);
}

static bool has_room(const struct http_server *server, const char *address)
{
	const struct http_limits *limits = &server->options.limits;
	const struct http_door *door;
	unsigned count = 0;

	if (server->counters.connections >= limits->connections)
		return false;
	for (door = TAILQ_FIRST(&server->doors); door; door = TAILQ_NEXT(door, next))
		count += strcmp(door->address, address) == 0;
	return count < limits->connections_of_address;
}

/* Takes @fd. NULL: he is turned away. */
static struct stream *greet(struct http_door *door, int fd)
{
	static const struct stream_handler handler = {on_outer_opened, on_ready, on_outer_failed};
	struct http_server *server = door->server;

	if (door->is_plain)
		return stream_plain(server->event, fd, &handler, door);
	return stream_tls(server->identity, fd, server->options.peer, door->address, &handler,
			  door);
}

void http_door_open(struct http_server *server, int fd, const char *address, bool is_plain)
{
	bool is_welcome = has_room(server, address) && (is_plain || server->identity);
	struct http_door *door = is_welcome ? calloc(1, sizeof(*door)) : NULL;

	if (!door) {
		server->counters.refused++;
		close(fd);
		return;
	}
	door->server = server;
	strncpy(door->address, address, sizeof(door->address) - 1);
	door->is_plain = is_plain;
	TAILQ_INSERT_TAIL(&server->doors, door, next);
	server->counters.connections++;
	server->counters.handshakes++;
	door->outer = greet(door, fd);
	if (door->outer) {
		server->counters.accepted++;
		return;
	}
	server->counters.refused++;
	http_door_close(door);
}

/* Written past libmicrohttpd, which has said nothing yet. False: there is no room. */
static bool tell_late(struct http_door *door)
{
	static const char late[] = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n"
				   "Content-Length: 0\r\nCache-Control: no-store\r\n\r\n";
	size_t len;

	return pipe_wants_read(&door->out) &&
	       stream_write(door->outer, late, strlen(late), &len) == STREAM_OK;
}

void http_door_check(struct http_door *door, uint64_t now)
{
	if (!door->deadline || door->deadline > now)
		return;
	if (door->phase != HTTP_RECEIVING || !door->outer || !tell_late(door)) {
		http_door_close(door);
		return;
	}
	stream_finish(door->outer);
	begin_to_linger(door);
}
