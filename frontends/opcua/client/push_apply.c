#include "push_apply.h"

#include <stdio.h>

#include "push_group.h"

static enum exit_code tell(const struct program *program, const char *what, bool is_applied)
{
	if (program->json)
		return program_print_json(program, json_pack("{s:b}", "applied", is_applied));
	printf("%s %s\n", what,
	       is_applied ? "is in force"
			  : "waits: the server drops it with this session, unless it keeps it for "
			    "push apply");
	return EXIT_OK;
}

/*
 * Whoever applies a certificate ends his own channel. The answer should come before that
 * (OPC 10000-12 7.10.10).
 */
static bool is_end_of_channel(UA_StatusCode status)
{
	return status == UA_STATUSCODE_BADSECURECHANNELCLOSED ||
	       status == UA_STATUSCODE_BADCONNECTIONCLOSED;
}

enum exit_code push_finish(const struct program *program, struct server_link *link,
			   bool has_to_apply, const char *what)
{
	UA_Variant *outputs = NULL;
	size_t count = 0;
	UA_StatusCode status;

	if (!has_to_apply)
		return tell(program, what, true);
	if (program_has(program, OPTION_NO_APPLY))
		return tell(program, what, false);
	status = push_call(link, UA_NS0ID_SERVERCONFIGURATION_APPLYCHANGES, 0, NULL, &count,
			   &outputs);
	UA_Array_delete(outputs, count, &UA_TYPES[UA_TYPES_VARIANT]);
	if (status == UA_STATUSCODE_GOOD)
		return tell(program, what, true);
	if (is_end_of_channel(status))
		return program_fail_named(program, EXIT_UNAVAILABLE, status_name(status),
					  "the server ended the connection instead of answering: "
					  "whether %s is in force, push certificates and push "
					  "trust get show",
					  what);
	return server_link_fail(link, status, "applying %s", what);
}
