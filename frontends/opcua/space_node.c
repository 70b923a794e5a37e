#include "space_node.h"

#include <stdio.h>
#include <string.h>

UA_NodeId space_node_id(const struct space_nodes *nodes, const char *path)
{
	return UA_NODEID_STRING(nodes->index, (char *)(uintptr_t)path);
}

bool space_node_path(const struct space_nodes *nodes, const UA_NodeId *id,
		     char ret_path[SPACE_PATH_MAX])
{
	if (id->namespaceIndex != nodes->index || id->identifierType != UA_NODEIDTYPE_STRING ||
	    id->identifier.string.length >= SPACE_PATH_MAX)
		return false;
	memcpy(ret_path, id->identifier.string.data, id->identifier.string.length);
	ret_path[id->identifier.string.length] = '\0';
	return true;
}

static UA_NodeId ns0(UA_UInt32 id)
{
	return UA_NODEID_NUMERIC(0, id);
}

/* False: it is too long. */
static bool path_of(const char *parent, const char *name, char ret_path[SPACE_PATH_MAX])
{
	return (unsigned)snprintf(ret_path, SPACE_PATH_MAX, "%s%s%s", parent ? parent : "",
				  parent && *parent ? "/" : "", name) < SPACE_PATH_MAX;
}

static UA_QualifiedName name_of(const struct space_nodes *nodes, const char *name)
{
	return UA_QUALIFIEDNAME(nodes->index, (char *)(uintptr_t)name);
}

static UA_LocalizedText text_of(const char *text)
{
	return UA_LOCALIZEDTEXT((char *)(uintptr_t) "", (char *)(uintptr_t)text);
}

UA_StatusCode space_node_add_object(struct space_nodes *nodes, const char *parent, const char *name,
				    const char *display_name, bool is_folder)
{
	UA_ObjectAttributes attributes = UA_ObjectAttributes_default;
	char path[SPACE_PATH_MAX];

	if (!path_of(parent, name, path))
		return UA_STATUSCODE_BADINTERNALERROR;
	attributes.displayName = text_of(display_name);
	return UA_Server_addObjectNode(
		nodes->server, space_node_id(nodes, path),
		parent ? space_node_id(nodes, parent) : ns0(UA_NS0ID_OBJECTSFOLDER),
		ns0(UA_NS0ID_ORGANIZES), name_of(nodes, name),
		is_folder ? ns0(UA_NS0ID_FOLDERTYPE) : ns0(UA_NS0ID_BASEOBJECTTYPE), attributes,
		NULL, NULL);
}

/* open62541 reads a variable's value while it is added, and takes none for an answer. */
static UA_StatusCode read_default(const struct space_nodes *nodes, UA_DataValue *value)
{
	UA_UInt32 count = nodes->adding_count;
	void *data = UA_Array_new(count ? count : 1, nodes->adding);

	if (!data)
		return UA_STATUSCODE_BADOUTOFMEMORY;
	if (count)
		UA_Variant_setArray(&value->value, data, count, nodes->adding);
	else
		UA_Variant_setScalar(&value->value, data, nodes->adding);
	value->hasValue = true;
	return UA_STATUSCODE_GOOD;
}

static UA_StatusCode cut(UA_DataValue *value, const UA_NumericRange *range)
{
	UA_Variant part;
	UA_StatusCode status = UA_Variant_copyRange(&value->value, &part, *range);

	if (status != UA_STATUSCODE_GOOD)
		return status;
	UA_Variant_clear(&value->value);
	value->value = part;
	return UA_STATUSCODE_GOOD;
}

static UA_StatusCode on_read(UA_Server *server, const UA_NodeId *session_id, void *session,
			     const UA_NodeId *id, void *context, UA_Boolean with_time,
			     const UA_NumericRange *range, UA_DataValue *value)
{
	const struct space_slot *slot = context;

	(void)server;
	(void)session_id;
	(void)session;
	(void)id;
	if (slot->nodes->adding)
		return read_default(slot->nodes, value);
	slot->source->get(slot, value);
	value->hasSourceTimestamp &= with_time;
	if (!range || !value->hasValue)
		return UA_STATUSCODE_GOOD;
	return cut(value, range);
}

static UA_StatusCode on_write(UA_Server *server, const UA_NodeId *session_id, void *session,
			      const UA_NodeId *id, void *context, const UA_NumericRange *range,
			      const UA_DataValue *value)
{
	const struct space_slot *slot = context;

	(void)server;
	(void)session_id;
	(void)id;
	/* OPC 10000-4 5.11.4: neither is kept here. */
	if (value->hasStatus || value->hasSourceTimestamp || value->hasServerTimestamp)
		return UA_STATUSCODE_BADWRITENOTSUPPORTED;
	if (!value->hasValue || UA_Variant_isEmpty(&value->value))
		return UA_STATUSCODE_BADTYPEMISMATCH;
	return slot->source->set(slot, session, range, &value->value);
}

UA_StatusCode space_node_add_variable(struct space_nodes *nodes,
				      const struct space_variable *variable,
				      const struct space_slot *slot)
{
	UA_VariableAttributes attributes = UA_VariableAttributes_default;
	UA_UInt32 dimension = variable->count;
	UA_DataSource source = {.read = on_read};
	char path[SPACE_PATH_MAX];
	UA_StatusCode status;

	if (!path_of(variable->parent, variable->name, path))
		return UA_STATUSCODE_BADINTERNALERROR;
	attributes.displayName = text_of(variable->name);
	if (variable->description)
		attributes.description = text_of(variable->description);
	attributes.dataType = variable->type->typeId;
	attributes.valueRank = dimension ? UA_VALUERANK_ONE_DIMENSION : UA_VALUERANK_SCALAR;
	attributes.arrayDimensions = &dimension;
	attributes.arrayDimensionsSize = dimension ? 1 : 0;
	attributes.accessLevel = UA_ACCESSLEVELMASK_READ;
	if (slot->source->set) {
		attributes.accessLevel |= UA_ACCESSLEVELMASK_WRITE;
		source.write = on_write;
	}
	nodes->adding = variable->type;
	nodes->adding_count = variable->count;
	status = UA_Server_addDataSourceVariableNode(
		nodes->server, space_node_id(nodes, path), space_node_id(nodes, variable->parent),
		variable->is_property ? ns0(UA_NS0ID_HASPROPERTY) : ns0(UA_NS0ID_HASCOMPONENT),
		name_of(nodes, variable->name),
		variable->is_property ? ns0(UA_NS0ID_PROPERTYTYPE)
				      : ns0(UA_NS0ID_BASEDATAVARIABLETYPE),
		attributes, source, (void *)(uintptr_t)slot, NULL);
	nodes->adding = NULL;
	return status;
}

void space_node_delete(struct space_nodes *nodes, const char *path)
{
	(void)UA_Server_deleteNode(nodes->server, space_node_id(nodes, path), true);
}

bool space_range(const UA_NumericRange *range, UA_UInt32 count, UA_UInt32 *ret_first,
		 UA_UInt32 *ret_count)
{
	const UA_NumericRangeDimension *only = range->dimensions;

	if (range->dimensionsSize != 1 || only->min > only->max || only->max >= count)
		return false;
	*ret_first = only->min;
	*ret_count = only->max - only->min + 1;
	return true;
}
