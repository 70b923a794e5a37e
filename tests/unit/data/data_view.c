#include "data_image.h"

#include <fcntl.h>
#include <stddef.h>

#include "../../support/temp_dir.h"
#include "block_maker.h"
#include "data_format.h"

static char dir[TEMP_PATH_MAX];
static char path[TEMP_PATH_MAX + 32];
static char problem[DATA_PROBLEM_MAX];
static struct data_block *block;
static struct data_image *image;

static void set_up(void)
{
	temp_dir_make(dir);
	snprintf(path, sizeof(path), "%s/Send_Data.image", dir);
	block = block_make("Var1 Bool; Var2 String[20]");
	cr_assert(data_image_create(dir, block, &image, problem), "%s", problem);
}

static void tear_down(void)
{
	data_image_close(image);
	data_block_free(block);
	temp_dir_remove(dir);
}

TestSuite(data_view, .init = set_up, .fini = tear_down);

static void put(size_t at, const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY);

	cr_assert_eq(pwrite(fd, bytes, len, (off_t)at), (ssize_t)len);
	close(fd);
}

static void expect_refused(const char *why)
{
	struct data_view *view = NULL;

	cr_expect(!data_view_open(path, &view, problem), "%s", why);
	cr_expect_null(view);
	cr_expect_not_null(strstr(problem, why), "%s", problem);
}

static uint64_t size(void)
{
	struct stat facts;

	cr_assert_eq(stat(path, &facts), 0);
	return (uint64_t)facts.st_size;
}

Test(data_view, believes_no_header_that_does_not_fit)
{
	struct format_header good;
	static const struct {
		size_t at;
		uint32_t value;
		const char *why;
	} spoilt[] = {
		{offsetof(struct format_header, magic), 0, "does not begin as an image"},
		{offsetof(struct format_header, version), 2, "version 2, and 1 is known"},
		{offsetof(struct format_header, layout_at), 127, "the layout is at 127"},
		{offsetof(struct format_header, layout_len), 0, "0 bytes of layout"},
		{offsetof(struct format_header, layout_len), 29,
		 "line 2 of its layout: it is no line"},
		{offsetof(struct format_header, layout_len), 14, "2 bytes, and its header says 24"},
		{offsetof(struct format_header, layout_len), 35,
		 "line 3 of its layout: it is no line"},
		{offsetof(struct format_header, layout_len), 65, "the content at 192"},
		{offsetof(struct format_header, layout_len), UINT32_MAX,
		 "4294967295 bytes of layout"},
		{offsetof(struct format_header, layout_len), FORMAT_LAYOUT_MAX + 1,
		 "bytes of layout"},
		{offsetof(struct format_header, data_at), 193, "the content at 193"},
		{offsetof(struct format_header, data_at), UINT32_MAX, "the content at 4294967295"},
		{offsetof(struct format_header, data_len), 0, "0 of content"},
		{offsetof(struct format_header, data_len), 23, "and its header says 215"},
		{offsetof(struct format_header, data_len), DATA_BYTES_MAX + 1, "65535 of content"},
		{offsetof(struct format_header, data_len), UINT32_MAX, "4294967295 of content"},
		{offsetof(struct format_header, name), 0x2f2e2e, "no name"},
		{offsetof(struct format_header, name), 0, "no name"},
	};
	int fd = open(path, O_RDONLY);

	cr_assert_eq(pread(fd, &good, sizeof(good), 0), (ssize_t)sizeof(good));
	close(fd);
	cr_assert_eq(good.layout_len, strlen("Var1 Bool 0.0\nVar2 String[20] 2.0\n"));
	for (size_t i = 0; i < sizeof(spoilt) / sizeof(spoilt[0]); i++) {
		put(spoilt[i].at, &spoilt[i].value, sizeof(spoilt[i].value));
		expect_refused(spoilt[i].why);
		put(0, &good, sizeof(good));
	}
	memset(good.name, 'a', sizeof(good.name));
	put(0, &good, sizeof(good));
	expect_refused("no name");
}

Test(data_view, believes_no_layout_that_is_none)
{
	static const char good[] = "Var1 Bool 0.0\nVar2 String[20] 2.0\n";
	static const struct {
		const char *layout;
		const char *why;
	} spoilt[] = {
		{"Var1 Bool 0.1\nVar2 String[20] 2.0\n", "line 1 of its layout: Var1 is at 0.0"},
		{"Var1 Bool 0.0\nVar2 String[20] 3.0\n", "line 2 of its layout: Var2 is at 2.0"},
		{"Var1 Bool 0.0\nVar1 String[20] 2.0\n",
		 "line 2 of its layout: Var1 is declared twice"},
		{"Var1 Boot 0.0\nVar2 String[20] 2.0\n",
		 "line 1 of its layout: \"Boot\" is no type"},
		{"Var1 Bool 0.0 Var2 String[20] 2.0\n", "line 1 of its layout: \"Bool 0.0 Var2"},
		{"Var1 Bool 0.0\nVar2_String[20]_2.0\n", "line 2 of its layout: it is not of name"},
		{"Var1 Bool 0.0\nVar2 String[20]_2.0\n", "line 2 of its layout: it is not of name"},
		{"Var1 Bool 0.0\nVar2 String[21] 2.0\n", "26 bytes, and its header says 24"},
		{"Var1 Bool 0.0\n\nar2 String[20] 2.0\n",
		 "line 2 of its layout: it is not of name"},
		{"Var1 Bool 0.0\n Var2 String[20] 2.0", "line 2"},
	};
	char layout[sizeof(good)];

	for (size_t i = 0; i < sizeof(spoilt) / sizeof(spoilt[0]); i++) {
		cr_assert_leq(strlen(spoilt[i].layout), strlen(good));
		put(sizeof(struct format_header), good, strlen(good));
		put(sizeof(struct format_header), spoilt[i].layout, strlen(spoilt[i].layout));
		expect_refused(spoilt[i].why);
	}
	memcpy(layout, good, sizeof(good));
	layout[13] = '\0';
	put(sizeof(struct format_header), layout, strlen(good));
	expect_refused("line 1 of its layout");
}

Test(data_view, opens_no_other_than_a_whole_file)
{
	uint64_t whole = size();
	struct data_view *view = NULL;

	cr_assert_eq(truncate(path, (off_t)whole - 1), 0);
	expect_refused("its header says 216");
	cr_assert_eq(truncate(path, (off_t)whole + 1), 0);
	expect_refused("its header says 216");
	cr_assert_eq(truncate(path, sizeof(struct format_header) - 1), 0);
	expect_refused("too short");
	cr_assert_eq(truncate(path, 0), 0);
	expect_refused("too short");
	unlink(path);
	expect_refused("cannot be opened: No such file");
	mkfifo(path, 0600);
	expect_refused("it is no file");
	unlink(path);
	mkdir(path, 0700);
	expect_refused("it is no file");
	rmdir(path);
	symlink("/etc/passwd", path);
	expect_refused("cannot be opened");
	cr_expect(!data_view_open("", &view, problem));
	data_view_close(NULL);
}

Test(data_view, outlives_that_the_file_is_cut_short)
{
	static const uint64_t ends[] = {215, 192, 100, 0};
	struct data_view *view = NULL;
	struct data_moment moment;
	uint8_t bytes[24];

	cr_assert(data_view_open(path, &view, problem));
	cr_assert_eq(data_view_read(view, bytes, &moment), DATA_VIEW_OK);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		cr_assert_eq(truncate(path, (off_t)ends[i]), 0);
		cr_expect_eq(data_view_read(view, bytes, &moment), DATA_VIEW_BROKEN);
	}
	data_view_close(view);
}

Test(data_view, gives_no_string_that_is_longer_than_its_place)
{
	struct data_view *view = NULL;
	struct data_moment moment;
	uint8_t bytes[24] = {99};

	cr_assert(data_view_open(path, &view, problem));
	put(192 + 3, "\x15", 1);
	cr_expect_eq(data_view_read(view, bytes, &moment), DATA_VIEW_BROKEN);
	cr_expect_eq(bytes[0], 99);
	put(192 + 3, "\x14", 1);
	cr_expect_eq(data_view_read(view, bytes, &moment), DATA_VIEW_OK);
	data_view_close(view);
}

Test(data_view, keeps_the_layout_that_it_began_with)
{
	struct data_view *view = NULL;
	uint32_t len = DATA_BYTES_MAX;
	struct data_moment moment;
	uint8_t bytes[24];

	cr_assert(data_view_open(path, &view, problem));
	put(offsetof(struct format_header, data_len), &len, sizeof(len));
	put(sizeof(struct format_header), "Var1 Real 0.0\n", 14);
	cr_expect_eq(data_view_read(view, bytes, &moment), DATA_VIEW_OK);
	cr_expect_eq(data_view_block(view)->fields[0].type.kind, DATA_BOOL);
	cr_expect_eq(data_view_block(view)->size, 24);
	data_view_close(view);
}

Test(data_view, reads_the_longest_layout_that_there_is)
{
	struct data_block *large = data_block_new("Large");
	char place[TEMP_PATH_MAX + 32];
	struct data_image *written = NULL;
	struct data_view *view = NULL;
	struct data_type type;
	char name[DATA_NAME_MAX + 1];
	size_t len;

	cr_assert(data_type_parse("Array[-2147483648..-2147483633] of DWord", &type, problem));
	memset(name, 'n', DATA_NAME_MAX);
	name[DATA_NAME_MAX] = '\0';
	for (unsigned i = 0; i < DATA_FIELDS_MAX; i++) {
		sprintf(name, "%03u", i);
		memmove(name + 1, name, 3);
		name[0] = 'f';
		name[4] = 'n';
		cr_assert(data_block_add(large, name, &type, problem), "%s", problem);
	}
	cr_expect_eq(large->elements, DATA_ELEMENTS_MAX);
	free(format_layout(large, &len));
	cr_expect_leq(len, FORMAT_LAYOUT_MAX);
	cr_assert(data_image_create(dir, large, &written, problem), "%s", problem);
	snprintf(place, sizeof(place), "%s/Large.image", dir);
	cr_assert(data_view_open(place, &view, problem), "%s", problem);
	cr_expect_eq(memcmp(data_view_block(view)->fields, large->fields,
			    sizeof(large->fields[0]) * DATA_FIELDS_MAX),
		     0);
	data_view_close(view);
	data_image_close(written);
	data_block_free(large);
}
