/* Revocation and CRLs. */
#include <stddef.h>

#include "client.h"
#include "request.h"

#define BLOCKING (&(struct reply_to){.ret_result = ret_result})
#define STARTED	 (&(struct reply_to){.done = done, .user = user})

static enum ks_status cert_revoke(struct ks_client *client, uint64_t id, uint32_t version,
				  enum ks_reason reason, const struct reply_to *to)
{
	Keystore__V1__CertRevokeRequest body = KEYSTORE__V1__CERT_REVOKE_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.id = id;
	body.version = version;
	body.reason = (Keystore__V1__RevocationReason)reason;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_CERT_REVOKE;
	request.cert_revoke = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_cert_revoke(struct ks_client *client, uint64_t id, uint32_t version,
			      enum ks_reason reason, struct ks_result **ret_result)
{
	return cert_revoke(client, id, version, reason, BLOCKING);
}

enum ks_status ks_cert_revoke_start(struct ks_client *client, uint64_t id, uint32_t version,
				    enum ks_reason reason, ks_done_fn *done, void *user)
{
	return cert_revoke(client, id, version, reason, STARTED);
}

static enum ks_status crl_export(struct ks_client *client, uint64_t ca_id, uint64_t offset,
				 const char *number, const struct reply_to *to)
{
	Keystore__V1__CrlExportRequest body = KEYSTORE__V1__CRL_EXPORT_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.ca_id = ca_id;
	body.offset = offset;
	body.crl_number = request_text(number);
	request.body_case = KEYSTORE__V1__REQUEST__BODY_CRL_EXPORT;
	request.crl_export = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_crl_export(struct ks_client *client, uint64_t ca_id, uint64_t offset,
			     const char *number, struct ks_result **ret_result)
{
	return crl_export(client, ca_id, offset, number, BLOCKING);
}

enum ks_status ks_crl_export_start(struct ks_client *client, uint64_t ca_id, uint64_t offset,
				   const char *number, ks_done_fn *done, void *user)
{
	return crl_export(client, ca_id, offset, number, STARTED);
}

static enum ks_status crl_list(struct ks_client *client, uint64_t after, const struct reply_to *to)
{
	Keystore__V1__CrlListRequest body = KEYSTORE__V1__CRL_LIST_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.after = after;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_CRL_LIST;
	request.crl_list = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_crl_list(struct ks_client *client, uint64_t after, struct ks_result **ret_result)
{
	return crl_list(client, after, BLOCKING);
}

enum ks_status ks_crl_list_start(struct ks_client *client, uint64_t after, ks_done_fn *done,
				 void *user)
{
	return crl_list(client, after, STARTED);
}

static enum ks_status crl_renew(struct ks_client *client, uint64_t ca_id, const struct reply_to *to)
{
	Keystore__V1__CrlRenewRequest body = KEYSTORE__V1__CRL_RENEW_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.ca_id = ca_id;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_CRL_RENEW;
	request.crl_renew = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_crl_renew(struct ks_client *client, uint64_t ca_id, struct ks_result **ret_result)
{
	return crl_renew(client, ca_id, BLOCKING);
}

enum ks_status ks_crl_renew_start(struct ks_client *client, uint64_t ca_id, ks_done_fn *done,
				  void *user)
{
	return crl_renew(client, ca_id, STARTED);
}
