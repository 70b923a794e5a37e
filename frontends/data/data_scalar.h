/*
 * One value of a kind: a field's, or an element's of an array. Hides its encoding and its range.
 */
#ifndef DATA_DATA_SCALAR_H
#define DATA_DATA_SCALAR_H

#include <jansson.h>

#include "data_block.h"

/*
 * At @bytes, Bool at @bit of the first. False: @problem is the rest of a sentence that begins with
 * the value's name and "is": "an Int: -32768 to 32767, not 40000"; @bytes stay as they were.
 */
[[nodiscard]] bool data_scalar_set(const struct data_type *type, uint8_t *bytes, uint8_t bit,
				   const char *text, size_t len, char problem[DATA_PROBLEM_MAX]);
[[nodiscard]] bool data_scalar_set_json(const struct data_type *type, uint8_t *bytes, uint8_t bit,
					const json_t *value, char problem[DATA_PROBLEM_MAX]);

/* Whatever @bytes are. NULL: no memory. */
json_t *data_scalar_json(const struct data_type *type, const uint8_t *bytes, uint8_t bit);

#endif
