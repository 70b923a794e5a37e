/*
 * open62541's event loop inside the program's. Hides that the one only keeps timers and callbacks
 * for later, and that it is run when one of them is due, and not otherwise.
 *
 * For UA_ServerConfig.eventLoop, with externalEventLoop. From the loop's thread only.
 */
#ifndef OPCUA_LOOP_H
#define OPCUA_LOOP_H

#include <open62541/plugin/eventloop.h>
#include <open62541/server.h>
#include <systemd/sd-event.h>

struct loop;

/* @logger is borrowed. NULL: no memory. */
struct loop *loop_new(sd_event *event, const UA_Logger *logger);

/* After the server; NULL is fine. */
void loop_free(struct loop *loop);

UA_EventLoop *loop_event_loop(struct loop *loop);

/*
 * UA_Server_run_shutdown() to its end, at once: with an event loop that is not its own a server never
 * stops wholly, and cannot be deleted. The event sources stop too, and go with UA_Server_delete(),
 * together with what that leaves for later, which needs the server. Not from within callbacks of
 * open62541.
 */
UA_StatusCode loop_shutdown(struct loop *loop, UA_Server *server);

#endif
