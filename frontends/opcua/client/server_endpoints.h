/*
 * A server's endpoints, and which of them is taken. Hides how they are asked for, and who says why
 * none of them will do.
 */
#ifndef CLIENT_SERVER_ENDPOINTS_H
#define CLIENT_SERVER_ENDPOINTS_H

#include <open62541/client.h>

#include "choice.h"
#include "program.h"

#define SERVER_ENDPOINTS_MAX 256

struct server_endpoints {
	UA_EndpointDescription *list;
	size_t count;
};

/* Asked for without security. UA_STATUSCODE_GOOD: the list is the caller's to clear. */
UA_StatusCode server_endpoints_ask(const struct program *program, const char *url,
				   struct server_endpoints *ret_endpoints);
void server_endpoints_clear(struct server_endpoints *endpoints);

/* Where a token policy names none, the endpoint's is meant (OPC 10000-4 7.41). NULL: unknown. */
const struct policy_kind *server_token_kind(const UA_EndpointDescription *endpoint,
					    const UA_UserTokenPolicy *token);
/* "anonymous", "user name", … */
const char *server_token_name(UA_UserTokenType type);

/* From --policy, --mode and the login. EXIT_OK, or it was told. */
enum exit_code server_wish(const struct program *program, struct choice_wish *ret_wish);

enum choice_status server_endpoints_choose(const struct server_endpoints *endpoints,
					   const struct choice_wish *wish, size_t *ret_endpoint,
					   size_t *ret_token);
/* Tells why there is none. */
enum exit_code server_choice_fail(const struct program *program, const char *url,
				  enum choice_status status);

/* Whether both lists offer the same: policies, modes, certificates, logins (OPC 10000-4 5.6.2). */
bool server_endpoints_equal(const struct server_endpoints *left,
			    const struct server_endpoints *right);

#endif
