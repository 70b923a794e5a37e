#include "data_value.h"

#include <string.h>

#include "json_text.h"
#include "value.h"

static UA_StatusCode status_of(const UA_DataValue *value)
{
	return value->hasStatus ? value->status : UA_STATUSCODE_GOOD;
}

bool data_value_is_bad(const UA_DataValue *value)
{
	return UA_StatusCode_isBad(status_of(value));
}

static json_t *time_json(bool has, UA_DateTime time)
{
	char text[SCALAR_TIME_BYTES] = "";

	if (has)
		scalar_time_text(time, text);
	return *text ? json_string(text) : json_null();
}

json_t *data_value_json(const char *node, const UA_DataValue *value)
{
	const UA_Variant none = {0};
	const UA_Variant *held = value->hasValue ? &value->value : &none;
	json_t *object = json_object();
	char type[VALUE_TYPE];

	value_type_text(held, type);
	json_add(&object, "node_id", json_text(node));
	json_add(&object, "status", json_string(status_name(status_of(value))));
	json_add(&object, "type", json_text_or_null(type));
	json_add(&object, "value", value_json(held));
	json_add(&object, "source_time",
		 time_json(value->hasSourceTimestamp, value->sourceTimestamp));
	json_add(&object, "server_time",
		 time_json(value->hasServerTimestamp, value->serverTimestamp));
	return object;
}

void data_value_time(const UA_DataValue *value, char text[SCALAR_TIME_BYTES])
{
	*text = '\0';
	if (value->hasSourceTimestamp)
		scalar_time_text(value->sourceTimestamp, text);
	else if (value->hasServerTimestamp)
		scalar_time_text(value->serverTimestamp, text);
}

char *data_value_text(const UA_DataValue *value)
{
	const UA_Variant none = {0};

	if (data_value_is_bad(value))
		return strdup(status_name(status_of(value)));
	return value_text(value->hasValue ? &value->value : &none);
}
