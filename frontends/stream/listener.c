#include "listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "address.h"
#include "backoff.h"
#include "dial.h"

#define BACKLOG	      512
#define ACCEPT_TURN   16 /* peers taken before others get their turn */
#define PAUSE_MS      200
#define RETRY_LAST_MS 10000

struct listener {
	sd_event *event;
	struct listener_place place;
	struct listener_handler handler;
	void *user;
	int fd; /* -1: it does not listen yet */
	sd_event_source *io, *timer;
	unsigned failures;
	bool is_told;		   /* that … */
	enum listener_state state; /* … it is so */
	dev_t dev;		   /* of our Unix socket, so that a successor's is … */
	ino_t ino;		   /* … not removed */
	bool is_accepting;	   /* it is freed when accept() has had its turn */
	bool is_freed;
	char message[LISTENER_MESSAGE_MAX];
};

static bool is_unix(const struct listener *listener)
{
	return *listener->place.host == '/';
}

/* Told when it changes; the handler may free it. */
static void tell(struct listener *listener, enum listener_state state)
{
	if (listener->is_told && listener->state == state)
		return;
	listener->is_told = true;
	listener->state = state;
	listener->handler.changed(state, state == LISTENER_LISTENS ? "" : listener->message,
				  listener->user);
}

static enum listener_state note(struct listener *listener, int error)
{
	const struct listener_place *place = &listener->place;
	enum listener_state state = error == EADDRINUSE ? LISTENER_PORT_IN_USE : LISTENER_FAILS;
	const char *why = error == EADDRINUSE ? "another program has it" : strerror(error);

	if (is_unix(listener))
		snprintf(listener->message, sizeof(listener->message),
			 "the socket %.150s cannot be listened at: %s", place->host, why);
	else
		snprintf(listener->message, sizeof(listener->message),
			 "port %u%s%.100s cannot be listened at: %s", (unsigned)place->port,
			 *place->host ? " of " : "", place->host, why);
	return state;
}

static enum listener_state note_interface(struct listener *listener, int error)
{
	snprintf(listener->message, sizeof(listener->message),
		 error == ENODEV ? "there is no network interface %s here"
				 : "the network interface %s cannot be bound to",
		 listener->place.interface);
	return LISTENER_NO_INTERFACE;
}

/* What a predecessor has left is removed; that nobody answers shows that there is none. 0: errno. */
static int clear_path(const struct address *address, const char *path)
{
	struct stat st;
	int probe, error;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : errno;
	if (!S_ISSOCK(st.st_mode))
		return EEXIST;
	probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (probe < 0)
		return errno;
	error = connect(probe, (const struct sockaddr *)&address->storage, address->len) < 0
			? errno
			: EADDRINUSE;
	close(probe);
	if (error != ECONNREFUSED)
		return error == EAGAIN ? EADDRINUSE : error;
	return unlink(path) < 0 && errno != ENOENT ? errno : 0;
}

static int open_unix(struct listener *listener, const struct address *address)
{
	struct stat st;
	int error = clear_path(address, listener->place.host);

	if (error)
		return error;
	if (bind(listener->fd, (const struct sockaddr *)&address->storage, address->len) < 0)
		return errno;
	if (lstat(listener->place.host, &st) < 0)
		return errno;
	listener->dev = st.st_dev;
	listener->ino = st.st_ino;
	/* Nobody connects before listen(). */
	return chmod(listener->place.host, 0660) < 0 ? errno : 0;
}

static int open_tcp(struct listener *listener, const struct address *address)
{
	const int on = 1, off = 0;

	if (setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return errno;
	if (address->storage.ss_family == AF_INET6 &&
	    setsockopt(listener->fd, IPPROTO_IPV6, IPV6_V6ONLY, *listener->place.host ? &on : &off,
		       sizeof(on)) < 0)
		return errno;
	return bind(listener->fd, (const struct sockaddr *)&address->storage, address->len) < 0
		       ? errno
		       : 0;
}

static int on_peer(sd_event_source *source, int fd, uint32_t events, void *user);

static int open_socket(struct listener *listener, const struct address *address)
{
	int error;

	listener->fd =
		socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (listener->fd < 0)
		return errno;
	if (*listener->place.interface && !is_unix(listener) &&
	    setsockopt(listener->fd, SOL_SOCKET, SO_BINDTODEVICE, listener->place.interface,
		       (socklen_t)strlen(listener->place.interface)) < 0)
		return errno == ENODEV ? ENODEV : EPERM;
	error = is_unix(listener) ? open_unix(listener, address) : open_tcp(listener, address);
	if (!error && listen(listener->fd, BACKLOG) < 0)
		error = errno;
	if (!error && sd_event_add_io(listener->event, &listener->io, listener->fd, EPOLLIN,
				      on_peer, listener) < 0)
		error = ENOMEM;
	return error;
}

static void close_socket(struct listener *listener)
{
	struct stat st;

	listener->io = sd_event_source_disable_unref(listener->io);
	if (listener->fd < 0)
		return;
	/* Removed while it still listens: afterwards a successor's may be there. */
	if (listener->ino && lstat(listener->place.host, &st) == 0 && st.st_dev == listener->dev &&
	    st.st_ino == listener->ino)
		unlink(listener->place.host);
	listener->ino = 0;
	close(listener->fd);
	listener->fd = -1;
}

static void set_timer(struct listener *listener, uint32_t ms)
{
	(void)sd_event_source_set_time_relative(listener->timer, ms * 1000ull);
	(void)sd_event_source_set_enabled(listener->timer, SD_EVENT_ONESHOT);
}

static void try_to_listen(struct listener *listener)
{
	const char *host = *listener->place.host ? listener->place.host : "::";
	enum listener_state state = LISTENER_LISTENS;
	struct address address;
	int error = EADDRNOTAVAIL; /* of a zone that has no interface */

	if (address_parse(host, listener->place.port, &address))
		error = open_socket(listener, &address);
	/* A kernel without IPv6. */
	if (error == EAFNOSUPPORT && !*listener->place.host &&
	    address_parse("0.0.0.0", listener->place.port, &address))
		error = open_socket(listener, &address);
	if (error) {
		close_socket(listener);
		state = *listener->place.interface && (error == ENODEV || error == EPERM)
				? note_interface(listener, error)
				: note(listener, error);
		set_timer(listener, backoff_ms(++listener->failures, RETRY_LAST_MS));
	}
	tell(listener, state);
}

/* Peers stay in the backlog: polling on would spin. */
static void pause_accepting(struct listener *listener, int error)
{
	(void)sd_event_source_set_enabled(listener->io, SD_EVENT_OFF);
	set_timer(listener, PAUSE_MS);
	snprintf(listener->message, sizeof(listener->message),
		 "no peer can be taken: %s; it is tried again", strerror(error));
	tell(listener, LISTENER_FAILS);
}

static bool is_passing(int error)
{
	switch (error) {
	case ECONNABORTED:
	case EINTR:
	case ENETDOWN:
	case EPROTO:
	case ENOPROTOOPT:
	case EHOSTDOWN:
	case ENONET:
	case EHOSTUNREACH:
	case EOPNOTSUPP:
	case ENETUNREACH:
	case EPERM:
		return true; /* accept(2): errors of that peer's alone */
	default:
		return false;
	}
}

static int on_peer(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct listener *listener = user;

	(void)source;
	(void)events;
	listener->is_accepting = true;
	for (int i = 0; i < ACCEPT_TURN && !listener->is_freed; i++) {
		struct address peer = {.len = sizeof(peer.storage)};
		char text[ADDRESS_TEXT_MAX];
		int accepted = accept4(fd, (struct sockaddr *)&peer.storage, &peer.len,
				       SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (accepted < 0 && is_passing(errno))
			continue;
		if (accepted < 0) {
			if (errno == EAGAIN)
				tell(listener, LISTENER_LISTENS);
			else
				pause_accepting(listener, errno);
			break;
		}
		address_print(&peer, text);
		dial_keep_alive(accepted);
		tell(listener, LISTENER_LISTENS);
		if (listener->is_freed)
			close(accepted);
		else
			listener->handler.accepted(accepted, text, listener->user);
	}
	listener->is_accepting = false;
	if (listener->is_freed)
		free(listener);
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *user)
{
	struct listener *listener = user;

	(void)source;
	(void)usec;
	if (listener->fd < 0) {
		try_to_listen(listener);
		return 0;
	}
	(void)sd_event_source_set_enabled(listener->io, SD_EVENT_ON);
	return on_peer(listener->io, listener->fd, EPOLLIN, listener);
}

struct listener *listener_new(sd_event *event, const struct listener_place *place,
			      const struct listener_handler *handler, void *user)
{
	struct listener *listener = calloc(1, sizeof(*listener));

	if (!listener)
		return NULL;
	listener->event = event;
	listener->place = *place;
	listener->handler = *handler;
	listener->user = user;
	listener->fd = -1;
	if (sd_event_add_time_relative(event, &listener->timer, CLOCK_MONOTONIC, 0, 0, on_timer,
				       listener) >= 0)
		return listener;
	listener_free(listener);
	return NULL;
}

void listener_free(struct listener *listener)
{
	if (!listener)
		return;
	close_socket(listener);
	listener->timer = sd_event_source_disable_unref(listener->timer);
	listener->is_freed = true;
	if (!listener->is_accepting)
		free(listener);
}
