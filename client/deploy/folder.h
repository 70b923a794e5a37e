/*
 * Folders of others, opened by root. Hides how one avoids being led elsewhere by symbolic links,
 * and who could change what is there.
 */
#ifndef DEPLOY_FOLDER_H
#define DEPLOY_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#define DEPLOY_PROBLEM_MAX 512 /* of a sentence */

/* Whether @uid is root or this process's own user: whoever is neither is not believed. */
bool folder_is_ours(uid_t uid);

/* Whether somebody who is not ours could change what @facts are of. */
bool folder_is_open_to_others(const struct stat *facts);

/*
 * A descriptor of the directory @path, which is absolute. Symbolic links on the way are followed
 * where only root, or this process's user, could have made them. @is_ours: refused if anybody
 * else could change it, or the way there. -1 with errno: @problem is a sentence.
 */
int folder_open(const char *path, bool is_ours, char problem[DEPLOY_PROBLEM_MAX]);

/* Makes the directories of @path that are missing, 0755. False: @problem. */
bool folder_make(const char *path, char problem[DEPLOY_PROBLEM_MAX]);

/* @path up to its last '/'; the base is what follows. False: there is none, or no room. */
bool folder_split(const char *path, char *ret_folder, size_t size, const char **ret_base);

/*
 * At most @max bytes of a regular file, with a NUL behind; free() it. NULL with errno; ELOOP: it
 * is a symbolic link, EFBIG: it is longer, EINVAL: no regular file. @ret_facts may be NULL.
 */
char *folder_read(int folder, const char *base, size_t max, size_t *ret_len,
		  struct stat *ret_facts);

/* Goes on where a signal or a short write left off. False: errno says why. */
bool folder_write_all(int fd, const char *bytes, size_t len);

/*
 * A file appears whole, and survives a loss of power, or nothing changes and errno says why.
 * @is_new: EEXIST if there is one.
 */
bool folder_write(int folder, const char *base, mode_t mode, bool is_new, const char *bytes,
		  size_t len);

#endif
