#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "process.h"

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *level)
{
	(void)info;
	(void)level;
	/* A test may have made a directory read-only. */
	if (type == FTW_D)
		chmod(path, 0700);
	return remove(path) && errno != ENOENT;
}

static int unlock_one(const char *path, const struct stat *info, int type, struct FTW *level)
{
	(void)info;
	(void)level;
	if (type == FTW_D || type == FTW_DNR)
		chmod(path, 0700);
	return 0;
}

void place_remove(const char *path)
{
	/* Processes that are just being killed may still write: a few rounds. */
	for (int round = 0; round < 100; round++) {
		const struct timespec step = {.tv_nsec = 20 * 1000 * 1000};

		nftw(path, unlock_one, 16, FTW_PHYS);
		nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
		if (access(path, F_OK) && errno == ENOENT)
			return;
		nanosleep(&step, NULL);
	}
}

/* The watcher holds the reading end of a pipe whose other end nobody but the test has. */
static _Noreturn void watch(int pipe_end, const char *path)
{
	char byte;

	if (fork() != 0)
		_exit(0);
	setsid();
	for (int fd = 0; fd < 256; fd++) {
		if (fd != pipe_end)
			close(fd);
	}
	while (read(pipe_end, &byte, 1) < 0 && errno == EINTR)
		;
	place_remove(path);
	_exit(0);
}

char *place_new(void)
{
	char *path = strdup("/tmp/keystored-test.XXXXXX");
	int ends[2];
	pid_t pid;

	if (!path || !mkdtemp(path) || pipe2(ends, O_CLOEXEC))
		fixture_die("a directory for the test: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		fixture_die("fork: %s", strerror(errno));
	if (pid == 0)
		watch(ends[0], path);
	waitpid(pid, NULL, 0);
	close(ends[0]);
	/* ends[1] stays open until this process ends. */
	return path;
}
