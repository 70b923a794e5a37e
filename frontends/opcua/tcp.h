/*
 * OPC UA's TCP connections (OPC 10000-6 7.1) as a connection manager of open62541, in the program's
 * event loop. Hides sockets, and that a chunk can be held back, in either direction, with all that
 * comes behind it on the same connection, while all others go on.
 *
 * open62541's own event loop keeps its timers (loop.h); its sockets are here.
 */
#ifndef OPCUA_TCP_H
#define OPCUA_TCP_H

#include <stdbool.h>

#include <open62541/plugin/eventloop.h>
#include <systemd/sd-event.h>

#include "listener.h"

#define TCP_MESSAGE_MAX 320

struct tcp;
struct tcp_connection;

enum tcp_step {
	TCP_PASS,   /* on with it */
	TCP_HOLD,   /* until tcp_release() or tcp_refuse() */
	TCP_REFUSE, /* *ret_status is told as an ERR message, and the connection ends */
};

/* Who looks at chunks before open62541 (in) and before the network (out) gets them. */
struct tcp_gate {
	/* A peer has connected: *ret_context is his. False: he is turned away. */
	bool (*opened)(struct tcp_connection *connection, void **ret_context, void *user);
	void (*closed)(void *context, void *user);
	/* One whole chunk, in place; what has come behind it waits. */
	enum tcp_step (*in)(uint8_t *chunk, size_t len, void *context, UA_StatusCode *ret_status,
			    void *user);
	/* open62541 has taken what was let in last; an error was seen if it ended the connection. */
	void (*fed)(void *context, void *user);
	enum tcp_step (*out)(uint8_t *chunk, size_t len, void *context, UA_StatusCode *ret_status,
			     void *user);
};

struct tcp_limits {
	unsigned connections, connections_of_address;
	uint32_t chunk_bytes; /* of one chunk, of HEL and OPN at most 64 KiB */
	uint32_t hello_ms;    /* from the connection to an open channel */
	size_t unread_bytes;  /* that a peer leaves unread before he is given up */
};

/* @gate may be NULL: everything passes. NULL: no memory. Registered at an event loop, it is its. */
struct tcp *tcp_new(sd_event *event, const struct tcp_limits *limits, const struct tcp_gate *gate,
		    void *user);
UA_ConnectionManager *tcp_manager(struct tcp *tcp);

/*
 * Where it listens; UA_Server's own URLs are not looked at. Before UA_Server_run_startup(). False:
 * no memory.
 */
bool tcp_listen(struct tcp *tcp, const struct listener_place *places, size_t count,
		void (*changed)(const struct listener_place *place, enum listener_state state,
				const char *message, void *user),
		void *user);

/* What is held back goes on, in or out; @context's again: as if it had just come. */
void tcp_release(struct tcp_connection *connection);
void tcp_refuse(struct tcp_connection *connection, UA_StatusCode status);

const char *tcp_address(const struct tcp_connection *connection); /* "192.0.2.1" */
/* No other connection of this program has it; not 0. */
uint64_t tcp_serial(const struct tcp_connection *connection);
/* Whose bytes open62541 is being given just now; NULL: nobody's. */
struct tcp_connection *tcp_current(const struct tcp *tcp);
void *tcp_context(const struct tcp_connection *connection); /* of the gate */

#endif
