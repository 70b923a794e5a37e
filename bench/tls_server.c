/*
 * The server that bench tls measures: one thread, one epoll, TLS 1.3 over a Unix socket; what a
 * client sends comes back. With async jobs a handshake that waits for its signature holds up
 * nobody; with --sync, the same server without them, it does.
 *
 * bench-tls-server SOCKET KEY [--sync]
 */

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "tls_identity.h"

enum { EVENTS = 64, BACKLOG = 256, HANDSHAKES_MAX = 256, READ_SIZE = 4096 };

struct server {
	SSL_CTX *tls;
	int epoll;
	int listener;
	int signals;
	unsigned handshakes; /* not finished yet */
	bool is_listening;
};

/* In epoll with its socket, or with what its paused job waits for: never with both. */
struct peer {
	SSL *ssl;
	int socket;
	int waited_for; /* -1: no job is paused */
	bool is_shaking_hands;
};

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "bench-tls-server: %s: %s\n", what, strerror(errno));
	ERR_print_errors_fp(stderr);
	exit(2);
}

static void watch(const struct server *server, int fd, void *user)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = user};

	if (epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event))
		die("epoll");
}

static void unwatch(const struct server *server, int fd)
{
	epoll_ctl(server->epoll, EPOLL_CTL_DEL, fd, NULL);
}

/* So many may wait for signatures; who comes after them waits in the socket's queue. */
static void listen_if_room(struct server *server)
{
	bool has_room = server->handshakes < HANDSHAKES_MAX;

	if (has_room == server->is_listening)
		return;
	server->is_listening = has_room;
	if (has_room)
		watch(server, server->listener, &server->listener);
	else
		unwatch(server, server->listener);
}

static void peer_free(struct server *server, struct peer *peer)
{
	server->handshakes -= peer->is_shaking_hands;
	SSL_free(peer->ssl);
	close(peer->socket);
	free(peer);
}

static void accept_one(struct server *server)
{
	struct peer *peer = calloc(1, sizeof(*peer));
	int fd = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0 || !peer) {
		free(peer);
		return;
	}
	*peer = (struct peer){SSL_new(server->tls), fd, -1, true};
	if (!peer->ssl || SSL_set_fd(peer->ssl, fd) != 1)
		die("SSL_new");
	server->handshakes++;
	watch(server, fd, peer);
}

/* Its job is paused: from here on only what the job waits for brings it back. */
static void peer_pause(const struct server *server, struct peer *peer)
{
	size_t count = 1;

	if (SSL_get_all_async_fds(peer->ssl, NULL, &count) != 1 || count != 1 ||
	    SSL_get_all_async_fds(peer->ssl, &peer->waited_for, &count) != 1)
		die("a paused job does not wait for one descriptor");
	unwatch(server, peer->socket);
	watch(server, peer->waited_for, peer);
}

static void peer_resume(const struct server *server, struct peer *peer)
{
	unwatch(server, peer->waited_for);
	peer->waited_for = -1;
	watch(server, peer->socket, peer);
}

/* False: the connection is over. */
static bool echo(struct peer *peer)
{
	char bytes[READ_SIZE];

	for (;;) {
		int got = SSL_read(peer->ssl, bytes, sizeof(bytes));

		if (got <= 0)
			return SSL_get_error(peer->ssl, got) == SSL_ERROR_WANT_READ;
		if (SSL_write(peer->ssl, bytes, got) != got)
			return false;
	}
}

/* False: the connection is over. */
static bool shake_hands(struct server *server, struct peer *peer)
{
	int done = SSL_accept(peer->ssl);

	if (done == 1) {
		peer->is_shaking_hands = false;
		server->handshakes--;
		/* What follows signs nothing: it needs no job. */
		SSL_clear_mode(peer->ssl, SSL_MODE_ASYNC);
		return echo(peer);
	}
	switch (SSL_get_error(peer->ssl, done)) {
	case SSL_ERROR_WANT_READ:
		return true;
	case SSL_ERROR_WANT_ASYNC:
		peer_pause(server, peer);
		return true;
	default:
		ERR_print_errors_fp(stderr);
		return false;
	}
}

static void on_peer(struct server *server, struct peer *peer)
{
	if (peer->waited_for >= 0)
		peer_resume(server, peer);
	ERR_clear_error();
	if (!(peer->is_shaking_hands ? shake_hands(server, peer) : echo(peer)))
		peer_free(server, peer);
	listen_if_room(server);
}

static void serve(struct server *server)
{
	struct epoll_event events[EVENTS];

	for (;;) {
		int count = epoll_wait(server->epoll, events, EVENTS, -1);

		for (int i = 0; i < count; i++) {
			void *who = events[i].data.ptr;

			if (who == &server->signals)
				return;
			if (who == &server->listener)
				accept_one(server);
			else
				on_peer(server, who);
		}
		listen_if_room(server);
	}
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) ||
	    listen(fd, BACKLOG))
		die(path);
	return fd;
}

/* SIGTERM ends it in order: who keeps something in the TPM can take it out. */
static int take_signals(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

int main(int argc, char **argv)
{
	struct server server = {0};
	bool is_sync = argc == 4 && !strcmp(argv[3], "--sync");

	if (argc != 3 && !is_sync) {
		fputs("usage: bench-tls-server SOCKET KEY [--sync]\n", stderr);
		return 2;
	}
	server.signals = take_signals();
	server.tls = SSL_CTX_new(TLS_server_method());
	server.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (server.signals < 0 || !server.tls || server.epoll < 0)
		die("starting");
	SSL_CTX_set_min_proto_version(server.tls, TLS1_3_VERSION);
	/* No resumption: each handshake is a full one. */
	SSL_CTX_set_num_tickets(server.tls, 0);
	SSL_CTX_set_session_cache_mode(server.tls, SSL_SESS_CACHE_OFF);
	/* tpm2-openssl 1.1 says of an RSA key that it has no security bits at all. */
	SSL_CTX_set_security_level(server.tls, 0);
	if (!is_sync)
		SSL_CTX_set_mode(server.tls, SSL_MODE_ASYNC);
	if (!identity_use(server.tls, argv[2]))
		die(argv[2]);
	server.listener = listen_at(argv[1]);
	watch(&server, server.signals, &server.signals);
	listen_if_room(&server);
	serve(&server);
	SSL_CTX_free(server.tls);
	return 0;
}
