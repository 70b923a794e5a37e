/* The fixture's swtpm and proxy. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"
#include "fixture_parts.h"

/*
 * swtpm_setup takes a second, so it runs once for a build, whichever test comes first; each
 * test has a copy, and with it the same seeds.
 */
static void make_template(void)
{
	static const char script[] =
		"set -e; rm -rf new; mkdir new new/home; "
		"[ \"$(id -u)\" = 0 ] || { export XDG_CONFIG_HOME=$PWD/new/home; "
		"swtpm_setup --create-config-files skip-if-exist; }; "
		"swtpm_setup --tpm2 --tpmstate new --create-ek-cert --pcr-banks sha256 "
		"--overwrite; "
		"mv new ready";
	const char *argv[] = {"sh", "-c", script, NULL};
	char path[4096];
	struct run run;
	int lock;

	mkdir(KEYSTORE_TPM_TEMPLATE, 0700);
	snprintf(path, sizeof(path), "%s/lock", KEYSTORE_TPM_TEMPLATE);
	lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (lock < 0 || flock(lock, LOCK_EX))
		fixture_die("%s: %s", path, strerror(errno));
	snprintf(path, sizeof(path), "%s/ready", KEYSTORE_TPM_TEMPLATE);
	if (access(path, F_OK)) {
		run = process_run(argv, KEYSTORE_TPM_TEMPLATE, NULL, NULL);
		if (run.exit_code != 0)
			fixture_die("swtpm_setup: %s%s", run.out, run.err);
		run_free(&run);
	}
	close(lock);
}

void fixture_tpm_prepare(struct fixture *fixture)
{
	const char *argv[] = {"cp", "-r", KEYSTORE_TPM_TEMPLATE "/ready", fixture->tpm_state, NULL};
	struct run run;

	make_template();
	run = process_run(argv, fixture->dir, NULL, NULL);
	if (run.exit_code != 0)
		fixture_die("copying the TPM's state: %s", run.err);
	run_free(&run);
}

static bool is_listening(void *user)
{
	int fd = socket_try(user);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static void start_proxy(struct fixture *fixture)
{
	const char *argv[16] = {
		KEYSTORE_BIN_DIR "/tpm-proxy", "--listen",  fixture->tpm_socket, "--tpm",
		fixture->swtpm_socket,	       "--control", fixture->control};
	char log[SUPPORT_PATH_MAX + 16];
	size_t count = 7;

	if (fixture->options.chip) {
		argv[count++] = "--chip";
		argv[count++] = fixture->options.chip;
	}
	if (fixture->options.pss_salt_max) {
		argv[count++] = "--pss-salt";
		argv[count++] = "max";
	}
	argv[count] = NULL;
	snprintf(log, sizeof(log), "%s/tpm-proxy.log", fixture->dir);
	fixture->proxy = process_start(argv, fixture->dir, log, NULL);
	fixture_until(is_listening, fixture->control, "tpm-proxy");
}

void fixture_tpm_start(struct fixture *fixture)
{
	char data[SUPPORT_PATH_MAX + 24], control[SUPPORT_PATH_MAX + 32];
	char channel[SUPPORT_PATH_MAX + 8], log[SUPPORT_PATH_MAX + 16];
	const char *argv[] = {"swtpm",
			      "socket",
			      "--tpm2",
			      "--tpmstate",
			      "dir=tpm",
			      "--server",
			      data,
			      "--ctrl",
			      control,
			      "--flags",
			      "not-need-init,startup-clear",
			      NULL};

	if (fixture->swtpm)
		fixture_die("the TPM is running already");
	snprintf(channel, sizeof(channel), "%s.ctrl", fixture->swtpm_socket);
	snprintf(data, sizeof(data), "type=unixio,path=%s", fixture->swtpm_socket);
	snprintf(control, sizeof(control), "type=unixio,path=%s", channel);
	snprintf(log, sizeof(log), "%s/swtpm.log", fixture->dir);
	/* What a killed one left. */
	unlink(fixture->swtpm_socket);
	unlink(channel);
	fixture->swtpm = process_start(argv, fixture->dir, log, NULL);
	fixture_until(is_listening, channel, "swtpm");
	if (fixture->options.with_proxy && !fixture->proxy)
		start_proxy(fixture);
}

void fixture_tpm_kill(struct fixture *fixture)
{
	if (fixture->swtpm)
		process_end(fixture->swtpm, SIGKILL);
	if (fixture->proxy)
		process_end(fixture->proxy, SIGKILL);
	fixture->swtpm = 0;
	fixture->proxy = 0;
}

void fixture_tpm_restart(struct fixture *fixture)
{
	fixture_tpm_kill(fixture);
	fixture_tpm_start(fixture);
}

void fixture_tpm_freeze(struct fixture *fixture, bool is_frozen)
{
	kill(fixture->swtpm, is_frozen ? SIGSTOP : SIGCONT);
}

pid_t fixture_tpm_pid(const struct fixture *fixture)
{
	return fixture->swtpm;
}

static char *tell_proxy(struct fixture *fixture, const char *order)
{
	char *answer = calloc(1, 8192);
	int fd = socket_try(fixture->control);
	size_t len = 0;

	if (!answer || fd < 0 || dprintf(fd, "%s\n", order) < 0)
		fixture_die("tpm-proxy cannot be reached");
	while (!strchr(answer, '\n')) {
		ssize_t got = read(fd, answer + len, 8191 - len);

		if (got <= 0)
			fixture_die("tpm-proxy did not answer \"%s\"", order);
		len += (size_t)got;
	}
	close(fd);
	if (!strncmp(answer, "error", 5))
		fixture_die("tpm-proxy on \"%s\": %s", order, answer);
	return answer;
}

void fixture_proxy(struct fixture *fixture, const char *order)
{
	free(tell_proxy(fixture, order));
}

uint64_t fixture_proxy_count(struct fixture *fixture, const char *command)
{
	char *answer = tell_proxy(fixture, "counts"), *found;
	char quoted[64];
	uint64_t count = 0;

	snprintf(quoted, sizeof(quoted), "\"%s\": ", command ? command : "total");
	found = strstr(answer, quoted);
	if (found)
		count = strtoull(found + strlen(quoted), NULL, 10);
	free(answer);
	return count;
}
