/* The image of a data block, as another user may have written it. */
#include "fuzz.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "data_image.h"
#include "data_value.h"

static char path[64];

static void remove_file(void)
{
	unlink(path);
}

static bool put(const uint8_t *bytes, size_t len)
{
	int fd;

	if (!path[0]) {
		snprintf(path, sizeof(path), "/tmp/keystored-fuzz.%d.image", (int)getpid());
		atexit(remove_file);
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
		abort();
	return close(fd) == 0;
}

/* What is shown can be set again, and is the same then. */
static void set_all(const struct data_block *block, json_t *values)
{
	uint8_t *bytes = malloc(block->size);
	char problem[DATA_PROBLEM_MAX] = "";
	const char *name;
	json_t *value;
	json_t *again;

	fuzz_expect(bytes != NULL);
	data_block_initialise(block, bytes);
	json_object_foreach(values, name, value)
		fuzz_expect(data_value_set_json(block, bytes, name, value, problem));
	again = data_block_json(block, bytes);
	fuzz_expect(again && json_equal(again, values));
	json_decref(again);
	free(bytes);
}

static void read_all(const struct data_view *view)
{
	const struct data_block *block = data_view_block(view);
	uint8_t *bytes = malloc(block->size);
	char problem[DATA_PROBLEM_MAX];
	struct data_moment moment;
	json_t *values;
	char *text;

	fuzz_expect(bytes && block->size <= DATA_BYTES_MAX && block->size % 2 == 0);
	if (data_view_read(view, bytes, &moment) == DATA_VIEW_OK) {
		fuzz_expect(!moment.has_owner && data_block_check(block, bytes, problem));
		values = data_block_json(block, bytes);
		text = values ? json_dumps(values, JSON_REAL_PRECISION(9)) : NULL;
		fuzz_expect(text && json_object_size(values) == block->field_count);
		set_all(block, values);
		free(text);
		json_decref(values);
	}
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char problem[DATA_PROBLEM_MAX] = "";
	struct data_view *view = NULL;

	fuzz_expect(put(bytes, len));
	if (data_view_open(path, &view, problem))
		read_all(view);
	else
		fuzz_expect(!view && problem[0] && memchr(problem, '\0', sizeof(problem)));
	data_view_close(view);
	return 0;
}
