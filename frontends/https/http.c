#include "http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "http_private.h"

/*
 * Headers of HTTP_HEADERS_MAX, cookies again, what libmicrohttpd notes of each, and its answer's. It
 * clears all of it after each request: each connection has so much.
 */
#define POOL_BYTES   ((size_t)20 * 1024)
#define RUNS_MAX     8 /* in a row, until others get their turn */
#define SWEEP_MIN_MS 10
#define SWEEP_MAX_MS 1000
#define US_PER_MS    UINT64_C(1000)

/* Since 1.0 it begins with a connection in its next run only, unless it knows of one thread. */
#if MHD_VERSION >= 0x01000000
#define ONE_THREAD MHD_USE_NO_THREAD_SAFETY
#else
#define ONE_THREAD 0
#endif

uint64_t http_server_now(const struct http_server *server)
{
	uint64_t now = 0;

	(void)sd_event_now(server->event, CLOCK_MONOTONIC, &now);
	return now;
}

static bool has_more(const struct http_server *server)
{
	MHD_UNSIGNED_LONG_LONG ms;

	return MHD_get_timeout(server->daemon, &ms) == MHD_YES && ms == 0;
}

void http_server_run_again(struct http_server *server)
{
	(void)sd_event_source_set_enabled(server->again, SD_EVENT_ONESHOT);
}

static void run(struct http_server *server)
{
	int runs = 0;

	do {
		(void)MHD_run(server->daemon);
	} while (has_more(server) && ++runs < RUNS_MAX);
	if (runs == RUNS_MAX)
		http_server_run_again(server);
}

static int on_run(sd_event_source *source, int fd, uint32_t events, void *user)
{
	(void)source;
	(void)fd;
	(void)events;
	run(user);
	return 0;
}

static int on_again(sd_event_source *source, void *user)
{
	(void)source;
	run(user);
	return 0;
}

/* What is late ends within a quarter of its time. */
static uint64_t sweep_us(const struct http_server *server)
{
	const struct http_limits *limits = &server->options.limits;
	uint32_t ms =
		(limits->idle_ms < limits->request_ms ? limits->idle_ms : limits->request_ms) / 4;

	if (ms < SWEEP_MIN_MS)
		ms = SWEEP_MIN_MS;
	return (ms < SWEEP_MAX_MS ? ms : SWEEP_MAX_MS) * US_PER_MS;
}

static void sweep_later(struct http_server *server)
{
	(void)sd_event_source_set_time_relative(server->sweep, sweep_us(server));
	(void)sd_event_source_set_enabled(server->sweep, SD_EVENT_ONESHOT);
}

static int on_sweep(sd_event_source *source, uint64_t usec, void *user)
{
	struct http_server *server = user;
	struct http_door *door, *next;
	uint64_t now = http_server_now(server);

	(void)source;
	(void)usec;
	for (door = TAILQ_FIRST(&server->doors); door; door = next) {
		next = TAILQ_NEXT(door, next);
		http_door_check(door, now);
	}
	if (!TAILQ_EMPTY(&server->doors))
		sweep_later(server);
	return 0;
}

static int on_ended(sd_event_source *source, void *user)
{
	struct http_server *server = user;

	(void)source;
	if (server->ended)
		server->ended(server->ended_user);
	return 0;
}

void http_door_ended(struct http_server *server)
{
	if (server->is_ending && !server->is_stopping && TAILQ_EMPTY(&server->doors))
		(void)sd_event_source_set_enabled(server->ended_soon, SD_EVENT_ONESHOT);
}

static void on_accepted(int fd, const char *address, void *user)
{
	const struct http_listening *listening = user;
	struct http_server *server = listening->server;
	bool was_empty = TAILQ_EMPTY(&server->doors);

	http_door_open(server, fd, address, listening->is_plain);
	if (was_empty && !TAILQ_EMPTY(&server->doors))
		sweep_later(server);
}

static void on_changed(enum listener_state state, const char *message, void *user)
{
	const struct http_listening *listening = user;
	const struct http_options *options = &listening->server->options;

	if (options->changed)
		options->changed(listening->place, state, message, options->user);
}

static bool listen_at(struct http_server *server, const struct listener_place *place, bool is_plain)
{
	static const struct listener_handler handler = {on_accepted, on_changed};
	struct http_listening *listening = &server->listenings[server->listening_count];

	server->places[server->listening_count] = *place;
	*listening = (struct http_listening){
		.server = server,
		.place = &server->places[server->listening_count++],
		.is_plain = is_plain,
	};
	listening->listener = listener_new(server->event, place, &handler, listening);
	return listening->listener != NULL;
}

static bool listen_everywhere(struct http_server *server)
{
	struct http_options *options = &server->options;
	size_t count = options->place_count + 1;

	server->places = calloc(count, sizeof(*server->places));
	server->listenings = calloc(count, sizeof(*server->listenings));
	if (!server->places || !server->listenings)
		return false;
	for (size_t i = 0; i < options->place_count; i++)
		if (!listen_at(server, &options->places[i], false))
			return false;
	if (options->redirect && !listen_at(server, options->redirect, true))
		return false;
	options->places = server->places;
	options->redirect = NULL;
	return true;
}

/* Paths are looked at as they were sent, and queries are decoded here. */
static size_t leave_encoded(void *user, struct MHD_Connection *connection, char *text)
{
	(void)user;
	(void)connection;
	return strlen(text);
}

static bool start_daemon(struct http_server *server)
{
	const union MHD_DaemonInfo *info;

	server->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME | ONE_THREAD, 0,
		NULL, NULL, http_request_go_on, server, MHD_OPTION_NOTIFY_CONNECTION,
		http_door_notify, server, MHD_OPTION_URI_LOG_CALLBACK, http_request_begin, server,
		MHD_OPTION_NOTIFY_COMPLETED, http_request_end, server, MHD_OPTION_UNESCAPE_CALLBACK,
		leave_encoded, NULL, MHD_OPTION_CONNECTION_LIMIT,
		2 * server->options.limits.connections, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		POOL_BYTES, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
		MHD_OPTION_END);
	if (!server->daemon)
		return false;
	info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	return info && sd_event_add_io(server->event, &server->run, info->epoll_fd, EPOLLIN, on_run,
				       server) >= 0;
}

static bool add_sources(struct http_server *server)
{
	return sd_event_add_defer(server->event, &server->again, on_again, server) >= 0 &&
	       sd_event_source_set_enabled(server->again, SD_EVENT_OFF) >= 0 &&
	       sd_event_add_defer(server->event, &server->ended_soon, on_ended, server) >= 0 &&
	       sd_event_source_set_enabled(server->ended_soon, SD_EVENT_OFF) >= 0 &&
	       sd_event_add_time_relative(server->event, &server->sweep, CLOCK_MONOTONIC, 0, 0,
					  on_sweep, server) >= 0 &&
	       sd_event_source_set_enabled(server->sweep, SD_EVENT_OFF) >= 0;
}

bool http_server_new(sd_event *event, const struct http_options *options,
		     struct http_server **ret_server, char problem[HTTP_PROBLEM_MAX])
{
	struct http_server *server = calloc(1, sizeof(*server));
	const char *why = "out of memory";

	if (!server)
		goto failed;
	TAILQ_INIT(&server->doors);
	TAILQ_INIT(&server->quiet);
	server->event = sd_event_ref(event);
	server->options = *options;
	server->identity = options->identity;
	if (!add_sources(server))
		goto failed;
	why = "libmicrohttpd cannot be started";
	if (!start_daemon(server))
		goto failed;
	why = "out of memory";
	if (!listen_everywhere(server))
		goto failed;
	*ret_server = server;
	return true;
failed:
	http_server_free(server);
	snprintf(problem, HTTP_PROBLEM_MAX, "%s", why);
	return false;
}

void http_server_show(struct http_server *server, struct tls_identity *identity)
{
	server->identity = identity;
}

static void stop_listening(struct http_server *server)
{
	for (size_t i = 0; i < server->listening_count; i++) {
		listener_free(server->listenings[i].listener);
		server->listenings[i].listener = NULL;
	}
}

void http_server_end(struct http_server *server, void (*ended)(void *user), void *user)
{
	struct http_door *door, *next;

	server->is_ending = true;
	server->ended = ended;
	server->ended_user = user;
	stop_listening(server);
	for (door = TAILQ_FIRST(&server->doors); door; door = next) {
		next = TAILQ_NEXT(door, next);
		http_door_ends(door);
	}
	http_door_ended(server);
}

void http_server_free(struct http_server *server)
{
	struct http_door *door, *next;

	if (!server)
		return;
	server->is_stopping = true;
	stop_listening(server);
	for (door = TAILQ_FIRST(&server->doors); door; door = next) {
		next = TAILQ_NEXT(door, next);
		http_door_close(door);
	}
	/* It must have none that is suspended when it stops. */
	for (door = TAILQ_FIRST(&server->doors); door; door = TAILQ_NEXT(door, next))
		http_door_resume(door);
	if (server->daemon)
		MHD_stop_daemon(server->daemon);
	sd_event_source_disable_unref(server->run);
	sd_event_source_disable_unref(server->again);
	sd_event_source_disable_unref(server->sweep);
	sd_event_source_disable_unref(server->ended_soon);
	sd_event_unref(server->event);
	free(server->listenings);
	free(server->places);
	free(server);
}

struct http_counters http_server_counters(const struct http_server *server)
{
	return server->counters;
}
