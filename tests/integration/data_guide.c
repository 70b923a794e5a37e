/* docs/DATA-BLOCKS.md: its example is what the code makes, and its two programs read it. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data_format.h"
#include "data_image.h"
#include "data_value.h"
#include "fixture.h"

static const struct fixture_options alone = {.without_tpm = true, .without_service = true};
static char problem[DATA_PROBLEM_MAX];

/* What stands behind ```@kind; free() it. */
static char *part(struct fixture *fixture, const char *kind)
{
	char *text = fixture_sh_ok(fixture,
				   "awk '/^```/ { inside = $0 == \"```%s\"; next } inside' "
				   "'" KEYSTORE_SOURCE_DIR "/docs/DATA-BLOCKS.md' | tee guide.%s",
				   kind, kind);

	cr_assert_neq(text[0], '\0', "the guide has no %s any more", kind);
	return text;
}

static struct data_block *read_layout(struct fixture *fixture)
{
	char *layout = part(fixture, "layout");
	struct data_block *block = format_layout_parse("Station", layout, strlen(layout), problem);

	cr_assert_not_null(block, "%s", problem);
	free(layout);
	return block;
}

static void write_values(struct fixture *fixture, struct data_image *image)
{
	const struct data_block *block = data_image_block(image);
	uint8_t *bytes = malloc(block->size);
	char *values = part(fixture, "values");
	char *rest = values;
	char *line;

	memcpy(bytes, data_image_bytes(image), block->size);
	while ((line = strsep(&rest, "\n")) && *line) {
		char *value = strchr(line, '=');

		cr_assert_not_null(value, "%s", line);
		*value++ = '\0';
		cr_assert(data_value_set(block, bytes, line, value, problem), "%s", problem);
	}
	data_image_write(image, bytes, 1);
	free(values);
	free(bytes);
}

Test(data_guide, its_programs_read_its_example)
{
	struct fixture *fixture = fixture_new(&alone);
	struct data_block *block = read_layout(fixture);
	struct data_image *image = NULL;

	cr_assert(data_image_create(fixture_dir(fixture), block, &image, problem), "%s", problem);
	write_values(fixture, image);
	free(part(fixture, "hex"));
	free(part(fixture, "c"));
	free(part(fixture, "python"));
	free(fixture_sh_ok(fixture, "cc -std=gnu17 -Wall -Wextra -Werror -o reader guide.c"));
	free(fixture_sh_ok(fixture, "echo \"$(tr -d ' \\n' < guide.hex) after 1 changes\" > hex; "
				    "./reader Station.image | diff hex -"));
	free(fixture_sh_ok(fixture, "{ cat guide.layout hex; echo it has an owner; } > all; "
				    "/usr/bin/python3 guide.python Station.image | diff all -"));
	free(fixture_sh_ok(fixture,
			   "cp Station.image copy; "
			   "/usr/bin/python3 guide.python copy | grep 'owner has ended'; "
			   "truncate -s 200 copy; if ./reader copy; then exit 1; fi; "
			   "printf '\\001' | dd of=Station.image bs=1 seek=32 "
			   "conv=notrunc status=none; "
			   "./reader Station.image || test $? -eq 2; "
			   "if /usr/bin/python3 guide.python Station.image; then exit 1; fi"));
	data_image_close(image);
	data_block_free(block);
	fixture_free(fixture);
}
