#include "value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_text.h"
#include "node_id.h"
#include "node_text.h"
#include "scalar_text.h"

const UA_DataType *value_type_by_name(const char *name)
{
	for (size_t i = 0; i < UA_TYPES_COUNT; i++)
		if (strcmp(UA_TYPES[i].typeName, name) == 0)
			return &UA_TYPES[i];
	return NULL;
}

/* Of a type's size: 1, 2, 4 or 8 bytes. */
static void put_signed(const UA_DataType *type, int64_t number, void *into)
{
	switch (type->memSize) {
	case 1:
		*(int8_t *)into = (int8_t)number;
		break;
	case 2:
		*(int16_t *)into = (int16_t)number;
		break;
	case 4:
		*(int32_t *)into = (int32_t)number;
		break;
	default:
		*(int64_t *)into = number;
	}
}

static bool read_signed(const UA_DataType *type, const char *text, void *into)
{
	int64_t max = type->memSize == 8 ? INT64_MAX : (INT64_C(1) << (8 * type->memSize - 1)) - 1;
	int64_t number;

	if (!scalar_read_signed(text, -max - 1, max, &number))
		return false;
	put_signed(type, number, into);
	return true;
}

static bool read_unsigned(const UA_DataType *type, const char *text, void *into)
{
	uint64_t max = type->memSize == 8 ? UINT64_MAX : (UINT64_C(1) << (8 * type->memSize)) - 1;
	uint64_t number;

	if (!scalar_read_unsigned(text, max, &number))
		return false;
	put_signed(type, (int64_t)number, into);
	return true;
}

static bool read_real(const UA_DataType *type, const char *text, void *into)
{
	bool is_float = type->typeKind == UA_DATATYPEKIND_FLOAT;
	double number;

	if (!scalar_read_double(text, is_float, &number))
		return false;
	if (is_float)
		*(float *)into = (float)number;
	else
		*(double *)into = number;
	return true;
}

static bool read_string(const char *text, UA_String *into)
{
	*into = UA_STRING_ALLOC(text);
	return !*text || into->data;
}

static bool read_bytes(const char *text, UA_ByteString *into)
{
	uint8_t *bytes;
	size_t len;

	if (!scalar_read_bytes(text, &bytes, &len))
		return false;
	*into = (UA_ByteString){len, bytes};
	return true;
}

static bool read_json(const UA_DataType *type, const char *text, void *into)
{
	const UA_ByteString source = {strlen(text), (UA_Byte *)(uintptr_t)text};

	return UA_decodeJson(&source, into, type, NULL) == UA_STATUSCODE_GOOD;
}

/* Text alone is the text; its language is in JSON. */
static bool read_localized(const UA_DataType *type, const char *text, UA_LocalizedText *into)
{
	if (*text == '{')
		return read_json(type, text, into);
	return read_string(text, &into->text);
}

static bool read_scalar(const UA_DataType *type, const char *text, void *into)
{
	switch (type->typeKind) {
	case UA_DATATYPEKIND_BOOLEAN:
		return scalar_read_bool(text, into);
	case UA_DATATYPEKIND_SBYTE:
	case UA_DATATYPEKIND_INT16:
	case UA_DATATYPEKIND_INT32:
	case UA_DATATYPEKIND_INT64:
	case UA_DATATYPEKIND_ENUM:
		return read_signed(type, text, into);
	case UA_DATATYPEKIND_BYTE:
	case UA_DATATYPEKIND_UINT16:
	case UA_DATATYPEKIND_UINT32:
	case UA_DATATYPEKIND_UINT64:
	case UA_DATATYPEKIND_STATUSCODE:
		return read_unsigned(type, text, into);
	case UA_DATATYPEKIND_FLOAT:
	case UA_DATATYPEKIND_DOUBLE:
		return read_real(type, text, into);
	case UA_DATATYPEKIND_STRING:
	case UA_DATATYPEKIND_XMLELEMENT:
		return read_string(text, into);
	case UA_DATATYPEKIND_DATETIME:
		return scalar_read_time(text, into);
	case UA_DATATYPEKIND_GUID:
		return UA_Guid_parse(into, UA_STRING((char *)(uintptr_t)text)) ==
		       UA_STATUSCODE_GOOD;
	case UA_DATATYPEKIND_BYTESTRING:
		return read_bytes(text, into);
	case UA_DATATYPEKIND_NODEID:
		return UA_NodeId_parse(into, UA_STRING((char *)(uintptr_t)text)) ==
		       UA_STATUSCODE_GOOD;
	case UA_DATATYPEKIND_EXPANDEDNODEID:
		return UA_ExpandedNodeId_parse(into, UA_STRING((char *)(uintptr_t)text)) ==
		       UA_STATUSCODE_GOOD;
	case UA_DATATYPEKIND_LOCALIZEDTEXT:
		return read_localized(type, text, into);
	default:
		return read_json(type, text, into);
	}
}

static const char *example_of(const UA_DataType *type)
{
	switch (type->typeKind) {
	case UA_DATATYPEKIND_BOOLEAN:
		return "true or false";
	case UA_DATATYPEKIND_SBYTE:
	case UA_DATATYPEKIND_INT16:
	case UA_DATATYPEKIND_INT32:
	case UA_DATATYPEKIND_INT64:
	case UA_DATATYPEKIND_ENUM:
	case UA_DATATYPEKIND_BYTE:
	case UA_DATATYPEKIND_UINT16:
	case UA_DATATYPEKIND_UINT32:
	case UA_DATATYPEKIND_UINT64:
		return "a whole number in its range, like 42 or 0x2A";
	case UA_DATATYPEKIND_FLOAT:
	case UA_DATATYPEKIND_DOUBLE:
		return "a number like 1.5 or -2e3";
	case UA_DATATYPEKIND_DATETIME:
		return "a time like 2026-03-01T12:00:00Z";
	case UA_DATATYPEKIND_BYTESTRING:
		return "bytes in base64, or like hex:0aff";
	case UA_DATATYPEKIND_NODEID:
	case UA_DATATYPEKIND_EXPANDEDNODEID:
		return "a NodeId like ns=2;s=Pump";
	case UA_DATATYPEKIND_GUID:
		return "a GUID like 09087e75-8e5e-499b-954f-f2a9603db28a";
	default:
		return "its JSON encoding (OPC 10000-6 5.4)";
	}
}

static bool tell(const UA_DataType *type, const char *text, char problem[VALUE_PROBLEM])
{
	snprintf(problem, VALUE_PROBLEM, "'%.60s' is no %s: write %s", text, type->typeName,
		 example_of(type));
	return false;
}

/* An element of an array, as the text that it would be alone. */
static char *element_text(const json_t *element)
{
	if (json_is_string(element))
		return strdup(json_string_value(element));
	return json_dumps(element, JSON_COMPACT | JSON_ENCODE_ANY);
}

static bool read_array(const UA_DataType *type, const char *text, UA_Variant *ret_value,
		       char problem[VALUE_PROBLEM])
{
	json_t *array = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	size_t count = json_array_size(array);
	bool is_ok = json_is_array(array);
	void *values = is_ok ? UA_Array_new(count, type) : NULL;

	for (size_t i = 0; is_ok && i < count; i++) {
		char *element = element_text(json_array_get(array, i));

		is_ok = element &&
			read_scalar(type, element, (uint8_t *)values + i * (size_t)type->memSize);
		free(element);
	}
	json_decref(array);
	if (!is_ok) {
		UA_Array_delete(values, count, type);
		snprintf(problem, VALUE_PROBLEM,
			 "'%.60s' is no array of %s: write a JSON array, each of whose elements "
			 "is %s",
			 text, type->typeName, example_of(type));
		return false;
	}
	UA_Variant_setArray(ret_value, values, count, type);
	return true;
}

bool value_read(const UA_DataType *type, bool is_array, const char *text, UA_Variant *ret_value,
		char problem[VALUE_PROBLEM])
{
	void *value;

	UA_Variant_init(ret_value);
	if (is_array)
		return read_array(type, text, ret_value, problem);
	value = UA_new(type);
	if (!value || !read_scalar(type, text, value)) {
		UA_delete(value, type);
		return tell(type, text, problem);
	}
	UA_Variant_setScalar(ret_value, value, type);
	return true;
}

void value_type_text(const UA_Variant *value, char text[VALUE_TYPE])
{
	*text = '\0';
	if (value->type)
		snprintf(text, VALUE_TYPE, "%s%s", value->type->typeName,
			 UA_Variant_isScalar(value) ? "" : "[]");
}

static json_t *encode_one(const void *value, const UA_DataType *type)
{
	const UA_EncodeJsonOptions options = {.stringNodeIds = true};
	UA_ByteString bytes = UA_BYTESTRING_NULL;
	json_t *json = NULL;

	if (UA_encodeJson(value, type, &bytes, &options) == UA_STATUSCODE_GOOD)
		json = json_loadb((const char *)bytes.data, bytes.length,
				  JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	UA_ByteString_clear(&bytes);
	return json;
}

/* By elements: as a whole it would have a Body around it. */
static json_t *encode(const UA_Variant *value)
{
	const uint8_t *element = value->data;
	json_t *array;

	if (UA_Variant_isScalar(value))
		return encode_one(value->data, value->type);
	array = json_array();
	for (size_t i = 0; array && i < value->arrayLength; i++, element += value->type->memSize)
		json_append(&array, encode_one(element, value->type));
	return array;
}

json_t *value_json(const UA_Variant *value)
{
	char type[VALUE_TYPE];
	json_t *json;

	if (!value->type)
		return json_null();
	json = encode(value);
	if (json)
		return json;
	value_type_text(value, type);
	return json_sprintf("(%s, which has no JSON)", type);
}

char *value_text(const UA_Variant *value)
{
	json_t *json = value_json(value);
	char *text = NULL;

	if (json_is_string(json))
		text = strdup(json_string_value(json));
	else if (json)
		text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
	json_decref(json);
	for (char *at = text; at && *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = ' ';
	return text;
}
