/*
 * Replies and events as the public structs. Hides where their memory is and which shapes of
 * a reply are believed: the service's bytes are as hostile as a client's.
 */
#ifndef CLIENT_RESULT_H
#define CLIENT_RESULT_H

#include <stdbool.h>

#include "codec.h"
#include "keystore.h"

/*
 * The result of an operation whose reply carries @expected (NOT_SET: nothing that matters).
 * Takes @reply, unless it returns NULL: the reply hasn't the shape. Short of memory it
 * returns a KS_NOMEM result. Free with ks_result_free().
 */
struct ks_result *result_from_reply(ks_pb_reply *reply, Keystore__V1__Reply__BodyCase expected);

/* A result without content; @message is copied. Never NULL. */
struct ks_result *result_failure(enum ks_status status, const char *message);

/* Hands @message to @deliver as a ks_event; an event of an unknown kind is passed over. */
void event_deliver(Keystore__V1__Event *message, ks_event_fn *deliver, void *user);

/* The status of a reply; a number this library does not know is KS_INTERNAL. */
enum ks_status reply_status(const ks_pb_reply *reply);

#endif
