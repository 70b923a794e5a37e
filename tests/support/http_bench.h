/*
 * An HTTP server with TLS and keys of a real keystored, and clients of it, in one loop. Hides what it
 * takes to have both, and that bytes come in pieces.
 */
#ifndef SUPPORT_HTTP_BENCH_H
#define SUPPORT_HTTP_BENCH_H

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <libgen.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fixture.h"
#include "http.h"
#include "stream.h"

#define BENCH_PATIENCE_US 30000000u
#define BENCH_WAITING_MAX 64
#define BENCH_BODY_MAX	  ((size_t)40000)
#define BENCH_CONNECTIONS 8
#define BENCH_OF_ADDRESS  7
#define BENCH_KEPT	  2
#define BENCH_REQUEST_MS  400
#define BENCH_IDLE_MS	  60000
#define BENCH_FEEDS	  2
#define BENCH_HOST	  "Host: localhost\r\n"

struct bench {
	struct fixture *fixture;
	sd_event *event;
	struct uplink *uplink;
	struct tls *tls;
	struct tls_identity *identity, *nobody;
	struct tls_peer clients, servers; /* as each sees the other */
	struct http_server *server;
	uint16_t port;
	bool listens;
	struct http_request *waiting[BENCH_WAITING_MAX]; /* for an answer: "/later" */
	size_t waiting_count;
	struct http_feed *feed;
	unsigned feeds, feeds_ended;
	struct http_response *shared;
};

struct client {
	struct bench *bench;
	struct stream *stream; /* NULL: it has failed */
	char *to_say, *got;
	size_t to_say_len, got_len;
	bool is_open, has_ended, is_deaf; /* … and reads nothing */
	struct stream_failure failure;
};

static inline void bench_up(void *user)
{
	tls_uplink_up(((struct bench *)user)->tls);
}

static inline void bench_down(const char *why, void *user)
{
	(void)why;
	(void)user;
}

static inline void bench_event(const struct ks_event *event, void *user)
{
	tls_event(((struct bench *)user)->tls, event);
}

static inline struct http_response *bench_response(unsigned status, const char *text)
{
	struct http_response *response =
		http_response_new(status, "text/plain", strdup(text), strlen(text), true);

	cr_assert_not_null(response);
	return response;
}

static inline void bench_answer(struct http_request *request, unsigned status, const char *text)
{
	struct http_response *response = bench_response(status, text);

	http_answer(request, response);
	http_response_free(response);
}

static inline void bench_feed_ended(void *user)
{
	struct bench *bench = user;

	bench->feed = NULL;
	bench->feeds_ended++;
}

static inline void bench_echo(struct http_request *request)
{
	const char *name = http_request_parameter(request, "name");
	char text[256];
	size_t len;

	(void)http_request_body(request, &len);
	snprintf(text, sizeof(text), "%s %.99s %s %zu bytes from %s.",
		 http_method_name(http_request_method(request)), http_request_path(request),
		 name ? name : "-", len, http_request_address(request));
	bench_answer(request, 200, text);
}

static inline void bench_handle(struct http_request *request, void *user)
{
	struct bench *bench = user;
	const char *path = http_request_path(request);

	if (strcmp(path, "/later") == 0) {
		cr_assert_lt(bench->waiting_count, BENCH_WAITING_MAX);
		bench->waiting[bench->waiting_count++] = request;
	} else if (strcmp(path, "/shared") == 0) {
		http_answer(request, bench->shared);
	} else if (strcmp(path, "/nothing") == 0) {
		http_answer(request, NULL);
	} else if (strcmp(path, "/feed") == 0) {
		bench->feed = http_answer_feed(request, bench_feed_ended, bench);
		bench->feeds += bench->feed != NULL;
	} else {
		bench_echo(request);
	}
}

static inline void bench_changed(const struct listener_place *place, enum listener_state state,
				 const char *message, void *user)
{
	(void)place;
	cr_assert_eq(state, LISTENER_LISTENS, "%s", message);
	((struct bench *)user)->listens = true;
}

/* Runs the loop until @Condition holds. */
#define BENCH_UNTIL(Bench, Condition)                                                              \
	do {                                                                                       \
		while (!(Condition))                                                               \
			cr_assert_gt(sd_event_run((Bench)->event, BENCH_PATIENCE_US), 0,           \
				     "this did not come: " #Condition);                            \
	} while (0)

static inline uint16_t bench_free_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_eq(bind(fd, (struct sockaddr *)&address, len), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	close(fd);
	return ntohs(address.sin_port);
}

static inline void bench_start_server(struct bench *bench)
{
	static const char *const names[] = {"localhost", "::1"};
	struct listener_place place = {.host = "127.0.0.1"};
	const struct http_options options = {
		.identity = bench->identity,
		.peer = &bench->clients,
		.places = &place,
		.place_count = 1,
		.names = names,
		.name_count = 2,
		.limits = {.connections = BENCH_CONNECTIONS,
			   .connections_of_address = BENCH_OF_ADDRESS,
			   .idle_ms = BENCH_IDLE_MS,
			   .kept = BENCH_KEPT,
			   .request_ms = BENCH_REQUEST_MS,
			   .body_bytes = BENCH_BODY_MAX,
			   .feeds = BENCH_FEEDS},
		.handler = bench_handle,
		.changed = bench_changed,
		.user = bench,
	};
	char problem[HTTP_PROBLEM_MAX];

	place.port = bench->port = bench_free_port();
	cr_assert(http_server_new(bench->event, &options, &bench->server, problem), "%s", problem);
	BENCH_UNTIL(bench, bench->listens);
}

/* @provider: KEYSTORE_MODULE, of tests with programs. */
static inline struct bench *bench_new(const char *provider)
{
	static const struct uplink_handler uplink = {bench_up, bench_down, bench_event};
	struct bench *bench = calloc(1, sizeof(*bench));
	char module[512];
	char problem[TLS_MESSAGE_MAX];

	snprintf(module, sizeof(module), "%s", provider);
	signal(SIGPIPE, SIG_IGN);
	bench->fixture = fixture_new(NULL);
	free(fixture_sh_ok(
		bench->fixture,
		"{ keystorectl cert create --self-signed --profile tls-server --new-key web "
		"--algorithm ec-p256 --subject CN=localhost --san DNS:localhost && keystorectl key "
		"allow web --uid $(id -u) --operations sign && keystorectl cert export 1 --out "
		"cert.pem && keystorectl trust add ouc cert.pem; } >&2"));
	setenv("KEYSTORE_SOCKET", fixture_socket(bench->fixture), 1);
	setenv("OPENSSL_MODULES", dirname(module), 1);
	cr_assert_geq(sd_event_new(&bench->event), 0);
	bench->uplink = uplink_new(bench->event, fixture_socket(bench->fixture), &uplink, bench);
	cr_assert(tls_new(bench->event, bench->uplink, &(struct tls_options){0}, &bench->tls,
			  problem),
		  "%s", problem);
	bench->identity = tls_identity_new(bench->tls, 1, NULL, NULL);
	bench->nobody = tls_identity_new(bench->tls, 0, NULL, NULL);
	bench->clients = (struct tls_peer){.group = "https",
					   .may_be_anonymous = true,
					   .may_resume = true,
					   .allows_tls12 = true};
	bench->servers = (struct tls_peer){.is_server = true, .group = "ouc", .host = "localhost"};
	BENCH_UNTIL(bench, tls_identity_status(bench->identity).state == TLS_IDENTITY_READY);
	bench->shared = bench_response(200, "shared");
	bench_start_server(bench);
	return bench;
}

static inline void bench_free(struct bench *bench)
{
	http_server_free(bench->server);
	http_response_free(bench->shared);
	tls_identity_free(bench->identity);
	tls_identity_free(bench->nobody);
	tls_free(bench->tls);
	uplink_free(bench->uplink);
	sd_event_unref(bench->event);
	fixture_free(bench->fixture);
	free(bench);
}

static inline void client_write(struct client *client)
{
	size_t done = 0, len = 0;

	while (done < client->to_say_len &&
	       stream_write(client->stream, client->to_say + done, client->to_say_len - done,
			    &len) == STREAM_OK)
		done += len;
	client->to_say_len -= done;
	if (done)
		memmove(client->to_say, client->to_say + done, client->to_say_len);
}

static inline void client_wants(struct client *client)
{
	stream_wants(client->stream, (client->is_deaf ? 0u : STREAM_READ) |
					     (client->to_say_len ? STREAM_WRITE : 0u));
}

static inline void client_ready(void *user)
{
	struct client *client = user;
	enum stream_result result = STREAM_OK;
	size_t len;

	while (!client->is_deaf && result == STREAM_OK) {
		client->got = realloc(client->got, client->got_len + 4097);
		result = stream_read(client->stream, client->got + client->got_len, 4096, &len);
		client->got_len += result == STREAM_OK ? len : 0;
		client->got[client->got_len] = '\0';
	}
	client->has_ended |= result == STREAM_END;
	client_write(client);
	client_wants(client);
}

static inline void client_opened(void *user)
{
	((struct client *)user)->is_open = true;
	client_ready(user);
}

static inline void client_failed(const struct stream_failure *failure, void *user)
{
	struct client *client = user;

	client->failure = *failure;
	client->has_ended = true;
	stream_free(client->stream);
	client->stream = NULL;
}

/* A connected socket that has said nothing. */
static inline int bench_connect(const struct bench *bench)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(bench->port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static inline struct client *client_new(struct bench *bench)
{
	static const struct stream_handler handler = {client_opened, client_ready, client_failed};
	struct client *client = calloc(1, sizeof(*client));
	int fd = bench_connect(bench);

	client->bench = bench;
	client->got = calloc(1, 1);
	cr_assert_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	client->stream =
		stream_tls(bench->nobody, fd, &bench->servers, "127.0.0.1", &handler, client);
	cr_assert_not_null(client->stream);
	return client;
}

static inline void client_free(struct client *client)
{
	stream_free(client->stream);
	free(client->to_say);
	free(client->got);
	free(client);
}

static inline void client_say_bytes(struct client *client, const char *bytes, size_t len)
{
	client->to_say = realloc(client->to_say, client->to_say_len + len + 1);
	memcpy(client->to_say + client->to_say_len, bytes, len);
	client->to_say_len += len;
	if (client->is_open && client->stream) {
		client_write(client);
		client_wants(client);
	}
}

static inline void client_say(struct client *client, const char *text)
{
	client_say_bytes(client, text, strlen(text));
}

static inline bool client_has(const struct client *client, const char *text)
{
	return strstr(client->got, text) != NULL;
}

static inline unsigned client_count(const struct client *client, const char *text)
{
	unsigned count = 0;

	for (const char *at = client->got; (at = strstr(at, text)); at += strlen(text))
		count++;
	return count;
}

static inline void client_forget(struct client *client)
{
	client->got_len = 0;
	*client->got = '\0';
}

#define CLIENT_UNTIL(Client, Text)                                                                 \
	do {                                                                                       \
		BENCH_UNTIL((Client)->bench, client_has((Client), (Text)) || (Client)->has_ended); \
		cr_assert(client_has((Client), (Text)), "\"%s\" did not come, but: %s %s", (Text), \
			  (Client)->got, (Client)->failure.message);                               \
	} while (0)

#define CLIENT_UNTIL_END(Client) BENCH_UNTIL((Client)->bench, (Client)->has_ended)

#endif
