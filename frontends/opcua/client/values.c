/* read, write. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attribute.h"
#include "command.h"
#include "data_type.h"
#include "data_value.h"
#include "json_text.h"
#include "node_id.h"
#include "table.h"
#include "value.h"

struct reading {
	const struct program *program;
	struct server_link *link;
	UA_ReadValueId ids[WORDS_MAX];
	size_t count;
	uint32_t attribute;
};

static enum exit_code ask_for(struct reading *reading, UA_ReadResponse *ret_response)
{
	UA_ReadRequest request = {.timestampsToReturn = UA_TIMESTAMPSTORETURN_BOTH,
				  .nodesToRead = reading->ids,
				  .nodesToReadSize = reading->count};
	UA_ReadResponse response =
		UA_Client_Service_read(server_link_client(reading->link), request);
	UA_StatusCode status = response.responseHeader.serviceResult;

	if (status == UA_STATUSCODE_GOOD && response.resultsSize != reading->count)
		status = UA_STATUSCODE_BADUNEXPECTEDERROR;
	if (status == UA_STATUSCODE_GOOD) {
		*ret_response = response;
		return EXIT_OK;
	}
	UA_ReadResponse_clear(&response);
	return server_link_fail(reading->link, status, "reading");
}

static enum exit_code print_one(const struct reading *reading, const UA_DataValue *value)
{
	char *text = data_value_text(value);
	char time[SCALAR_TIME_BYTES];
	char type[VALUE_TYPE];

	if (!text)
		return program_no_memory(reading->program);
	value_type_text(&value->value, type);
	data_value_time(value, time);
	fact_print(stdout, "node", "%s", reading->program->words[0]);
	if (reading->attribute != UA_ATTRIBUTEID_VALUE)
		fact_print(stdout, "attribute", "%s", attribute_name(reading->attribute));
	if (*type)
		fact_print(stdout, "type", "%s", type);
	fact_print(stdout, "value", "%s", text);
	if (value->hasStatus && value->status != UA_STATUSCODE_GOOD)
		fact_print(stdout, "status", "%s", status_name(value->status));
	if (*time)
		fact_print(stdout, "time", "%s", time);
	free(text);
	return EXIT_OK;
}

static enum exit_code print_table(const struct reading *reading, const UA_DataValue *values)
{
	static const char *const heads[] = {"NODE", "TYPE", "TIME", "VALUE"};
	struct table *table = table_new(heads, sizeof(heads) / sizeof(heads[0]));
	bool is_ok = table != NULL;

	for (size_t i = 0; is_ok && i < reading->count; i++) {
		char *text = data_value_text(&values[i]);
		char time[SCALAR_TIME_BYTES];
		char type[VALUE_TYPE];

		value_type_text(&values[i].value, type);
		data_value_time(&values[i], time);
		is_ok = text && table_add(table, (const char *const[]){reading->program->words[i],
								       type, time, text});
		free(text);
	}
	if (is_ok)
		table_print(table, stdout, 0);
	table_free(table);
	return is_ok ? EXIT_OK : program_no_memory(reading->program);
}

static enum exit_code print_json(const struct reading *reading, const UA_DataValue *values)
{
	json_t *list = json_array();

	for (size_t i = 0; i < reading->count; i++)
		json_append(&list, data_value_json(reading->program->words[i], &values[i]));
	return program_print_json(reading->program,
				  list ? json_pack("{s:o}", "values", list) : NULL);
}

/* What could be read is printed; the first that could not is told. */
static enum exit_code print_values(const struct reading *reading, const UA_DataValue *values)
{
	enum exit_code code;

	if (reading->count == 1 && data_value_is_bad(&values[0]))
		return server_link_fail(reading->link, values[0].status, "reading %s",
					reading->program->words[0]);
	code = reading->program->json ? print_json(reading, values)
	       : reading->count == 1  ? print_one(reading, values)
				      : print_table(reading, values);
	for (size_t i = 0; code == EXIT_OK && i < reading->count; i++)
		if (data_value_is_bad(&values[i]))
			code = server_link_fail(reading->link, values[i].status, "reading %s",
						reading->program->words[i]);
	return code;
}

static enum exit_code run_read(struct reading *reading)
{
	const struct program *program = reading->program;
	UA_ReadResponse response = {0};
	enum exit_code code = EXIT_OK;

	for (size_t i = 0; code == EXIT_OK && i < program->word_count; i++) {
		code = node_id_read(program, reading->link, program->words[i],
				    &reading->ids[i].nodeId);
		reading->ids[i].attributeId = reading->attribute;
		reading->count = i + 1;
	}
	if (code == EXIT_OK)
		code = ask_for(reading, &response);
	if (code == EXIT_OK)
		code = print_values(reading, response.results);
	UA_ReadResponse_clear(&response);
	for (size_t i = 0; i < reading->count; i++)
		UA_ReadValueId_clear(&reading->ids[i]);
	return code;
}

static enum exit_code command_read(struct program *program)
{
	const char *name = program_option(program, OPTION_ATTRIBUTE);
	struct reading reading = {.program = program,
				  .attribute =
					  name ? attribute_from_name(name) : UA_ATTRIBUTEID_VALUE};
	enum exit_code code;

	if (!reading.attribute)
		return program_fail(program, EXIT_USAGE,
				    "--attribute %s: nodes have none of that name; NodeId, "
				    "NodeClass, BrowseName, DisplayName, Description, Value, "
				    "DataType, ValueRank and AccessLevel are some that they have",
				    name);
	code = server_link_open(program, &reading.link);
	if (code == EXIT_OK)
		code = run_read(&reading);
	server_link_close(reading.link);
	return code;
}

static enum exit_code write_value(const struct program *program, struct server_link *link,
				  const UA_NodeId *node, const UA_Variant *value)
{
	UA_StatusCode status =
		UA_Client_writeValueAttribute(server_link_client(link), *node, value);

	if (status != UA_STATUSCODE_GOOD)
		return server_link_fail(link, status, "writing %s", program->words[0]);
	if (program->json)
		return program_print_json(program,
					  json_pack("{s:s, s:o}", "node_id", program->words[0],
						    "value", value_json(value)));
	printf("%s is written\n", program->words[0]);
	return EXIT_OK;
}

static enum exit_code run_write(const struct program *program, struct server_link *link)
{
	const char *text = program->words[1];
	char problem[VALUE_PROBLEM];
	UA_NodeId node = UA_NODEID_NULL;
	struct data_type type = {0};
	UA_Variant value = {0};
	enum exit_code code = node_id_read(program, link, program->words[0], &node);

	if (code == EXIT_OK)
		code = data_type_of_node(program, link, program->words[0], &node, &type);
	if (code == EXIT_OK &&
	    !value_read(type.type, type.is_array || (type.may_be_array && *text == '['), text,
			&value, problem))
		code = program_fail(program, EXIT_USAGE, "%s: %s", program->words[0], problem);
	if (code == EXIT_OK)
		code = write_value(program, link, &node, &value);
	UA_Variant_clear(&value);
	UA_NodeId_clear(&node);
	return code;
}

static enum exit_code command_write(struct program *program)
{
	struct server_link *link = NULL;
	enum exit_code code = server_link_open(program, &link);

	if (code == EXIT_OK)
		code = run_write(program, link);
	server_link_close(link);
	return code;
}

const struct command commands_value[] = {
	{
		.name = "read",
		.words = "NODE...",
		.least = 1,
		.most = WORDS_MAX,
		.options = HAS_SERVER | HAS(ATTRIBUTE),
		.summary = "what nodes hold",
		.run = command_read,
	},
	{
		.name = "write",
		.words = "NODE VALUE",
		.least = 2,
		.most = 2,
		.options = HAS_SERVER | HAS(TYPE),
		.summary = "change what a node holds",
		.help = "VALUE is written as the node's type wants it: 42, 1.5, true, any text,\n"
			"2026-03-01T12:00:00Z, bytes in base64 or like hex:0aff; structures in "
			"JSON,\narrays as JSON arrays, like '[1,2,3]'.",
		.run = command_write,
	},
	{.name = NULL},
};
