/*
 * What keystored tells of itself. Hides the connection that listens, its loss, and its return
 * after a while.
 *
 * It is a connection of its own: one that makes blocking calls may connect again in between, and
 * events would be lost without notice.
 */
#ifndef DEPLOY_LINK_H
#define DEPLOY_LINK_H

#include <systemd/sd-event.h>

#include "folder.h"
#include "keystore.h"

struct link_handler {
	void (*up)(void *user);			   /* again: anything may have happened */
	void (*down)(const char *why, void *user); /* once, until it is up again */
	void (*event)(const struct ks_event *event, void *user); /* as ks_event_fn */
};

struct link;

/* Connects from within the loop. NULL: no memory. @socket may be NULL. */
struct link *link_new(sd_event *event, const char *socket, const struct link_handler *handler,
		      void *user);
void link_free(struct link *link);

/* A connection for blocking calls, with a deadline. NULL: @problem. */
struct ks_client *link_connect(const char *socket, char problem[DEPLOY_PROBLEM_MAX]);

#endif
