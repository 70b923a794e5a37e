/*
 * A step of client_probe: call:OBJECT/METHOD[,ARGUMENT]..., with arguments
 *
 *   n:NODE  s:TEXT  b:FILE  t  f  u1:N  u2:N  u4:N  u8:N  i4:N   one value; b: alone: empty
 *   S:TEXT+TEXT  B:FILE+FILE   arrays; S: and B: alone: empty
 *   h       the last UInt32 that a call has brought: a file's handle
 *
 * Prints what it brings; byte strings go to files out.0, out.1, …, of the last call only.
 */
#ifndef CLIENT_CALL_H
#define CLIENT_CALL_H

#include <open62541/client_highlevel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALL_ARGUMENTS_MAX 8
#define CALL_ITEMS_MAX	   16
#define CALL_FILE_MAX	   (16 * 1024 * 1024)

static UA_ByteString call_file(const char *name)
{
	FILE *file = *name ? fopen(name, "rb") : NULL;
	UA_ByteString bytes = UA_BYTESTRING_NULL;

	if (!*name)
		return bytes;
	if (!file || UA_ByteString_allocBuffer(&bytes, CALL_FILE_MAX) != UA_STATUSCODE_GOOD) {
		fprintf(stderr, "%s cannot be read\n", name);
		exit(2);
	}
	bytes.length = fread(bytes.data, 1, CALL_FILE_MAX, file);
	fclose(file);
	return bytes;
}

static void call_number(UA_Variant *argument, const char *text, UA_UInt32 type)
{
	UA_UInt64 value = strtoull(text, NULL, 0);

	/* Little-endian: its low bytes come first. */
	UA_Variant_setScalarCopy(argument, &value, &UA_TYPES[type]);
}

static void call_array(UA_Variant *argument, char *text, bool are_files)
{
	UA_ByteString items[CALL_ITEMS_MAX];
	size_t count = 0;
	char *rest = NULL;

	for (char *at = strtok_r(text, "+", &rest); at && count < CALL_ITEMS_MAX;
	     at = strtok_r(NULL, "+", &rest))
		items[count++] = are_files ? call_file(at) : UA_STRING_ALLOC(at);
	UA_Variant_setArrayCopy(argument, items, count,
				&UA_TYPES[are_files ? UA_TYPES_BYTESTRING : UA_TYPES_STRING]);
	if (!count)
		argument->data = UA_EMPTY_ARRAY_SENTINEL;
	while (count)
		UA_ByteString_clear(&items[--count]);
}

static void call_argument(UA_Variant *argument, char *text, UA_UInt32 handle)
{
	static const struct {
		const char *name;
		UA_UInt32 type;
	} numbers[] = {{"u1:", UA_TYPES_BYTE},
		       {"u2:", UA_TYPES_UINT16},
		       {"u4:", UA_TYPES_UINT32},
		       {"u8:", UA_TYPES_UINT64},
		       {"i4:", UA_TYPES_INT32}};
	UA_Boolean is = *text == 't';
	UA_ByteString bytes;
	UA_NodeId node = UA_NODEID_NULL;

	UA_Variant_init(argument);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		if (strncmp(text, numbers[i].name, 3) == 0) {
			call_number(argument, text + 3, numbers[i].type);
			return;
		}
	}
	if (strcmp(text, "t") == 0 || strcmp(text, "f") == 0) {
		UA_Variant_setScalarCopy(argument, &is, &UA_TYPES[UA_TYPES_BOOLEAN]);
	} else if (strcmp(text, "h") == 0) {
		UA_Variant_setScalarCopy(argument, &handle, &UA_TYPES[UA_TYPES_UINT32]);
	} else if (strncmp(text, "n:", 2) == 0) {
		if (text[2])
			UA_NodeId_parse(&node, UA_STRING(text + 2));
		UA_Variant_setScalarCopy(argument, &node, &UA_TYPES[UA_TYPES_NODEID]);
	} else if (strncmp(text, "s:", 2) == 0) {
		bytes = UA_STRING(text + 2);
		UA_Variant_setScalarCopy(argument, &bytes, &UA_TYPES[UA_TYPES_STRING]);
	} else if (strncmp(text, "b:", 2) == 0) {
		bytes = call_file(text + 2);
		UA_Variant_setScalarCopy(argument, &bytes, &UA_TYPES[UA_TYPES_BYTESTRING]);
		UA_ByteString_clear(&bytes);
	} else if (strncmp(text, "S:", 2) == 0 || strncmp(text, "B:", 2) == 0) {
		call_array(argument, text + 2, *text == 'B');
	} else {
		fprintf(stderr, "%s is no argument\n", text);
		exit(2);
	}
}

static void call_save(const UA_ByteString *bytes, unsigned number)
{
	char name[32];
	FILE *file;

	snprintf(name, sizeof name, "out.%u", number);
	file = fopen(name, "wb");
	if (file) {
		fwrite(bytes->data, 1, bytes->length, file);
		fclose(file);
	}
	printf(" %s=%zu bytes", name, bytes->length);
}

static void call_print(const UA_Variant *output, UA_UInt32 *handle, unsigned *files)
{
	size_t count = UA_Variant_isScalar(output) ? 1 : output->arrayLength;
	UA_String text = UA_STRING_NULL;

	if (output->type == &UA_TYPES[UA_TYPES_UINT32] && UA_Variant_isScalar(output))
		*handle = *(UA_UInt32 *)output->data;
	if (output->type != &UA_TYPES[UA_TYPES_BYTESTRING]) {
		if (UA_print(output, &UA_TYPES[UA_TYPES_VARIANT], &text) == UA_STATUSCODE_GOOD)
			printf(" %.*s", (int)text.length, (char *)text.data);
		UA_String_clear(&text);
		return;
	}
	for (size_t i = 0; i < count; i++)
		call_save((UA_ByteString *)output->data + i, (*files)++);
	if (!count)
		printf(" none");
}

/* @text is taken apart. */
static UA_StatusCode call_method(UA_Client *client, char *text, UA_UInt32 *handle)
{
	UA_Variant inputs[CALL_ARGUMENTS_MAX];
	UA_NodeId object = UA_NODEID_NULL, method = UA_NODEID_NULL;
	UA_Variant *outputs = NULL;
	size_t input_count = 0, output_count = 0;
	unsigned files = 0;
	char *rest = NULL;
	char *names = strtok_r(text, ",", &rest);
	char *second = strchr(names, '/');
	UA_StatusCode status;

	if (!second)
		return UA_STATUSCODE_BADMETHODINVALID;
	*second++ = '\0';
	UA_NodeId_parse(&object, UA_STRING(names));
	UA_NodeId_parse(&method, UA_STRING(second));
	for (char *at = strtok_r(NULL, ",", &rest); at && input_count < CALL_ARGUMENTS_MAX;
	     at = strtok_r(NULL, ",", &rest))
		call_argument(&inputs[input_count++], at, *handle);
	status = UA_Client_call(client, object, method, input_count, inputs, &output_count,
				&outputs);
	printf("%s", second);
	for (size_t i = 0; i < output_count; i++)
		call_print(&outputs[i], handle, &files);
	printf("\n");
	UA_Array_delete(outputs, output_count, &UA_TYPES[UA_TYPES_VARIANT]);
	while (input_count)
		UA_Variant_clear(&inputs[--input_count]);
	UA_NodeId_clear(&object);
	UA_NodeId_clear(&method);
	return status;
}

#endif
