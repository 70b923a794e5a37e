#include "deploy_dir.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SUFFIX	   ".conf"
#define SUFFIX_LEN (sizeof(SUFFIX) - 1)
#define NAMES_MAX  (2 * DEPLOYMENTS_MAX) /* under which a new one is tried */

const char *deploy_dir_path(const char *given)
{
	const char *path = given ? given : secure_getenv("KEYSTORE_DEPLOY_DIR");

	return path ? path : DEPLOY_DIR_DEFAULT;
}

/* Other files are somebody's notes, or not finished. */
static bool take_name(const char *file, char ret_name[DEPLOYMENT_NAME_MAX + 1])
{
	size_t len = strlen(file);

	if (len <= SUFFIX_LEN || len - SUFFIX_LEN > DEPLOYMENT_NAME_MAX ||
	    strcmp(file + len - SUFFIX_LEN, SUFFIX) != 0 || !isalnum((unsigned char)*file))
		return false;
	for (const char *c = file; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("._-", *c))
			return false;
	memcpy(ret_name, file, len - SUFFIX_LEN);
	ret_name[len - SUFFIX_LEN] = '\0';
	return true;
}

static void load_entry(int folder, struct deploy_entry *entry)
{
	struct deployment deployment;
	char problem[DEPLOY_PROBLEM_MAX];
	char file[DEPLOYMENT_NAME_MAX + SUFFIX_LEN + 1];
	struct stat facts;
	size_t len = 0;
	char *text;

	snprintf(file, sizeof(file), "%s" SUFFIX, entry->deployment.name);
	text = folder_read(folder, file, DEPLOYMENT_TEXT_MAX, &len, &facts);
	if (!text) {
		snprintf(entry->problem, sizeof(entry->problem), "%s cannot be read: %s", file,
			 errno == EFBIG ? "it is too long" : strerror(errno));
	} else if (folder_is_open_to_others(&facts)) {
		snprintf(entry->problem, sizeof(entry->problem),
			 "%s can be written by others than root%s, and says what root runs: chown "
			 "root and chmod 0644 it",
			 file, geteuid() ? " and this user" : "");
	} else if (!deployment_read(text, len, &deployment, problem)) {
		snprintf(entry->problem, sizeof(entry->problem), "%.80s: %.400s", file, problem);
	} else {
		memcpy(deployment.name, entry->deployment.name, sizeof(deployment.name));
		entry->deployment = deployment;
	}
	free(text);
}

/* The later one of two that write one file is not carried out. */
static void find_shared(struct deploy_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct deploy_entry *entry = &list->entries[i];

		for (size_t j = 0; j < i && !*entry->problem; j++) {
			const struct deploy_entry *other = &list->entries[j];
			char name[sizeof(other->deployment.name)];
			const char *file = NULL;

			if (!*other->problem)
				file = deployment_shared_file(&entry->deployment,
							      &other->deployment);
			if (!file)
				continue;
			/* GCC 12 takes two entries of one list for one. */
			memcpy(name, other->deployment.name, sizeof(name));
			snprintf(entry->problem, sizeof(entry->problem),
				 "%s is written by deployment %s already: give each its own file",
				 file, name);
		}
	}
}

static int by_name(const void *one, const void *other)
{
	const struct deploy_entry *entries[] = {one, other};

	return strcmp(entries[0]->deployment.name, entries[1]->deployment.name);
}

static struct deploy_list *load(int folder, DIR *dir)
{
	struct deploy_list *list = calloc(1, sizeof(*list));
	const struct dirent *file;

	while (list && (file = readdir(dir))) {
		char name[DEPLOYMENT_NAME_MAX + 1];

		if (!take_name(file->d_name, name))
			continue;
		if (list->count == DEPLOYMENTS_MAX) {
			list->left_out++;
			continue;
		}
		memcpy(list->entries[list->count].deployment.name, name, sizeof(name));
		load_entry(folder, &list->entries[list->count++]);
	}
	if (!list)
		return NULL;
	qsort(list->entries, list->count, sizeof(list->entries[0]), by_name);
	find_shared(list);
	return list;
}

struct deploy_list *deploy_dir_load(const char *dir, char problem[DEPLOY_PROBLEM_MAX])
{
	int folder = folder_open(dir, true, problem);
	struct deploy_list *list = NULL;
	DIR *files = NULL;
	int error = errno;
	int copy;

	if (folder < 0)
		return NULL;
	copy = fcntl(folder, F_DUPFD_CLOEXEC, 3);
	files = copy >= 0 ? fdopendir(copy) : NULL;
	if (files)
		list = load(folder, files);
	error = ENOMEM;
	if (!list)
		snprintf(problem, DEPLOY_PROBLEM_MAX, "%.400s cannot be read: out of memory", dir);
	if (files)
		closedir(files);
	else if (copy >= 0)
		close(copy);
	close(folder);
	errno = error;
	return list;
}

bool deploy_dir_add(const char *dir, const struct deployment *deployment,
		    char ret_name[DEPLOYMENT_NAME_MAX + 1], char problem[DEPLOY_PROBLEM_MAX])
{
	char name[DEPLOYMENT_NAME_MAX + 1];
	char file[DEPLOYMENT_NAME_MAX + SUFFIX_LEN + 1];
	char text[DEPLOYMENT_TEXT_MAX];
	bool is_fine = false;
	int folder;

	if (!deployment_write(deployment, text, problem) || !folder_make(dir, problem))
		return false;
	folder = folder_open(dir, true, problem);
	if (folder < 0)
		return false;
	errno = EEXIST;
	for (unsigned i = 1; i <= NAMES_MAX && !is_fine && errno == EEXIST; i++) {
		snprintf(name, sizeof(name), i == 1 ? "%llu" : "%llu-%u",
			 (unsigned long long)deployment->cert_id, i);
		snprintf(file, sizeof(file), "%s" SUFFIX, name);
		is_fine = folder_write(folder, file, 0644, true, text, strlen(text));
	}
	if (is_fine)
		memcpy(ret_name, name, sizeof(name));
	else
		snprintf(problem, DEPLOY_PROBLEM_MAX, "%.400s cannot be written to: %s", dir,
			 strerror(errno));
	close(folder);
	return is_fine;
}

bool deploy_dir_remove(const char *dir, const char *name, char problem[DEPLOY_PROBLEM_MAX])
{
	char file[DEPLOYMENT_NAME_MAX + SUFFIX_LEN + 1];
	int folder = folder_open(dir, true, problem);
	bool is_fine;

	if (folder < 0)
		return false;
	snprintf(file, sizeof(file), "%s" SUFFIX, name);
	is_fine = unlinkat(folder, file, 0) == 0 && fsync(folder) == 0;
	if (!is_fine)
		snprintf(problem, DEPLOY_PROBLEM_MAX, "%.380s/%s cannot be removed: %s", dir, file,
			 strerror(errno));
	close(folder);
	return is_fine;
}
