#include "command.h"

#include <string.h>

#define COMMON_OPTIONS (HAS(TIMEOUT) | HAS(JSON) | HAS(VERBOSE) | HAS(HELP) | HAS(VERSION))
#define LEFT_COLUMNS   28
#define TIMEOUT_MS     10000

const struct command *const command_groups[] = {
	commands_discover, commands_browse, commands_value,	 commands_subscribe,
	commands_call,	   commands_push,   commands_push_trust, NULL,
};

/* How many of @words are the name; 0: they are none of it. */
static size_t is_called(const struct command *command, const char *const *words, size_t count)
{
	const char *name = command->name;
	size_t used = 0;

	for (;;) {
		size_t len = strcspn(name, " ");

		if (used == count || strlen(words[used]) != len ||
		    strncmp(words[used], name, len) != 0)
			return 0;
		used++;
		if (!name[len])
			return used;
		name += len + 1;
	}
}

const struct command *command_find(const char *const *words, size_t count, size_t *ret_used)
{
	for (size_t i = 0; command_groups[i]; i++)
		for (const struct command *command = command_groups[i]; command->name; command++) {
			size_t used = is_called(command, words, count);

			if (used) {
				*ret_used = used;
				return command;
			}
		}
	return NULL;
}

static bool takes_options(const struct program *program, const struct command *command)
{
	for (enum option i = 0; i < OPTIONS; i++)
		if (program_has(program, i) && !((command->options | COMMON_OPTIONS) & 1ull << i)) {
			(void)program_fail(program, EXIT_USAGE,
					   "%s is no option of %s: see " PROGRAM_NAME " %s --help",
					   option_name(i), command->name, command->name);
			return false;
		}
	return true;
}

enum exit_code command_run(struct program *program, const struct command *command, size_t used)
{
	const char *timeout = program_option(program, OPTION_TIMEOUT);

	program->command = command->name;
	program->words = program->options.words + used;
	program->word_count = program->options.word_count - used;
	program->timeout_ms = TIMEOUT_MS;
	if (program->word_count < command->least || program->word_count > command->most)
		return program_fail(
			program, EXIT_USAGE,
			"usage: " PROGRAM_NAME " %s%s%s; see " PROGRAM_NAME " %s --help",
			command->name, *command->words ? " " : "", command->words, command->name);
	if (!takes_options(program, command))
		return EXIT_USAGE;
	if (timeout && !option_read_seconds(timeout, &program->timeout_ms))
		return program_fail(program, EXIT_USAGE,
				    "--timeout %s: not a number of seconds from 0.001 to 86400",
				    timeout);
	return command->run(program);
}

/* "  read NODE...   what nodes hold"; a long left side has a line of its own. */
static void print_pair(FILE *out, const char *name, const char *words, const char *text)
{
	int used = fprintf(out, "  %s %s", name, words);

	if (used >= LEFT_COLUMNS)
		used = fprintf(out, "\n") - 1;
	fprintf(out, "%*s%s\n", LEFT_COLUMNS - used, "", text);
}

static void print_options(FILE *out, uint64_t options)
{
	for (enum option i = 0; i < OPTIONS; i++)
		if (options & 1ull << i)
			print_pair(out, option_name(i), option_usage(i), option_help(i));
}

void command_print_list(FILE *out)
{
	fprintf(out, "usage: " PROGRAM_NAME " COMMAND [ARGUMENT...] [OPTION...]\n\n");
	for (size_t i = 0; command_groups[i]; i++)
		for (const struct command *command = command_groups[i]; command->name; command++)
			print_pair(out, command->name, command->words, command->summary);
	fprintf(out, "\nOptions of commands that talk to a server:\n");
	print_options(out, HAS_SERVER);
	fprintf(out, "\nOptions of all commands:\n");
	print_options(out, COMMON_OPTIONS);
	fprintf(out, "\n" PROGRAM_NAME " COMMAND --help explains a command; " PROGRAM_NAME
		     "(1) has it all.\n");
}

void command_print_help(const struct command *command, FILE *out)
{
	fprintf(out, "usage: " PROGRAM_NAME " %s%s%s [OPTION...]\n\n%s: %s.\n", command->name,
		*command->words ? " " : "", command->words, command->name, command->summary);
	if (command->help)
		fprintf(out, "%s\n", command->help);
	if (command->options) {
		fprintf(out, "\nOptions:\n");
		print_options(out, command->options);
	}
	fprintf(out, "\nOptions of all commands:\n");
	print_options(out, COMMON_OPTIONS);
}
