#include "deploy_status.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "json_text.h"

#define SUFFIX	   ".json"
#define SUFFIX_LEN (sizeof(SUFFIX) - 1)
#define FILE_MAX   16384

static const char *const state_names[DEPLOY_STATES] = {
	[DEPLOY_WAITING] = "waiting",
	[DEPLOY_CURRENT] = "current",
	[DEPLOY_FAILED] = "failed",
};

const char *deploy_state_name(enum deploy_state state)
{
	return state_names[state];
}

const char *deploy_status_path(const char *given)
{
	const char *path = given ? given : secure_getenv("KEYSTORE_DEPLOY_STATUS");

	return path ? path : DEPLOY_STATUS_DEFAULT;
}

int deploy_status_own(const char *dir, char problem[DEPLOY_PROBLEM_MAX])
{
	int folder;

	/* What a command printed is for root. */
	if (mkdir(dir, 0700) < 0 && errno != EEXIST) {
		snprintf(problem, DEPLOY_PROBLEM_MAX, "%.400s cannot be made: %s", dir,
			 strerror(errno));
		return -1;
	}
	folder = folder_open(dir, true, problem);
	if (folder < 0)
		return -1;
	/* A lock of the open file: a child that is running a command does not keep it. */
	if (flock(folder, LOCK_EX | LOCK_NB) == 0)
		return folder;
	snprintf(problem, DEPLOY_PROBLEM_MAX,
		 errno == EWOULDBLOCK
			 ? "another keystore-deploy has %.400s: what is to be done, it does"
			 : "%.400s cannot be locked",
		 dir);
	close(folder);
	return -1;
}

int deploy_status_open(const char *dir)
{
	return open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

bool deploy_status_is_owned(int folder)
{
	if (flock(folder, LOCK_SH | LOCK_NB) < 0)
		return errno == EWOULDBLOCK;
	(void)flock(folder, LOCK_UN);
	return false;
}

bool deploy_status_write(int folder, const char *name, const struct deploy_status *status)
{
	json_t *object = json_pack(
		"{s:s, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:b}", "state",
		state_names[status->state], "note", json_text(status->note), "output",
		json_text(status->output), "common_name", json_text(status->common_name), "version",
		(json_int_t)status->version, "not_after", (json_int_t)status->not_after, "changed",
		(json_int_t)status->changed, "next_try", (json_int_t)status->next_try, "reload_due",
		(int)status->is_reload_due);
	char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
	char file[DEPLOYMENT_NAME_MAX + SUFFIX_LEN + 1];
	bool is_fine;

	errno = ENOMEM;
	snprintf(file, sizeof(file), "%s" SUFFIX, name);
	is_fine = text && folder_write(folder, file, 0600, false, text, strlen(text));
	free(text);
	json_decref(object);
	return is_fine;
}

/* A member that is a string, as far as it has room. */
static void take_text(const json_t *object, const char *key, char *text, size_t size)
{
	const char *value = json_string_value(json_object_get(object, key));

	snprintf(text, size, "%s", value ? value : "");
}

static int64_t take_number(const json_t *object, const char *key)
{
	return (int64_t)json_integer_value(json_object_get(object, key));
}

bool deploy_status_read(int folder, const char *name, struct deploy_status *ret_status)
{
	struct deploy_status status = {0};
	char file[DEPLOYMENT_NAME_MAX + SUFFIX_LEN + 1];
	const char *state = NULL;
	json_t *object = NULL;
	bool is_known = false;
	size_t len = 0;
	char *text;

	snprintf(file, sizeof(file), "%s" SUFFIX, name);
	text = folder_read(folder, file, FILE_MAX, &len, NULL);
	if (text)
		object = json_loadb(text, len, 0, NULL);
	free(text);
	state = json_string_value(json_object_get(object, "state"));
	for (enum deploy_state i = 0; state && i < DEPLOY_STATES; i++) {
		if (strcmp(state_names[i], state) == 0) {
			status.state = i;
			is_known = true;
		}
	}
	if (is_known) {
		take_text(object, "note", status.note, sizeof(status.note));
		take_text(object, "output", status.output, sizeof(status.output));
		take_text(object, "common_name", status.common_name, sizeof(status.common_name));
		status.version = (uint32_t)take_number(object, "version");
		status.not_after = take_number(object, "not_after");
		status.changed = take_number(object, "changed");
		status.next_try = take_number(object, "next_try");
		status.is_reload_due = json_is_true(json_object_get(object, "reload_due"));
		*ret_status = status;
	}
	json_decref(object);
	return is_known;
}

void deploy_status_tidy(int folder, bool (*is_known)(const char *name, void *user), void *user)
{
	int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *files = copy >= 0 ? fdopendir(copy) : NULL;
	const struct dirent *file;

	while (files && (file = readdir(files))) {
		char name[NAME_MAX + 1];
		size_t len = strlen(file->d_name);

		if (len <= SUFFIX_LEN || strcmp(file->d_name + len - SUFFIX_LEN, SUFFIX) != 0)
			continue;
		memcpy(name, file->d_name, len - SUFFIX_LEN);
		name[len - SUFFIX_LEN] = '\0';
		if (*name != '.' && !is_known(name, user))
			(void)unlinkat(folder, file->d_name, 0);
	}
	if (files)
		closedir(files);
	else if (copy >= 0)
		close(copy);
}
