#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "key_pool.h"
#include "reply.h"
#include "request.h"
#include "service.h"
#include "service_info.h"
#include "service_key.h"
#include "service_pin.h"

/* What the new key is to be for; kept while the TPM makes it. */
struct creation {
	uint64_t id;
	unsigned operations;	   /* 0: all that the key can */
	struct pooled_key *pooled; /* NULL: it is made now */
};

static void creation_free(void *state)
{
	pooled_key_free(((struct creation *)state)->pooled);
	free(state);
}

static const char *const algorithm_names[TPM_ALGORITHM_COUNT] = {
	[TPM_RSA_2048] = "rsa-2048", [TPM_RSA_3072] = "rsa-3072", [TPM_RSA_4096] = "rsa-4096",
	[TPM_EC_P256] = "ec-p256",   [TPM_EC_P384] = "ec-p384",
};

const char *service_key_algorithm_name(unsigned algorithm)
{
	return algorithm > 0 && algorithm < TPM_ALGORITHM_COUNT ? algorithm_names[algorithm] : "";
}

bool service_key_has_room(struct request *request)
{
	struct service *service = request->service;
	uint64_t existing;
	enum store_status status = store_key_id(service->store, request->object, &existing);

	if (status != STORE_NOT_FOUND) {
		request_fail_store(request, status == STORE_OK ? STORE_EXISTS : status);
		return false;
	}
	/* This request is counted as one being made. */
	if (store_key_count(service->store) + requests_creating(service->requests) >
	    service->config->keys) {
		request_fail(request, STATUS_LIMIT,
			     "there are %u keys, and no more are allowed: delete one, or raise "
			     "[limits] keys",
			     service->config->keys);
		return false;
	}
	return true;
}

/* False: answered. */
static bool begin(struct request *request, unsigned operations)
{
	struct creation *creation = calloc(1, sizeof *creation);

	if (!creation) {
		request_fail_memory(request);
		return false;
	}
	creation->id = store_key_next_id(request->service->store);
	creation->operations = operations;
	request->state = creation;
	request->state_free = creation_free;
	return true;
}

static enum store_status add(struct service *service, uint32_t uid, const char *name, uint64_t id,
			     struct tpm_key *key, unsigned operations, bool of_ca,
			     struct grant *grants, size_t count)
{
	struct store_key stored = {
		.id = id,
		.algorithm = tpm_key_algorithm(key),
		.operations = operations,
		.origin = tpm_key_is_from_tpm(key) ? KEYSTORE__V1__ORIGIN__ORIGIN_TPM
						   : KEYSTORE__V1__ORIGIN__ORIGIN_IMPORTED,
		.created = time(NULL),
		.created_by = uid,
		.of_ca = of_ca,
		.grants = grants,
		.grant_count = count,
	};
	const uint8_t *der = tpm_key_der(key, &stored.der_len);
	const uint8_t *auth = tpm_key_auth(key, &stored.auth_len);
	const uint8_t *spki = tpm_key_spki(key, &stored.spki_len);

	snprintf(stored.name, sizeof stored.name, "%s", name);
	memcpy(stored.auth, auth,
	       stored.auth_len < sizeof stored.auth ? stored.auth_len : sizeof stored.auth);
	stored.der = (uint8_t *)(uintptr_t)der;
	stored.spki = (uint8_t *)(uintptr_t)spki;
	enum store_status status = store_key_add(service->store, &stored);

	OPENSSL_cleanse(stored.auth, sizeof stored.auth);
	return status;
}

enum store_status service_key_put(struct service *service, uint32_t uid, const char *name,
				  uint64_t id, struct tpm_key *key, unsigned operations, bool of_ca)
{
	struct grant creator = {POLICY_UID, uid, operations};

	return add(service, uid, name, id, key, operations, of_ca, &creator, of_ca ? 0 : 1);
}

enum store_status service_key_add(struct request *request, uint64_t id, struct tpm_key *key,
				  unsigned operations, bool of_ca)
{
	return service_key_put(request->service, request->uid, request->object, id, key, operations,
			       of_ca);
}

enum store_status service_key_put_for(struct service *service, uint32_t uid, const char *name,
				      uint64_t id, struct tpm_key *key, unsigned operations,
				      const struct grant *grants, size_t count)
{
	struct grant *copies = calloc(count ? count : 1, sizeof *copies);
	enum store_status status = STORE_NOMEM;
	size_t left = 0;

	for (size_t i = 0; copies && i < count; i++) {
		if (!(grants[i].operations & operations))
			continue;
		copies[left] = grants[i];
		copies[left++].operations &= operations;
	}
	if (copies)
		status = add(service, uid, name, id, key, operations, false, copies, left);
	free(copies);
	return status;
}

enum store_status service_key_add_for(struct request *request, uint64_t id, struct tpm_key *key,
				      unsigned operations, const struct grant *grants, size_t count)
{
	return service_key_put_for(request->service, request->uid, request->object, id, key,
				   operations, grants, count);
}

static bool save(struct request *request, struct tpm_key *key, unsigned operations)
{
	const struct creation *creation = request->state;

	if (!request_begin_change(request))
		return false;
	enum store_status status = service_key_add(request, creation->id, key, operations, false);

	if (status == STORE_OK)
		status = pooled_key_store(creation->pooled);
	if (!request_commit(request, status, algorithm_names[tpm_key_algorithm(key)]))
		return false;
	pooled_key_stored(creation->pooled);
	return true;
}

/* Stores @key, which is there now, and answers. False: it is not stored. */
static bool finish(struct request *request, struct tpm_key *key, unsigned operations)
{
	struct service *service = request->service;
	const struct creation *creation = request->state;
	const struct keyring_key *stored;

	request->key_id = creation->id;
	if (!save(request, key, operations))
		return false;
	if (keyring_get(service->keyring, NULL, request->key_id, &stored) == STORE_OK)
		service_info_publish_key(service, stored,
					 KEYSTORE__V1__KEY_EVENT__CHANGE__CHANGE_CREATED);
	request_reply_key(request);
	return true;
}

static void key_done(struct tpm_job *job, void *user)
{
	struct request *request = user;
	struct service *service = request->service;
	const struct creation *creation = request->state;

	request->job = NULL;
	if (job->status != TPM_OK) {
		request_fail_job(request, job);
		return;
	}
	unsigned can = tpm_key_usage(job->key);
	unsigned operations = creation->operations ? creation->operations : can;

	if (operations & ~can) {
		request_fail(request, STATUS_UNSUPPORTED,
			     "the key in the file cannot %s: import it without that operation",
			     operations & ~can & POLICY_SIGN ? "sign" : "decrypt");
		service_pin_forget(service, job->key);
		return;
	}
	if (!finish(request, job->key, operations))
		service_pin_forget(service, job->key);
}

static void fail_algorithm(struct request *request, const char *name, const struct tpm_facts *facts)
{
	char has[96] = "";
	size_t len = 0;

	for (int i = 1; i < TPM_ALGORITHM_COUNT; i++) {
		if (facts->has_algorithm[i])
			len += (size_t)snprintf(has + len, sizeof has - len, "%s%s",
						len ? ", " : "", algorithm_names[i]);
	}
	request_fail(request, STATUS_UNSUPPORTED,
		     "key “%s”: this TPM cannot make %s keys; it can make %s", request->object,
		     name, has);
}

bool service_key_can_make(struct request *request, unsigned algorithm)
{
	struct tpm_facts facts;

	if (algorithm < TPM_RSA_2048 || algorithm >= TPM_ALGORITHM_COUNT) {
		request_fail(request, STATUS_INVALID,
			     "key “%s”: there is no algorithm %u: choose rsa-2048, rsa-3072, "
			     "rsa-4096, ec-p256 or ec-p384",
			     request->object, algorithm);
		return false;
	}
	tpm_engine_facts(request->service->engine, &facts);
	if (facts.state == TPM_STATE_READY && !facts.has_algorithm[algorithm]) {
		fail_algorithm(request, algorithm_names[algorithm], &facts);
		return false;
	}
	return true;
}

void service_key_create(struct request *request, const void *body, const struct keyring_key *key)
{
	const Keystore__V1__KeyCreateRequest *create = body;
	unsigned algorithm = (unsigned)create->algorithm;
	unsigned operations;

	(void)key;
	if (!service_key_can_make(request, algorithm))
		return;
	bool is_rsa = algorithm <= TPM_RSA_4096;

	if (!reply_operations_parse(create->operations, create->n_operations, &operations) ||
	    (!is_rsa && (operations & POLICY_DECRYPT))) {
		request_fail(request, STATUS_INVALID, "key “%s”: %s keys are for %s",
			     request->object, algorithm_names[algorithm],
			     is_rsa ? "signing and decryption" : "signing only");
		return;
	}
	if (!operations)
		operations = is_rsa ? POLICY_SIGN | POLICY_DECRYPT : POLICY_SIGN;
	if (!service_key_has_room(request))
		return;
	if (!begin(request, operations))
		return;
	struct creation *creation = request->state;
	struct tpm_key *ready = NULL;

	creation->pooled = key_pool_take(request->service->key_pool, (enum tpm_algorithm)algorithm,
					 operations, creation->id, &ready);
	if (creation->pooled) {
		finish(request, ready, operations);
		tpm_key_unref(ready);
		return;
	}
	struct tpm_job *job = tpm_job_new(TPM_CREATE);

	if (!job) {
		request_fail_memory(request);
		return;
	}
	job->algorithm = (enum tpm_algorithm)algorithm;
	job->usage = operations;
	request_submit(request, job, key_done);
}

void service_key_import(struct request *request, const void *body, const struct keyring_key *key)
{
	const Keystore__V1__KeyImportRequest *import = body;
	unsigned operations;
	struct tpm_job *job = NULL;
	uint8_t *der = NULL;
	size_t der_len = 0;

	(void)key;
	if (!reply_operations_parse(import->operations, import->n_operations, &operations)) {
		request_fail(request, STATUS_INVALID,
			     "key “%s”: a key's operations are sign and decrypt", request->object);
		return;
	}
	if (import->password.len > TPM_AUTH_MAX) {
		request_fail(request, STATUS_INVALID,
			     "the password has %zu bytes; a key file's has at most %d",
			     import->password.len, TPM_AUTH_MAX);
		return;
	}
	if (!service_key_has_room(request))
		return;
	if (!tpm_key_pem_decode(import->pem.data, import->pem.len, &der, &der_len)) {
		request_fail(request, STATUS_INVALID,
			     "what is to become key “%s” is no TSS2 PRIVATE KEY in PEM",
			     request->object);
		return;
	}
	if (!begin(request, operations))
		goto out;
	job = tpm_job_new(TPM_IMPORT);
	if (!job || tpm_job_set_input(job, der, der_len) != TPM_OK) {
		tpm_job_free(job);
		request_fail_memory(request);
		goto out;
	}
	job->usage = operations;
	job->auth_len = import->password.len;
	if (job->auth_len)
		memcpy(job->auth, import->password.data, job->auth_len);
	request_submit(request, job, key_done);
out:
	OPENSSL_cleanse(der, der_len);
	free(der);
}
