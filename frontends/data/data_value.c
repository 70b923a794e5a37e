#include "data_value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data_problem.h"
#include "data_scalar.h"
#include "data_type.h"

#define TYPE_BYTES  64
#define PLACE_BYTES 32

struct target {
	const struct data_field *field;
	bool is_whole; /* the array */
	uint32_t index;
};

static long long last_index(const struct data_type *type)
{
	return (long long)type->first + type->count - 1;
}

/* "3]" or "-3]". */
static bool parse_index(const char *text, const struct data_type *type, uint32_t *ret_index)
{
	const char *digits = text + (*text == '-');
	size_t len = strspn(digits, "0123456789");
	long long index;

	if (len == 0 || len > 10 || strcmp(digits + len, "]") != 0)
		return false;
	index = strtoll(text, NULL, 10);
	if (index < type->first || index > last_index(type))
		return false;
	*ret_index = (uint32_t)(index - type->first);
	return true;
}

static bool find(const struct data_block *block, const char *name, struct target *ret_target,
		 char *problem)
{
	char base[DATA_NAME_MAX + 1] = "";
	size_t len = strcspn(name, "[");
	struct target target = {0};

	if (len <= DATA_NAME_MAX)
		memcpy(base, name, len);
	target.field = data_block_find(block, base);
	if (!target.field && data_name_is_valid(base))
		return data_fail(problem, "%s has no field %s", block->name, base);
	if (!target.field)
		return data_fail(problem, "%s has no field of that name", block->name);
	target.is_whole = !name[len] && target.field->type.is_array;
	if (name[len] && !target.field->type.is_array)
		return data_fail(problem, "%s is no array: it has no elements", base);
	if (name[len] && !parse_index(name + len + 1, &target.field->type, &target.index))
		return data_fail(problem, "%s has the elements %s[%lld] to %s[%lld]", base, base,
				 (long long)target.field->type.first, base,
				 last_index(&target.field->type));
	*ret_target = target;
	return true;
}

/* @rest begins with what the value is. */
static bool refuse(const struct target *target, const char *rest, char *problem)
{
	char element[16] = "";

	if (target->field->type.is_array)
		snprintf(element, sizeof(element), "[%lld]",
			 (long long)target->field->type.first + target->index);
	return data_fail(problem, "%s%s is %s", target->field->name, element, rest);
}

bool data_value_set(const struct data_block *block, uint8_t *bytes, const char *name,
		    const char *text, char problem[DATA_PROBLEM_MAX])
{
	struct target target;
	char rest[DATA_PROBLEM_MAX];
	uint32_t at;
	uint8_t bit;

	if (!find(block, name, &target, problem))
		return false;
	if (target.is_whole)
		return data_fail(problem, "%s is an array: one element takes a value, as %s[%lld]",
				 name, name, (long long)target.field->type.first);
	at = data_field_at(target.field, target.index, &bit);
	if (!data_scalar_set(&target.field->type, bytes + at, bit, text, strlen(text), rest))
		return refuse(&target, rest, problem);
	return true;
}

/* @elements: those of the field, and no others; false leaves some of them changed. */
static bool set_all(struct target *target, uint8_t *elements, const json_t *values, char *problem)
{
	const struct data_field *field = target->field;
	char rest[DATA_PROBLEM_MAX];
	uint8_t bit;

	for (target->index = 0; target->index < field->type.count; target->index++) {
		uint32_t at = data_field_at(field, target->index, &bit) - field->offset;

		if (!data_scalar_set_json(&field->type, elements + at, bit,
					  json_array_get(values, target->index), rest))
			return refuse(target, rest, problem);
	}
	return true;
}

static bool set_array(struct target *target, uint8_t *bytes, const json_t *values, char *problem)
{
	const struct data_type *type = &target->field->type;
	uint32_t len = data_type_bytes(type);
	uint8_t *elements;
	bool is_fine;

	if (!json_is_array(values) || json_array_size(values) != type->count)
		return data_fail(problem, "%s is an array: an array of %u values, no other",
				 target->field->name, type->count);
	elements = malloc(len);
	if (!elements)
		return data_fail(problem, "out of memory");
	memcpy(elements, bytes + target->field->offset, len);
	is_fine = set_all(target, elements, values, problem);
	if (is_fine)
		memcpy(bytes + target->field->offset, elements, len);
	free(elements);
	return is_fine;
}

bool data_value_set_json(const struct data_block *block, uint8_t *bytes, const char *name,
			 const json_t *value, char problem[DATA_PROBLEM_MAX])
{
	struct target target;
	char rest[DATA_PROBLEM_MAX];
	uint32_t at;
	uint8_t bit;

	if (!find(block, name, &target, problem))
		return false;
	if (target.is_whole)
		return set_array(&target, bytes, value, problem);
	at = data_field_at(target.field, target.index, &bit);
	if (!data_scalar_set_json(&target.field->type, bytes + at, bit, value, rest))
		return refuse(&target, rest, problem);
	return true;
}

json_t *data_field_json(const struct data_field *field)
{
	char type[TYPE_BYTES];
	char place[PLACE_BYTES];

	data_type_print(&field->type, type, sizeof(type));
	data_field_place(field, place, sizeof(place));
	return json_pack("{s:s, s:s, s:s}", "name", field->name, "place", place, "type", type);
}

json_t *data_value_json(const struct data_field *field, const uint8_t *bytes)
{
	json_t *array;
	uint8_t bit;

	if (!field->type.is_array)
		return data_scalar_json(&field->type, bytes + field->offset, field->bit);
	array = json_array();
	for (uint32_t i = 0; array && i < field->type.count; i++) {
		uint32_t at = data_field_at(field, i, &bit);

		if (json_array_append_new(array, data_scalar_json(&field->type, bytes + at, bit))) {
			json_decref(array);
			array = NULL;
		}
	}
	return array;
}

json_t *data_block_json(const struct data_block *block, const uint8_t *bytes)
{
	json_t *object = json_object();

	for (size_t i = 0; object && i < block->field_count; i++) {
		const struct data_field *field = &block->fields[i];

		if (json_object_set_new(object, field->name, data_value_json(field, bytes))) {
			json_decref(object);
			object = NULL;
		}
	}
	return object;
}
