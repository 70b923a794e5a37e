/*
 * Who uses a session of the server, and what he may. The session's context of open62541.
 */
#ifndef OPCUA_SESSION_H
#define OPCUA_SESSION_H

#include <stdbool.h>

#include <open62541/types.h>
#include <open62541/types_generated.h>

#include "keystore.h"
#include "uplink.h"

#define SESSION_USER_MAX    64
#define SESSION_ADDRESS_MAX 64

struct session {
	UA_NodeId id;
	char user[SESSION_USER_MAX + 1]; /* "": anonymous */
	char address[SESSION_ADDRESS_MAX];
	char application[256];	     /* the client's URI, or "" */
	UA_MessageSecurityMode mode; /* of the channel by which it was activated last */
	unsigned rights;	     /* enum ks_right; as of the last answer of keystored */
	uint64_t connection;	     /* by which it was activated last: tcp_serial() */
	uint8_t client[20];	     /* SHA-1 of the client's certificate; zeros: it showed none */
	/* All of that certificate, DER, with the chain that came along; no length: none. */
	uint8_t *certificate;
	size_t certificate_len;
	/* of his login in keystored: it manages in his name; no length: anonymous */
	uint8_t token[UPLINK_TOKEN_MAX];
	size_t token_len;
};

/* OPC 10000-18 4.2: SecurityAdmin, who may manage certificates and trust. */
#define SESSION_SECURITY_ADMIN (KS_RIGHT_MANAGE_CERTS | KS_RIGHT_MANAGE_TRUST)

static inline bool session_is_security_admin(const struct session *session)
{
	return session && (session->rights & SESSION_SECURITY_ADMIN) == SESSION_SECURITY_ADMIN;
}

#endif
