#include "service_cert_issue.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "key_pool.h"
#include "request.h"
#include "service.h"
#include "service_pin.h"
#include "x509_check.h"
#include "x509_csr_read.h"

void issue_free(struct issue *issue)
{
	for (size_t i = 0; i < ISSUE_MAX; i++) {
		struct issue_order *order = &issue->orders[i];

		store_cert_wipe(&order->cert);
		pooled_key_free(order->pooled);
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

static void free_state(void *state)
{
	issue_free(state);
}

struct issue *issue_new(struct request *request)
{
	struct issue *issue = calloc(1, sizeof *issue);

	if (!issue) {
		request_fail_memory(request);
		return NULL;
	}
	request->state = issue;
	request->state_free = free_state;
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

struct csr_name *issue_names_unpack(const struct store_cert *cert, size_t *ret_count)
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

void issue_forget_keys(struct service *service, struct issue *issue)
{
	for (size_t i = 0; i < issue->count; i++) {
		if (issue->orders[i].new_key && issue->orders[i].key)
			service_pin_forget(service, issue->orders[i].key);
	}
}

static void forget_keys(struct request *request)
{
	issue_forget_keys(request->service, request->state);
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
	struct csr_name *names = issue_names_unpack(&order->cert, &name_count);
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
	struct csr_name *names = issue_names_unpack(&order->cert, &count);
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

static unsigned usage_of(const struct issue_order *order)
{
	bool is_rsa = order->new_key <= TPM_RSA_4096;

	return is_rsa && order->cert.kind != STORE_CERT_CA ? TPM_USE_SIGN | TPM_USE_DECRYPT
							   : TPM_USE_SIGN;
}

/* A CA's key is made together with its certificate. */
static bool take_pooled(struct request *request, struct issue_order *order)
{
	uint64_t id;

	if (order->cert.kind == STORE_CERT_CA)
		return false;
	id = store_key_next_id(request->service->store);
	order->pooled = key_pool_take(request->service->key_pool, order->new_key, usage_of(order),
				      id, &order->key);
	if (!order->pooled)
		return false;
	order->cert.key_id = id;
	/* What remains is a signature, which keeps nobody waiting. */
	request->level = request->asked_level;
	return true;
}

static void make_key(struct request *request, struct issue_order *order)
{
	struct tpm_job *job;

	if (take_pooled(request, order)) {
		sign(request);
		return;
	}
	job = tpm_job_new(TPM_CREATE);
	if (!job) {
		fail_cert(request, CERT_NOMEM, "");
		return;
	}
	job->algorithm = order->new_key;
	job->usage = usage_of(order);
	request_submit(request, job, key_done);
}

static void next(struct request *request)
{
	struct issue *issue = request->state;
	struct issue_order *order = &issue->orders[issue->at];

	if (issue->at == issue->count) {
		issue_store(request);
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
