/*
 * keystored's side: the certificate that this client shows, its key, and the judgement of servers'
 * certificates. Hides libkeystore. What fails is told.
 */
#ifndef CLIENT_KEYSTORE_SIDE_H
#define CLIENT_KEYSTORE_SIDE_H

#include "policy.h"
#include "program.h"

#define KEYSTORE_SIDE_MESSAGE 768

struct keystore_side;

/* Connects to keystored, and finds the service. EXIT_OK, or it was told. */
enum exit_code keystore_side_open(const struct program *program, struct keystore_side **ret_side);
void keystore_side_close(struct keystore_side *side); /* NULL is fine */

/* The service's certificate, one share for the caller. EXIT_OK, or it was told. */
enum exit_code keystore_side_cert(struct keystore_side *side, struct own_cert **ret_cert);
/* That of a user, by its ID. */
enum exit_code keystore_side_user_cert(struct keystore_side *side, uint64_t id,
				       struct own_cert **ret_cert);

/* For policy_set_new(), with the side as its user. They wait. */
extern const struct policy_keys keystore_side_keys;

/* Why the key did not do the last thing that it was asked for; "": it did. */
const char *keystore_side_problem(const struct keystore_side *side);

enum judgement {
	JUDGEMENT_ACCEPTED,
	JUDGEMENT_HOST,	   /* accepted, but it is not for that host */
	JUDGEMENT_REFUSED, /* @message: why, and the way out */
	JUDGEMENT_NONE,	   /* keystored could not be asked; @message: why */
};

/*
 * @chain: DER, one after the other, the candidate first. @uri: of its application. @host: as it was
 * dialled. NULL: not looked at.
 */
enum judgement keystore_side_judge(struct keystore_side *side, const uint8_t *chain, size_t len,
				   const char *uri, const char *host,
				   char message[KEYSTORE_SIDE_MESSAGE]);

/* "opcua-client" */
const char *keystore_side_service(const struct keystore_side *side);

#endif
