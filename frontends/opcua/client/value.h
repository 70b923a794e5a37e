/*
 * Values between people and open62541: text for a type, and what servers sent as JSON or text. Hides
 * the types, and OPC UA's JSON encoding (OPC 10000-6 5.4).
 */
#ifndef CLIENT_VALUE_H
#define CLIENT_VALUE_H

#include <jansson.h>
#include <open62541/types.h>

#include "server_link.h"

#define VALUE_PROBLEM 256
#define VALUE_TYPE    96

/* NULL: no such type. @name: "Int32". */
const UA_DataType *value_type_by_name(const char *name);

/*
 * @text as a value of @type: simple ones as they are written, others as JSON. @is_array: a JSON
 * array of them. False: @problem says what is wrong.
 */
[[nodiscard]] bool value_read(const UA_DataType *type, bool is_array, const char *text,
			      UA_Variant *ret_value, char problem[VALUE_PROBLEM]);

/* "Int32", "Int32[]", or a structure's; "": none. */
void value_type_text(const UA_Variant *value, char text[VALUE_TYPE]);
/* Never NULL but without memory: null stands for no value, a text for what has no JSON. */
json_t *value_json(const UA_Variant *value);
/* free() it. NULL: no memory. */
char *value_text(const UA_Variant *value);

#endif
