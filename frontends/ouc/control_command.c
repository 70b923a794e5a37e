#include "control_command.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "data_block.h"

/* What a command has besides "command". */
enum member { MEMBER_CONNECTION, MEMBER_BLOCK, MEMBER_VALUES, MEMBER_WAIT };
#define MEMBERS	  (MEMBER_WAIT + 1)
#define HAS(name) (1u << MEMBER_##name)

static const char *const members[MEMBERS] = {
	[MEMBER_CONNECTION] = "connection",
	[MEMBER_BLOCK] = "block",
	[MEMBER_VALUES] = "values",
	[MEMBER_WAIT] = "wait",
};

static const struct {
	const char *name;
	unsigned needs, may_have;
} verbs[CONTROL_VERBS] = {
	[CONTROL_LIST] = {"list", 0, 0},
	[CONTROL_BLOCKS] = {"blocks", 0, 0},
	[CONTROL_SHOW] = {"show", HAS(CONNECTION), 0},
	[CONTROL_SEND] = {"send", HAS(CONNECTION), HAS(VALUES) | HAS(WAIT)},
	[CONTROL_SET] = {"set", HAS(BLOCK) | HAS(VALUES), 0},
	[CONTROL_GET] = {"get", HAS(BLOCK), 0},
	[CONTROL_WATCH] = {"watch", 0, 0},
};

__attribute__((format(printf, 2, 3))) static bool fail(char *problem, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(problem, CONTROL_PROBLEM_MAX, format, list);
	va_end(list);
	return false;
}

/* Before it is parsed, since the parser goes as deep as the text does. */
static bool is_shallow(const char *line, size_t len)
{
	bool is_string = false;
	unsigned depth = 0;

	for (size_t i = 0; i < len; i++) {
		if (line[i] == '"')
			is_string = !is_string;
		else if (is_string && line[i] == '\\')
			i++;
		else if (!is_string && (line[i] == '{' || line[i] == '['))
			depth++;
		else if (!is_string && (line[i] == '}' || line[i] == ']') && depth)
			depth--;
		if (depth > CONTROL_DEPTH_MAX)
			return false;
	}
	return true;
}

/* NULL: it is no string, or what others would take for the end is in the middle of it. */
static const char *text_of(const json_t *value)
{
	const char *text = json_string_value(value);

	return text && strlen(text) == json_string_length(value) ? text : NULL;
}

static bool verb_find(const json_t *line, enum control_verb *ret_verb, char *problem)
{
	const char *name = text_of(json_object_get(line, "command"));

	if (!name)
		return fail(problem, "an object with a string \"command\" is needed, like "
				     "{\"command\":\"list\"}");
	for (enum control_verb i = 0; i < CONTROL_VERBS; i++)
		if (strcmp(verbs[i].name, name) == 0) {
			*ret_verb = i;
			return true;
		}
	return fail(problem,
		    "there is no command '%.64s': list, blocks, show, send, set, get and watch are",
		    name);
}

/* Whether it has what its command needs, and nothing that it does not know. */
static bool members_check(const json_t *line, enum control_verb verb, char *problem)
{
	unsigned takes = verbs[verb].needs | verbs[verb].may_have;
	size_t known = 1;

	for (enum member i = 0; i < MEMBERS; i++) {
		bool is_there = json_object_get(line, members[i]) != NULL;

		if (!is_there && verbs[verb].needs & 1u << i)
			return fail(problem, "%s needs \"%s\"", verbs[verb].name, members[i]);
		if (is_there && !(takes & 1u << i))
			return fail(problem, "%s takes no \"%s\"", verbs[verb].name, members[i]);
		known += is_there;
	}
	if (json_object_size(line) != known)
		return fail(problem, "it has a member that no command knows: command, connection, "
				     "block, values and wait are known");
	return true;
}

static bool is_plain(const json_t *value)
{
	return json_is_boolean(value) || json_is_number(value) || json_is_string(value);
}

static bool value_check(const char *name, const json_t *value, char *problem)
{
	bool is_fine = is_plain(value) || json_is_array(value);

	for (size_t i = 0; is_fine && json_is_array(value) && i < json_array_size(value); i++)
		is_fine = is_plain(json_array_get(value, i));
	if (!is_fine)
		return fail(problem,
			    "%.64s: a value is a boolean, a number, a string, or an array "
			    "of these",
			    name);
	return true;
}

static bool values_read(const json_t *values, struct control_command *command, char *problem)
{
	/* What iterates takes no const. */
	json_t *object = json_object_get(command->line, members[MEMBER_VALUES]);
	const char *name;
	json_t *value;

	if (!values)
		return true;
	if (!json_is_object(values))
		return fail(problem, "\"values\" is an object, like {\"Var1\":true}");
	json_object_foreach(object, name,
			    value) if (!value_check(name, value, problem)) return false;
	command->values = values;
	return true;
}

static bool name_read(const json_t *value, const char *member, const char **name, char *problem)
{
	const char *text = text_of(value);

	if (!value)
		return true;
	if (!text || !data_name_is_valid(text))
		return fail(problem, "\"%s\" is a name: letters, digits, '_' and '-', up to %d",
			    member, DATA_NAME_MAX);
	*name = text;
	return true;
}

static bool wait_read(const json_t *value, bool *waits, char *problem)
{
	if (value && !json_is_boolean(value))
		return fail(problem, "\"wait\" is true or false");
	*waits = json_is_true(value);
	return true;
}

static bool command_read(struct control_command *command, char *problem)
{
	const json_t *line = command->line;
	const json_t *found[MEMBERS];

	if (!verb_find(line, &command->verb, problem) ||
	    !members_check(line, command->verb, problem))
		return false;
	for (enum member i = 0; i < MEMBERS; i++)
		found[i] = json_object_get(line, members[i]);
	return name_read(found[MEMBER_CONNECTION], members[MEMBER_CONNECTION], &command->name,
			 problem) &&
	       name_read(found[MEMBER_BLOCK], members[MEMBER_BLOCK], &command->name, problem) &&
	       values_read(found[MEMBER_VALUES], command, problem) &&
	       wait_read(found[MEMBER_WAIT], &command->waits, problem);
}

bool control_command_parse(const char *line, size_t len, struct control_command *ret_command,
			   char problem[CONTROL_PROBLEM_MAX])
{
	struct control_command command = {0};
	json_error_t error;

	if (!is_shallow(line, len))
		return fail(problem, "it is nested more than %d deep", CONTROL_DEPTH_MAX);
	/* A String may hold a NUL. */
	command.line = json_loadb(line, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
	if (!command.line)
		return fail(problem, "it is no JSON: %s (at byte %d)", error.text, error.position);
	if (!command_read(&command, problem)) {
		json_decref(command.line);
		return false;
	}
	*ret_command = command;
	return true;
}

void control_command_clear(struct control_command *command)
{
	json_decref(command->line);
	*command = (struct control_command){0};
}
