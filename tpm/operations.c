#include "operation.h"

#include <stdio.h>

#include "public.h"
#include "response.h"

enum tpm_status operation_refused(struct operations *ops, struct tpm_job *job, TSS2_RC rc,
				  const char *doing)
{
	ops->rc = rc;
	response_describe(rc, doing, job->error);
	return response_status(rc);
}

enum tpm_status operation_found(struct tpm_job *job, enum tpm_status status, const char *sentence)
{
	snprintf(job->error, sizeof(job->error), "%s", sentence);
	return status;
}

/* The encrypted session; it is dropped when a command with it failed. */
TSS2_RC operation_session_open(struct operations *ops, TPMA_SESSION attributes,
			       ESYS_TR *ret_session)
{
	ESYS_TR primary = ESYS_TR_NONE;
	TSS2_RC rc = TSS2_RC_SUCCESS;

	if (!device_has_session(ops->device))
		rc = slots_primary(ops->slots, &primary);
	if (!rc)
		rc = device_session(ops->device, primary, attributes, ret_session);
	return rc;
}

/* How the use of a key is authorised. @attributes: what the command can encrypt. */
TSS2_RC operation_key_session(struct operations *ops, TPMA_SESSION attributes, ESYS_TR *ret_session)
{
	if (!ops->device->config->protect_bus) {
		*ret_session = ESYS_TR_PASSWORD;
		return TSS2_RC_SUCCESS;
	}
	return operation_session_open(ops, attributes, ret_session);
}

void operation_session_failed(struct operations *ops, ESYS_TR session)
{
	if (session != ESYS_TR_PASSWORD)
		device_session_drop(ops->device);
}

/* Before the TPM was opened for the first time it is asked whatever it may be. */
static bool facts_are_known(const struct tpm_facts *facts)
{
	return facts->transient_slots != 0;
}

static enum tpm_status check_none(const struct tpm_facts *facts, struct tpm_job *job)
{
	(void)facts;
	(void)job;
	return TPM_OK;
}

static enum tpm_status check_create(const struct tpm_facts *facts, struct tpm_job *job)
{
	if (job->algorithm <= 0 || job->algorithm >= TPM_ALGORITHM_COUNT)
		return operation_found(job, TPM_INVALID, "no such algorithm");
	if (facts_are_known(facts) && !facts->has_algorithm[job->algorithm])
		return operation_found(job, TPM_UNSUPPORTED,
				       "this TPM does not have that algorithm");
	if (job->usage == 0 || (!public_is_rsa(job->algorithm) && job->usage != TPM_USE_SIGN))
		return operation_found(job, TPM_UNSUPPORTED,
				       "keys on elliptic curves can only sign");
	return TPM_OK;
}

static enum tpm_status check_import_key(const struct tpm_facts *facts, struct tpm_job *job)
{
	(void)facts;
	if (job->input_len == 0 || job->usage == 0)
		return operation_found(job, TPM_INVALID, "no private key, or no use for it");
	return TPM_OK;
}

static enum tpm_status check_sign(const struct tpm_facts *facts, struct tpm_job *job)
{
	if (job->input_len == 0 || job->input_len != tpm_hash_size(job->hash))
		return operation_found(job, TPM_INVALID,
				       "the digest is not as long as its hash says");
	if (facts_are_known(facts) && !facts->has_hash[job->hash])
		return operation_found(job, TPM_UNSUPPORTED, "this TPM does not have that hash");
	if (!(tpm_key_usage(job->key) & TPM_USE_SIGN))
		return operation_found(job, TPM_UNSUPPORTED, "the key cannot sign");
	if (tpm_key_is_rsa(job->key) == (job->padding == TPM_PADDING_NONE))
		return operation_found(job, TPM_INVALID, "the padding does not fit the key");
	return TPM_OK;
}

static enum tpm_status check_decrypt(const struct tpm_facts *facts, struct tpm_job *job)
{
	bool is_oaep = job->padding != TPM_PADDING_PKCS1;

	if (is_oaep && job->hash != TPM_SHA1 && job->hash != TPM_SHA256)
		return operation_found(job, TPM_UNSUPPORTED,
				       "OAEP is there with SHA-1 and SHA-256");
	if (is_oaep && facts_are_known(facts) && !facts->has_hash[job->hash])
		return operation_found(job, TPM_UNSUPPORTED, "this TPM does not have that hash");
	if (!(tpm_key_usage(job->key) & TPM_USE_DECRYPT))
		return operation_found(job, TPM_UNSUPPORTED, "the key cannot decrypt");
	if (job->input_len != public_rsa_bits(tpm_key_algorithm(job->key)) / 8u)
		return operation_found(job, TPM_DECRYPT_FAILED, "the ciphertext does not decrypt");
	return TPM_OK;
}

static enum tpm_status check_random(const struct tpm_facts *facts, struct tpm_job *job)
{
	(void)facts;
	if (job->want == 0 || job->want > TPM_OUTPUT_MAX)
		return operation_found(job, TPM_INVALID, "no such number of random bytes");
	return TPM_OK;
}

static enum tpm_status check_nv(const struct tpm_facts *facts, struct tpm_job *job)
{
	size_t size = job->operation == TPM_NV_READ ? job->want : job->input_len;

	(void)facts;
	if (size == 0 || size > TPM_NV_MAX || job->auth_len == 0)
		return operation_found(job, TPM_INVALID, "no such NV index");
	return TPM_OK;
}

struct operation {
	enum tpm_status (*check)(const struct tpm_facts *facts, struct tpm_job *job);
	enum tpm_status (*run)(struct operations *operations, struct tpm_job *job);
	bool needs_key;
};

static const struct operation operation_table[TPM_OPERATION_COUNT] = {
	[TPM_CREATE] = {check_create, operation_create, false},
	[TPM_IMPORT] = {check_none, operation_import, false},
	[TPM_IMPORT_KEY] = {check_import_key, operation_import_key, false},
	[TPM_EXPORT] = {check_none, operation_export, true},
	[TPM_SIGN] = {check_sign, operation_sign, true},
	[TPM_DECRYPT] = {check_decrypt, operation_decrypt, true},
	[TPM_RANDOM] = {check_random, operation_random, false},
	[TPM_PIN] = {check_none, operation_pin, true},
	[TPM_UNPIN] = {check_none, operation_unpin, false},
	[TPM_NV_READ] = {check_nv, operation_nv_read, false},
	[TPM_NV_WRITE] = {check_nv, operation_nv_write, false},
	[TPM_FORGET] = {check_none, operation_forget, true},
};

enum tpm_status operations_check(const struct tpm_facts *facts, struct tpm_job *job)
{
	if (operation_table[job->operation].needs_key && !job->key)
		return operation_found(job, TPM_INVALID, "no key");
	if (job->auth_len > TPM_AUTH_MAX)
		return operation_found(job, TPM_INVALID, "the password is longer than 32 bytes");
	return operation_table[job->operation].check(facts, job);
}

enum tpm_status operations_run(struct operations *ops, struct tpm_job *job)
{
	ops->rc = TSS2_RC_SUCCESS;
	return operation_table[job->operation].run(ops, job);
}
