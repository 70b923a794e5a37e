/*
 * Nodes of the server's own namespace, with values that are looked up when they are read. Hides how
 * open62541 takes nodes in, and ranges of arrays.
 *
 * A node's identifier is its path: "Keystore/Certificates/3/DaysLeft".
 */
#ifndef OPCUA_SPACE_NODE_H
#define OPCUA_SPACE_NODE_H

#include <open62541/server.h>

#include "session.h"

#define SPACE_TOP	   "Keystore"
#define SPACE_CERTIFICATES SPACE_TOP "/Certificates"
#define SPACE_TPM	   SPACE_TOP "/Tpm"
#define SPACE_DATA	   SPACE_TOP "/Data"
#define SPACE_PATH_MAX	   192 /* a block and a field of 63 characters each */

struct space_nodes {
	UA_Server *server;
	UA_UInt16 index;	   /* of the namespace */
	const UA_DataType *adding; /* of the variable that is being added; NULL: none is */
	UA_UInt32 adding_count;	   /* of an array's elements; 0: it is none */
};

struct space_slot;

/* What a variable's value is, and what becomes of one that is written. */
struct space_source {
	/* A value, which the caller clears, its status, its time: as far as there are any. */
	void (*get)(const struct space_slot *slot, UA_DataValue *ret_value);
	/* NULL: nobody may write it. @range: see space_range(). */
	UA_StatusCode (*set)(const struct space_slot *slot, const struct session *session,
			     const UA_NumericRange *range, const UA_Variant *value);
};

struct space_slot {
	struct space_nodes *nodes;
	const struct space_source *source;
	void *owner;
	size_t index; /* which of its owner's variables */
};

struct space_variable {
	const char *parent, *name;
	const UA_DataType *type;
	UA_UInt32 count;	 /* of an array's elements; 0: it is none */
	const char *description; /* NULL: none */
	bool is_property;
};

/* Borrows @path. */
UA_NodeId space_node_id(const struct space_nodes *nodes, const char *path);
/* A node's path; false: it is not of this namespace, or has none of that length. */
bool space_node_path(const struct space_nodes *nodes, const UA_NodeId *id,
		     char ret_path[SPACE_PATH_MAX]);

/* "PARENT/NAME"; @parent NULL: under Objects. */
UA_StatusCode space_node_add_object(struct space_nodes *nodes, const char *parent, const char *name,
				    const char *display_name, bool is_folder);
/* @slot must stay until the node is deleted. */
UA_StatusCode space_node_add_variable(struct space_nodes *nodes,
				      const struct space_variable *variable,
				      const struct space_slot *slot);
/* With all that is below it; one that is not there is fine. */
void space_node_delete(struct space_nodes *nodes, const char *path);

/* Which elements of @count a range means. False: none, or some that are not there. */
bool space_range(const UA_NumericRange *range, UA_UInt32 count, UA_UInt32 *ret_first,
		 UA_UInt32 *ret_count);

#endif
