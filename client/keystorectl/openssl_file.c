#include "openssl_file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "openssl_conf.h"

#define NEW_MODE 0644

const char *openssl_file_system(char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/openssl.cnf", X509_get_default_cert_area());
	return path;
}

static bool fail(char *problem, const char *doing)
{
	snprintf(problem, OPENSSL_PROBLEM_BYTES, "%s: %s", doing, strerror(errno));
	return false;
}

/* What is at the end of symbolic links, whether there is a file there or not. */
static bool resolve(const char *path, char target[PATH_MAX], char *problem)
{
	struct stat facts;

	if (realpath(path, target))
		return true;
	if (errno != ENOENT)
		return fail(problem, "it cannot be opened");
	if (lstat(path, &facts) == 0) {
		snprintf(problem, OPENSSL_PROBLEM_BYTES,
			 "it is a symbolic link that leads nowhere: make what it points to");
		return false;
	}
	if ((size_t)snprintf(target, PATH_MAX, "%s", path) < PATH_MAX)
		return true;
	errno = ENAMETOOLONG;
	return fail(problem, "it cannot be opened");
}

static bool read_all(int fd, struct openssl_file *file, char *problem)
{
	size_t size = OPENSSL_CONF_BYTES_MAX + 1;
	ssize_t n = 1;

	file->text = malloc(size + 1);
	if (!file->text)
		return fail(problem, "it cannot be read");
	while (n > 0 && file->len < size) {
		n = read(fd, file->text + file->len, size - file->len);
		if (n < 0 && errno == EINTR)
			n = 1;
		else
			file->len += n > 0 ? (size_t)n : 0;
	}
	file->text[file->len] = '\0';
	if (n < 0)
		return fail(problem, "it cannot be read");
	if (file->len < size)
		return true;
	snprintf(problem, OPENSSL_PROBLEM_BYTES, "it has more than the %d bytes that are read",
		 OPENSSL_CONF_BYTES_MAX);
	return false;
}

bool openssl_file_read(const char *path, struct openssl_file *ret_file, char *problem)
{
	struct openssl_file file = {0};
	bool is_read = false;
	struct stat facts;
	int fd;

	if (!resolve(path, file.path, problem))
		return false;
	/* Who puts a FIFO there does not stop us. */
	fd = open(file.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && errno == ENOENT) {
		*ret_file = file;
		return true;
	}
	if (fd < 0 || fstat(fd, &facts) < 0) {
		fail(problem, "it cannot be opened");
		goto out;
	}
	if (!S_ISREG(facts.st_mode)) {
		snprintf(problem, OPENSSL_PROBLEM_BYTES, "it is no regular file");
		goto out;
	}
	file.is_there = true;
	file.mode = facts.st_mode & 07777;
	file.uid = facts.st_uid;
	file.gid = facts.st_gid;
	is_read = read_all(fd, &file, problem);
	if (is_read) {
		*ret_file = file;
		file.text = NULL;
	}
out:
	if (fd >= 0)
		close(fd);
	free(file.text);
	return is_read;
}

void openssl_file_free(struct openssl_file *file)
{
	free(file->text);
	file->text = NULL;
}

bool openssl_file_is_trusted(const struct openssl_file *file)
{
	return geteuid() != 0 || !file->is_there ||
	       (file->uid == 0 && !(file->mode & (S_IWGRP | S_IWOTH)));
}

static bool write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno != EINTR)
			return false;
		text += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return true;
}

/* The rename is on the disk once its folder is. */
static void sync_folder(const char *path)
{
	char folder[PATH_MAX];
	char *slash;
	int fd;

	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder] = '\0';
	fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

/* Owner first: changing it takes some bits of the mode away. */
static bool take_over(int fd, const struct openssl_file *file)
{
	if (!file->is_there)
		return fchmod(fd, NEW_MODE) == 0;
	return fchown(fd, file->uid, file->gid) == 0 && fchmod(fd, file->mode) == 0;
}

bool openssl_file_replace(const struct openssl_file *file, const char *text, size_t len,
			  char *problem)
{
	char temporary[PATH_MAX];
	bool is_done;
	int fd;

	if ((size_t)snprintf(temporary, sizeof(temporary), "%s.XXXXXX", file->path) >=
	    sizeof(temporary)) {
		errno = ENAMETOOLONG;
		return fail(problem, "it cannot be written");
	}
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return fail(problem, "it cannot be written");
	is_done = write_all(fd, text, len) && take_over(fd, file) && fsync(fd) == 0 &&
		  rename(temporary, file->path) == 0;
	if (!is_done) {
		fail(problem, "it cannot be written");
		unlink(temporary);
	}
	close(fd);
	if (is_done)
		sync_folder(file->path);
	return is_done;
}

bool openssl_file_remove(const struct openssl_file *file, char *problem)
{
	if (unlink(file->path) < 0)
		return fail(problem, "it cannot be removed");
	sync_folder(file->path);
	return true;
}
