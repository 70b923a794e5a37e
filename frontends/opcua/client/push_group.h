/*
 * A server's certificate groups and their types by the names that people use (OPC 10000-12 7.8).
 * Hides NodeIds.
 */
#ifndef CLIENT_PUSH_GROUP_H
#define CLIENT_PUSH_GROUP_H

#include "node_id.h"

struct push_target {
	struct server_link *link;
	UA_NodeId group;	/* its own memory */
	UA_NodeId type;		/* its own memory; null: the group's first */
	const char *group_name; /* "application" */
};

/* Connects, and has @run do its work with what --group and --cert-type say. */
typedef enum exit_code push_run_fn(const struct program *program, const struct push_target *target);
enum exit_code push_on_target(struct program *program, push_run_fn *run);

/* "rsa-sha256", or the NodeId of one that has no name. */
void push_type_text(const UA_NodeId *type, char text[NODE_ID_TEXT]);

/* All that have names. */
#define PUSH_GROUPS 3
const char *push_group_name(size_t i);
UA_NodeId push_group_id(size_t i);
UA_NodeId push_group_types(size_t i); /* the variable CertificateTypes */

/* The group's TrustList: a file. EXIT_OK, or it was told. */
enum exit_code push_trust_list(const struct push_target *target, UA_NodeId *ret_list);

/* Calls a method of ServerConfiguration. UA_Array_delete() the outputs. */
UA_StatusCode push_call(struct server_link *link, UA_UInt32 method, size_t count,
			UA_Variant *inputs, size_t *ret_count, UA_Variant **ret_outputs);
/* An output of that type, no array; NULL: it is none. */
void *push_scalar(const UA_Variant *outputs, size_t count, size_t i, const UA_DataType *type);

#endif
