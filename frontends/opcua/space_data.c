#include "space_data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>

#include "block_folder.h"
#include "space.h"
#include "space_block.h"

#define SETTLE_US    UINT64_C(200000)	/* images are made one after the other */
#define NO_FOLDER_US UINT64_C(2000000)	/* until it is looked for again */
#define TOLD_US	     UINT64_C(60000000) /* the same user and block again */
#define LINE_MAX     1024
#define WHO_MAX	     96
#define CHANGES                                                                                    \
	(IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE_SELF | IN_MOVE_SELF |     \
	 IN_ONLYDIR)

struct space_data {
	const struct space_options *options;
	struct space_block_place place;
	sd_event_source *timer, *watch; /* of the folder; NULL: it is not there */
	bool is_scan_due;
	bool is_folder_gone;
	struct space_block *blocks[SPACE_BLOCKS_MAX];
	size_t count, fields;
	char problem[LINE_MAX]; /* as it was said last */
	/* who has written what, as it was said last, and when: monotonic */
	char who[WHO_MAX], what[DATA_NAME_MAX + 1];
	uint64_t told_at;
};

static void scan_in(struct space_data *data, uint64_t us)
{
	(void)sd_event_source_set_time_relative(data->timer, us);
	(void)sd_event_source_set_enabled(data->timer, SD_EVENT_ONESHOT);
}

/* What changes all the time is looked at nevertheless. */
static void scan_soon(struct space_data *data)
{
	if (!data->is_scan_due)
		scan_in(data, SETTLE_US);
	data->is_scan_due = true;
}

static void on_changed(void *user)
{
	scan_soon(user);
}

static int on_watch(sd_event_source *source, const struct inotify_event *event, void *user)
{
	struct space_data *data = user;

	(void)source;
	data->is_folder_gone |= (event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) != 0;
	scan_soon(data);
	return 0;
}

static void say(const struct space_data *data, const char *sentence)
{
	if (data->options->log)
		data->options->log(sentence, data->options->user);
}

/* Once, until there is another. */
static void say_problem(struct space_data *data, const char *sentence)
{
	if (strncmp(sentence, data->problem, sizeof(data->problem) - 1) == 0)
		return;
	snprintf(data->problem, sizeof(data->problem), "%s", sentence);
	say(data, data->problem);
}

/* Who writes a block again and again is told of once in a while; never what he writes. */
static void on_written(const char *who, const char *block, bool is_sure, void *user)
{
	struct space_data *data = user;
	char line[WHO_MAX + DATA_NAME_MAX + 64];
	uint64_t now = 0;

	(void)sd_event_now(data->place.event, CLOCK_MONOTONIC, &now);
	if (data->told_at && now - data->told_at < TOLD_US && strcmp(who, data->who) == 0 &&
	    strcmp(block, data->what) == 0)
		return;
	data->told_at = now;
	snprintf(data->who, sizeof(data->who), "%s", who);
	snprintf(data->what, sizeof(data->what), "%s", block);
	snprintf(line, sizeof(line), "%s has %swritten to data block %s", who,
		 is_sure ? "" : "perhaps ", block);
	say(data, line);
}

static struct space_block *find(const struct space_data *data, const char *name)
{
	for (size_t i = 0; i < data->count; i++) {
		if (strcmp(space_block_name(data->blocks[i]), name) == 0)
			return data->blocks[i];
	}
	return NULL;
}

static void remove_at(struct space_data *data, size_t place)
{
	data->fields -= space_block_fields(data->blocks[place]);
	space_block_free(data->blocks[place]);
	data->blocks[place] = data->blocks[--data->count];
}

/* Takes @view. */
static void add(struct space_data *data, struct data_view *view)
{
	size_t fields = data_view_block(view)->field_count;
	struct space_block *block;

	if (data->count == SPACE_BLOCKS_MAX || fields > SPACE_FIELDS_MAX - data->fields) {
		say_problem(data, "keystore-ouc has more than 256 data blocks, or 32768 fields in "
				  "them: the others are not shown");
		data_view_close(view);
		return;
	}
	block = space_block_new(&data->place, view);
	if (!block) {
		say_problem(data, "a data block is not shown: there is no memory left");
		return;
	}
	data->blocks[data->count++] = block;
	data->fields += fields;
}

/* One that nobody owns, or that is being written just now, is not shown before it is well. */
static void add_file(struct space_data *data, const char *name)
{
	char sentence[BLOCK_SENTENCE_MAX];
	struct data_view *view = NULL;
	struct data_moment moment;
	enum data_view_status status;

	switch (block_folder_open(data->place.folder, name, &view, sentence)) {
	case BLOCK_OK:
		break;
	case BLOCK_BROKEN:
		say_problem(data, sentence);
		return;
	case BLOCK_NONE:
	case BLOCK_AWAY:
	case BLOCK_BUSY:
	case BLOCK_NOMEM:
		return;
	}
	status = data_view_look(view, NULL, &moment);
	if (status == DATA_VIEW_BUSY || (status == DATA_VIEW_OK && moment.has_owner)) {
		add(data, view);
	} else {
		data_view_close(view);
	}
}

/* Those of other layouts, and, as long as keystore-ouc runs, those that it has no longer. */
static void drop_old(struct space_data *data)
{
	bool is_current[SPACE_BLOCKS_MAX];
	bool is_running = false;

	for (size_t i = 0; i < data->count; i++) {
		is_current[i] = space_block_is_current(data->blocks[i]);
		is_running |= is_current[i];
	}
	for (size_t i = data->count; i > 0; i--) {
		if (is_current[i - 1])
			continue;
		if (is_running || space_block_is_other(data->blocks[i - 1]))
			remove_at(data, i - 1);
	}
}

static bool folder_is_watched(struct space_data *data)
{
	if (data->is_folder_gone)
		data->watch = sd_event_source_disable_unref(data->watch);
	data->is_folder_gone = false;
	return data->watch ||
	       sd_event_add_inotify(data->place.event, &data->watch, data->place.folder, CHANGES,
				    on_watch, data) >= 0;
}

static void scan(struct space_data *data)
{
	char *files[BLOCK_FILES_MAX];
	char sentence[BLOCK_SENTENCE_MAX], name[DATA_NAME_MAX + 1];
	bool is_whole;
	size_t count;

	(void)block_folder_list(data->place.folder, files, &count, &is_whole, sentence);
	for (size_t i = 0; i < count; i++) {
		if (block_folder_name(files[i], name) && !find(data, name))
			add_file(data, name);
		free(files[i]);
	}
}

static int on_timer(sd_event_source *source, uint64_t usec, void *user)
{
	struct space_data *data = user;
	size_t before;

	(void)source;
	(void)usec;
	data->is_scan_due = false;
	if (!folder_is_watched(data))
		scan_in(data, NO_FOLDER_US);
	scan(data);
	before = data->count;
	drop_old(data);
	if (data->count < before)
		scan(data); /* those of other layouts again */
	return 0;
}

struct space_data *space_data_new(sd_event *event, struct space_nodes *nodes,
				  const struct space_options *options)
{
	struct space_data *data = calloc(1, sizeof(*data));
	bool is_writable = options->data_control && *options->data_control;

	if (!data)
		return NULL;
	data->options = options;
	data->place = (struct space_block_place){
		.event = event,
		.nodes = nodes,
		.folder = options->data_images,
		.write = is_writable ? space_write_new(event, options) : NULL,
		.changed = on_changed,
		.written = on_written,
		.user = data,
	};
	if ((data->place.write || !is_writable) &&
	    sd_event_add_time_relative(event, &data->timer, CLOCK_MONOTONIC, 0, 0, on_timer,
				       data) >= 0)
		return data;
	space_data_free(data);
	return NULL;
}

void space_data_free(struct space_data *data)
{
	if (!data)
		return;
	sd_event_source_disable_unref(data->timer);
	sd_event_source_disable_unref(data->watch);
	while (data->count)
		remove_at(data, data->count - 1);
	space_write_free(data->place.write);
	free(data);
}
