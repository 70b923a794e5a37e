#include "node_id.h"

#include <stdlib.h>
#include <string.h>

#include "json_text.h"
#include "node_text.h"
#include "scalar_text.h"

static enum exit_code find_namespace(const struct program *program, struct server_link *link,
				     const struct node_text *node, UA_UInt16 *ret_index)
{
	UA_String uri = UA_STRING((char *)(uintptr_t)node->uri);
	UA_StatusCode status =
		UA_Client_NamespaceGetIndex(server_link_client(link), &uri, ret_index);

	if (status == UA_STATUSCODE_GOOD)
		return EXIT_OK;
	if (status == UA_STATUSCODE_BADNOTFOUND)
		return program_fail(program, EXIT_NOT_FOUND,
				    "the server has no namespace %s: " PROGRAM_NAME
				    " read i=2255 lists those that it has",
				    node->uri);
	return server_link_fail(link, status, "its namespaces");
}

static UA_StatusCode fill(const struct node_text *node, UA_NodeId *id)
{
	uint8_t *bytes = NULL;
	size_t len = 0;

	id->namespaceIndex = node->namespace;
	switch (node->kind) {
	case NODE_NUMERIC:
		id->identifier.numeric = node->number;
		return UA_STATUSCODE_GOOD;
	case NODE_STRING:
		id->identifierType = UA_NODEIDTYPE_STRING;
		id->identifier.string = UA_STRING_ALLOC(node->text);
		return id->identifier.string.data ? UA_STATUSCODE_GOOD
						  : UA_STATUSCODE_BADOUTOFMEMORY;
	case NODE_GUID:
		id->identifierType = UA_NODEIDTYPE_GUID;
		id->identifier.guid.data1 = (UA_UInt32)node->guid[0] << 24 |
					    (UA_UInt32)node->guid[1] << 16 |
					    (UA_UInt32)node->guid[2] << 8 | node->guid[3];
		id->identifier.guid.data2 = (UA_UInt16)(node->guid[4] << 8 | node->guid[5]);
		id->identifier.guid.data3 = (UA_UInt16)(node->guid[6] << 8 | node->guid[7]);
		memcpy(id->identifier.guid.data4, node->guid + 8, 8);
		return UA_STATUSCODE_GOOD;
	case NODE_BYTES:
		id->identifierType = UA_NODEIDTYPE_BYTESTRING;
		if (!scalar_read_bytes(node->text, &bytes, &len))
			return UA_STATUSCODE_BADOUTOFMEMORY;
		id->identifier.byteString = (UA_ByteString){len, bytes};
		return UA_STATUSCODE_GOOD;
	}
	return UA_STATUSCODE_BADINTERNALERROR;
}

enum exit_code node_id_read(const struct program *program, struct server_link *link,
			    const char *text, UA_NodeId *ret_id)
{
	char problem[NODE_TEXT_TELL];
	UA_NodeId id = UA_NODEID_NULL;
	enum exit_code code = EXIT_OK;
	struct node_text node;

	if (!node_text_read(text, &node, problem))
		return program_fail(program, EXIT_USAGE, "%s", problem);
	if (*node.uri)
		code = find_namespace(program, link, &node, &node.namespace);
	if (code != EXIT_OK)
		return code;
	if (fill(&node, &id) != UA_STATUSCODE_GOOD)
		return program_no_memory(program);
	*ret_id = id;
	return EXIT_OK;
}

void ua_text(const UA_String *string, char *text, size_t size)
{
	size_t len = string->length < size ? string->length : size - 1;

	if (len)
		memcpy(text, string->data, len);
	text[len] = '\0';
	for (char *at = text; at < text + len; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = ' ';
}

json_t *ua_text_json(const UA_String *string)
{
	char *text = malloc(string->length + 1);
	json_t *json = NULL;

	if (!text)
		return NULL;
	if (string->length)
		memcpy(text, string->data, string->length);
	text[string->length] = '\0';
	json = json_text(text);
	free(text);
	return json;
}

void node_id_text(const UA_NodeId *id, char text[NODE_ID_TEXT])
{
	UA_String string = UA_STRING_NULL;

	*text = '\0';
	if (UA_NodeId_print(id, &string) == UA_STATUSCODE_GOOD)
		ua_text(&string, text, NODE_ID_TEXT);
	UA_String_clear(&string);
}

json_t *node_id_json(const UA_NodeId *id)
{
	UA_String string = UA_STRING_NULL;
	json_t *json = NULL;

	if (UA_NodeId_print(id, &string) == UA_STATUSCODE_GOOD)
		json = ua_text_json(&string);
	UA_String_clear(&string);
	return json;
}
