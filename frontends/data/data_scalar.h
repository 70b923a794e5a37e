/*
 * One value of a kind: a field's, or an element's of an array. Hides its encoding and its range.
 */
#ifndef DATA_DATA_SCALAR_H
#define DATA_DATA_SCALAR_H

#include <jansson.h>

#include "data_block.h"

#define DATA_TEXT_MAX (2 * UINT8_MAX) /* bytes of UTF-8 that a String can have */

/*
 * At @bytes, Bool at @bit of the first. False: @problem is the rest of a sentence that begins with
 * the value's name and "is": "an Int: -32768 to 32767, not 40000"; @bytes stay as they were.
 */
[[nodiscard]] bool data_scalar_set(const struct data_type *type, uint8_t *bytes, uint8_t bit,
				   const char *text, size_t len, char problem[DATA_PROBLEM_MAX]);
[[nodiscard]] bool data_scalar_set_json(const struct data_type *type, uint8_t *bytes, uint8_t bit,
					const json_t *value, char problem[DATA_PROBLEM_MAX]);

/*
 * Whatever @bytes are: of Byte, Word, Int, DWord and DInt; of Real; of Char and String, in UTF-8
 * without a NUL behind it, whose length is returned.
 */
int64_t data_scalar_integer(const struct data_type *type, const uint8_t *bytes);
float data_scalar_real(const uint8_t *bytes);
size_t data_scalar_text(const struct data_type *type, const uint8_t *bytes,
			char ret_text[DATA_TEXT_MAX]);

/* Whatever @bytes are. NULL: no memory. */
json_t *data_scalar_json(const struct data_type *type, const uint8_t *bytes, uint8_t bit);

#endif
