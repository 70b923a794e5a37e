/* browse: nodes below a node, as a tree. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "json_text.h"
#include "node_id.h"

#define DEPTH_MAX      64
#define NODES_MAX      20000 /* that are told of: a server can have millions */
#define REFERENCES_MAX 1000  /* of an answer; the server may give fewer */

struct browse {
	const struct program *program;
	struct server_link *link;
	bool takes_all;
	size_t depth, left;
	UA_NodeId path[DEPTH_MAX + 1]; /* borrowed: a tree of references may have rings */
};

static const char *class_name(UA_NodeClass class)
{
	static const char *const names[] = {"Object",	  "Variable",	  "Method",
					    "ObjectType", "VariableType", "ReferenceType",
					    "DataType",	  "View"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((unsigned)class == 1u << i)
			return names[i];
	return "?";
}

struct references {
	UA_ReferenceDescription *list;
	size_t count;
};

/* Takes what an answer has. */
static UA_StatusCode take(struct references *into, UA_BrowseResult *result)
{
	size_t count = into->count + result->referencesSize;
	UA_ReferenceDescription *list;

	if (result->statusCode != UA_STATUSCODE_GOOD || !result->referencesSize)
		return result->statusCode;
	if (count > NODES_MAX)
		return UA_STATUSCODE_BADRESPONSETOOLARGE;
	list = UA_realloc(into->list, count * sizeof(*list));
	if (!list)
		return UA_STATUSCODE_BADOUTOFMEMORY;
	memcpy(list + into->count, result->references, result->referencesSize * sizeof(*list));
	UA_free(result->references);
	result->references = NULL;
	result->referencesSize = 0;
	into->list = list;
	into->count = count;
	return UA_STATUSCODE_GOOD;
}

static UA_StatusCode browse_first(struct browse *browse, const UA_NodeId *node,
				  struct references *into, UA_ByteString *ret_more)
{
	UA_BrowseDescription what = {
		.nodeId = *node,
		.referenceTypeId =
			UA_NODEID_NUMERIC(0, browse->takes_all ? UA_NS0ID_REFERENCES
							       : UA_NS0ID_HIERARCHICALREFERENCES),
		.includeSubtypes = true,
		.browseDirection = UA_BROWSEDIRECTION_FORWARD,
		.resultMask = UA_BROWSERESULTMASK_ALL};
	UA_BrowseRequest request = {.nodesToBrowse = &what,
				    .nodesToBrowseSize = 1,
				    .requestedMaxReferencesPerNode = REFERENCES_MAX};
	UA_BrowseResponse response =
		UA_Client_Service_browse(server_link_client(browse->link), request);
	UA_StatusCode status = response.responseHeader.serviceResult;

	if (status == UA_STATUSCODE_GOOD && response.resultsSize != 1)
		status = UA_STATUSCODE_BADUNEXPECTEDERROR;
	if (status == UA_STATUSCODE_GOOD)
		status = take(into, &response.results[0]);
	if (status == UA_STATUSCODE_GOOD)
		status = UA_ByteString_copy(&response.results[0].continuationPoint, ret_more);
	UA_BrowseResponse_clear(&response);
	return status;
}

/* *more: consumed, and the next one. */
static UA_StatusCode browse_next(struct browse *browse, struct references *into,
				 UA_ByteString *more)
{
	UA_BrowseNextRequest request = {.continuationPoints = more, .continuationPointsSize = 1};
	UA_BrowseNextResponse response =
		UA_Client_Service_browseNext(server_link_client(browse->link), request);
	UA_StatusCode status = response.responseHeader.serviceResult;

	UA_ByteString_clear(more);
	if (status == UA_STATUSCODE_GOOD && response.resultsSize != 1)
		status = UA_STATUSCODE_BADUNEXPECTEDERROR;
	if (status == UA_STATUSCODE_GOOD)
		status = take(into, &response.results[0]);
	if (status == UA_STATUSCODE_GOOD)
		status = UA_ByteString_copy(&response.results[0].continuationPoint, more);
	UA_BrowseNextResponse_clear(&response);
	return status;
}

static UA_StatusCode browse_all(struct browse *browse, const UA_NodeId *node,
				struct references *ret_references)
{
	UA_ByteString more = UA_BYTESTRING_NULL;
	struct references references = {0};
	UA_StatusCode status = browse_first(browse, node, &references, &more);

	while (status == UA_STATUSCODE_GOOD && more.length)
		status = browse_next(browse, &references, &more);
	UA_ByteString_clear(&more);
	*ret_references = references;
	return status;
}

static void references_clear(struct references *references)
{
	UA_Array_delete(references->list, references->count,
			&UA_TYPES[UA_TYPES_REFERENCEDESCRIPTION]);
}

static json_t *reference_json(const UA_ReferenceDescription *reference)
{
	json_t *object = json_object();

	json_add(&object, "node_id", node_id_json(&reference->nodeId.nodeId));
	json_add(&object, "class", json_string(class_name(reference->nodeClass)));
	json_add(&object, "browse_name",
		 json_pack("{s:i, s:o}", "namespace", (int)reference->browseName.namespaceIndex,
			   "name", ua_text_json(&reference->browseName.name)));
	json_add(&object, "display_name", ua_text_json(&reference->displayName.text));
	json_add(&object, "reference", node_id_json(&reference->referenceTypeId));
	return object;
}

static void print_reference(const UA_ReferenceDescription *reference, size_t level)
{
	char id[NODE_ID_TEXT];
	char name[512];

	node_id_text(&reference->nodeId.nodeId, id);
	ua_text(&reference->displayName.text, name, sizeof(name));
	printf("%*s%s  [%s]  %s\n", (int)(2 * level), "", name, class_name(reference->nodeClass),
	       id);
}

static bool is_on_path(const struct browse *browse, size_t level, const UA_NodeId *node)
{
	for (size_t i = 0; i <= level; i++)
		if (UA_NodeId_equal(&browse->path[i], node))
			return true;
	return false;
}

static UA_StatusCode walk(struct browse *browse, size_t level, json_t **list);

static UA_StatusCode walk_one(struct browse *browse, size_t level,
			      const UA_ReferenceDescription *reference, json_t **list)
{
	const UA_NodeId *node = &reference->nodeId.nodeId;
	bool is_here = !reference->nodeId.serverIndex && !reference->nodeId.namespaceUri.length;
	bool goes_on = is_here && level + 1 < browse->depth && !is_on_path(browse, level, node);
	json_t *object = list ? reference_json(reference) : NULL;
	json_t *children = list ? json_array() : NULL;
	UA_StatusCode status = UA_STATUSCODE_GOOD;

	if (!list)
		print_reference(reference, level);
	if (goes_on) {
		browse->path[level + 1] = *node;
		status = walk(browse, level + 1, list ? &children : NULL);
		/* One may be allowed to see a node, and not what is below. */
		if (status == UA_STATUSCODE_BADUSERACCESSDENIED)
			status = UA_STATUSCODE_GOOD;
	}
	if (goes_on && list)
		json_add(&object, "children", children);
	else
		json_decref(children);
	if (list)
		json_append(list, object);
	return status;
}

/* @list NULL: prints. */
static UA_StatusCode walk(struct browse *browse, size_t level, json_t **list)
{
	struct references references = {0};
	UA_StatusCode status = browse_all(browse, &browse->path[level], &references);

	for (size_t i = 0; status == UA_STATUSCODE_GOOD && i < references.count; i++) {
		if (browse->left-- == 0) {
			browse->left = 0;
			program_note("note: there are more than %d nodes: the rest is left out; "
				     "begin further down, or take a smaller --depth",
				     NODES_MAX);
			status = UA_STATUSCODE_GOODRESULTSMAYBEINCOMPLETE;
			break;
		}
		status = walk_one(browse, level, &references.list[i], list);
	}
	references_clear(&references);
	return status;
}

static enum exit_code run_browse(struct browse *browse, const char *from)
{
	json_t *list = browse->program->json ? json_array() : NULL;
	UA_NodeId node = UA_NODEID_NULL;
	enum exit_code code = node_id_read(browse->program, browse->link, from, &node);
	UA_StatusCode status = UA_STATUSCODE_GOOD;

	if (code == EXIT_OK) {
		browse->path[0] = node;
		status = walk(browse, 0, browse->program->json ? &list : NULL);
		if (status != UA_STATUSCODE_GOOD &&
		    status != UA_STATUSCODE_GOODRESULTSMAYBEINCOMPLETE)
			code = server_link_fail(browse->link, status, "browsing %s", from);
	}
	if (code == EXIT_OK && browse->program->json) {
		code = program_print_json(browse->program,
					  list ? json_pack("{s:o}", "nodes", list) : NULL);
		list = NULL;
	}
	json_decref(list);
	UA_NodeId_clear(&node);
	return code;
}

static enum exit_code command_browse(struct program *program)
{
	const char *depth = program_option(program, OPTION_DEPTH);
	struct browse browse = {.program = program,
				.takes_all = program_has(program, OPTION_ALL),
				.left = NODES_MAX};
	uint64_t levels = 1;
	enum exit_code code;

	if (depth && !option_read_number(depth, 1, DEPTH_MAX, &levels))
		return program_fail(program, EXIT_USAGE, "--depth %s: not a number from 1 to %d",
				    depth, DEPTH_MAX);
	browse.depth = levels;
	code = server_link_open(program, &browse.link);
	if (code == EXIT_OK)
		code = run_browse(&browse, program->word_count ? program->words[0] : "Objects");
	server_link_close(browse.link);
	return code;
}

const struct command commands_browse[] = {
	{
		.name = "browse",
		.words = "[NODE]",
		.most = 1,
		.options = HAS_SERVER | HAS(DEPTH) | HAS(ALL),
		.summary = "the nodes below a node",
		.help = "NODE is like ns=2;s=Pump, nsu=urn:plant;s=Pump or i=2253; without it, the "
			"objects.\nEach line has a node's name, its class, and its NodeId.",
		.run = command_browse,
	},
	{.name = NULL},
};
