/* What the parts of the fixture share; tests don't include it. */
#ifndef SUPPORT_FIXTURE_PARTS_H
#define SUPPORT_FIXTURE_PARTS_H

#include "fixture.h"

#define SUPPORT_PATH_MAX 100

struct fixture {
	struct fixture_options options;
	char *dir;
	char state[SUPPORT_PATH_MAX];
	char socket[SUPPORT_PATH_MAX];
	char config[SUPPORT_PATH_MAX];
	char tpm_state[SUPPORT_PATH_MAX];
	char tpm_socket[SUPPORT_PATH_MAX];   /* what the service uses */
	char swtpm_socket[SUPPORT_PATH_MAX]; /* the same without a proxy */
	char control[SUPPORT_PATH_MAX];
	char log[SUPPORT_PATH_MAX];
	char tcti[SUPPORT_PATH_MAX + 16];
	pid_t swtpm; /* 0: not running */
	pid_t proxy;
	pid_t service;
};

/* Makes the TPM's state from the template of this build. */
void fixture_tpm_prepare(struct fixture *fixture);

/* Connects, or -1. */
int socket_try(const char *path);

/* Shows the ends of the logs, for a test that is about to end. */
void fixture_show_logs(const struct fixture *fixture);

#endif
