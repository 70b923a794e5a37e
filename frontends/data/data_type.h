/* How much room a type takes, and from where on. Hides the table of kinds. */
#ifndef DATA_DATA_TYPE_H
#define DATA_DATA_TYPE_H

#include "data_block.h"

/* Whether a field of it begins at an even byte. */
bool data_type_is_even(const struct data_type *type);

/* Bytes from an element to the next; 0: Bool, whose elements are bits. */
uint32_t data_type_stride(const struct data_type *type);

/* Bytes of all elements, without what aligns the next field. */
uint32_t data_type_bytes(const struct data_type *type);

#endif
