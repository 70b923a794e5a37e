#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "opn.h"
#include "tcp_private.h"

/* HEL and OPN, and anything before a channel is open. */
#define FIRST_CHUNK_MAX 65536
#define READ_TURNS	4    /* of TCP_READ_BYTES, before others get their turn */
#define BUFFER_FIRST	4096 /* for the beginning of a chunk; grows with what comes */

bool tcp_in_is_wanted(const struct tcp_connection *connection)
{
	return !connection->in_is_held && !connection->is_ending && !connection->has_paused;
}

static void deliver(struct tcp_connection *connection, uint8_t *chunk, size_t len)
{
	struct tcp *tcp = connection->tcp;
	UA_ByteString message = {len, chunk};

	tcp->current = connection;
	tcp->callback(&tcp->manager, connection->id, tcp->application, &connection->context,
		      UA_CONNECTIONSTATE_ESTABLISHED, &UA_KEYVALUEMAP_NULL, message);
	tcp->current = NULL;
	if (tcp->gate.fed)
		tcp->gate.fed(connection->gate_context, tcp->user);
	connection->has_paused |= tcp_out_is_behind(connection);
}

static size_t chunk_max(const struct tcp_connection *connection, enum chunk_type type)
{
	size_t max = connection->tcp->limits.chunk_bytes;
	bool is_first = !connection->is_open || (type != CHUNK_MSG && type != CHUNK_CLO);

	return is_first && max > FIRST_CHUNK_MAX ? FIRST_CHUNK_MAX : max;
}

/* @chunk's length; 0: it isn't whole yet, or the connection ends. */
static size_t frame(struct tcp_connection *connection, const uint8_t *chunk, size_t len)
{
	struct chunk_header header;

	if (len < CHUNK_HEADER)
		return 0;
	if (!chunk_header_read(chunk, &header)) {
		tcp_refuse(connection, UA_STATUSCODE_BADTCPMESSAGETYPEINVALID);
		return 0;
	}
	if (header.size > chunk_max(connection, header.type)) {
		tcp_refuse(connection, UA_STATUSCODE_BADTCPMESSAGETOOLARGE);
		return 0;
	}
	return header.size <= len ? header.size : 0;
}

/* How many of @bytes are done with. */
static size_t take_chunks(struct tcp_connection *connection, uint8_t *bytes, size_t len)
{
	const struct tcp *tcp = connection->tcp;
	size_t taken = 0, size;

	while (tcp_in_is_wanted(connection) &&
	       (size = frame(connection, bytes + taken, len - taken)) > 0) {
		UA_StatusCode status = UA_STATUSCODE_BADINTERNALERROR;
		enum tcp_step step = TCP_PASS;

		if (tcp->gate.in)
			step = tcp->gate.in(bytes + taken, size, connection->gate_context, &status,
					    tcp->user);
		connection->in_is_held = step == TCP_HOLD;
		if (step == TCP_HOLD)
			return taken;
		if (step == TCP_REFUSE)
			tcp_refuse(connection, status);
		else if (!connection->is_ending)
			deliver(connection, bytes + taken, size);
		taken += size;
	}
	return taken;
}

/* Behind what is kept already. False: no memory. */
static bool keep(struct tcp_connection *connection, const uint8_t *bytes, size_t len)
{
	size_t need = connection->in_len + len, size = connection->in_size;
	uint8_t *larger;

	if (!len)
		return true;
	if (need > size) {
		size = size ? size : BUFFER_FIRST;
		while (size < need)
			size *= 2;
		larger = realloc(connection->in, size);
		if (!larger)
			return false;
		connection->in = larger;
		connection->in_size = size;
	}
	memcpy(connection->in + connection->in_len, bytes, len);
	connection->in_len = need;
	return true;
}

static void take_kept(struct tcp_connection *connection)
{
	size_t taken;

	if (!connection->in_len)
		return;
	taken = take_chunks(connection, connection->in, connection->in_len);
	connection->in_len -= taken;
	memmove(connection->in, connection->in + taken, connection->in_len);
	/* Between chunks a connection has no memory of its own: there may be many, and idle. */
	if (!connection->in_len) {
		free(connection->in);
		connection->in = NULL;
		connection->in_size = 0;
	}
}

static void take(struct tcp_connection *connection, uint8_t *bytes, size_t len)
{
	bool is_first = !connection->in_len;
	size_t taken = is_first ? take_chunks(connection, bytes, len) : 0;

	if (connection->is_ending)
		return;
	if (!keep(connection, bytes + taken, len - taken))
		tcp_connection_end(connection, true);
	else if (!is_first)
		take_kept(connection);
}

static ssize_t receive(struct tcp_connection *connection)
{
	ssize_t n;

	do
		n = recv(connection->fd, connection->tcp->read, TCP_READ_BYTES, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	return n;
}

void tcp_in_read(struct tcp_connection *connection)
{
	take_kept(connection);
	for (int turn = 0; turn < READ_TURNS && tcp_in_is_wanted(connection); turn++) {
		ssize_t n = receive(connection);

		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			tcp_connection_end(connection, true);
			return;
		}
		take(connection, connection->tcp->read, (size_t)n);
		/* epoll(7): there is no more, but for an end that was told of already. */
		if (n < TCP_READ_BYTES && !connection->has_hung_up)
			return;
	}
	if (tcp_in_is_wanted(connection))
		tcp_connection_look_again(connection);
}

void tcp_in_throw_away(struct tcp_connection *connection)
{
	for (int turn = 0; turn < READ_TURNS; turn++) {
		ssize_t n = receive(connection);

		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			tcp_connection_finish(connection);
			return;
		}
	}
	tcp_connection_look_again(connection);
}
