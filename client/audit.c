/* The audit trail. */
#include <stddef.h>

#include "client.h"

#define BLOCKING (&(struct reply_to){.ret_result = ret_result})
#define STARTED	 (&(struct reply_to){.done = done, .user = user})

static enum ks_status audit_list(struct ks_client *client, uint64_t after, uint32_t limit,
				 const struct reply_to *to)
{
	Keystore__V1__AuditListRequest body = KEYSTORE__V1__AUDIT_LIST_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.after = after;
	body.limit = limit;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_AUDIT_LIST;
	request.audit_list = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_audit_list(struct ks_client *client, uint64_t after, uint32_t limit,
			     struct ks_result **ret_result)
{
	return audit_list(client, after, limit, BLOCKING);
}

enum ks_status ks_audit_list_start(struct ks_client *client, uint64_t after, uint32_t limit,
				   ks_done_fn *done, void *user)
{
	return audit_list(client, after, limit, STARTED);
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
