/* A directory for one test, and its end. */
#ifndef TEMP_DIR_H
#define TEMP_DIR_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMP_PATH_MAX 256

static inline void temp_dir_make(char path[TEMP_PATH_MAX])
{
	const char *base = getenv("TMPDIR");

	snprintf(path, TEMP_PATH_MAX, "%s/keystored-test.XXXXXX", base ? base : "/tmp");
	if (!mkdtemp(path))
		abort();
}

static inline int temp_dir_remove_one(const char *path, const struct stat *st, int type,
				      struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static inline void temp_dir_remove(const char *path)
{
	nftw(path, temp_dir_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

#endif
