#include "ctl_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl_text.h"

static enum ctl_exit no_memory(const struct ctl_run *run)
{
	return ctl_fail(run, CTL_FAILED, "out of memory");
}

/* {"connections":[…],"blocks":[…]} */
static json_t *list_json(const json_t *parts, json_t *reply)
{
	json_t *connections = json_array();

	for (size_t i = 0; i < json_array_size(parts); i++)
		if (json_array_append(connections, json_object_get(json_array_get(parts, i),
								   "connection")) < 0) {
			json_decref(connections);
			return NULL;
		}
	return json_pack("{s:o, s:O}", "connections", connections, "blocks",
			 json_object_get(reply, "blocks"));
}

enum ctl_exit ctl_list(const struct ctl_run *run)
{
	json_t *parts = NULL;
	json_t *reply = NULL;
	enum ctl_exit code = ctl_ask(run, json_pack("{s:s}", "command", "list"), &parts, &reply);

	if (code != CTL_OK)
		return code;
	if (run->json)
		code = ctl_print_json(run, list_json(parts, reply));
	else if (!ctl_print_list(parts))
		code = no_memory(run);
	json_decref(parts);
	json_decref(reply);
	return code;
}

static enum ctl_exit ask_connection(const struct ctl_run *run, const char *name, json_t **ret_reply)
{
	return ctl_ask(run, json_pack("{s:s, s:s}", "command", "show", "connection", name), NULL,
		       ret_reply);
}

enum ctl_exit ctl_show(const struct ctl_run *run)
{
	json_t *reply = NULL;
	enum ctl_exit code = ask_connection(run, run->words[0], &reply);

	if (code != CTL_OK)
		return code;
	if (run->json)
		code = ctl_print_json(run, json_incref(json_object_get(reply, "connection")));
	else if (!ctl_print_connection(json_object_get(reply, "connection")))
		code = no_memory(run);
	json_decref(reply);
	return code;
}

enum ctl_exit ctl_get(const struct ctl_run *run)
{
	json_t *reply = NULL;
	enum ctl_exit code =
		ctl_ask(run, json_pack("{s:s, s:s}", "command", "get", "block", run->words[0]),
			NULL, &reply);

	if (code != CTL_OK)
		return code;
	if (run->json) {
		(void)json_object_del(reply, "ok");
		return ctl_print_json(run, reply);
	}
	if (!ctl_print_block(reply))
		code = no_memory(run);
	json_decref(reply);
	return code;
}

/* FIELD=VALUE of the words from the second on. CTL_OK: *ret_values, or it was told. */
static enum ctl_exit read_values(const struct ctl_run *run, json_t **ret_values)
{
	json_t *values = json_object();
	enum ctl_exit code = CTL_USAGE;

	for (int i = 1; i < run->word_count; i++) {
		const char *word = run->words[i];
		const char *equals = strchr(word, '=');
		char *field;

		if (!equals || equals == word) {
			code = ctl_fail(run, CTL_USAGE, "'%s' is not FIELD=VALUE, like Var1=TRUE",
					word);
			goto out;
		}
		field = strndup(word, (size_t)(equals - word));
		if (!field) {
			code = no_memory(run);
			goto out;
		}
		if (json_object_get(values, field)) {
			code = ctl_fail(run, CTL_USAGE, "%s is given twice", field);
			free(field);
			goto out;
		}
		if (json_object_set_new(values, field, json_string(equals + 1)) < 0) {
			code = ctl_fail(run, CTL_USAGE, "'%s' is not in UTF-8", field);
			free(field);
			goto out;
		}
		free(field);
	}
	*ret_values = values;
	return CTL_OK;
out:
	json_decref(values);
	return code;
}

enum ctl_exit ctl_set(const struct ctl_run *run)
{
	json_t *values = NULL;
	json_t *reply = NULL;
	enum ctl_exit code = read_values(run, &values);

	if (code == CTL_OK)
		code = ctl_ask(run,
			       json_pack("{s:s, s:s, s:o}", "command", "set", "block",
					 run->words[0], "values", values),
			       NULL, &reply);
	if (code != CTL_OK)
		return code;
	json_decref(reply);
	if (run->json)
		return ctl_print_json(run, json_pack("{s:s}", "block", run->words[0]));
	printf("%s is set\n", run->words[0]);
	return CTL_OK;
}

enum ctl_exit ctl_send(const struct ctl_run *run)
{
	json_t *values = NULL;
	json_t *reply = NULL;
	json_t *request;
	enum ctl_exit code = read_values(run, &values);

	if (code != CTL_OK)
		return code;
	request = json_pack("{s:s, s:s, s:b}", "command", "send", "connection", run->words[0],
			    "wait", run->waits);
	if (json_object_size(values) && request && json_object_set(request, "values", values) < 0) {
		json_decref(request);
		request = NULL;
	}
	json_decref(values);
	code = ctl_ask(run, request, NULL, &reply);
	if (code != CTL_OK)
		return code;
	if (run->json)
		code = ctl_print_json(run, json_pack("{s:s, s:s}", "connection", run->words[0],
						     "state", ctl_string(reply, "state")));
	else
		printf("%s: %s\n", run->words[0],
		       strcmp(ctl_string(reply, "state"), "done") == 0 ? "sent" : "is being sent");
	json_decref(reply);
	return code;
}

static bool is_about(const json_t *event, const char *connection)
{
	return !connection || strcmp(ctl_string(event, "connection"), connection) == 0 ||
	       strcmp(ctl_string(event, "event"), "lost") == 0;
}

/* As long as keystore-ouc is there. */
static enum ctl_exit print_events(const struct ctl_run *run, const char *connection)
{
	char problem[CONTROL_LINK_PROBLEM_MAX];
	json_t *event = NULL;

	while (control_link_hear(run->link, &event, problem)) {
		enum ctl_exit code = CTL_OK;

		if (json_is_false(json_object_get(event, "ok")))
			code = ctl_fail(run, CTL_FAILED, "%s", ctl_string(event, "message"));
		else if (is_about(event, connection) && run->json)
			code = ctl_print_json(run, json_incref(event));
		else if (is_about(event, connection) && !ctl_print_event(event))
			code = no_memory(run);
		json_decref(event);
		if (code != CTL_OK)
			return code;
		if (fflush(stdout) == EOF)
			return ctl_fail(run, CTL_FAILED, "standard output takes no more");
	}
	return ctl_fail(run, CTL_FAILED, "%s", problem);
}

enum ctl_exit ctl_watch(const struct ctl_run *run)
{
	const char *connection = run->word_count ? run->words[0] : NULL;
	json_t *reply = NULL;
	enum ctl_exit code = CTL_OK;

	/* A name that is none would be watched for ever. */
	if (connection)
		code = ask_connection(run, connection, &reply);
	if (code != CTL_OK)
		return code;
	json_decref(reply);
	code = ctl_ask(run, json_pack("{s:s}", "command", "watch"), NULL, &reply);
	if (code != CTL_OK)
		return code;
	json_decref(reply);
	return print_events(run, connection);
}
