/* Of which type a value has to be. Hides how types are found in a server's address space. */
#ifndef CLIENT_DATA_TYPE_H
#define CLIENT_DATA_TYPE_H

#include "server_link.h"

struct data_type {
	const UA_DataType *type;
	bool is_array;	   /* always … */
	bool may_be_array; /* … or as one likes */
};

/* By --type, or as the variable has it. EXIT_OK, or it was told. */
enum exit_code data_type_of_node(const struct program *program, struct server_link *link,
				 const char *shown, const UA_NodeId *node,
				 struct data_type *ret_type);

/* By a DataType's NodeId and a ValueRank. @shown: what is of that type, for failures. */
enum exit_code data_type_find(const struct program *program, struct server_link *link,
			      const char *shown, const UA_NodeId *id, int32_t rank,
			      struct data_type *ret_type);

#endif
