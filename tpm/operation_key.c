#include "operation.h"

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "key_internal.h"
#include "public.h"
#include "template.h"
#include "tss2file.h"

/* The last byte is not zero: TPMs strip trailing zeros, and we compare lengths. */
bool operation_auth_make(uint8_t auth[TPM_AUTH_MAX])
{
	do
		if (RAND_priv_bytes(auth, TPM_AUTH_MAX) != 1)
			return false;
	while (auth[TPM_AUTH_MAX - 1] == 0);
	return true;
}

static enum tpm_status create_once(struct operations *ops, struct tpm_job *job,
				   struct tpm_key **ret_key)
{
	TPM2B_PUBLIC template = template_key(
		job->algorithm, operation_usage(ops, job, public_is_rsa(job->algorithm)));
	TPM2B_SENSITIVE_CREATE sensitive = {.sensitive.userAuth.size = TPM_AUTH_MAX};
	uint8_t *auth = sensitive.sensitive.userAuth.buffer;
	const TPM2B_DATA outside = {0};
	const TPML_PCR_SELECTION pcrs = {0};
	enum tpm_status status = TPM_NOMEM;
	TPM2B_PRIVATE *private = NULL;
	TPM2B_PUBLIC *public = NULL;
	ESYS_TR primary, session;
	struct tpm_key *key;
	TSS2_RC rc;

	if (!operation_auth_make(auth))
		return operation_found(job, TPM_NOMEM, "no randomness for the key's auth value");
	rc = operation_session_open(ops, OPERATION_BOTH_WAYS, &session);
	if (!rc)
		rc = slots_primary_and_room(ops->slots, &primary);
	if (!rc) {
		rc = Esys_Create(ops->device->esys, primary, ESYS_TR_PASSWORD, session,
				 ESYS_TR_NONE, &sensitive, &template, &outside, &pcrs, &private,
				 &public, NULL, NULL, NULL);
		if (rc)
			operation_session_failed(ops, session);
	}
	if (rc) {
		status = operation_refused(ops, job, rc, "to create the key");
		goto out;
	}
	key = key_from_areas(OPERATION_NEW_KEY_ID, public, private, auth, TPM_AUTH_MAX);
	if (!key || tpm_key_algorithm(key) != job->algorithm) {
		tpm_key_unref(key);
		status = operation_found(job, TPM_REFUSED,
					 "the TPM returned a key that was not asked for");
		goto out;
	}
	*ret_key = key;
	status = TPM_OK;
out:
	if (private)
		OPENSSL_cleanse(private, sizeof(*private));
	Esys_Free(private);
	Esys_Free(public);
	OPENSSL_cleanse(&sensitive, sizeof(sensitive));
	return status;
}

enum tpm_status operation_first_signature(struct operations *ops, struct tpm_job *job,
					  struct tpm_key *key, enum tpm_padding padding,
					  enum key_verdict *ret_verdict)
{
	struct tpm_job *probe = tpm_job_new(TPM_SIGN);
	uint8_t digest[32] = "which salt length does this TPM?";
	enum tpm_status status;

	if (!probe || tpm_job_set_input(probe, digest, sizeof(digest))) {
		tpm_job_free(probe);
		return operation_found(job, TPM_NOMEM, "no memory");
	}
	probe->key = tpm_key_ref(key);
	probe->hash = TPM_SHA256;
	probe->padding = padding;
	status = operation_sign_by_tpm(ops, probe);
	if (status)
		snprintf(job->error, sizeof(job->error), "%s", probe->error);
	else
		*ret_verdict = key_verify(key, TPM_SHA256, padding, digest, sizeof(digest),
					  probe->output, probe->output_len);
	tpm_job_free(probe);
	return status;
}

/* Which salt the TPM uses. */
static enum tpm_status salt_probe(struct operations *ops, struct tpm_job *job, struct tpm_key *key)
{
	enum key_verdict verdict;
	enum tpm_status status =
		operation_first_signature(ops, job, key, TPM_PADDING_PSS, &verdict);

	if (status)
		return status;
	if (verdict == KEY_DOES_NOT_VERIFY)
		return operation_found(job, TPM_UNVERIFIED,
				       "the new key's first signature is wrong");
	ops->device->salt = verdict == KEY_VERIFIES ? DEVICE_SALT_DIGEST : DEVICE_SALT_OTHER;
	return TPM_OK;
}

unsigned operation_usage(const struct operations *ops, const struct tpm_job *job, bool is_rsa)
{
	bool is_padded_here =
		is_rsa && job->usage & TPM_USE_SIGN && ops->device->salt == DEVICE_SALT_OTHER;

	return is_padded_here ? job->usage | TPM_USE_DECRYPT : job->usage;
}

enum tpm_status operation_make_key(struct operations *ops, struct tpm_job *job,
				   operation_make_fn *make)
{
	struct tpm_key *key = NULL;
	enum tpm_status status = make(ops, job, &key);
	bool is_rsa = !status && tpm_key_is_rsa(key);

	if (is_rsa && job->usage & TPM_USE_SIGN && ops->device->salt == DEVICE_SALT_UNKNOWN)
		status = salt_probe(ops, job, key);
	if (!status && tpm_key_usage(key) != operation_usage(ops, job, is_rsa)) {
		slots_forget(ops->slots, OPERATION_NEW_KEY_ID);
		tpm_key_unref(key);
		key = NULL;
		status = make(ops, job, &key);
	}
	slots_forget(ops->slots, OPERATION_NEW_KEY_ID);
	if (status) {
		tpm_key_unref(key);
		return status;
	}
	job->key = key;
	return TPM_OK;
}

enum tpm_status operation_create(struct operations *ops, struct tpm_job *job)
{
	return operation_make_key(ops, job, create_once);
}

/* TPM2_ObjectChangeAuth: the same key, wrapped again with another auth value. */
static enum tpm_status rewrap(struct operations *ops, struct tpm_job *job, struct tpm_key *key,
			      const uint8_t *auth, size_t auth_len, struct tpm_key **ret_key)
{
	TPM2B_AUTH new_auth = {.size = (UINT16)auth_len};
	enum tpm_status status = TPM_OK;
	TPM2B_PRIVATE *private = NULL;
	ESYS_TR primary, object, session;
	TSS2_RC rc;

	memcpy(new_auth.buffer, auth, auth_len);
	rc = operation_session_open(ops, OPERATION_BOTH_WAYS, &session);
	if (!rc)
		rc = slots_use(ops->slots, key, &object);
	/* The primary is the newest but one: bringing it in leaves the key where it is. */
	if (!rc)
		rc = slots_primary(ops->slots, &primary);
	if (!rc) {
		rc = Esys_ObjectChangeAuth(ops->device->esys, object, primary, session,
					   ESYS_TR_NONE, ESYS_TR_NONE, &new_auth, &private);
		if (rc)
			operation_session_failed(ops, session);
	}
	if (rc) {
		status = operation_refused(ops, job, rc, "to wrap the key");
	} else {
		*ret_key = key_from_areas(tpm_key_id(key), key_public_area(key), private, auth,
					  auth_len);
		if (!*ret_key)
			status = operation_found(job, TPM_NOMEM, "no memory");
		OPENSSL_cleanse(private, sizeof(*private));
	}
	Esys_Free(private);
	OPENSSL_cleanse(&new_auth, sizeof(new_auth));
	return status;
}

enum tpm_status operation_export(struct operations *ops, struct tpm_job *job)
{
	struct tpm_key *wrapped;
	const uint8_t *der;
	enum tpm_status status;
	size_t len;

	status = rewrap(ops, job, job->key, job->auth, job->auth_len, &wrapped);
	if (status)
		return status;
	der = tpm_key_der(wrapped, &len);
	if (len > TPM_OUTPUT_MAX) {
		status = operation_found(job, TPM_REFUSED, "the TPM returned an oversized key");
	} else {
		memcpy(job->output, der, len);
		job->output_len = len;
	}
	tpm_key_unref(wrapped);
	return status;
}

static enum tpm_status import_decode(struct tpm_job *job, struct tss2file *ret_file)
{
	switch (tss2file_decode(job->input, job->input_len, ret_file)) {
	case TSS2FILE_OK:
		break;
	case TSS2FILE_MALFORMED:
		return operation_found(job, TPM_INVALID,
				       "the file is not a well-formed TSS2 PRIVATE KEY");
	case TSS2FILE_NOT_LOADABLE:
		return operation_found(
			job, TPM_UNSUPPORTED,
			"the file is not a loadable key (it is importable or sealed data)");
	case TSS2FILE_POLICY:
		return operation_found(
			job, TPM_UNSUPPORTED,
			"the key is bound to a policy; only keys with an auth value can be "
			"imported");
	}
	if (ret_file->parent != TSS2FILE_PARENT_OWNER) {
		snprintf(job->error, sizeof(job->error),
			 "the key's parent is 0x%08x; only keys below the owner hierarchy's own "
			 "primary (0x40000001) can be imported: make it with OpenSSL's tpm2 "
			 "provider, or with tpm2_create below that primary",
			 ret_file->parent);
		return TPM_UNSUPPORTED;
	}
	return TPM_OK;
}

static enum tpm_status import_check(struct tpm_job *job, const struct tpm_key *key)
{
	const TPMT_PUBLIC *area = &key_public_area(key)->publicArea;

	if (tpm_key_usage(key) == 0)
		return operation_found(
			job, TPM_UNSUPPORTED,
			"the key is restricted, or neither for signing nor for decryption");
	if ((tpm_key_usage(key) & job->usage) != job->usage)
		return operation_found(job, TPM_UNSUPPORTED, "the key was not made for that use");
	if (!(area->objectAttributes & TPMA_OBJECT_USERWITHAUTH))
		return operation_found(job, TPM_UNSUPPORTED,
				       "the key can only be used through a policy");
	if (area->type == TPM2_ALG_RSA ? area->parameters.rsaDetail.scheme.scheme != TPM2_ALG_NULL
				       : area->parameters.eccDetail.scheme.scheme != TPM2_ALG_NULL)
		return operation_found(
			job, TPM_UNSUPPORTED,
			"the key is bound to one signature scheme; only keys with scheme "
			"null can be imported");
	return TPM_OK;
}

enum tpm_status operation_import(struct operations *ops, struct tpm_job *job)
{
	struct tpm_key *foreign = NULL, *key = NULL;
	uint8_t auth[TPM_AUTH_MAX];
	struct tss2file file;
	enum tpm_status status;

	status = import_decode(job, &file);
	if (status)
		return status;
	foreign = key_from_areas(OPERATION_NEW_KEY_ID, &file.public, &file.private, job->auth,
				 job->auth_len);
	if (!foreign)
		status = operation_found(
			job, TPM_UNSUPPORTED,
			"the key is of a kind this service does not have: RSA 2048, 3072, "
			"4096 and EC P-256, P-384 it has");
	if (!status)
		status = import_check(job, foreign);
	if (!status && !operation_auth_make(auth))
		status = operation_found(job, TPM_NOMEM, "no randomness for the key's auth value");
	if (!status)
		status = rewrap(ops, job, foreign, auth, sizeof(auth), &key);
	if (status == TPM_BAD_AUTH)
		(void)operation_found(job, status, "the password does not open the key");
	slots_forget(ops->slots, OPERATION_NEW_KEY_ID);
	if (!status)
		job->key = key;
	tpm_key_unref(foreign);
	OPENSSL_cleanse(auth, sizeof(auth));
	OPENSSL_cleanse(&file, sizeof(file));
	return status;
}
