#include "operation.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "pkcs1.h"
#include "pss.h"
#include "public.h"
#include "response.h"

static TPMT_SIG_SCHEME sign_scheme(const struct tpm_job *job)
{
	TPMT_SIG_SCHEME scheme = {.details.any.hashAlg = public_hash_alg(job->hash)};

	if (job->padding == TPM_PADDING_PSS)
		scheme.scheme = TPM2_ALG_RSAPSS;
	else
		scheme.scheme = tpm_key_is_rsa(job->key) ? TPM2_ALG_RSASSA : TPM2_ALG_ECDSA;
	return scheme;
}

enum tpm_status operation_sign_by_tpm(struct operations *ops, struct tpm_job *job)
{
	const TPMT_TK_HASHCHECK no_ticket = {.tag = TPM2_ST_HASHCHECK, .hierarchy = TPM2_RH_NULL};
	TPMT_SIG_SCHEME scheme = sign_scheme(job);
	TPM2B_DIGEST digest = {.size = (UINT16)job->input_len};
	enum tpm_status status = TPM_OK;
	TPMT_SIGNATURE *signature = NULL;
	ESYS_TR key, session;
	TSS2_RC rc;

	memcpy(digest.buffer, job->input, job->input_len);
	rc = operation_key_session(ops, TPMA_SESSION_DECRYPT, &session);
	if (!rc)
		rc = slots_use(ops->slots, job->key, &key);
	if (!rc) {
		rc = Esys_Sign(ops->device->esys, key, session, ESYS_TR_NONE, ESYS_TR_NONE, &digest,
			       &scheme, &no_ticket, &signature);
		if (rc)
			operation_session_failed(ops, session);
	}
	if (rc)
		return operation_refused(ops, job, rc, "to sign");
	if (!public_signature_encode(signature, tpm_key_algorithm(job->key), TPM_OUTPUT_MAX,
				     job->output, &job->output_len))
		status = operation_found(job, TPM_UNVERIFIED,
					 "the TPM returned another kind of signature");
	Esys_Free(signature);
	return status;
}

static TSS2_RC rsa_private(struct operations *ops, struct tpm_job *job, const uint8_t *input,
			   size_t input_len, const TPMT_RSA_DECRYPT *scheme, ESYS_TR session,
			   TPM2B_PUBLIC_KEY_RSA **ret_output)
{
	const TPM2B_DATA no_label = {0};
	TPM2B_PUBLIC_KEY_RSA cipher = {.size = (UINT16)input_len};
	ESYS_TR key;
	TSS2_RC rc;

	memcpy(cipher.buffer, input, input_len);
	rc = slots_use(ops->slots, job->key, &key);
	if (rc)
		return rc;
	rc = Esys_RSA_Decrypt(ops->device->esys, key, session, ESYS_TR_NONE, ESYS_TR_NONE, &cipher,
			      scheme, &no_label, ret_output);
	if (rc)
		operation_session_failed(ops, session);
	return rc;
}

/*
 * The TPM's own PSS salt has a length that TLS 1.3 and OPC UA reject: pad here, and let the
 * TPM do the private-key operation alone.
 */
static enum tpm_status sign_padded_here(struct operations *ops, struct tpm_job *job)
{
	const TPMT_RSA_DECRYPT raw = {.scheme = TPM2_ALG_NULL};
	size_t bits = public_rsa_bits(tpm_key_algorithm(job->key));
	TPM2B_PUBLIC_KEY_RSA *output = NULL;
	enum tpm_status status = TPM_OK;
	uint8_t encoded[TPM_OUTPUT_MAX];
	TPMT_SIGNATURE signature;
	ESYS_TR session;
	TSS2_RC rc;

	if (!(tpm_key_usage(job->key) & TPM_USE_DECRYPT))
		return operation_found(
			job, TPM_UNSUPPORTED,
			"this TPM makes PSS signatures with a salt that nobody accepts, and "
			"the key was made without the attribute that would help: use PKCS#1 "
			"padding, or create a new key");
	if (!pss_encode(job->hash, job->input, bits, encoded))
		return operation_found(job, TPM_INVALID,
				       "the key is too short for PSS with this hash");
	rc = operation_key_session(ops, OPERATION_BOTH_WAYS, &session);
	if (!rc)
		rc = rsa_private(ops, job, encoded, bits / 8, &raw, session, &output);
	if (rc)
		return operation_refused(ops, job, rc, "to sign");

	signature = (TPMT_SIGNATURE){.sigAlg = TPM2_ALG_RSAPSS, .signature.rsapss.sig = *output};
	if (!public_signature_encode(&signature, tpm_key_algorithm(job->key), TPM_OUTPUT_MAX,
				     job->output, &job->output_len))
		status = operation_found(job, TPM_UNVERIFIED,
					 "the TPM returned another kind of signature");
	Esys_Free(output);
	return status;
}

enum tpm_status operation_sign(struct operations *ops, struct tpm_job *job)
{
	if (job->padding == TPM_PADDING_PSS && ops->device->salt == DEVICE_SALT_OTHER)
		return sign_padded_here(ops, job);
	return operation_sign_by_tpm(ops, job);
}

/*
 * libtpms says TPM_RC_FAILURE when the padding is wrong, and is in good health: a TPM that is
 * really in failure mode answers nothing else any more.
 */
static bool is_about_ciphertext(struct operations *ops, TSS2_RC rc)
{
	return response_kind(rc) == RESPONSE_BAD_INPUT ||
	       (rc == TPM2_RC_FAILURE && !device_was_reset(ops->device));
}

/*
 * Without padding the TPM returns as many bytes as the modulus has; one that left out zeros at the
 * beginning would mean the same.
 */
static enum tpm_status unpad(struct tpm_job *job, const TPM2B_PUBLIC_KEY_RSA *output)
{
	uint8_t encoded[sizeof(output->buffer)] = {0};
	struct pkcs1 block = {
		.ciphertext = job->input,
		.encoded = encoded,
		.size = job->input_len,
	};
	enum tpm_status status = TPM_OK;

	block.secret = tpm_key_auth(job->key, &block.secret_len);
	if (output->size > block.size)
		return operation_found(job, TPM_REFUSED,
				       "the TPM returned more than the modulus has");
	memcpy(encoded + block.size - output->size, output->buffer, output->size);
	if (!pkcs1_unpad(&block, job->output, &job->output_len))
		status = operation_found(job, TPM_NOMEM, "no memory");
	OPENSSL_cleanse(encoded, sizeof(encoded));
	return status;
}

/*
 * One answer for every ciphertext that is no good: the difference would be an oracle. PKCS#1 v1.5 is
 * unpadded here, since the TPM itself says when it cannot; then only a ciphertext that is no number
 * below the modulus is refused, of which everybody can see that.
 */
enum tpm_status operation_decrypt(struct operations *ops, struct tpm_job *job)
{
	bool is_pkcs1 = job->padding == TPM_PADDING_PKCS1;
	TPMT_RSA_DECRYPT scheme = {.scheme = is_pkcs1 ? TPM2_ALG_NULL : TPM2_ALG_OAEP,
				   .details.oaep.hashAlg = public_hash_alg(job->hash)};
	enum tpm_status status = TPM_OK;
	TPM2B_PUBLIC_KEY_RSA *output = NULL;
	ESYS_TR session;
	TSS2_RC rc;

	rc = operation_session_open(ops, OPERATION_BOTH_WAYS, &session);
	if (!rc) {
		rc = rsa_private(ops, job, job->input, job->input_len, &scheme, session, &output);
		if (rc && is_about_ciphertext(ops, rc))
			return operation_found(job, TPM_DECRYPT_FAILED,
					       "the ciphertext does not decrypt");
	}
	if (rc)
		return operation_refused(ops, job, rc, "to decrypt");
	if (is_pkcs1) {
		status = unpad(job, output);
	} else {
		memcpy(job->output, output->buffer, output->size);
		job->output_len = output->size;
	}
	OPENSSL_cleanse(output, sizeof(*output));
	Esys_Free(output);
	return status;
}

/* Mixed with this machine's generator: whoever listens on the bus must not know the result. */
enum tpm_status operation_random(struct operations *ops, struct tpm_job *job)
{
	if (RAND_bytes(job->output, (int)job->want) != 1)
		return operation_found(job, TPM_NOMEM, "no randomness");
	for (size_t at = 0; at < job->want;) {
		size_t left = job->want - at;
		TPM2B_DIGEST *bytes = NULL;
		UINT16 ask = left < 32 ? (UINT16)left : 32;
		TSS2_RC rc;

		rc = Esys_GetRandom(ops->device->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
				    ask, &bytes);
		if (rc)
			return operation_refused(ops, job, rc, "to give random bytes");
		if (bytes->size == 0 || bytes->size > ask) {
			Esys_Free(bytes);
			return operation_found(job, TPM_REFUSED, "the TPM gives no random bytes");
		}
		for (UINT16 i = 0; i < bytes->size; i++)
			job->output[at + i] ^= bytes->buffer[i];
		at += bytes->size;
		OPENSSL_cleanse(bytes, sizeof(*bytes));
		Esys_Free(bytes);
	}
	job->output_len = job->want;
	return TPM_OK;
}
