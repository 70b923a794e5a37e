#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "arguments.h"
#include "keystore.h"

/* @line: the arguments, separated by blanks. */
static bool parse(const char *line, struct arguments *arguments, char *problem)
{
	static char copy[256];
	char *argv[16] = {copy};
	int argc = 0;

	snprintf(copy, sizeof(copy), "keystorectl %s", line);
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	return arguments_parse(argc, argv, arguments, problem);
}

Test(arguments, may_have_options_anywhere)
{
	struct arguments arguments;
	char problem[PROBLEM_BYTES] = "";

	cr_assert(parse("--json key --algorithm ec-p256 create plc-1 --socket=/run/x=y", &arguments,
			problem));
	cr_assert_eq(arguments.word_count, 3);
	cr_assert_str_eq(arguments.words[2], "plc-1");
	cr_assert_not_null(arguments.values[OPTION_JSON]);
	cr_assert_str_eq(arguments.values[OPTION_ALGORITHM], "ec-p256");
	cr_assert_str_eq(arguments.values[OPTION_SOCKET], "/run/x=y");
	cr_assert_null(arguments.values[OPTION_OUT]);
}

Test(arguments, take_a_lone_dash_and_what_follows_two_as_words)
{
	struct arguments arguments;
	char problem[PROBLEM_BYTES] = "";

	cr_assert(parse("- -- --json", &arguments, problem));
	cr_assert_eq(arguments.word_count, 2);
	cr_assert_str_eq(arguments.words[0], "-");
	cr_assert_str_eq(arguments.words[1], "--json");
	cr_assert_null(arguments.values[OPTION_JSON]);
}

Test(arguments, explain_what_is_wrong_with_them)
{
	struct arguments arguments;
	char problem[PROBLEM_BYTES];

	cr_assert(!parse("--jsn", &arguments, problem));
	cr_assert_not_null(strstr(problem, "--jsn"));
	cr_assert(!parse("--json=1", &arguments, problem));
	cr_assert_not_null(strstr(problem, "takes no value"));
	cr_assert(!parse("sign --out", &arguments, problem));
	cr_assert_not_null(strstr(problem, "--out FILE"));
	cr_assert(!parse("--out=a --out=b", &arguments, problem));
	cr_assert_not_null(strstr(problem, "twice"));
	cr_assert(!parse("1 2 3 4 5 6 7 8 9", &arguments, problem));
	cr_assert_not_null(strstr(problem, "'9'"));
}

Test(arguments, read_lists_of_operations)
{
	unsigned operations = 99;

	cr_assert(parse_operations("sign", &operations));
	cr_assert_eq(operations, KS_OPERATION_SIGN);
	cr_assert(parse_operations("decrypt,sign", &operations));
	cr_assert_eq(operations, KS_OPERATION_SIGN | KS_OPERATION_DECRYPT);
	cr_assert(parse_operations("none", &operations));
	cr_assert_eq(operations, 0);
	cr_assert(parse_operations("", &operations));
	cr_assert_eq(operations, 0);
	cr_assert(!parse_operations("sign,", &operations));
	cr_assert(!parse_operations("signs", &operations));
	cr_assert(!parse_operations("sign,none", &operations));
}

Test(arguments, read_seconds_and_numbers)
{
	uint32_t value = 0;

	cr_assert(parse_seconds("2.5", &value));
	cr_assert_eq(value, 2500);
	cr_assert(!parse_seconds("0", &value));
	cr_assert(!parse_seconds("-1", &value));
	cr_assert(!parse_seconds("nan", &value));
	cr_assert(!parse_seconds("1e9", &value));
	cr_assert(!parse_seconds("1s", &value));
	cr_assert(!parse_seconds("", &value));
	cr_assert(parse_number("4294967295", &value));
	cr_assert_eq(value, UINT32_MAX);
	cr_assert(!parse_number("4294967296", &value));
	cr_assert(!parse_number("-1", &value));
	cr_assert(!parse_number(" 1", &value));
	cr_assert(!parse_number("", &value));
}

Test(arguments, read_large_numbers)
{
	uint64_t value = 0;

	cr_assert(parse_large("18446744073709551615", &value));
	cr_assert_eq(value, UINT64_MAX);
	cr_assert(!parse_large("18446744073709551616", &value));
	cr_assert(!parse_large("-1", &value));
	cr_assert(!parse_large("1x", &value));
}
