#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "agent.h"
#include "deploy_dir.h"
#include "deploy_status.h"

#define EXIT_USAGE 2

enum {
	OPTION_DIR = 1,
	OPTION_STATUS,
	OPTION_SOCKET,
	OPTION_ONCE,
	OPTION_CHECK,
	OPTION_HELP,
	OPTION_VERSION
};

static const struct option options[] = {
	{"dir", required_argument, NULL, OPTION_DIR},
	{"status-dir", required_argument, NULL, OPTION_STATUS},
	{"socket", required_argument, NULL, OPTION_SOCKET},
	{"once", no_argument, NULL, OPTION_ONCE},
	{"check", no_argument, NULL, OPTION_CHECK},
	{"help", no_argument, NULL, OPTION_HELP},
	{"version", no_argument, NULL, OPTION_VERSION},
	{0},
};

static void print_help(void)
{
	puts("usage: keystore-deploy [OPTION...]\n"
	     "\n"
	     "Writes certificates and reference files of keystored where programs look for them,\n"
	     "again after each renewal, and tells the programs. keystorectl deploy add says what.\n"
	     "\n"
	     "  --dir DIR         the deployments (default: " DEPLOY_DIR_DEFAULT ",\n"
	     "                    or KEYSTORE_DEPLOY_DIR)\n"
	     "  --status-dir DIR  what keystorectl deploy status shows (default:\n"
	     "                    " DEPLOY_STATUS_DEFAULT ", or KEYSTORE_DEPLOY_STATUS)\n"
	     "  --socket PATH     keystored's socket (or KEYSTORE_SOCKET)\n"
	     "  --once            do what is to be done, and end; 1: something failed\n"
	     "  --check           say whether the deployments can be read, and end\n"
	     "  --help            print this\n"
	     "  --version         print the version\n"
	     "\n"
	     "keystore-deploy(8) has it all.");
}

int main(int argc, char **argv)
{
	struct agent_options agent = {0};
	bool is_check = false;
	int option;

	/* Folders that are made are not for others to write. */
	umask(022);
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case OPTION_DIR:
			agent.dir = optarg;
			break;
		case OPTION_STATUS:
			agent.status = optarg;
			break;
		case OPTION_SOCKET:
			agent.socket = optarg;
			break;
		case OPTION_ONCE:
			agent.is_once = true;
			break;
		case OPTION_CHECK:
			is_check = true;
			break;
		case OPTION_HELP:
			print_help();
			return EXIT_SUCCESS;
		case OPTION_VERSION:
			puts("keystore-deploy " KEYSTORE_VERSION);
			return EXIT_SUCCESS;
		default:
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(stderr,
			"keystore-deploy: it takes no argument like '%s': see "
			"keystore-deploy --help\n",
			argv[optind]);
		return EXIT_USAGE;
	}
	agent.dir = deploy_dir_path(agent.dir);
	agent.status = deploy_status_path(agent.status);
	return is_check ? agent_check(&agent) : agent_run(&agent);
}
