#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "command.h"

static enum exit_code run(struct ctl *ctl)
{
	const struct arguments *arguments = &ctl->arguments;
	const struct command *command;
	enum exit_code code;
	size_t used = 0;

	command = command_find(arguments->words, arguments->word_count, &used);
	if (ctl_has(ctl, OPTION_HELP)) {
		if (command)
			command_print_help(command, stdout);
		else
			command_print_list(stdout);
		return EXIT_OK;
	}
	if (ctl_has(ctl, OPTION_VERSION)) {
		if (ctl->json)
			return ctl_print_json(ctl, json_pack("{s:s}", "version", KEYSTORE_VERSION));
		puts("keystorectl " KEYSTORE_VERSION);
		return EXIT_OK;
	}
	if (arguments->word_count == 0)
		return ctl_fail(ctl, EXIT_USAGE, "which command? See keystorectl --help");
	if (!command)
		return ctl_fail(ctl, EXIT_USAGE,
				"there is no command '%s%s%s': see keystorectl --help",
				arguments->words[0], arguments->word_count > 1 ? " " : "",
				arguments->word_count > 1 ? arguments->words[1] : "");
	code = command_run(ctl, command, used);
	ks_close(ctl->client);
	return code;
}

int main(int argc, char **argv)
{
	char problem[PROBLEM_BYTES];
	struct ctl ctl = {0};
	enum exit_code code;

	setlocale(LC_CTYPE, "");
	if (!arguments_parse(argc, argv, &ctl.arguments, problem)) {
		/* --json may stand behind what is wrong. */
		for (int i = 1; i < argc; i++)
			ctl.json = ctl.json || strcmp(argv[i], "--json") == 0;
		return ctl_fail(&ctl, EXIT_USAGE, "%s: see keystorectl --help", problem);
	}
	ctl.json = ctl_has(&ctl, OPTION_JSON);
	code = run(&ctl);
	if (fflush(stdout) == EOF && code == EXIT_OK) {
		perror("keystorectl: standard output");
		code = EXIT_FAILED;
	}
	return code;
}
