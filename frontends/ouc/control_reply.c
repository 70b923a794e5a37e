#include "control_reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connection_json.h"
#include "data_value.h"
#include "json_text.h"

json_t *control_fail(enum control_error error, const char *format, ...)
{
	static const char *const names[] = {
		[CONTROL_INVALID] = "invalid", [CONTROL_NOT_FOUND] = "not-found",
		[CONTROL_REFUSED] = "refused", [CONTROL_BUSY] = "busy",
		[CONTROL_FAILED] = "failed",   [CONTROL_LIMIT] = "limit",
		[CONTROL_SLOW] = "slow",       [CONTROL_NOMEM] = "memory",
	};
	char message[CONTROL_PROBLEM_MAX];
	va_list list;

	va_start(list, format);
	vsnprintf(message, sizeof(message), format, list);
	va_end(list);
	return json_pack("{s:b, s:s, s:o}", "ok", false, "error", names[error], "message",
			 json_text(message));
}

static json_t *no_connection(const char *name)
{
	return control_fail(CONTROL_NOT_FOUND,
			    "there is no connection '%s': keystore-ouc-ctl list has those there "
			    "are",
			    name);
}

static json_t *no_block(const char *name)
{
	return control_fail(CONTROL_NOT_FOUND,
			    "there is no data block '%s': keystore-ouc-ctl list has those there "
			    "are",
			    name);
}

static json_t *show(const char *name, struct station *station)
{
	const struct connection *connection = station_find(station, name);

	if (!connection)
		return no_connection(name);
	return json_pack("{s:b, s:o}", "ok", true, "connection", connection_json(connection));
}

static json_t *fields_json(const struct data_block *block)
{
	json_t *fields = json_array();

	for (size_t i = 0; i < block->field_count; i++)
		json_append(&fields, data_field_json(&block->fields[i]));
	return fields;
}

static json_t *get(const char *name, struct station *station)
{
	const struct data_image *image = station_image(station, name);
	const struct data_block *block;

	if (!image)
		return no_block(name);
	block = data_image_block(image);
	return json_pack("{s:b, s:s, s:I, s:o, s:o}", "ok", true, "block", block->name, "bytes",
			 (json_int_t)block->size, "fields", fields_json(block), "values",
			 data_block_json(block, data_image_bytes(image)));
}

/* The first connection that sends or receives a block is told; @block NULL is fine. */
static bool note_user(json_t *roles, const char *role, const struct data_block *block,
		      const char *connection)
{
	json_t *roles_of = block ? json_object_get(roles, block->name) : NULL;

	if (!roles_of || !json_is_null(json_object_get(roles_of, role)))
		return true;
	return json_object_set_new(roles_of, role, json_string(connection)) == 0;
}

static json_t *blocks(const struct settings *settings)
{
	json_t *roles = json_object();
	bool is_whole = roles;

	for (size_t i = 0; is_whole && i < settings->block_count; i++)
		is_whole =
			json_object_set_new(roles, settings->blocks[i]->name,
					    json_pack("{s:n, s:n}", "sent_by", "received_by")) == 0;
	for (size_t i = 0; is_whole && i < settings->connection_count; i++) {
		const struct connection_settings *each = &settings->connections[i];

		is_whole = note_user(roles, "sent_by", each->send_data, each->name) &&
			   note_user(roles, "received_by", each->receive_data, each->name);
	}
	if (is_whole)
		return json_pack("{s:b, s:o}", "ok", true, "blocks", roles);
	json_decref(roles);
	return NULL;
}

/* The connection whose TRCV_C writes @block; NULL: none. */
static const char *receiver_of(const struct settings *settings, const struct data_block *block)
{
	for (size_t i = 0; i < settings->connection_count; i++) {
		const struct data_block *into = settings->connections[i].receive_data;

		if (into && strcmp(into->name, block->name) == 0)
			return settings->connections[i].name;
	}
	return NULL;
}

static bool value_set(const struct data_block *block, uint8_t *bytes, const char *name,
		      const json_t *value, char problem[DATA_PROBLEM_MAX])
{
	const char *text = json_string_value(value);

	/* As it is typed: "16#FF", "TRUE". */
	if (text && strlen(text) == json_string_length(value))
		return data_value_set(block, bytes, name, text, problem);
	return data_value_set_json(block, bytes, name, value, problem);
}

/* All of @values or none. NULL: they are written; else the reply that says why not. */
static json_t *write_values(const struct control_command *command, struct data_image *image,
			    const struct settings *settings, struct station *station)
{
	const struct data_block *block = data_image_block(image);
	const char *receiver = receiver_of(settings, block);
	json_t *values = json_object_get(command->line, "values");
	char problem[DATA_PROBLEM_MAX];
	json_t *reply = NULL;
	const char *name;
	uint8_t *bytes;
	json_t *value;

	if (receiver)
		return control_fail(CONTROL_REFUSED,
				    "%s is received by the connection %s, and is not set here",
				    block->name, receiver);
	bytes = malloc(block->size ? block->size : 1);
	if (!bytes)
		return control_fail(CONTROL_NOMEM, "out of memory");
	memcpy(bytes, data_image_bytes(image), block->size);
	json_object_foreach(values, name, value) if (!value_set(block, bytes, name, value, problem))
	{
		reply = control_fail(CONTROL_INVALID, "%s: %s", block->name, problem);
		goto out;
	}
	station_write(station, image, bytes);
out:
	free(bytes);
	return reply;
}

static json_t *set(const struct control_command *command, const struct settings *settings,
		   struct station *station)
{
	struct data_image *image = station_image(station, command->name);
	json_t *refusal;

	if (!image)
		return no_block(command->name);
	refusal = write_values(command, image, settings, station);
	if (refusal)
		return refusal;
	return json_pack("{s:b, s:s}", "ok", true, "block", command->name);
}

static json_t *sent_json(const struct connection *connection, const char *state)
{
	return json_pack("{s:b, s:s, s:s}", "ok", true, "connection",
			 connection_settings(connection)->name, "state", state);
}

static json_t *send_message(const struct control_command *command, const struct settings *settings,
			    struct station *station, struct connection **ret_waits_for)
{
	struct connection *connection = station_find(station, command->name);
	const struct data_block *block;
	struct connection_outputs outputs;
	struct data_image *image;
	json_t *refusal;

	if (!connection)
		return no_connection(command->name);
	block = connection_settings(connection)->send_data;
	image = block ? station_image(station, block->name) : NULL;
	if (!image)
		return control_fail(CONTROL_REFUSED, "%s sends no data block: it has no TSEND_C",
				    command->name);
	/* Looked at before anything is written. */
	connection_outputs(connection, &outputs);
	if (outputs.busy)
		return control_fail(CONTROL_BUSY,
				    "%s is still busy with the message before: send it again when "
				    "that is done",
				    command->name);
	refusal = command->values ? write_values(command, image, settings, station) : NULL;
	if (refusal)
		return refusal;
	/* Busy now means that it sends on change: what was written is what is being sent. */
	if (connection_send(connection) == SEND_NO_SENDER)
		return control_fail(CONTROL_REFUSED, "%s has no TSEND_C", command->name);
	if (!command->waits)
		return sent_json(connection, "taken");
	if (control_is_sent(connection))
		return control_sent(connection);
	*ret_waits_for = connection;
	return NULL;
}

json_t *control_do(const struct control_command *command, const struct settings *settings,
		   struct station *station, struct connection **ret_waits_for)
{
	switch (command->verb) {
	case CONTROL_BLOCKS:
		return blocks(settings);
	case CONTROL_SHOW:
		return show(command->name, station);
	case CONTROL_GET:
		return get(command->name, station);
	case CONTROL_SET:
		return set(command, settings, station);
	case CONTROL_SEND:
		return send_message(command, settings, station, ret_waits_for);
	case CONTROL_LIST:
	case CONTROL_WATCH:
		break;
	}
	return NULL;
}

bool control_is_sent(const struct connection *connection)
{
	struct connection_outputs outputs;

	connection_outputs(connection, &outputs);
	return !outputs.busy;
}

json_t *control_sent(const struct connection *connection)
{
	const char *name = connection_settings(connection)->name;
	struct connection_outputs outputs;

	connection_outputs(connection, &outputs);
	if (outputs.done)
		return sent_json(connection, "done");
	return control_fail(CONTROL_FAILED, "%s: not sent: %04X: %s", name,
			    (unsigned)outputs.status & 0xFFFF,
			    outputs.message[0] ? outputs.message : ouc_status_text(outputs.status));
}

json_t *control_list_end(const struct settings *settings)
{
	json_t *blocks = json_array();

	for (size_t i = 0; i < settings->block_count; i++)
		json_append(&blocks, json_string(settings->blocks[i]->name));
	return json_pack("{s:b, s:o}", "ok", true, "blocks", blocks);
}
