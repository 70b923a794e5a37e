#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "descriptors.h"
#include "front_end.h"
#include "server.h"
#include "settings.h"

#define PROGRAM		 "keystore-opcua"
#define CONFIG_DEFAULT	 "/etc/keystore/keystore-opcua.conf"
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

struct arguments {
	const char *config;
	const char *socket; /* NULL: as the configuration says */
	bool is_check;
};

static void print_help(void)
{
	puts("usage: keystore-opcua [--config FILE] [--socket PATH]\n"
	     "       keystore-opcua --check FILE\n"
	     "\n"
	     "An OPC UA server with keys of keystored, which a GDS manages while it runs.\n"
	     "\n"
	     "  --config FILE  the configuration (default: " CONFIG_DEFAULT ")\n"
	     "  --check FILE   say what is wrong with that configuration, and end; 1: something "
	     "is\n"
	     "  --socket PATH  keystored's socket, in place of the configuration's\n"
	     "  --help         print this\n"
	     "  --version      print the version\n"
	     "\n"
	     "keystore-opcua(8) and keystore-opcua.conf(5) have it all.");
}

static struct opcua_settings *read_settings(struct arguments *arguments)
{
	FILE *file = front_end_open(PROGRAM, arguments->config);
	struct opcua_settings *settings = NULL;

	if (!file)
		return NULL;
	if (!opcua_settings_read(file, front_end_problem, (void *)(uintptr_t)arguments->config,
				 &settings))
		settings = NULL;
	fclose(file);
	return settings;
}

static int check(struct arguments *arguments)
{
	struct opcua_settings *settings = read_settings(arguments);

	if (!settings)
		return EXIT_FAILURE;
	printf("%s: fine: %s\n", arguments->config,
	       settings->is_enabled ? "it is switched on" : "it is switched off");
	opcua_settings_free(settings);
	return EXIT_SUCCESS;
}

static bool take_socket(const struct arguments *arguments, struct opcua_settings *settings)
{
	return front_end_take_path(PROGRAM, "--socket", arguments->socket, settings->socket,
				   sizeof(settings->socket));
}

/* A connection has its socket. */
static void raise_limit(const struct opcua_settings *settings)
{
	char message[DESCRIPTORS_MESSAGE_MAX];

	if (!descriptors_allow(DESCRIPTORS_BASE + settings->connections_max, message))
		front_end_log(PROGRAM, message);
}

struct program {
	struct opcua_settings *settings;
	sd_event *event;
	sd_event_source *patience;
	struct server *server;
};

static void on_log(const char *message, void *user)
{
	(void)user;
	front_end_log(PROGRAM, message);
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
	server_end(program->server, on_ended, program);
	return 0;
}

static bool start(struct program *program, char problem[SERVER_MESSAGE_MAX])
{
	static const struct server_handler handler = {on_log, on_status, on_begun};

	snprintf(problem, SERVER_MESSAGE_MAX, "it cannot be started: %s", strerror(ENOMEM));
	return sd_event_new(&program->event) >= 0 &&
	       front_end_signals(program->event, on_signal, program) &&
	       server_new(program->event, program->settings, &handler, program, &program->server,
			  problem);
}

/* It has begun, for systemd, and ends well. */
static int stay_off(const struct arguments *arguments)
{
	char message[512];

	snprintf(message, sizeof(message), "it is switched off: Enabled in %s switches it on",
		 arguments->config);
	front_end_log(PROGRAM, message);
	(void)sd_notifyf(0, "READY=1\nSTATUS=%s", message);
	return EXIT_SUCCESS;
}

static int run(struct arguments *arguments)
{
	struct program program = {.settings = read_settings(arguments)};
	char problem[SERVER_MESSAGE_MAX];
	int code = EXIT_FAILURE;

	if (!program.settings || !take_socket(arguments, program.settings))
		goto out;
	if (!program.settings->is_enabled) {
		code = stay_off(arguments);
		goto out;
	}
	raise_limit(program.settings);
	if (!start(&program, problem))
		front_end_log(PROGRAM, problem);
	else if (sd_event_loop(program.event) >= 0)
		code = EXIT_SUCCESS;
out:
	server_free(program.server);
	sd_event_source_disable_unref(program.patience);
	sd_event_unref(program.event);
	opcua_settings_free(program.settings);
	return code;
}

int main(int argc, char **argv)
{
	struct arguments arguments = {.config = CONFIG_DEFAULT};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case OPTION_CONFIG:
			arguments.config = optarg;
			break;
		case OPTION_CHECK:
			arguments.config = optarg;
			arguments.is_check = true;
			break;
		case OPTION_SOCKET:
			arguments.socket = optarg;
			break;
		case OPTION_HELP:
			print_help();
			return EXIT_SUCCESS;
		case OPTION_VERSION:
			puts("keystore-opcua " KEYSTORE_VERSION);
			return EXIT_SUCCESS;
		default:
			return FRONT_END_EXIT_USAGE;
		}
	}
	if (optind < argc)
		return front_end_refuse(PROGRAM, argv[optind]);
	return arguments.is_check ? check(&arguments) : run(&arguments);
}
