#include "dial.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "address.h"
#include "lookup.h"

#define TIMEOUT_DEFAULT_MS 10000
#define IDLE_S		   5 /* until the first probe; the others as often */
#define PROBES		   3
#define UNANSWERED_MS	   20000

struct dial {
	sd_event *event;
	struct dial_target target;
	struct dial_handler handler;
	void *user;
	struct lookup *lookup;
	size_t count, tried; /* addresses; the one under way is the last that was tried */
	struct address addresses[LOOKUP_ADDRESSES_MAX];
	int fd;
	sd_event_source *begin, *io, *timer;
	uint64_t deadline;
	enum dial_fault fault; /* of the address before */
	char message[DIAL_MESSAGE_MAX];
};

void dial_keep_alive(int fd)
{
	const struct {
		int level, option, value;
	} options[] = {
		{SOL_SOCKET, SO_KEEPALIVE, 1},
		{IPPROTO_TCP, TCP_KEEPIDLE, IDLE_S},
		{IPPROTO_TCP, TCP_KEEPINTVL, IDLE_S},
		{IPPROTO_TCP, TCP_KEEPCNT, PROBES},
		{IPPROTO_TCP, TCP_USER_TIMEOUT, UNANSWERED_MS},
		{IPPROTO_TCP, TCP_NODELAY, 1},
	};

	/* A Unix socket has none of these, and needs none. */
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		(void)setsockopt(fd, options[i].level, options[i].option, &options[i].value,
				 sizeof(options[i].value));
}

/*
 * TCP_USER_TIMEOUT counts while the peer's window is closed, too (tcp(7)), although the peer
 * answers that it is. Then bytes wait and none is in flight; and probes tell whether it is there.
 */
bool dial_look_after(int fd)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);
	int timeout = UNANSWERED_MS, waiting = 0;

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		return false;
	if (info.tcpi_unacked == 0 && info.tcpi_probes < PROBES &&
	    ioctl(fd, SIOCOUTQNSD, &waiting) == 0 && waiting > 0)
		timeout = 0;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof(timeout));
	return info.tcpi_state == TCP_CLOSE_WAIT;
}

static uint64_t now_of(const struct dial *dial)
{
	uint64_t now = 0;

	(void)sd_event_now(dial->event, CLOCK_MONOTONIC, &now);
	return now;
}

static bool is_unix(const struct dial *dial)
{
	return *dial->target.host == '/';
}

/* "192.0.2.1 port 2000", "plc-2.example (192.0.2.1) port 2000", "/run/x.sock". */
static void describe(const struct dial *dial, char *text, size_t len)
{
	char address[ADDRESS_TEXT_MAX] = "";

	if (dial->tried)
		address_print(&dial->addresses[dial->tried - 1], address);
	if (is_unix(dial))
		snprintf(text, len, "%s", dial->target.host);
	else if (!*address || strcmp(address, dial->target.host) == 0)
		snprintf(text, len, "%.180s port %u", dial->target.host,
			 (unsigned)dial->target.port);
	else
		snprintf(text, len, "%.120s (%s) port %u", dial->target.host, address,
			 (unsigned)dial->target.port);
}

static void stop(struct dial *dial)
{
	dial->io = sd_event_source_disable_unref(dial->io);
	if (dial->fd >= 0)
		close(dial->fd);
	dial->fd = -1;
}

/* The handler may free it. */
static void fail(struct dial *dial)
{
	stop(dial);
	dial->timer = sd_event_source_disable_unref(dial->timer);
	dial->handler.failed(dial->fault, dial->message, dial->user);
}

static void succeed(struct dial *dial)
{
	char address[ADDRESS_TEXT_MAX];
	int fd = dial->fd;

	dial->fd = -1;
	stop(dial);
	dial->timer = sd_event_source_disable_unref(dial->timer);
	address_print(&dial->addresses[dial->tried - 1], address);
	dial_keep_alive(fd);
	dial->handler.connected(fd, address, dial->user);
}

static void note_interface(struct dial *dial, int error)
{
	dial->fault = DIAL_INTERFACE;
	if (error == ENODEV)
		snprintf(dial->message, sizeof(dial->message),
			 "there is no network interface %s here", dial->target.interface);
	else
		snprintf(dial->message, sizeof(dial->message),
			 "the connection cannot be bound to the network interface %s: %s",
			 dial->target.interface, strerror(error));
}

static void note_local_port(struct dial *dial, int error)
{
	dial->fault = DIAL_LOCAL_PORT;
	if (dial->target.local_port)
		snprintf(dial->message, sizeof(dial->message),
			 "the local port %u cannot be used: %s", (unsigned)dial->target.local_port,
			 strerror(error));
	else
		snprintf(dial->message, sizeof(dial->message), "no local port can be had: %s",
			 strerror(error));
}

static void note_error(struct dial *dial, int error)
{
	char peer[DIAL_MESSAGE_MAX / 2 + 100];

	describe(dial, peer, sizeof(peer));
	switch (error) {
	case ECONNREFUSED:
	case ENOENT:
	case ECONNRESET:
		dial->fault = DIAL_REFUSED;
		snprintf(dial->message, sizeof(dial->message), "nobody listens at %.250s", peer);
		break;
	case EADDRINUSE:
	case EADDRNOTAVAIL:
		note_local_port(dial, error);
		break;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case ENOBUFS:
		dial->fault = DIAL_RESOURCES;
		snprintf(dial->message, sizeof(dial->message), "%.200s cannot be connected to: %s",
			 peer, strerror(error));
		break;
	default:
		dial->fault = DIAL_UNREACHABLE;
		snprintf(dial->message, sizeof(dial->message), "%.200s cannot be reached: %s", peer,
			 strerror(error));
	}
}

static bool bind_local(struct dial *dial, int fd, int family)
{
	const int on = 1;
	struct address any;

	if (*dial->target.interface &&
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, dial->target.interface,
		       (socklen_t)strlen(dial->target.interface)) < 0) {
		note_interface(dial, errno);
		return false;
	}
	if (!dial->target.local_port)
		return true;
	/* The port of a connection that has just ended may be had again. */
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (!address_parse(family == AF_INET ? "0.0.0.0" : "::", dial->target.local_port, &any) ||
	    bind(fd, (const struct sockaddr *)&any.storage, any.len) < 0) {
		note_local_port(dial, errno);
		return false;
	}
	return true;
}

/* TCP connects a port that nobody listens at with itself, if it happens to choose the same. */
static bool is_own_echo(int fd)
{
	struct sockaddr_storage own = {0}, peer = {0};
	socklen_t own_len = sizeof(own), peer_len = sizeof(peer);

	return getsockname(fd, (struct sockaddr *)&own, &own_len) == 0 &&
	       getpeername(fd, (struct sockaddr *)&peer, &peer_len) == 0 &&
	       own.ss_family != AF_UNIX && own_len == peer_len && memcmp(&own, &peer, own_len) == 0;
}

static void try_next(struct dial *dial);

static int on_connect(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct dial *dial = user;
	int error = 0;
	socklen_t len = sizeof(error);

	(void)source;
	(void)events;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	if (!error && is_own_echo(fd))
		error = ECONNREFUSED;
	if (!error) {
		succeed(dial);
		return 0;
	}
	note_error(dial, error);
	try_next(dial);
	return 0;
}

/* Whether it is under way; else why not is noted. */
static bool try_address(struct dial *dial, const struct address *address)
{
	int family = address->storage.ss_family;
	bool is_begun = false;

	dial->fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (dial->fd < 0) {
		note_error(dial, errno);
		return false;
	}
	if (family != AF_UNIX && !bind_local(dial, dial->fd, family))
		return false;
	/* In any case told by the socket's being writable, so that it is told from the loop. */
	is_begun =
		connect(dial->fd, (const struct sockaddr *)&address->storage, address->len) == 0 ||
		errno == EINPROGRESS;
	if (is_begun) {
		is_begun = sd_event_add_io(dial->event, &dial->io, dial->fd, EPOLLOUT, on_connect,
					   dial) >= 0;
		errno = ENOMEM;
	}
	if (!is_begun)
		note_error(dial, errno);
	return is_begun;
}

static void try_next(struct dial *dial)
{
	uint64_t now = now_of(dial);
	bool is_begun = false;

	stop(dial);
	while (!is_begun && dial->tried < dial->count && now < dial->deadline) {
		/* Each gets its share of the time, so that one that is silent does not eat it all. */
		uint64_t share = (dial->deadline - now) / (dial->count - dial->tried);

		is_begun = try_address(dial, &dial->addresses[dial->tried++]);
		if (is_begun) {
			(void)sd_event_source_set_time(dial->timer, now + share);
			(void)sd_event_source_set_enabled(dial->timer, SD_EVENT_ONESHOT);
		} else {
			stop(dial);
		}
	}
	if (!is_begun)
		fail(dial);
}

static int on_late(sd_event_source *source, uint64_t usec, void *user)
{
	struct dial *dial = user;
	char peer[DIAL_MESSAGE_MAX / 2 + 100];

	(void)source;
	(void)usec;
	describe(dial, peer, sizeof(peer));
	if (dial->lookup) {
		dial->fault = DIAL_UNKNOWN;
		snprintf(dial->message, sizeof(dial->message),
			 "the name %.200s was not looked up in time: is a name server there?",
			 dial->target.host);
		lookup_free(dial->lookup);
		dial->lookup = NULL;
		fail(dial);
		return 0;
	}
	dial->fault = DIAL_UNREACHABLE;
	snprintf(dial->message, sizeof(dial->message), "%.250s does not answer", peer);
	try_next(dial);
	return 0;
}

static void on_looked_up(int error, const struct address *addresses, size_t count, void *user)
{
	struct dial *dial = user;

	if (!error) {
		memcpy(dial->addresses, addresses, count * sizeof(*addresses));
		dial->count = count;
	}
	lookup_free(dial->lookup);
	dial->lookup = NULL;
	if (error) {
		dial->fault = DIAL_UNKNOWN;
		snprintf(dial->message, sizeof(dial->message),
			 "the name %.200s cannot be looked up: %s", dial->target.host,
			 error == EAI_SYSTEM ? "the system fails" : gai_strerror(error));
		fail(dial);
		return;
	}
	try_next(dial);
}

static int on_begin(sd_event_source *source, void *user)
{
	struct dial *dial = user;
	const struct dial_target *target = &dial->target;
	const char *zone = strchr(target->host, '%');

	(void)source;
	dial->begin = sd_event_source_disable_unref(dial->begin);
	if (address_parse(target->host, target->port, &dial->addresses[0])) {
		dial->count = 1;
		try_next(dial);
		return 0;
	}
	if (zone || is_unix(dial)) {
		dial->fault = zone ? DIAL_INTERFACE : DIAL_REFUSED;
		snprintf(dial->message, sizeof(dial->message), "%.250s: %s", target->host,
			 zone ? "there is no such network interface here"
			      : "the path of a Unix socket has at most 107 bytes");
		fail(dial);
		return 0;
	}
	dial->lookup = lookup_start(dial->event, target->host, target->port, on_looked_up, dial);
	if (!dial->lookup) {
		dial->fault = DIAL_RESOURCES;
		snprintf(dial->message, sizeof(dial->message),
			 "the name %.200s cannot be looked up: %s", target->host, strerror(errno));
		fail(dial);
	}
	return 0;
}

struct dial *dial_start(sd_event *event, const struct dial_target *target,
			const struct dial_handler *handler, void *user)
{
	struct dial *dial = calloc(1, sizeof(*dial));
	uint32_t timeout_ms = target->timeout_ms ? target->timeout_ms : TIMEOUT_DEFAULT_MS;

	if (!dial)
		return NULL;
	dial->event = event;
	dial->target = *target;
	dial->handler = *handler;
	dial->user = user;
	dial->fd = -1;
	dial->deadline = now_of(dial) + timeout_ms * 1000ull;
	if (sd_event_add_defer(event, &dial->begin, on_begin, dial) < 0 ||
	    sd_event_add_time(event, &dial->timer, CLOCK_MONOTONIC, dial->deadline, 0, on_late,
			      dial) < 0) {
		dial_free(dial);
		return NULL;
	}
	return dial;
}

void dial_free(struct dial *dial)
{
	if (!dial)
		return;
	lookup_free(dial->lookup);
	stop(dial);
	sd_event_source_disable_unref(dial->begin);
	sd_event_source_disable_unref(dial->timer);
	free(dial);
}
