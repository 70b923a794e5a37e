#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "tcp_private.h"

#define EVENTS	  (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET)
#define LINGER_MS 2000 /* for a peer to read what he was told last */

static void on_soon(void *application, void *context);

/*
 * What ends or goes on does so out of open62541's loop: never from within its calls, or the gate's,
 * and without the program's loop too, when open62541's is brought to its end.
 */
static void call_soon(struct tcp_connection *connection)
{
	UA_EventLoop *el = connection->tcp->manager.eventSource.eventLoop;

	if (connection->is_due)
		return;
	connection->is_due = true;
	connection->soon.callback = on_soon;
	connection->soon.application = connection->tcp;
	connection->soon.context = connection;
	el->addDelayedCallback(el, &connection->soon);
}

void tcp_connection_end(struct tcp_connection *connection, bool is_broken)
{
	if (connection->is_ending && !is_broken)
		return;
	connection->is_ending = true;
	connection->is_broken |= is_broken;
	connection->is_finished |= is_broken && connection->is_told;
	call_soon(connection);
}

void tcp_connection_finish(struct tcp_connection *connection)
{
	connection->is_finished = true;
	call_soon(connection);
}

void tcp_connection_look_again(struct tcp_connection *connection)
{
	(void)sd_event_source_set_io_events(connection->io, EVENTS);
}

static void set_timer(struct tcp_connection *connection, uint32_t ms)
{
	(void)sd_event_source_set_time_relative(connection->timer, ms * 1000ull);
	(void)sd_event_source_set_enabled(connection->timer, SD_EVENT_ONESHOT);
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct tcp_connection *connection = user;

	(void)source;
	(void)fd;
	if (connection->is_finished)
		return 0;
	connection->has_hung_up |= (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
	if ((events & EPOLLOUT) && !TAILQ_EMPTY(&connection->outs) && !connection->out_is_held) {
		tcp_out_flush(connection);
		if (!tcp_out_is_behind(connection) && connection->has_paused) {
			connection->has_paused = false;
			events |= EPOLLIN; /* which may have been told of while he was not read */
		}
	}
	if (connection->is_told)
		tcp_in_throw_away(connection);
	else if (tcp_in_is_wanted(connection) && (events & ~(uint32_t)EPOLLOUT))
		tcp_in_read(connection);
	/* Nobody waits for what is held back. */
	if (connection->has_hung_up && !tcp_in_is_wanted(connection))
		tcp_connection_end(connection, true);
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *user)
{
	struct tcp_connection *connection = user;

	(void)source;
	(void)usec;
	if (connection->is_told)
		tcp_connection_finish(connection);
	else if (connection->in_is_held || connection->out_is_held)
		/* It is not he who is slow. */
		set_timer(connection, connection->tcp->limits.hello_ms);
	else
		tcp_refuse(connection, UA_STATUSCODE_BADTIMEOUT);
	return 0;
}

static void connection_free(struct tcp_connection *connection)
{
	tcp_out_drop(connection, false);
	sd_event_source_disable_unref(connection->io);
	sd_event_source_disable_unref(connection->timer);
	close(connection->fd);
	free(connection->in);
	free(connection);
}

static void go_on(struct tcp_connection *connection)
{
	connection->is_again = false;
	if (connection->out_is_held)
		tcp_out_flush(connection);
	connection->has_paused &= tcp_out_is_behind(connection);
	connection->in_is_held = false;
	if (tcp_in_is_wanted(connection))
		tcp_in_read(connection);
}

static void tell_end(struct tcp_connection *connection)
{
	struct tcp *tcp = connection->tcp;

	connection->is_told = true;
	tcp->callback(&tcp->manager, connection->id, tcp->application, &connection->context,
		      UA_CONNECTIONSTATE_CLOSING, &UA_KEYVALUEMAP_NULL, UA_BYTESTRING_NULL);
	if (tcp->gate.closed)
		tcp->gate.closed(connection->gate_context, tcp->user);
	tcp_out_drop(connection, true);
	if (connection->is_broken) {
		connection->is_finished = true;
		return;
	}
	set_timer(connection, LINGER_MS);
	tcp_out_flush(connection);
	tcp_connection_look_again(connection);
}

static void on_soon(void *application, void *context)
{
	struct tcp *tcp = application;
	struct tcp_connection *connection = context;

	connection->is_due = false;
	if (connection->is_again && !connection->is_ending)
		go_on(connection);
	if (connection->is_ending && !connection->is_told)
		tell_end(connection);
	if (!connection->is_finished || connection->is_due)
		return;
	tcp->connections[connection->id - 1] = NULL;
	tcp->connection_count--;
	connection_free(connection);
	tcp_look_stopped(tcp);
}

void tcp_release(struct tcp_connection *connection)
{
	connection->is_again = true;
	call_soon(connection);
}

const char *tcp_address(const struct tcp_connection *connection)
{
	return connection->address;
}

void *tcp_context(const struct tcp_connection *connection)
{
	return connection->gate_context;
}

struct tcp_connection *tcp_connection_new(struct tcp *tcp, uintptr_t id, int fd,
					  const char *address, void *context)
{
	struct tcp_connection *connection = calloc(1, sizeof(*connection));

	if (!connection) {
		close(fd);
		return NULL;
	}
	TAILQ_INIT(&connection->outs);
	connection->tcp = tcp;
	connection->id = id;
	connection->serial = ++tcp->serial;
	connection->fd = fd;
	connection->context = context;
	strncpy(connection->address, address, sizeof(connection->address) - 1);
	if (sd_event_add_io(tcp->event, &connection->io, fd, EVENTS, on_io, connection) < 0 ||
	    sd_event_add_time_relative(tcp->event, &connection->timer, CLOCK_MONOTONIC,
				       tcp->limits.hello_ms * 1000ull, 0, on_timer,
				       connection) < 0) {
		connection_free(connection);
		return NULL;
	}
	if (tcp->gate.opened &&
	    !tcp->gate.opened(connection, &connection->gate_context, tcp->user)) {
		tcp_out_turn_away(fd, UA_STATUSCODE_BADTCPSERVERTOOBUSY);
		connection_free(connection);
		return NULL;
	}
	return connection;
}

void tcp_connection_open(struct tcp_connection *connection)
{
	struct tcp *tcp = connection->tcp;
	UA_String address = UA_STRING(connection->address);
	UA_KeyValuePair param = {.key = tcp_param("remote-address")};
	UA_KeyValueMap map = {1, &param};

	UA_Variant_setScalar(&param.value, &address, &UA_TYPES[UA_TYPES_STRING]);
	tcp->callback(&tcp->manager, connection->id, tcp->application, &connection->context,
		      UA_CONNECTIONSTATE_ESTABLISHED, &map, UA_BYTESTRING_NULL);
}
