/*
 * Trust lists that are open as files (OPC 10000-12 7.8.2, OPC 10000-20 4.2). Hides handles, positions,
 * who has opened what, and when it counts as forgotten.
 */
#ifndef OPCUA_PUSH_FILE_H
#define OPCUA_PUSH_FILE_H

#include <open62541/types_generated.h>

#include "push_method.h"

#define PUSH_FILES_MAX	     8
#define PUSH_FILE_TIMEOUT_MS 60000 /* ActivityTimeout */
#define PUSH_FILE_MODE_READ  1
#define PUSH_FILE_MODE_WRITE 6 /* Write and EraseExisting */

struct push_files;

/* @bytes_max: of one file. NULL: no memory. */
struct push_files *push_files_new(size_t bytes_max);
void push_files_free(struct push_files *files); /* NULL is fine */

/* Whether it may be opened so now: BadNotReadable, BadNotWritable, BadTooManyOperations. */
UA_StatusCode push_files_can_open(const struct push_files *files, enum push_group group,
				  bool to_write);
/* Takes over what @content has: what is read from it. */
UA_StatusCode push_files_open(struct push_files *files, enum push_group group,
			      const UA_NodeId *session, bool to_write, UA_ByteString *content,
			      UA_UInt64 now_ms, UA_UInt32 *ret_handle);

/* All of these: BadInvalidArgument, if that session has no such file of that list. */
UA_StatusCode push_files_close(struct push_files *files, enum push_group group,
			       const UA_NodeId *session, UA_UInt32 handle);
UA_StatusCode push_files_read(struct push_files *files, enum push_group group,
			      const UA_NodeId *session, UA_UInt32 handle, UA_Int32 length,
			      UA_UInt64 now_ms, UA_ByteString *ret_data); /* borrowed */
UA_StatusCode push_files_write(struct push_files *files, enum push_group group,
			       const UA_NodeId *session, UA_UInt32 handle,
			       const UA_ByteString *data, UA_UInt64 now_ms);
UA_StatusCode push_files_position(struct push_files *files, enum push_group group,
				  const UA_NodeId *session, UA_UInt32 handle, UA_UInt64 now_ms,
				  UA_UInt64 *ret_position);
UA_StatusCode push_files_seek(struct push_files *files, enum push_group group,
			      const UA_NodeId *session, UA_UInt32 handle, UA_UInt64 position,
			      UA_UInt64 now_ms);
/* Closes it; *ret_content is what was written, and the caller's. */
UA_StatusCode push_files_take(struct push_files *files, enum push_group group,
			      const UA_NodeId *session, UA_UInt32 handle,
			      UA_ByteString *ret_content);

unsigned push_files_count(const struct push_files *files,
			  enum push_group group);			 /* that are open */
bool push_files_is_written(const struct push_files *files);		 /* any of them, now */
void push_files_end(struct push_files *files, const UA_NodeId *session); /* closes its files */
/* Closes what nobody used for PUSH_FILE_TIMEOUT_MS. How long until the next; 0: none is open. */
UA_UInt64 push_files_expire(struct push_files *files, UA_UInt64 now_ms);

#endif
