/*
 * A station without a network, for what asks one: connections whose outputs a test sets, and
 * images in a directory of its own. "Send" sends Send_Data, "Receive" receives Received_Data,
 * "Both" does both, "Modbus" is a forward.
 */
#ifndef FAKE_STATION_H
#define FAKE_STATION_H

#include "data_value.h"
#include "station.h"
#include "temp_dir.h"

#define FAKE_CONNECTIONS 4
#define FAKE_BLOCKS	 2

struct connection {
	const struct connection_settings *settings;
	struct connection_outputs outputs;
	unsigned orders;
	bool takes_time; /* busy until fake_finish() */
};

struct station {
	const struct settings *settings;
	struct connection connections[SETTINGS_CONNECTIONS_MAX];
	struct data_image *images[FAKE_BLOCKS];
	unsigned writes;
	station_changed_fn *changed;
	void *user;
};

static struct {
	char dir[TEMP_PATH_MAX];
	sd_event *event;
	struct data_block *blocks[FAKE_BLOCKS];
	struct connection_settings connections[SETTINGS_CONNECTIONS_MAX];
	struct settings settings;
	struct station station;
} fake;

const struct connection_settings *connection_settings(const struct connection *connection)
{
	return connection->settings;
}

void connection_outputs(const struct connection *connection, struct connection_outputs *ret_outputs)
{
	*ret_outputs = connection->outputs;
}

static inline void fake_changed(struct connection *connection)
{
	if (fake.station.changed)
		fake.station.changed(connection, fake.station.user);
}

enum send_order connection_send(struct connection *connection)
{
	if (!connection->settings->send_data)
		return SEND_NO_SENDER;
	if (connection->outputs.busy)
		return SEND_BUSY;
	connection->orders++;
	connection->outputs.busy = connection->takes_time;
	connection->outputs.done = !connection->takes_time;
	connection->outputs.error = false;
	fake_changed(connection);
	return SEND_TAKEN;
}

/* What takes time is done (NULL), or has failed. */
static inline void fake_finish(struct connection *connection, const char *failure)
{
	connection->outputs.busy = false;
	connection->outputs.done = !failure;
	connection->outputs.error = failure != NULL;
	connection->outputs.status = failure ? OUC_BROKEN : OUC_CONNECTED;
	snprintf(connection->outputs.message, CONNECTION_MESSAGE_MAX, "%s", failure ? failure : "");
	fake_changed(connection);
}

struct connection *station_connection(struct station *station, size_t index)
{
	return index < station->settings->connection_count ? &station->connections[index] : NULL;
}

struct connection *station_find(struct station *station, const char *name)
{
	for (size_t i = 0; i < station->settings->connection_count; i++)
		if (strcmp(station->connections[i].settings->name, name) == 0)
			return &station->connections[i];
	return NULL;
}

struct data_image *station_image(struct station *station, const char *block)
{
	for (size_t i = 0; i < FAKE_BLOCKS; i++)
		if (strcmp(data_image_block(station->images[i])->name, block) == 0)
			return station->images[i];
	return NULL;
}

void station_write(struct station *station, struct data_image *image, const uint8_t *bytes)
{
	station->writes++;
	data_image_write(image, bytes, 1);
	for (size_t i = 0; i < station->settings->connection_count; i++) {
		struct connection *connection = &station->connections[i];

		if (connection->settings->send_on == SEND_ON_CHANGE &&
		    connection->settings->send_data == data_image_block(image))
			(void)connection_send(connection);
	}
}

void station_on_change(struct station *station, station_changed_fn *changed, void *user)
{
	station->changed = changed;
	station->user = user;
}

static inline struct data_block *fake_block(const char *name)
{
	static const char *const fields[][2] = {{"Var1", "Bool"},
						{"Var2", "String"},
						{"Count", "Int"},
						{"List", "Array[1..3] of Int"}};
	struct data_block *block = data_block_new(name);
	char problem[DATA_PROBLEM_MAX];

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		struct data_type type;

		if (!data_type_parse(fields[i][1], &type, problem) ||
		    !data_block_add(block, fields[i][0], &type, problem))
			abort();
	}
	return block;
}

static inline struct connection_settings *fake_connection(const char *name)
{
	size_t index = fake.settings.connection_count++;
	struct connection_settings *settings = &fake.connections[index];

	snprintf(settings->name, sizeof(settings->name), "%s", name);
	settings->id = (uint16_t)(index + 1);
	settings->is_secure = true;
	settings->is_enabled = true;
	strcpy(settings->remote, "192.0.2.1");
	settings->remote_port = 2000;
	settings->is_active = true;
	fake.station.connections[index] = (struct connection){
		.settings = settings, .outputs = {.status = OUC_CONNECTED, .is_connected = true}};
	return settings;
}

static inline void fake_up(void)
{
	char problem[DATA_PROBLEM_MAX];
	struct connection_settings *settings;

	memset(&fake, 0, sizeof(fake));
	temp_dir_make(fake.dir);
	if (sd_event_new(&fake.event) < 0)
		abort();
	fake.blocks[0] = fake_block("Send_Data");
	fake.blocks[1] = fake_block("Received_Data");
	for (size_t i = 0; i < FAKE_BLOCKS; i++)
		if (!data_image_create(fake.dir, fake.blocks[i], &fake.station.images[i], problem))
			abort();
	fake.settings.blocks = fake.blocks;
	fake.settings.block_count = FAKE_BLOCKS;
	fake.settings.connections = fake.connections;
	fake.station.settings = &fake.settings;
	fake_connection("Send")->send_data = fake.blocks[0];
	fake_connection("Receive")->receive_data = fake.blocks[1];
	settings = fake_connection("Both");
	settings->send_data = fake.blocks[1];
	settings->receive_data = fake.blocks[1];
	settings = fake_connection("Modbus");
	settings->is_forward = true;
	strcpy(settings->plain_host, "127.0.0.1");
	settings->plain_port = 502;
}

static inline void fake_down(void)
{
	for (size_t i = 0; i < FAKE_BLOCKS; i++) {
		data_image_close(fake.station.images[i]);
		data_block_free(fake.blocks[i]);
	}
	fake.event = sd_event_unref(fake.event);
	temp_dir_remove(fake.dir);
}

/* Until nothing more is to be done at once. */
static inline void fake_settle(void)
{
	while (sd_event_run(fake.event, 0) > 0)
		;
}

#endif
