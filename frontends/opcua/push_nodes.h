/*
 * ServerConfiguration with its standard NodeIds, which open62541 deletes at its start while its types
 * stay. Hides how nodes are made; what they are is in push_method.h.
 */
#ifndef OPCUA_PUSH_NODES_H
#define OPCUA_PUSH_NODES_H

#include <open62541/server.h>

#include "push_job.h"

struct push_nodes_options {
	bool has_group[PUSH_GROUPS];
	UA_UInt32 trust_list_max;
	void *context; /* of the object ServerConfiguration */
};

/* Methods are asynchronous. Not Good: something is missing then. */
UA_StatusCode push_nodes_add(UA_Server *server, const struct push_nodes_options *options);

/* What changes. */
void push_nodes_set_list(UA_Server *server, enum push_group group, UA_UInt64 size,
			 UA_UInt16 open_count);
void push_nodes_set_updated(UA_Server *server, enum push_group group, UA_DateTime updated);
void push_nodes_set_setup(UA_Server *server, UA_Boolean is_on);
void push_nodes_set_report(UA_Server *server, const struct push_report *report);

#endif
