#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl_run.h"

#define SOCKET_DEFAULT "/run/keystore-ouc/control.sock"
#define LEFT_COLUMNS   34

enum { OPTION_SOCKET = 1, OPTION_JSON, OPTION_WAIT, OPTION_HELP, OPTION_VERSION };

static const struct option options[] = {
	{"socket", required_argument, NULL, OPTION_SOCKET},
	{"json", no_argument, NULL, OPTION_JSON},
	{"wait", no_argument, NULL, OPTION_WAIT},
	{"help", no_argument, NULL, OPTION_HELP},
	{"version", no_argument, NULL, OPTION_VERSION},
	{0},
};

static const struct command {
	const char *name;
	const char *words;
	int least, most; /* words; -1: any number */
	bool may_wait;
	const char *summary;
	enum ctl_exit (*run)(const struct ctl_run *run);
} commands[] = {
	{"list", "", 0, 0, false, "the connections, and how they are", ctl_list},
	{"show", "NAME", 1, 1, false, "all of a connection", ctl_show},
	{"get", "BLOCK", 1, 1, false, "what a data block holds", ctl_get},
	{"set", "BLOCK FIELD=VALUE...", 2, -1, false, "change a data block", ctl_set},
	{"send", "NAME [FIELD=VALUE...]", 1, -1, true, "change its data block, and send that",
	 ctl_send},
	{"watch", "[NAME]", 0, 1, false, "print what happens, until you end it", ctl_watch},
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_help(void)
{
	puts("usage: keystore-ouc-ctl [OPTION...] COMMAND [ARGUMENT...]\n");
	for (size_t i = 0; i < COMMANDS; i++) {
		int used = printf("  %s %s", commands[i].name, commands[i].words);

		printf("%*s%s\n", LEFT_COLUMNS - used, "", commands[i].summary);
	}
	puts("\nOptions:\n"
	     "  --socket PATH                   the control socket of keystore-ouc (default:\n"
	     "                                  " SOCKET_DEFAULT ",\n"
	     "                                  or KEYSTORE_OUC_SOCKET)\n"
	     "  --json                          print JSON instead of text for people\n"
	     "  --wait                          send: until the message is sent, or was not\n"
	     "  --help                          print this\n"
	     "  --version                       print the version\n"
	     "\n"
	     "keystore-ouc-ctl(1) has it all.");
}

static const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static enum ctl_exit run_command(struct ctl_run *run, const char *socket, const char *name)
{
	const struct command *command = command_find(name);
	char problem[CONTROL_LINK_PROBLEM_MAX];
	enum ctl_exit code;

	if (!command)
		return ctl_fail(run, CTL_USAGE,
				"there is no command '%s': see keystore-ouc-ctl --help", name);
	if (run->word_count < command->least ||
	    (command->most >= 0 && run->word_count > command->most))
		return ctl_fail(run, CTL_USAGE, "usage: keystore-ouc-ctl %s%s%s", command->name,
				*command->words ? " " : "", command->words);
	if (run->waits && !command->may_wait)
		return ctl_fail(run, CTL_USAGE, "--wait is no option of %s", command->name);
	if (!control_link_open(socket, &run->link, problem))
		return ctl_fail(run, CTL_FAILED, "%s", problem);
	code = command->run(run);
	control_link_close(run->link);
	return code;
}

static const char *socket_path(const char *option)
{
	const char *set = getenv("KEYSTORE_OUC_SOCKET");

	if (option)
		return option;
	return set && *set ? set : SOCKET_DEFAULT;
}

int main(int argc, char **argv)
{
	struct ctl_run run = {0};
	const char *socket = NULL;
	enum ctl_exit code;
	int option;

	setlocale(LC_CTYPE, "");
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case OPTION_SOCKET:
			socket = optarg;
			break;
		case OPTION_JSON:
			run.json = true;
			break;
		case OPTION_WAIT:
			run.waits = true;
			break;
		case OPTION_HELP:
			print_help();
			return CTL_OK;
		case OPTION_VERSION:
			puts("keystore-ouc-ctl " KEYSTORE_VERSION);
			return CTL_OK;
		default:
			return CTL_USAGE;
		}
	}
	if (optind == argc)
		return ctl_fail(&run, CTL_USAGE, "which command? See keystore-ouc-ctl --help");
	run.words = (const char *const *)argv + optind + 1;
	run.word_count = argc - optind - 1;
	code = run_command(&run, socket_path(socket), argv[optind]);
	if (fflush(stdout) == EOF && code == CTL_OK) {
		perror("keystore-ouc-ctl: standard output");
		code = CTL_FAILED;
	}
	return code;
}
