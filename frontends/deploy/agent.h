/*
 * The agent: the deployments of a directory, kept true. Hides when which of them is looked at:
 * after an event of keystored, after a change of the directory, after a failure, and hourly.
 */
#ifndef DEPLOY_AGENT_H
#define DEPLOY_AGENT_H

#include <stdbool.h>

struct agent_options {
	const char *dir;    /* of the deployments */
	const char *status; /* directory */
	const char *socket; /* NULL: libkeystore's */
	bool is_once;	    /* each is tried once, then it ends */
};

/* Runs until SIGTERM or SIGINT. The program's exit code. */
int agent_run(const struct agent_options *options);

/* Says what is wrong with the directory and its files. The program's exit code. */
int agent_check(const struct agent_options *options);

/* A line to the journal, or to standard error. */
void agent_log(const char *name, const char *text);

#endif
