/*
 * The connection to a server: its endpoints, the safest of them, the certificates of both sides, the
 * login. Hides how open62541's client is set up, and the keystored behind it. What fails is told.
 */
#ifndef CLIENT_SERVER_LINK_H
#define CLIENT_SERVER_LINK_H

#include <open62541/client.h>
#include <open62541/client_highlevel.h>
#include <open62541/client_subscriptions.h>

#include "program.h"

struct server_link;

/* --url, or @word where that is not NULL. EXIT_OK, or it was told. */
enum exit_code server_url(const struct program *program, const char *word, const char **ret_url);

/* Without security, and without a session: for discovery. UA_Client_delete() it. */
UA_Client *server_client_new(const struct program *program);

/* With a session. EXIT_OK, or it was told. */
enum exit_code server_link_open(const struct program *program, struct server_link **ret_link);
void server_link_close(struct server_link *link); /* NULL is fine */

UA_Client *server_link_client(struct server_link *link);
/* "SignAndEncrypt, Basic256Sha256" */
const char *server_link_security(const struct server_link *link);

/*
 * After the connection has ended: looks for the endpoint again, and activates the session there, or
 * makes a new one. Nothing is told but why there will be no other (false); *ret_later: it may be
 * tried again.
 */
bool server_link_reopen(struct server_link *link, bool *ret_later);

/* Tells what became of @doing ("reading i=2258"), and what to do. Returns an exit code. */
enum exit_code server_link_fail(const struct server_link *link, UA_StatusCode status,
				const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The same where there is no link. */
enum exit_code server_fail(const struct program *program, UA_StatusCode status, const char *format,
			   ...) __attribute__((format(printf, 3, 4)));

/* "BadNodeIdUnknown"; never NULL. */
const char *status_name(UA_StatusCode status);

#endif
