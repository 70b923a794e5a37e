/*
 * How the server describes itself: endpoints with the tokens that each takes, its application, its
 * limits, in UA_ServerConfig. Hides open62541's conventions for these.
 */
#ifndef OPCUA_DESCRIBE_H
#define OPCUA_DESCRIBE_H

#include <open62541/server.h>

#include "settings.h"

/* The policies that it takes: of endpoints, for passwords, for discovery: 1 << enum policy_id. */
unsigned describe_policies(const struct opcua_settings *settings);

/* What of @config is of none of our callbacks. @uri: of the application. False: no memory. */
[[nodiscard]] bool describe_server(const struct opcua_settings *settings, const char *uri,
				   UA_ServerConfig *config);

#endif
