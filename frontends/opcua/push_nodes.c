#include "push_nodes.h"

#include <string.h>

#include <open62541/nodeids.h>
#include <open62541/types_generated_handling.h>

#include "push_file.h"

#define NODE(name) UA_NS0ID_SERVERCONFIGURATION_##name
#define IN_LISTS(name)                                                                             \
	{                                                                                          \
		NODE(CERTIFICATEGROUPS_DEFAULTAPPLICATIONGROUP_TRUSTLIST_##name),                  \
			NODE(CERTIFICATEGROUPS_DEFAULTHTTPSGROUP_TRUSTLIST_##name),                \
			NODE(CERTIFICATEGROUPS_DEFAULTUSERTOKENGROUP_TRUSTLIST_##name),            \
	}
/* Of OPC 10000-12 v1.05, which open62541's nodeids.h does not have. */
#define SUPPORTS_TRANSACTIONS 18663
#define IN_APPLICATION_SETUP  19309

static const UA_UInt32 list_sizes[] = IN_LISTS(SIZE);
static const UA_UInt32 list_writables[] = IN_LISTS(WRITABLE);
static const UA_UInt32 list_user_writables[] = IN_LISTS(USERWRITABLE);
static const UA_UInt32 list_open_counts[] = IN_LISTS(OPENCOUNT);
static const UA_UInt32 list_updates[] = IN_LISTS(LASTUPDATETIME);
static const UA_UInt32 list_timeouts[] = IN_LISTS(ACTIVITYTIMEOUT);

struct builder {
	UA_Server *server;
	UA_StatusCode status;
};

static UA_NodeId node(UA_UInt32 number)
{
	return UA_NODEID_NUMERIC(0, number);
}

static UA_QualifiedName named(const char *name)
{
	return UA_QUALIFIEDNAME(0, (char *)(uintptr_t)name);
}

static UA_LocalizedText shown(const char *name)
{
	return UA_LOCALIZEDTEXT((char *)(uintptr_t) "", (char *)(uintptr_t)name);
}

static void note(struct builder *builder, UA_StatusCode status)
{
	if (builder->status == UA_STATUSCODE_GOOD)
		builder->status = status;
}

static void begin_object(struct builder *builder, UA_UInt32 id, UA_UInt32 parent, const char *name,
			 UA_UInt32 type, void *context)
{
	UA_ObjectAttributes attributes = UA_ObjectAttributes_default;

	attributes.displayName = shown(name);
	note(builder, UA_Server_addNode_begin(builder->server, UA_NODECLASS_OBJECT, node(id),
					      node(parent), node(UA_NS0ID_HASCOMPONENT),
					      named(name), node(type), &attributes,
					      &UA_TYPES[UA_TYPES_OBJECTATTRIBUTES], context, NULL));
}

/* What it has not got by now, its type adds. */
static void finish_object(struct builder *builder, UA_UInt32 id)
{
	note(builder, UA_Server_addNode_finish(builder->server, node(id)));
}

static void add_property_of(struct builder *builder, UA_UInt32 id, UA_UInt32 parent,
			    const char *name, const UA_Variant *value, UA_NodeId type)
{
	UA_VariableAttributes attributes = UA_VariableAttributes_default;
	UA_UInt32 any = 0;

	attributes.displayName = shown(name);
	attributes.value = *value;
	attributes.dataType = type;
	attributes.valueRank =
		UA_Variant_isScalar(value) ? UA_VALUERANK_SCALAR : UA_VALUERANK_ONE_DIMENSION;
	if (attributes.valueRank == UA_VALUERANK_ONE_DIMENSION) {
		attributes.arrayDimensions = &any;
		attributes.arrayDimensionsSize = 1;
	}
	attributes.accessLevel = UA_ACCESSLEVELMASK_READ;
	note(builder, UA_Server_addVariableNode(
			      builder->server, node(id), node(parent), node(UA_NS0ID_HASPROPERTY),
			      named(name), node(UA_NS0ID_PROPERTYTYPE), attributes, NULL, NULL));
}

static void add_property(struct builder *builder, UA_UInt32 id, UA_UInt32 parent, const char *name,
			 const void *value, unsigned type)
{
	UA_Variant variant;

	UA_Variant_setScalar(&variant, (void *)(uintptr_t)value, &UA_TYPES[type]);
	add_property_of(builder, id, parent, name, &variant, UA_TYPES[type].typeId);
}

static void add_array(struct builder *builder, UA_UInt32 id, UA_UInt32 parent, const char *name,
		      const void *values, size_t count, unsigned type)
{
	UA_Variant variant;

	UA_Variant_setArray(&variant, count ? (void *)(uintptr_t)values : UA_EMPTY_ARRAY_SENTINEL,
			    count, &UA_TYPES[type]);
	add_property_of(builder, id, parent, name, &variant, UA_TYPES[type].typeId);
}

/* All are asynchronous, and so this is never called. */
static UA_StatusCode on_call(UA_Server *server, const UA_NodeId *session, void *session_context,
			     const UA_NodeId *method, void *method_context, const UA_NodeId *object,
			     void *object_context, size_t input_count, const UA_Variant *inputs,
			     size_t output_count, UA_Variant *outputs)
{
	(void)server;
	(void)session;
	(void)session_context;
	(void)method;
	(void)method_context;
	(void)object;
	(void)object_context;
	(void)input_count;
	(void)inputs;
	(void)output_count;
	(void)outputs;
	return UA_STATUSCODE_BADINTERNALERROR;
}

static size_t fill_arguments(const struct push_argument *from, UA_Argument *to)
{
	size_t count = push_arguments_count(from);

	for (size_t i = 0; i < count; i++) {
		UA_Argument_init(&to[i]);
		to[i].name = UA_STRING((char *)(uintptr_t)from[i].name);
		to[i].dataType = UA_TYPES[from[i].type].typeId;
		to[i].valueRank =
			from[i].is_array ? UA_VALUERANK_ONE_DIMENSION : UA_VALUERANK_SCALAR;
	}
	return count;
}

static void add_method(struct builder *builder, enum push_method method, enum push_group group,
		       UA_UInt32 parent)
{
	const struct push_method_kind *kind = push_method_kind(method);
	UA_MethodAttributes attributes = UA_MethodAttributes_default;
	UA_Argument inputs[PUSH_INPUTS_MAX], outputs[PUSH_OUTPUTS_MAX];
	size_t input_count = fill_arguments(kind->inputs, inputs);
	size_t output_count = fill_arguments(kind->outputs, outputs);

	attributes.displayName = shown(kind->name);
	attributes.executable = true;
	attributes.userExecutable = true;
	note(builder,
	     UA_Server_addMethodNodeEx(builder->server, node(kind->ids[group]), node(parent),
				       node(UA_NS0ID_HASCOMPONENT), named(kind->name), attributes,
				       on_call, input_count, inputs, node(kind->inputs_ids[group]),
				       NULL, output_count, outputs, node(kind->outputs_ids[group]),
				       NULL, NULL, NULL));
	note(builder, UA_Server_setMethodNodeAsync(builder->server, node(kind->ids[group]), true));
}

static void add_methods(struct builder *builder, enum push_owner owner, enum push_group group,
			UA_UInt32 parent)
{
	for (int method = 0; method < PUSH_METHODS; method++) {
		if (push_method_kind((enum push_method)method)->owner == owner)
			add_method(builder, (enum push_method)method, group, parent);
	}
}

/* A client may name the type's method, too; whether it is there is open62541's affair. */
static void take_type_methods(struct builder *builder)
{
	for (int method = 0; method < PUSH_METHODS; method++) {
		const UA_UInt32 *ids = push_method_kind((enum push_method)method)->type_ids;

		for (int i = 0; i < 2; i++) {
			if (ids[i])
				(void)UA_Server_setMethodNodeAsync(builder->server, node(ids[i]),
								   true);
		}
	}
}

static void add_list(struct builder *builder, enum push_group group)
{
	const struct push_group_kind *kind = push_group_kind(group);
	const UA_Boolean is_writable = true;
	const UA_Double timeout = PUSH_FILE_TIMEOUT_MS;
	const UA_UInt64 size = 0;
	const UA_UInt16 open_count = 0;
	const UA_DateTime never = 0;

	begin_object(builder, kind->list, kind->id, "TrustList", UA_NS0ID_TRUSTLISTTYPE, NULL);
	add_property(builder, list_sizes[group], kind->list, "Size", &size, UA_TYPES_UINT64);
	add_property(builder, list_writables[group], kind->list, "Writable", &is_writable,
		     UA_TYPES_BOOLEAN);
	add_property(builder, list_user_writables[group], kind->list, "UserWritable", &is_writable,
		     UA_TYPES_BOOLEAN);
	add_property(builder, list_open_counts[group], kind->list, "OpenCount", &open_count,
		     UA_TYPES_UINT16);
	add_property(builder, list_updates[group], kind->list, "LastUpdateTime", &never,
		     UA_TYPES_DATETIME);
	add_property(builder, list_timeouts[group], kind->list, "ActivityTimeout", &timeout,
		     UA_TYPES_DOUBLE);
	add_methods(builder, PUSH_OF_LIST, group, kind->list);
	finish_object(builder, kind->list);
}

static void add_group(struct builder *builder, enum push_group group)
{
	const struct push_group_kind *kind = push_group_kind(group);
	UA_NodeId type = node(kind->certificate_type);

	begin_object(builder, kind->id, NODE(CERTIFICATEGROUPS), kind->name,
		     UA_NS0ID_CERTIFICATEGROUPTYPE, NULL);
	add_list(builder, group);
	add_array(builder, kind->types_id, kind->id, "CertificateTypes", &type,
		  kind->certificate_type ? 1 : 0, UA_TYPES_NODEID);
	add_methods(builder, PUSH_OF_GROUP, group, kind->id);
	finish_object(builder, kind->id);
}

static void add_properties(struct builder *builder, UA_UInt32 trust_list_max)
{
	const UA_String formats[] = {UA_STRING_STATIC("PEM"), UA_STRING_STATIC("PFX")};
	const UA_String capabilities[] = {UA_STRING_STATIC("DA")};
	const UA_Boolean yes = true, no = false;
	const UA_ServerConfig *config = UA_Server_getConfig(builder->server);
	const UA_ApplicationDescription *description = &config->applicationDescription;
	const UA_UInt32 to = UA_NS0ID_SERVERCONFIGURATION;

	add_property(builder, NODE(APPLICATIONURI), to, "ApplicationUri",
		     &description->applicationUri, UA_TYPES_STRING);
	add_property(builder, NODE(PRODUCTURI), to, "ProductUri", &description->productUri,
		     UA_TYPES_STRING);
	add_property(builder, NODE(APPLICATIONTYPE), to, "ApplicationType",
		     &description->applicationType, UA_TYPES_APPLICATIONTYPE);
	add_array(builder, NODE(SERVERCAPABILITIES), to, "ServerCapabilities", capabilities, 1,
		  UA_TYPES_STRING);
	add_array(builder, NODE(SUPPORTEDPRIVATEKEYFORMATS), to, "SupportedPrivateKeyFormats",
		  formats, 2, UA_TYPES_STRING);
	add_property(builder, NODE(MAXTRUSTLISTSIZE), to, "MaxTrustListSize", &trust_list_max,
		     UA_TYPES_UINT32);
	add_property(builder, NODE(MULTICASTDNSENABLED), to, "MulticastDnsEnabled", &no,
		     UA_TYPES_BOOLEAN);
	add_property(builder, NODE(HASSECUREELEMENT), to, "HasSecureElement", &yes,
		     UA_TYPES_BOOLEAN);
	add_property(builder, SUPPORTS_TRANSACTIONS, to, "SupportsTransactions", &yes,
		     UA_TYPES_BOOLEAN);
	add_property(builder, IN_APPLICATION_SETUP, to, "InApplicationSetup", &no,
		     UA_TYPES_BOOLEAN);
}

static void add_diagnostics(struct builder *builder)
{
	const UA_UInt32 to = NODE(TRANSACTIONDIAGNOSTICS);
	const UA_DateTime never = 0;
	const UA_StatusCode result = UA_STATUSCODE_GOOD;

	begin_object(builder, to, UA_NS0ID_SERVERCONFIGURATION, "TransactionDiagnostics",
		     UA_NS0ID_TRANSACTIONDIAGNOSTICSTYPE, NULL);
	add_property(builder, NODE(TRANSACTIONDIAGNOSTICS_STARTTIME), to, "StartTime", &never,
		     UA_TYPES_DATETIME);
	add_property(builder, NODE(TRANSACTIONDIAGNOSTICS_ENDTIME), to, "EndTime", &never,
		     UA_TYPES_DATETIME);
	add_property(builder, NODE(TRANSACTIONDIAGNOSTICS_RESULT), to, "Result", &result,
		     UA_TYPES_STATUSCODE);
	add_array(builder, NODE(TRANSACTIONDIAGNOSTICS_AFFECTEDTRUSTLISTS), to,
		  "AffectedTrustLists", NULL, 0, UA_TYPES_NODEID);
	add_array(builder, NODE(TRANSACTIONDIAGNOSTICS_AFFECTEDCERTIFICATEGROUPS), to,
		  "AffectedCertificateGroups", NULL, 0, UA_TYPES_NODEID);
	add_array(builder, NODE(TRANSACTIONDIAGNOSTICS_ERRORS), to, "Errors", NULL, 0,
		  UA_TYPES_TRANSACTIONERRORTYPE);
	finish_object(builder, to);
}

UA_StatusCode push_nodes_add(UA_Server *server, const struct push_nodes_options *options)
{
	struct builder builder = {server, UA_STATUSCODE_GOOD};
	const UA_UInt32 to = UA_NS0ID_SERVERCONFIGURATION;

	begin_object(&builder, to, UA_NS0ID_SERVER, "ServerConfiguration",
		     UA_NS0ID_SERVERCONFIGURATIONTYPE, options->context);
	begin_object(&builder, NODE(CERTIFICATEGROUPS), to, "CertificateGroups",
		     UA_NS0ID_CERTIFICATEGROUPFOLDERTYPE, NULL);
	for (int group = 0; group < PUSH_GROUPS; group++) {
		if (options->has_group[group])
			add_group(&builder, (enum push_group)group);
	}
	finish_object(&builder, NODE(CERTIFICATEGROUPS));
	add_properties(&builder, options->trust_list_max);
	add_diagnostics(&builder);
	add_methods(&builder, PUSH_OF_SERVER, PUSH_APPLICATION, to);
	finish_object(&builder, to);
	take_type_methods(&builder);
	return builder.status;
}

static void set(UA_Server *server, UA_UInt32 id, const void *value, unsigned type)
{
	UA_Variant variant;

	UA_Variant_setScalar(&variant, (void *)(uintptr_t)value, &UA_TYPES[type]);
	(void)UA_Server_writeValue(server, node(id), variant);
}

static void set_array(UA_Server *server, UA_UInt32 id, const void *values, size_t count,
		      unsigned type)
{
	UA_Variant variant;

	UA_Variant_setArray(&variant, count ? (void *)(uintptr_t)values : UA_EMPTY_ARRAY_SENTINEL,
			    count, &UA_TYPES[type]);
	(void)UA_Server_writeValue(server, node(id), variant);
}

void push_nodes_set_list(UA_Server *server, enum push_group group, UA_UInt64 size,
			 UA_UInt16 open_count)
{
	set(server, list_sizes[group], &size, UA_TYPES_UINT64);
	set(server, list_open_counts[group], &open_count, UA_TYPES_UINT16);
}

void push_nodes_set_updated(UA_Server *server, enum push_group group, UA_DateTime updated)
{
	set(server, list_updates[group], &updated, UA_TYPES_DATETIME);
}

void push_nodes_set_setup(UA_Server *server, UA_Boolean is_on)
{
	set(server, IN_APPLICATION_SETUP, &is_on, UA_TYPES_BOOLEAN);
}

static size_t nodes_of(unsigned groups, bool are_lists, UA_NodeId *ret_nodes)
{
	size_t count = 0;

	for (int group = 0; group < PUSH_GROUPS; group++) {
		const struct push_group_kind *kind = push_group_kind((enum push_group)group);

		if (groups & 1u << group)
			ret_nodes[count++] = node(are_lists ? kind->list : kind->id);
	}
	return count;
}

void push_nodes_set_report(UA_Server *server, const struct push_report *report)
{
	const struct push_group_kind *failed =
		push_group_kind((enum push_group)report->failed_group);
	UA_TransactionErrorType error = {.error = report->error};
	UA_NodeId nodes[PUSH_GROUPS];

	error.targetId = node(report->is_list_failed ? failed->list : failed->id);
	error.message = shown(report->message);
	set(server, NODE(TRANSACTIONDIAGNOSTICS_STARTTIME), &report->begun, UA_TYPES_DATETIME);
	set(server, NODE(TRANSACTIONDIAGNOSTICS_ENDTIME), &report->ended, UA_TYPES_DATETIME);
	set(server, NODE(TRANSACTIONDIAGNOSTICS_RESULT), &report->result, UA_TYPES_STATUSCODE);
	set_array(server, NODE(TRANSACTIONDIAGNOSTICS_AFFECTEDTRUSTLISTS), nodes,
		  nodes_of(report->lists, true, nodes), UA_TYPES_NODEID);
	set_array(server, NODE(TRANSACTIONDIAGNOSTICS_AFFECTEDCERTIFICATEGROUPS), nodes,
		  nodes_of(report->groups, false, nodes), UA_TYPES_NODEID);
	set_array(server, NODE(TRANSACTIONDIAGNOSTICS_ERRORS), &error,
		  report->error == UA_STATUSCODE_GOOD ? 0 : 1, UA_TYPES_TRANSACTIONERRORTYPE);
}
