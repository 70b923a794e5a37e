/*
 * GDS Push: the server's object ServerConfiguration, complete (OPC 10000-12 7.10). Hides its nodes,
 * trust lists as files, transactions, which are keystored's, and the thread in which keystored is
 * asked, so that nobody else's session waits.
 */
#ifndef OPCUA_PUSH_H
#define OPCUA_PUSH_H

#include <open62541/server.h>
#include <systemd/sd-event.h>

#include "session.h"

struct push;

struct push_options {
	UA_Server *server;
	const char *socket;	   /* keystored's; NULL: its default */
	const char *service;	   /* of the OPC UA server: DefaultApplicationGroup */
	const char *https_service; /* of the web server: DefaultHttpsGroup; "": none */
	const char *user_group;	   /* trust group of user certificates: DefaultUserTokenGroup */
	uint32_t trust_list_max;   /* bytes: MaxTrustListSize */
	/* Whose request open62541 is being given just now; NULL: nobody's. */
	struct session *(*caller)(void *user);
	/* A change is in force; what peers see of it follows by keystored's events. */
	void (*applied)(void *user);
	void (*log)(const char *message, void *user);
	void *user;
};

/*
 * Before UA_Server_newWithConfig(), with @config's own event loop in it: so that results are sent at
 * once, and not at open62541's next look after a second.
 */
void push_prepare(UA_ServerConfig *config);

/* After the server's start-up, whose nodes it changes. NULL: no memory. */
struct push *push_new(sd_event *event, const struct push_options *options);
void push_free(struct push *push); /* before the server; NULL is fine */

void push_event(struct push *push, const struct ks_event *event);
void push_uplink_up(struct push *push);		    /* again: anything may have changed */
void push_set_setup(struct push *push, bool is_on); /* InApplicationSetup */
/* Its files, its transaction: gone. */
void push_session_ended(struct push *push, const struct session *session);

#endif
