/* An openssl.cnf on the disk. Hides which one is the system's, and that it changes at once. */
#ifndef CTL_OPENSSL_FILE_H
#define CTL_OPENSSL_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Static. */
const char *openssl_file_system(char path[PATH_MAX]);

struct openssl_file {
	char path[PATH_MAX]; /* what symbolic links end at */
	bool is_there;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	char *text; /* with a NUL behind it; NULL where there is no file */
	size_t len;
};

/* False: @problem (OPENSSL_PROBLEM_BYTES) says why. openssl_file_free() it. */
bool openssl_file_read(const char *path, struct openssl_file *ret_file, char *problem);
void openssl_file_free(struct openssl_file *file);

/*
 * Whether root may load what it names: modules are code. False: somebody else may write it. For
 * others than root it is always so.
 */
bool openssl_file_is_trusted(const struct openssl_file *file);

/* All of @text with the file's owner and mode, or it stays as it was. False: @problem. */
bool openssl_file_replace(const struct openssl_file *file, const char *text, size_t len,
			  char *problem);
bool openssl_file_remove(const struct openssl_file *file, char *problem);

#endif
