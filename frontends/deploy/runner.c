#include "runner.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "deploy_status.h"

struct runner {
	pid_t pid; /* 0: it has ended */
	int pipe;
	uint32_t timeout_ms;
	bool is_late;
	sd_event_source *child, *output_source, *timer;
	runner_done_fn *done;
	void *user;
	size_t len;
	char output[DEPLOY_OUTPUT_MAX];
};

/* Keeps the end: that is where a command says why it fails. */
static void keep(struct runner *runner, const char *bytes, size_t len)
{
	size_t room = sizeof(runner->output) - 1;

	if (len > room) {
		bytes += len - room;
		len = room;
	}
	if (runner->len + len > room) {
		size_t drop = runner->len + len - room;

		memmove(runner->output, runner->output + drop, runner->len - drop);
		runner->len -= drop;
	}
	memcpy(runner->output + runner->len, bytes, len);
	runner->len += len;
	runner->output[runner->len] = '\0';
}

/* False: nothing more comes. */
static bool drain(struct runner *runner)
{
	char bytes[4096];
	ssize_t n = 1;

	/* Bounded: what writes without end must not hold the loop. */
	for (int i = 0; i < 64 && n > 0; i++) {
		n = read(runner->pipe, bytes, sizeof(bytes));
		if (n > 0)
			keep(runner, bytes, (size_t)n);
	}
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static int on_output(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct runner *runner = user;

	(void)fd;
	(void)events;
	if (!drain(runner))
		(void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
	return 0;
}

static int on_late(sd_event_source *source, uint64_t usec, void *user)
{
	struct runner *runner = user;

	(void)source;
	(void)usec;
	runner->is_late = true;
	(void)kill(-runner->pid, SIGKILL);
	return 0;
}

static int on_end(sd_event_source *source, const siginfo_t *info, void *user)
{
	struct runner *runner = user;
	char failure[128];

	(void)source;
	(void)drain(runner);
	runner->pid = 0;
	if (runner->is_late)
		snprintf(failure, sizeof(failure), "did not end within %u s and was killed",
			 runner->timeout_ms / 1000);
	else if (info->si_code == CLD_EXITED)
		snprintf(failure, sizeof(failure), "ended with exit code %d", info->si_status);
	else
		snprintf(failure, sizeof(failure), "was ended by signal %d", info->si_status);
	runner->done(!runner->is_late && info->si_code == CLD_EXITED && info->si_status == 0
			     ? NULL
			     : failure,
		     runner->output, runner->user);
	return 0;
}

/* In the child. */
static _Noreturn void become(const char *const *argv, int output)
{
	int null = open("/dev/null", O_RDONLY);
	sigset_t none;

	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	/* The agent's readiness is not the command's to tell. */
	unsetenv("NOTIFY_SOCKET");
	if (null >= 0 && dup2(null, 0) >= 0 && dup2(output, 1) >= 0 && dup2(output, 2) >= 0) {
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		dprintf(2, "%s: %s\n", argv[0], strerror(errno));
	}
	_exit(127);
}

static bool watch(struct runner *runner, sd_event *event, uint32_t timeout_ms)
{
	return sd_event_add_child(event, &runner->child, runner->pid, WEXITED, on_end, runner) >=
		       0 &&
	       sd_event_add_io(event, &runner->output_source, runner->pipe, EPOLLIN, on_output,
			       runner) >= 0 &&
	       sd_event_add_time_relative(event, &runner->timer, CLOCK_BOOTTIME,
					  (uint64_t)timeout_ms * 1000, 0, on_late, runner) >= 0;
}

struct runner *runner_start(sd_event *event, const char *const *argv, uint32_t timeout_ms,
			    runner_done_fn *done, void *user, char problem[DEPLOY_PROBLEM_MAX])
{
	struct runner *runner = calloc(1, sizeof(*runner));
	int ends[2] = {-1, -1};

	if (!runner || pipe2(ends, O_CLOEXEC) < 0)
		goto fail;
	runner->timeout_ms = timeout_ms;
	runner->done = done;
	runner->user = user;
	runner->pipe = ends[0];
	(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
	runner->pid = fork();
	if (runner->pid == 0)
		become(argv, ends[1]);
	close(ends[1]);
	ends[1] = -1;
	if (runner->pid > 0) {
		/* Here too, so that it has its group before it could be killed. */
		(void)setpgid(runner->pid, runner->pid);
		if (watch(runner, event, timeout_ms))
			return runner;
	}
	runner->pid = runner->pid > 0 ? runner->pid : 0;
fail:
	snprintf(problem, DEPLOY_PROBLEM_MAX, "%.100s cannot be run: %s", argv[0], strerror(errno));
	if (runner && ends[0] >= 0)
		runner_free(runner);
	else
		free(runner);
	return NULL;
}

void runner_free(struct runner *runner)
{
	if (!runner)
		return;
	sd_event_source_disable_unref(runner->child);
	sd_event_source_disable_unref(runner->output_source);
	sd_event_source_disable_unref(runner->timer);
	if (runner->pid) {
		(void)kill(-runner->pid, SIGKILL);
		while (waitpid(runner->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	close(runner->pipe);
	free(runner);
}
