/*
 * A program that serves by one configuration until it is told to end: keystore-https, keystore-opcua.
 * Hides options, the loop, signals, and what systemd is told.
 */
#ifndef COMMON_FRONT_END_MAIN_H
#define COMMON_FRONT_END_MAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <systemd/sd-event.h>

#include "conf_report.h"

#define FRONT_END_MESSAGE_MAX 512

/* What a service tells its program. */
struct front_end_handler {
	void (*log)(const char *message, void *user);	 /* of what has changed */
	void (*status)(const char *message, void *user); /* as it is now, in one line */
	void (*begun)(void *user); /* it serves, or it is known what is missing; once */
};

/* One program. Settings and service are its own; both are made once. */
struct front_end_kind {
	const char *name;  /* of the program, its manual, and its configuration in /etc/keystore */
	const char *about; /* a sentence for --help */

	bool (*read)(FILE *file, conf_problem_fn *problem, void *user, void **ret_settings);
	void (*forget)(void *settings); /* NULL is fine */
	bool (*is_enabled)(const void *settings);
	/* Where keystored's socket is kept in them, and with how many bytes. */
	char *(*socket)(void *settings, size_t *ret_size);
	/* How many descriptors the service may have, besides some that every program has. */
	unsigned long long (*descriptors)(const void *settings);

	/* @settings outlive it. False: @problem. */
	bool (*start)(sd_event *event, void *settings, const struct front_end_handler *handler,
		      void *user, void **ret_service, char problem[FRONT_END_MESSAGE_MAX]);
	/* What is under way has its time; calls @ended, perhaps before it returns. */
	void (*end)(void *service, void (*ended)(void *user), void *user);
	void (*free)(void *service); /* NULL is fine */
};

/* The exit code. */
int front_end_main(const struct front_end_kind *kind, int argc, char **argv);

#endif
