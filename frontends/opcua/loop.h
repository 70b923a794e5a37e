/*
 * open62541's event loop inside the program's. Hides that the one only keeps timers and callbacks
 * for later, and that it is run when one of them is due, and not otherwise.
 *
 * For UA_ServerConfig.eventLoop, with externalEventLoop. From the loop's thread only.
 */
#ifndef OPCUA_LOOP_H
#define OPCUA_LOOP_H

#include <open62541/plugin/eventloop.h>
#include <systemd/sd-event.h>

struct loop;

/* @logger is borrowed. NULL: no memory. */
struct loop *loop_new(sd_event *event, const UA_Logger *logger);

/* After the server, whose event sources it ends and frees; NULL is fine. */
void loop_free(struct loop *loop);

UA_EventLoop *loop_event_loop(struct loop *loop);

/*
 * Does at once what open62541 has left for later, what follows from it included: a server that has
 * been shut down has stopped afterwards. Not from within its callbacks.
 */
void loop_settle(struct loop *loop);

#endif
