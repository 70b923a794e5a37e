/* Validating certificates, and what was refused. */
#include <stddef.h>
#include <stdlib.h>

#include "client.h"
#include "keystore_trust.h"
#include "request.h"

#define BLOCKING (&(struct reply_to){.ret_result = ret_result})
#define STARTED	 (&(struct reply_to){.done = done, .user = user})

#define CHAIN_MAX 64

static enum ks_status validate(struct ks_client *client, const struct ks_validation *validation,
			       const struct reply_to *to)
{
	Keystore__V1__ValidateRequest body = KEYSTORE__V1__VALIDATE_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;
	ProtobufCBinaryData chain[CHAIN_MAX];

	if (validation->chain_count > CHAIN_MAX)
		return client_refuse(to, KS_LIMIT, "a chain has at most 64 certificates");
	for (size_t i = 0; i < validation->chain_count; i++)
		chain[i] = request_bytes(validation->chain[i], validation->chain_lens[i]);
	body.group = request_text(validation->group);
	body.service = request_text(validation->service);
	body.candidate = request_bytes(validation->candidate, validation->candidate_len);
	body.n_chain = validation->chain_count;
	body.chain = chain;
	body.purpose = (Keystore__V1__Purpose)validation->purpose;
	body.application_uri = request_text(validation->application_uri);
	body.at = validation->at;
	body.host = request_text(validation->host);
	body.anchor_id = validation->anchor_id;
	body.thorough = validation->thorough;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_VALIDATE;
	request.validate = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_validate(struct ks_client *client, const struct ks_validation *validation,
			   struct ks_result **ret_result)
{
	return validate(client, validation, BLOCKING);
}

enum ks_status ks_validate_start(struct ks_client *client, const struct ks_validation *validation,
				 ks_done_fn *done, void *user)
{
	return validate(client, validation, STARTED);
}

static enum ks_status rejected_list(struct ks_client *client, const char *group, uint64_t after,
				    bool with_der, const struct reply_to *to)
{
	Keystore__V1__RejectedListRequest body = KEYSTORE__V1__REJECTED_LIST_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.group = request_text(group);
	body.after = after;
	body.with_der = with_der;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_REJECTED_LIST;
	request.rejected_list = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_rejected_list(struct ks_client *client, const char *group, uint64_t after,
				bool with_der, struct ks_result **ret_result)
{
	return rejected_list(client, group, after, with_der, BLOCKING);
}

enum ks_status ks_rejected_list_start(struct ks_client *client, const char *group, uint64_t after,
				      bool with_der, ks_done_fn *done, void *user)
{
	return rejected_list(client, group, after, with_der, STARTED);
}

static enum ks_status rejected_trust(struct ks_client *client, uint64_t id,
				     const struct reply_to *to)
{
	Keystore__V1__RejectedTrustRequest body = KEYSTORE__V1__REJECTED_TRUST_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.id = id;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_REJECTED_TRUST;
	request.rejected_trust = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_rejected_trust(struct ks_client *client, uint64_t id,
				 struct ks_result **ret_result)
{
	return rejected_trust(client, id, BLOCKING);
}

enum ks_status ks_rejected_trust_start(struct ks_client *client, uint64_t id, ks_done_fn *done,
				       void *user)
{
	return rejected_trust(client, id, STARTED);
}

static enum ks_status rejected_delete(struct ks_client *client, uint64_t id, const char *group,
				      const struct reply_to *to)
{
	Keystore__V1__RejectedDeleteRequest body = KEYSTORE__V1__REJECTED_DELETE_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.id = id;
	body.group = request_text(group);
	request.body_case = KEYSTORE__V1__REQUEST__BODY_REJECTED_DELETE;
	request.rejected_delete = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_rejected_delete(struct ks_client *client, uint64_t id, const char *group,
				  struct ks_result **ret_result)
{
	return rejected_delete(client, id, group, BLOCKING);
}

enum ks_status ks_rejected_delete_start(struct ks_client *client, uint64_t id, const char *group,
					ks_done_fn *done, void *user)
{
	return rejected_delete(client, id, group, STARTED);
}
