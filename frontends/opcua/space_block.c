#include "space_block.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "block_folder.h"
#include "space_value.h"

#define NEVER	    UINT64_MAX
#define DATETIME_NS 100 /* a UA_DateTime counts these */

enum state {
	STATE_READ,    /* there are bytes */
	STATE_WAITING, /* there will be, in a moment */
	STATE_AWAY,
};

struct space_block {
	const struct space_block_place *place;
	struct data_view *view; /* perhaps of an owner that has gone */
	uint8_t *bytes;
	struct data_moment moment;
	enum state state;
	uint64_t read_at; /* the turn of the loop in which it was; NEVER: it was not */
	bool has_bytes;
	bool is_other; /* another layout has been seen */
	struct space_slot slots[];
};

const char *space_block_name(const struct space_block *block)
{
	return data_view_block(block->view)->name;
}

size_t space_block_fields(const struct space_block *block)
{
	return data_view_block(block->view)->field_count;
}

static bool field_is_same(const struct data_field *one, const struct data_field *other)
{
	const struct data_type *a = &one->type, *b = &other->type;

	return strcmp(one->name, other->name) == 0 && one->offset == other->offset &&
	       one->bit == other->bit && a->kind == b->kind && a->string_max == b->string_max &&
	       a->is_array == b->is_array && a->first == b->first && a->count == b->count;
}

static bool layout_is_same(const struct data_block *one, const struct data_block *other)
{
	if (one->size != other->size || one->field_count != other->field_count)
		return false;
	for (size_t i = 0; i < one->field_count; i++) {
		if (!field_is_same(&one->fields[i], &other->fields[i]))
			return false;
	}
	return true;
}

static enum state state_of(const struct space_block *block, enum data_view_status status,
			   bool has_owner)
{
	if (status == DATA_VIEW_OK)
		return has_owner ? STATE_READ : STATE_AWAY;
	if (status != DATA_VIEW_BUSY)
		return STATE_AWAY;
	return block->has_bytes ? STATE_READ : STATE_WAITING;
}

static enum state try_read(struct space_block *block)
{
	struct data_moment moment = {0};
	enum data_view_status status = data_view_look(block->view, block->bytes, &moment);

	if (status == DATA_VIEW_OK) {
		block->moment = moment;
		block->has_bytes = true;
	}
	return state_of(block, status, moment.has_owner);
}

/* Its owner has made it anew, perhaps. */
static enum state open_again(struct space_block *block)
{
	char sentence[BLOCK_SENTENCE_MAX];
	struct data_view *view = NULL;

	if (block_folder_open(block->place->folder, space_block_name(block), &view, sentence) !=
	    BLOCK_OK)
		return STATE_AWAY;
	if (!layout_is_same(data_view_block(view), data_view_block(block->view))) {
		data_view_close(view);
		if (!block->is_other)
			block->place->changed(block->place->user);
		block->is_other = true;
		return STATE_WAITING;
	}
	data_view_close(block->view);
	block->view = view;
	block->has_bytes = false;
	return try_read(block);
}

/* Once in a turn of the loop, however many of its fields are read. */
static void look(struct space_block *block)
{
	uint64_t now = 0;

	(void)sd_event_now(block->place->event, CLOCK_MONOTONIC, &now);
	if (block->read_at == now)
		return;
	block->read_at = now;
	block->state = try_read(block);
	if (block->state == STATE_AWAY)
		block->state = open_again(block);
}

bool space_block_is_current(struct space_block *block)
{
	block->read_at = NEVER;
	look(block);
	return block->state != STATE_AWAY && !block->is_other;
}

bool space_block_is_other(const struct space_block *block)
{
	return block->is_other;
}

static void get_value(const struct space_block *block, size_t index, UA_DataValue *value)
{
	const struct data_field *field = &data_view_block(block->view)->fields[index];

	value->status = space_value_get(field, block->bytes, &value->value);
	value->hasValue = value->status == UA_STATUSCODE_GOOD;
	if (value->hasValue && !block->moment.changes)
		value->status = UA_STATUSCODE_UNCERTAININITIALVALUE;
	if (block->moment.time) {
		value->sourceTimestamp = block->moment.time / DATETIME_NS + UA_DATETIME_UNIX_EPOCH;
		value->hasSourceTimestamp = true;
	}
}

static void get(const struct space_slot *slot, UA_DataValue *value)
{
	struct space_block *block = slot->owner;

	look(block);
	switch (block->state) {
	case STATE_READ:
		get_value(block, slot->index, value);
		break;
	case STATE_WAITING:
		value->status = UA_STATUSCODE_BADWAITINGFORINITIALDATA;
		break;
	case STATE_AWAY:
		value->status = UA_STATUSCODE_BADNOCOMMUNICATION;
		break;
	}
	value->hasStatus = value->status != UA_STATUSCODE_GOOD;
}

static UA_StatusCode set(const struct space_slot *slot, const struct session *session,
			 const UA_NumericRange *range, const UA_Variant *value)
{
	struct space_block *block = slot->owner;
	const struct space_block_place *place = block->place;
	const struct data_field *field = &data_view_block(block->view)->fields[slot->index];
	const char *who = session && *session->user ? session->user : "anonymous";
	char subject[SESSION_USER_MAX + 8];
	json_t *values = NULL;
	UA_StatusCode status = space_value_command(field, range, value, &values);

	if (status != UA_STATUSCODE_GOOD)
		return status;
	snprintf(subject, sizeof(subject), "user %s", who);
	status = space_write_set(place->write, space_block_name(block), values, subject);
	block->read_at = NEVER;
	if (!UA_StatusCode_isBad(status))
		place->written(subject, space_block_name(block), status == UA_STATUSCODE_GOOD,
			       place->user);
	return status;
}

static const struct space_source read_only = {.get = get};
static const struct space_source writable = {.get = get, .set = set};

static UA_StatusCode add_field(struct space_block *block, const char *path, size_t index)
{
	const struct data_field *field = &data_view_block(block->view)->fields[index];
	struct space_nodes *nodes = block->place->nodes;
	char type[64], at[32], description[128];
	const struct space_variable variable = {
		.parent = path,
		.name = field->name,
		.type = space_value_type(field),
		.count = field->type.is_array ? field->type.count : 0,
		.description = description,
	};

	data_type_print(&field->type, type, sizeof(type));
	data_field_place(field, at, sizeof(at));
	snprintf(description, sizeof(description), "%s at %s", type, at);
	block->slots[index] = (struct space_slot){
		nodes, block->place->write ? &writable : &read_only, block, index};
	return space_node_add_variable(nodes, &variable, &block->slots[index]);
}

static bool add_nodes(struct space_block *block)
{
	const struct data_block *shown = data_view_block(block->view);
	UA_StatusCode status = space_node_add_object(block->place->nodes, SPACE_DATA, shown->name,
						     shown->name, false);
	char path[SPACE_PATH_MAX];

	snprintf(path, sizeof(path), SPACE_DATA "/%s", shown->name);
	for (size_t i = 0; i < shown->field_count && status == UA_STATUSCODE_GOOD; i++)
		status = add_field(block, path, i);
	return status == UA_STATUSCODE_GOOD;
}

struct space_block *space_block_new(const struct space_block_place *place, struct data_view *view)
{
	const struct data_block *shown = data_view_block(view);
	struct space_block *block =
		calloc(1, sizeof(*block) + shown->field_count * sizeof(*block->slots));

	if (!block) {
		data_view_close(view);
		return NULL;
	}
	block->place = place;
	block->view = view;
	block->read_at = NEVER;
	block->bytes = malloc(shown->size);
	if (block->bytes && add_nodes(block))
		return block;
	space_block_free(block);
	return NULL;
}

void space_block_free(struct space_block *block)
{
	char path[SPACE_PATH_MAX];

	if (!block)
		return;
	snprintf(path, sizeof(path), SPACE_DATA "/%s", space_block_name(block));
	space_node_delete(block->place->nodes, path);
	data_view_close(block->view);
	free(block->bytes);
	free(block);
}
