#include "push_file.h"

#include <stdlib.h>
#include <string.h>

#include <open62541/types_generated_handling.h>

struct file {
	UA_UInt32 handle; /* 0: there is none here */
	enum push_group group;
	UA_NodeId session;
	bool is_written;
	UA_ByteString content; /* of it, … */
	size_t room;	       /* … and how much memory there is for it */
	size_t position;
	UA_UInt64 used_ms;
};

struct push_files {
	size_t bytes_max;
	UA_UInt32 last; /* handle */
	struct file files[PUSH_FILES_MAX];
};

struct push_files *push_files_new(size_t bytes_max)
{
	struct push_files *files = calloc(1, sizeof *files);

	if (files)
		files->bytes_max = bytes_max;
	return files;
}

static void file_clear(struct file *file)
{
	UA_NodeId_clear(&file->session);
	UA_ByteString_clear(&file->content);
	*file = (struct file){0};
}

void push_files_free(struct push_files *files)
{
	if (!files)
		return;
	for (size_t i = 0; i < PUSH_FILES_MAX; i++)
		file_clear(&files->files[i]);
	free(files);
}

UA_StatusCode push_files_can_open(const struct push_files *files, enum push_group group,
				  bool to_write)
{
	bool has_room = false;

	for (size_t i = 0; i < PUSH_FILES_MAX; i++) {
		const struct file *file = &files->files[i];

		has_room = has_room || !file->handle;
		if (!file->handle || file->group != group)
			continue;
		if (to_write)
			return UA_STATUSCODE_BADNOTWRITABLE;
		if (file->is_written)
			return UA_STATUSCODE_BADNOTREADABLE;
	}
	return has_room ? UA_STATUSCODE_GOOD : UA_STATUSCODE_BADTOOMANYOPERATIONS;
}

UA_StatusCode push_files_open(struct push_files *files, enum push_group group,
			      const UA_NodeId *session, bool to_write, UA_ByteString *content,
			      UA_UInt64 now_ms, UA_UInt32 *ret_handle)
{
	UA_StatusCode status = push_files_can_open(files, group, to_write);
	struct file *file = files->files;

	if (status != UA_STATUSCODE_GOOD)
		return status;
	while (file->handle)
		file++;
	status = UA_NodeId_copy(session, &file->session);
	if (status != UA_STATUSCODE_GOOD)
		return status;
	file->handle = ++files->last ? files->last : ++files->last;
	file->group = group;
	file->is_written = to_write;
	file->content = *content;
	file->room = content->length;
	file->used_ms = now_ms;
	*content = UA_BYTESTRING_NULL;
	*ret_handle = file->handle;
	return UA_STATUSCODE_GOOD;
}

static struct file *find(struct push_files *files, enum push_group group, const UA_NodeId *session,
			 UA_UInt32 handle)
{
	for (size_t i = 0; handle && i < PUSH_FILES_MAX; i++) {
		struct file *file = &files->files[i];

		if (file->handle == handle && file->group == group &&
		    UA_NodeId_equal(&file->session, session))
			return file;
	}
	return NULL;
}

UA_StatusCode push_files_close(struct push_files *files, enum push_group group,
			       const UA_NodeId *session, UA_UInt32 handle)
{
	struct file *file = find(files, group, session, handle);

	if (!file)
		return UA_STATUSCODE_BADINVALIDARGUMENT;
	file_clear(file);
	return UA_STATUSCODE_GOOD;
}

UA_StatusCode push_files_read(struct push_files *files, enum push_group group,
			      const UA_NodeId *session, UA_UInt32 handle, UA_Int32 length,
			      UA_UInt64 now_ms, UA_ByteString *ret_data)
{
	struct file *file = find(files, group, session, handle);
	size_t left;

	if (!file || length < 0)
		return UA_STATUSCODE_BADINVALIDARGUMENT;
	if (file->is_written)
		return UA_STATUSCODE_BADINVALIDSTATE;
	left = file->content.length - file->position;
	ret_data->length = (size_t)length < left ? (size_t)length : left;
	ret_data->data = file->content.data ? file->content.data + file->position : NULL;
	file->position += ret_data->length;
	file->used_ms = now_ms;
	return UA_STATUSCODE_GOOD;
}

/* Memory for @len bytes, with room for as much again, as long as that is allowed. */
static bool make_room(struct file *file, size_t len, size_t max)
{
	size_t room = len > max / 2 ? max : 2 * len;
	UA_Byte *data;

	if (len <= file->room)
		return true;
	data = realloc(file->content.data, room);
	if (!data)
		return false;
	file->content.data = data;
	file->room = room;
	return true;
}

UA_StatusCode push_files_write(struct push_files *files, enum push_group group,
			       const UA_NodeId *session, UA_UInt32 handle,
			       const UA_ByteString *data, UA_UInt64 now_ms)
{
	struct file *file = find(files, group, session, handle);
	size_t end;

	if (!file)
		return UA_STATUSCODE_BADINVALIDARGUMENT;
	if (!file->is_written)
		return UA_STATUSCODE_BADINVALIDSTATE;
	file->used_ms = now_ms;
	if (data->length > files->bytes_max - file->position)
		return UA_STATUSCODE_BADREQUESTTOOLARGE;
	end = file->position + data->length;
	if (!data->length)
		return UA_STATUSCODE_GOOD;
	if (!make_room(file, end, files->bytes_max))
		return UA_STATUSCODE_BADOUTOFMEMORY;
	memcpy(file->content.data + file->position, data->data, data->length);
	file->position = end;
	if (end > file->content.length)
		file->content.length = end;
	return UA_STATUSCODE_GOOD;
}

UA_StatusCode push_files_position(struct push_files *files, enum push_group group,
				  const UA_NodeId *session, UA_UInt32 handle, UA_UInt64 now_ms,
				  UA_UInt64 *ret_position)
{
	struct file *file = find(files, group, session, handle);

	if (!file)
		return UA_STATUSCODE_BADINVALIDARGUMENT;
	file->used_ms = now_ms;
	*ret_position = file->position;
	return UA_STATUSCODE_GOOD;
}

UA_StatusCode push_files_seek(struct push_files *files, enum push_group group,
			      const UA_NodeId *session, UA_UInt32 handle, UA_UInt64 position,
			      UA_UInt64 now_ms)
{
	struct file *file = find(files, group, session, handle);

	if (!file)
		return UA_STATUSCODE_BADINVALIDARGUMENT;
	file->used_ms = now_ms;
	/* OPC 10000-20 4.2.7: beyond the end is the end. */
	file->position = position < file->content.length ? (size_t)position : file->content.length;
	return UA_STATUSCODE_GOOD;
}

UA_StatusCode push_files_take(struct push_files *files, enum push_group group,
			      const UA_NodeId *session, UA_UInt32 handle,
			      UA_ByteString *ret_content)
{
	struct file *file = find(files, group, session, handle);

	if (!file)
		return UA_STATUSCODE_BADINVALIDARGUMENT;
	if (!file->is_written)
		return UA_STATUSCODE_BADINVALIDSTATE;
	*ret_content = file->content;
	file->content = UA_BYTESTRING_NULL;
	file_clear(file);
	return UA_STATUSCODE_GOOD;
}

unsigned push_files_count(const struct push_files *files, enum push_group group)
{
	unsigned count = 0;

	for (size_t i = 0; i < PUSH_FILES_MAX; i++)
		count += files->files[i].handle && files->files[i].group == group;
	return count;
}

bool push_files_is_written(const struct push_files *files)
{
	for (size_t i = 0; i < PUSH_FILES_MAX; i++) {
		if (files->files[i].handle && files->files[i].is_written)
			return true;
	}
	return false;
}

void push_files_end(struct push_files *files, const UA_NodeId *session)
{
	for (size_t i = 0; i < PUSH_FILES_MAX; i++) {
		if (files->files[i].handle && UA_NodeId_equal(&files->files[i].session, session))
			file_clear(&files->files[i]);
	}
}

UA_UInt64 push_files_expire(struct push_files *files, UA_UInt64 now_ms)
{
	UA_UInt64 next = 0;

	for (size_t i = 0; i < PUSH_FILES_MAX; i++) {
		struct file *file = &files->files[i];
		UA_UInt64 end = file->used_ms + PUSH_FILE_TIMEOUT_MS;

		if (!file->handle)
			continue;
		if (end <= now_ms)
			file_clear(file);
		else if (!next || end - now_ms < next)
			next = end - now_ms;
	}
	return next;
}
