/*
 * Audit events of what was pushed (OPC 10000-12 7.8.2.9, 7.10.19): for those who subscribe to the
 * Server object. Hides how open62541 makes events.
 */
#ifndef OPCUA_PUSH_EVENT_H
#define OPCUA_PUSH_EVENT_H

#include <open62541/server.h>

#include "push_job.h"

/* Those that @job is a reason for: requests for certificates, certificates and lists in force. */
void push_event_emit(UA_Server *server, const struct push_job *job);

#endif
