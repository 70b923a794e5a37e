#include "target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backoff.h"
#include "fileset.h"
#include "material.h"
#include "recover.h"
#include "runner.h"

struct target {
	const struct target_world *world;
	struct deploy_entry entry;
	struct deploy_status status;
	bool is_due;
	bool is_told; /* since this process has started */
	unsigned failures;
	struct runner *runner;
	sd_event_source *timer;
};

static int on_timer(sd_event_source *source, uint64_t usec, void *user)
{
	struct target *target = user;

	(void)source;
	(void)usec;
	target_set_due(target, false);
	target->world->wake(target->world->user);
	return 0;
}

struct target *target_new(const struct target_world *world, const struct deploy_entry *entry)
{
	struct target *target = calloc(1, sizeof(*target));

	if (!target)
		return NULL;
	target->world = world;
	target->entry = *entry;
	target->is_due = true;
	if (sd_event_add_time_relative(world->event, &target->timer, CLOCK_BOOTTIME, 0, 0, on_timer,
				       target) < 0) {
		free(target);
		return NULL;
	}
	(void)sd_event_source_set_enabled(target->timer, SD_EVENT_OFF);
	(void)deploy_status_read(world->status_folder, entry->deployment.name, &target->status);
	if (!*entry->problem && recover_files(&entry->deployment))
		world->log(entry->deployment.name, "finished what was interrupted");
	return target;
}

void target_free(struct target *target)
{
	if (!target)
		return;
	runner_free(target->runner);
	sd_event_source_disable_unref(target->timer);
	free(target);
}

void target_update(struct target *target, const struct deploy_entry *entry)
{
	if (memcmp(&target->entry, entry, sizeof(*entry)) == 0)
		return;
	target->entry = *entry;
	target_set_due(target, true);
}

void target_set_due(struct target *target, bool is_fresh)
{
	target->is_due = true;
	if (is_fresh)
		target->failures = 0;
}

bool target_is_due(const struct target *target)
{
	return target->is_due && !target->runner;
}

const struct deployment *target_deployment(const struct target *target)
{
	return &target->entry.deployment;
}

enum deploy_state target_state(const struct target *target)
{
	return target->status.state;
}

bool target_is_busy(const struct target *target)
{
	return target->runner != NULL;
}

const char *target_note(const struct target *target)
{
	return target->status.note;
}

static bool save(struct target *target)
{
	if (deploy_status_write(target->world->status_folder, target->entry.deployment.name,
				&target->status))
		return true;
	target->world->log(target->entry.deployment.name, "its status cannot be written");
	return false;
}

/* Tells it where it is news. */
static void settle(struct target *target, enum deploy_state state, const char *note,
		   const char *output)
{
	struct deploy_status *status = &target->status;
	bool is_news =
		!target->is_told || status->state != state || strcmp(status->note, note) != 0;

	target->is_told = true;
	status->state = state;
	snprintf(status->note, sizeof(status->note), "%s", note);
	snprintf(status->output, sizeof(status->output), "%s", output);
	if (is_news && *note)
		target->world->log(target->entry.deployment.name, note);
	(void)save(target);
}

static void settle_later(struct target *target, enum deploy_state state, const char *note,
			 const char *output)
{
	uint32_t ms = backoff_ms(++target->failures, BACKOFF_LAST_MS);

	target->status.next_try = 0;
	if (!target->world->is_once) {
		target->status.next_try = time(NULL) + (ms + 999) / 1000;
		(void)sd_event_source_set_time_relative(target->timer, (uint64_t)ms * 1000);
		(void)sd_event_source_set_enabled(target->timer, SD_EVENT_ONESHOT);
	}
	settle(target, state, note, output);
}

static void settle_current(struct target *target)
{
	target->failures = 0;
	target->status.next_try = 0;
	settle(target, DEPLOY_CURRENT, "", "");
}

static void on_command_end(const char *failure, const char *output, void *user)
{
	struct target *target = user;
	const struct deployment *deployment = &target->entry.deployment;
	char note[DEPLOY_PROBLEM_MAX];

	if (failure) {
		snprintf(note, sizeof(note),
			 "the files are new, but the program may not know: %s%.200s %s",
			 *deployment->unit ? "reloading " : "",
			 *deployment->unit ? deployment->unit : deployment->command, failure);
		settle_later(target, DEPLOY_FAILED, note, output);
	} else {
		target->status.is_reload_due = false;
		settle_current(target);
	}
	/* It has lent its output. */
	runner_free(target->runner);
	target->runner = NULL;
	target->world->wake(target->world->user);
}

static void tell_program(struct target *target)
{
	const struct deployment *deployment = &target->entry.deployment;
	/* Not started when it is stopped; restarted when it cannot reload. */
	const char *const reload[] = {"systemctl", "--no-ask-password", "try-reload-or-restart",
				      "--",	   deployment->unit,	NULL};
	const char *const run[] = {"/bin/sh", "-c", deployment->command, NULL};
	char note[DEPLOY_PROBLEM_MAX];

	target->runner = runner_start(target->world->event, *deployment->unit ? reload : run,
				      RUNNER_TIMEOUT_MS, on_command_end, target, note);
	if (!target->runner) {
		settle_later(target, DEPLOY_FAILED, note, "");
		return;
	}
	target->status.next_try = 0;
	snprintf(note, sizeof(note), "the files are new, the program is being told");
	settle(target, DEPLOY_WAITING, note, "");
}

static bool replace(struct target *target, struct fileset *set, char *problem)
{
	const struct deployment *deployment = &target->entry.deployment;

	if (fileset_is_current(set))
		return true;
	if (!fileset_stage(set, problem))
		return false;
	/* Before the files change: a death in between must not leave the program in the dark. */
	target->status.is_reload_due = *deployment->unit || *deployment->command;
	if (!save(target)) {
		snprintf(problem, DEPLOY_PROBLEM_MAX,
			 "the status cannot be written: %s; the files stay as they are",
			 strerror(errno));
		return false;
	}
	if (!fileset_commit(set, problem))
		return false;
	target->status.changed = time(NULL);
	return true;
}

static bool put(struct target *target, const struct material *material, char *problem)
{
	const struct deployment *deployment = &target->entry.deployment;
	struct fileset_owner owner = {.mode = deployment->mode};
	struct fileset_file files[DEPLOYMENT_FILES];
	struct fileset *set;
	size_t count = 0;
	bool is_fine;

	if (!deployment_owner(deployment, &owner.uid, &owner.gid, problem))
		return false;
	for (enum deployment_file i = 0; i < DEPLOYMENT_FILES; i++)
		if (material->bytes[i])
			files[count++] = (struct fileset_file){
				deployment->paths[i], material->bytes[i], material->len[i]};
	set = fileset_open(files, count, &owner, problem);
	is_fine = set && replace(target, set, problem);
	fileset_close(set);
	return is_fine;
}

static void apply_material(struct target *target, const struct material *material)
{
	struct deploy_status *status = &target->status;
	char problem[DEPLOY_PROBLEM_MAX];
	char text[DEPLOY_PROBLEM_MAX];
	int64_t before = status->changed;

	if (!put(target, material, problem)) {
		settle_later(target, DEPLOY_FAILED, problem, "");
		return;
	}
	memcpy(status->common_name, material->common_name, sizeof(status->common_name));
	status->version = material->version;
	status->not_after = material->not_after;
	if (status->changed != before) {
		snprintf(text, sizeof(text), "certificate %llu version %u is in %s",
			 (unsigned long long)target->entry.deployment.cert_id, status->version,
			 target->entry.deployment.paths[DEPLOYMENT_CERT]);
		target->world->log(target->entry.deployment.name, text);
	}
	if (status->is_reload_due)
		tell_program(target);
	else
		settle_current(target);
}

void target_apply(struct target *target)
{
	const struct target_world *world = target->world;
	enum material_status status = MATERIAL_AWAY;
	char problem[DEPLOY_PROBLEM_MAX] = "";
	struct material material = {0};
	struct ks_client *client;

	target->is_due = false;
	(void)sd_event_source_set_enabled(target->timer, SD_EVENT_OFF);
	if (*target->entry.problem) {
		/* Its file has to change first. */
		target->status.next_try = 0;
		settle(target, DEPLOY_FAILED, target->entry.problem, "");
		return;
	}
	client = world->client(world->user, problem);
	if (client)
		status = material_fetch(client, &target->entry.deployment, &material, problem);
	switch (status) {
	case MATERIAL_OK:
		apply_material(target, &material);
		break;
	case MATERIAL_AWAY:
		settle_later(target, DEPLOY_WAITING, problem, "");
		break;
	case MATERIAL_REFUSED:
		settle_later(target, DEPLOY_FAILED, problem, "");
		break;
	}
	material_wipe(&material);
}
