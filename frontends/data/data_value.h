/*
 * Values of a data block's fields, as text and as JSON. Hides their encoding and their ranges.
 *
 * A field is named "Var1", an element of an array "Values[3]" by its declared index.
 */
#ifndef DATA_DATA_VALUE_H
#define DATA_DATA_VALUE_H

#include <jansson.h>

#include "data_block.h"

/*
 * Writes @text into @bytes (block->size) at field or element @name: "TRUE", "-5", "16#FF", "2.5",
 * "Hello World!". Characters of Char and String are those of ISO 8859-1, in UTF-8; what they leave
 * of a String becomes zeros. False: @problem says what @name takes; @bytes stay as they were.
 */
[[nodiscard]] bool data_value_set(const struct data_block *block, uint8_t *bytes, const char *name,
				  const char *text, char problem[DATA_PROBLEM_MAX]);

/*
 * As data_value_set(), from a boolean, a number, a string (read as text is), or for a whole array
 * an array of these.
 */
[[nodiscard]] bool data_value_set_json(const struct data_block *block, uint8_t *bytes,
				       const char *name, const json_t *value,
				       char problem[DATA_PROBLEM_MAX]);

/* {"name": "Var2", "place": "2.0", "type": "String[20]"}. NULL: no memory. */
json_t *data_field_json(const struct data_field *field);

/*
 * A field's value, whatever the bytes are: an array's is an array; Real's NaN and infinities are
 * strings, its numbers the double of the shortest decimal that it is (JSON_REAL_PRECISION(9) prints
 * that). data_value_set_json() takes it again. NULL: no memory.
 */
json_t *data_value_json(const struct data_field *field, const uint8_t *bytes);

/* All fields, in their order: {"Var1": true, "Var2": "Hello World!"}. NULL: no memory. */
json_t *data_block_json(const struct data_block *block, const uint8_t *bytes);

#endif
