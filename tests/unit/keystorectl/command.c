#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "table.h"

Test(command, is_found_by_its_one_or_two_words)
{
	size_t used = 0;

	cr_assert_str_eq(command_find((const char *const[]){"sign", "plc"}, 2, &used)->name,
			 "sign");
	cr_assert_eq(used, 1);
	cr_assert_str_eq(command_find((const char *const[]){"key", "pin", "x"}, 3, &used)->name,
			 "key pin");
	cr_assert_eq(used, 2);
	cr_assert_null(command_find((const char *const[]){"key"}, 1, &used));
	cr_assert_null(command_find((const char *const[]){"key", "pi"}, 2, &used));
	cr_assert_null(command_find((const char *const[]){"sig"}, 1, &used));
	cr_assert_null(command_find(NULL, 0, &used));
}

static void for_each_command(void (*check)(const struct command *command))
{
	for (size_t i = 0; command_groups[i]; i++)
		for (const struct command *command = command_groups[i]; command->name; command++)
			check(command);
}

static void check_needs(const struct command *command)
{
	cr_assert_eq(command->needs & ~command->options, 0);
	cr_assert_not_null(command->run);
	cr_assert_not_null(command->summary);
}

Test(command, needs_only_options_that_it_takes)
{
	for_each_command(check_needs);
}

static void check_help(const struct command *command)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	char *rest;

	command_print_help(command, out);
	command_print_list(out);
	fclose(out);
	rest = text;
	for (char *line; (line = strsep(&rest, "\n"));)
		cr_assert_leq(text_width(line), TABLE_WIDTH, "%s", line);
	free(text);
}

Test(command, explains_itself_in_80_columns)
{
	for_each_command(check_help);
}

Test(command, failures_have_an_exit_code_by_class)
{
	cr_assert_eq(exit_code_of(KS_OK), 0);
	cr_assert_eq(exit_code_of(KS_INTERNAL), 1);
	cr_assert_eq(exit_code_of(KS_TPM), 1);
	cr_assert_eq(exit_code_of(KS_INVALID), 2);
	cr_assert_eq(exit_code_of(KS_NOT_FOUND), 3);
	cr_assert_eq(exit_code_of(KS_DENIED), 4);
	cr_assert_eq(exit_code_of(KS_UNREACHABLE), 5);
	cr_assert_eq(exit_code_of(KS_BUSY), 6);
	cr_assert_eq(exit_code_of(KS_EXISTS), 7);
	cr_assert_eq(exit_code_of(KS_UNSUPPORTED), 8);
	cr_assert_eq(exit_code_of(KS_DECRYPT_FAILED), 9);
}
