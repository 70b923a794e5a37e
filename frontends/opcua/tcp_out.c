#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "opn.h"
#include "tcp_private.h"

#define OVERHEAD 128 /* of what is queued, beside its bytes */

/* OPC 10000-6 7.1.2.5: the reason is a string of at most 4096 bytes. */
#define REASON_MAX   64
#define ERROR_HEADER 16
#define ERROR_MAX    (ERROR_HEADER + REASON_MAX)

struct tcp_out {
	TAILQ_ENTRY(tcp_out) next;
	UA_ByteString bytes;
	size_t sent;
	bool is_passed; /* by the gate */
};

static void drop(struct tcp_connection *connection, struct tcp_out *out)
{
	connection->out_bytes -= out->bytes.length + OVERHEAD;
	TAILQ_REMOVE(&connection->outs, out, next);
	UA_ByteString_clear(&out->bytes);
	free(out);
}

void tcp_out_drop(struct tcp_connection *connection, bool is_unpassed_only)
{
	struct tcp_out *out, *next;

	for (out = TAILQ_FIRST(&connection->outs); out; out = next) {
		next = TAILQ_NEXT(out, next);
		if (!out->is_passed || !is_unpassed_only)
			drop(connection, out);
	}
	connection->out_is_held = false;
}

/* False: no memory. Takes @buffer in each case. */
static bool enqueue(struct tcp_connection *connection, UA_ByteString *buffer, size_t sent,
		    bool is_passed)
{
	struct tcp_out *out = calloc(1, sizeof(*out));
	uint8_t *shrunk;

	if (!out) {
		UA_ByteString_clear(buffer);
		return false;
	}
	/* open62541 allocates the largest chunk for each. */
	shrunk = buffer->length ? UA_realloc(buffer->data, buffer->length) : NULL;
	out->bytes = *buffer;
	if (shrunk)
		out->bytes.data = shrunk;
	UA_ByteString_init(buffer);
	out->sent = sent;
	out->is_passed = is_passed;
	connection->out_bytes += out->bytes.length + OVERHEAD;
	TAILQ_INSERT_TAIL(&connection->outs, out, next);
	return true;
}

/* How many of them; fewer: later, or never, by a connection that is broken. */
static size_t send_some(struct tcp_connection *connection, const uint8_t *bytes, size_t len)
{
	size_t sent = 0;

	while (sent < len) {
		ssize_t n =
			send(connection->fd, bytes + sent, len - sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n >= 0) {
			sent += (size_t)n;
		} else if (errno != EINTR) {
			if (errno != EAGAIN)
				tcp_connection_end(connection, true);
			break;
		}
	}
	return sent;
}

static enum tcp_step ask(struct tcp_connection *connection, UA_ByteString *chunk,
			 UA_StatusCode *ret_status)
{
	const struct tcp *tcp = connection->tcp;
	enum tcp_step step = TCP_PASS;

	if (tcp->gate.out)
		step = tcp->gate.out(chunk->data, chunk->length, connection->gate_context,
				     ret_status, tcp->user);
	connection->out_is_held = step == TCP_HOLD;
	/* A channel is open when the peer is told that it is. */
	if (step == TCP_PASS && !connection->is_open && chunk->length >= CHUNK_HEADER &&
	    memcmp(chunk->data, "OPN", 3) == 0) {
		connection->is_open = true;
		(void)sd_event_source_set_enabled(connection->timer, SD_EVENT_OFF);
	}
	return step;
}

static void say_last(struct tcp_connection *connection)
{
	if (connection->has_sent_last)
		return;
	connection->has_sent_last = true;
	if (shutdown(connection->fd, SHUT_WR) < 0 || connection->has_hung_up)
		tcp_connection_finish(connection);
}

void tcp_out_flush(struct tcp_connection *connection)
{
	struct tcp_out *out;

	while (!connection->is_broken && (out = TAILQ_FIRST(&connection->outs))) {
		UA_StatusCode status = UA_STATUSCODE_BADINTERNALERROR;
		enum tcp_step step =
			out->is_passed ? TCP_PASS : ask(connection, &out->bytes, &status);

		if (step == TCP_HOLD)
			return;
		if (step == TCP_REFUSE) {
			tcp_refuse(connection, status);
			return;
		}
		out->is_passed = true;
		out->sent += send_some(connection, out->bytes.data + out->sent,
				       out->bytes.length - out->sent);
		if (out->sent < out->bytes.length)
			return;
		drop(connection, out);
	}
	if (connection->is_told && !connection->is_broken)
		say_last(connection);
}

bool tcp_out_is_behind(const struct tcp_connection *connection)
{
	return connection->out_bytes > connection->tcp->limits.unread_bytes / 2;
}

static UA_StatusCode keep(struct tcp_connection *connection, UA_ByteString *buffer, size_t sent,
			  bool is_passed)
{
	size_t room = connection->tcp->limits.unread_bytes;
	bool fits = TAILQ_EMPTY(&connection->outs) ||
		    connection->out_bytes + buffer->length + OVERHEAD <= room;

	if (fits && enqueue(connection, buffer, sent, is_passed))
		return UA_STATUSCODE_GOOD;
	UA_ByteString_clear(buffer);
	tcp_connection_end(connection, true);
	return UA_STATUSCODE_BADCONNECTIONCLOSED;
}

UA_StatusCode tcp_out_send(struct tcp_connection *connection, UA_ByteString *buffer)
{
	UA_StatusCode status = UA_STATUSCODE_BADINTERNALERROR;
	enum tcp_step step;
	size_t sent = 0;

	/* In order, behind what waits. */
	if (!TAILQ_EMPTY(&connection->outs))
		return keep(connection, buffer, 0, false);
	step = ask(connection, buffer, &status);
	if (step == TCP_HOLD)
		return keep(connection, buffer, 0, false);
	if (step == TCP_REFUSE)
		tcp_refuse(connection, status);
	else
		sent = send_some(connection, buffer->data, buffer->length);
	if (step == TCP_PASS && sent < buffer->length && !connection->is_broken)
		return keep(connection, buffer, sent, true);
	UA_ByteString_clear(buffer);
	return connection->is_ending ? UA_STATUSCODE_BADCONNECTIONCLOSED : UA_STATUSCODE_GOOD;
}

static void put_u32(uint8_t *bytes, size_t value)
{
	for (int i = 0; i < 4; i++)
		bytes[i] = (uint8_t)(value >> 8 * i);
}

/* An ERR message of *ret_len bytes. */
static void print_error(UA_StatusCode status, uint8_t message[ERROR_MAX], size_t *ret_len)
{
	const char *reason = UA_StatusCode_name(status);
	size_t len = strnlen(reason, REASON_MAX);

	memcpy(message, "ERRF", 4);
	put_u32(message + 4, ERROR_HEADER + len);
	put_u32(message + 8, status);
	put_u32(message + 12, len);
	memcpy(message + ERROR_HEADER, reason, len);
	*ret_len = ERROR_HEADER + len;
}

void tcp_refuse(struct tcp_connection *connection, UA_StatusCode status)
{
	uint8_t message[ERROR_MAX];
	UA_ByteString error = {0, message}, copy;

	if (connection->is_ending)
		return;
	print_error(status, message, &error.length);
	tcp_out_drop(connection, true);
	if (UA_ByteString_copy(&error, &copy) == UA_STATUSCODE_GOOD &&
	    enqueue(connection, &copy, 0, true))
		tcp_out_flush(connection);
	tcp_connection_end(connection, false);
}

void tcp_out_turn_away(int fd, UA_StatusCode status)
{
	uint8_t message[ERROR_MAX], thrown_away[512];
	size_t len;

	print_error(status, message, &len);
	/* Closed with his HEL unread he would get a reset, and not the message. */
	(void)!recv(fd, thrown_away, sizeof(thrown_away), MSG_DONTWAIT);
	(void)!send(fd, message, len, MSG_NOSIGNAL | MSG_DONTWAIT);
}
