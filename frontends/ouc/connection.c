#include "connection.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "connection_json.h"
#include "connection_parts.h"
#include "forward.h"
#include "json_text.h"
#include "transfer.h"

/* What events have is in keystore-ouc(8). */

static void status_print(enum ouc_status status, char text[8])
{
	snprintf(text, 8, "%04X", (unsigned)status & 0xFFFF);
}

json_t *connection_members(const struct connection *connection)
{
	return json_pack("{s:s}", "connection", connection->settings->name);
}

void connection_tell(struct connection *connection, enum event_level level, const char *name,
		     json_t *members)
{
	json_t *all;

	if (connection->settings->events < level) {
		json_decref(members);
		return;
	}
	all = connection_members(connection);
	if (!members || !all || json_object_update(all, members) < 0) {
		json_decref(all);
		all = NULL;
	}
	json_decref(members);
	connection->world->tell(name, all, connection->world->user);
}

static void tell_state(struct connection *connection)
{
	connection->told = connection->outputs.status;
	if (connection->settings->events >= EVENTS_STATE)
		connection->world->tell("state", connection_state_json(connection),
					connection->world->user);
}

void connection_changed(struct connection *connection)
{
	if (connection->world->changed)
		connection->world->changed(connection, connection->world->user);
}

void connection_says(struct connection *connection, enum ouc_status status)
{
	/* What went wrong stays to be seen until something went well. */
	if (!connection->outputs.error) {
		connection->outputs.status = status;
		if (connection->told != status)
			tell_state(connection);
	}
	connection_changed(connection);
}

void connection_fails(struct connection *connection, enum ouc_status status, const char *message)
{
	struct connection_outputs *outputs = &connection->outputs;
	bool is_news = !outputs->error || outputs->status != status || connection->told != status ||
		       strcmp(outputs->message, message) != 0;

	outputs->error = true;
	outputs->status = status;
	if (is_news) {
		snprintf(outputs->message, sizeof(outputs->message), "%s", message);
		tell_state(connection);
	}
	connection_changed(connection);
}

void connection_clear_error(struct connection *connection)
{
	connection->outputs.error = false;
	*connection->outputs.message = '\0';
}

void connection_refuses(struct connection *connection, const char *peer, enum ouc_status status,
			const char *message)
{
	struct connection_world *world = connection->world;
	uint64_t now = 0, others;
	char text[8];

	(void)sd_event_now(world->event, CLOCK_MONOTONIC, &now);
	if (connection->settings->events < EVENTS_STATE ||
	    !refusals_count(&world->refusals, now, &others))
		return;
	status_print(status, text);
	connection_tell(connection, EVENTS_STATE, "refused",
			json_pack("{s:s, s:s, s:o, s:I}", "peer", peer, "status", text, "message",
				  json_text(message), "others", (json_int_t)others));
}

static void on_security(void *user)
{
	connection_service_changed(user);
}

struct connection *connection_new(struct connection_world *world,
				  const struct connection_settings *settings,
				  struct data_image *send, struct data_image *receive)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	bool is_whole;

	if (!connection)
		return NULL;
	connection->world = world;
	connection->settings = settings;
	connection->outputs.status = OUC_IDLE;
	connection->told = OUC_IDLE;
	is_whole =
		security_init(&connection->security, world->tls, settings, on_security, connection);
	if (is_whole && settings->is_forward)
		connection->forward = forward_new(connection);
	else if (is_whole)
		connection->transfer = transfer_new(connection, send, receive);
	if (connection->forward || connection->transfer)
		return connection;
	connection_free(connection);
	return NULL;
}

void connection_free(struct connection *connection)
{
	if (!connection)
		return;
	transfer_free(connection->transfer);
	forward_free(connection->forward);
	security_clear(&connection->security);
	free(connection);
}

const struct connection_settings *connection_settings(const struct connection *connection)
{
	return connection->settings;
}

void connection_outputs(const struct connection *connection, struct connection_outputs *ret_outputs)
{
	*ret_outputs = connection->outputs;
}

enum send_order connection_send(struct connection *connection)
{
	return connection->transfer ? transfer_order(connection->transfer) : SEND_NO_SENDER;
}

enum connection_fit connection_fits(const struct connection *connection, const char *address,
				    unsigned *ret_load)
{
	const struct connection_settings *settings = connection->settings;
	bool is_open_to_all = settings->is_active || !*settings->remote;
	char message[TLS_MESSAGE_MAX];
	enum connection_fit fit;

	*ret_load = 0;
	if (!is_open_to_all && strcmp(settings->remote, address) != 0)
		return FIT_STRANGER;
	if (security_state(&connection->security, message) != TLS_IDENTITY_READY)
		return FIT_UNREADY;
	fit = connection->transfer ? transfer_fits(connection->transfer, address, ret_load)
				   : forward_fits(connection->forward);
	return fit == FIT_ANY && !is_open_to_all ? FIT_BY_ADDRESS : fit;
}

void connection_accept(struct connection *connection, int fd, const char *address)
{
	if (connection->transfer)
		transfer_accept(connection->transfer, fd, address);
	else
		forward_accept(connection->forward, fd, address);
}

void connection_listens(struct connection *connection, enum listener_state state,
			const char *message)
{
	if (connection->transfer)
		transfer_listens(connection->transfer, state, message);
	else
		forward_listens(connection->forward, state, message);
}

void connection_image_changed(struct connection *connection)
{
	if (connection->transfer)
		transfer_image_changed(connection->transfer);
}

void connection_service_changed(struct connection *connection)
{
	if (connection->transfer)
		transfer_security_changed(connection->transfer);
	else if (connection->forward)
		forward_security_changed(connection->forward);
}

void connection_tick(struct connection *connection)
{
	if (connection->transfer)
		transfer_tick(connection->transfer);
	else
		forward_tick(connection->forward);
}
