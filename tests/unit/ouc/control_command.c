#include "control_command.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "data_block.h"

static struct control_command command;
static char problem[CONTROL_PROBLEM_MAX];

static bool parse(const char *line)
{
	problem[0] = '\0';
	return control_command_parse(line, strlen(line), &command, problem);
}

Test(control_command, knows_each_command)
{
	static const struct {
		const char *line;
		enum control_verb verb;
		const char *name;
	} good[] = {
		{"{\"command\":\"list\"}", CONTROL_LIST, NULL},
		{"{\"command\":\"blocks\"}", CONTROL_BLOCKS, NULL},
		{" { \"command\" : \"watch\" }\r", CONTROL_WATCH, NULL},
		{"{\"command\":\"show\",\"connection\":\"Send\"}", CONTROL_SHOW, "Send"},
		{"{\"block\":\"B\",\"command\":\"get\"}", CONTROL_GET, "B"},
		{"{\"command\":\"set\",\"block\":\"B\",\"values\":{\"x\":1}}", CONTROL_SET, "B"},
		{"{\"command\":\"send\",\"connection\":\"S\"}", CONTROL_SEND, "S"},
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		cr_assert(parse(good[i].line), "%s: %s", good[i].line, problem);
		cr_expect_eq(command.verb, good[i].verb);
		cr_expect_eq(command.name == NULL, good[i].name == NULL);
		if (good[i].name)
			cr_expect_str_eq(command.name, good[i].name);
		cr_expect_not(command.waits);
		control_command_clear(&command);
	}
}

Test(control_command, reads_values_and_whether_to_wait)
{
	cr_assert(parse("{\"command\":\"send\",\"connection\":\"S\",\"wait\":true,"
			"\"values\":{\"a\":true,\"b\":\"16#FF\",\"c\":[1,2.5,\"x\"]}}"),
		  "%s", problem);
	cr_assert(command.waits);
	cr_assert_eq(json_object_size(command.values), 3u);
	control_command_clear(&command);
}

Test(control_command, refuses_what_is_no_command_and_says_why)
{
	static const char *const bad[][2] = {
		{"", "JSON"},
		{"x", "JSON"},
		{"[]", "command"},
		{"\"list\"", "JSON"},
		{"{\"command\":\"list\"} x", "JSON"},
		{"{\"command\":\"list\",\"command\":\"list\"}", "duplicate"},
		{"{\"command\":1}", "command"},
		{"{\"command\":\"list\\u0000\"}", "command"},
		{"{\"command\":\"stop\"}", "stop"},
		{"{\"command\":\"list\",\"connection\":\"S\"}", "list takes no"},
		{"{\"command\":\"show\"}", "show needs \"connection\""},
		{"{\"command\":\"show\",\"connection\":7}", "connection"},
		{"{\"command\":\"show\",\"connection\":\"S\\u0000x\"}", "connection"},
		{"{\"command\":\"show\",\"connection\":\"../x\"}", "connection"},
		{"{\"command\":\"show\",\"connection\":\"S\",\"colour\":1}", "no command knows"},
		{"{\"command\":\"set\",\"block\":\"B\"}", "values"},
		{"{\"command\":\"set\",\"block\":\"B\",\"values\":[1]}", "object"},
		{"{\"command\":\"set\",\"block\":\"B\",\"values\":{\"x\":null}}", "x: a value"},
		{"{\"command\":\"set\",\"block\":\"B\",\"values\":{\"x\":{}}}", "x: a value"},
		{"{\"command\":\"set\",\"block\":\"B\",\"values\":{\"x\":1,\"x\":2}}", "duplicate"},
		{"{\"command\":\"send\",\"connection\":\"S\",\"wait\":1}", "wait"},
		{"{\"command\":\"li\xff\"}", "JSON"},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_expect_not(parse(bad[i][0]), "%s", bad[i][0]);
		cr_expect_not_null(strstr(problem, bad[i][1]), "%s: %s", bad[i][0], problem);
	}
}

Test(control_command, goes_no_deeper_than_an_array_of_values)
{
	cr_assert(parse("{\"command\":\"set\",\"block\":\"B\",\"values\":{\"x\":[1]}}"));
	control_command_clear(&command);
	cr_assert_not(parse("{\"command\":\"set\",\"block\":\"B\",\"values\":{\"x\":[[1]]}}"));
	cr_assert_not_null(strstr(problem, "nested"), "%s", problem);
	/* Brackets of a text are none. */
	cr_assert(parse("{\"command\":\"set\",\"block\":\"B\",\"values\":{\"x\":\"[[\\\"[{\"}}"));
	control_command_clear(&command);
}

Test(control_command, survives_a_line_of_brackets)
{
	static char line[100000];

	memset(line, '[', sizeof(line));
	cr_assert_not(control_command_parse(line, sizeof(line), &command, problem));
}

Test(control_command, takes_a_name_of_the_greatest_length_and_none_longer)
{
	char line[256];
	char name[DATA_NAME_MAX + 2];

	memset(name, 'n', sizeof(name));
	name[DATA_NAME_MAX] = '\0';
	snprintf(line, sizeof(line), "{\"command\":\"get\",\"block\":\"%s\"}", name);
	cr_assert(parse(line), "%s", problem);
	control_command_clear(&command);
	name[DATA_NAME_MAX] = 'n';
	name[DATA_NAME_MAX + 1] = '\0';
	snprintf(line, sizeof(line), "{\"command\":\"get\",\"block\":\"%s\"}", name);
	cr_assert_not(parse(line));
}
