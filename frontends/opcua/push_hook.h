/*
 * How results of asynchronous methods get to their callers at once: open62541 1.4 sends what is ready
 * when it looks for timeouts, once a second. Hides that its own callback for that is caught when the
 * server registers it, and run out of turn.
 */
#ifndef OPCUA_PUSH_HOOK_H
#define OPCUA_PUSH_HOOK_H

#include <open62541/server.h>

/* From the loop, with no lock of the server held. Without a hook results come within a second. */
void push_hook_flush(UA_EventLoop *loop);
void push_hook_clear(UA_EventLoop *loop); /* before the server is deleted */

#endif
