#include "push_local.h"

typedef enum push_local_step local_fn(struct push_files *files, struct push_job *job,
				      UA_UInt64 now_ms);

static enum push_local_step end(struct push_job *job, UA_StatusCode status)
{
	if (status != UA_STATUSCODE_GOOD)
		push_job_fail(
			job, status,
			status == UA_STATUSCODE_BADINVALIDARGUMENT
				? "this session has no such file of that trust list open"
			: status == UA_STATUSCODE_BADREQUESTTOOLARGE
				? "a trust list has up to MaxTrustListSize bytes"
				: "the trust list is open, or open otherwise: close it first");
	return PUSH_LOCAL_DONE;
}

static enum push_local_step go_on(struct push_job *job, UA_StatusCode status)
{
	return status == UA_STATUSCODE_GOOD ? PUSH_LOCAL_ON : end(job, status);
}

static enum push_local_step do_open(struct push_files *files, struct push_job *job,
				    UA_UInt64 now_ms)
{
	UA_UInt32 mode = push_job_number(job, 0);

	(void)now_ms;
	if (mode != PUSH_FILE_MODE_READ && mode != PUSH_FILE_MODE_WRITE) {
		push_job_fail(job, UA_STATUSCODE_BADNOTSUPPORTED,
			      "a trust list is opened with mode 1, to read, or 6, to be written "
			      "anew, not %u",
			      mode);
		return PUSH_LOCAL_DONE;
	}
	job->is_written = mode == PUSH_FILE_MODE_WRITE;
	job->masks = UA_TRUSTLISTMASKS_ALL;
	return go_on(job, push_files_can_open(files, job->group, job->is_written));
}

static enum push_local_step do_open_with_masks(struct push_files *files, struct push_job *job,
					       UA_UInt64 now_ms)
{
	(void)now_ms;
	job->masks = push_job_number(job, 0);
	if (job->masks > UA_TRUSTLISTMASKS_ALL) {
		push_job_fail(job, UA_STATUSCODE_BADINVALIDARGUMENT,
			      "Masks are of the bits 1, 2, 4 and 8, not %u", job->masks);
		return PUSH_LOCAL_DONE;
	}
	return go_on(job, push_files_can_open(files, job->group, false));
}

static enum push_local_step do_close(struct push_files *files, struct push_job *job,
				     UA_UInt64 now_ms)
{
	(void)now_ms;
	return end(job, push_files_close(files, job->group, &job->caller.session,
					 push_job_number(job, 0)));
}

static enum push_local_step do_read(struct push_files *files, struct push_job *job,
				    UA_UInt64 now_ms)
{
	UA_ByteString data = UA_BYTESTRING_NULL;
	UA_StatusCode status =
		push_files_read(files, job->group, &job->caller.session, push_job_number(job, 0),
				*(const UA_Int32 *)job->inputs[1].data, now_ms, &data);

	if (status == UA_STATUSCODE_GOOD)
		(void)push_job_give(job, &data, UA_TYPES_BYTESTRING);
	return end(job, status);
}

static enum push_local_step do_write(struct push_files *files, struct push_job *job,
				     UA_UInt64 now_ms)
{
	return end(job, push_files_write(files, job->group, &job->caller.session,
					 push_job_number(job, 0), push_job_bytes(job, 1), now_ms));
}

static enum push_local_step do_get_position(struct push_files *files, struct push_job *job,
					    UA_UInt64 now_ms)
{
	UA_UInt64 position = 0;
	UA_StatusCode status = push_files_position(files, job->group, &job->caller.session,
						   push_job_number(job, 0), now_ms, &position);

	if (status == UA_STATUSCODE_GOOD)
		(void)push_job_give(job, &position, UA_TYPES_UINT64);
	return end(job, status);
}

static enum push_local_step do_set_position(struct push_files *files, struct push_job *job,
					    UA_UInt64 now_ms)
{
	return end(job,
		   push_files_seek(files, job->group, &job->caller.session, push_job_number(job, 0),
				   *(const UA_UInt64 *)job->inputs[1].data, now_ms));
}

static enum push_local_step do_take(struct push_files *files, struct push_job *job,
				    UA_UInt64 now_ms)
{
	(void)now_ms;
	return go_on(job, push_files_take(files, job->group, &job->caller.session,
					  push_job_number(job, 0), &job->content));
}

static enum push_local_step be_closed(struct push_files *files, struct push_job *job,
				      UA_UInt64 now_ms)
{
	(void)now_ms;
	return go_on(job, push_files_count(files, job->group) ? UA_STATUSCODE_BADINVALIDSTATE
							      : UA_STATUSCODE_GOOD);
}

static enum push_local_step be_unwritten(struct push_files *files, struct push_job *job,
					 UA_UInt64 now_ms)
{
	(void)now_ms;
	return go_on(job, push_files_is_written(files) ? UA_STATUSCODE_BADINVALIDSTATE
						       : UA_STATUSCODE_GOOD);
}

static local_fn *const steps[PUSH_METHODS] = {
	[PUSH_APPLY_CHANGES] = be_unwritten,
	[PUSH_LIST_OPEN] = do_open,
	[PUSH_LIST_CLOSE] = do_close,
	[PUSH_LIST_READ] = do_read,
	[PUSH_LIST_WRITE] = do_write,
	[PUSH_LIST_GET_POSITION] = do_get_position,
	[PUSH_LIST_SET_POSITION] = do_set_position,
	[PUSH_LIST_OPEN_WITH_MASKS] = do_open_with_masks,
	[PUSH_LIST_CLOSE_AND_UPDATE] = do_take,
	[PUSH_LIST_ADD_CERTIFICATE] = be_closed,
	[PUSH_LIST_REMOVE_CERTIFICATE] = be_closed,
};

enum push_local_step push_local_begin(struct push_files *files, struct push_job *job,
				      UA_UInt64 now_ms)
{
	local_fn *step = steps[job->method];

	return step ? step(files, job, now_ms) : PUSH_LOCAL_ON;
}

void push_local_open(struct push_files *files, struct push_job *job, UA_UInt64 now_ms)
{
	UA_UInt32 handle;
	UA_StatusCode status = push_files_open(files, job->group, &job->caller.session,
					       job->is_written, &job->content, now_ms, &handle);

	if (status == UA_STATUSCODE_GOOD)
		(void)push_job_give(job, &handle, UA_TYPES_UINT32);
	else
		(void)end(job, status);
}
