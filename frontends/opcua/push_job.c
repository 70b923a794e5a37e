#include "push_job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <open62541/types_generated_handling.h>

static void wipe(const UA_ByteString *bytes)
{
	if (bytes->length)
		explicit_bzero(bytes->data, bytes->length);
}

struct push_job *push_job_new(enum push_method method, enum push_group group,
			      const struct session *session)
{
	struct push_job *job = calloc(1, sizeof *job);

	if (!job)
		return NULL;
	job->method = method;
	job->group = group;
	if (!session)
		return job;
	struct push_caller *caller = &job->caller;
	UA_ByteString certificate = {session->certificate_len, session->certificate};

	memcpy(caller->user, session->user, sizeof caller->user);
	memcpy(caller->address, session->address, sizeof caller->address);
	memcpy(caller->token, session->token, sizeof caller->token);
	caller->token_len = session->token_len;
	if (UA_NodeId_copy(&session->id, &caller->session) != UA_STATUSCODE_GOOD ||
	    UA_ByteString_copy(&certificate, &caller->certificate) != UA_STATUSCODE_GOOD) {
		push_job_free(job);
		return NULL;
	}
	return job;
}

void push_job_free(struct push_job *job)
{
	if (!job)
		return;
	for (size_t i = 0; i < job->input_count; i++) {
		if (job->method == PUSH_UPDATE_CERTIFICATE &&
		    UA_Variant_hasScalarType(&job->inputs[i], &UA_TYPES[UA_TYPES_BYTESTRING]))
			wipe(job->inputs[i].data);
		UA_Variant_clear(&job->inputs[i]);
	}
	free(job->inputs);
	for (size_t i = 0; i < job->output_count; i++)
		UA_Variant_clear(&job->outputs[i]);
	UA_ByteString_clear(&job->content);
	UA_NodeId_clear(&job->caller.session);
	UA_ByteString_clear(&job->caller.certificate);
	explicit_bzero(job->caller.token, sizeof job->caller.token);
	free(job);
}

bool push_job_take_inputs(struct push_job *job, UA_Variant *inputs, size_t count)
{
	if (!count)
		return true;
	job->inputs = calloc(count, sizeof *job->inputs);
	if (!job->inputs)
		return false;
	for (; job->input_count < count; job->input_count++) {
		UA_Variant *input = &inputs[job->input_count];

		if (UA_Variant_copy(input, &job->inputs[job->input_count]) != UA_STATUSCODE_GOOD)
			return false;
		if (job->method == PUSH_UPDATE_CERTIFICATE &&
		    UA_Variant_hasScalarType(input, &UA_TYPES[UA_TYPES_BYTESTRING]))
			wipe(input->data);
	}
	return true;
}

const UA_NodeId *push_job_node(const struct push_job *job, size_t input)
{
	return job->inputs[input].data;
}

const UA_ByteString *push_job_bytes(const struct push_job *job, size_t input)
{
	return job->inputs[input].data;
}

const UA_ByteString *push_job_array(const struct push_job *job, size_t input, size_t *ret_count)
{
	*ret_count = job->inputs[input].arrayLength;
	return job->inputs[input].data;
}

UA_Boolean push_job_is(const struct push_job *job, size_t input)
{
	return *(const UA_Boolean *)job->inputs[input].data;
}

UA_UInt32 push_job_number(const struct push_job *job, size_t input)
{
	const UA_Variant *value = &job->inputs[input];

	if (value->type == &UA_TYPES[UA_TYPES_BYTE])
		return *(const UA_Byte *)value->data;
	if (value->type == &UA_TYPES[UA_TYPES_UINT16])
		return *(const UA_UInt16 *)value->data;
	return *(const UA_UInt32 *)value->data;
}

char *push_job_text(const struct push_job *job, size_t input, size_t max)
{
	const UA_ByteString *bytes = push_job_bytes(job, input);

	if (bytes->length > max || (bytes->length && memchr(bytes->data, 0, bytes->length)))
		return NULL;
	return strndup(bytes->length ? (const char *)bytes->data : "", bytes->length);
}

static bool given(struct push_job *job, UA_StatusCode status)
{
	if (status != UA_STATUSCODE_GOOD)
		return push_job_fail(job, UA_STATUSCODE_BADOUTOFMEMORY, "no memory");
	job->output_count++;
	return true;
}

bool push_job_give(struct push_job *job, const void *value, unsigned type)
{
	return given(job, UA_Variant_setScalarCopy(&job->outputs[job->output_count], value,
						   &UA_TYPES[type]));
}

bool push_job_give_array(struct push_job *job, const void *values, size_t count, unsigned type)
{
	return given(job, UA_Variant_setArrayCopy(&job->outputs[job->output_count], values, count,
						  &UA_TYPES[type]));
}

bool push_job_fail(struct push_job *job, UA_StatusCode status, const char *format, ...)
{
	va_list args;

	job->status = status;
	va_start(args, format);
	vsnprintf(job->message, sizeof job->message, format, args);
	va_end(args);
	return false;
}
