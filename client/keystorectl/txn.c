#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "files.h"
#include "json_service.h"
#include "table.h"

#define FILE_MAX  (256 * 1024)
#define LINE_ARGS 32 /* words and options of a line */

/*
 * Takes a line apart as a shell would without its variables: blanks divide, quotes and backslashes
 * keep together, # begins a comment. In place. -1: a quote is not closed, or too many words.
 */
static int split(char *line, char **ret_args)
{
	char *out = line;
	char quote = '\0';
	bool in_word = false;
	int count = 1;

	for (char *at = line; *at; at++) {
		if (!quote && !in_word && *at == '#')
			break;
		if (!quote && isspace((unsigned char)*at)) {
			if (in_word)
				*out++ = '\0';
			in_word = false;
			continue;
		}
		if (!in_word) {
			if (count == LINE_ARGS)
				return -1;
			ret_args[count++] = out;
			in_word = true;
		}
		if (quote ? *at == quote : *at == '"' || *at == '\'')
			quote = quote ? '\0' : *at;
		else if (*at == '\\' && quote != '\'' && at[1])
			*out++ = *++at;
		else
			*out++ = *at;
	}
	*out = '\0';
	return quote ? -1 : count;
}

static enum exit_code run_line(const struct ctl *whole, char *line)
{
	static char program[] = "keystorectl";
	char *args[LINE_ARGS + 1] = {program};
	struct ctl ctl = {.json = whole->json, .client = whole->client, .in_transaction = true};
	char problem[PROBLEM_BYTES];
	const struct command *command;
	int count = split(line, args);
	size_t used = 0;

	if (count == 1)
		return EXIT_OK;
	if (count < 0)
		return ctl_fail(&ctl, EXIT_USAGE,
				"a quote is not closed, or there are too many "
				"words");
	if (!arguments_parse(count, args, &ctl.arguments, problem))
		return ctl_fail(&ctl, EXIT_USAGE, "%s", problem);
	command = command_find(ctl.arguments.words, ctl.arguments.word_count, &used);
	if (!command || !command->is_staged)
		return ctl_fail(&ctl, EXIT_USAGE,
				"'%s' is no command for a transaction: keystorectl txn run --help "
				"names them",
				args[1]);
	return command_run(&ctl, command, used);
}

/* *ret_number: of the line that failed. */
static enum exit_code run_lines(struct ctl *ctl, char *text, unsigned *ret_number)
{
	enum exit_code code = EXIT_OK;
	char *rest = text;

	for (char *line; code == EXIT_OK && (line = strsep(&rest, "\n"));) {
		++*ret_number;
		code = run_line(ctl, line);
	}
	return code;
}

static enum exit_code apply(struct ctl *ctl)
{
	struct ks_result *result = NULL;
	enum exit_code code = EXIT_OK;

	if (ks_txn_apply(ctl->client, &result) != KS_OK)
		code = ctl_fail_result(ctl, result);
	else if (ctl->json)
		code = ctl_print_json(
			ctl, json_pack("{s:I}", "applied", (json_int_t)result->txn->applied));
	else
		printf("applied %u %s\n", result->txn->applied,
		       result->txn->applied == 1 ? "change" : "changes");
	ks_result_free(result);
	return code;
}

static enum exit_code command_txn_run(struct ctl *ctl)
{
	struct ks_result *result = NULL;
	struct file file = {0};
	enum exit_code code = file_read(ctl, ctl->words[0], FILE_MAX, &file);
	unsigned number = 0;

	if (code == EXIT_OK)
		code = ctl_connect(ctl);
	if (code != EXIT_OK) {
		file_free(&file);
		return code;
	}
	if (ks_txn_begin(ctl->client, &result) != KS_OK)
		code = ctl_fail_result(ctl, result);
	ks_result_free(result);
	if (code == EXIT_OK) {
		/* There is room for it: file_read() has a byte more than it may fill. */
		file.data[file.len] = '\0';
		ctl_stage(ctl, true);
		code = run_lines(ctl, (char *)file.data, &number);
		ctl_stage(ctl, false);
		if (code == EXIT_OK)
			code = apply(ctl);
		else
			fprintf(stderr, "keystorectl: line %u failed, and nothing has changed\n",
				number);
	}
	/* What is open yet ends with the connection. */
	file_free(&file);
	return code;
}

static void print_txn(const struct ks_txn *txn)
{
	char since[TIME_BYTES];

	if (!txn->open) {
		puts("no transaction is open");
		return;
	}
	time_text(txn->since, since);
	fact_print(stdout, "owner", "uid %u, process %d", txn->uid, txn->pid);
	fact_print(stdout, "since", "%s", since);
	fact_print(stdout, "changes", "%u, with %llu bytes", txn->changes,
		   (unsigned long long)txn->bytes);
	fact_print(stdout, "dropped", "in %llu s, if nothing is done with it",
		   (unsigned long long)txn->idle_ms / 1000);
	for (size_t i = 0; i < txn->staged_count; i++)
		fact_print(stdout, i ? "" : "staged", "%s", txn->staged[i]);
}

static enum exit_code command_txn_status(struct ctl *ctl)
{
	struct ks_result *result = NULL;
	enum exit_code code = ctl_connect(ctl);

	if (code != EXIT_OK)
		return code;
	if (ks_txn_status(ctl->client, &result) != KS_OK)
		code = ctl_fail_result(ctl, result);
	else if (ctl->json)
		code = ctl_print_json(ctl, json_txn(result->txn));
	else
		print_txn(result->txn);
	ks_result_free(result);
	return code;
}

const struct command commands_txn[] = {
	{
		.name = "txn run",
		.words = "FILE",
		.word_count = 1,
		.summary = "run the commands of a file as one: all of them or none",
		.help = "One command in a line, without keystorectl; - reads standard input. They "
			"are\n"
			"checked and kept, and applied together after the last; the first failure\n"
			"drops them. Commands: trust add, trust set, trust remove, group set,\n"
			"rejected trust, service create, service set, service remove, cert "
			"import,\n"
			"cert replace, cert delete.",
		.run = command_txn_run,
	},
	{
		.name = "txn status",
		.words = "",
		.summary = "the transaction that is open, and whose it is",
		.run = command_txn_status,
	},
	{.name = NULL},
};
