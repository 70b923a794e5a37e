#include "stream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tls_session.h"

struct stream {
	sd_event *event;
	int fd;
	struct tls_session *tls; /* NULL: plain */
	struct stream_handler handler;
	void *user;
	sd_event_source *io;
	sd_event_source *soon;	   /* calls the handler out of the loop */
	sd_event_source *patience; /* while the handshake goes on */
	unsigned wants;
	uint32_t reads_by, writes_by; /* what of the socket each waits for: EPOLLIN or EPOLLOUT */
	uint32_t shakes_by;	      /* 0: the handshake is over, or waits for keystored */
	bool is_open, is_told_open;
	bool has_ended; /* the peer's direction */
	bool finishes;	/* its end is still to be sent */
	bool has_more;	/* not read until STREAM_AGAIN */
	bool has_failed;
	uint32_t watched; /* what io is armed for … */
	bool has_fired;	  /* … and told of: it tells no more before it is armed again */
	bool is_in_turn;  /* its handler runs, which may free it: until that is through … */
	bool is_freed;	  /* … it is there */
	struct stream_failure failure;
};

static void call_soon(struct stream *stream)
{
	(void)sd_event_source_set_enabled(stream->soon, SD_EVENT_ONESHOT);
}

static uint32_t interest(const struct stream *stream)
{
	uint32_t events = 0;

	if (stream->has_failed)
		return 0;
	if (!stream->is_open)
		return stream->shakes_by;
	if ((stream->wants & STREAM_READ) && !stream->has_ended)
		events |= stream->reads_by;
	if (stream->wants & STREAM_WRITE)
		events |= stream->writes_by;
	if (stream->finishes)
		events |= EPOLLOUT;
	return events;
}

/*
 * Edge-triggered, and armed again after each turn: a level-triggered epoll is asked about all
 * sockets that are ready, for each of them again, since a turn of the loop is one source's.
 */
static void arm(struct stream *stream, uint32_t events)
{
	if (!stream->has_fired && events == stream->watched)
		return;
	stream->has_fired = false;
	stream->watched = events;
	(void)sd_event_source_set_io_events(stream->io, events | EPOLLET);
}

/* Out of the loop while nothing of the socket matters: a hang-up would be told without end. */
static void watch(struct stream *stream)
{
	uint32_t events = interest(stream);
	bool is_idle = !stream->has_failed && stream->is_open && !stream->has_ended;

	if (stream->is_in_turn)
		return;
	arm(stream, events);
	(void)sd_event_source_set_enabled(stream->io,
					  events || is_idle ? SD_EVENT_ON : SD_EVENT_OFF);
}

/* What the handler wants in the end is what counts. */
static void take_turn(struct stream *stream, void (*handler)(void *user))
{
	stream->is_in_turn = true;
	handler(stream->user);
	stream->is_in_turn = false;
	if (stream->is_freed)
		free(stream);
	else
		watch(stream);
}

static void fail_by(struct stream *stream, const struct stream_failure *failure)
{
	if (stream->has_failed)
		return;
	stream->has_failed = true;
	stream->is_open = false;
	stream->failure = *failure;
	stream->patience = sd_event_source_disable_unref(stream->patience);
	watch(stream);
	call_soon(stream);
}

static void fail(struct stream *stream, enum stream_fault fault, const char *message)
{
	struct stream_failure failure = {.fault = fault};

	snprintf(failure.message, sizeof(failure.message), "%s", message);
	fail_by(stream, &failure);
}

static void fail_errno(struct stream *stream, int error)
{
	char message[STREAM_MESSAGE_MAX];

	snprintf(message, sizeof(message), "the connection broke: %s", strerror(error));
	fail(stream, STREAM_RESET, message);
}

static void fail_session(struct stream *stream)
{
	struct stream_failure failure;

	tls_session_failure(stream->tls, &failure);
	fail_by(stream, &failure);
}

static void opened(struct stream *stream)
{
	stream->is_open = true;
	stream->patience = sd_event_source_disable_unref(stream->patience);
	call_soon(stream);
}

static void shake_hands(struct stream *stream)
{
	stream->shakes_by = 0;
	switch (tls_session_handshake(stream->tls)) {
	case SESSION_OK:
		opened(stream);
		break;
	case SESSION_WANTS_READ:
		stream->shakes_by = EPOLLIN;
		break;
	case SESSION_WANTS_WRITE:
		stream->shakes_by = EPOLLOUT;
		break;
	case SESSION_WAITS:
		break;
	case SESSION_END:
	case SESSION_FAILED:
		fail_session(stream);
		break;
	}
	watch(stream);
}

static void send_end(struct stream *stream)
{
	enum session_step step = stream->tls ? tls_session_finish(stream->tls) : SESSION_OK;

	stream->finishes = step == SESSION_WANTS_WRITE || step == SESSION_WANTS_READ;
	if (step == SESSION_FAILED)
		fail_session(stream);
	else if (!stream->finishes && shutdown(stream->fd, SHUT_WR) < 0 && errno != ENOTCONN)
		fail_errno(stream, errno);
	watch(stream);
}

/* Nothing is wanted, and the socket has something to say: an error, or a hang-up of both sides. */
static void on_idle_end(struct stream *stream)
{
	socklen_t len = sizeof(int);
	int error = 0;

	if (getsockopt(stream->fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error)
		fail_errno(stream, error);
	else
		(void)sd_event_source_set_enabled(stream->io, SD_EVENT_OFF);
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct stream *stream = user;

	(void)source;
	(void)fd;
	stream->has_fired = true;
	if (!stream->is_open) {
		if (!stream->has_failed)
			shake_hands(stream);
		return 0;
	}
	if (stream->finishes && (events & (EPOLLOUT | EPOLLERR | EPOLLHUP))) {
		send_end(stream);
		if (stream->has_failed)
			return 0;
	}
	if (stream->wants && stream->is_told_open)
		take_turn(stream, stream->handler.ready);
	else if (!stream->wants && !stream->finishes)
		on_idle_end(stream);
	return 0;
}

static int on_soon(sd_event_source *source, void *user)
{
	struct stream *stream = user;

	(void)source;
	if (stream->has_failed) {
		stream->handler.failed(&stream->failure, stream->user);
	} else if (!stream->is_told_open) {
		stream->is_told_open = true;
		/* What came with the handshake's last bytes is in memory already. */
		stream->has_more = stream->tls != NULL;
		take_turn(stream, stream->handler.opened);
	} else if ((stream->wants & STREAM_READ) && stream->has_more) {
		take_turn(stream, stream->handler.ready);
	}
	return 0;
}

static int on_patience(sd_event_source *source, uint64_t usec, void *user)
{
	(void)source;
	(void)usec;
	fail(user, STREAM_TIMEOUT, "the TLS handshake was not over in time");
	return 0;
}

static void on_wake(void *user)
{
	struct stream *stream = user;

	if (tls_session_has_failed(stream->tls))
		fail_session(stream);
	else if (!stream->is_open && !stream->has_failed)
		shake_hands(stream);
}

static struct stream *stream_new(sd_event *event, int fd, const struct stream_handler *handler,
				 void *user)
{
	struct stream *stream = calloc(1, sizeof(*stream));

	if (!stream) {
		close(fd);
		return NULL;
	}
	stream->event = sd_event_ref(event);
	stream->fd = fd;
	stream->handler = *handler;
	stream->user = user;
	stream->reads_by = EPOLLIN;
	stream->writes_by = EPOLLOUT;
	if (sd_event_add_io(event, &stream->io, fd, 0, on_io, stream) < 0 ||
	    sd_event_add_defer(event, &stream->soon, on_soon, stream) < 0 ||
	    sd_event_source_set_enabled(stream->soon, SD_EVENT_OFF) < 0) {
		stream_free(stream);
		errno = ENOMEM;
		return NULL;
	}
	return stream;
}

struct stream *stream_plain(sd_event *event, int fd, const struct stream_handler *handler,
			    void *user)
{
	struct stream *stream = stream_new(event, fd, handler, user);

	if (!stream)
		return NULL;
	opened(stream);
	watch(stream);
	return stream;
}

struct stream *stream_tls(struct tls_identity *identity, int fd, const struct tls_peer *peer,
			  const char *address, const struct stream_handler *handler, void *user)
{
	sd_event *event = tls_session_loop(identity);
	struct stream *stream = stream_new(event, fd, handler, user);
	int error = ENOMEM;
	uint64_t usec;

	if (!stream)
		return NULL;
	stream->tls = tls_session_new(identity, fd, peer, address, on_wake, stream);
	if (!stream->tls) {
		error = errno;
		goto failed;
	}
	usec = (uint64_t)tls_session_handshake_ms(stream->tls) * 1000;
	if (sd_event_add_time_relative(event, &stream->patience, CLOCK_MONOTONIC, usec, 0,
				       on_patience, stream) < 0)
		goto failed;
	/* A client speaks first; a server hears of it when something has come. */
	stream->shakes_by = peer->is_server ? EPOLLOUT : EPOLLIN;
	watch(stream);
	return stream;
failed:
	stream_free(stream);
	errno = error;
	return NULL;
}

void stream_free(struct stream *stream)
{
	if (!stream)
		return;
	sd_event_source_disable_unref(stream->io);
	sd_event_source_disable_unref(stream->soon);
	sd_event_source_disable_unref(stream->patience);
	if (stream->tls)
		tls_session_free(stream->tls, stream->fd);
	else
		close(stream->fd);
	sd_event_unref(stream->event);
	stream->is_freed = true;
	if (!stream->is_in_turn)
		free(stream);
}

void stream_reset(struct stream *stream)
{
	const struct linger at_once = {.l_onoff = 1};

	if (!stream)
		return;
	(void)setsockopt(stream->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	if (stream->tls)
		tls_session_give_up(stream->tls);
	stream_free(stream);
}

static enum stream_result broken_by_errno(struct stream *stream)
{
	if (errno == EAGAIN || errno == EINTR)
		return STREAM_AGAIN;
	fail_errno(stream, errno);
	return STREAM_BROKEN;
}

/* @waits_by: where to keep what the operation waits for. */
static enum stream_result result_of(struct stream *stream, enum session_step step,
				    uint32_t *waits_by)
{
	switch (step) {
	case SESSION_OK:
		return STREAM_OK;
	case SESSION_END:
		return STREAM_END;
	case SESSION_WANTS_READ:
		*waits_by = EPOLLIN;
		return STREAM_AGAIN;
	case SESSION_WANTS_WRITE:
		*waits_by = EPOLLOUT;
		return STREAM_AGAIN;
	case SESSION_WAITS:
	case SESSION_FAILED:
		break;
	}
	fail_session(stream);
	return STREAM_BROKEN;
}

static enum stream_result plain_read(struct stream *stream, void *buf, size_t size, size_t *ret_len)
{
	ssize_t got = recv(stream->fd, buf, size, 0);

	if (got < 0)
		return broken_by_errno(stream);
	if (got == 0)
		return STREAM_END;
	*ret_len = (size_t)got;
	return STREAM_OK;
}

enum stream_result stream_read(struct stream *stream, void *buf, size_t size, size_t *ret_len)
{
	enum stream_result result;

	if (!stream->is_open)
		return STREAM_BROKEN;
	if (stream->has_ended)
		return STREAM_END;
	stream->reads_by = EPOLLIN;
	result = stream->tls ? result_of(stream, tls_session_read(stream->tls, buf, size, ret_len),
					 &stream->reads_by)
			     : plain_read(stream, buf, size, ret_len);
	stream->has_more = result == STREAM_OK && stream->tls;
	stream->has_ended = result == STREAM_END;
	watch(stream);
	return result;
}

static enum stream_result plain_write(struct stream *stream, const void *buf, size_t len,
				      size_t *ret_len)
{
	ssize_t sent = send(stream->fd, buf, len, MSG_NOSIGNAL);

	if (sent < 0)
		return broken_by_errno(stream);
	*ret_len = (size_t)sent;
	return STREAM_OK;
}

enum stream_result stream_write(struct stream *stream, const void *buf, size_t len, size_t *ret_len)
{
	enum stream_result result;

	if (!stream->is_open)
		return STREAM_BROKEN;
	stream->writes_by = EPOLLOUT;
	result = stream->tls ? result_of(stream, tls_session_write(stream->tls, buf, len, ret_len),
					 &stream->writes_by)
			     : plain_write(stream, buf, len, ret_len);
	watch(stream);
	return result;
}

void stream_wants(struct stream *stream, unsigned wants)
{
	stream->wants = wants;
	if ((wants & STREAM_READ) && stream->has_more && stream->is_told_open &&
	    tls_session_has_bytes(stream->tls))
		call_soon(stream);
	watch(stream);
}

void stream_finish(struct stream *stream)
{
	if (stream->is_open)
		send_end(stream);
}

bool stream_is_open(const struct stream *stream)
{
	return stream->is_open && stream->is_told_open;
}

void stream_describe(const struct stream *stream, char *buf, size_t len)
{
	if (stream->tls)
		tls_session_describe(stream->tls, buf, len);
	else
		snprintf(buf, len, "plain");
}

void stream_peer_subject(const struct stream *stream, char *buf, size_t len)
{
	if (stream->tls)
		tls_session_peer_subject(stream->tls, buf, len);
	else
		snprintf(buf, len, "%s", "");
}
