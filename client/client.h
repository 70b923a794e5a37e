/*
 * What the operations of libkeystore are made of: a request goes in, and its reply reaches a
 * callback or a waiting caller. Hides the connection, its loss and return, forks, and the
 * order in which answers come.
 */
#ifndef CLIENT_CLIENT_H
#define CLIENT_CLIENT_H

#include "codec.h"
#include "keystore.h"

/* Where an answer goes. */
struct reply_to {
	ks_done_fn *done; /* the _start form; NULL: the blocking form */
	void *user;
	struct ks_result **ret_result; /* the blocking form's, may be NULL */
};

/*
 * Sends @request, whose body is set; id and options are filled in here. The return value is
 * that of the public form which @to describes.
 */
enum ks_status client_submit(struct ks_client *client, ks_pb_request *request,
			     const struct reply_to *to);

/* The outcome of a call that isn't sent. @message: a sentence. */
enum ks_status client_refuse(const struct reply_to *to, enum ks_status status, const char *message);

/* Where events go from now on; also after the connection has come back. */
void client_set_events(struct ks_client *client, ks_event_fn *event, void *user);

#endif
