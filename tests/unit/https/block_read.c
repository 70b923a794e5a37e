/* A folder of images, and what may be in it besides. */
#include "block_read.h"

#include <criterion/criterion.h>
#include <fcntl.h>

#include "../../support/temp_dir.h"
#include "data_value.h"

static char dir[TEMP_PATH_MAX];
static char sentence[BLOCK_SENTENCE_MAX];
static struct data_block *block;
static struct data_image *image;

static void image_make(const char *name)
{
	struct data_type type;
	char problem[DATA_PROBLEM_MAX];

	block = data_block_new(name);
	cr_assert(data_type_parse("Int", &type, problem));
	cr_assert(data_block_add(block, "Level", &type, problem));
	cr_assert(data_type_parse("Array[0..1] of String[5]", &type, problem));
	cr_assert(data_block_add(block, "Words", &type, problem));
	cr_assert(data_image_create(dir, block, &image, problem), "%s", problem);
}

static void image_set(const char *field, const char *text, int64_t time)
{
	uint8_t bytes[64];
	char problem[DATA_PROBLEM_MAX];

	memcpy(bytes, data_image_bytes(image), block->size);
	cr_assert(data_value_set(block, bytes, field, text, problem), "%s", problem);
	data_image_write(image, bytes, time);
}

static void set_up(void)
{
	temp_dir_make(dir);
	image_make("Good");
}

static void tear_down(void)
{
	data_image_close(image);
	data_block_free(block);
	temp_dir_remove(dir);
}

TestSuite(block_read, .init = set_up, .fini = tear_down);

static const char *in(const char *file)
{
	static char path[TEMP_PATH_MAX + 128];

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	return path;
}

static void file_make(const char *file, const char *bytes)
{
	FILE *stream = fopen(in(file), "we");

	cr_assert_not_null(stream);
	fputs(bytes, stream);
	fclose(stream);
}

/* The image's file again, its first @len bytes, under another name. */
static void copy_make(const char *file, size_t len)
{
	char bytes[4096];
	int from = open(in("Good.image"), O_RDONLY | O_CLOEXEC), to;
	ssize_t all = read(from, bytes, sizeof(bytes));

	close(from);
	to = open(in(file), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	cr_assert_eq(write(to, bytes, len < (size_t)all ? len : (size_t)all),
		     (ssize_t)(len < (size_t)all ? len : (size_t)all));
	close(to);
}

static enum block_status open_one(const char *name)
{
	struct data_view *view = NULL;
	enum block_status status = block_folder_open(dir, name, &view, sentence);

	data_view_close(view);
	return status;
}

Test(block_read, shows_a_block_with_its_values)
{
	struct data_view *view = NULL;
	json_t *roles = json_pack("{s:{s:s, s:n}}", "Good", "sent_by", "Send", "received_by");
	json_t *object = NULL;
	char *text;

	image_set("Level", "-5", 1000000000123456789);
	image_set("Words[1]", "\u00c4\u00f6", 1000000000123456789);
	cr_assert_eq(block_folder_open(dir, "Good", &view, sentence), BLOCK_OK);
	cr_assert_eq(block_read_show(view, roles, &object, sentence), BLOCK_OK);
	text = json_dumps(object, JSON_COMPACT);
	cr_expect_str_eq(text,
			 "{\"name\":\"Good\",\"has_owner\":true,\"changes\":2,"
			 "\"time\":\"2001-09-09T01:46:40.123Z\",\"bytes\":18,"
			 "\"received_by\":null,\"sent_by\":\"Send\",\"fields\":["
			 "{\"name\":\"Level\",\"place\":\"0.0\",\"type\":\"Int\",\"value\":-5},"
			 "{\"name\":\"Words\",\"place\":\"2.0\",\"type\":"
			 "\"Array[0..1] of String[5]\",\"value\":[\"\",\"\u00c4\u00f6\"]}]}");
	free(text);
	json_decref(object);
	json_decref(roles);
	data_view_close(view);
}

Test(block_read, lists_what_is_whole_and_tells_what_is_not)
{
	json_t *list;

	copy_make("Foreign.image", 4096);
	copy_make("Short.image", 100);
	copy_make("Less.image", 140);
	file_make("Empty.image", "");
	file_make("Text.image", "this is no image at all\n");
	file_make("9 x.image", "");
	file_make(".image", "");
	file_make("Good.image.new", "");
	cr_assert_eq(symlink("Good.image", in("Link.image")), 0);
	cr_assert_eq(mkfifo(in("Pipe.image"), 0600), 0);
	cr_assert_eq(mkdir(in("Folder.image"), 0700), 0);
	list = block_read_list(dir, NULL);
	cr_expect_eq(json_array_size(json_object_get(list, "blocks")), 1u);
	cr_expect_str_eq(json_string_value(json_object_get(
				 json_array_get(json_object_get(list, "blocks"), 0), "name")),
			 "Good");
	cr_expect_eq(json_array_size(json_object_get(list, "problems")), 9u);
	for (size_t i = 0; i < json_array_size(json_object_get(list, "problems")); i++) {
		const json_t *each = json_array_get(json_object_get(list, "problems"), i);

		cr_expect(json_string_length(json_object_get(each, "file")) > 6);
		cr_expect(json_string_length(json_object_get(each, "detail")) > 20);
	}
	json_decref(list);
	cr_expect_eq(open_one("Link"), BLOCK_BROKEN);
	cr_expect_eq(open_one("Pipe"), BLOCK_BROKEN);
	cr_expect_eq(open_one("Foreign"), BLOCK_BROKEN);
	cr_expect_not_null(strstr(sentence, "renamed or copied"));
}

Test(block_read, finds_no_block_outside_of_its_folder)
{
	char name[DATA_NAME_MAX + 2];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	cr_expect_eq(open_one("../Good"), BLOCK_NONE);
	cr_expect_eq(open_one("."), BLOCK_NONE);
	cr_expect_eq(open_one(""), BLOCK_NONE);
	cr_expect_eq(open_one(name), BLOCK_NONE);
	cr_expect_eq(open_one("good"), BLOCK_NONE);
	cr_expect_not_null(strstr(sentence, "good"));
}

Test(block_read, says_what_to_start_where_there_is_no_folder)
{
	struct data_view *view = NULL;
	json_t *list;

	cr_expect_eq(block_folder_open("/nowhere/at-all", "Good", &view, sentence), BLOCK_AWAY);
	cr_expect_not_null(strstr(sentence, "systemctl start keystore-ouc"));
	list = block_read_list("/nowhere/at-all", NULL);
	cr_expect_eq(json_array_size(json_object_get(list, "blocks")), 0u);
	cr_expect_eq(json_array_size(json_object_get(list, "problems")), 1u);
	json_decref(list);
}

Test(block_read, keeps_the_last_values_of_an_owner_that_has_ended)
{
	struct data_view *view = NULL;
	json_t *object = NULL;

	char from[TEMP_PATH_MAX + 128];

	copy_make("copy", 4096);
	strcpy(from, in("copy"));
	data_image_close(image);
	image = NULL;
	cr_assert_eq(rename(from, in("Good.image")), 0);
	cr_assert_eq(block_folder_open(dir, "Good", &view, sentence), BLOCK_OK);
	cr_assert_eq(block_read_show(view, NULL, &object, sentence), BLOCK_OK);
	cr_expect(json_is_false(json_object_get(object, "has_owner")));
	cr_expect(json_is_null(json_object_get(object, "time")));
	json_decref(object);
	data_view_close(view);
}

Test(block_read, looks_at_so_many_files_and_no_more)
{
	char file[64];
	json_t *list;

	for (unsigned i = 1; i <= BLOCK_FILES_MAX; i++) {
		snprintf(file, sizeof(file), "%u.image", i);
		file_make(file, "");
	}
	list = block_read_list(dir, NULL);
	cr_expect_eq(json_array_size(json_object_get(list, "blocks")) +
			     json_array_size(json_object_get(list, "problems")),
		     BLOCK_FILES_MAX + 1u);
	json_decref(list);
}
