/*
 * What keystore-deploy says of a deployment, for keystorectl deploy status and for itself after a
 * restart. Hides the files, and how one knows that the agent runs.
 */
#ifndef DEPLOY_DEPLOY_STATUS_H
#define DEPLOY_DEPLOY_STATUS_H

#include "deployment.h"

#define DEPLOY_STATUS_DEFAULT "/run/keystore-deploy" /* or KEYSTORE_DEPLOY_STATUS */
#define DEPLOY_OUTPUT_MAX     1024		     /* of a command */
#define DEPLOY_COMMON_MAX     256		     /* of a certificate's common name */

enum deploy_state {
	DEPLOY_WAITING, /* for keystored, or for its turn */
	DEPLOY_CURRENT, /* the files are right, and the program knows */
	DEPLOY_FAILED,
	DEPLOY_STATES,
};

/* "current" */
const char *deploy_state_name(enum deploy_state state);

/* Zero-initialise. */
struct deploy_status {
	enum deploy_state state;
	char note[DEPLOY_PROBLEM_MAX];	     /* a sentence when it is not current, else "" */
	char output[DEPLOY_OUTPUT_MAX];	     /* what the command printed that failed */
	char common_name[DEPLOY_COMMON_MAX]; /* of the certificate in the files; "": not known */
	uint32_t version;
	int64_t not_after;
	int64_t changed;    /* when the files were; 0: not since the machine started */
	int64_t next_try;   /* 0: with the next event */
	bool is_reload_due; /* the files have changed, and the program was not told yet */
};

/* @given, or the environment's, or the default. Borrowed. */
const char *deploy_status_path(const char *given);

/*
 * Makes the directory, and takes it for this process: a descriptor that keeps it so. -1:
 * @problem.
 */
int deploy_status_own(const char *dir, char problem[DEPLOY_PROBLEM_MAX]);

/* @folder: from deploy_status_own(). False with errno. */
bool deploy_status_write(int folder, const char *name, const struct deploy_status *status);

/* Removes those of deployments that @is_known does not know. */
void deploy_status_tidy(int folder, bool (*is_known)(const char *name, void *user), void *user);

/* False: there is none that can be read. */
bool deploy_status_read(int folder, const char *name, struct deploy_status *ret_status);

/* The directory for reading only. -1 with errno: there is none, or it is not for this user. */
int deploy_status_open(const char *dir);

/* Whether an agent has it. */
bool deploy_status_is_owned(int folder);

#endif
