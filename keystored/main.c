#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "config.h"
#include "conn.h"
#include "listener.h"
#include "service.h"
#include "state_dir.h"

#define REPLIES_GRACE_MS 2000

struct arguments {
	const char *config_file; /* NULL: the default, if it is there */
	const char *state;
	const char *socket;
	const char *tcti;
	const char *log_level;
	bool is_foreground;
};

static const char usage[] =
	"keystored keeps private keys in the TPM and uses them for clients of its socket.\n"
	"\n"
	"  keystored [OPTION]...\n"
	"\n"
	"  --config FILE      the configuration (" CONFIG_FILE_DEFAULT ")\n"
	"  --state DIR        where keys are kept (/var/lib/keystored)\n"
	"  --socket PATH      where clients connect (/run/keystored/keystored.sock)\n"
	"  --tcti STRING      the TPM, as device:/dev/tpmrm0 or swtpm:path=SOCKET\n"
	"  --foreground       stay attached to the terminal\n"
	"  --log-level LEVEL  error, warning, info or debug\n"
	"  --version          print the version\n"
	"  --help             print this\n";

enum { EXIT_USAGE = 2 };

/* -1: go on; else the exit status. */
static int parse_arguments(int argc, char **argv, struct arguments *ret_arguments)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"state", required_argument, NULL, 's'},
		{"socket", required_argument, NULL, 'S'},
		{"tcti", required_argument, NULL, 't'},
		{"foreground", no_argument, NULL, 'f'},
		{"log-level", required_argument, NULL, 'l'},
		{"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	struct arguments arguments = {0};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			arguments.config_file = optarg;
			break;
		case 's':
			arguments.state = optarg;
			break;
		case 'S':
			arguments.socket = optarg;
			break;
		case 't':
			arguments.tcti = optarg;
			break;
		case 'f':
			arguments.is_foreground = true;
			break;
		case 'l':
			arguments.log_level = optarg;
			break;
		case 'V':
			puts("keystored " KEYSTORE_VERSION);
			return EXIT_SUCCESS;
		case 'h':
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		default:
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "keystored: \"%s\" is no option: see keystored --help\n",
			argv[optind]);
		return EXIT_USAGE;
	}
	*ret_arguments = arguments;
	return -1;
}

/* Relative to where the service was started; it does not stay there. */
static bool set_path(struct config *config, const char *key, const char *path, char *error)
{
	char *directory = *path == '/' ? NULL : realpath(".", NULL);
	char *absolute = NULL;
	bool is_set = asprintf(&absolute, "%s%s%s", directory ? directory : "",
			       directory ? "/" : "", path) >= 0 &&
		      config_set(config, "service", key, absolute, error) == CONFIG_OK;

	free(absolute);
	free(directory);
	return is_set;
}

static bool load_config(const struct arguments *arguments, struct config *config)
{
	const char *file = arguments->config_file ? arguments->config_file : CONFIG_FILE_DEFAULT;
	char error[CONFIG_ERROR_MAX] = "there is no memory";
	bool is_loaded = config_init(config);

	if (is_loaded) {
		enum config_status status = config_read(config, file, error);

		is_loaded =
			status == CONFIG_OK || (status == CONFIG_ABSENT && !arguments->config_file);
	}
	if (is_loaded && arguments->state)
		is_loaded = set_path(config, "state", arguments->state, error);
	if (is_loaded && arguments->socket)
		is_loaded = set_path(config, "socket", arguments->socket, error);
	if (is_loaded && arguments->tcti)
		is_loaded = config_set(config, "tpm", "tcti", arguments->tcti, error) == CONFIG_OK;
	if (is_loaded && arguments->log_level)
		is_loaded = config_set(config, "service", "log-level", arguments->log_level,
				       error) == CONFIG_OK;
	if (!is_loaded)
		fprintf(stderr, "keystored: %s\n", error);
	return is_loaded;
}

static void harden(const struct config *config)
{
	struct rlimit no_core = {0, 0};
	struct rlimit files;

	umask(077);
	signal(SIGPIPE, SIG_IGN);
	/* A file size limit is an error to be answered, not a reason to die. */
	signal(SIGXFSZ, SIG_IGN);
	/* Key blobs and auth values pass through memory: none of it may reach a core file. */
	setrlimit(RLIMIT_CORE, &no_core);
	prctl(PR_SET_DUMPABLE, 0);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		rlim_t wanted = config->connections + 64;

		if (files.rlim_cur < wanted) {
			files.rlim_cur = wanted < files.rlim_max ? wanted : files.rlim_max;
			setrlimit(RLIMIT_NOFILE, &files);
		}
	}
}

/*
 * The child goes on, and returns the descriptor on which it is to say that it is ready. The
 * parent waits for that and exits.
 */
static int detach(void)
{
	int ends[2];
	char byte;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	pid_t child = fork();

	if (child > 0) {
		close(ends[1]);
		ssize_t got = read(ends[0], &byte, 1);

		while (got < 0 && errno == EINTR)
			got = read(ends[0], &byte, 1);
		_exit(got == 1 ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	close(ends[0]);
	if (child < 0 || setsid() < 0 || chdir("/") < 0) {
		close(ends[1]);
		return -1;
	}
	return ends[1];
}

static void let_parent_go(int ready, struct log *log)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		close(null);
	}
	log->is_detached = true;
	if (write(ready, "", 1) < 0)
		log_line(log, LOG_LEVEL_DEBUG, "the starting process is gone");
	close(ready);
}

static struct tpm_engine *start_engine(const struct config *config, const struct log *log)
{
	char error[CONFIG_ERROR_MAX];
	struct tpm_engine *engine = NULL;
	char *owner_auth = NULL;

	if (config_read_owner_auth(config, error, &owner_auth) != CONFIG_OK) {
		log_line(log, LOG_LEVEL_ERROR, "%s", error);
		return NULL;
	}
	struct tpm_config tpm = {
		.tcti = config->tcti,
		.owner_auth = owner_auth,
		.persistent_first = config->persistent_first,
		.persistent_last = config->persistent_last,
		.command_timeout_ms = config->command_timeout_ms,
		.queue_max = config->queue,
		.verify_signatures = config->verify_signatures,
		.protect_bus = config->protect_bus,
	};

	if (tpm_engine_start(&tpm, &engine) != TPM_OK)
		log_line(log, LOG_LEVEL_ERROR, "there is no memory for the TPM's thread");
	if (owner_auth)
		OPENSSL_cleanse(owner_auth, strlen(owner_auth));
	free(owner_auth);
	return engine;
}

static sd_event *new_loop(void)
{
	sd_event *event = NULL;
	sigset_t stop;

	/* Blocked before the first thread, so that only the loop sees them. */
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGINT);
	sigprocmask(SIG_BLOCK, &stop, NULL);
	if (sd_event_new(&event) < 0)
		return NULL;
	if (sd_event_add_signal(event, NULL, SIGTERM, NULL, NULL) < 0 ||
	    sd_event_add_signal(event, NULL, SIGINT, NULL, NULL) < 0)
		return sd_event_unref(event);
	sd_event_set_watchdog(event, 1);
	return event;
}

static bool serve(const struct config *config, struct log *log, int ready)
{
	char error[STATE_DIR_ERROR_MAX] = "";
	bool is_good = false;
	struct service service = {0};
	struct listener *listener = NULL;
	struct store *store = NULL;
	struct tpm_engine *engine = NULL;
	sd_event *loop = NULL;
	bool socket_is_ours = false;
	int state_lock = -1;
	int fd = -1;

	if (state_dir_lock(config->state, error, &state_lock) != STATE_DIR_OK)
		goto out;
	if (store_open(config->state, error, &store) != STORE_OK)
		goto out;
	if (listener_socket(config->socket, config->socket_mode,
			    config->socket_group.count ? config->socket_group.ids : NULL, error,
			    &fd, &socket_is_ours) != LISTENER_OK)
		goto out;

	snprintf(error, sizeof error, "the service cannot be set up");
	loop = new_loop();
	engine = loop ? start_engine(config, log) : NULL;
	if (!engine)
		goto out;
	is_good = service_open(&service, config, log, loop, store, engine);
	store = NULL;
	if (is_good)
		is_good = listener_new(&service, fd, socket_is_ours ? config->socket : NULL,
				       &listener) == LISTENER_OK;
	if (!is_good)
		goto out;
	fd = -1;

	log_line(log, LOG_LEVEL_INFO, "version %s serves %llu keys of %s at %s", KEYSTORE_VERSION,
		 (unsigned long long)store_key_count(service.store), config->state,
		 socket_is_ours ? config->socket : "the socket passed by systemd");
	sd_notify(0, "READY=1\nSTATUS=Serving");
	if (ready >= 0)
		let_parent_go(ready, log);
	ready = -1;
	is_good = sd_event_loop(loop) >= 0;

	sd_notify(0, "STOPPING=1\nSTATUS=Letting the TPM finish");
	log_line(log, LOG_LEVEL_INFO, "stopping");
	listener_free(listener);
	listener = NULL;
	service_stop(&service, REPLIES_GRACE_MS);
	error[0] = '\0';
out:
	if (!is_good && *error)
		log_line(log, LOG_LEVEL_ERROR, "%s", error);
	listener_free(listener);
	service_close(&service);
	if (fd >= 0)
		close(fd);
	store_close(store);
	sd_event_unref(loop);
	if (state_lock >= 0)
		close(state_lock);
	if (ready >= 0)
		close(ready);
	return is_good;
}

int main(int argc, char **argv)
{
	struct arguments arguments;
	struct config config = {0};
	int exit_status = parse_arguments(argc, argv, &arguments);

	if (exit_status >= 0)
		return exit_status;
	exit_status = EXIT_USAGE;
	if (load_config(&arguments, &config)) {
		struct log log = log_to_stderr(config.log_level);
		bool detaches = !arguments.is_foreground && !getenv("NOTIFY_SOCKET");
		int ready = -1;

		harden(&config);
		if (detaches)
			ready = detach();
		if (detaches && ready < 0)
			log_line(&log, LOG_LEVEL_ERROR, "detaching failed: %s", strerror(errno));
		exit_status = (!detaches || ready >= 0) && serve(&config, &log, ready)
				      ? EXIT_SUCCESS
				      : EXIT_FAILURE;
	}
	config_wipe(&config);
	return exit_status;
}
