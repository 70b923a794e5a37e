#include "data_block.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data_problem.h"
#include "data_type.h"

struct data_block *data_block_new(const char *name)
{
	struct data_block *block = data_name_is_valid(name) ? calloc(1, sizeof(*block)) : NULL;

	if (block)
		strcpy(block->name, name);
	return block;
}

void data_block_free(struct data_block *block)
{
	if (!block)
		return;
	free(block->fields);
	free(block);
}

static bool is_bit(const struct data_type *type)
{
	return type->kind == DATA_BOOL && !type->is_array;
}

static uint32_t even(uint32_t bytes)
{
	return bytes + bytes % 2;
}

/* Behind @last, which may be NULL. */
static void place(struct data_field *field, const struct data_field *last)
{
	field->offset = 0;
	field->bit = 0;
	if (!last)
		return;
	if (is_bit(&field->type) && is_bit(&last->type) && last->bit < 7) {
		field->offset = last->offset;
		field->bit = last->bit + 1;
		return;
	}
	field->offset = last->offset + data_type_bytes(&last->type);
	if (last->type.is_array || data_type_is_even(&field->type))
		field->offset = even(field->offset);
}

bool data_block_add(struct data_block *block, const char *name, const struct data_type *type,
		    char problem[DATA_PROBLEM_MAX])
{
	struct data_field field = {.type = *type};
	struct data_field *fields;
	uint32_t elements = type->is_array ? type->count : 0;
	uint32_t size;

	if (!data_name_is_valid(name))
		return data_fail(problem,
				 "a field's name is of letters, digits, _ and -, at most %d, and "
				 "begins with a letter or _",
				 DATA_NAME_MAX);
	if (data_block_find(block, name))
		return data_fail(problem, "%s is declared twice", name);
	if (block->field_count >= DATA_FIELDS_MAX)
		return data_fail(problem, "%s: a block has at most %d fields", name,
				 DATA_FIELDS_MAX);
	if (elements > DATA_ELEMENTS_MAX - block->elements)
		return data_fail(problem, "%s: the arrays of a block have at most %d elements",
				 name, DATA_ELEMENTS_MAX);
	strcpy(field.name, name);
	place(&field, block->field_count ? &block->fields[block->field_count - 1] : NULL);
	size = even(field.offset + data_type_bytes(type));
	if (size > DATA_BYTES_MAX)
		return data_fail(problem, "%s: the block would have %u bytes, at most %d", name,
				 size, DATA_BYTES_MAX);
	fields = reallocarray(block->fields, block->field_count + 1, sizeof(*fields));
	if (!fields)
		return data_fail(problem, "out of memory");
	fields[block->field_count++] = field;
	block->fields = fields;
	block->size = size;
	block->elements += elements;
	return true;
}

const struct data_field *data_block_find(const struct data_block *block, const char *name)
{
	for (size_t i = 0; i < block->field_count; i++)
		if (strcmp(block->fields[i].name, name) == 0)
			return &block->fields[i];
	return NULL;
}

uint32_t data_field_at(const struct data_field *field, uint32_t index, uint8_t *ret_bit)
{
	bool is_packed = field->type.kind == DATA_BOOL && field->type.is_array;

	*ret_bit = is_packed ? index % 8 : field->bit;
	if (is_packed)
		return field->offset + index / 8;
	return field->offset + index * data_type_stride(&field->type);
}

void data_field_place(const struct data_field *field, char *buf, size_t len)
{
	snprintf(buf, len, "%u.%u", field->offset, field->bit);
}

void data_block_initialise(const struct data_block *block, uint8_t *bytes)
{
	uint8_t bit;

	memset(bytes, 0, block->size);
	for (size_t i = 0; i < block->field_count; i++) {
		const struct data_field *field = &block->fields[i];

		for (uint32_t k = 0; field->type.kind == DATA_STRING && k < field->type.count; k++)
			bytes[data_field_at(field, k, &bit)] = field->type.string_max;
	}
}

static bool check_string(const struct data_field *field, uint32_t index, const uint8_t *string,
			 char *problem)
{
	uint8_t max = field->type.string_max;
	char element[16] = "";

	if (string[0] == max && string[1] <= max)
		return true;
	if (field->type.is_array)
		snprintf(element, sizeof(element), "[%lld]", (long long)field->type.first + index);
	if (string[0] != max)
		return data_fail(problem,
				 "%s%s is a String of %u characters at most, and its first byte "
				 "says %u",
				 field->name, element, max, string[0]);
	return data_fail(problem,
			 "%s%s is a String of %u characters at most, and its second byte says that "
			 "there are %u",
			 field->name, element, max, string[1]);
}

bool data_block_check(const struct data_block *block, const uint8_t *bytes,
		      char problem[DATA_PROBLEM_MAX])
{
	uint8_t bit;

	for (size_t i = 0; i < block->field_count; i++) {
		const struct data_field *field = &block->fields[i];

		for (uint32_t k = 0; field->type.kind == DATA_STRING && k < field->type.count; k++)
			if (!check_string(field, k, bytes + data_field_at(field, k, &bit), problem))
				return false;
	}
	return true;
}
