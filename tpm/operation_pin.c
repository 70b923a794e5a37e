#include "operation.h"

#include <openssl/crypto.h>

#include "key_internal.h"
#include "response.h"

/* NULL: nothing there. */
static TSS2_RC persistent_open(struct operations *ops, uint32_t handle, ESYS_TR *ret_object,
			       TPM2B_NAME **ret_name)
{
	ESYS_CONTEXT *esys = ops->device->esys;
	ESYS_TR object;
	TSS2_RC rc;

	slots_forget_handle(ops->slots, handle);
	rc = Esys_TR_FromTPMPublic(esys, handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &object);
	if (rc)
		return rc;
	rc = Esys_TR_GetName(esys, object, ret_name);
	if (rc)
		Esys_TR_Close(esys, &object);
	else
		*ret_object = object;
	return rc;
}

static bool name_is(const TPM2B_NAME *name, const struct tpm_name *expected)
{
	return name->size == expected->len &&
	       CRYPTO_memcmp(name->name, expected->bytes, expected->len) == 0;
}

enum tpm_status operation_pin(struct operations *ops, struct tpm_job *job)
{
	ESYS_CONTEXT *esys = ops->device->esys;
	enum tpm_status status = TPM_OK;
	ESYS_TR object, there;
	TPM2B_NAME *name = NULL;
	TSS2_RC rc;

	rc = persistent_open(ops, job->handle, &there, &name);
	if (!rc) {
		if (!name_is(name, tpm_key_name(job->key)))
			status = operation_found(
				job, TPM_CONFLICT,
				"the persistent handle holds another program's object");
		Esys_Free(name);
		Esys_TR_Close(esys, &there);
		return status;
	}
	if (response_kind(rc) != RESPONSE_STALE)
		return operation_refused(ops, job, rc, "to look at the persistent handle");

	rc = slots_use(ops->slots, job->key, &object);
	if (!rc) {
		rc = Esys_EvictControl(esys, ESYS_TR_RH_OWNER, object, ESYS_TR_PASSWORD,
				       ESYS_TR_NONE, ESYS_TR_NONE, job->handle, &there);
		if (!rc)
			Esys_TR_Close(esys, &there);
	}
	if (rc)
		return operation_refused(ops, job, rc, "to make the key persistent");
	slots_forget(ops->slots, tpm_key_id(job->key));
	(void)device_refresh(ops->device);
	return TPM_OK;
}

enum tpm_status operation_unpin(struct operations *ops, struct tpm_job *job)
{
	ESYS_CONTEXT *esys = ops->device->esys;
	ESYS_TR there, gone = ESYS_TR_NONE;
	TPM2B_NAME *name = NULL;
	bool is_ours;
	TSS2_RC rc;

	rc = persistent_open(ops, job->handle, &there, &name);
	if (rc && response_kind(rc) == RESPONSE_STALE)
		return TPM_OK;
	if (rc)
		return operation_refused(ops, job, rc, "to look at the persistent handle");
	is_ours = name_is(name, &job->name);
	Esys_Free(name);
	if (!is_ours) {
		Esys_TR_Close(esys, &there);
		return TPM_OK;
	}
	rc = Esys_EvictControl(esys, ESYS_TR_RH_OWNER, there, ESYS_TR_PASSWORD, ESYS_TR_NONE,
			       ESYS_TR_NONE, job->handle, &gone);
	if (rc) {
		Esys_TR_Close(esys, &there);
		return operation_refused(ops, job, rc, "to evict the key");
	}
	(void)device_refresh(ops->device);
	return TPM_OK;
}

enum tpm_status operation_forget(struct operations *ops, struct tpm_job *job)
{
	slots_forget(ops->slots, tpm_key_id(job->key));
	return TPM_OK;
}
