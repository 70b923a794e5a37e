/*
 * keystored, as the push thread asks it: in the name of the user who pushes. Hides the connection, and
 * what keystored's statuses are called by OPC UA.
 */
#ifndef OPCUA_PUSH_LINK_H
#define OPCUA_PUSH_LINK_H

#include "keystore.h"
#include "push_job.h"

struct push_link;

/* Connects when it is needed. @socket may be NULL; it is borrowed. NULL: no memory. */
struct push_link *push_link_new(const char *socket);
void push_link_free(struct push_link *link); /* NULL is fine */

/* In the name of @job's caller. NULL: the job has failed. */
struct ks_client *push_link_client(struct push_link *link, struct push_job *job,
				   bool in_transaction);
/* The connection ends, and with it what keystored keeps for it. */
void push_link_drop(struct push_link *link);

/* What a request was about: that decides what it is called when keystored refuses it. */
enum push_concern {
	PUSH_OF_ARGUMENTS, /* BadInvalidArgument where it is out of shape */
	PUSH_OF_CONTENT,   /* BadCertificateInvalid */
	PUSH_OF_TXN,	   /* BadTransactionPending where it is in the way */
};

/* Always false: @job has failed with what @status is called there, and @message. */
bool push_link_refuse(struct push_job *job, enum push_concern concern, enum ks_status status,
		      const char *message);
/*
 * True: @status is KS_OK. Else @job has failed with what *@result says, if there is one. It is a
 * pointer to where a call puts its result, so that the call may be an argument as well.
 */
bool push_link_ok(struct push_job *job, enum push_concern concern, enum ks_status status,
		  struct ks_result *const *result);
/* The same, and frees *@result. */
bool push_link_done(struct push_job *job, enum push_concern concern, enum ks_status status,
		    struct ks_result **result);

#endif
