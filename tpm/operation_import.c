#include "operation.h"

#include <openssl/crypto.h>

#include "duplicate.h"
#include "key_internal.h"
#include "public.h"

static enum tpm_status read_key(struct operations *ops, struct tpm_job *job,
				struct duplicate *ret_duplicate)
{
	struct duplicate made;

	switch (duplicate_read_key(job->input, job->input_len, &made)) {
	case DUPLICATE_OK:
		break;
	case DUPLICATE_MALFORMED:
		return operation_found(job, TPM_INVALID,
				       "the file's private key is damaged: its parts do not belong "
				       "together");
	case DUPLICATE_UNSUPPORTED:
		return operation_found(job, TPM_UNSUPPORTED,
				       "the file's private key is of a kind that TPMs do not take: "
				       "RSA with 2048, 3072 or 4096 bits, two primes of one length "
				       "and exponent 65537 they take, and EC P-256 and P-384");
	case DUPLICATE_NOMEM:
		return operation_found(job, TPM_NOMEM, "no memory");
	}
	*ret_duplicate = made;
	duplicate_forget(&made);
	if (!ops->device->facts.has_algorithm[ret_duplicate->algorithm])
		return operation_found(job, TPM_UNSUPPORTED,
				       "this TPM does not have the algorithm of the file's private "
				       "key");
	if (!public_is_rsa(ret_duplicate->algorithm) && job->usage != TPM_USE_SIGN)
		return operation_found(job, TPM_UNSUPPORTED,
				       "keys on elliptic curves can only sign");
	return TPM_OK;
}

static TSS2_RC import(struct operations *ops, const struct duplicate *duplicate,
		      TPM2B_PRIVATE **ret_private)
{
	const TPMT_SYM_DEF_OBJECT no_inner_wrapper = {.algorithm = TPM2_ALG_NULL};
	const TPM2B_DATA no_key = {0};
	ESYS_TR primary, session;
	TSS2_RC rc = operation_session_open(ops, OPERATION_BOTH_WAYS, &session);

	if (!rc)
		rc = slots_primary_and_room(ops->slots, &primary);
	if (rc)
		return rc;
	rc = Esys_Import(ops->device->esys, primary, ESYS_TR_PASSWORD, session, ESYS_TR_NONE,
			 &no_key, &duplicate->public, &duplicate->wrapped, &duplicate->seed,
			 &no_inner_wrapper, ret_private);
	if (rc)
		operation_session_failed(ops, session);
	return rc;
}

/* TPMs differ in how well they compare the halves of what they import: a signature tells. */
static enum tpm_status check_signature(struct operations *ops, struct tpm_job *job,
				       struct tpm_key *key)
{
	enum key_verdict verdict;
	enum tpm_status status = operation_first_signature(
		ops, job, key, tpm_key_is_rsa(key) ? TPM_PADDING_PKCS1 : TPM_PADDING_NONE,
		&verdict);

	if (!status && verdict == KEY_DOES_NOT_VERIFY)
		status =
			operation_found(job, TPM_INVALID,
					"the file's private key does not belong to its public key");
	return status;
}

static enum tpm_status import_once(struct operations *ops, struct tpm_job *job,
				   struct tpm_key **ret_key)
{
	uint8_t auth[TPM_AUTH_MAX];
	struct duplicate duplicate = {0};
	TPM2B_PUBLIC *parent = NULL;
	TPM2B_PRIVATE *private = NULL;
	struct tpm_key *key = NULL;
	enum tpm_status status;
	ESYS_TR primary;
	TSS2_RC rc;

	status = read_key(ops, job, &duplicate);
	if (status)
		goto out;
	status = TPM_NOMEM;
	if (!operation_auth_make(auth)) {
		(void)operation_found(job, status, "no randomness for the key's auth value");
		goto out;
	}
	rc = slots_primary(ops->slots, &primary);
	if (!rc)
		rc = Esys_ReadPublic(ops->device->esys, primary, ESYS_TR_NONE, ESYS_TR_NONE,
				     ESYS_TR_NONE, &parent, NULL, NULL);
	if (!rc && !duplicate_wrap(&duplicate,
				   operation_usage(ops, job, public_is_rsa(duplicate.algorithm)),
				   auth, &parent->publicArea)) {
		(void)operation_found(job, status, "the key could not be wrapped for the TPM");
		goto out;
	}
	if (!rc)
		rc = import(ops, &duplicate, &private);
	if (rc) {
		status = operation_refused(ops, job, rc, "to import the key");
		goto out;
	}
	key = key_from_areas(OPERATION_NEW_KEY_ID, &duplicate.public, private, auth, TPM_AUTH_MAX);
	status = key ? TPM_OK : operation_found(job, TPM_NOMEM, "no memory");
	if (!status && job->usage & TPM_USE_SIGN)
		status = check_signature(ops, job, key);
	if (status)
		goto out;

	*ret_key = key;
	key = NULL;
out:
	tpm_key_unref(key);
	if (private)
		OPENSSL_cleanse(private, sizeof(*private));
	Esys_Free(private);
	Esys_Free(parent);
	duplicate_forget(&duplicate);
	OPENSSL_cleanse(auth, sizeof(auth));
	return status;
}

enum tpm_status operation_import_key(struct operations *ops, struct tpm_job *job)
{
	return operation_make_key(ops, job, import_once);
}
