/* NodeIds between people and open62541. Hides namespaces by URI, which a server numbers. */
#ifndef CLIENT_NODE_ID_H
#define CLIENT_NODE_ID_H

#include <jansson.h>
#include <open62541/types.h>

#include "server_link.h"

#define NODE_ID_TEXT 512

/* EXIT_OK, or it was told. UA_NodeId_clear() it. */
enum exit_code node_id_read(const struct program *program, struct server_link *link,
			    const char *text, UA_NodeId *ret_id);

/* "ns=2;s=Pump", cut off where it is too long. */
void node_id_text(const UA_NodeId *id, char text[NODE_ID_TEXT]);
json_t *node_id_json(const UA_NodeId *id);

/* A text of a server, for people: NUL behind it, cut off; no control characters. */
void ua_text(const UA_String *string, char *text, size_t size);
json_t *ua_text_json(const UA_String *string);

#endif
