#include "fixture.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "fixture_parts.h"
#include "place.h"

__attribute__((format(printf, 3, 4))) static void make_path(const struct fixture *fixture,
							    char *ret_path, const char *format, ...)
{
	int len = snprintf(ret_path, SUPPORT_PATH_MAX, "%s/", fixture->dir);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(ret_path + len, SUPPORT_PATH_MAX - (size_t)len, format, arguments);
	va_end(arguments);
}

struct fixture *fixture_new(const struct fixture_options *options)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	if (!fixture)
		fixture_die("no memory");
	if (options)
		fixture->options = *options;
	if (fixture->options.chip || fixture->options.pss_salt_max)
		fixture->options.with_proxy = true;

	fixture->dir = place_new();
	make_path(fixture, fixture->state, "state");
	make_path(fixture, fixture->socket, "keystored.sock");
	make_path(fixture, fixture->config, "keystored.conf");
	make_path(fixture, fixture->tpm_state, "tpm");
	make_path(fixture, fixture->tpm_socket, "tpm.sock");
	make_path(fixture, fixture->swtpm_socket,
		  fixture->options.with_proxy ? "swtpm.sock" : "tpm.sock");
	make_path(fixture, fixture->control, "proxy.sock");
	make_path(fixture, fixture->log, "keystored.log");
	snprintf(fixture->tcti, sizeof(fixture->tcti), "swtpm:path=%s", fixture->tpm_socket);
	if (fixture->options.config)
		file_write(fixture->config, fixture->options.config,
			   strlen(fixture->options.config));

	fixture_tpm_prepare(fixture);
	if (!fixture->options.without_tpm)
		fixture_tpm_start(fixture);
	if (!fixture->options.without_service) {
		fixture_service_start(fixture);
		if (fixture->options.without_tpm)
			fixture_service_wait_answer(fixture);
		else
			fixture_service_wait(fixture);
	}
	return fixture;
}

void fixture_free(struct fixture *fixture)
{
	if (!fixture)
		return;
	if (fixture->service)
		process_end(fixture->service, SIGKILL);
	fixture_tpm_kill(fixture);
	place_remove(fixture->dir);
	free(fixture->dir);
	free(fixture);
}

const char *fixture_dir(const struct fixture *fixture)
{
	return fixture->dir;
}

const char *fixture_state(const struct fixture *fixture)
{
	return fixture->state;
}

const char *fixture_socket(const struct fixture *fixture)
{
	return fixture->socket;
}

const char *fixture_config(const struct fixture *fixture)
{
	return fixture->config;
}

const char *fixture_tcti(const struct fixture *fixture)
{
	return fixture->tcti;
}

static void show_log(const struct fixture *fixture, const char *name)
{
	const char *argv[] = {"tail", "-n", "30", name, NULL};
	struct run run = process_run(argv, fixture->dir, NULL, NULL);

	if (run.out_len)
		fprintf(stderr, "--- %s\n%s", name, run.out);
	run_free(&run);
}

void fixture_show_logs(const struct fixture *fixture)
{
	show_log(fixture, "keystored.log");
	show_log(fixture, "tpm-proxy.log");
	show_log(fixture, "swtpm.log");
}

static struct run run_shell(struct fixture *fixture, const char *command)
{
	const char *argv[] = {"sh", "-c", command, NULL};
	char path[4096], sock[SUPPORT_PATH_MAX + 32];
	char tools[SUPPORT_PATH_MAX + 48], provider[SUPPORT_PATH_MAX + 48];
	const char *environment[] = {path, sock, tools, provider, NULL};

	snprintf(path, sizeof(path), "PATH=%s:%s", KEYSTORE_BIN_DIR, getenv("PATH"));
	snprintf(sock, sizeof(sock), "KEYSTORE_SOCKET=%s", fixture->socket);
	snprintf(tools, sizeof(tools), "TPM2TOOLS_TCTI=%s", fixture->tcti);
	snprintf(provider, sizeof(provider), "TPM2OPENSSL_TCTI=%s", fixture->tcti);
	return process_run(argv, fixture->dir, NULL, environment);
}

__attribute__((format(printf, 1, 0))) static char *format_command(const char *format,
								  va_list arguments)
{
	char *command = NULL;

	if (vasprintf(&command, format, arguments) < 0)
		fixture_die("no memory");
	return command;
}

struct run fixture_sh(struct fixture *fixture, const char *format, ...)
{
	va_list arguments;
	char *command;
	struct run run;

	va_start(arguments, format);
	command = format_command(format, arguments);
	va_end(arguments);
	run = run_shell(fixture, command);
	free(command);
	return run;
}

char *fixture_sh_ok(struct fixture *fixture, const char *format, ...)
{
	va_list arguments;
	char *command, *out;
	struct run run;

	va_start(arguments, format);
	command = format_command(format, arguments);
	va_end(arguments);
	run = run_shell(fixture, command);
	if (run.exit_code != 0) {
		fixture_show_logs(fixture);
		fixture_die("exit code %d of: %s\n%s%s", run.exit_code, command, run.out, run.err);
	}
	free(command);
	out = run.out;
	run.out = NULL;
	run_free(&run);
	return out;
}

void fixture_until(bool (*is_done)(void *user), void *user, const char *what)
{
	const struct timespec step = {.tv_nsec = 5 * 1000 * 1000};
	time_t end = time(NULL) + 60;

	while (!is_done(user)) {
		if (time(NULL) > end)
			fixture_die("%s did not come within a minute", what);
		nanosleep(&step, NULL);
	}
}

int socket_try(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		fixture_die("socket: %s", strerror(errno));
	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Grows with what comes: files of /proc have no size. */
char *file_read(const char *path, size_t *ret_len)
{
	FILE *file = fopen(path, "re"), *copy;
	char *bytes = NULL, part[4096];
	size_t len = 0, got;

	copy = open_memstream(&bytes, &len);
	if (!file || !copy)
		fixture_die("%s: %s", path, strerror(errno));
	while ((got = fread(part, 1, sizeof(part), file)) > 0)
		fwrite(part, 1, got, copy);
	if (ferror(file) || fclose(copy))
		fixture_die("%s: not read", path);
	fclose(file);
	if (ret_len)
		*ret_len = len;
	return bytes;
}

void file_write(const char *path, const void *bytes, size_t len)
{
	FILE *file = fopen(path, "we");

	if (!file || fwrite(bytes, 1, len, file) != len || fclose(file))
		fixture_die("%s: %s", path, strerror(errno));
}
