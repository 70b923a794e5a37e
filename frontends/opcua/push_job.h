/*
 * One call of a method on its way: from whoever made it to the push thread and back. Hides how values
 * are kept, and that what was secret in them is wiped.
 */
#ifndef OPCUA_PUSH_JOB_H
#define OPCUA_PUSH_JOB_H

#include <stdarg.h>

#include "push_method.h"
#include "session.h"

#define PUSH_MESSAGE_MAX 768

/* Whose call it is, as he was then. */
struct push_caller {
	UA_NodeId session;
	char user[SESSION_USER_MAX + 1];
	char address[SESSION_ADDRESS_MAX];
	uint8_t token[UPLINK_TOKEN_MAX];
	size_t token_len;
	UA_ByteString certificate; /* of his application; DER; empty: none */
};

/* What became of a transaction (OPC 10000-12 7.10.?, TransactionDiagnosticsType). */
struct push_report {
	bool is_new; /* since the last one */
	UA_DateTime begun, ended;
	UA_StatusCode result;
	unsigned lists, groups; /* affected: bits 1 << enum push_group */
	UA_StatusCode error;	/* of the group or list that failed; Good: none */
	unsigned failed_group;
	bool is_list_failed;
	char message[PUSH_MESSAGE_MAX];
};

struct push_job {
	struct push_job *next;
	enum push_method method;
	enum push_group group;
	void *operation; /* open62541's; NULL: nobody waits for it any more */
	struct push_caller caller;
	UA_Variant *inputs;
	size_t input_count;
	/* Of a trust list: what was written; what is read. */
	UA_ByteString content;
	UA_UInt32 masks;
	bool is_written; /* PUSH_LIST_OPEN: mode 6 */
	/* What came of it. */
	UA_StatusCode status;
	UA_Variant outputs[PUSH_OUTPUTS_MAX];
	size_t output_count;
	char message[PUSH_MESSAGE_MAX];	       /* why it failed, or what is to be known; or "" */
	bool is_applied;		       /* something is in force that was not before */
	unsigned changed_lists, changed_certs; /* bits 1 << enum push_group; for events */
	struct push_report report;
};

/* NULL: no memory. */
struct push_job *push_job_new(enum push_method method, enum push_group group,
			      const struct session *session);
void push_job_free(struct push_job *job); /* NULL is fine */

/* Copies of @inputs, whose private key is wiped. */
bool push_job_take_inputs(struct push_job *job, UA_Variant *inputs, size_t count);

/* Inputs whose types were checked. */
const UA_NodeId *push_job_node(const struct push_job *job, size_t input);
const UA_ByteString *push_job_bytes(const struct push_job *job, size_t input); /* or a string */
const UA_ByteString *push_job_array(const struct push_job *job, size_t input, size_t *ret_count);
UA_Boolean push_job_is(const struct push_job *job, size_t input);
UA_UInt32 push_job_number(const struct push_job *job, size_t input); /* of any width */
/* NULL: no memory, or over @max bytes, or it has a NUL; free() it. */
char *push_job_text(const struct push_job *job, size_t input, size_t max);

/* The next output, copied. False: the job has failed. */
bool push_job_give(struct push_job *job, const void *value, unsigned type);
bool push_job_give_array(struct push_job *job, const void *values, size_t count, unsigned type);

/* Always false. */
bool push_job_fail(struct push_job *job, UA_StatusCode status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
