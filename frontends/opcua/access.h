/*
 * Who may log in to the server, and what a session may do with which node: UA_AccessControl. Hides
 * tokens of OPC UA (OPC 10000-4 7.40), and how keystored's rights become access to nodes. Rights are
 * looked at on each use; what nobody allows is denied.
 */
#ifndef OPCUA_ACCESS_H
#define OPCUA_ACCESS_H

#include <open62541/plugin/accesscontrol.h>

#include "session.h"
#include "settings.h"
#include "users.h"

struct access;

struct access_options {
	const struct opcua_settings *settings; /* borrowed, as all of these */
	struct users *users;
	/* Where the message comes from that open62541 is being given; "": nowhere. */
	const char *(*address)(void *user);
	/* The connection of that message, tcp_serial(); 0: none. */
	uint64_t (*connection)(void *user);
	/* It is one of a client that nobody trusts: gate_set_setup(). */
	bool (*is_newcomer)(void *user);
	/* What reading and writing a node takes: rights (enum ks_right), ~0u: nobody may. */
	unsigned (*right_to_read)(const UA_NodeId *node, void *user);
	unsigned (*right_to_write)(const UA_NodeId *node, void *user);
	void (*ended)(const struct session *session, void *user); /* before it is gone */
	void (*log)(const char *message, void *user);		  /* who was turned away, and why */
	void *user;
};

/* NULL: no memory. */
struct access *access_new(const struct access_options *options);
void access_free(struct access *access); /* after the server; NULL is fine */

/* For UA_ServerConfig, which clears nothing by it. */
UA_AccessControl access_control(struct access *access);

/*
 * Whose message open62541 is being given. NULL: nobody's; or several sessions have his connection, of
 * which open62541 does not say which it is: nobody may then take another's rights.
 */
struct session *access_caller(const struct access *access);

#endif
