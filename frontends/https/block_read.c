#include "block_read.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "block_roles.h"
#include "data_value.h"
#include "json_text.h"

#define SUFFIX	   ".image"
#define PATH_BYTES 512
#define SLOW_MAX   4 /* blocks of a list that are waited for, 10 ms each */

static bool path_make(char path[PATH_BYTES], const char *folder, const char *file)
{
	return (unsigned)snprintf(path, PATH_BYTES, "%s/%s", folder, file) < PATH_BYTES;
}

static enum block_status fail(enum block_status status, char *sentence, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static enum block_status fail(enum block_status status, char *sentence, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(sentence, BLOCK_SENTENCE_MAX, format, list);
	va_end(list);
	return status;
}

/* @error: errno of the folder. */
static enum block_status fail_away(const char *folder, int error, char *sentence)
{
	if (error == ENOENT)
		return fail(
			BLOCK_AWAY, sentence,
			"keystore-ouc does not run: start it (systemctl start keystore-ouc), or "
			"set DataImages in keystore-https.conf, if its blocks are not in %.200s",
			folder);
	if (error == EACCES || error == EPERM)
		return fail(BLOCK_AWAY, sentence,
			    "keystore-https may not read %.200s: make its user a member of that "
			    "folder's group",
			    folder);
	return fail(BLOCK_AWAY, sentence, "%.200s cannot be read: %s", folder, strerror(error));
}

static enum block_status fail_open(const char *folder, const char *path, const char *name,
				   const char *why, char *sentence)
{
	struct stat facts;

	if (lstat(path, &facts) == 0 || errno != ENOENT)
		return fail(BLOCK_BROKEN, sentence, "%s", why);
	if (stat(folder, &facts) < 0)
		return fail_away(folder, errno, sentence);
	return fail(
		BLOCK_NONE, sentence,
		"there is no data block %s: keystore-ouc has none of that name, or does not run",
		name);
}

enum block_status block_read_open(const char *folder, const char *name, struct data_view **ret_view,
				  char sentence[BLOCK_SENTENCE_MAX])
{
	char file[DATA_NAME_MAX + sizeof(SUFFIX)], path[PATH_BYTES];
	char why[DATA_PROBLEM_MAX];
	struct data_view *view = NULL;

	if (!data_name_is_valid(name))
		return fail(BLOCK_NONE, sentence, "there is no data block of that name");
	snprintf(file, sizeof(file), "%s" SUFFIX, name);
	if (!path_make(path, folder, file))
		return fail_away(folder, ENAMETOOLONG, sentence);
	if (!data_view_open(path, &view, why))
		return fail_open(folder, path, name, why, sentence);
	if (strcmp(data_view_block(view)->name, name) != 0) {
		data_view_close(view);
		return fail(BLOCK_BROKEN, sentence,
			    "%s is the image of another block: it was renamed or copied; have "
			    "keystore-ouc make its own anew (systemctl restart keystore-ouc)",
			    file);
	}
	*ret_view = view;
	return BLOCK_OK;
}

static enum block_status fail_read(enum data_view_status status, const char *name, char *sentence)
{
	switch (status) {
	case DATA_VIEW_OK:
		return BLOCK_OK;
	case DATA_VIEW_BUSY:
		return fail(BLOCK_BUSY, sentence,
			    "%s changes whenever it is looked at: try again in a moment", name);
	case DATA_VIEW_TORN:
		return fail(BLOCK_BROKEN, sentence,
			    "keystore-ouc has died while it wrote %s: start it again (systemctl "
			    "restart keystore-ouc)",
			    name);
	case DATA_VIEW_BROKEN:
		return fail(BLOCK_BROKEN, sentence,
			    "the image of %s is cut short, or holds what is no such block: have "
			    "keystore-ouc make it anew (systemctl restart keystore-ouc)",
			    name);
	case DATA_VIEW_NOMEM:
		break;
	}
	return fail(BLOCK_NOMEM, sentence, "this server has no memory left: try again in a moment");
}

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
	return fail_read(status, block->name, sentence);
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
	char name[DATA_NAME_MAX + 1] = "";
	size_t len = strlen(file) - strlen(SUFFIX);
	char sentence[BLOCK_SENTENCE_MAX];
	struct data_view *view = NULL;
	enum block_status status;
	struct data_moment moment;

	if (len <= DATA_NAME_MAX)
		memcpy(name, file, len);
	if (!data_name_is_valid(name)) {
		add_problem(list, file, "no data block has such a name: it is not of keystore-ouc");
		return;
	}
	status = block_read_open(list->folder, name, &view, sentence);
	if (status == BLOCK_OK)
		status = fail_read(moment_of(list, view, &moment), name, sentence);
	if (status == BLOCK_OK)
		json_append(&list->blocks, facts_json(data_view_block(view), &moment, list->roles));
	else if (status != BLOCK_NONE)
		add_problem(list, file, sentence);
	data_view_close(view);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_image(const char *file)
{
	size_t len = strlen(file);

	return len > strlen(SUFFIX) && strcmp(file + len - strlen(SUFFIX), SUFFIX) == 0;
}

/* At most BLOCK_READ_FILES_MAX; false: there are more, or no memory. */
static bool read_names(DIR *dir, char *files[BLOCK_READ_FILES_MAX], size_t *ret_count)
{
	const struct dirent *entry;
	size_t count = 0;
	bool is_whole = true;

	while (is_whole && (entry = readdir(dir))) {
		if (!is_image(entry->d_name))
			continue;
		is_whole = count < BLOCK_READ_FILES_MAX;
		if (is_whole) {
			files[count] = strdup(entry->d_name);
			is_whole = files[count];
			count += is_whole;
		}
	}
	*ret_count = count;
	return is_whole;
}

json_t *block_read_list(const char *folder, const json_t *roles)
{
	struct list list = {folder, roles, 0, json_array(), json_array()};
	char *files[BLOCK_READ_FILES_MAX];
	char sentence[BLOCK_SENTENCE_MAX];
	size_t count = 0;
	DIR *dir = opendir(folder);
	bool is_whole = true;

	if (dir) {
		is_whole = read_names(dir, files, &count);
		closedir(dir);
	} else {
		(void)fail_away(folder, errno, sentence);
		add_problem(&list, folder, sentence);
	}
	qsort(files, count, sizeof(*files), compare);
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
