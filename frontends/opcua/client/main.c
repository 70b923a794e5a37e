#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "command.h"

static enum exit_code run(struct program *program)
{
	const struct options *options = &program->options;
	const struct command *command;
	size_t used = 0;

	command = command_find(options->words, options->word_count, &used);
	if (program_has(program, OPTION_HELP)) {
		if (command)
			command_print_help(command, stdout);
		else
			command_print_list(stdout);
		return EXIT_OK;
	}
	if (program_has(program, OPTION_VERSION)) {
		if (program->json)
			return program_print_json(program,
						  json_pack("{s:s}", "version", KEYSTORE_VERSION));
		puts(PROGRAM_NAME " " KEYSTORE_VERSION);
		return EXIT_OK;
	}
	if (options->word_count == 0)
		return program_fail(program, EXIT_USAGE,
				    "which command? See " PROGRAM_NAME " --help");
	if (!command)
		return program_fail(program, EXIT_USAGE,
				    "there is no command '%s%s%s': see " PROGRAM_NAME " --help",
				    options->words[0], options->word_count > 1 ? " " : "",
				    options->word_count > 1 ? options->words[1] : "");
	return command_run(program, command, used);
}

int main(int argc, char **argv)
{
	char problem[PROBLEM_BYTES];
	struct program program = {0};
	enum exit_code code;

	setlocale(LC_CTYPE, "");
	if (!options_parse(argc, argv, &program.options, problem)) {
		/* --json may stand behind what is wrong. */
		for (int i = 1; i < argc; i++)
			program.json = program.json || strcmp(argv[i], "--json") == 0;
		return program_fail(&program, EXIT_USAGE, "%s: see " PROGRAM_NAME " --help",
				    problem);
	}
	program.json = program_has(&program, OPTION_JSON);
	program.is_verbose = program_has(&program, OPTION_VERBOSE);
	code = run(&program);
	if (fflush(stdout) == EOF && code == EXIT_OK) {
		perror(PROGRAM_NAME ": standard output");
		code = EXIT_FAILED;
	}
	return code;
}
