#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINKS_MAX 16
#define WRITE_TMP ".new"

bool folder_is_ours(uid_t uid)
{
	return uid == 0 || uid == geteuid();
}

bool folder_is_open_to_others(const struct stat *facts)
{
	if (!folder_is_ours(facts->st_uid))
		return true;
	if (S_ISLNK(facts->st_mode))
		return false;
	/* In a sticky directory others can make entries, but not touch ours. */
	return (facts->st_mode & 022) && !(S_ISDIR(facts->st_mode) && facts->st_mode & S_ISVTX);
}

struct walk {
	const char *path; /* what was asked for */
	int fd;
	bool is_foreign; /* somebody else could have made what is here */
	unsigned links;
	char rest[PATH_MAX];
};

__attribute__((format(printf, 3, 4))) static bool walk_fail(char *problem, int error,
							    const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(problem, DEPLOY_PROBLEM_MAX, format, list);
	va_end(list);
	errno = error;
	return false;
}

static void walk_move(struct walk *walk, int fd)
{
	close(walk->fd);
	walk->fd = fd;
}

/* Takes the next name off the rest. False: there is none. */
static bool next_name(struct walk *walk, char name[NAME_MAX + 1])
{
	size_t skip = strspn(walk->rest, "/");
	size_t len = strcspn(walk->rest + skip, "/");

	if (!len || len > NAME_MAX)
		return false;
	memcpy(name, walk->rest + skip, len);
	name[len] = '\0';
	memmove(walk->rest, walk->rest + skip + len, strlen(walk->rest + skip + len) + 1);
	return true;
}

/* What the link @fd says comes before the rest. */
static bool follow(struct walk *walk, int fd, const char *name, char *problem)
{
	char target[PATH_MAX];
	char rest[PATH_MAX];
	ssize_t len = readlinkat(fd, "", target, sizeof(target) - 1);
	int used;

	if (len <= 0 || ++walk->links > LINKS_MAX)
		return walk_fail(problem, ELOOP, "%s cannot be reached: too many links at %s",
				 walk->path, name);
	target[len] = '\0';
	used = snprintf(rest, sizeof(rest), "%s/%s", target, walk->rest);
	if (used < 0 || (size_t)used >= sizeof(rest))
		return walk_fail(problem, ENAMETOOLONG, "%s cannot be reached: %s leads too far",
				 walk->path, name);
	memcpy(walk->rest, rest, (size_t)used + 1);
	if (*target != '/')
		return true;
	fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return walk_fail(problem, errno, "%s cannot be reached: %s", walk->path,
				 strerror(errno));
	walk_move(walk, fd);
	return true;
}

static bool step(struct walk *walk, const char *name, char *problem)
{
	int fd = openat(walk->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat facts;
	bool is_fine;

	if (fd < 0 || fstat(fd, &facts) < 0) {
		int error = errno;

		if (fd >= 0)
			close(fd);
		return walk_fail(problem, error, "the folder %s cannot be reached: %s", walk->path,
				 strerror(error));
	}
	walk->is_foreign = walk->is_foreign || folder_is_open_to_others(&facts);
	if (S_ISDIR(facts.st_mode)) {
		walk_move(walk, fd);
		return true;
	}
	if (!S_ISLNK(facts.st_mode))
		is_fine = walk_fail(problem, ENOTDIR, "%s is no folder: %s is none", walk->path,
				    name);
	else if (walk->is_foreign)
		is_fine = walk_fail(problem, EPERM,
				    "%s is not entered: others than root can make %s, a symbolic "
				    "link on the way, lead elsewhere; give the real path",
				    walk->path, name);
	else
		is_fine = follow(walk, fd, name, problem);
	close(fd);
	return is_fine;
}

int folder_open(const char *path, bool is_ours, char problem[DEPLOY_PROBLEM_MAX])
{
	struct walk walk = {.path = path, .fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)};
	char name[NAME_MAX + 1];
	bool is_fine = true;
	int fd = -1;

	if (walk.fd < 0 || *path != '/' || strlen(path) >= sizeof(walk.rest)) {
		errno = walk.fd < 0 ? errno : ENAMETOOLONG;
		snprintf(problem, DEPLOY_PROBLEM_MAX, "%.400s is no absolute path", path);
		goto out;
	}
	memcpy(walk.rest, path, strlen(path) + 1);
	while (is_fine && next_name(&walk, name))
		is_fine = step(&walk, name, problem);
	if (!is_fine)
		goto out;
	if (walk.rest[strspn(walk.rest, "/")]) {
		(void)walk_fail(problem, ENAMETOOLONG, "a name in %s is too long", path);
		goto out;
	}
	if (is_ours && walk.is_foreign) {
		(void)walk_fail(problem, EPERM,
				"%s, or a folder above it, can be changed by others than root%s: "
				"it says what root runs, so chown it to root and take the write "
				"permission of group and others away",
				path, geteuid() ? " and this user" : "");
		goto out;
	}
	fd = openat(walk.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		(void)walk_fail(problem, errno, "%s cannot be opened: %s", path, strerror(errno));
out:
	if (walk.fd >= 0) {
		int error = errno;

		close(walk.fd);
		errno = error;
	}
	return fd;
}

bool folder_make(const char *path, char problem[DEPLOY_PROBLEM_MAX])
{
	char part[PATH_MAX];
	size_t len = strlen(path);

	for (size_t i = 1; i <= len && len < sizeof(part); i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return walk_fail(problem, errno, "the folder %s cannot be made: %s", part,
					 strerror(errno));
	}
	return true;
}

bool folder_split(const char *path, char *ret_folder, size_t size, const char **ret_base)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;

	if (!slash || !slash[1] || len + 2 > size)
		return false;
	memcpy(ret_folder, path, len);
	/* "/file" is in "/". */
	strcpy(ret_folder + len, len ? "" : "/");
	*ret_base = slash + 1;
	return true;
}

static bool read_all(int fd, char *bytes, size_t max, size_t *ret_len)
{
	size_t len = 0;
	ssize_t n = 1;

	while (n > 0 && len < max) {
		n = read(fd, bytes + len, max - len);
		if (n < 0 && errno == EINTR)
			n = 1;
		else
			len += n > 0 ? (size_t)n : 0;
	}
	*ret_len = len;
	return n >= 0;
}

char *folder_read(int folder, const char *base, size_t max, size_t *ret_len, struct stat *ret_facts)
{
	int fd = openat(folder, base, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	struct stat facts;
	char *bytes = NULL;
	size_t len = 0;
	int error = 0;

	if (fd < 0 || fstat(fd, &facts) < 0)
		error = errno;
	else if (!S_ISREG(facts.st_mode))
		error = EINVAL;
	else if ((uintmax_t)facts.st_size > max)
		error = EFBIG;
	if (error)
		goto out;
	bytes = malloc(max + 2);
	/* One byte more than may be: it may have grown meanwhile. */
	if (!bytes || !read_all(fd, bytes, max + 1, &len))
		error = bytes ? errno : ENOMEM;
	else if (len > max)
		error = EFBIG;
	if (error)
		goto out;
	bytes[len] = '\0';
	*ret_len = len;
	if (ret_facts)
		*ret_facts = facts;
out:
	if (fd >= 0)
		close(fd);
	if (error) {
		free(bytes);
		bytes = NULL;
		errno = error;
	}
	return bytes;
}

bool folder_write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno != EINTR)
			return false;
		bytes += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return true;
}

bool folder_write(int folder, const char *base, mode_t mode, bool is_new, const char *bytes,
		  size_t len)
{
	char staged[NAME_MAX + 1];
	bool is_fine = false;
	int error = ENAMETOOLONG;
	int fd = -1;

	if (snprintf(staged, sizeof(staged), ".%s" WRITE_TMP, base) >= (int)sizeof(staged))
		goto out;
	(void)unlinkat(folder, staged, 0);
	fd = openat(folder, staged, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	is_fine = fd >= 0 && folder_write_all(fd, bytes, len) && fchmod(fd, mode) == 0 &&
		  fsync(fd) == 0;
	/* link() fails where rename() would replace. */
	is_fine = is_fine && (is_new ? linkat(folder, staged, folder, base, 0)
				     : renameat(folder, staged, folder, base)) == 0;
	error = errno;
	if (fd >= 0 && (is_new || !is_fine))
		(void)unlinkat(folder, staged, 0);
	if (is_fine && fsync(folder) < 0 && errno != EINVAL) {
		error = errno;
		is_fine = false;
	}
out:
	if (fd >= 0)
		close(fd);
	errno = error;
	return is_fine;
}
