/*
 * Files that change together. Hides how they are replaced: each is written beside its place and
 * is on the disk before any takes its place; then each changes places with its predecessor, so
 * that what was there is still there until all have.
 */
#ifndef DEPLOY_FILESET_H
#define DEPLOY_FILESET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "folder.h"

#define FILESET_MAX	 3
#define FILESET_FILE_MAX ((size_t)1 << 19) /* a chain is at most a frame of keystored */

struct fileset_file {
	const char *path;
	const char *bytes; /* borrowed until fileset_close() */
	size_t len;
};

struct fileset_owner {
	uid_t uid; /* -1: whoever we are */
	gid_t gid;
	mode_t mode;
};

struct fileset;

/* Opens the folders. NULL: @problem, a sentence. */
struct fileset *fileset_open(const struct fileset_file *files, size_t count,
			     const struct fileset_owner *owner, char problem[DEPLOY_PROBLEM_MAX]);

/* Whether each is what it should be already, owner and mode included. */
bool fileset_is_current(const struct fileset *set);

/* Writes what differs beside its place. False: @problem; what is in place is untouched. */
bool fileset_stage(struct fileset *set, char problem[DEPLOY_PROBLEM_MAX]);

/*
 * All into place. False: @problem; what was in place is there again, as far as the file system
 * can exchange files (NFS cannot).
 */
bool fileset_commit(struct fileset *set, char problem[DEPLOY_PROBLEM_MAX]);

/* Removes what is left beside the places. NULL is fine. */
void fileset_close(struct fileset *set);

/* What @base is called beside its place. False: that is too long. */
bool fileset_staged_name(const char *base, char *ret_name, size_t size);

#endif
