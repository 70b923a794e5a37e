/*
 * Values of data blocks as OPC UA has them. Hides which type stands for which: Bool Boolean, Byte and
 * Char Byte, Word UInt16, Int Int16, DWord UInt32, DInt Int32, Real Float, String String.
 */
#ifndef OPCUA_SPACE_VALUE_H
#define OPCUA_SPACE_VALUE_H

#include <jansson.h>
#include <open62541/types.h>

#include "data_block.h"

const UA_DataType *space_value_type(const struct data_field *field);

/* Of a field in the block's @bytes. */
UA_StatusCode space_value_get(const struct data_field *field, const uint8_t *bytes,
			      UA_Variant *ret_value);
/*
 * What keystore-ouc is told to set, from that type: by the field's name, or, with @range, by those of
 * its elements.
 */
UA_StatusCode space_value_command(const struct data_field *field, const UA_NumericRange *range,
				  const UA_Variant *value, json_t **ret_values);

#endif
