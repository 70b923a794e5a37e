/* Blocks for tests, from text. Hides nothing but the failures that a test has no use for. */
#ifndef BLOCK_MAKER_H
#define BLOCK_MAKER_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data_block.h"

/* "Var1 Bool; Var2 String". */
static inline struct data_block *block_make(const char *fields)
{
	struct data_block *block = data_block_new("Send_Data");
	char *text = strdup(fields);
	char *rest = text;
	char *line;

	cr_assert(block && text);
	while ((line = strsep(&rest, ";"))) {
		char *name = line + strspn(line, " ");
		char *type_text = strchr(name, ' ');
		char problem[DATA_PROBLEM_MAX];
		struct data_type type;

		cr_assert_not_null(type_text);
		*type_text++ = '\0';
		cr_assert(data_type_parse(type_text, &type, problem), "%s", problem);
		cr_assert(data_block_add(block, name, &type, problem), "%s", problem);
	}
	free(text);
	return block;
}

/* Initialised; free() it. */
static inline uint8_t *block_bytes(const struct data_block *block)
{
	uint8_t *bytes = malloc(block->size);

	cr_assert_not_null(bytes);
	data_block_initialise(block, bytes);
	return bytes;
}

#endif
