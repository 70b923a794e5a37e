/* What connections need around them: a loop, blocks with images, settings, and who hears events. */
#ifndef WORLD_H
#define WORLD_H

#include <string.h>

#include "../../support/temp_dir.h"
#include "../stream/loop.h"
#include "connection_parts.h"
#include "gate.h"
#include "receiver.h"

#define WORLD_EVENTS_MAX 512

static struct connection_world world;
static char world_dir[TEMP_PATH_MAX];
static json_t *world_events; /* an array */
static struct data_block *send_block, *receive_block;
static struct data_image *send_image, *receive_image;
static struct connection *world_on_change; /* sends on change */
static unsigned world_changes;

static void world_tell(const char *name, json_t *members, void *user)
{
	(void)user;
	cr_assert_not_null(members);
	json_object_set_new(members, "event", json_string(name));
	json_array_append_new(world_events, members);
}

static void world_changed(struct connection *connection, void *user)
{
	(void)connection;
	(void)user;
	world_changes++;
}

static void world_write(struct data_image *image, const uint8_t *bytes, void *user)
{
	(void)user;
	data_image_write(image, bytes, 1);
	if (world_on_change && image == send_image)
		connection_image_changed(world_on_change);
}

/* Var1 Bool, Var2 String: 258 bytes, as in the requirements. */
static struct data_block *block_new(const char *name)
{
	struct data_block *block = data_block_new(name);
	struct data_type type;
	char problem[DATA_PROBLEM_MAX];

	cr_assert_not_null(block);
	cr_assert(data_type_parse("Bool", &type, problem), "%s", problem);
	cr_assert(data_block_add(block, "Var1", &type, problem), "%s", problem);
	cr_assert(data_type_parse("String", &type, problem), "%s", problem);
	cr_assert(data_block_add(block, "Var2", &type, problem), "%s", problem);
	cr_assert_eq(block->size, 258);
	return block;
}

static inline void world_up(void)
{
	char problem[DATA_PROBLEM_MAX];

	loop_up();
	temp_dir_make(world_dir);
	send_block = block_new("Send_Data");
	receive_block = block_new("Received_Data");
	cr_assert(data_image_create(world_dir, send_block, &send_image, problem), "%s", problem);
	cr_assert(data_image_create(world_dir, receive_block, &receive_image, problem), "%s",
		  problem);
	world = (struct connection_world){
		.event = loop,
		.scratch = malloc(WORLD_SCRATCH),
		.service_problem = "",
		.tell = world_tell,
		.changed = world_changed,
		.write = world_write,
	};
	world_events = json_array();
	world_on_change = NULL;
	world_changes = 0;
}

static inline void world_down(void)
{
	data_image_close(send_image);
	data_image_close(receive_image);
	data_block_free(send_block);
	data_block_free(receive_block);
	free(world.scratch);
	json_decref(world_events);
	loop_down();
	temp_dir_remove(world_dir);
}

/* Var1 TRUE, Var2 @text. */
static inline void message_make(uint8_t bytes[258], const char *text)
{
	memset(bytes, 0, 258);
	bytes[0] = 1;
	bytes[2] = 254;
	bytes[3] = (uint8_t)strlen(text);
	memcpy(bytes + 4, text, strlen(text));
}

static inline void send_data(const char *text)
{
	uint8_t bytes[258];

	message_make(bytes, text);
	world_write(send_image, bytes, NULL);
}

static inline struct connection_settings settings_plain(const char *name, bool is_active)
{
	struct connection_settings settings = {
		.id = 1,
		.is_active = is_active,
		.keeps_open = true,
		.is_enabled = true,
		.events = EVENTS_DATA,
		.message_ms = 5000,
	};

	strcpy(settings.name, name);
	if (is_active)
		strcpy(settings.remote, "127.0.0.1");
	return settings;
}

static inline struct connection_outputs outputs_of(const struct connection *connection)
{
	struct connection_outputs outputs;

	connection_outputs(connection, &outputs);
	return outputs;
}

/* Runs the loop until @Condition holds; the test's time-out ends what never comes. */
#define UNTIL(Condition)                                                                           \
	do {                                                                                       \
		while (!(Condition))                                                               \
			cr_assert_geq(sd_event_run(loop, UINT64_MAX), 0);                          \
	} while (0)

/* The last event of that name; NULL: none. */
static inline json_t *event_last(const char *name)
{
	for (size_t i = json_array_size(world_events); i > 0; i--) {
		json_t *event = json_array_get(world_events, i - 1);

		if (strcmp(json_string_value(json_object_get(event, "event")), name) == 0)
			return event;
	}
	return NULL;
}

static inline size_t event_count(const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < json_array_size(world_events); i++) {
		json_t *event = json_array_get(world_events, i);

		count += strcmp(json_string_value(json_object_get(event, "event")), name) == 0;
	}
	return count;
}

static inline const char *event_text(const char *name, const char *member)
{
	const char *text = json_string_value(json_object_get(event_last(name), member));

	return text ? text : "";
}

#endif
