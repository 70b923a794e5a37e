#include "fileset.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "folder.h"

struct part {
	struct fileset_file file;
	int folder;
	const char *base;
	char staged[NAME_MAX + 1];
	bool is_current; /* is what it should be */
	bool is_staged;	 /* the new one is on the disk */
	bool is_placed;	 /* the new one is in place … */
	bool has_old;	 /* … and the old one beside it, … */
	bool is_first;	 /* … or there was none */
};

struct fileset {
	struct fileset_owner owner;
	size_t count;
	struct part parts[FILESET_MAX];
};

static bool fail(char *problem, const char *path, const char *what)
{
	snprintf(problem, DEPLOY_PROBLEM_MAX, "%.300s %s: %s", path, what, strerror(errno));
	return false;
}

bool fileset_staged_name(const char *base, char *ret_name, size_t size)
{
	return (size_t)snprintf(ret_name, size, ".%s.keystore-new", base) < size;
}

static bool is_what_it_should_be(const struct part *part, const struct fileset_owner *owner)
{
	struct stat facts;
	size_t len = 0;
	char *bytes = folder_read(part->folder, part->base, FILESET_FILE_MAX, &len, &facts);
	bool is_same = bytes && len == part->file.len && memcmp(bytes, part->file.bytes, len) == 0;

	free(bytes);
	return is_same && (facts.st_mode & 07777) == owner->mode && facts.st_uid == owner->uid &&
	       facts.st_gid == owner->gid;
}

/* A file, a link, or nothing can be replaced. */
static bool check_place(const struct part *part, char *problem)
{
	struct stat facts;

	if (fstatat(part->folder, part->base, &facts, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT || fail(problem, part->file.path, "cannot be looked at");
	if (S_ISREG(facts.st_mode) || S_ISLNK(facts.st_mode))
		return true;
	errno = S_ISDIR(facts.st_mode) ? EISDIR : EINVAL;
	return fail(problem, part->file.path, "is not replaced, as it is no file");
}

static bool open_part(struct part *part, const struct fileset_file *file, char *problem)
{
	char folder[PATH_MAX];

	part->file = *file;
	part->folder = -1;
	if (!folder_split(file->path, folder, sizeof(folder), &part->base) ||
	    !fileset_staged_name(part->base, part->staged, sizeof(part->staged))) {
		errno = ENAMETOOLONG;
		return fail(problem, file->path, "cannot be written");
	}
	part->folder = folder_open(folder, false, problem);
	return part->folder >= 0 && check_place(part, problem);
}

struct fileset *fileset_open(const struct fileset_file *files, size_t count,
			     const struct fileset_owner *owner, char problem[DEPLOY_PROBLEM_MAX])
{
	struct fileset *set = calloc(1, sizeof(*set));

	if (!set) {
		snprintf(problem, DEPLOY_PROBLEM_MAX, "out of memory");
		return NULL;
	}
	set->owner = *owner;
	if (set->owner.uid == (uid_t)-1)
		set->owner.uid = geteuid();
	if (set->owner.gid == (gid_t)-1)
		set->owner.gid = getegid();
	while (set->count < count && set->count < FILESET_MAX) {
		struct part *part = &set->parts[set->count];

		set->count++;
		if (open_part(part, &files[set->count - 1], problem)) {
			part->is_current = is_what_it_should_be(part, &set->owner);
			continue;
		}
		fileset_close(set);
		return NULL;
	}
	return set;
}

bool fileset_is_current(const struct fileset *set)
{
	for (size_t i = 0; i < set->count; i++)
		if (!set->parts[i].is_current)
			return false;
	return true;
}

static bool give(int fd, const struct fileset_owner *owner)
{
	struct stat facts;

	if (fstat(fd, &facts) < 0)
		return false;
	if ((facts.st_uid != owner->uid || facts.st_gid != owner->gid) &&
	    fchown(fd, owner->uid, owner->gid) < 0)
		return false;
	return fchmod(fd, owner->mode) == 0;
}

static bool stage_part(struct part *part, const struct fileset_owner *owner, char *problem)
{
	bool is_fine;
	int error;
	int fd;

	/* What a predecessor of ours left. */
	if (unlinkat(part->folder, part->staged, 0) < 0 && errno != ENOENT)
		return fail(problem, part->file.path, "cannot be written");
	fd = openat(part->folder, part->staged,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(problem, part->file.path, "cannot be written");
	part->is_staged = true;
	is_fine = folder_write_all(fd, part->file.bytes, part->file.len) && fsync(fd) == 0;
	if (!is_fine)
		(void)fail(problem, part->file.path, "cannot be written");
	if (is_fine && (!give(fd, owner) || fsync(fd) < 0))
		is_fine = fail(problem, part->file.path, "cannot be given its owner and mode");
	error = errno;
	close(fd);
	errno = error;
	return is_fine;
}

bool fileset_stage(struct fileset *set, char problem[DEPLOY_PROBLEM_MAX])
{
	for (size_t i = 0; i < set->count; i++)
		if (!set->parts[i].is_current && !stage_part(&set->parts[i], &set->owner, problem))
			return false;
	return true;
}

/* False: errno. */
static bool place(struct part *part)
{
	int folder = part->folder;

	part->has_old = true;
	if (renameat2(folder, part->staged, folder, part->base, RENAME_EXCHANGE) == 0)
		return true;
	part->has_old = false;
	part->is_first = errno == ENOENT;
	/* There is none to exchange it with, or this file system cannot. */
	if (errno != ENOENT && errno != EINVAL && errno != ENOSYS)
		return false;
	return renameat(folder, part->staged, folder, part->base) == 0;
}

static void take_back(struct part *part)
{
	int folder = part->folder;

	if (part->is_placed && (part->has_old || part->is_first))
		(void)renameat2(folder, part->base, folder, part->staged,
				part->has_old ? RENAME_EXCHANGE : 0);
	part->is_placed = false;
	(void)fsync(folder);
}

bool fileset_commit(struct fileset *set, char problem[DEPLOY_PROBLEM_MAX])
{
	bool is_fine = true;

	for (size_t i = 0; i < set->count && is_fine; i++) {
		struct part *part = &set->parts[i];

		if (!part->is_staged)
			continue;
		is_fine = check_place(part, problem);
		if (is_fine && !place(part))
			is_fine = fail(problem, part->file.path, "cannot be replaced");
		part->is_placed = is_fine;
	}
	for (size_t i = 0; i < set->count && is_fine; i++)
		if (set->parts[i].is_placed && fsync(set->parts[i].folder) < 0)
			is_fine = fail(problem, set->parts[i].file.path,
				       "may not be on the disk yet");
	for (size_t i = set->count; i > 0 && !is_fine; i--)
		take_back(&set->parts[i - 1]);
	return is_fine;
}

void fileset_close(struct fileset *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->count; i++) {
		struct part *part = &set->parts[i];

		if (part->folder < 0)
			continue;
		if (part->is_staged)
			(void)unlinkat(part->folder, part->staged, 0);
		close(part->folder);
	}
	free(set);
}
