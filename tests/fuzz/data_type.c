/*
 * A field as somebody declares it, and values that somebody gives it: the first line is a type, the
 * second what is set, by name, '=' and text, the rest JSON.
 */
#include "fuzz.h"

#include <stdbool.h>
#include <string.h>

#include "data_value.h"

static char problem[DATA_PROBLEM_MAX];

static void expect_problem(void)
{
	fuzz_expect(problem[0] && memchr(problem, '\0', sizeof(problem)));
}

static struct data_block *declare(const char *text)
{
	static const struct data_type flag = {.kind = DATA_BOOL, .count = 1};
	struct data_block *block = data_block_new("B");
	struct data_type again;
	struct data_type type;
	char printed[64];
	bool is_fine;

	fuzz_expect(block && data_block_add(block, "flag", &flag, problem));
	is_fine = data_type_parse(text, &type, problem);
	if (is_fine) {
		data_type_print(&type, printed, sizeof(printed));
		fuzz_expect(data_type_parse(printed, &again, problem));
		fuzz_expect(memcmp(&type, &again, sizeof(type)) == 0);
	}
	is_fine = is_fine && data_block_add(block, "v", &type, problem);
	if (!is_fine) {
		expect_problem();
		data_block_free(block);
		return NULL;
	}
	fuzz_expect(data_block_add(block, "end", &flag, problem) ||
		    block->size + 2 > DATA_BYTES_MAX);
	return block;
}

/* What was set is shown, and what is shown makes the same bytes. */
static void expect_same_again(const struct data_block *block, const uint8_t *bytes)
{
	uint8_t *again = malloc(block->size);

	fuzz_expect(again && data_block_check(block, bytes, problem));
	data_block_initialise(block, again);
	for (size_t i = 0; i < block->field_count; i++) {
		json_t *value = data_value_json(&block->fields[i], bytes);

		fuzz_expect(value && data_value_set_json(block, again, block->fields[i].name, value,
							 problem));
		json_decref(value);
	}
	fuzz_expect(memcmp(bytes, again, block->size) == 0);
	free(again);
}

static void set_text(const struct data_block *block, uint8_t *bytes, char *line)
{
	char *value = strchr(line, '=');

	if (!value)
		return;
	*value++ = '\0';
	if (!data_value_set(block, bytes, line, value, problem))
		expect_problem();
	expect_same_again(block, bytes);
}

static void set_json(const struct data_block *block, uint8_t *bytes, const char *text)
{
	json_t *value = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

	if (value && !data_value_set_json(block, bytes, "v", value, problem))
		expect_problem();
	expect_same_again(block, bytes);
	json_decref(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t len)
{
	char *text = strndup((const char *)input, len);
	char *rest = text;
	struct data_block *block;
	uint8_t *bytes;
	char *line;

	fuzz_expect(text != NULL);
	block = declare(strsep(&rest, "\n"));
	bytes = block ? malloc(block->size) : NULL;
	if (bytes) {
		data_block_initialise(block, bytes);
		line = strsep(&rest, "\n");
		if (line)
			set_text(block, bytes, line);
		if (rest)
			set_json(block, bytes, rest);
	}
	free(bytes);
	data_block_free(block);
	free(text);
	return 0;
}
