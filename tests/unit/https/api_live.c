/* Values as they change, of images in a folder, to feeds that only note what they are sent. */
#include "api_live.h"

#include <sys/queue.h>

#include "../../support/temp_dir.h"
#include "../stream/loop.h"
#include "data_image.h"
#include "data_value.h"

struct api_feed {
	unsigned events;
	json_t *last;
	bool is_full; /* it ends by being written to */
	void *part;
};

static char dir[TEMP_PATH_MAX];
static struct ouc_client *client;
static struct block_roles *roles;
static struct api_live *live;
static struct data_block *block;
static struct data_image *image;
static struct api_feed feed;

bool api_feed_send(struct api_feed *to, const char *name, json_t *data)
{
	cr_assert_str_eq(name, "data");
	cr_assert_not_null(data);
	to->events++;
	json_decref(to->last);
	to->last = data;
	if (to->is_full)
		api_live_end(to->part);
	return !to->is_full;
}

static void image_make(const char *type_text)
{
	struct data_type type;
	char problem[DATA_PROBLEM_MAX];

	block = data_block_new("A");
	cr_assert(data_type_parse(type_text, &type, problem));
	cr_assert(data_block_add(block, "X", &type, problem));
	cr_assert(data_image_create(dir, block, &image, problem), "%s", problem);
}

static void image_end(void)
{
	data_image_close(image);
	data_block_free(block);
	image = NULL;
	block = NULL;
}

static void image_set(const char *field, const char *text)
{
	uint8_t *bytes = malloc(block->size);
	char problem[DATA_PROBLEM_MAX];

	memcpy(bytes, data_image_bytes(image), block->size);
	cr_assert(data_value_set(block, bytes, field, text, problem), "%s", problem);
	data_image_write(image, bytes, 1);
	free(bytes);
}

static void set_up(void)
{
	loop_up();
	temp_dir_make(dir);
	client = ouc_client_new(loop, "/nowhere/control.sock", OUC_PATIENCE_US);
	roles = block_roles_new(client);
	live = api_live_new(loop, dir, roles);
	cr_assert_not_null(live);
	feed = (struct api_feed){0};
}

static void tear_down(void)
{
	ouc_client_free(client);
	block_roles_free(roles);
	api_live_free(live);
	image_end();
	json_decref(feed.last);
	temp_dir_remove(dir);
	loop_down();
}

TestSuite(api_live, .init = set_up, .fini = tear_down, .timeout = 60);

static void until(unsigned events)
{
	while (feed.events < events)
		cr_assert_geq(sd_event_run(loop, UINT64_MAX), 0);
	cr_assert_eq(feed.events, events);
}

/* Two turns of the timer: whatever was to be sent has been. */
static void turns(void)
{
	struct api_feed other = {0};
	void *part = api_live_begin(live, &other, "Nobody");

	while (!other.events)
		cr_assert_geq(sd_event_run(loop, UINT64_MAX), 0);
	api_live_end(part);
	other.events = 0;
	part = api_live_begin(live, &other, "Nobody");
	while (!other.events)
		cr_assert_geq(sd_event_run(loop, UINT64_MAX), 0);
	api_live_end(part);
	json_decref(other.last);
}

static json_int_t value(void)
{
	return json_integer_value(
		json_object_get(json_array_get(json_object_get(feed.last, "fields"), 0), "value"));
}

static bool has_fields(void)
{
	return json_object_get(feed.last, "fields");
}

Test(api_live, sends_values_at_first_and_when_they_change)
{
	void *part;

	image_make("Int");
	image_set("X", "7");
	part = api_live_begin(live, &feed, "A");
	cr_assert_eq(feed.events, 0u);
	until(1);
	cr_expect_eq(value(), 7);
	turns();
	cr_expect_eq(feed.events, 1u, "nothing has changed");
	image_set("X", "8");
	until(2);
	cr_expect_eq(value(), 8);
	image_set("X", "9");
	image_set("X", "10");
	until(3);
	cr_expect_eq(value(), 10);
	api_live_end(part);
	image_set("X", "11");
	turns();
	cr_expect_eq(feed.events, 3u);
}

Test(api_live, tells_that_a_block_has_gone_and_that_it_is_back)
{
	void *part;

	image_make("Int");
	part = api_live_begin(live, &feed, "A");
	until(1);
	cr_expect(has_fields());
	image_end();
	until(2);
	cr_expect_not(has_fields());
	cr_expect_str_eq(json_string_value(json_object_get(feed.last, "name")), "A");
	turns();
	cr_expect_eq(feed.events, 2u);
	image_make("DInt");
	until(3);
	cr_expect(has_fields());
	image_end();
	image_make("Word");
	until(4);
	cr_expect_str_eq(json_string_value(json_object_get(
				 json_array_get(json_object_get(feed.last, "fields"), 0), "type")),
			 "Word");
	api_live_end(part);
}

Test(api_live, tells_once_that_an_image_is_broken)
{
	char path[TEMP_PATH_MAX + 16];
	void *part;

	image_make("Int");
	part = api_live_begin(live, &feed, "A");
	until(1);
	snprintf(path, sizeof(path), "%s/A.image", dir);
	cr_assert_eq(truncate(path, 100), 0);
	until(2);
	cr_expect_not(has_fields());
	turns();
	cr_expect_eq(feed.events, 2u);
	api_live_end(part);
	/* Its owner has it mapped. */
	cr_assert_eq(truncate(path, 4096), 0);
}

Test(api_live, sends_no_fields_where_they_would_be_too_much)
{
	void *part;

	image_make("Array[0..8000] of DWord");
	for (unsigned i = 0; i < 3; i++)
		image_set("X[5]", "1");
	part = api_live_begin(live, &feed, "A");
	until(1);
	cr_expect(has_fields());
	api_live_end(part);
	image_end();
	image_make("Array[0..190] of String[254]");
	for (unsigned i = 0; i < 190; i++) {
		char field[16], text[3 * 254 + 1] = "";

		snprintf(field, sizeof(field), "X[%u]", i);
		for (unsigned c = 0; c < 254; c++)
			strcat(text, "\u00e9");
		image_set(field, text);
	}
	part = api_live_begin(live, &feed, "A");
	until(2);
	cr_expect_not(has_fields());
	api_live_end(part);
}

Test(api_live, stops_at_a_feed_that_ends_by_being_written_to)
{
	struct api_feed full = {.is_full = true};
	void *part;

	image_make("Int");
	full.part = api_live_begin(live, &full, "A,B");
	part = api_live_begin(live, &feed, "A");
	until(1);
	cr_expect_eq(full.events, 1u);
	image_set("X", "1");
	until(2);
	cr_expect_eq(full.events, 1u);
	api_live_end(part);
	json_decref(full.last);
}

Test(api_live, takes_names_of_blocks_and_so_many)
{
	char blocks[API_LIVE_BLOCKS_OF_FEED * 2 + 3] = "";

	cr_expect_null(api_live_refusal(""));
	cr_expect_null(api_live_refusal("A"));
	cr_expect_not_null(api_live_refusal(","));
	cr_expect_not_null(api_live_refusal("A,,B"));
	cr_expect_not_null(api_live_refusal("A,../B"));
	cr_expect_not_null(api_live_refusal(" A"));
	for (unsigned i = 0; i < API_LIVE_BLOCKS_OF_FEED; i++)
		strcat(blocks, i ? ",A" : "A");
	cr_expect_null(api_live_refusal(blocks));
	strcat(blocks, ",A");
	cr_expect_not_null(api_live_refusal(blocks));
}

Test(api_live, looks_at_so_many_blocks_and_no_more)
{
	enum { PARTS = API_LIVE_BLOCKS / API_LIVE_BLOCKS_OF_FEED + 1 };
	void *parts[PARTS];

	for (unsigned i = 0; i < PARTS; i++) {
		char blocks[512] = "";

		for (unsigned b = 0; b < API_LIVE_BLOCKS_OF_FEED; b++)
			snprintf(blocks + strlen(blocks), sizeof(blocks) - strlen(blocks),
				 "%sB%u_%u", b ? "," : "", i, b);
		parts[i] = api_live_begin(live, &feed, blocks);
		cr_assert_not_null(parts[i]);
	}
	until(API_LIVE_BLOCKS);
	for (unsigned i = 0; i < PARTS; i++)
		api_live_end(parts[i]);
}
