/* The audit trail. */
#include <stddef.h>

#include "client.h"
#include "request.h"

#define BLOCKING (&(struct reply_to){.ret_result = ret_result})
#define STARTED	 (&(struct reply_to){.done = done, .user = user})

static enum ks_status audit_search(struct ks_client *client, const struct ks_audit_query *query,
				   const struct reply_to *to)
{
	Keystore__V1__AuditListRequest body = KEYSTORE__V1__AUDIT_LIST_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.after = query->after;
	body.limit = query->limit;
	if (query->newest_first)
		body.before = query->before ? query->before : UINT64_MAX;
	body.user = request_text(query->user);
	body.operation = request_text(query->operation);
	body.object = request_text(query->object);
	body.status = request_text(query->status);
	body.since = query->since;
	body.until = query->until;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_AUDIT_LIST;
	request.audit_list = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_audit_search(struct ks_client *client, const struct ks_audit_query *query,
			       struct ks_result **ret_result)
{
	return audit_search(client, query, BLOCKING);
}

enum ks_status ks_audit_search_start(struct ks_client *client, const struct ks_audit_query *query,
				     ks_done_fn *done, void *user)
{
	return audit_search(client, query, STARTED);
}

enum ks_status ks_audit_list(struct ks_client *client, uint64_t after, uint32_t limit,
			     struct ks_result **ret_result)
{
	return audit_search(client, &(struct ks_audit_query){.after = after, .limit = limit},
			    BLOCKING);
}

enum ks_status ks_audit_list_start(struct ks_client *client, uint64_t after, uint32_t limit,
				   ks_done_fn *done, void *user)
{
	return audit_search(client, &(struct ks_audit_query){.after = after, .limit = limit},
			    STARTED);
}

static enum ks_status audit_verify(struct ks_client *client, const struct reply_to *to)
{
	Keystore__V1__AuditVerifyRequest body = KEYSTORE__V1__AUDIT_VERIFY_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	request.body_case = KEYSTORE__V1__REQUEST__BODY_AUDIT_VERIFY;
	request.audit_verify = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_audit_verify(struct ks_client *client, struct ks_result **ret_result)
{
	return audit_verify(client, BLOCKING);
}

enum ks_status ks_audit_verify_start(struct ks_client *client, ks_done_fn *done, void *user)
{
	return audit_verify(client, STARTED);
}
