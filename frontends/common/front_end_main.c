#include "front_end_main.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "descriptors.h"
#include "front_end.h"

#define PATH_MAX_HERE	 128
#define DESCRIPTORS_BASE 256 /* the program's own, and what libraries open */
#define END_US		 UINT64_C(5000000)

enum {
	OPTION_CONFIG = 1,
	OPTION_CHECK,
	OPTION_SOCKET,
	OPTION_HELP,
	OPTION_VERSION,
};

static const struct option options[] = {
	{"config", required_argument, NULL, OPTION_CONFIG},
	{"check", required_argument, NULL, OPTION_CHECK},
	{"socket", required_argument, NULL, OPTION_SOCKET},
	{"help", no_argument, NULL, OPTION_HELP},
	{"version", no_argument, NULL, OPTION_VERSION},
	{0},
};

struct program {
	const struct front_end_kind *kind;
	const char *config;
	const char *socket; /* NULL: as the configuration says */
	bool is_check;
	void *settings;
	sd_event *event;
	sd_event_source *patience;
	void *service;
};

static void print_help(const struct program *program)
{
	const char *name = program->kind->name;

	printf("usage: %s [--config FILE] [--socket PATH]\n"
	       "       %s --check FILE\n"
	       "\n"
	       "%s\n"
	       "\n"
	       "  --config FILE  the configuration (default: %s)\n"
	       "  --check FILE   say what is wrong with that configuration, and end; 1: something "
	       "is\n"
	       "  --socket PATH  keystored's socket, in place of the configuration's\n"
	       "  --help         print this\n"
	       "  --version      print the version\n"
	       "\n"
	       "%s(8) and %s.conf(5) have it all.\n",
	       name, name, program->kind->about, program->config, name, name);
}

/* False: told. */
static bool read_settings(struct program *program)
{
	FILE *file = front_end_open(program->kind->name, program->config);
	bool is_read;

	if (!file)
		return false;
	is_read = program->kind->read(file, front_end_problem, (void *)(uintptr_t)program->config,
				      &program->settings);
	fclose(file);
	return is_read;
}

static int check(struct program *program)
{
	if (!read_settings(program))
		return EXIT_FAILURE;
	printf("%s: fine: %s\n", program->config,
	       program->kind->is_enabled(program->settings) ? "it is switched on"
							    : "it is switched off");
	program->kind->forget(program->settings);
	return EXIT_SUCCESS;
}

/* OpenSSL's provider for keystored, where there is one, finds it by its environment. */
static bool take_socket(struct program *program)
{
	size_t size;
	char *socket = program->kind->socket(program->settings, &size);

	return front_end_take_path(program->kind->name, "--socket", program->socket, socket,
				   size) &&
	       (!*socket || setenv("KEYSTORE_SOCKET", socket, 1) == 0);
}

static void raise_limit(const struct program *program)
{
	char message[DESCRIPTORS_MESSAGE_MAX];

	if (!descriptors_allow(DESCRIPTORS_BASE + program->kind->descriptors(program->settings),
			       message))
		front_end_log(program->kind->name, message);
}

static void on_log(const char *message, void *user)
{
	const struct program *program = user;

	front_end_log(program->kind->name, message);
}

static void on_status(const char *message, void *user)
{
	(void)user;
	(void)sd_notifyf(0, "STATUS=%s", message);
}

static void on_begun(void *user)
{
	(void)user;
	(void)sd_notify(0, "READY=1");
}

static void on_ended(void *user)
{
	const struct program *program = user;

	(void)sd_event_exit(program->event, 0);
}

static int on_patience(sd_event_source *source, uint64_t usec, void *user)
{
	(void)source;
	(void)usec;
	on_ended(user);
	return 0;
}

/* What is under way has its time; who says it twice means at once. */
static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *user)
{
	struct program *program = user;

	(void)source;
	(void)info;
	(void)sd_notify(0, "STOPPING=1");
	if (program->patience ||
	    sd_event_add_time_relative(program->event, &program->patience, CLOCK_MONOTONIC, END_US,
				       0, on_patience, program) < 0)
		return sd_event_exit(program->event, 0);
	program->kind->end(program->service, on_ended, program);
	return 0;
}

static bool start(struct program *program, char problem[FRONT_END_MESSAGE_MAX])
{
	static const struct front_end_handler handler = {on_log, on_status, on_begun};

	snprintf(problem, FRONT_END_MESSAGE_MAX, "it cannot be started: %s", strerror(ENOMEM));
	return sd_event_new(&program->event) >= 0 &&
	       front_end_signals(program->event, on_signal, program) &&
	       program->kind->start(program->event, program->settings, &handler, program,
				    &program->service, problem);
}

/* It has begun, for systemd, and ends well. */
static int stay_off(const struct program *program)
{
	char message[FRONT_END_MESSAGE_MAX];

	snprintf(message, sizeof(message), "it is switched off: Enabled in %s switches it on",
		 program->config);
	front_end_log(program->kind->name, message);
	(void)sd_notifyf(0, "READY=1\nSTATUS=%s", message);
	return EXIT_SUCCESS;
}

static int run(struct program *program)
{
	char problem[FRONT_END_MESSAGE_MAX];
	int code = EXIT_FAILURE;

	if (!read_settings(program) || !take_socket(program))
		goto out;
	if (!program->kind->is_enabled(program->settings)) {
		code = stay_off(program);
		goto out;
	}
	raise_limit(program);
	if (!start(program, problem))
		front_end_log(program->kind->name, problem);
	else if (sd_event_loop(program->event) >= 0)
		code = EXIT_SUCCESS;
out:
	program->kind->free(program->service);
	sd_event_source_disable_unref(program->patience);
	sd_event_unref(program->event);
	program->kind->forget(program->settings);
	return code;
}

int front_end_main(const struct front_end_kind *kind, int argc, char **argv)
{
	char config[PATH_MAX_HERE];
	struct program program = {.kind = kind, .config = config};
	int option;

	snprintf(config, sizeof(config), "/etc/keystore/%s.conf", kind->name);
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case OPTION_CONFIG:
			program.config = optarg;
			break;
		case OPTION_CHECK:
			program.config = optarg;
			program.is_check = true;
			break;
		case OPTION_SOCKET:
			program.socket = optarg;
			break;
		case OPTION_HELP:
			print_help(&program);
			return EXIT_SUCCESS;
		case OPTION_VERSION:
			printf("%s " KEYSTORE_VERSION "\n", kind->name);
			return EXIT_SUCCESS;
		default:
			return FRONT_END_EXIT_USAGE;
		}
	}
	if (optind < argc)
		return front_end_refuse(kind->name, argv[optind]);
	return program.is_check ? check(&program) : run(&program);
}
