#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "control.h"
#include "descriptors.h"
#include "events.h"
#include "front_end.h"
#include "settings.h"
#include "station.h"

#define PROGRAM		 "keystore-ouc"
#define CONFIG_DEFAULT	 "/etc/keystore/keystore-ouc.conf"
#define DESCRIPTORS_BASE 256 /* the program's own, look-ups, and what libraries open */

enum {
	OPTION_CONFIG = 1,
	OPTION_CHECK,
	OPTION_SOCKET,
	OPTION_RUNTIME,
	OPTION_HELP,
	OPTION_VERSION,
};

static const struct option options[] = {
	{"config", required_argument, NULL, OPTION_CONFIG},
	{"check", required_argument, NULL, OPTION_CHECK},
	{"socket", required_argument, NULL, OPTION_SOCKET},
	{"runtime", required_argument, NULL, OPTION_RUNTIME},
	{"help", no_argument, NULL, OPTION_HELP},
	{"version", no_argument, NULL, OPTION_VERSION},
	{0},
};

struct arguments {
	const char *config;
	const char *socket, *runtime; /* NULL: as the configuration says */
	bool is_check;
};

static void print_help(void)
{
	puts("usage: keystore-ouc [--config FILE] [--socket PATH] [--runtime DIR]\n"
	     "       keystore-ouc --check FILE\n"
	     "\n"
	     "Secure Open User Communication: exchanges data blocks with controllers over TLS, "
	     "and\n"
	     "forwards other protocols, with keys of keystored.\n"
	     "\n"
	     "  --config FILE  the configuration (default: " CONFIG_DEFAULT ")\n"
	     "  --check FILE   say what is wrong with that configuration, and end; 1: something "
	     "is\n"
	     "  --socket PATH  keystored's socket, in place of the configuration's\n"
	     "  --runtime DIR  where images and the control socket are, in place of the\n"
	     "                 configuration's\n"
	     "  --help         print this\n"
	     "  --version      print the version\n"
	     "\n"
	     "keystore-ouc(8) and keystore-ouc.conf(5) have it all.");
}

static struct settings *read_settings(struct arguments *arguments)
{
	FILE *file = front_end_open(PROGRAM, arguments->config);
	struct settings *settings = NULL;

	if (!file)
		return NULL;
	if (!settings_read(file, front_end_problem, (void *)(uintptr_t)arguments->config,
			   &settings))
		settings = NULL;
	fclose(file);
	return settings;
}

static int check(struct arguments *arguments)
{
	struct settings *settings = read_settings(arguments);

	if (!settings)
		return EXIT_FAILURE;
	printf("%s: fine: %zu connection%s, %zu data block%s\n", arguments->config,
	       settings->connection_count, settings->connection_count == 1 ? "" : "s",
	       settings->block_count, settings->block_count == 1 ? "" : "s");
	settings_free(settings);
	return EXIT_SUCCESS;
}

/* OpenSSL's provider for keystored finds it by its environment. */
static bool take_paths(const struct arguments *arguments, struct settings *settings)
{
	return front_end_take_path(PROGRAM, "--socket", arguments->socket, settings->socket,
				   sizeof(settings->socket)) &&
	       front_end_take_path(PROGRAM, "--runtime", arguments->runtime, settings->runtime,
				   SETTINGS_RUNTIME_MAX + 1) &&
	       (!*settings->socket || setenv("KEYSTORE_SOCKET", settings->socket, 1) == 0);
}

/* Each stream of TLS has an eventfd besides its socket, for what it asks of keystored. */
static unsigned long long descriptors_of(const struct settings *settings)
{
	unsigned long long count =
		DESCRIPTORS_BASE + settings->block_count + 2 * settings->handshakes_max;

	for (size_t i = 0; i < settings->connection_count; i++) {
		const struct connection_settings *connection = &settings->connections[i];
		unsigned streams = connection->is_forward ? 2 * connection->forward_max : 1;

		count += 1 + (connection->is_secure ? 2 * streams : streams);
	}
	return count;
}

static void raise_limit(const struct settings *settings)
{
	char message[DESCRIPTORS_MESSAGE_MAX];

	if (!descriptors_allow(descriptors_of(settings), message))
		front_end_log(PROGRAM, message);
}

struct program {
	struct settings *settings;
	struct control *control;
	sd_event *event;
	struct events *events;
	struct station *station;
};

/* A port that is taken does not hold up the others. */
static int on_begun(sd_event_source *source, void *user)
{
	const struct program *program = user;

	if (!station_has_begun(program->station))
		return 0;
	(void)sd_notifyf(0, "READY=1\nSTATUS=%zu connections, %zu blocks",
			 program->settings->connection_count, program->settings->block_count);
	return sd_event_source_set_enabled(source, SD_EVENT_OFF);
}

static bool start(struct program *program, char problem[STATION_PROBLEM_MAX])
{
	char path[VALUE_PATH_MAX + 32];
	const char *runtime = program->settings->runtime;

	snprintf(problem, STATION_PROBLEM_MAX, "it cannot be started: %s", strerror(ENOMEM));
	if (sd_event_new(&program->event) < 0 || !front_end_signals(program->event, NULL, NULL))
		return false;
	/* systemd makes it; whoever starts this by hand gets one, too. */
	if (mkdir(runtime, 0750) < 0 && errno != EEXIST) {
		snprintf(problem, STATION_PROBLEM_MAX, "the directory %s cannot be made: %s",
			 runtime, strerror(errno));
		return false;
	}
	snprintf(path, sizeof(path), "%s/" CONTROL_SOCKET_NAME, runtime);
	if (!control_open(path, &program->control, problem))
		return false;
	program->events = events_new(program->event, STDOUT_FILENO);
	return program->events &&
	       station_new(program->event, program->settings, program->events, &program->station,
			   problem) &&
	       control_serve(program->control, program->event, program->settings, program->station,
			     program->events) &&
	       sd_event_add_post(program->event, NULL, on_begun, program) >= 0;
}

static void stop(struct program *program)
{
	if (program->control)
		control_end(program->control);
	station_free(program->station);
	control_close(program->control);
	events_free(program->events);
	sd_event_unref(program->event);
	settings_free(program->settings);
}

static int run(struct arguments *arguments)
{
	struct program program = {.settings = read_settings(arguments)};
	char problem[STATION_PROBLEM_MAX];
	int code = EXIT_FAILURE;
	unsigned seed = 0;

	if (!program.settings || !take_paths(arguments, program.settings))
		goto out;
	/* For waits that are not to be alike: early after a boot the process ID will do. */
	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != sizeof(seed))
		seed = (unsigned)getpid();
	srandom(seed);
	raise_limit(program.settings);
	if (!start(&program, problem)) {
		front_end_log(PROGRAM, problem);
		goto out;
	}
	if (sd_event_loop(program.event) >= 0)
		code = EXIT_SUCCESS;
	(void)sd_notify(0, "STOPPING=1");
out:
	stop(&program);
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
		case OPTION_RUNTIME:
			arguments.runtime = optarg;
			break;
		case OPTION_HELP:
			print_help();
			return EXIT_SUCCESS;
		case OPTION_VERSION:
			puts("keystore-ouc " KEYSTORE_VERSION);
			return EXIT_SUCCESS;
		default:
			return FRONT_END_EXIT_USAGE;
		}
	}
	if (optind < argc)
		return front_end_refuse(PROGRAM, argv[optind]);
	return arguments.is_check ? check(&arguments) : run(&arguments);
}
