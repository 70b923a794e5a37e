#include "state_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static enum state_dir_status check_owner(int dir, const char *path, char *error)
{
	struct stat st;

	if (fstat(dir, &st) < 0) {
		snprintf(error, STATE_DIR_ERROR_MAX,
			 "the state directory %s cannot be examined: %s", path, strerror(errno));
		return STATE_DIR_IO;
	}
	if (st.st_uid != geteuid()) {
		snprintf(error, STATE_DIR_ERROR_MAX,
			 "the state directory %s belongs to uid %u, and this service runs as uid "
			 "%u: chown -R %u %s, or start it as the other user",
			 path, st.st_uid, geteuid(), geteuid(), path);
		return STATE_DIR_NOT_OURS;
	}
	if (st.st_mode & 077) {
		snprintf(error, STATE_DIR_ERROR_MAX,
			 "the state directory %s is open to other users (mode %04o): chmod 0700 %s",
			 path, st.st_mode & 07777, path);
		return STATE_DIR_NOT_OURS;
	}
	return STATE_DIR_OK;
}

static enum state_dir_status lock_file(int fd, const char *path, char *error)
{
	char pid[16] = "";

	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK) {
			snprintf(error, STATE_DIR_ERROR_MAX,
				 "the state directory %s cannot be locked: %s", path,
				 strerror(errno));
			return STATE_DIR_IO;
		}
		if (pread(fd, pid, sizeof pid - 1, 0) < 0)
			pid[0] = '\0';
		pid[strspn(pid, "0123456789")] = '\0';
		snprintf(error, STATE_DIR_ERROR_MAX,
			 "the state directory %s is in use by another keystored (pid %s): stop "
			 "that one, or choose another directory with --state",
			 path, *pid ? pid : "unknown");
		return STATE_DIR_IN_USE;
	}
	/* For the sentence above only: the lock is what counts, so a full disk is no reason. */
	int len = snprintf(pid, sizeof pid, "%d\n", getpid());

	if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, (size_t)len, 0) < 0)
		errno = 0;
	return STATE_DIR_OK;
}

enum state_dir_status state_dir_lock(const char *path, char error[STATE_DIR_ERROR_MAX], int *ret_fd)
{
	enum state_dir_status status = STATE_DIR_IO;
	int lock = -1;
	int dir = -1;

	if (mkdir(path, 0700) < 0 && errno != EEXIST) {
		snprintf(error, STATE_DIR_ERROR_MAX, "the state directory %s cannot be made: %s",
			 path, strerror(errno));
		goto out;
	}
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0) {
		snprintf(error, STATE_DIR_ERROR_MAX, "the state directory %s cannot be opened: %s",
			 path, strerror(errno));
		goto out;
	}
	status = check_owner(dir, path, error);
	if (status != STATE_DIR_OK)
		goto out;

	status = STATE_DIR_IO;
	lock = openat(dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (lock < 0) {
		snprintf(error, STATE_DIR_ERROR_MAX, "%s/lock cannot be opened: %s", path,
			 strerror(errno));
		goto out;
	}
	status = lock_file(lock, path, error);
	if (status != STATE_DIR_OK)
		goto out;
	*ret_fd = lock;
	lock = -1;
out:
	if (lock >= 0)
		close(lock);
	if (dir >= 0)
		close(dir);
	return status;
}
