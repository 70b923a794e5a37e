#include "operation.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <tss2/tss2_mu.h>

#include "response.h"

/* By authorisation value only, and no wrong guess counts towards a lockout. */
#define ATTRIBUTES (TPMA_NV_AUTHREAD | TPMA_NV_AUTHWRITE | TPMA_NV_NO_DA)

#define POLICY_TAG "keystored NV index"

/*
 * An index of ours. Its policy, which nothing ever satisfies, is made from its auth value: so
 * its TPM name is a name that no index of another program has, and no auth value is ever tried
 * on one of those.
 */
static bool public_make(const struct tpm_job *job, size_t size, TPM2B_NV_PUBLIC *ret_public)
{
	TPM2B_NV_PUBLIC public = {0};
	TPM2B_DIGEST *policy = &public.nvPublic.authPolicy;
	uint8_t text[sizeof(POLICY_TAG) + TPM_AUTH_MAX] = POLICY_TAG;
	unsigned len = 0;
	int is_digested;

	memcpy(text + sizeof(POLICY_TAG), job->auth, job->auth_len);
	is_digested = EVP_Digest(text, sizeof(POLICY_TAG) + job->auth_len, policy->buffer, &len,
				 EVP_sha256(), NULL);
	OPENSSL_cleanse(text, sizeof(text));
	if (is_digested != 1)
		return false;
	policy->size = (UINT16)len;
	public.nvPublic.nvIndex = job->handle;
	public.nvPublic.nameAlg = TPM2_ALG_SHA256;
	public.nvPublic.attributes = ATTRIBUTES;
	public.nvPublic.dataSize = (UINT16)size;
	*ret_public = public;
	return true;
}

/* TPM 2.0 Part 1, 16: nameAlg and the digest of the public area. */
static bool name_is(const TPM2B_NAME *name, const TPM2B_NV_PUBLIC *public, TPMA_NV also)
{
	TPMS_NV_PUBLIC area = public->nvPublic;
	uint8_t bytes[sizeof(TPMS_NV_PUBLIC)];
	uint8_t expected[2 + EVP_MAX_MD_SIZE] = {TPM2_ALG_SHA256 >> 8, TPM2_ALG_SHA256 & 0xff};
	unsigned digest_len = 0;
	size_t len = 0;

	area.attributes |= also;
	return !Tss2_MU_TPMS_NV_PUBLIC_Marshal(&area, bytes, sizeof(bytes), &len) &&
	       EVP_Digest(bytes, len, expected + 2, &digest_len, EVP_sha256(), NULL) == 1 &&
	       name->size == 2 + digest_len && memcmp(name->name, expected, name->size) == 0;
}

enum found { FOUND_NOTHING, FOUND_EMPTY, FOUND_WRITTEN };

/*
 * What is at the index. Anything but OK: refused, or another program's. @ret_index is set
 * unless nothing is there, and has its auth value.
 */
static enum tpm_status index_open(struct operations *ops, struct tpm_job *job, size_t size,
				  enum found *ret_found, ESYS_TR *ret_index)
{
	ESYS_CONTEXT *esys = ops->device->esys;
	TPM2B_AUTH auth = {.size = (UINT16)job->auth_len};
	TPM2B_NV_PUBLIC public;
	TPM2B_NAME *name = NULL;
	bool is_empty, is_written;
	ESYS_TR index;
	TSS2_RC rc;

	if (!public_make(job, size, &public))
		return operation_found(job, TPM_NOMEM, "no memory");
	rc = Esys_TR_FromTPMPublic(esys, job->handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
				   &index);
	if (rc && response_kind(rc) == RESPONSE_STALE) {
		*ret_found = FOUND_NOTHING;
		return TPM_OK;
	}
	if (rc)
		return operation_refused(ops, job, rc, "to look at the NV index");
	rc = Esys_TR_GetName(esys, index, &name);
	if (rc) {
		Esys_TR_Close(esys, &index);
		return operation_refused(ops, job, rc, "to look at the NV index");
	}
	is_empty = name_is(name, &public, 0);
	is_written = name_is(name, &public, TPMA_NV_WRITTEN);
	Esys_Free(name);
	if (!is_empty && !is_written) {
		Esys_TR_Close(esys, &index);
		return operation_found(job, TPM_CONFLICT,
				       "the NV index holds another program's data");
	}
	memcpy(auth.buffer, job->auth, job->auth_len);
	rc = Esys_TR_SetAuth(esys, index, &auth);
	OPENSSL_cleanse(&auth, sizeof(auth));
	if (rc) {
		Esys_TR_Close(esys, &index);
		return operation_refused(ops, job, rc, "to use the NV index");
	}
	*ret_found = is_written ? FOUND_WRITTEN : FOUND_EMPTY;
	*ret_index = index;
	return TPM_OK;
}

/* It looks like ours and has another auth value: not one to write to. */
static enum tpm_status index_refused(struct operations *ops, struct tpm_job *job, TSS2_RC rc,
				     const char *doing)
{
	enum tpm_status status = operation_refused(ops, job, rc, doing);

	return status == TPM_BAD_AUTH
		       ? operation_found(job, TPM_CONFLICT,
					 "the NV index does not take this database's auth value")
		       : status;
}

static enum tpm_status index_define(struct operations *ops, struct tpm_job *job)
{
	TPM2B_AUTH auth = {.size = (UINT16)job->auth_len};
	TPM2B_NV_PUBLIC public;
	ESYS_TR session, index;
	TSS2_RC rc;

	if (!public_make(job, job->input_len, &public))
		return operation_found(job, TPM_NOMEM, "no memory");
	rc = operation_session_open(ops, TPMA_SESSION_DECRYPT, &session);
	if (!rc) {
		memcpy(auth.buffer, job->auth, job->auth_len);
		rc = Esys_NV_DefineSpace(ops->device->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD,
					 session, ESYS_TR_NONE, &auth, &public, &index);
		OPENSSL_cleanse(&auth, sizeof(auth));
		if (rc)
			operation_session_failed(ops, session);
		else
			Esys_TR_Close(ops->device->esys, &index);
	}
	return rc ? operation_refused(ops, job, rc, "to define the NV index") : TPM_OK;
}

enum tpm_status operation_nv_read(struct operations *ops, struct tpm_job *job)
{
	ESYS_CONTEXT *esys = ops->device->esys;
	TPM2B_MAX_NV_BUFFER *data = NULL;
	enum tpm_status status;
	enum found found;
	ESYS_TR index, session;
	TSS2_RC rc;

	status = index_open(ops, job, job->want, &found, &index);
	if (status || found == FOUND_NOTHING)
		return status;
	if (found == FOUND_EMPTY)
		goto out;
	rc = operation_key_session(ops, TPMA_SESSION_ENCRYPT, &session);
	if (!rc) {
		rc = Esys_NV_Read(esys, index, index, session, ESYS_TR_NONE, ESYS_TR_NONE,
				  (UINT16)job->want, 0, &data);
		if (rc)
			operation_session_failed(ops, session);
	}
	if (rc) {
		status = index_refused(ops, job, rc, "to read the NV index");
	} else if (data->size != job->want) {
		status = operation_found(job, TPM_REFUSED, "the TPM returned too little data");
	} else {
		memcpy(job->output, data->buffer, data->size);
		job->output_len = data->size;
	}
	Esys_Free(data);
out:
	Esys_TR_Close(esys, &index);
	return status;
}

enum tpm_status operation_nv_write(struct operations *ops, struct tpm_job *job)
{
	ESYS_CONTEXT *esys = ops->device->esys;
	TPM2B_MAX_NV_BUFFER data = {.size = (UINT16)job->input_len};
	enum tpm_status status;
	enum found found;
	ESYS_TR index, session;
	TSS2_RC rc;

	status = index_open(ops, job, job->input_len, &found, &index);
	if (!status && found == FOUND_NOTHING) {
		status = index_define(ops, job);
		if (!status)
			status = index_open(ops, job, job->input_len, &found, &index);
	}
	if (status)
		return status;
	if (found == FOUND_NOTHING)
		return operation_found(job, TPM_REFUSED, "the TPM does not show its new NV index");
	memcpy(data.buffer, job->input, job->input_len);
	rc = operation_key_session(ops, TPMA_SESSION_DECRYPT, &session);
	if (!rc) {
		rc = Esys_NV_Write(esys, index, index, session, ESYS_TR_NONE, ESYS_TR_NONE, &data,
				   0);
		if (rc)
			operation_session_failed(ops, session);
	}
	if (rc)
		status = index_refused(ops, job, rc, "to write the NV index");
	Esys_TR_Close(esys, &index);
	return status;
}
