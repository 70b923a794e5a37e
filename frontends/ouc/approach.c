#include "approach.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "dial.h"
#include "fault.h"

TAILQ_HEAD(legs, leg);

struct approach {
	struct connection *connection;
	struct approach_handler handler;
	void *user;
	struct dial *dial;
	struct legs candidates;
	unsigned candidate_count;
	struct leg *leg;
};

static void leg_free(struct leg *leg)
{
	if (!leg)
		return;
	stream_free(leg->stream);
	free(leg);
}

static void take_out(struct approach *approach, struct leg *leg)
{
	TAILQ_REMOVE(&approach->candidates, leg, next);
	approach->candidate_count--;
}

static void drop_candidate(struct approach *approach, struct leg *leg)
{
	take_out(approach, leg);
	leg_free(leg);
}

static void on_opened(void *user)
{
	struct leg *leg = user, *other;
	struct approach *approach = leg->approach;

	take_out(approach, leg);
	approach->leg = leg;
	while ((other = TAILQ_FIRST(&approach->candidates))) {
		connection_refuses(approach->connection, other->address, OUC_REFUSED,
				   "another peer has the connection now");
		drop_candidate(approach, other);
	}
	approach->handler.arrived(approach->user);
}

static void on_ready(void *user)
{
	const struct leg *leg = user;

	leg->approach->handler.ready(leg->approach->user);
}

static void on_failed(const struct stream_failure *failure, void *user)
{
	struct leg *leg = user;
	struct approach *approach = leg->approach;
	struct connection *connection = approach->connection;
	enum ouc_status status = fault_of_stream(failure);

	if (leg == approach->leg || connection->settings->is_active) {
		approach->handler.failed(status, failure->message, approach->user);
		return;
	}
	/* Who waits, waits on; and shows why the last one was not taken. */
	connection->outputs.failures++;
	connection_refuses(connection, leg->address, status, failure->message);
	connection_fails(connection, status, failure->message);
	drop_candidate(approach, leg);
}

/* NULL: it is on its way. */
static const char *add_candidate(struct approach *approach, int fd, const char *address)
{
	static const struct stream_handler handler = {on_opened, on_ready, on_failed};
	struct connection *connection = approach->connection;
	struct leg *leg = calloc(1, sizeof(*leg));

	if (!leg) {
		close(fd);
		return "there is no memory for a connection";
	}
	leg->approach = approach;
	leg->fd = fd;
	snprintf(leg->address, sizeof(leg->address), "%s", address);
	leg->stream = security_stream(&connection->security, connection->world->event, fd, address,
				      &handler, leg);
	if (!leg->stream) {
		free(leg);
		return security_no_stream(errno);
	}
	TAILQ_INSERT_TAIL(&approach->candidates, leg, next);
	approach->candidate_count++;
	if (connection->settings->is_secure)
		connection_says(connection, OUC_HANDSHAKE);
	return NULL;
}

static void on_dialled(int fd, const char *address, void *user)
{
	struct approach *approach = user;
	const char *problem;

	dial_free(approach->dial);
	approach->dial = NULL;
	problem = add_candidate(approach, fd, address);
	if (problem)
		approach->handler.failed(OUC_RESOURCES, problem, approach->user);
}

static void on_dial_failed(enum dial_fault fault, const char *message, void *user)
{
	struct approach *approach = user;

	approach->handler.failed(fault_of_dial(fault), message, approach->user);
}

void approach_dial(struct approach *approach)
{
	static const struct dial_handler handler = {on_dialled, on_dial_failed};
	const struct connection_settings *settings = approach->connection->settings;
	struct dial_target target = {.port = settings->remote_port,
				     .local_port = settings->local_port};

	memcpy(target.host, settings->remote, sizeof(target.host));
	memcpy(target.interface, settings->interface, sizeof(target.interface));
	approach->dial =
		dial_start(approach->connection->world->event, &target, &handler, approach);
	if (approach->dial)
		connection_says(approach->connection, OUC_CONNECTING);
	else
		approach->handler.failed(OUC_RESOURCES, security_no_stream(ENOMEM), approach->user);
}

void approach_accept(struct approach *approach, int fd, const char *address)
{
	const char *problem = add_candidate(approach, fd, address);

	if (problem)
		connection_refuses(approach->connection, address, OUC_RESOURCES, problem);
}

enum connection_fit approach_fits(const struct approach *approach, const char *address,
				  unsigned *ret_load)
{
	const struct leg *leg;
	unsigned own = 0;

	*ret_load = approach->candidate_count;
	if (approach->leg)
		return FIT_TAKEN;
	for (leg = TAILQ_FIRST(&approach->candidates); leg; leg = TAILQ_NEXT(leg, next))
		own += strcmp(leg->address, address) == 0;
	if (own == APPROACH_CANDIDATES_OF_ADDRESS ||
	    approach->candidate_count == APPROACH_CANDIDATES_MAX)
		return FIT_CROWDED;
	return FIT_ANY;
}

const struct leg *approach_leg(const struct approach *approach)
{
	return approach->leg;
}

bool approach_is_idle(const struct approach *approach)
{
	return !approach->leg && !approach->dial && !approach->candidate_count;
}

unsigned approach_handshakes(const struct approach *approach)
{
	return approach->candidate_count;
}

void approach_drop(struct approach *approach)
{
	dial_free(approach->dial);
	approach->dial = NULL;
	while (!TAILQ_EMPTY(&approach->candidates))
		drop_candidate(approach, TAILQ_FIRST(&approach->candidates));
	leg_free(approach->leg);
	approach->leg = NULL;
}

struct approach *approach_new(struct connection *connection, const struct approach_handler *handler,
			      void *user)
{
	struct approach *approach = calloc(1, sizeof(*approach));

	if (!approach)
		return NULL;
	approach->connection = connection;
	approach->handler = *handler;
	approach->user = user;
	TAILQ_INIT(&approach->candidates);
	return approach;
}

void approach_free(struct approach *approach)
{
	if (!approach)
		return;
	approach_drop(approach);
	free(approach);
}
