/*
 * One deployment under way: what is in its files, whether its program knows, and when it is tried
 * again. Hides the order of doing it, and its status file.
 */
#ifndef DEPLOY_TARGET_H
#define DEPLOY_TARGET_H

#include <systemd/sd-event.h>

#include "deploy_dir.h"
#include "deploy_status.h"
#include "keystore.h"

/* What targets have in common; outlives them. */
struct target_world {
	sd_event *event;
	int status_folder;
	bool is_once; /* what fails is not tried again */
	/* Its client, or NULL: @problem. */
	struct ks_client *(*client)(void *user, char problem[DEPLOY_PROBLEM_MAX]);
	/* A target is due, or its command has ended. */
	void (*wake)(void *user);
	void (*log)(const char *name, const char *text);
	void *user;
};

struct target;

/* Puts in order what a predecessor left. NULL: no memory. */
struct target *target_new(const struct target_world *world, const struct deploy_entry *entry);
void target_free(struct target *target); /* ends its command; NULL is fine */

/* The same deployment as read anew; due if it has changed. */
void target_update(struct target *target, const struct deploy_entry *entry);

/* To be tried now; @is_fresh: as if it had not failed before. */
void target_set_due(struct target *target, bool is_fresh);
bool target_is_due(const struct target *target);

/* Does what is to be done. Blocks for the answers of keystored. */
void target_apply(struct target *target);

const struct deployment *target_deployment(const struct target *target);
enum deploy_state target_state(const struct target *target);
bool target_is_busy(const struct target *target); /* its command runs */
const char *target_note(const struct target *target);

#endif
