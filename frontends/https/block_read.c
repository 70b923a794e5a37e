#include "block_read.h"

#include <stdlib.h>
#include <string.h>

#include "block_roles.h"
#include "data_value.h"
#include "json_text.h"

#define SLOW_MAX 4 /* blocks of a list that are waited for, 10 ms each */

static json_t *time_of(const struct data_moment *moment)
{
	char text[TIME_BYTES];

	if (!moment->time)
		return json_null();
	time_text_ms(moment->time / 1000000, text);
	return json_string(text);
}

static json_t *facts_json(const struct data_block *block, const struct data_moment *moment,
			  const json_t *roles)
{
	uint64_t changes = moment->changes < INT64_MAX ? moment->changes : INT64_MAX;

	return json_pack("{s:s, s:b, s:I, s:o, s:I, s:o, s:o}", "name", block->name, "has_owner",
			 moment->has_owner, "changes", (json_int_t)changes, "time", time_of(moment),
			 "bytes", (json_int_t)block->size, "received_by",
			 block_roles_receiver(roles, block->name), "sent_by",
			 block_roles_sender(roles, block->name));
}

json_t *block_read_json(const struct data_block *block, const uint8_t *bytes,
			const struct data_moment *moment, const json_t *roles)
{
	json_t *object = facts_json(block, moment, roles);
	json_t *fields = json_array();

	for (size_t i = 0; i < block->field_count; i++) {
		json_t *field = data_field_json(&block->fields[i]);

		json_add(&field, "value", data_value_json(&block->fields[i], bytes));
		json_append(&fields, field);
	}
	json_add(&object, "fields", fields);
	return object;
}

enum block_status block_read_show(const struct data_view *view, const json_t *roles,
				  json_t **ret_object, char sentence[BLOCK_SENTENCE_MAX])
{
	const struct data_block *block = data_view_block(view);
	uint8_t *bytes = malloc(block->size);
	enum data_view_status status = DATA_VIEW_NOMEM;
	struct data_moment moment;
	json_t *object = NULL;

	if (bytes)
		status = data_view_read(view, bytes, &moment);
	if (status == DATA_VIEW_OK) {
		object = block_read_json(block, bytes, &moment, roles);
		if (!object)
			status = DATA_VIEW_NOMEM;
	}
	free(bytes);
	if (object)
		*ret_object = object;
	return block_folder_judge(status, block->name, sentence);
}

struct list {
	const char *folder;
	const json_t *roles;
	unsigned slow;
	json_t *blocks, *problems;
};

static void add_problem(struct list *list, const char *file, const char *sentence)
{
	json_append(&list->problems, json_pack("{s:o, s:o}", "file", json_text(file), "detail",
					       json_text(sentence)));
}

/* What has to be waited for is, for as many as do not hold up everybody. */
static enum data_view_status moment_of(struct list *list, const struct data_view *view,
				       struct data_moment *ret_moment)
{
	enum data_view_status status = data_view_look(view, NULL, ret_moment);

	if (status == DATA_VIEW_BUSY && list->slow < SLOW_MAX) {
		list->slow++;
		status = data_view_read(view, NULL, ret_moment);
	}
	return status;
}

static void add_block(struct list *list, const char *file)
{
	char name[DATA_NAME_MAX + 1];
	char sentence[BLOCK_SENTENCE_MAX];
	struct data_view *view = NULL;
	enum block_status status;
	struct data_moment moment;

	if (!block_folder_name(file, name)) {
		add_problem(list, file, "no data block has such a name: it is not of keystore-ouc");
		return;
	}
	status = block_folder_open(list->folder, name, &view, sentence);
	if (status == BLOCK_OK)
		status = block_folder_judge(moment_of(list, view, &moment), name, sentence);
	if (status == BLOCK_OK)
		json_append(&list->blocks, facts_json(data_view_block(view), &moment, list->roles));
	else if (status != BLOCK_NONE)
		add_problem(list, file, sentence);
	data_view_close(view);
}

json_t *block_read_list(const char *folder, const json_t *roles)
{
	struct list list = {folder, roles, 0, json_array(), json_array()};
	char *files[BLOCK_FILES_MAX];
	char sentence[BLOCK_SENTENCE_MAX];
	size_t count;
	bool is_whole;

	if (block_folder_list(folder, files, &count, &is_whole, sentence) != BLOCK_OK)
		add_problem(&list, folder, sentence);
	for (size_t i = 0; i < count; i++) {
		add_block(&list, files[i]);
		free(files[i]);
	}
	if (!is_whole)
		add_problem(&list, folder,
			    "there are more images here than are looked at: what is "
			    "not of keystore-ouc does not belong here");
	return json_pack("{s:o, s:o}", "blocks", list.blocks, "problems", list.problems);
}
