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

Test(arguments, take_ids_with_and_without_their_sign)
{
	static const char *const wrong[] = {
		"", "#", "0", "#0", "-1", " 1", "1 ", "##1", "9223372036854775808"};
	uint64_t id = 0;

	cr_assert(parse_id("7", &id));
	cr_assert_eq(id, 7u);
	cr_assert(parse_id("#9223372036854775807", &id));
	cr_assert_eq(id, INT64_MAX);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_assert(!parse_id(wrong[i], &id), "%s", wrong[i]);
}

Test(arguments, take_times_that_exist)
{
	static const char *const wrong[] = {"",
					    "2026",
					    "2026-02-30",
					    "2026-13-01",
					    "2026-03-01T12:00",
					    "2026-03-01T25:00:00Z",
					    "2026-03-01x",
					    "1960-01-01"};
	int64_t seconds = 0;

	cr_assert(parse_time("1970-01-02", &seconds));
	cr_assert_eq(seconds, 86400);
	cr_assert(parse_time("2026-03-01T12:00:01Z", &seconds));
	cr_assert_eq(seconds, 1772366401);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_assert(!parse_time(wrong[i], &seconds), "%s", wrong[i]);
}
