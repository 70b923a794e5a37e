/*
 * A front-end's connection to keystored for its event loop: calls that are answered later, and
 * what keystored tells of itself. Hides its loss, and its return after a while.
 *
 * Make no blocking calls over it: they may connect again in between, and events would be lost
 * without notice. uplink_connect() makes another connection for these.
 */
#ifndef COMMON_UPLINK_H
#define COMMON_UPLINK_H

#include <systemd/sd-event.h>

#include "keystore.h"

#define UPLINK_PROBLEM_MAX 512
#define UPLINK_TOKEN_MAX   64 /* bytes */

struct uplink_handler {
	void (*up)(void *user);			   /* again: anything may have happened */
	void (*down)(const char *why, void *user); /* once, until it is up again */
	void (*event)(const struct ks_event *event, void *user); /* as ks_event_fn */
};

struct uplink;

/* Connects from within the loop. NULL: no memory. @socket may be NULL; it is borrowed. */
struct uplink *uplink_new(sd_event *event, const char *socket, const struct uplink_handler *handler,
			  void *user);
/*
 * Another one to the same keystored, in the name of whom @token logs in: it is told what he may see.
 * All that is asked over it is passive. No @token: in one's own name. Once his login is over, it does not come up again.
 */
struct uplink *uplink_new_as(const struct uplink *uplink, const uint8_t *token, size_t len,
			     const struct uplink_handler *handler, void *user);
void uplink_free(struct uplink *uplink); /* what is under way is answered KS_DISCONNECTED first */

/*
 * For the _start calls of libkeystore; NULL while it is down. Call uplink_sends() after each, so
 * that what the socket has not taken is sent later.
 */
struct ks_client *uplink_client(struct uplink *uplink);
/* The same for one call, in the name of whom @token logs in: until uplink_sends(). */
struct ks_client *uplink_client_as(struct uplink *uplink, const struct ks_options *options,
				   const uint8_t *token, size_t len);
void uplink_sends(struct uplink *uplink);
/*
 * Gives the connection up, as if keystored had ended it: it does not answer. Not from within what is
 * called by this uplink.
 */
void uplink_break(struct uplink *uplink, const char *why);

/* A connection for blocking calls, with a deadline. NULL: @problem. */
struct ks_client *uplink_connect(const char *socket, char problem[UPLINK_PROBLEM_MAX]);

#endif
