#include "conn.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lazy_timer.h"
#include "request.h"
#include "service.h"
#include "session.h"
#include "txn.h"

#define OUTPUT_MAX ((size_t)4 * (KS_FRAME_MAX + KS_FRAME_HEADER))
/* A peer that leaves that much unread has its next requests wait. */
#define OUTPUT_HIGH ((size_t)65536)
/* Frames served in a row before others get their turn. */
#define TURN_FRAMES 32

struct conn {
	struct service *service;
	int fd;
	sd_event_source *io;
	uint32_t events; /* what is polled for */
	struct peer *peer;
	struct account *account;
	uint64_t number;
	struct frame_reader reader;
	struct frame_writer writer;
	struct request_list requests;
	unsigned in_flight;
	uint64_t frame_since; /* part of a frame is here since; 0: none */
	uint64_t write_since; /* the peer took nothing since; 0: nothing to take */
	bool is_subscribed;
	uint64_t session; /* of the subscription; 0: none */
	bool is_serving;  /* replies are collected, and sent at the end */
	bool has_ended;	  /* the peer sends nothing more, but may read */
	bool is_closing;  /* once the output is out */
	bool is_closed;	  /* only its memory is left, until the deferred turn */
	bool is_deferred;
	LIST_ENTRY(conn) all;
	TAILQ_ENTRY(conn) turn;
};

LIST_HEAD(conn_list, conn);
TAILQ_HEAD(conn_turns, conn);

struct conns {
	struct service *service;
	struct conn_list list;
	struct conn_turns turns;
	sd_event_source *turn_source;
	struct lazy_timer *timer;
	uint64_t last_number;
	unsigned count;
	bool is_stopped;
};

static void defer(struct conn *conn)
{
	struct conns *conns = conn->service->conns;

	if (conn->is_deferred)
		return;
	conn->is_deferred = true;
	TAILQ_INSERT_TAIL(&conns->turns, conn, turn);
	sd_event_source_set_enabled(conns->turn_source, SD_EVENT_ONESHOT);
}

static void conn_free(struct conn *conn)
{
	request_vanish_all(&conn->requests);
	txn_gone(conn->service->txn, conn->number);
	frame_reader_wipe(&conn->reader);
	frame_writer_wipe(&conn->writer);
	free(conn->peer);
	free(conn);
}

/*
 * Its requests and its memory stay until the deferred turn: callers up the stack, which may be
 * answering one request after another, still look at them.
 */
static void conn_close(struct conn *conn)
{
	if (conn->is_closed)
		return;
	conn->is_closed = true;
	conn->io = sd_event_source_unref(conn->io);
	close(conn->fd);
	conn->account->connections--;
	account_settle(conn->account);
	conn->account = NULL;
	conn->service->conns->count--;
	LIST_REMOVE(conn, all);
	defer(conn);
}

static bool is_paused(const struct conn *conn)
{
	return conn->in_flight >= conn->service->config->requests_per_connection ||
	       frame_writer_pending(&conn->writer) > OUTPUT_HIGH;
}

static bool wants_input(const struct conn *conn)
{
	return !is_paused(conn) && !conn->has_ended && !conn->is_closing &&
	       !conn->service->conns->is_stopped;
}

static void update_events(struct conn *conn)
{
	uint32_t events = (wants_input(conn) ? EPOLLIN : 0u) |
			  (frame_writer_pending(&conn->writer) ? EPOLLOUT : 0u);

	if (conn->is_closed || events == conn->events)
		return;
	if (sd_event_source_set_io_events(conn->io, events) < 0)
		conn_close(conn);
	else
		conn->events = events;
}

/* A close with input unread would reach the peer as a reset, ahead of our last words. */
static void discard_input(const struct conn *conn)
{
	uint8_t scratch[16384];

	shutdown(conn->fd, SHUT_WR);
	for (int i = 0; i < 32; i++) {
		if (recv(conn->fd, scratch, sizeof scratch, MSG_DONTWAIT) <= 0)
			break;
	}
}

static void flush(struct conn *conn)
{
	size_t before = frame_writer_pending(&conn->writer);

	if (conn->is_closed)
		return;
	if (before) {
		enum frame_status status = frame_writer_flush(&conn->writer, conn->fd);
		size_t after = frame_writer_pending(&conn->writer);

		if (status != FRAME_OK && status != FRAME_AGAIN) {
			conn_close(conn);
			return;
		}
		if (!after) {
			conn->write_since = 0;
		} else if (after < before || !conn->write_since) {
			struct conns *conns = conn->service->conns;

			conn->write_since = lazy_timer_now(conns->timer);
			lazy_timer_by(conns->timer,
				      conn->write_since +
					      conn->service->config->write_timeout_ms * 1000ull);
		}
	}
	if (!frame_writer_pending(&conn->writer) && conn->is_closing) {
		discard_input(conn);
		conn_close(conn);
	}
}

/* What is left of the input after a turn: whole frames wait, part of one is timed. */
static void after_turn(struct conn *conn, bool has_more)
{
	struct conns *conns = conn->service->conns;

	if (conn->is_closed)
		return;
	if (has_more && !is_paused(conn) && !conn->is_closing && !conns->is_stopped) {
		defer(conn);
	} else if (wants_input(conn) && frame_reader_is_inside(&conn->reader)) {
		if (!conn->frame_since) {
			conn->frame_since = lazy_timer_now(conns->timer);
			lazy_timer_by(conns->timer,
				      conn->frame_since +
					      conn->service->config->frame_timeout_ms * 1000ull);
		}
	} else {
		conn->frame_since = 0;
	}
	if (conn->has_ended && !conn->is_deferred && !conn->in_flight &&
	    !frame_writer_pending(&conn->writer))
		conn_close(conn);
	update_events(conn);
}

static void serve_frame(struct conn *conn, const uint8_t *payload, size_t len)
{
	ks_pb_request *message = codec_request_decode(payload, len);

	conn->frame_since = 0;
	if (message)
		request_handle(conn->service, conn, message);
	else
		conn_refuse(conn, STATUS_INVALID,
			    "the frame of %zu bytes is no keystore.v1.Request: speak protocol "
			    "version %d",
			    len, KS_PROTOCOL_VERSION);
	codec_request_free(message);
}

static void serve(struct conn *conn)
{
	enum frame_status status = FRAME_OK;

	conn->is_serving = true;
	for (int i = 0; i < TURN_FRAMES && status == FRAME_OK; i++) {
		const uint8_t *payload;
		size_t len;

		if (conn->is_closed || conn->is_closing || is_paused(conn) ||
		    conn->service->conns->is_stopped)
			break;
		status = frame_reader_next(&conn->reader, &payload, &len);
		if (status == FRAME_OK)
			serve_frame(conn, payload, len);
		else if (status == FRAME_TOO_LARGE)
			conn_refuse(conn, STATUS_INVALID,
				    "a frame of %zu bytes was announced: a frame has 1 to %zu",
				    frame_reader_announced(&conn->reader), KS_FRAME_MAX);
		else if (status != FRAME_AGAIN)
			conn_close(conn);
	}
	conn->is_serving = false;
	flush(conn);
	after_turn(conn, status == FRAME_OK);
}

static void receive(struct conn *conn)
{
	enum frame_status status = frame_reader_fill(&conn->reader, conn->fd);

	/* It may have shut down its sending side only, and wait for replies. */
	if (status == FRAME_CLOSED) {
		conn->has_ended = true;
		after_turn(conn, false);
	} else if (status == FRAME_OK) {
		serve(conn);
	} else if (status != FRAME_AGAIN) {
		conn_close(conn);
	}
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct conn *conn = user;

	(void)source;
	(void)fd;
	if (events & EPOLLOUT) {
		flush(conn);
		/* Requests may have waited for the output to leave. */
		if (!conn->is_closed && !is_paused(conn))
			defer(conn);
		update_events(conn);
	}
	if (conn->is_closed)
		return 0;
	if ((events & EPOLLIN) && (conn->events & EPOLLIN)) {
		/* Frames that wait for their turn come first. */
		if (!conn->is_deferred)
			receive(conn);
	} else if (events & (EPOLLHUP | EPOLLERR)) {
		conn_close(conn);
	}
	return 0;
}

static int on_turn(sd_event_source *source, void *user)
{
	struct conns *conns = user;
	struct conn_turns turns = TAILQ_HEAD_INITIALIZER(turns);
	struct conn *conn;

	(void)source;
	TAILQ_CONCAT(&turns, &conns->turns, turn);
	while ((conn = TAILQ_FIRST(&turns))) {
		TAILQ_REMOVE(&turns, conn, turn);
		conn->is_deferred = false;
		if (conn->is_closed)
			conn_free(conn);
		else
			serve(conn);
	}
	return 0;
}

static uint64_t on_time(uint64_t now, void *user)
{
	struct conns *conns = user;
	const struct config *config = conns->service->config;
	uint64_t next = LAZY_NEVER;
	struct conn *conn = LIST_FIRST(&conns->list);

	while (conn) {
		struct conn *following = LIST_NEXT(conn, all);
		uint64_t frame_by = conn->frame_since
					    ? conn->frame_since + config->frame_timeout_ms * 1000ull
					    : LAZY_NEVER;
		uint64_t write_by = conn->write_since
					    ? conn->write_since + config->write_timeout_ms * 1000ull
					    : LAZY_NEVER;

		if (write_by <= now) {
			log_line(conns->service->log, LOG_LEVEL_WARNING,
				 "uid %u pid %d does not read its replies: disconnected",
				 conn->peer->uid, conn->peer->pid);
			conn_close(conn);
		} else if (frame_by <= now) {
			conn_refuse(conn, STATUS_INVALID,
				    "a frame was not complete %u ms after its first byte",
				    config->frame_timeout_ms);
		} else {
			next = write_by < next ? write_by : next;
			next = frame_by < next ? frame_by : next;
		}
		conn = following;
	}
	return next;
}

struct conns *conns_new(struct service *service)
{
	struct conns *conns = calloc(1, sizeof *conns);

	if (!conns)
		return NULL;
	conns->service = service;
	TAILQ_INIT(&conns->turns);
	conns->timer = lazy_timer_new(service->event, on_time, conns);
	if (!conns->timer ||
	    sd_event_add_defer(service->event, &conns->turn_source, on_turn, conns) < 0 ||
	    sd_event_source_set_enabled(conns->turn_source, SD_EVENT_OFF) < 0) {
		conns_free(conns);
		return NULL;
	}
	return conns;
}

void conns_free(struct conns *conns)
{
	if (!conns)
		return;
	while (!LIST_EMPTY(&conns->list))
		conn_close(LIST_FIRST(&conns->list));
	on_turn(NULL, conns);
	sd_event_source_unref(conns->turn_source);
	lazy_timer_free(conns->timer);
	free(conns);
}

unsigned conns_count(const struct conns *conns)
{
	return conns->count;
}

struct conn *conn_new(struct service *service, int fd, struct peer *peer)
{
	struct conns *conns = service->conns;
	struct conn *conn = calloc(1, sizeof *conn);
	struct account *account = account_of(&service->accounts, peer->uid);

	if (!conn || !account ||
	    sd_event_add_io(service->event, &conn->io, fd, EPOLLIN, on_io, conn) < 0) {
		account_settle(account);
		free(conn);
		free(peer);
		close(fd);
		return NULL;
	}
	conn->service = service;
	conn->fd = fd;
	conn->events = EPOLLIN;
	conn->peer = peer;
	conn->account = account;
	conn->number = ++conns->last_number;
	conn->writer.max = OUTPUT_MAX;
	account->connections++;
	conns->count++;
	LIST_INSERT_HEAD(&conns->list, conn, all);
	return conn;
}

const struct peer *conn_peer(const struct conn *conn)
{
	return conn->peer;
}

uint64_t conn_number(const struct conn *conn)
{
	return conn->number;
}

struct account *conn_account(const struct conn *conn)
{
	return conn->account;
}

struct request_list *conn_requests(struct conn *conn)
{
	return &conn->requests;
}

void conn_request_began(struct conn *conn)
{
	conn->in_flight++;
}

void conn_request_ended(struct conn *conn)
{
	bool was_paused = is_paused(conn);

	conn->in_flight--;
	if (!conn->is_serving && !conn->is_closed && (was_paused || conn->has_ended))
		defer(conn);
}

void conn_send(struct conn *conn, const ks_pb_reply *reply)
{
	if (conn->is_closed)
		return;
	enum frame_status status = codec_write(&conn->writer, &reply->base);

	if (status == FRAME_FULL)
		log_line(conn->service->log, LOG_LEVEL_WARNING,
			 "uid %u pid %d leaves %zu bytes unread: disconnected", conn->peer->uid,
			 conn->peer->pid, frame_writer_pending(&conn->writer));
	if (status != FRAME_OK) {
		conn_close(conn);
		return;
	}
	if (conn->is_serving)
		return;
	flush(conn);
	update_events(conn);
}

void conn_refuse(struct conn *conn, enum status status, const char *format, ...)
{
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	char text[256];
	va_list args;

	if (conn->is_closed || conn->is_closing)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	log_line(conn->service->log, LOG_LEVEL_WARNING, "uid %u pid %d: disconnected: %s",
		 conn->peer->uid, conn->peer->pid, text);
	request_vanish_all(&conn->requests);
	txn_gone(conn->service->txn, conn->number);
	conn->in_flight = 0;
	conn->frame_since = 0;
	conn->is_closing = true;
	reply.status = (Keystore__V1__Status)status;
	reply.message = text;
	conn_send(conn, &reply);
}

void conn_subscribe(struct conn *conn, uint64_t session)
{
	conn->is_subscribed = true;
	conn->session = session;
}

/* Once the login is over, as one who has no rights. */
static struct policy_caller subscriber(const struct conn *conn)
{
	struct service *service = conn->service;
	struct policy_caller caller = {.peer = conn->peer, .is_user = conn->session != 0};
	const struct session *session = NULL;

	if (conn->session)
		session = sessions_find(service->sessions, conn->session, service->now());
	if (session)
		caller.rights = session->rights;
	return caller;
}

void conns_publish(struct conns *conns, const ks_pb_reply *event,
		   bool (*wants)(const struct policy_caller *caller, void *user), void *user)
{
	struct conn *conn = LIST_FIRST(&conns->list);

	while (conn) {
		struct conn *following = LIST_NEXT(conn, all);

		struct policy_caller caller = subscriber(conn);

		if (conn->is_subscribed && !conn->is_closing && (!wants || wants(&caller, user)))
			conn_send(conn, event);
		conn = following;
	}
}

void conns_stop(struct conns *conns)
{
	struct conn *conn = LIST_FIRST(&conns->list);

	conns->is_stopped = true;
	while (conn) {
		struct conn *following = LIST_NEXT(conn, all);

		update_events(conn);
		conn = following;
	}
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void conns_drain(struct conns *conns, unsigned grace_ms)
{
	uint64_t until = now_ms() + grace_ms;
	struct conn *conn;

	while ((conn = LIST_FIRST(&conns->list))) {
		uint64_t now = now_ms();
		struct pollfd poll_fd = {.fd = conn->fd, .events = POLLOUT};

		flush(conn);
		if (conn->is_closed)
			continue;
		if (!frame_writer_pending(&conn->writer) || now >= until ||
		    poll(&poll_fd, 1, (int)(until - now)) <= 0)
			conn_close(conn);
	}
}
