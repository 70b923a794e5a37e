#include "space_value.h"

#include <open62541/types_generated.h>
#include <stdio.h>

#include "data_real.h"
#include "data_scalar.h"
#include "space_node.h"

static const size_t types[DATA_KINDS] = {
	[DATA_BOOL] = UA_TYPES_BOOLEAN,	 [DATA_BYTE] = UA_TYPES_BYTE,
	[DATA_CHAR] = UA_TYPES_BYTE,	 [DATA_WORD] = UA_TYPES_UINT16,
	[DATA_INT] = UA_TYPES_INT16,	 [DATA_DWORD] = UA_TYPES_UINT32,
	[DATA_DINT] = UA_TYPES_INT32,	 [DATA_REAL] = UA_TYPES_FLOAT,
	[DATA_STRING] = UA_TYPES_STRING,
};

const UA_DataType *space_value_type(const struct data_field *field)
{
	return &UA_TYPES[types[field->type.kind]];
}

static UA_StatusCode get_string(const struct data_type *type, const uint8_t *at, UA_String *element)
{
	char text[DATA_TEXT_MAX];
	UA_String string = {data_scalar_text(type, at, text), (UA_Byte *)text};

	return UA_String_copy(&string, element);
}

/* @data: an array of the type that stands for it. */
static UA_StatusCode get_element(const struct data_field *field, const uint8_t *bytes,
				 uint32_t index, void *data)
{
	const struct data_type *type = &field->type;
	uint8_t bit;
	const uint8_t *at = bytes + data_field_at(field, index, &bit);

	switch (type->kind) {
	case DATA_BOOL:
		((UA_Boolean *)data)[index] = *at >> bit & 1;
		break;
	case DATA_BYTE:
	case DATA_CHAR:
		((UA_Byte *)data)[index] = *at;
		break;
	case DATA_WORD:
		((UA_UInt16 *)data)[index] = (UA_UInt16)data_scalar_integer(type, at);
		break;
	case DATA_INT:
		((UA_Int16 *)data)[index] = (UA_Int16)data_scalar_integer(type, at);
		break;
	case DATA_DWORD:
		((UA_UInt32 *)data)[index] = (UA_UInt32)data_scalar_integer(type, at);
		break;
	case DATA_DINT:
		((UA_Int32 *)data)[index] = (UA_Int32)data_scalar_integer(type, at);
		break;
	case DATA_REAL:
		((UA_Float *)data)[index] = data_scalar_real(at);
		break;
	case DATA_STRING:
		return get_string(type, at, &((UA_String *)data)[index]);
	}
	return UA_STATUSCODE_GOOD;
}

UA_StatusCode space_value_get(const struct data_field *field, const uint8_t *bytes,
			      UA_Variant *ret_value)
{
	const UA_DataType *type = space_value_type(field);
	void *data = UA_Array_new(field->type.count, type);
	UA_StatusCode status = data ? UA_STATUSCODE_GOOD : UA_STATUSCODE_BADOUTOFMEMORY;

	for (uint32_t i = 0; i < field->type.count && status == UA_STATUSCODE_GOOD; i++)
		status = get_element(field, bytes, i, data);
	if (status != UA_STATUSCODE_GOOD) {
		if (data)
			UA_Array_delete(data, field->type.count, type);
		return status;
	}
	if (field->type.is_array)
		UA_Variant_setArray(ret_value, data, field->type.count, type);
	else
		UA_Variant_setScalar(ret_value, data, type);
	return UA_STATUSCODE_GOOD;
}

static json_t *real_json(float value)
{
	const char *word = data_real_word(value);

	return word ? json_string(word) : json_real(data_real_widen(value));
}

/* A Char of ISO 8859-1. */
static json_t *character_json(UA_Byte character)
{
	static const struct data_type type = {.kind = DATA_CHAR, .count = 1};

	return data_scalar_json(&type, &character, 0);
}

/* NULL: no memory, or a text that is not UTF-8. */
static json_t *element_json(const struct data_field *field, const void *data, size_t index)
{
	switch (field->type.kind) {
	case DATA_BOOL:
		return json_boolean(((const UA_Boolean *)data)[index]);
	case DATA_BYTE:
		return json_integer(((const UA_Byte *)data)[index]);
	case DATA_CHAR:
		return character_json(((const UA_Byte *)data)[index]);
	case DATA_WORD:
		return json_integer(((const UA_UInt16 *)data)[index]);
	case DATA_INT:
		return json_integer(((const UA_Int16 *)data)[index]);
	case DATA_DWORD:
		return json_integer(((const UA_UInt32 *)data)[index]);
	case DATA_DINT:
		return json_integer(((const UA_Int32 *)data)[index]);
	case DATA_REAL:
		return real_json(((const UA_Float *)data)[index]);
	case DATA_STRING:
		return json_stringn((const char *)((const UA_String *)data)[index].data
					    ? (const char *)((const UA_String *)data)[index].data
					    : "",
				    ((const UA_String *)data)[index].length);
	}
	return NULL;
}

/* NULL: as above. */
static json_t *whole_json(const struct data_field *field, const UA_Variant *value)
{
	json_t *list;

	if (!field->type.is_array)
		return element_json(field, value->data, 0);
	list = json_array();
	for (size_t i = 0; list && i < value->arrayLength; i++) {
		if (json_array_append_new(list, element_json(field, value->data, i)) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *elements_json(const struct data_field *field, UA_UInt32 first,
			     const UA_Variant *value)
{
	json_t *values = json_object();
	char name[DATA_NAME_MAX + 32];

	for (size_t i = 0; values && i < value->arrayLength; i++) {
		snprintf(name, sizeof(name), "%s[%lld]", field->name,
			 (long long)field->type.first + first + (long long)i);
		if (json_object_set_new(values, name, element_json(field, value->data, i)) < 0) {
			json_decref(values);
			return NULL;
		}
	}
	return values;
}

UA_StatusCode space_value_command(const struct data_field *field, const UA_NumericRange *range,
				  const UA_Variant *value, json_t **ret_values)
{
	UA_UInt32 first = 0, count = field->type.count;
	json_t *values;

	if (value->type != space_value_type(field) ||
	    UA_Variant_isScalar(value) == field->type.is_array)
		return UA_STATUSCODE_BADTYPEMISMATCH;
	if (range && (!field->type.is_array || !space_range(range, count, &first, &count)))
		return UA_STATUSCODE_BADINDEXRANGEINVALID;
	if (field->type.is_array && value->arrayLength != count)
		return range ? UA_STATUSCODE_BADINDEXRANGENODATA : UA_STATUSCODE_BADTYPEMISMATCH;
	if (range) {
		values = elements_json(field, first, value);
	} else {
		values = json_object();
		if (values &&
		    json_object_set_new(values, field->name, whole_json(field, value)) < 0) {
			json_decref(values);
			values = NULL;
		}
	}
	if (!values)
		return UA_STATUSCODE_BADOUTOFRANGE;
	*ret_values = values;
	return UA_STATUSCODE_GOOD;
}
