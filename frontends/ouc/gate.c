#include "gate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MEMBERS_STEP 16

struct gate {
	struct connection_world *world;
	struct listener_place place;
	struct listener *listener;
	struct connection **members;
	size_t count;
	bool has_begun;
};

static const char *const refusals[] = {
	[FIT_STRANGER] = "no connection that waits here has its address as RemoteAddress",
	[FIT_UNREADY] = "the own certificate is not ready",
	[FIT_TAKEN] = "all connections that wait here have their peers: one each, or ForwardMax",
	[FIT_CROWDED] = "too many peers are in their handshakes",
	[FIT_ANY] = "",
	[FIT_BY_ADDRESS] = "",
};

static void refuse(struct gate *gate, const char *address, enum connection_fit fit)
{
	uint64_t now = 0, others;

	(void)sd_event_now(gate->world->event, CLOCK_MONOTONIC, &now);
	if (!refusals_count(&gate->world->refusals, now, &others))
		return;
	gate->world->tell("refused",
			  json_pack("{s:s, s:i, s:s, s:I}", "peer", address, "port",
				    (int)gate->place.port, "message", refusals[fit], "others",
				    (json_int_t)others),
			  gate->world->user);
}

static void on_accepted(int fd, const char *address, void *user)
{
	struct gate *gate = user;
	struct connection *best = NULL;
	enum connection_fit best_fit = FIT_STRANGER;
	unsigned best_load = 0;

	for (size_t i = 0; i < gate->count; i++) {
		unsigned load;
		enum connection_fit fit = connection_fits(gate->members[i], address, &load);

		if (!best || fit > best_fit || (fit == best_fit && load < best_load)) {
			best = gate->members[i];
			best_fit = fit;
			best_load = load;
		}
	}
	if (best_fit >= FIT_ANY) {
		connection_accept(best, fd, address);
		return;
	}
	close(fd);
	refuse(gate, address, best_fit);
}

static void on_changed(enum listener_state state, const char *message, void *user)
{
	struct gate *gate = user;

	gate->has_begun = true;
	for (size_t i = 0; i < gate->count; i++)
		connection_listens(gate->members[i], state, message);
}

struct gate *gate_new(struct connection_world *world, const struct listener_place *place)
{
	static const struct listener_handler handler = {on_accepted, on_changed};
	struct gate *gate = calloc(1, sizeof(*gate));

	if (!gate)
		return NULL;
	gate->world = world;
	gate->place = *place;
	gate->listener = listener_new(world->event, place, &handler, gate);
	if (gate->listener)
		return gate;
	gate_free(gate);
	return NULL;
}

void gate_free(struct gate *gate)
{
	if (!gate)
		return;
	listener_free(gate->listener);
	free(gate->members);
	free(gate);
}

bool gate_is_at(const struct gate *gate, const struct listener_place *place)
{
	return gate->place.port == place->port && strcmp(gate->place.host, place->host) == 0 &&
	       strcmp(gate->place.interface, place->interface) == 0;
}

bool gate_add(struct gate *gate, struct connection *connection)
{
	if (gate->count % MEMBERS_STEP == 0) {
		struct connection **members =
			reallocarray(gate->members, gate->count + MEMBERS_STEP, sizeof(*members));

		if (!members)
			return false;
		gate->members = members;
	}
	gate->members[gate->count++] = connection;
	return true;
}

bool gate_place_of(const struct connection_settings *settings, struct listener_place *ret_place)
{
	struct listener_place place = {0};

	if (settings->is_active && !settings->is_forward)
		return false;
	if (settings->is_active) {
		memcpy(place.host, settings->plain_host, sizeof(place.host));
		place.port = settings->plain_port;
	} else {
		place.port = settings->local_port;
		memcpy(place.interface, settings->interface, sizeof(place.interface));
	}
	*ret_place = place;
	return true;
}

bool gate_has_begun(const struct gate *gate)
{
	return gate->has_begun;
}
