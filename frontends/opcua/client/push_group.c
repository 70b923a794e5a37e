#include "push_group.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	UA_UInt32 id, list, types;
} groups[PUSH_GROUPS] = {
	{"application", UA_NS0ID_SERVERCONFIGURATION_CERTIFICATEGROUPS_DEFAULTAPPLICATIONGROUP,
	 UA_NS0ID_SERVERCONFIGURATION_CERTIFICATEGROUPS_DEFAULTAPPLICATIONGROUP_TRUSTLIST,
	 UA_NS0ID_SERVERCONFIGURATION_CERTIFICATEGROUPS_DEFAULTAPPLICATIONGROUP_CERTIFICATETYPES},
	{"https", UA_NS0ID_SERVERCONFIGURATION_CERTIFICATEGROUPS_DEFAULTHTTPSGROUP,
	 UA_NS0ID_SERVERCONFIGURATION_CERTIFICATEGROUPS_DEFAULTHTTPSGROUP_TRUSTLIST,
	 UA_NS0ID_SERVERCONFIGURATION_CERTIFICATEGROUPS_DEFAULTHTTPSGROUP_CERTIFICATETYPES},
	{"user", UA_NS0ID_SERVERCONFIGURATION_CERTIFICATEGROUPS_DEFAULTUSERTOKENGROUP,
	 UA_NS0ID_SERVERCONFIGURATION_CERTIFICATEGROUPS_DEFAULTUSERTOKENGROUP_TRUSTLIST,
	 UA_NS0ID_SERVERCONFIGURATION_CERTIFICATEGROUPS_DEFAULTUSERTOKENGROUP_CERTIFICATETYPES},
};

/* OPC 10000-12 7.8.4 */
static const struct {
	const char *name;
	UA_UInt32 id;
} types[] = {
	{"https", UA_NS0ID_HTTPSCERTIFICATETYPE},
	{"rsa-min", UA_NS0ID_RSAMINAPPLICATIONCERTIFICATETYPE},
	{"rsa-sha256", UA_NS0ID_RSASHA256APPLICATIONCERTIFICATETYPE},
	{"user", UA_NS0ID_USERCREDENTIALCERTIFICATETYPE},
	{"ecc-nistp256", 23538},
	{"ecc-nistp384", 23539},
	{"ecc-brainpoolp256r1", 23540},
	{"ecc-brainpoolp384r1", 23541},
};

const char *push_group_name(size_t i)
{
	return groups[i].name;
}

UA_NodeId push_group_id(size_t i)
{
	return UA_NODEID_NUMERIC(0, groups[i].id);
}

UA_NodeId push_group_types(size_t i)
{
	return UA_NODEID_NUMERIC(0, groups[i].types);
}

void push_type_text(const UA_NodeId *type, char text[NODE_ID_TEXT])
{
	node_id_text(type, text);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		UA_NodeId id = UA_NODEID_NUMERIC(0, types[i].id);

		if (UA_NodeId_equal(type, &id))
			snprintf(text, NODE_ID_TEXT, "%s", types[i].name);
	}
}

static bool is_node(const char *text)
{
	return strchr(text, '=') != NULL;
}

static enum exit_code read_group(const struct program *program, struct push_target *target)
{
	const char *name = program_option(program, OPTION_GROUP);

	target->group_name = name ? name : groups[0].name;
	if (is_node(target->group_name))
		return node_id_read(program, target->link, name, &target->group);
	for (size_t i = 0; i < PUSH_GROUPS; i++)
		if (strcmp(groups[i].name, target->group_name) == 0) {
			target->group = push_group_id(i);
			return EXIT_OK;
		}
	return program_fail(program, EXIT_USAGE,
			    "--group %s: not application, https, user, or the NodeId of a group",
			    name);
}

static enum exit_code read_type(const struct program *program, struct push_target *target)
{
	const char *name = program_option(program, OPTION_CERT_TYPE);

	if (!name)
		return EXIT_OK;
	if (is_node(name))
		return node_id_read(program, target->link, name, &target->type);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i].name, name) == 0) {
			target->type = UA_NODEID_NUMERIC(0, types[i].id);
			return EXIT_OK;
		}
	return program_fail(program, EXIT_USAGE,
			    "--cert-type %s: not rsa-sha256, rsa-min, https, user, ecc-nistp256, "
			    "ecc-nistp384, ecc-brainpoolp256r1, ecc-brainpoolp384r1, or a NodeId",
			    name);
}

/* The first that the group has, where none is named: what it says comes from the server. */
static void choose_type(struct push_target *target)
{
	UA_Variant value = {0};

	for (size_t i = 0; UA_NodeId_isNull(&target->type) && i < PUSH_GROUPS; i++) {
		UA_NodeId id = push_group_id(i);

		if (!UA_NodeId_equal(&id, &target->group) ||
		    UA_Client_readValueAttribute(server_link_client(target->link),
						 push_group_types(i), &value) != UA_STATUSCODE_GOOD)
			continue;
		if (UA_Variant_hasArrayType(&value, &UA_TYPES[UA_TYPES_NODEID]) &&
		    value.arrayLength)
			(void)UA_NodeId_copy(value.data, &target->type);
		UA_Variant_clear(&value);
	}
}

static void target_clear(struct push_target *target)
{
	UA_NodeId_clear(&target->group);
	UA_NodeId_clear(&target->type);
}

static enum exit_code target_read(const struct program *program, struct server_link *link,
				  struct push_target *ret_target)
{
	struct push_target target = {.link = link};
	enum exit_code code = read_group(program, &target);

	if (code == EXIT_OK)
		code = read_type(program, &target);
	if (code == EXIT_OK) {
		choose_type(&target);
		*ret_target = target;
	} else {
		target_clear(&target);
	}
	return code;
}

enum exit_code push_on_target(struct program *program, push_run_fn *run)
{
	struct server_link *link = NULL;
	struct push_target target = {0};
	enum exit_code code = server_link_open(program, &link);

	if (code == EXIT_OK)
		code = target_read(program, link, &target);
	if (code == EXIT_OK)
		code = run(program, &target);
	target_clear(&target);
	server_link_close(link);
	return code;
}

/* Of a group that has no name here: by its reference. */
static UA_StatusCode look_for_list(const struct push_target *target, UA_NodeId *ret_list)
{
	UA_RelativePathElement element = {
		.referenceTypeId = UA_NODEID_NUMERIC(0, UA_NS0ID_HASCOMPONENT),
		.includeSubtypes = true,
		.targetName = UA_QUALIFIEDNAME(0, (char *)(uintptr_t) "TrustList")};
	UA_BrowsePath path = {.startingNode = target->group,
			      .relativePath = {.elements = &element, .elementsSize = 1}};
	UA_TranslateBrowsePathsToNodeIdsRequest request = {.browsePaths = &path,
							   .browsePathsSize = 1};
	UA_TranslateBrowsePathsToNodeIdsResponse response =
		UA_Client_Service_translateBrowsePathsToNodeIds(server_link_client(target->link),
								request);
	UA_StatusCode status = response.responseHeader.serviceResult;

	if (status == UA_STATUSCODE_GOOD &&
	    (response.resultsSize != 1 || !response.results[0].targetsSize))
		status = UA_STATUSCODE_BADNODEIDUNKNOWN;
	if (status == UA_STATUSCODE_GOOD)
		status = UA_NodeId_copy(&response.results[0].targets[0].targetId.nodeId, ret_list);
	UA_TranslateBrowsePathsToNodeIdsResponse_clear(&response);
	return status;
}

enum exit_code push_trust_list(const struct push_target *target, UA_NodeId *ret_list)
{
	UA_StatusCode status;

	for (size_t i = 0; i < PUSH_GROUPS; i++) {
		UA_NodeId id = push_group_id(i);

		if (UA_NodeId_equal(&id, &target->group)) {
			*ret_list = UA_NODEID_NUMERIC(0, groups[i].list);
			return EXIT_OK;
		}
	}
	status = look_for_list(target, ret_list);
	if (status != UA_STATUSCODE_GOOD)
		return server_link_fail(target->link, status, "the trust list of group %s",
					target->group_name);
	return EXIT_OK;
}

UA_StatusCode push_call(struct server_link *link, UA_UInt32 method, size_t count,
			UA_Variant *inputs, size_t *ret_count, UA_Variant **ret_outputs)
{
	return UA_Client_call(server_link_client(link),
			      UA_NODEID_NUMERIC(0, UA_NS0ID_SERVERCONFIGURATION),
			      UA_NODEID_NUMERIC(0, method), count, inputs, ret_count, ret_outputs);
}

void *push_scalar(const UA_Variant *outputs, size_t count, size_t i, const UA_DataType *type)
{
	return i < count && UA_Variant_hasScalarType(&outputs[i], type) ? outputs[i].data : NULL;
}
