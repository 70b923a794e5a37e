/*
 * The directory of deployments. Hides its files, and which of them are believed: what they say is
 * run by root, so nobody else may be able to write them.
 */
#ifndef DEPLOY_DEPLOY_DIR_H
#define DEPLOY_DEPLOY_DIR_H

#include "deployment.h"

#define DEPLOY_DIR_DEFAULT "/etc/keystore/deploy.d" /* or KEYSTORE_DEPLOY_DIR */
#define DEPLOYMENTS_MAX	   64

struct deploy_entry {
	struct deployment deployment;	  /* name is set in any case */
	char problem[DEPLOY_PROBLEM_MAX]; /* not "": why it is not carried out */
};

struct deploy_list {
	size_t count;
	size_t left_out; /* beyond DEPLOYMENTS_MAX */
	struct deploy_entry entries[DEPLOYMENTS_MAX];
};

/* @given, or the environment's, or the default. Borrowed. */
const char *deploy_dir_path(const char *given);

/* In order of names; free() it. NULL with errno: @problem. ENOENT: there is no directory. */
struct deploy_list *deploy_dir_load(const char *dir, char problem[DEPLOY_PROBLEM_MAX]);

/*
 * Enters a deployment under a name that is made for it, in a directory that is made if it is not
 * there. False: @problem; nothing has changed.
 */
bool deploy_dir_add(const char *dir, const struct deployment *deployment,
		    char ret_name[DEPLOYMENT_NAME_MAX + 1], char problem[DEPLOY_PROBLEM_MAX]);

/* False: @problem. */
bool deploy_dir_remove(const char *dir, const char *name, char problem[DEPLOY_PROBLEM_MAX]);

#endif
