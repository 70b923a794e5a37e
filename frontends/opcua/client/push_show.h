/* What a server has to be managed: certificates and the state of it. Hides tables and JSON. */
#ifndef CLIENT_PUSH_SHOW_H
#define CLIENT_PUSH_SHOW_H

#include "node_id.h"

/* @types NULL: nothing is known of them. With --out written to that folder too. */
enum exit_code push_show_certs(const struct program *program, const UA_NodeId *types,
			       const UA_ByteString *certs, size_t count);

enum exit_code push_show_status(const struct program *program, struct server_link *link);

#endif
