#include "plain_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "process.h"

enum { BACKLOG = 64 };

struct plain_peer {
	enum plain_kind kind;
	int listener;
	int port;
	atomic_uint_fast64_t received;
};

struct served {
	struct plain_peer *peer;
	int fd;
};

static void thread_start(void *(*run)(void *user), void *user)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, user))
		fixture_die("there is no thread for a plain peer");
	pthread_detach(thread);
}

static bool send_all(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);

		if (sent <= 0)
			return false;
		bytes += sent;
		len -= (size_t)sent;
	}
	return true;
}

static void *serve(void *user)
{
	struct served served = *(struct served *)user;
	char *bytes = calloc(1, PLAIN_CHUNK);
	bool goes_on = bytes != NULL;

	free(user);
	while (goes_on) {
		ssize_t got = PLAIN_CHUNK;

		if (served.peer->kind != PLAIN_SOURCE)
			got = recv(served.fd, bytes, PLAIN_CHUNK, 0);
		else
			goes_on = send_all(served.fd, bytes, PLAIN_CHUNK);
		if (got <= 0)
			break;
		if (served.peer->kind != PLAIN_SOURCE)
			atomic_fetch_add(&served.peer->received, (uint64_t)got);
		if (served.peer->kind == PLAIN_ECHO)
			goes_on = send_all(served.fd, bytes, (size_t)got);
	}
	close(served.fd);
	free(bytes);
	return NULL;
}

static void *accept_all(void *user)
{
	struct plain_peer *peer = user;
	const int on = 1;

	for (;;) {
		struct served *served = malloc(sizeof(*served));
		int fd = accept4(peer->listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0 || !served)
			fixture_die("a plain peer cannot accept");
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		*served = (struct served){peer, fd};
		thread_start(serve, served);
	}
	return NULL;
}

struct plain_peer *plain_peer_start(enum plain_kind kind)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct plain_peer *peer = calloc(1, sizeof(*peer));
	socklen_t len = sizeof(address);

	if (!peer)
		abort();
	peer->kind = kind;
	peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (peer->listener < 0 || bind(peer->listener, (struct sockaddr *)&address, len) ||
	    listen(peer->listener, BACKLOG) ||
	    getsockname(peer->listener, (struct sockaddr *)&address, &len))
		fixture_die("there is no port for a plain peer");
	peer->port = ntohs(address.sin_port);
	thread_start(accept_all, peer);
	return peer;
}

int plain_peer_port(const struct plain_peer *peer)
{
	return peer->port;
}

uint64_t plain_peer_received(const struct plain_peer *peer)
{
	return atomic_load(&peer->received);
}
