#include "request.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

char *request_text(const char *text)
{
	/* Packing only reads, but protobuf-c's structs have no const. */
	return (char *)(uintptr_t)(text ? text : "");
}

ProtobufCBinaryData request_bytes(const uint8_t *bytes, size_t len)
{
	return (ProtobufCBinaryData){.data = (uint8_t *)(uintptr_t)bytes, .len = bytes ? len : 0};
}

bool request_key(const char *key, Keystore__V1__KeyRef *ret_ref)
{
	unsigned long long id;
	char *end;

	if (!key || !*key)
		return false;
	if (*key != '#') {
		ret_ref->by_case = KEYSTORE__V1__KEY_REF__BY_NAME;
		ret_ref->name = request_text(key);
		return true;
	}
	/* strtoull() would take blanks and signs. */
	if (!isdigit((unsigned char)key[1]))
		return false;
	errno = 0;
	id = strtoull(key + 1, &end, 10);
	if (errno || *end)
		return false;
	ret_ref->by_case = KEYSTORE__V1__KEY_REF__BY_ID;
	ret_ref->id = id;
	return true;
}

void request_operations(unsigned operations, struct request_operations *ret_list)
{
	ret_list->count = 0;
	if (operations & KS_OPERATION_SIGN)
		ret_list->list[ret_list->count++] = KEYSTORE__V1__OPERATION__OPERATION_SIGN;
	if (operations & KS_OPERATION_DECRYPT)
		ret_list->list[ret_list->count++] = KEYSTORE__V1__OPERATION__OPERATION_DECRYPT;
}

struct request_names *request_names_new(const struct ks_name *names, size_t count)
{
	struct request_names *list = malloc(sizeof(*list));

	for (size_t i = 0; list && i < count; i++) {
		keystore__v1__general_name__init(&list->names[i]);
		list->names[i].type = (Keystore__V1__GeneralName__Type)names[i].type;
		list->names[i].value = request_text(names[i].value);
		list->list[i] = &list->names[i];
	}
	return list;
}
