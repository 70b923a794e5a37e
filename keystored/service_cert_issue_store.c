/* What was made is stored, as one, and told. */
#include "service_cert_issue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reply_cert.h"
#include "request.h"
#include "service.h"
#include "service_cert.h"
#include "service_info.h"
#include "service_key.h"
#include "store_csr.h"
#include "store_user.h"

/* NOT_FOUND: it was deleted, or is revoked. */
static enum store_status check_active(struct service *service, uint64_t id)
{
	struct store_cert cert = {0};
	enum store_status status = store_cert_get(service->store, id, &cert);

	if (status == STORE_OK && cert.state == STORE_CERT_REVOKED)
		status = STORE_NOT_FOUND;
	store_cert_wipe(&cert);
	return status;
}

/* What has vanished or changed while the TPM worked. */
static enum store_status check_order(struct request *request, const struct issue_order *order)
{
	struct service *service = request->service;
	const struct keyring_key *key;
	enum store_status status = STORE_OK;

	if (!order->new_key && !order->public_key)
		status = keyring_get(service->keyring, NULL, order->cert.key_id, &key);
	if (status == STORE_OK && order->cert.issuer_id)
		status = check_active(service, order->cert.issuer_id);
	if (status == STORE_OK && order->cert.id)
		status = check_active(service, order->cert.id);
	return status;
}

/* A key in the place of another one: for what that was for, and for those it was for. */
static enum store_status add_successor(struct request *request, const struct issue_order *order)
{
	struct service *service = request->service;
	const struct keyring_key *old;
	enum store_status status = keyring_get(service->keyring, NULL, order->old_key_id, &old);
	unsigned operations = status == STORE_OK ? old->operations & tpm_key_usage(order->key) : 0;

	if (status == STORE_OK)
		status = service_key_add_for(request, order->cert.key_id, order->key, operations,
					     old->grants, old->own_grant_count);
	return status;
}

static enum store_status store_request(struct service *service, struct issue_order *order)
{
	struct store_csr csr = {
		.key_id = order->cert.key_id,
		.hash = order->cert.hash,
		.padding = order->cert.padding,
		.created = order->cert.version_created,
		.der = order->csr,
		.der_len = order->csr_len,
	};
	enum store_status status = STORE_OK;

	memcpy(csr.common_name, order->cert.facts.common_name, sizeof csr.common_name);
	if (!order->cert.id)
		status = store_csr_announce(service->store, &order->cert, &order->cert.id);
	csr.cert_id = order->cert.id;
	return status == STORE_OK ? store_csr_put(service->store, &csr) : status;
}

static enum store_status store_order(struct request *request, struct issue_order *order)
{
	struct service *service = request->service;
	bool is_ca = order->cert.kind == STORE_CERT_CA;
	enum store_status status = check_order(request, order);

	snprintf(request->object, sizeof request->object, "%s", order->cert.key_name);
	if (status == STORE_OK && order->old_key_id)
		status = add_successor(request, order);
	else if (status == STORE_OK && order->new_key)
		status = service_key_add(request, order->cert.key_id, order->key,
					 is_ca ? POLICY_SIGN : tpm_key_usage(order->key), is_ca);
	if (status != STORE_OK)
		return status;
	if (order->is_request)
		return store_request(service, order);
	if (order->cert.id)
		return store_cert_renew(service->store, &order->cert);
	return store_cert_add(service->store, &order->cert, &order->cert.id);
}

static void publish(struct request *request, const struct issue_order *order, bool is_renewal)
{
	struct service *service = request->service;
	const struct keyring_key *key;

	if (order->new_key &&
	    keyring_get(service->keyring, NULL, order->cert.key_id, &key) == STORE_OK)
		service_info_publish_key(service, key,
					 KEYSTORE__V1__KEY_EVENT__CHANGE__CHANGE_CREATED);
	service_cert_publish(service, &order->cert, order->cert.facts.common_name,
			     is_renewal ? KEYSTORE__V1__KEY_EVENT__CHANGE__CHANGE_UPDATED
					: KEYSTORE__V1__KEY_EVENT__CHANGE__CHANGE_CREATED);
}

static void reply_list(struct request *request, const struct issue *issue)
{
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	Keystore__V1__CertListReply body = KEYSTORE__V1__CERT_LIST_REPLY__INIT;
	Keystore__V1__CertInfo *list[ISSUE_MAX];
	struct reply_cert built[ISSUE_MAX] = {0};
	enum store_status status = STORE_OK;

	for (size_t i = 0; i < issue->count && status == STORE_OK; i++) {
		status = reply_cert_build(&built[i], request->service, issue->orders[i].cert.id);
		list[i] = &built[i].info;
		body.n_certs++;
	}
	if (status == STORE_OK) {
		body.certs = list;
		reply.body_case = KEYSTORE__V1__REPLY__BODY_CERT_LIST;
		reply.cert_list = &body;
		request_reply(request, &reply);
	} else {
		request_fail_store(request, status);
	}
	for (size_t i = 0; i < ISSUE_MAX; i++)
		reply_cert_wipe(&built[i]);
}

static void reply_request(struct request *request, const struct issue_order *order)
{
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	Keystore__V1__CertRequestReply body = KEYSTORE__V1__CERT_REQUEST_REPLY__INIT;
	struct reply_cert built;
	enum store_status status = reply_cert_build(&built, request->service, order->cert.id);
	uint8_t *der = malloc(order->csr_len);

	if (status != STORE_OK || !der) {
		request_fail_store(request, status == STORE_OK ? STORE_NOMEM : status);
	} else {
		/* The state ends before the reply leaves. */
		memcpy(der, order->csr, order->csr_len);
		body.cert = &built.info;
		body.der.data = der;
		body.der.len = order->csr_len;
		reply.body_case = KEYSTORE__V1__REPLY__BODY_CERT_REQUEST;
		reply.cert_request = &body;
		request_reply(request, &reply);
	}
	free(der);
	reply_cert_wipe(&built);
}

/* "certificate 3 web-server by 2, …" */
static void describe(const struct issue *issue, char *detail, size_t size)
{
	size_t len = 0;

	for (size_t i = 0; i < issue->count && len < size; i++) {
		const struct store_cert *cert = &issue->orders[i].cert;
		const struct profile *profile = profile_by_id(cert->profile);

		if (issue->orders[i].is_request)
			len += (size_t)snprintf(detail + len, size - len,
						"%scertificate %llu %s, a CSR", i ? ", " : "",
						(unsigned long long)cert->id,
						profile ? profile->name : "");
		else
			len += (size_t)snprintf(
				detail + len, size - len, "%scertificate %llu %s by %llu",
				i ? ", " : "", (unsigned long long)cert->id,
				profile ? profile->name : "",
				(unsigned long long)(cert->issuer_id ? cert->issuer_id : cert->id));
	}
}

void issue_store(struct request *request)
{
	struct issue *issue = request->state;
	bool is_renewal = issue->orders[0].cert.id != 0;
	enum store_status status = STORE_OK;
	char detail[160] = "";

	if (!request_begin_change(request)) {
		/* Answered, and the state is gone with the request. */
		return;
	}
	for (size_t i = 0; i < issue->count && status == STORE_OK; i++)
		status = store_order(request, &issue->orders[i]);
	if (status == STORE_OK && issue->to_project)
		status = store_mode_set(request->service->store, true);
	if (status != STORE_OK)
		issue_forget_keys(request);
	if (status == STORE_NOT_FOUND) {
		store_rollback(request->service->store);
		request_fail(request, STATUS_CONFLICT,
			     "the certificate, its key or its issuer was deleted or revoked "
			     "meanwhile, and "
			     "nothing has changed");
		return;
	}
	describe(issue, detail, sizeof detail);
	if (!request_commit(request, status, detail))
		return;
	if (issue->to_project)
		request->service->policy.is_local = false;
	for (size_t i = 0; i < issue->count; i++)
		publish(request, &issue->orders[i], is_renewal);
	if (issue->orders[0].is_request)
		reply_request(request, &issue->orders[0]);
	else if (issue->count > 1)
		reply_list(request, issue);
	else
		service_cert_reply(request, issue->orders[0].cert.id, issue->note);
}
