#include "station.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "connection_parts.h"
#include "gate.h"
#include "json_text.h"
#include "tls.h"
#include "uplink.h"

/* A block's image, and who sends it when it changes. */
struct place {
	struct data_image *image;
	struct connection **senders;
	size_t sender_count;
};

struct station {
	const struct settings *settings;
	struct events *events;
	struct connection_world world;
	struct uplink *uplink; /* NULL: no section is secure */
	char service_problem[UPLINK_PROBLEM_MAX];
	struct place *places; /* in order of their images' addresses */
	struct connection **connections;
	struct gate **gates;
	size_t gate_count;
	sd_event_source *tick;
	station_changed_fn *changed;
	void *changed_user;
};

static int compare_places(const void *a, const void *b)
{
	uintptr_t one = (uintptr_t)((const struct place *)a)->image;
	uintptr_t other = (uintptr_t)((const struct place *)b)->image;

	return (one > other) - (one < other);
}

static struct place *place_of(const struct station *station, struct data_image *image)
{
	const struct place key = {.image = image};

	if (!image || !station->places)
		return NULL;
	return bsearch(&key, station->places, station->settings->block_count, sizeof(key),
		       compare_places);
}

static struct data_image *image_of(const struct station *station, const struct data_block *block)
{
	for (size_t i = 0; block && i < station->settings->block_count; i++)
		if (data_image_block(station->places[i].image) == block)
			return station->places[i].image;
	return NULL;
}

struct data_image *station_image(struct station *station, const char *block)
{
	for (size_t i = 0; i < station->settings->block_count; i++)
		if (strcmp(data_image_block(station->places[i].image)->name, block) == 0)
			return station->places[i].image;
	return NULL;
}

struct connection *station_connection(struct station *station, size_t index)
{
	return index < station->settings->connection_count ? station->connections[index] : NULL;
}

struct connection *station_find(struct station *station, const char *name)
{
	for (size_t i = 0; i < station->settings->connection_count; i++)
		if (strcmp(station->settings->connections[i].name, name) == 0)
			return station->connections[i];
	return NULL;
}

void station_write(struct station *station, struct data_image *image, const uint8_t *bytes)
{
	const struct place *place = place_of(station, image);
	bool is_change = memcmp(data_image_bytes(image), bytes, data_image_block(image)->size) != 0;
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_REALTIME, &now);
	data_image_write(image, bytes, now.tv_sec * INT64_C(1000000000) + now.tv_nsec);
	for (size_t i = 0; is_change && place && i < place->sender_count; i++)
		connection_image_changed(place->senders[i]);
}

void station_on_change(struct station *station, station_changed_fn *changed, void *user)
{
	station->changed = changed;
	station->changed_user = user;
}

static void world_tell(const char *name, json_t *members, void *user)
{
	struct station *station = user;

	events_tell(station->events, name, members);
}

static void world_changed(struct connection *connection, void *user)
{
	struct station *station = user;

	if (station->changed)
		station->changed(connection, station->changed_user);
}

static void world_write(struct data_image *image, const uint8_t *bytes, void *user)
{
	station_write(user, image, bytes);
}

static void tell_connections(struct station *station)
{
	for (size_t i = 0; i < station->settings->connection_count; i++)
		if (station->connections[i])
			connection_service_changed(station->connections[i]);
}

static void on_up(void *user)
{
	struct station *station = user;

	*station->service_problem = '\0';
	tls_uplink_up(station->world.tls);
	tell_connections(station);
}

static void on_down(const char *why, void *user)
{
	struct station *station = user;

	snprintf(station->service_problem, sizeof(station->service_problem), "%s", why);
	events_tell(station->events, "warning", json_pack("{s:o}", "message", json_text(why)));
	tell_connections(station);
}

static void on_service_event(const struct ks_event *event, void *user)
{
	struct station *station = user;

	tls_event(station->world.tls, event);
}

static int on_tick(sd_event_source *source, uint64_t usec, void *user)
{
	struct station *station = user;

	(void)usec;
	for (size_t i = 0; i < station->settings->connection_count; i++)
		connection_tick(station->connections[i]);
	(void)sd_event_source_set_time_relative(source, CONNECTION_TICK_MS * UINT64_C(1000));
	(void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	return 0;
}

static bool fail(char problem[STATION_PROBLEM_MAX], const char *message)
{
	snprintf(problem, STATION_PROBLEM_MAX, "%s", message);
	return false;
}

static bool make_images(struct station *station, char problem[STATION_PROBLEM_MAX])
{
	const struct settings *settings = station->settings;
	char why[DATA_PROBLEM_MAX];

	station->places = calloc(settings->block_count + 1, sizeof(*station->places));
	if (!station->places)
		return fail(problem, "out of memory");
	for (size_t i = 0; i < settings->block_count; i++)
		if (!data_image_create(settings->runtime, settings->blocks[i],
				       &station->places[i].image, why))
			return fail(problem, why);
	qsort(station->places, settings->block_count, sizeof(*station->places), compare_places);
	return true;
}

static bool open_tls(struct station *station, char problem[STATION_PROBLEM_MAX])
{
	static const struct uplink_handler handler = {on_up, on_down, on_service_event};
	const struct settings *settings = station->settings;
	const struct tls_options options = {
		.handshakes_max = settings->handshakes_max,
		.handshakes_of_address = settings->handshakes_of_address,
		.handshake_ms = settings->handshake_ms,
		.recheck_s = settings->recheck_s,
	};
	bool is_secure = false;
	char why[TLS_MESSAGE_MAX];

	for (size_t i = 0; i < settings->connection_count; i++)
		is_secure |= settings->connections[i].is_secure;
	if (!is_secure)
		return true;
	station->uplink =
		uplink_new(station->world.event, *settings->socket ? settings->socket : NULL,
			   &handler, station);
	if (!station->uplink)
		return fail(problem, "out of memory");
	if (!tls_new(station->world.event, station->uplink, &options, &station->world.tls, why))
		return fail(problem, why);
	return true;
}

static bool add_sender(struct station *station, struct connection *connection,
		       struct data_image *image)
{
	struct place *place = place_of(station, image);
	struct connection **senders =
		reallocarray(place->senders, place->sender_count + 1, sizeof(*senders));

	if (!senders)
		return false;
	senders[place->sender_count++] = connection;
	place->senders = senders;
	return true;
}

static bool add_to_gate(struct station *station, struct connection *connection)
{
	struct listener_place place;
	size_t i = 0;

	if (!gate_place_of(connection_settings(connection), &place))
		return true;
	while (i < station->gate_count && !gate_is_at(station->gates[i], &place))
		i++;
	if (i == station->gate_count) {
		station->gates[i] = gate_new(&station->world, &place);
		if (!station->gates[i])
			return false;
		station->gate_count++;
	}
	return gate_add(station->gates[i], connection);
}

static bool add_connection(struct station *station, size_t index)
{
	const struct connection_settings *settings = &station->settings->connections[index];
	struct data_image *send = image_of(station, settings->send_data);
	struct data_image *receive = image_of(station, settings->receive_data);
	struct connection *connection = connection_new(&station->world, settings, send, receive);

	station->connections[index] = connection;
	if (!connection)
		return false;
	if (send && settings->send_on == SEND_ON_CHANGE && !add_sender(station, connection, send))
		return false;
	return add_to_gate(station, connection);
}

static bool make_connections(struct station *station, char problem[STATION_PROBLEM_MAX])
{
	size_t count = station->settings->connection_count;

	station->connections = calloc(count + 1, sizeof(*station->connections));
	station->gates = calloc(count + 1, sizeof(*station->gates));
	if (!station->connections || !station->gates)
		return fail(problem, "out of memory");
	for (size_t i = 0; i < count; i++)
		if (!add_connection(station, i))
			return fail(problem, "out of memory");
	return true;
}

bool station_new(sd_event *event, const struct settings *settings, struct events *events,
		 struct station **ret_station, char problem[STATION_PROBLEM_MAX])
{
	struct station *station = calloc(1, sizeof(*station));

	if (!station)
		return fail(problem, "out of memory");
	station->settings = settings;
	station->events = events;
	station->world = (struct connection_world){
		.event = event,
		.scratch = malloc(WORLD_SCRATCH),
		.service_problem = station->service_problem,
		.tell = world_tell,
		.changed = world_changed,
		.write = world_write,
		.user = station,
	};
	(void)fail(problem, "out of memory");
	if (!station->world.scratch ||
	    sd_event_add_time_relative(event, &station->tick, CLOCK_MONOTONIC,
				       CONNECTION_TICK_MS * UINT64_C(1000), 0, on_tick,
				       station) < 0 ||
	    !make_images(station, problem) || !open_tls(station, problem) ||
	    !make_connections(station, problem)) {
		station_free(station);
		return false;
	}
	*ret_station = station;
	return true;
}

bool station_has_begun(const struct station *station)
{
	for (size_t i = 0; i < station->gate_count; i++)
		if (!gate_has_begun(station->gates[i]))
			return false;
	return true;
}

void station_free(struct station *station)
{
	size_t count;

	if (!station)
		return;
	count = station->settings->connection_count;
	station->changed = NULL;
	sd_event_source_disable_unref(station->tick);
	for (size_t i = 0; i < station->gate_count; i++)
		gate_free(station->gates[i]);
	for (size_t i = 0; station->connections && i < count; i++)
		connection_free(station->connections[i]);
	tls_free(station->world.tls);
	uplink_free(station->uplink);
	for (size_t i = 0; station->places && i < station->settings->block_count; i++) {
		data_image_close(station->places[i].image);
		free(station->places[i].senders);
	}
	free(station->places);
	free(station->connections);
	free(station->gates);
	free(station->world.scratch);
	free(station);
}
