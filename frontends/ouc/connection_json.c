#include "connection_json.h"

#include <stdio.h>

#include "json_text.h"

#define STATUS_BYTES 8

static json_t *outputs_json(const struct connection_outputs *outputs)
{
	char status[STATUS_BYTES];

	snprintf(status, sizeof(status), "%04X", (unsigned)outputs->status & 0xFFFF);
	return json_pack("{s:b, s:b, s:b, s:b, s:s, s:s, s:o, s:b, s:s, s:s}", "busy",
			 outputs->busy, "done", outputs->done, "ndr", outputs->ndr, "error",
			 outputs->error, "status", status, "meaning",
			 ouc_status_text(outputs->status), "message", json_text(outputs->message),
			 "connected", outputs->is_connected, "peer", outputs->peer, "security",
			 outputs->security);
}

/* Adds all of @more to @object, and takes both. NULL: no memory, or one of them was NULL. */
static json_t *joined(json_t *object, json_t *more)
{
	bool is_whole = object && more && json_object_update(object, more) == 0;

	json_decref(more);
	if (is_whole)
		return object;
	json_decref(object);
	return NULL;
}

json_t *connection_state_json(const struct connection *connection)
{
	struct connection_outputs outputs;

	connection_outputs(connection, &outputs);
	return joined(json_pack("{s:s}", "connection", connection_settings(connection)->name),
		      outputs_json(&outputs));
}

static json_t *block_json(const struct data_block *block)
{
	return block ? json_string(block->name) : json_null();
}

static json_t *settings_json(const struct connection_settings *settings)
{
	static const char *const orders[] = {
		[SEND_ON_REQUEST] = "request",
		[SEND_ON_CYCLE] = "cycle",
		[SEND_ON_CHANGE] = "change",
	};
	json_t *object = json_pack(
		"{s:s, s:i, s:s, s:b, s:s, s:i, s:i, s:s, s:b, s:s}", "name", settings->name, "id",
		settings->id, "type", settings_type_name(settings->type), "active",
		settings->is_active, "remote", settings->remote, "remote_port",
		settings->remote_port, "local_port", settings->local_port, "interface",
		settings->interface, "secure", settings->is_secure, "group", settings->group);

	if (settings->is_forward)
		return joined(object,
			      json_pack("{s:b, s:s, s:i, s:i}", "forward", true, "plain",
					settings->plain_host, "plain_port", settings->plain_port,
					"forward_max", (int)settings->forward_max));
	return joined(object, json_pack("{s:b, s:o, s:o, s:s, s:I, s:b, s:b}", "forward", false,
					"sends", block_json(settings->send_data), "receives",
					block_json(settings->receive_data), "send_on",
					orders[settings->send_on], "cycle_ms",
					(json_int_t)settings->cycle_ms, "keeps_open",
					settings->keeps_open, "enabled", settings->is_enabled));
}

json_t *connection_json(const struct connection *connection)
{
	struct connection_outputs outputs;
	json_t *counts;

	connection_outputs(connection, &outputs);
	counts = json_pack("{s:I, s:I, s:I, s:I, s:I}", "open", (json_int_t)outputs.open, "sent",
			   (json_int_t)outputs.sent, "received", (json_int_t)outputs.received,
			   "failures", (json_int_t)outputs.failures, "skipped",
			   (json_int_t)outputs.skipped);
	return joined(
		joined(settings_json(connection_settings(connection)), outputs_json(&outputs)),
		counts);
}
