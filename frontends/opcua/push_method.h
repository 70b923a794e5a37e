/*
 * The methods of ServerConfiguration, its groups and its trust lists (OPC 10000-12 7.8 to 7.10): what
 * they are called by and what they take. One table, for the nodes that are shown and for the calls
 * that are checked.
 */
#ifndef OPCUA_PUSH_METHOD_H
#define OPCUA_PUSH_METHOD_H

#include <stdbool.h>
#include <stddef.h>

#include <open62541/types.h>

enum push_group {
	PUSH_APPLICATION, /* a null group id stands for it, too */
	PUSH_HTTPS,
	PUSH_USER_TOKEN,
	PUSH_GROUPS,
};

struct push_group_kind {
	const char *name;
	UA_UInt32 id, list;	    /* nodes */
	UA_UInt32 certificate_type; /* 0: it has no certificate of its own */
	UA_UInt32 types_id;	    /* property CertificateTypes */
};
const struct push_group_kind *push_group_kind(enum push_group group);
/* False: it is none. */
bool push_group_find(const UA_NodeId *id, enum push_group *ret_group);

enum push_method {
	PUSH_UPDATE_CERTIFICATE,
	PUSH_APPLY_CHANGES,
	PUSH_CANCEL_CHANGES,
	PUSH_CREATE_SIGNING_REQUEST,
	PUSH_GET_REJECTED_LIST,
	PUSH_GET_CERTIFICATES,
	PUSH_CREATE_SELF_SIGNED,
	PUSH_DELETE_CERTIFICATE,
	PUSH_RESET,
	PUSH_GROUP_GET_REJECTED_LIST,
	PUSH_LIST_OPEN,
	PUSH_LIST_CLOSE,
	PUSH_LIST_READ,
	PUSH_LIST_WRITE,
	PUSH_LIST_GET_POSITION,
	PUSH_LIST_SET_POSITION,
	PUSH_LIST_OPEN_WITH_MASKS,
	PUSH_LIST_CLOSE_AND_UPDATE,
	PUSH_LIST_ADD_CERTIFICATE,
	PUSH_LIST_REMOVE_CERTIFICATE,
	PUSH_METHODS,
	/* of our own, which nobody calls: */
	PUSH_SESSION_ENDED = PUSH_METHODS,
	PUSH_REFRESH,
};

enum push_owner { PUSH_OF_SERVER, PUSH_OF_GROUP, PUSH_OF_LIST };

#define PUSH_INPUTS_MAX	 7
#define PUSH_OUTPUTS_MAX 2

struct push_argument {
	const char *name; /* NULL: the end */
	unsigned type;	  /* UA_TYPES_* */
	bool is_array;
};

struct push_method_kind {
	const char *name;
	enum push_owner owner;
	/* Nodes: of the method, its InputArguments and its OutputArguments; by group, or [0]. */
	UA_UInt32 ids[PUSH_GROUPS], inputs_ids[PUSH_GROUPS], outputs_ids[PUSH_GROUPS];
	UA_UInt32 type_ids[2]; /* of the type's method, by which one may call as well */
	bool needs_encryption; /* 7.10.4, 7.10.9 */
	struct push_argument inputs[PUSH_INPUTS_MAX + 1], outputs[PUSH_OUTPUTS_MAX + 1];
};

const struct push_method_kind *push_method_kind(enum push_method method);
size_t push_arguments_count(const struct push_argument *arguments);

/* What is called, of which group (PUSH_OF_SERVER: PUSH_APPLICATION). False: no such method there. */
bool push_method_find(const UA_NodeId *object, const UA_NodeId *method,
		      enum push_method *ret_method, enum push_group *ret_group);

/*
 * Whether @inputs are what the method takes. BadInvalidArgument: ret_results has @count statuses.
 */
UA_StatusCode push_method_check(enum push_method method, const UA_Variant *inputs, size_t count,
				UA_StatusCode *ret_results);

#endif
