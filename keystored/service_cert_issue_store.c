/* What was made is stored, as one, and told. */
#include "service_cert_issue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "key_pool.h"
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

/* What has vanished or changed while the TPM worked, or the transaction was open. */
static enum store_status check_order(struct service *service, struct change *change,
				     const struct issue_order *order)
{
	const struct keyring_key *key;
	enum store_status status = STORE_OK;

	if (!order->new_key && !order->public_key)
		status = keyring_get(service->keyring, NULL, order->cert.key_id, &key);
	if (status == STORE_OK && order->cert.issuer_id)
		status = check_active(service, order->cert.issuer_id);
	if (status == STORE_OK && order->cert.id)
		status = check_active(service, order->cert.id);
	if (status == STORE_NOT_FOUND)
		return change_refuse(change, STATUS_CONFLICT,
				     "the certificate, its key or its issuer was deleted or "
				     "revoked meanwhile, and nothing has changed");
	return status;
}

/* A key in the place of another one: for what that was for, and for those it was for. */
static enum store_status put_successor(struct service *service, const struct change *change,
				       const struct issue_order *order)
{
	const struct keyring_key *old;
	enum store_status status = keyring_get(service->keyring, NULL, order->old_key_id, &old);
	unsigned operations = status == STORE_OK ? old->operations & tpm_key_usage(order->key) : 0;

	if (status == STORE_OK)
		status = service_key_put_for(service, change->uid, order->cert.key_name,
					     order->cert.key_id, order->key, operations,
					     old->grants, old->own_grant_count);
	return status;
}

static enum store_status put_key(struct service *service, struct change *change,
				 const struct issue_order *order)
{
	bool is_ca = order->cert.kind == STORE_CERT_CA;
	enum store_status status;

	if (store_key_count(service->store) >= service->config->keys)
		return change_refuse(change, STATUS_LIMIT,
				     "there are %u keys, and no more are allowed: delete one, or "
				     "raise [limits] keys",
				     service->config->keys);
	if (order->old_key_id)
		status = put_successor(service, change, order);
	else
		status = service_key_put(service, change->uid, order->cert.key_name,
					 order->cert.key_id, order->key,
					 is_ca ? POLICY_SIGN : tpm_key_usage(order->key), is_ca);
	if (status == STORE_EXISTS)
		return change_refuse(change, STATUS_EXISTS,
				     "there is a key “%s” already: choose another name, or delete "
				     "it first",
				     order->cert.key_name);
	return status == STORE_OK ? pooled_key_store(order->pooled) : status;
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

static enum store_status store_order(struct service *service, struct change *change,
				     struct issue_order *order)
{
	enum store_status status = check_order(service, change, order);

	if (status == STORE_OK && order->new_key)
		status = put_key(service, change, order);
	if (status != STORE_OK)
		return status;
	if (order->is_request)
		return store_request(service, order);
	if (order->cert.id)
		return store_cert_renew(service->store, &order->cert);
	return store_cert_add(service->store, &order->cert, &order->cert.id);
}

static void publish(struct service *service, const struct issue_order *order, bool is_renewal)
{
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

	if (status == STORE_OK) {
		body.cert = &built.info;
		body.der.data = order->csr;
		body.der.len = order->csr_len;
		reply.body_case = KEYSTORE__V1__REPLY__BODY_CERT_REQUEST;
		reply.cert_request = &body;
		request_reply(request, &reply);
	} else {
		request_fail_store(request, status);
	}
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

static enum store_status apply(struct service *service, struct change *change)
{
	struct issue *issue = (struct issue *)change;
	enum store_status status = STORE_OK;

	for (size_t i = 0; i < issue->count && status == STORE_OK; i++)
		status = store_order(service, change, &issue->orders[i]);
	if (status == STORE_OK && issue->to_project)
		status = store_mode_set(service->store, true);
	if (status == STORE_OK)
		describe(issue, change->detail, sizeof change->detail);
	return status;
}

static void applied(struct service *service, struct change *change)
{
	struct issue *issue = (struct issue *)change;

	if (issue->to_project)
		service->policy.is_local = false;
	for (size_t i = 0; i < issue->count; i++) {
		pooled_key_stored(issue->orders[i].pooled);
		publish(service, &issue->orders[i], issue->is_renewal);
	}
}

static void dropped(struct service *service, struct change *change)
{
	issue_forget_keys(service, (struct issue *)change);
}

static void reply(struct request *request, struct change *change)
{
	struct issue *issue = (struct issue *)change;

	if (issue->orders[0].is_request)
		reply_request(request, &issue->orders[0]);
	else if (issue->count > 1)
		reply_list(request, issue);
	else
		service_cert_reply(request, issue->orders[0].cert.id, issue->note);
}

static void free_change(struct change *change)
{
	issue_free((struct issue *)change);
}

void issue_store(struct request *request)
{
	static const struct change_kind kind = {
		.apply = apply,
		.applied = applied,
		.dropped = dropped,
		.reply = reply,
		.free = free_change,
	};
	struct issue *issue = request->state;

	/* The change's from now on, which may live longer than the request. */
	request->state = NULL;
	request->state_free = NULL;
	request->give_up = NULL;
	issue->is_renewal = issue->orders[0].cert.id != 0;
	issue->change.kind = &kind;
	issue->change.bytes = sizeof *issue;
	for (size_t i = 0; i < issue->count; i++)
		issue->change.bytes += issue->orders[i].cert.der_len +
				       issue->orders[i].cert.names_len +
				       issue->orders[i].issuer_len;
	request_change(request, &issue->change);
}
