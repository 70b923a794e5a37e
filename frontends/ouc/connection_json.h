/*
 * A connection as JSON, in the same words for events and for the control socket; keystore-ouc(8)
 * has them. Hides their spelling.
 */
#ifndef OUC_CONNECTION_JSON_H
#define OUC_CONNECTION_JSON_H

#include <jansson.h>

#include "connection.h"

/*
 * The outputs: {"busy": false, …, "status": "7004", …}. With the connection's name before them
 * they are the members of the event "state". NULL: no memory.
 */
json_t *connection_state_json(const struct connection *connection);

/* Its name, what the configuration says of it, and the above. NULL: no memory. */
json_t *connection_json(const struct connection *connection);

#endif
