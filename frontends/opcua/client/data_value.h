/* A value as a server sent it, with time and status: for read and subscribe. */
#ifndef CLIENT_DATA_VALUE_H
#define CLIENT_DATA_VALUE_H

#include <jansson.h>
#include <open62541/types.h>

#include "scalar_text.h"

/* {"node_id":…, "status":…, "type":…, "value":…, "source_time":…, "server_time":…} */
json_t *data_value_json(const char *node, const UA_DataValue *value);
/* When it was so; "": nobody says. */
void data_value_time(const UA_DataValue *value, char text[SCALAR_TIME_BYTES]);
/* The value, or its status where it is bad. free() it. NULL: no memory. */
char *data_value_text(const UA_DataValue *value);
bool data_value_is_bad(const UA_DataValue *value);

#endif
