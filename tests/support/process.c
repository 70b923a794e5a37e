#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

void fixture_die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("test support: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	abort();
}

/* In the child, between fork and exec. */
static _Noreturn void become(const char *const *argv, const char *dir, int in, int out, int err,
			     const char *const *environment, pid_t parent)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || chdir(dir) || dup2(in, 0) < 0 || dup2(out, 1) < 0 ||
	    dup2(err, 2) < 0)
		_exit(126);
	for (; environment && *environment; environment++)
		putenv((char *)(uintptr_t)*environment);
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	dprintf(2, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static pid_t start(const char *const *argv, const char *dir, int in, int out, int err,
		   const char *const *environment)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		fixture_die("fork: %s", strerror(errno));
	if (pid == 0)
		become(argv, dir, in, out, err, environment, parent);
	return pid;
}

pid_t process_start(const char *const *argv, const char *dir, const char *log,
		    const char *const *environment)
{
	int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int out = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	pid_t pid;

	if (in < 0 || out < 0)
		fixture_die("%s: %s", log, strerror(errno));
	pid = start(argv, dir, in, out, out, environment);
	close(in);
	close(out);
	return pid;
}

static int collect(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			fixture_die("waitpid: %s", strerror(errno));
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int process_end(pid_t pid, int signal)
{
	kill(pid, signal);
	return collect(pid);
}

int process_is_alive(pid_t pid)
{
	siginfo_t info = {0};

	return pid > 0 && waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == 0;
}

static int open_memory(const char *name, const char *content)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd < 0 ||
	    (content && write(fd, content, strlen(content)) != (ssize_t)strlen(content)) ||
	    lseek(fd, 0, SEEK_SET) != 0)
		fixture_die("memfd: %s", strerror(errno));
	return fd;
}

static char *take_memory(int fd, size_t *ret_len)
{
	off_t len = lseek(fd, 0, SEEK_END);
	char *bytes = calloc(1, (size_t)len + 1);

	if (!bytes || pread(fd, bytes, (size_t)len, 0) != len)
		fixture_die("reading a command's output: %s", strerror(errno));
	close(fd);
	*ret_len = (size_t)len;
	return bytes;
}

struct run process_run(const char *const *argv, const char *dir, const char *input,
		       const char *const *environment)
{
	int in = open_memory("stdin", input);
	int out = open_memory("stdout", NULL);
	int err = open_memory("stderr", NULL);
	struct run run;

	run.exit_code = collect(start(argv, dir, in, out, err, environment));
	close(in);
	run.out = take_memory(out, &run.out_len);
	run.err = take_memory(err, &run.err_len);
	return run;
}

void run_free(struct run *run)
{
	free(run->out);
	free(run->err);
	*run = (struct run){0};
}
