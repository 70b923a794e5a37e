#include "data_type.h"

#include "node_id.h"
#include "value.h"

#define SUPERTYPES_MAX 32

static bool is_of_base(const UA_NodeId *id, UA_UInt32 number)
{
	return id->namespaceIndex == 0 && id->identifierType == UA_NODEIDTYPE_NUMERIC &&
	       id->identifier.numeric == number;
}

/* Types that no value is of: one of their subtypes is. */
static bool is_abstract(const UA_NodeId *id)
{
	static const UA_UInt32 abstract[] = {UA_NS0ID_BASEDATATYPE, UA_NS0ID_NUMBER,
					     UA_NS0ID_INTEGER, UA_NS0ID_UINTEGER,
					     UA_NS0ID_STRUCTURE};

	for (size_t i = 0; i < sizeof(abstract) / sizeof(abstract[0]); i++)
		if (is_of_base(id, abstract[i]))
			return true;
	return UA_NodeId_isNull(id);
}

/* *id: becomes its supertype. False: it has none. */
static bool go_up(struct server_link *link, UA_NodeId *id)
{
	UA_BrowseDescription what = {.nodeId = *id,
				     .referenceTypeId = UA_NODEID_NUMERIC(0, UA_NS0ID_HASSUBTYPE),
				     .browseDirection = UA_BROWSEDIRECTION_INVERSE};
	UA_BrowseRequest request = {.nodesToBrowse = &what, .nodesToBrowseSize = 1};
	UA_BrowseResponse response = UA_Client_Service_browse(server_link_client(link), request);
	bool is_up = response.responseHeader.serviceResult == UA_STATUSCODE_GOOD &&
		     response.resultsSize == 1 && response.results[0].referencesSize == 1;
	UA_NodeId above = UA_NODEID_NULL;

	if (is_up)
		is_up = UA_NodeId_copy(&response.results[0].references[0].nodeId.nodeId, &above) ==
			UA_STATUSCODE_GOOD;
	UA_BrowseResponse_clear(&response);
	if (!is_up)
		return false;
	UA_NodeId_clear(id);
	*id = above;
	return true;
}

/* Its own, or that of the nearest supertype that open62541 knows. NULL: none. */
static const UA_DataType *find_known(struct server_link *link, const UA_NodeId *id)
{
	static const UA_DataType *const enumeration = &UA_TYPES[UA_TYPES_INT32];
	const UA_DataType *type = NULL;
	UA_NodeId at;

	if (UA_NodeId_copy(id, &at) != UA_STATUSCODE_GOOD)
		return NULL;
	for (int i = 0; i < SUPERTYPES_MAX && !type && !is_abstract(&at); i++) {
		/* Enumerations travel as numbers (OPC 10000-6 5.2.4). */
		type = is_of_base(&at, UA_NS0ID_ENUMERATION) ? enumeration : UA_findDataType(&at);
		if (!type && !go_up(link, &at))
			break;
	}
	UA_NodeId_clear(&at);
	return type;
}

static void take_rank(int32_t rank, struct data_type *into)
{
	into->is_array = rank >= 0;
	into->may_be_array =
		rank == UA_VALUERANK_ANY || rank == UA_VALUERANK_SCALAR_OR_ONE_DIMENSION;
}

enum exit_code data_type_find(const struct program *program, struct server_link *link,
			      const char *shown, const UA_NodeId *id, int32_t rank,
			      struct data_type *ret_type)
{
	struct data_type type = {.type = find_known(link, id)};
	char text[NODE_ID_TEXT];

	node_id_text(id, text);
	if (!type.type)
		return program_fail(
			program, EXIT_UNSUPPORTED, "%s is of the type %s, %s", shown, text,
			is_abstract(id) ? "which leaves it open: name one by --type, like Int32"
					: "a structure that this client does not know");
	if (rank > 1)
		return program_fail(program, EXIT_UNSUPPORTED,
				    "%s is an array of %d dimensions, which this client does not "
				    "write",
				    shown, (int)rank);
	take_rank(rank, &type);
	*ret_type = type;
	return EXIT_OK;
}

/* As its value is now. */
static bool type_of_value(struct server_link *link, const UA_NodeId *node,
			  struct data_type *ret_type)
{
	UA_Variant value = {0};
	bool is_known = UA_Client_readValueAttribute(server_link_client(link), *node, &value) ==
				UA_STATUSCODE_GOOD &&
			value.type;

	if (is_known) {
		ret_type->type = value.type;
		ret_type->is_array = !UA_Variant_isScalar(&value);
	}
	UA_Variant_clear(&value);
	return is_known;
}

enum exit_code data_type_of_node(const struct program *program, struct server_link *link,
				 const char *shown, const UA_NodeId *node,
				 struct data_type *ret_type)
{
	const char *name = program_option(program, OPTION_TYPE);
	UA_Client *client = server_link_client(link);
	UA_NodeId id = UA_NODEID_NULL;
	UA_Int32 rank = UA_VALUERANK_SCALAR;
	enum exit_code code = EXIT_OK;
	UA_StatusCode status = UA_Client_readDataTypeAttribute(client, *node, &id);

	if (status == UA_STATUSCODE_GOOD)
		status = UA_Client_readValueRankAttribute(client, *node, &rank);
	if (status != UA_STATUSCODE_GOOD) {
		code = server_link_fail(link, status, "the type of %s", shown);
	} else if (name) {
		ret_type->type = value_type_by_name(name);
		take_rank(rank, ret_type);
		if (!ret_type->type)
			code = program_fail(program, EXIT_USAGE,
					    "--type %s: not the name of a type of OPC UA, like "
					    "Int32, Double, String",
					    name);
	} else if (!is_abstract(&id) || !type_of_value(link, node, ret_type)) {
		code = data_type_find(program, link, shown, &id, rank, ret_type);
	}
	UA_NodeId_clear(&id);
	return code;
}
