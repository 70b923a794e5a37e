#include "service_cert_issue.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "reply_cert.h"
#include "request.h"
#include "service.h"
#include "service_cert.h"
#include "service_info.h"
#include "service_key.h"
#include "service_pin.h"
#include "store_csr.h"
#include "store_user.h"
#include "x509_check.h"
#include "x509_csr_read.h"

static void issue_free(void *state)
{
	struct issue *issue = state;

	for (size_t i = 0; i < ISSUE_MAX; i++) {
		struct issue_order *order = &issue->orders[i];

		store_cert_wipe(&order->cert);
		tpm_key_unref(order->key);
		tpm_key_unref(order->issuer_key);
		free(order->issuer);
		EVP_PKEY_free(order->public_key);
		cert_free(order->building);
		csr_free(order->requesting);
		free(order->csr);
	}
	free(issue);
}

struct issue *issue_new(struct request *request)
{
	struct issue *issue = calloc(1, sizeof *issue);

	if (!issue) {
		request_fail_memory(request);
		return NULL;
	}
	request->state = issue;
	request->state_free = issue_free;
	return issue;
}

/* Each name is a byte with its type, and its text with a NUL. */
bool issue_names_pack(const struct csr_name *names, size_t count, uint8_t **ret_names,
		      size_t *ret_len)
{
	size_t size = 0;

	for (size_t i = 0; i < count; i++)
		size += strlen(names[i].value) + 2;
	uint8_t *packed = malloc(size ? size : 1);
	uint8_t *at = packed;

	if (!packed)
		return false;
	for (size_t i = 0; i < count; i++) {
		size_t text = strlen(names[i].value) + 1;

		*at++ = names[i].type > 0 && names[i].type < SAN_TYPE_COUNT ? (uint8_t)names[i].type
									    : UINT8_MAX;
		memcpy(at, names[i].value, text);
		at += text;
	}
	*ret_names = packed;
	*ret_len = size;
	return true;
}

/* The list; it points into @cert. NULL: no memory. */
static struct csr_name *names_unpack(const struct store_cert *cert, size_t *ret_count)
{
	/* A name takes two bytes at least. */
	struct csr_name *names = calloc(cert->names_len / 2 + 1, sizeof *names);
	const char *text = cert->names ? (const char *)cert->names : "";
	const char *end = text + cert->names_len;
	size_t count = 0;

	if (!names)
		return NULL;
	while (end - text >= 2) {
		names[count++] = (struct csr_name){(uint8_t)*text, text + 1};
		text += 2 + strnlen(text + 1, (size_t)(end - text) - 2);
	}
	*ret_count = count;
	return names;
}

/* Keys that were made and will not be stored leave the TPM. */
static void forget_keys(struct request *request)
{
	struct issue *issue = request->state;

	for (size_t i = 0; i < issue->count; i++) {
		if (issue->orders[i].new_key && issue->orders[i].key)
			service_pin_forget(request->service, issue->orders[i].key);
	}
}

static void fail_cert(struct request *request, enum cert_status cert, const char *error)
{
	static const enum status statuses[] = {
		[CERT_OK] = STATUS_INTERNAL,	 [CERT_SUBJECT] = STATUS_INVALID,
		[CERT_NAME] = STATUS_INVALID,	 [CERT_VALIDITY] = STATUS_INVALID,
		[CERT_ISSUER] = STATUS_CONFLICT, [CERT_UNVERIFIED] = STATUS_TPM,
		[CERT_TOO_LARGE] = STATUS_LIMIT, [CERT_NOMEM] = STATUS_INTERNAL,
	};

	forget_keys(request);
	if (cert == CERT_NOMEM)
		request_fail_memory(request);
	else
		request_fail(request, statuses[cert], "%s", error);
}

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
		status = reply_cert_build(&built[i], request->service->store,
					  clock_now(request->service->clock),
					  issue->orders[i].cert.id);
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
	enum store_status status =
		reply_cert_build(&built, request->service->store,
				 clock_now(request->service->clock), order->cert.id);
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

static void finish(struct request *request)
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
		forget_keys(request);
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

static void next(struct request *request);

/* Nothing that a peer may refuse is stored, whatever was asked for. False: answered. */
static bool keeps_the_rules(struct request *request, const struct store_cert *cert)
{
	struct check_report report;
	enum cert_status status =
		cert_check(cert->der, cert->der_len, profile_by_id(cert->profile), &report);

	if (status != CERT_OK) {
		fail_cert(request, status, "the new certificate cannot be read");
		return false;
	}
	for (size_t i = 0; i < report.count; i++) {
		const struct check_finding *finding = &report.findings[i];

		if (finding->severity != CHECK_ERROR)
			continue;
		forget_keys(request);
		request_fail(request, STATUS_INVALID,
			     "the certificate would break the rule %s (%s): %s", finding->rule,
			     finding->clause, finding->text);
		return false;
	}
	return true;
}

/* False: answered. */
static bool finish_request(struct request *request, struct issue_order *order,
			   const struct tpm_job *job)
{
	enum csr_status status = csr_finish(order->requesting, job->output, job->output_len,
					    &order->csr, &order->csr_len);

	if (status != CSR_OK)
		fail_cert(request, status == CSR_NOMEM ? CERT_NOMEM : CERT_UNVERIFIED,
			  "the TPM's signature does not verify and was withheld: try again");
	else
		csr_common_name(order->csr, order->csr_len, order->cert.facts.common_name,
				sizeof order->cert.facts.common_name);
	return status == CSR_OK;
}

static void signature_done(struct tpm_job *job, void *user)
{
	struct request *request = user;
	struct issue *issue = request->state;
	struct issue_order *order = &issue->orders[issue->at];
	struct store_cert *cert = &order->cert;

	request->job = NULL;
	if (job->status != TPM_OK) {
		forget_keys(request);
		request_fail_job(request, job);
		return;
	}
	if (order->is_request) {
		if (!finish_request(request, order, job))
			return;
		issue->at++;
		next(request);
		return;
	}
	enum cert_status status = cert_finish(order->building, job->output, job->output_len,
					      &cert->der, &cert->der_len);

	if (status == CERT_OK)
		status = cert_read(cert->der, cert->der_len, &cert->facts);
	if (status != CERT_OK) {
		fail_cert(request, status,
			  "the TPM's signature does not verify and was withheld: try again");
		return;
	}
	if (!keeps_the_rules(request, cert))
		return;
	issue->at++;
	next(request);
}

static enum cert_status build(const struct issue_order *order, EVP_PKEY *public_key,
			      enum tpm_padding padding, char error[CERT_ERROR_MAX],
			      struct cert **ret_cert)
{
	size_t name_count = 0;
	struct csr_name *names = names_unpack(&order->cert, &name_count);
	struct cert_spec spec = {
		.profile = profile_by_id(order->cert.profile),
		.subject = order->cert.subject,
		.names = names,
		.name_count = name_count,
		.public_key = public_key,
		.not_before = order->not_before,
		.not_after = order->not_after,
		.issuer = order->issuer,
		.issuer_len = order->issuer_len,
		.issuer_key = order->issuer_key ? tpm_key_public(order->issuer_key) : NULL,
		.path_length = (int)order->ca_levels - 1,
		.hash = order->cert.hash,
		.padding = padding,
	};
	enum cert_status status = names ? cert_new(&spec, error, ret_cert) : CERT_NOMEM;

	free(names);
	return status;
}

static enum cert_status build_request(const struct issue_order *order, EVP_PKEY *public_key,
				      enum tpm_padding padding, char error[CERT_ERROR_MAX],
				      struct csr **ret_csr)
{
	static const enum cert_status statuses[] = {
		[CSR_OK] = CERT_OK,
		[CSR_SUBJECT] = CERT_SUBJECT,
		[CSR_NAME] = CERT_NAME,
		[CSR_NOMEM] = CERT_NOMEM,
		[CSR_UNVERIFIED] = CERT_UNVERIFIED,
		[CSR_TOO_LARGE] = CERT_TOO_LARGE,
	};
	size_t count = 0;
	struct csr_name *names = names_unpack(&order->cert, &count);
	enum csr_status status = CSR_NOMEM;

	if (names)
		status = csr_new(order->cert.subject, names, count,
				 profile_by_id(order->cert.profile), public_key, order->cert.hash,
				 padding, error, ret_csr);
	free(names);
	return statuses[status];
}

/*
 * Whether it can be made at all, with a key that is thrown away: better known before the TPM
 * has worked for seconds on the real one. False: answered.
 */
static bool rehearse(struct request *request, const struct issue_order *order)
{
	EVP_PKEY *stand_in = EVP_EC_gen("P-256");
	enum tpm_padding padding = order->issuer_key ? order->cert.padding : TPM_PADDING_NONE;
	char error[CERT_ERROR_MAX] = "";
	struct cert *cert = NULL;
	struct csr *csr = NULL;
	enum cert_status status = CERT_NOMEM;

	if (stand_in)
		status = order->is_request ? build_request(order, stand_in, padding, error, &csr)
					   : build(order, stand_in, padding, error, &cert);
	csr_free(csr);
	cert_free(cert);
	EVP_PKEY_free(stand_in);
	if (status != CERT_OK)
		fail_cert(request, status, error);
	return status == CERT_OK;
}

/* What is to be signed: a certificate, or a request for one. */
static enum cert_status build_digest(struct issue_order *order, char error[CERT_ERROR_MAX],
				     const uint8_t **ret_digest, size_t *ret_len)
{
	EVP_PKEY *public_key = order->public_key ? order->public_key : tpm_key_public(order->key);
	enum cert_status status;

	if (order->is_request) {
		status = build_request(order, public_key, order->cert.padding, error,
				       &order->requesting);
		if (status == CERT_OK)
			csr_digest(order->requesting, ret_digest, ret_len);
		return status;
	}
	status = build(order, public_key, order->cert.padding, error, &order->building);
	if (status == CERT_OK)
		cert_digest(order->building, ret_digest, ret_len);
	return status;
}

static void sign(struct request *request)
{
	struct issue *issue = request->state;
	struct issue_order *order = &issue->orders[issue->at];
	char error[CERT_ERROR_MAX] = "";
	struct tpm_job *job = NULL;
	const uint8_t *digest;
	size_t len;
	enum cert_status status = build_digest(order, error, &digest, &len);

	if (status != CERT_OK) {
		fail_cert(request, status, error);
		return;
	}
	job = tpm_job_new(TPM_SIGN);
	if (!job || tpm_job_set_input(job, digest, len) != TPM_OK) {
		tpm_job_free(job);
		fail_cert(request, CERT_NOMEM, "");
		return;
	}
	job->key = tpm_key_ref(order->issuer_key ? order->issuer_key : order->key);
	job->hash = order->cert.hash;
	job->padding = order->cert.padding;
	request_submit(request, job, signature_done);
}

/*
 * The key under the ID that it will be stored with: the engine's own number for new keys is
 * the same for all of them.
 */
static struct tpm_key *key_with_id(struct tpm_key *made, uint64_t id)
{
	size_t der_len = 0;
	size_t auth_len = 0;
	const uint8_t *der = tpm_key_der(made, &der_len);
	const uint8_t *auth = tpm_key_auth(made, &auth_len);

	return tpm_key_new(id, der, der_len, auth, auth_len, 0);
}

static void key_done(struct tpm_job *job, void *user)
{
	struct request *request = user;
	struct issue *issue = request->state;
	struct issue_order *order = &issue->orders[issue->at];

	request->job = NULL;
	if (job->status != TPM_OK) {
		forget_keys(request);
		request_fail_job(request, job);
		return;
	}
	order->cert.key_id = store_key_next_id(request->service->store);
	order->key = key_with_id(job->key, order->cert.key_id);
	if (order->key)
		sign(request);
	else
		fail_cert(request, CERT_NOMEM, "");
}

static void make_key(struct request *request, const struct issue_order *order)
{
	struct tpm_job *job = tpm_job_new(TPM_CREATE);
	bool is_rsa = order->new_key <= TPM_RSA_4096;

	if (!job) {
		fail_cert(request, CERT_NOMEM, "");
		return;
	}
	job->algorithm = order->new_key;
	job->usage = TPM_USE_SIGN;
	if (is_rsa && order->cert.kind != STORE_CERT_CA)
		job->usage |= TPM_USE_DECRYPT;
	request_submit(request, job, key_done);
}

static void next(struct request *request)
{
	struct issue *issue = request->state;
	struct issue_order *order = &issue->orders[issue->at];

	if (issue->at == issue->count) {
		finish(request);
		return;
	}
	snprintf(request->object, sizeof request->object, "%s", order->cert.key_name);
	if (order->new_key)
		make_key(request, order);
	else
		sign(request);
}

void issue_run(struct request *request)
{
	struct issue *issue = request->state;

	for (size_t i = 0; i < issue->count; i++) {
		struct issue_order *order = &issue->orders[i];

		order->cert.version_created = clock_now(request->service->clock);
		if (order->new_key && !rehearse(request, order))
			return;
	}
	request->give_up = forget_keys;
	next(request);
}
