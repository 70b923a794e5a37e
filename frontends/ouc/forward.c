#include "forward.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "address.h"
#include "dial.h"
#include "fault.h"
#include "json_text.h"
#include "pipe.h"

/* The one that came, and the one that is connected to for it. */
enum side { NEAR, FAR, SIDES };

struct pair {
	struct forward *forward;
	struct end {
		struct pair *pair;
		struct stream *stream; /* NULL: not yet */
		int fd;		       /* the stream's */
		bool is_open;
	} ends[SIDES];
	struct pipe pipes[SIDES]; /* from that side to the other */
	struct dial *dial;
	bool is_counted; /* among those that may be open */
	char address[ADDRESS_TEXT_MAX];
	TAILQ_ENTRY(pair) next;
};

struct forward {
	struct connection *connection;
	TAILQ_HEAD(, pair) pairs;
	bool has_no_port, is_hindered;
};

static const struct connection_settings *settings_of(const struct forward *forward)
{
	return forward->connection->settings;
}

static bool is_full(const struct forward *forward)
{
	return forward->connection->outputs.open >= settings_of(forward)->forward_max;
}

/* Of the two sides: the network's, which is secure; the other is plain. */
static enum side network_side(const struct forward *forward)
{
	return settings_of(forward)->is_active ? FAR : NEAR;
}

static void refresh(struct forward *forward)
{
	struct connection_outputs *outputs = &forward->connection->outputs;

	outputs->is_connected = outputs->open > 0;
	connection_says(forward->connection, outputs->open ? OUC_CONNECTED : OUC_CONNECTING);
}

/* As it is until one pair is whole again. */
static void fails(struct forward *forward, enum ouc_status status, const char *message)
{
	forward->connection->outputs.failures++;
	connection_fails(forward->connection, status, message);
}

static void show_counts(const struct pair *pair, uint64_t *ret_sent, uint64_t *ret_received)
{
	enum side network = network_side(pair->forward);

	*ret_received = pair->pipes[network].count;
	*ret_sent = pair->pipes[network == NEAR ? FAR : NEAR].count;
}

static void tell_closed(const struct pair *pair, const char *message)
{
	uint64_t sent, received;

	show_counts(pair, &sent, &received);
	connection_tell(pair->forward->connection, EVENTS_STATE, "closed",
			json_pack("{s:s, s:I, s:I, s:o}", "peer", pair->address, "sent",
				  (json_int_t)sent, "received", (json_int_t)received, "message",
				  json_text(message)));
}

static void pair_free(struct pair *pair)
{
	struct forward *forward = pair->forward;

	TAILQ_REMOVE(&forward->pairs, pair, next);
	dial_free(pair->dial);
	for (enum side i = NEAR; i < SIDES; i++) {
		stream_free(pair->ends[i].stream);
		pipe_clear(&pair->pipes[i]);
	}
	if (pair->is_counted)
		forward->connection->outputs.open--;
	free(pair);
}

/* @message: what was wrong; "": both ends have ended. */
static void pair_end(struct pair *pair, const char *message)
{
	struct forward *forward = pair->forward;
	bool is_break = *message != '\0';

	if (pair->ends[FAR].is_open)
		tell_closed(pair, message);
	/* A break is not to look like an end at the other side. @message may be a stream's. */
	for (enum side i = NEAR; i < SIDES && is_break; i++) {
		stream_reset(pair->ends[i].stream);
		pair->ends[i].stream = NULL;
	}
	pair_free(pair);
	refresh(forward);
}

static void count(struct pair *pair, const uint64_t before[SIDES])
{
	struct connection_outputs *outputs = &pair->forward->connection->outputs;
	enum side network = network_side(pair->forward);

	for (enum side i = NEAR; i < SIDES; i++)
		*(i == network ? &outputs->received : &outputs->sent) +=
			pair->pipes[i].count - before[i];
}

static void set_wants(struct pair *pair)
{
	for (enum side i = NEAR; i < SIDES; i++) {
		const struct pipe *from = &pair->pipes[i];
		const struct pipe *to = &pair->pipes[i == NEAR ? FAR : NEAR];

		stream_wants(pair->ends[i].stream,
			     (pipe_wants_read(from) ? STREAM_READ : 0u) |
				     (pipe_wants_write(to) ? STREAM_WRITE : 0u));
	}
}

/* What @side may be ready for: to be read, and to take what waits. */
static void move(struct pair *pair, enum side side)
{
	enum side other = side == NEAR ? FAR : NEAR;
	struct pipe *from = &pair->pipes[side], *to = &pair->pipes[other];
	const uint64_t before[SIDES] = {pair->pipes[NEAR].count, pair->pipes[FAR].count};
	struct stream *stream = pair->ends[side].stream, *peer = pair->ends[other].stream;
	uint8_t *scratch = pair->forward->connection->world->scratch;
	bool is_well = true;

	if (pipe_wants_read(from))
		is_well = pipe_move(from, stream, peer, scratch);
	if (is_well && pipe_wants_write(to))
		is_well = pipe_move(to, peer, stream, scratch);
	count(pair, before);
	if (!is_well) {
		fails(pair->forward, OUC_RESOURCES, "there is no memory for what comes");
		pair_end(pair, "out of memory");
	} else if (from->is_finished && to->is_finished) {
		pair_end(pair, "");
	} else {
		set_wants(pair);
	}
}

static void tell_opened(struct pair *pair)
{
	const struct end *network = &pair->ends[network_side(pair->forward)];
	char security[64], subject[256];

	if (settings_of(pair->forward)->events < EVENTS_STATE)
		return;
	stream_describe(network->stream, security, sizeof(security));
	stream_peer_subject(network->stream, subject, sizeof(subject));
	connection_tell(pair->forward->connection, EVENTS_STATE, "opened",
			json_pack("{s:s, s:s, s:o}", "peer", pair->address, "security", security,
				  "subject", json_text(subject)));
}

static void connect_far(struct pair *pair);

static void on_opened(void *user)
{
	struct end *end = user;
	struct pair *pair = end->pair;
	struct forward *forward = pair->forward;

	end->is_open = true;
	if (end == &pair->ends[NEAR]) {
		/* Counted from here on: who only begins handshakes keeps nobody out. */
		if (is_full(forward)) {
			connection_refuses(forward->connection, pair->address, OUC_REFUSED,
					   "as many connections as ForwardMax allows are open");
			pair_end(pair, "refused");
			return;
		}
		pair->is_counted = true;
		forward->connection->outputs.open++;
		connect_far(pair);
		return;
	}
	connection_clear_error(forward->connection);
	tell_opened(pair);
	refresh(forward);
	set_wants(pair);
}

static void on_ready(void *user)
{
	struct end *end = user;

	move(end->pair, end == &end->pair->ends[NEAR] ? NEAR : FAR);
}

static void on_failed(const struct stream_failure *failure, void *user)
{
	struct end *end = user;
	struct pair *pair = end->pair;
	struct forward *forward = pair->forward;
	enum ouc_status status = fault_of_stream(failure);

	if (end == &pair->ends[NEAR] && !end->is_open) {
		connection_refuses(forward->connection, pair->address, status, failure->message);
		fails(forward, status, failure->message);
	} else if (!end->is_open) {
		fails(forward, status, failure->message);
	}
	/* A pair that breaks is no fault of the forward. */
	pair_end(pair, failure->message);
}

/* NULL: it is there. */
static const char *add_stream(struct pair *pair, enum side side, int fd, const char *address)
{
	static const struct stream_handler handler = {on_opened, on_ready, on_failed};
	struct connection *connection = pair->forward->connection;
	struct end *end = &pair->ends[side];

	end->fd = fd;
	end->stream = side == network_side(pair->forward)
			      ? security_stream(&connection->security, connection->world->event, fd,
						address, &handler, end)
			      : stream_plain(connection->world->event, fd, &handler, end);
	return end->stream ? NULL : security_no_stream(errno);
}

static void on_dialled(int fd, const char *address, void *user)
{
	struct pair *pair = user;
	const char *problem;

	dial_free(pair->dial);
	pair->dial = NULL;
	problem = add_stream(pair, FAR, fd, address);
	if (problem) {
		fails(pair->forward, OUC_RESOURCES, problem);
		pair_end(pair, problem);
	}
}

static void on_dial_failed(enum dial_fault fault, const char *message, void *user)
{
	struct pair *pair = user;

	connection_refuses(pair->forward->connection, pair->address, fault_of_dial(fault), message);
	fails(pair->forward, fault_of_dial(fault), message);
	pair_end(pair, message);
}

static void connect_far(struct pair *pair)
{
	static const struct dial_handler handler = {on_dialled, on_dial_failed};
	const struct connection_settings *settings = settings_of(pair->forward);
	struct dial_target target = {.port = settings->is_active ? settings->remote_port
								 : settings->plain_port};

	memcpy(target.host, settings->is_active ? settings->remote : settings->plain_host,
	       sizeof(target.host));
	if (settings->is_active)
		memcpy(target.interface, settings->interface, sizeof(target.interface));
	pair->dial = dial_start(pair->forward->connection->world->event, &target, &handler, pair);
	if (!pair->dial) {
		fails(pair->forward, OUC_RESOURCES, security_no_stream(ENOMEM));
		pair_end(pair, security_no_stream(ENOMEM));
	}
}

enum connection_fit forward_fits(const struct forward *forward)
{
	return is_full(forward) ? FIT_TAKEN : FIT_ANY;
}

void forward_accept(struct forward *forward, int fd, const char *address)
{
	struct pair *pair = calloc(1, sizeof(*pair));
	const char *problem;

	if (!pair) {
		close(fd);
		fails(forward, OUC_RESOURCES, security_no_stream(ENOMEM));
		return;
	}
	pair->forward = forward;
	snprintf(pair->address, sizeof(pair->address), "%s", address);
	for (enum side i = NEAR; i < SIDES; i++)
		pair->ends[i].pair = pair;
	TAILQ_INSERT_TAIL(&forward->pairs, pair, next);
	problem = add_stream(pair, NEAR, fd, address);
	if (problem) {
		connection_refuses(forward->connection, address, OUC_RESOURCES, problem);
		pair_end(pair, problem);
	}
}

/* Whether nothing here is in the way of all of them. */
static void check_hindrance(struct forward *forward)
{
	struct connection *connection = forward->connection;
	char message[TLS_MESSAGE_MAX];
	enum tls_identity_state state = security_state(&connection->security, message);

	if (state == TLS_IDENTITY_UNFIT) {
		forward->is_hindered = true;
		connection_fails(connection, OUC_OWN_CERT, message);
	} else if (state == TLS_IDENTITY_WAITING && *connection->world->service_problem) {
		forward->is_hindered = true;
		connection_fails(connection, OUC_TEMPORARY, connection->world->service_problem);
	} else if (!forward->has_no_port) {
		if (forward->is_hindered)
			connection_clear_error(connection);
		forward->is_hindered = false;
		/* Without a certificate yet, it turns peers away. */
		if (state == TLS_IDENTITY_READY)
			refresh(forward);
	}
}

void forward_listens(struct forward *forward, enum listener_state state, const char *message)
{
	forward->has_no_port = state != LISTENER_LISTENS;
	if (forward->has_no_port) {
		forward->is_hindered = true;
		connection_fails(forward->connection, fault_of_listener(state), message);
	}
	check_hindrance(forward);
}

void forward_security_changed(struct forward *forward)
{
	check_hindrance(forward);
}

void forward_tick(struct forward *forward)
{
	const struct pair *pair;

	for (pair = TAILQ_FIRST(&forward->pairs); pair; pair = TAILQ_NEXT(pair, next))
		for (enum side i = NEAR; i < SIDES; i++)
			if (pair->ends[i].is_open)
				(void)dial_look_after(pair->ends[i].fd);
}

struct forward *forward_new(struct connection *connection)
{
	struct forward *forward = calloc(1, sizeof(*forward));

	if (!forward)
		return NULL;
	forward->connection = connection;
	TAILQ_INIT(&forward->pairs);
	check_hindrance(forward);
	return forward;
}

void forward_free(struct forward *forward)
{
	struct pair *pair;

	if (!forward)
		return;
	while ((pair = TAILQ_FIRST(&forward->pairs)))
		pair_free(pair);
	free(forward);
}
