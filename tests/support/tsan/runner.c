/* Runs the tests of a program one after the other, each in a child. */

#include <criterion/criterion.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_FAILED = 1, EXIT_SKIPPED = 77, TIMEOUT_DEFAULT = 100, TIMEOUT_FACTOR = 10 };

/* Filled by constructors, before main() has anywhere else to keep them. */
static struct shim_test *first, **last = &first;
static bool has_failed;

void shim_register(struct shim_test *test)
{
	*last = test;
	last = &test->next;
}

void shim_fail(bool is_fatal, const char *file, int line, const char *what, const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
	va_start(arguments, format);
	if (*format) {
		vfprintf(stderr, format, arguments);
		fputc('\n', stderr);
	}
	va_end(arguments);
	has_failed = true;
	if (is_fatal)
		_exit(EXIT_FAILED);
}

_Noreturn void shim_skip(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	_exit(EXIT_SKIPPED);
}

static const struct shim_test *find_suite(const struct shim_test *test)
{
	for (const struct shim_test *other = first; other; other = other->next) {
		if (!other->name && !strcmp(other->suite, test->suite))
			return other;
	}
	return test;
}

static _Noreturn void run_child(const struct shim_test *test, const sigset_t *mask, pid_t parent)
{
	const struct shim_test *suite = find_suite(test);
	void (*init)(void) = test->init ? test->init : suite->init;
	void (*fini)(void) = test->fini ? test->fini : suite->fini;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILED);
	sigprocmask(SIG_SETMASK, mask, NULL);
	if (init)
		init();
	test->body();
	if (fini)
		fini();
	/* exit(), for the sanitizer has its say there. */
	exit(has_failed ? EXIT_FAILED : test->exit_code);
}

/* What became of the child; a timeout is SIGKILL. */
static int wait_child(pid_t pid, double seconds, const sigset_t *child_signal)
{
	struct timespec patience = {.tv_sec = (time_t)(seconds * TIMEOUT_FACTOR)};
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (sigtimedwait(child_signal, NULL, &patience) < 0) {
			fprintf(stderr, "timed out\n");
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			break;
		}
	}
	return status;
}

static int run_one(const struct shim_test *test)
{
	const struct shim_test *suite = find_suite(test);
	double timeout = test->timeout > 0 ? test->timeout : suite->timeout;
	int signal = test->signal ? test->signal : suite->signal, status;
	sigset_t child_signal, mask;
	pid_t parent = getpid(), pid;

	sigemptyset(&child_signal);
	sigaddset(&child_signal, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child_signal, &mask);
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return EXIT_FAILED;
	if (pid == 0)
		run_child(test, &mask, parent);
	status = wait_child(pid, timeout > 0 ? timeout : TIMEOUT_DEFAULT, &child_signal);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	if (WIFSIGNALED(status))
		return signal && WTERMSIG(status) == signal ? 0 : 128 + WTERMSIG(status);
	if (WEXITSTATUS(status) == EXIT_SKIPPED)
		return EXIT_SKIPPED;
	return signal || WEXITSTATUS(status) != test->exit_code ? EXIT_FAILED : 0;
}

int main(int argc, char **argv)
{
	unsigned tested = 0, passing = 0, failing = 0, crashing = 0, skipped = 0;

	for (const struct shim_test *test = first; test; test = test->next) {
		const char *verdict = "PASS";
		int code;

		if (!test->name || test->disabled ||
		    (argc > 1 && *argv[1] != '-' && !strstr(test->name, argv[1])))
			continue;
		code = run_one(test);
		tested++;
		if (code == 0) {
			passing++;
		} else if (code == EXIT_SKIPPED) {
			verdict = "SKIP";
			skipped++;
		} else if (code > 128) {
			verdict = "CRASH";
			crashing++;
		} else {
			verdict = "FAIL";
			failing++;
		}
		printf("[%s] %s::%s\n", verdict, test->suite, test->name);
	}
	printf("[====] Synthesis: Tested: %u | Passing: %u | Failing: %u | Crashing: %u | Skipped: "
	       "%u\n",
	       tested, passing, failing, crashing, skipped);
	return failing || crashing || !tested ? 1 : 0;
}
