#include "block_folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SUFFIX	   ".image"
#define PATH_BYTES 512

static bool path_make(char path[PATH_BYTES], const char *folder, const char *file)
{
	return (unsigned)snprintf(path, PATH_BYTES, "%s/%s", folder, file) < PATH_BYTES;
}

static enum block_status fail(enum block_status status, char *sentence, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static enum block_status fail(enum block_status status, char *sentence, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(sentence, BLOCK_SENTENCE_MAX, format, list);
	va_end(list);
	return status;
}

/* @error: errno of the folder. */
static enum block_status fail_away(const char *folder, int error, char *sentence)
{
	if (error == ENOENT)
		return fail(
			BLOCK_AWAY, sentence,
			"keystore-ouc does not run: start it (systemctl start keystore-ouc), or "
			"set DataImages in this server's configuration, if its blocks are not in "
			"%.200s",
			folder);
	if (error == EACCES || error == EPERM)
		return fail(BLOCK_AWAY, sentence,
			    "this server may not read %.200s: make its user a member of that "
			    "folder's group",
			    folder);
	return fail(BLOCK_AWAY, sentence, "%.200s cannot be read: %s", folder, strerror(error));
}

static enum block_status fail_open(const char *folder, const char *path, const char *name,
				   const char *why, char *sentence)
{
	struct stat facts;

	if (lstat(path, &facts) == 0 || errno != ENOENT)
		return fail(BLOCK_BROKEN, sentence, "%s", why);
	if (stat(folder, &facts) < 0)
		return fail_away(folder, errno, sentence);
	return fail(
		BLOCK_NONE, sentence,
		"there is no data block %s: keystore-ouc has none of that name, or does not run",
		name);
}

enum block_status block_folder_open(const char *folder, const char *name,
				    struct data_view **ret_view, char sentence[BLOCK_SENTENCE_MAX])
{
	char file[DATA_NAME_MAX + sizeof(SUFFIX)], path[PATH_BYTES];
	char why[DATA_PROBLEM_MAX];
	struct data_view *view = NULL;

	if (!data_name_is_valid(name))
		return fail(BLOCK_NONE, sentence, "there is no data block of that name");
	snprintf(file, sizeof(file), "%s" SUFFIX, name);
	if (!path_make(path, folder, file))
		return fail_away(folder, ENAMETOOLONG, sentence);
	if (!data_view_open(path, &view, why))
		return fail_open(folder, path, name, why, sentence);
	if (strcmp(data_view_block(view)->name, name) != 0) {
		data_view_close(view);
		return fail(BLOCK_BROKEN, sentence,
			    "%s is the image of another block: it was renamed or copied; have "
			    "keystore-ouc make its own anew (systemctl restart keystore-ouc)",
			    file);
	}
	*ret_view = view;
	return BLOCK_OK;
}

enum block_status block_folder_judge(enum data_view_status status, const char *name,
				     char sentence[BLOCK_SENTENCE_MAX])
{
	switch (status) {
	case DATA_VIEW_OK:
		return BLOCK_OK;
	case DATA_VIEW_BUSY:
		return fail(BLOCK_BUSY, sentence,
			    "%s changes whenever it is looked at: try again in a moment", name);
	case DATA_VIEW_TORN:
		return fail(BLOCK_BROKEN, sentence,
			    "keystore-ouc has died while it wrote %s: start it again (systemctl "
			    "restart keystore-ouc)",
			    name);
	case DATA_VIEW_BROKEN:
		return fail(BLOCK_BROKEN, sentence,
			    "the image of %s is cut short, or holds what is no such block: have "
			    "keystore-ouc make it anew (systemctl restart keystore-ouc)",
			    name);
	case DATA_VIEW_NOMEM:
		break;
	}
	return fail(BLOCK_NOMEM, sentence, "this server has no memory left: try again in a moment");
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_image(const char *file)
{
	size_t len = strlen(file);

	return len > strlen(SUFFIX) && strcmp(file + len - strlen(SUFFIX), SUFFIX) == 0;
}

/* At most BLOCK_FILES_MAX; false: there are more, or no memory. */
static bool read_names(DIR *dir, char *files[BLOCK_FILES_MAX], size_t *ret_count)
{
	const struct dirent *entry;
	size_t count = 0;
	bool is_whole = true;

	while (is_whole && (entry = readdir(dir))) {
		if (!is_image(entry->d_name))
			continue;
		is_whole = count < BLOCK_FILES_MAX;
		if (is_whole) {
			files[count] = strdup(entry->d_name);
			is_whole = files[count];
			count += is_whole;
		}
	}
	*ret_count = count;
	return is_whole;
}

enum block_status block_folder_list(const char *folder, char *ret_files[BLOCK_FILES_MAX],
				    size_t *ret_count, bool *ret_is_whole,
				    char sentence[BLOCK_SENTENCE_MAX])
{
	DIR *dir = opendir(folder);

	*ret_count = 0;
	*ret_is_whole = true;
	if (!dir)
		return fail_away(folder, errno, sentence);
	*ret_is_whole = read_names(dir, ret_files, ret_count);
	closedir(dir);
	qsort(ret_files, *ret_count, sizeof(*ret_files), compare);
	return BLOCK_OK;
}

bool block_folder_name(const char *file, char ret_name[DATA_NAME_MAX + 1])
{
	size_t len = strlen(file);
	char name[DATA_NAME_MAX + 1] = "";

	len -= is_image(file) ? strlen(SUFFIX) : len;
	if (len <= DATA_NAME_MAX)
		memcpy(name, file, len);
	if (!data_name_is_valid(name))
		return false;
	strcpy(ret_name, name);
	return true;
}
