#include "command.h"

#include <string.h>

#include "table.h"

static const option_set common_options =
	HAS(SOCKET) | HAS(JSON) | HAS(DEADLINE) | HAS(WAIT) | HAS(HELP) | HAS(VERSION);

const struct command *const command_groups[] = {
	commands_service,
	commands_key,
	commands_use,
	commands_cert,
	commands_check,
	commands_profile,
	commands_crl,
	commands_renewal,
	commands_trust,
	commands_group,
	commands_rejected,
	commands_outside,
	commands_external,
	commands_assign,
	commands_activate,
	commands_deploy,
	commands_txn,
	commands_audit,
	commands_login,
	commands_user,
	commands_openssl,
	commands_doctor,
	NULL,
};

static const struct command *find_in(const struct command *group, const char *const *words,
				     size_t count, size_t *ret_used)
{
	for (const struct command *command = group; command->name; command++) {
		const char *second = strchr(command->name, ' ');
		size_t len = second ? (size_t)(second - command->name) : strlen(command->name);
		size_t used = second ? 2 : 1;

		if (count < used || strlen(words[0]) != len ||
		    strncmp(words[0], command->name, len) != 0)
			continue;
		if (second && strcmp(words[1], second + 1) != 0)
			continue;
		*ret_used = used;
		return command;
	}
	return NULL;
}

const struct command *command_find(const char *const *words, size_t count, size_t *ret_used)
{
	const struct command *command = NULL;

	for (size_t i = 0; command_groups[i] && !command; i++)
		command = find_in(command_groups[i], words, count, ret_used);
	return command;
}

#define LEFT_COLUMNS 26

/* "  key show NAME         all facts of a key"; a long left side has a line of its own. */
static void print_pair(FILE *out, const char *name, const char *words, const char *text)
{
	int used = fprintf(out, "  %s %s", name, words);

	if (used >= LEFT_COLUMNS)
		used = fprintf(out, "\n") - 1;
	fprintf(out, "%*s%s\n", LEFT_COLUMNS - used, "", text);
}

/* NULL: it is the usual one. */
static const struct option_text *text_of(const struct command *command, enum option option)
{
	const struct option_text *text = command ? command->texts : NULL;

	for (; text && text->help; text++)
		if (text->option == option)
			return text;
	return NULL;
}

const char *command_option_usage(const struct command *command, enum option option)
{
	const struct option_text *text = text_of(command, option);

	return text ? text->value : option_usage(option);
}

const char *command_option_help(const struct command *command, enum option option)
{
	const struct option_text *text = text_of(command, option);

	return text ? text->help : option_help(option);
}

static void print_options(FILE *out, const struct command *command, option_set options)
{
	for (enum option i = 0; i < OPTION_COUNT; i++)
		if (options & option_bit(i))
			print_pair(out, option_name(i), command_option_usage(command, i),
				   command_option_help(command, i));
}

static void print_group(const struct command *group, FILE *out)
{
	for (const struct command *command = group; command->name; command++)
		print_pair(out, command->name, command->words, command->summary);
}

void command_print_list(FILE *out)
{
	fprintf(out, "usage: keystorectl [OPTION...] COMMAND [ARGUMENT...]\n\n");
	for (size_t i = 0; command_groups[i]; i++)
		print_group(command_groups[i], out);
	fprintf(out, "\nOptions of all commands:\n");
	print_options(out, NULL, common_options);
	fprintf(out,
		"\nkeystorectl COMMAND --help explains a command; keystorectl(1) has it all.\n");
}

/* Goes on in the next line where @column would pass the terminal's width. */
static void print_usage_part(FILE *out, size_t *column, const char *part)
{
	size_t len = strlen(part) + 1;

	if (*column + len > TABLE_WIDTH)
		*column = (size_t)fprintf(out, "\n      ") - 1;
	*column += (size_t)fprintf(out, " %s", part);
}

static void print_usage(const struct command *command, FILE *out)
{
	size_t column = (size_t)fprintf(out, "usage: keystorectl %s", command->name);
	char part[64];

	if (*command->words)
		print_usage_part(out, &column, command->words);
	for (enum option i = 0; i < OPTION_COUNT; i++) {
		if (!(command->needs & option_bit(i)))
			continue;
		snprintf(part, sizeof(part), "%s %s", option_name(i),
			 command_option_usage(command, i));
		print_usage_part(out, &column, part);
	}
	if (command->options & ~command->needs)
		print_usage_part(out, &column, "[OPTION...]");
	fprintf(out, "\n\n");
}

void command_print_help(const struct command *command, FILE *out)
{
	print_usage(command, out);
	fprintf(out, "%s: %s.\n", command->name, command->summary);
	if (command->help)
		fprintf(out, "%s\n", command->help);
	if (command->options) {
		fprintf(out, "\nOptions:\n");
		print_options(out, command, command->options);
	}
	fprintf(out, "\nOptions of all commands:\n");
	print_options(out, NULL, common_options);
}
