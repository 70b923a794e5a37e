/*
 * Who uses the sessions: logins in keystored, holders of certificates, anybody. Hides how keystored
 * is asked, that it is asked again each minute what a login may, and that logins end with it.
 */
#ifndef OPCUA_USERS_H
#define OPCUA_USERS_H

#include <open62541/types.h>
#include <systemd/sd-event.h>

#include "session.h"

#define USERS_MESSAGE_MAX 640

struct gate;
struct users;

struct users_options {
	struct uplink *uplink; /* borrowed */
	const char *socket;    /* keystored's, for what has to wait for it; NULL: its default */
	struct gate *gate;     /* which asks for logins in advance; borrowed */
	/* A login is over: he may nothing any more. He may be closed from in here. */
	void (*over)(struct session *session, const char *why, void *user);
	void *user;
};

struct users *users_new(sd_event *event, const struct users_options *options);
void users_free(struct users *users); /* after the server, and the uplink; NULL is fine */

void users_uplink_up(struct users *users); /* logins may be over: they are asked about */

/* Of nobody yet, without rights. NULL: no memory. */
struct session *users_open(struct users *users);
/* Who is alone with that connection; NULL: nobody, or several are. */
struct session *users_alone(const struct users *users, uint64_t connection);
void users_close(struct users *users, struct session *session); /* ends the login; NULL is fine */

/*
 * He has the rights @needed besides opcua-access. From now on the session is his; not GOOD: it is whose it was, and @message has a sentence for the
 * log. @address: the session's, where he comes from (OPC 10000-4 5.6.3 has the codes).
 */
UA_StatusCode users_log_in(struct users *users, struct session *session, const UA_String *name,
			   const UA_ByteString *password, unsigned needed,
			   char message[USERS_MESSAGE_MAX]);
/* The same by a certificate, whose key has signed: the gate has seen that. */
UA_StatusCode users_certify(struct users *users, struct session *session, const UA_ByteString *cert,
			    unsigned needed, char message[USERS_MESSAGE_MAX]);
void users_let_in(struct users *users, struct session *session, unsigned rights); /* anybody */

#endif
