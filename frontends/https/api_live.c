#include "api_live.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "block_read.h"

/* A block that somebody wants. */
struct watch {
	LIST_ENTRY(watch) entry;
	unsigned wanted; /* by so many feeds */
	char name[DATA_NAME_MAX + 1];
	struct data_view *view; /* NULL: there is none */
	struct data_moment moment;
	json_t *object;	 /* what is told; NULL: nothing yet */
	bool is_there;	 /* it has values */
	bool is_current; /* of that moment, and of the roles that are known */
	bool is_due;	 /* it has changed since all were told */
};

struct part {
	LIST_ENTRY(part) entry;
	struct api_live *live;
	struct api_feed *feed;
	size_t count;
	struct watch *watches[API_LIVE_BLOCKS_OF_FEED];
	bool is_told[API_LIVE_BLOCKS_OF_FEED];
};

struct api_live {
	const char *folder;
	struct block_roles *roles_source;
	bool is_asking;
	json_t *roles; /* as they were said last; NULL: not known */
	sd_event_source *timer;
	size_t count;
	LIST_HEAD(, watch) watches;
	LIST_HEAD(, part) parts;
};

static int on_timer(sd_event_source *source, uint64_t usec, void *user);

struct api_live *api_live_new(sd_event *event, const char *folder, struct block_roles *roles)
{
	struct api_live *live = calloc(1, sizeof(*live));

	if (!live)
		return NULL;
	live->folder = folder;
	live->roles_source = roles;
	if (sd_event_add_time_relative(event, &live->timer, CLOCK_MONOTONIC, API_LIVE_PERIOD_US, 0,
				       on_timer, live) >= 0 &&
	    sd_event_source_set_enabled(live->timer, SD_EVENT_OFF) >= 0)
		return live;
	api_live_free(live);
	return NULL;
}

void api_live_free(struct api_live *live)
{
	if (!live)
		return;
	sd_event_source_disable_unref(live->timer);
	json_decref(live->roles);
	free(live);
}

/* The next of @blocks; false: none is left. *ret_name is "" where it is no name. */
static bool next_name(const char **blocks, char ret_name[DATA_NAME_MAX + 1])
{
	size_t len = strcspn(*blocks, ",");

	if (!**blocks)
		return false;
	memset(ret_name, 0, DATA_NAME_MAX + 1);
	if (len <= DATA_NAME_MAX)
		memcpy(ret_name, *blocks, len);
	if (!data_name_is_valid(ret_name))
		*ret_name = '\0';
	*blocks += len + ((*blocks)[len] == ',');
	return true;
}

const char *api_live_refusal(const char *blocks)
{
	char name[DATA_NAME_MAX + 1];
	unsigned count = 0;

	while (next_name(&blocks, name)) {
		if (!*name)
			return "\"blocks\" has the names of data blocks, apart by commas";
		if (++count > API_LIVE_BLOCKS_OF_FEED)
			return "\"blocks\" names too many: open another page for the rest";
	}
	return NULL;
}

static void look_later(struct api_live *live, uint64_t usec)
{
	(void)sd_event_source_set_time_relative(live->timer, usec);
	(void)sd_event_source_set_enabled(live->timer, SD_EVENT_ONESHOT);
}

static void on_roles(const json_t *roles, void *user)
{
	struct api_live *live = user;
	struct watch *watch;

	live->is_asking = false;
	if (json_equal(roles, live->roles) || (!roles && !live->roles))
		return;
	json_decref(live->roles);
	live->roles = roles ? json_deep_copy(roles) : NULL;
	LIST_FOREACH(watch, &live->watches, entry)
	watch->is_current = false;
}

/* Another owner may have other connections. */
static void ask_roles(struct api_live *live)
{
	if (!live->is_asking)
		live->is_asking = block_roles_ask(live->roles_source, on_roles, live);
}

/* @bytes NULL, or too much: who hears it asks for the block, and is told what there is to tell. */
static json_t *object_of(const struct api_live *live, const struct watch *watch,
			 const uint8_t *bytes)
{
	json_t *object = bytes ? block_read_json(data_view_block(watch->view), bytes,
						 &watch->moment, live->roles)
			       : NULL;

	if (object && json_dumpb(object, NULL, 0, JSON_COMPACT) <= API_LIVE_TEXT_MAX)
		return object;
	json_decref(object);
	return json_pack("{s:s}", "name", watch->name);
}

static void take(struct api_live *live, struct watch *watch, const uint8_t *bytes)
{
	json_decref(watch->object);
	watch->object = object_of(live, watch, bytes);
	watch->is_current = bytes;
	watch->is_due = true;
}

static void lose(struct api_live *live, struct watch *watch)
{
	data_view_close(watch->view);
	watch->view = NULL;
	if (!watch->object || watch->is_there)
		take(live, watch, NULL);
	watch->is_there = false;
}

/* What is being written just now is read the next time. */
static void read_values(struct api_live *live, struct watch *watch)
{
	uint8_t *bytes = malloc(data_view_block(watch->view)->size);
	enum data_view_status status = DATA_VIEW_NOMEM;

	if (bytes)
		status = data_view_look(watch->view, bytes, &watch->moment);
	watch->is_current = false;
	if (status == DATA_VIEW_OK) {
		take(live, watch, bytes);
		watch->is_there = true;
	} else if (status != DATA_VIEW_BUSY) {
		lose(live, watch);
	}
	free(bytes);
}

static bool has_changed(const struct watch *watch, const struct data_moment *moment)
{
	return !watch->is_current || moment->changes != watch->moment.changes ||
	       moment->time != watch->moment.time || moment->has_owner != watch->moment.has_owner;
}

/* An image without an owner may be there anew, under the same name. */
static void open_again(struct api_live *live, struct watch *watch)
{
	char sentence[BLOCK_SENTENCE_MAX];
	enum data_view_status status = DATA_VIEW_BROKEN;
	struct data_view *view = NULL;
	struct data_moment moment;

	if (block_folder_open(live->folder, watch->name, &view, sentence) == BLOCK_OK)
		status = data_view_look(view, NULL, &moment);
	if (status == DATA_VIEW_BUSY ||
	    (status == DATA_VIEW_OK && !moment.has_owner && !has_changed(watch, &moment))) {
		data_view_close(view);
		return;
	}
	data_view_close(watch->view);
	watch->view = view;
	if (status != DATA_VIEW_OK) {
		lose(live, watch);
		return;
	}
	read_values(live, watch);
	ask_roles(live);
}

static void look(struct api_live *live, struct watch *watch)
{
	enum data_view_status status = DATA_VIEW_TORN;
	struct data_moment moment;

	if (watch->view)
		status = data_view_look(watch->view, NULL, &moment);
	if (status == DATA_VIEW_BUSY)
		return;
	if (status != DATA_VIEW_OK || !moment.has_owner)
		open_again(live, watch);
	else if (has_changed(watch, &moment))
		read_values(live, watch);
}

static void tell(struct part *part)
{
	for (size_t i = 0; i < part->count; i++) {
		struct watch *watch = part->watches[i];

		if (!watch->object || (part->is_told[i] && !watch->is_due))
			continue;
		part->is_told[i] = true;
		/* The feed's end is the part's, too. */
		if (!api_feed_send(part->feed, "data", json_incref(watch->object)))
			return;
	}
}

static int on_timer(sd_event_source *source, uint64_t usec, void *user)
{
	struct api_live *live = user;
	struct part *part, *next;
	struct watch *watch;

	(void)source;
	(void)usec;
	LIST_FOREACH(watch, &live->watches, entry)
	look(live, watch);
	for (part = LIST_FIRST(&live->parts); part; part = next) {
		next = LIST_NEXT(part, entry);
		tell(part);
	}
	LIST_FOREACH(watch, &live->watches, entry)
	watch->is_due = false;
	if (!LIST_EMPTY(&live->parts))
		look_later(live, API_LIVE_PERIOD_US);
	return 0;
}

static struct watch *watch_take(struct api_live *live, const char *name)
{
	struct watch *watch;

	LIST_FOREACH(watch, &live->watches, entry)
	{
		if (strcmp(watch->name, name) == 0) {
			watch->wanted++;
			return watch;
		}
	}
	watch = live->count < API_LIVE_BLOCKS ? calloc(1, sizeof(*watch)) : NULL;
	if (!watch)
		return NULL;
	strcpy(watch->name, name);
	watch->wanted = 1;
	live->count++;
	LIST_INSERT_HEAD(&live->watches, watch, entry);
	return watch;
}

static void watch_let_go(struct api_live *live, struct watch *watch)
{
	if (--watch->wanted)
		return;
	LIST_REMOVE(watch, entry);
	live->count--;
	data_view_close(watch->view);
	json_decref(watch->object);
	free(watch);
}

void *api_live_begin(struct api_live *live, struct api_feed *feed, const char *blocks)
{
	struct part *part = calloc(1, sizeof(*part));
	char name[DATA_NAME_MAX + 1];

	if (!part)
		return NULL;
	part->live = live;
	part->feed = feed;
	while (part->count < API_LIVE_BLOCKS_OF_FEED && next_name(&blocks, name)) {
		struct watch *watch = *name ? watch_take(live, name) : NULL;

		if (watch)
			part->watches[part->count++] = watch;
	}
	if (LIST_EMPTY(&live->parts))
		look_later(live, 0);
	LIST_INSERT_HEAD(&live->parts, part, entry);
	return part;
}

void api_live_end(void *user)
{
	struct part *part = user;

	LIST_REMOVE(part, entry);
	for (size_t i = 0; i < part->count; i++)
		watch_let_go(part->live, part->watches[i]);
	free(part);
}
