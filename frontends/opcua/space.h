/*
 * What the server shows besides ServerConfiguration: keystored's certificates with their days left,
 * the TPM, and data blocks of keystore-ouc as variables. Hides nodes, how they are kept current, and
 * that a write goes through keystore-ouc.
 */
#ifndef OPCUA_SPACE_H
#define OPCUA_SPACE_H

#include <open62541/server.h>
#include <systemd/sd-event.h>

#include "session.h"

#define SPACE_NAMESPACE "urn:keystored:opcua"

struct space;

struct space_options {
	UA_Server *server;
	struct uplink *uplink;
	const char *data_images;  /* keystore-ouc's folder, … */
	const char *data_control; /* … and socket; "": none */
	void (*log)(const char *message, void *user);
	void *user;
};

/* After the server's start-up. NULL: no memory. */
struct space *space_new(sd_event *event, const struct space_options *options);
void space_free(struct space *space); /* before the server; NULL is fine */

void space_event(struct space *space, const struct ks_event *event);
void space_uplink_up(struct space *space);
void space_uplink_down(struct space *space, const char *why);

/*
 * For UA_AccessControl: the rights (enum ks_right) that reading, and writing, a node takes; 0: none
 * but being let in. ~0u: nobody may.
 */
unsigned space_right_to_read(const struct space *space, const UA_NodeId *node);
unsigned space_right_to_write(const struct space *space, const UA_NodeId *node);

#endif
