/* call: methods. */
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "data_type.h"
#include "json_text.h"
#include "node_id.h"
#include "table.h"
#include "value.h"

#define NAME_BYTES 256

struct arguments {
	UA_Argument *list;
	size_t count;
	UA_Variant value; /* that holds them */
};

static void arguments_clear(struct arguments *arguments)
{
	UA_Variant_clear(&arguments->value);
}

/* A method without such a property has no arguments. */
static UA_StatusCode read_property(UA_Client *client, const UA_NodeId *method, const char *name,
				   struct arguments *ret_arguments)
{
	UA_RelativePathElement element = {
		.referenceTypeId = UA_NODEID_NUMERIC(0, UA_NS0ID_HASPROPERTY),
		.targetName = UA_QUALIFIEDNAME(0, (char *)(uintptr_t)name)};
	UA_BrowsePath path = {.startingNode = *method,
			      .relativePath = {.elements = &element, .elementsSize = 1}};
	UA_TranslateBrowsePathsToNodeIdsRequest request = {.browsePaths = &path,
							   .browsePathsSize = 1};
	UA_TranslateBrowsePathsToNodeIdsResponse response =
		UA_Client_Service_translateBrowsePathsToNodeIds(client, request);
	UA_StatusCode status = response.responseHeader.serviceResult;
	struct arguments arguments = {0};

	if (status == UA_STATUSCODE_GOOD && response.resultsSize == 1 &&
	    response.results[0].statusCode == UA_STATUSCODE_GOOD && response.results[0].targetsSize)
		status = UA_Client_readValueAttribute(
			client, response.results[0].targets[0].targetId.nodeId, &arguments.value);
	UA_TranslateBrowsePathsToNodeIdsResponse_clear(&response);
	if (UA_Variant_hasArrayType(&arguments.value, &UA_TYPES[UA_TYPES_ARGUMENT])) {
		arguments.list = arguments.value.data;
		arguments.count = arguments.value.arrayLength;
	}
	*ret_arguments = arguments;
	return status;
}

/* "Speed (Double), Direction (Int32)": what the method takes. */
static void usage_text(const struct arguments *arguments, char *text, size_t size)
{
	size_t len = 0;

	*text = '\0';
	for (size_t i = 0; i < arguments->count && len + NAME_BYTES < size; i++) {
		const UA_DataType *type = UA_findDataType(&arguments->list[i].dataType);
		char name[NAME_BYTES / 2];

		ua_text(&arguments->list[i].name, name, sizeof(name));
		len += (size_t)snprintf(text + len, size - len, "%s%s (%s)", i ? ", " : "", name,
					type ? type->typeName : "a structure");
	}
}

static enum exit_code read_inputs(const struct program *program, struct server_link *link,
				  const struct arguments *arguments, UA_Variant *values)
{
	size_t given = program->word_count - 2;
	char usage[2048];

	if (given != arguments->count) {
		usage_text(arguments, usage, sizeof(usage));
		return program_fail(
			program, EXIT_USAGE, "%s takes %zu arguments%s%s, and %zu were given",
			program->words[1], arguments->count, *usage ? ": " : "", usage, given);
	}
	for (size_t i = 0; i < given; i++) {
		const UA_Argument *argument = &arguments->list[i];
		const char *text = program->words[2 + i];
		char problem[VALUE_PROBLEM];
		struct data_type type;
		char name[NAME_BYTES];
		enum exit_code code;

		ua_text(&argument->name, name, sizeof(name));
		code = data_type_find(program, link, name, &argument->dataType, argument->valueRank,
				      &type);
		if (code != EXIT_OK)
			return code;
		if (!value_read(type.type, type.is_array || (type.may_be_array && *text == '['),
				text, &values[i], problem))
			return program_fail(program, EXIT_USAGE, "%s: %s", name, problem);
	}
	return EXIT_OK;
}

static void output_name(const struct arguments *arguments, size_t i, char name[NAME_BYTES])
{
	snprintf(name, NAME_BYTES, "output %zu", i + 1);
	if (i < arguments->count && arguments->list[i].name.length)
		ua_text(&arguments->list[i].name, name, NAME_BYTES);
}

static enum exit_code print_outputs(const struct program *program,
				    const struct arguments *arguments, const UA_Variant *outputs,
				    size_t count)
{
	json_t *list = json_array();
	enum exit_code code = EXIT_OK;

	for (size_t i = 0; code == EXIT_OK && i < count; i++) {
		char name[NAME_BYTES], type[VALUE_TYPE];
		char *text = NULL;

		output_name(arguments, i, name);
		value_type_text(&outputs[i], type);
		if (program->json) {
			json_append(&list,
				    json_pack("{s:o, s:s, s:o}", "name", json_text(name), "type",
					      type, "value", value_json(&outputs[i])));
			continue;
		}
		text = value_text(&outputs[i]);
		if (text)
			fact_print(stdout, name, "%s", text);
		else
			code = program_no_memory(program);
		free(text);
	}
	if (program->json)
		return program_print_json(program,
					  list ? json_pack("{s:o}", "outputs", list) : NULL);
	json_decref(list);
	if (!count)
		printf("%s is done\n", program->words[1]);
	return code;
}

static enum exit_code call(const struct program *program, struct server_link *link,
			   const UA_NodeId *object, const UA_NodeId *method)
{
	UA_Client *client = server_link_client(link);
	struct arguments inputs = {0}, outputs = {0};
	UA_Variant values[WORDS_MAX] = {0};
	UA_Variant *results = NULL;
	size_t count = 0;
	UA_StatusCode status = read_property(client, method, "InputArguments", &inputs);
	enum exit_code code;

	if (status == UA_STATUSCODE_GOOD)
		status = read_property(client, method, "OutputArguments", &outputs);
	if (status != UA_STATUSCODE_GOOD)
		code = server_link_fail(link, status, "the arguments of %s", program->words[1]);
	else
		code = read_inputs(program, link, &inputs, values);
	if (code == EXIT_OK) {
		status = UA_Client_call(client, *object, *method, program->word_count - 2, values,
					&count, &results);
		code = status == UA_STATUSCODE_GOOD
			       ? print_outputs(program, &outputs, results, count)
			       : server_link_fail(link, status, "calling %s", program->words[1]);
	}
	UA_Array_delete(results, count, &UA_TYPES[UA_TYPES_VARIANT]);
	for (size_t i = 0; i < WORDS_MAX; i++)
		UA_Variant_clear(&values[i]);
	arguments_clear(&inputs);
	arguments_clear(&outputs);
	return code;
}

static enum exit_code command_call(struct program *program)
{
	struct server_link *link = NULL;
	UA_NodeId object = UA_NODEID_NULL, method = UA_NODEID_NULL;
	enum exit_code code = server_link_open(program, &link);

	if (code == EXIT_OK)
		code = node_id_read(program, link, program->words[0], &object);
	if (code == EXIT_OK)
		code = node_id_read(program, link, program->words[1], &method);
	if (code == EXIT_OK)
		code = call(program, link, &object, &method);
	UA_NodeId_clear(&object);
	UA_NodeId_clear(&method);
	server_link_close(link);
	return code;
}

const struct command commands_call[] = {
	{
		.name = "call",
		.words = "OBJECT METHOD [VALUE...]",
		.least = 2,
		.most = WORDS_MAX,
		.options = HAS_SERVER,
		.summary = "call a method of an object",
		.help = "OBJECT and METHOD are NodeIds. Each VALUE is written as for write, of the "
			"type that\nthe method says it takes.",
		.run = command_call,
	},
	{.name = NULL},
};
