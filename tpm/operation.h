/*
 * What the operations share, and the operations themselves. Each runs @job on the TPM thread:
 * TPM_OK with the job's results set, or a status with its error set.
 */
#ifndef TPM_OPERATION_H
#define TPM_OPERATION_H

#include "key_internal.h"
#include "operations.h"

/* What a session can encrypt of a command and its response. */
#define OPERATION_BOTH_WAYS (TPMA_SESSION_DECRYPT | TPMA_SESSION_ENCRYPT)

/* The TPM answered @rc when asked @doing ("to sign"). */
[[nodiscard]] enum tpm_status operation_refused(struct operations *ops, struct tpm_job *job,
						TSS2_RC rc, const char *doing);

/* Our own finding. Returns @status. */
[[nodiscard]] enum tpm_status operation_found(struct tpm_job *job, enum tpm_status status,
					      const char *sentence);

/* The encrypted session; after a command with it failed, operation_session_failed(). */
[[nodiscard]] TSS2_RC operation_session_open(struct operations *ops, TPMA_SESSION attributes,
					     ESYS_TR *ret_session);

/* How the use of a key is authorised: by password, or by that session. */
[[nodiscard]] TSS2_RC operation_key_session(struct operations *ops, TPMA_SESSION attributes,
					    ESYS_TR *ret_session);
void operation_session_failed(struct operations *ops, ESYS_TR session);

/* A new key is known so until it is stored and has an id: never a stored key's. */
#define OPERATION_NEW_KEY_ID (UINT64_MAX - 1)

/* False: no randomness. */
bool operation_auth_make(uint8_t auth[TPM_AUTH_MAX]);

/*
 * What the job's key is made for. Where the TPM's PSS salt is one that we pad ourselves, an RSA
 * key that signs decrypts too.
 */
unsigned operation_usage(const struct operations *ops, const struct tpm_job *job, bool is_rsa);

/* Has @make make the job's key, once more if the salt turns out to need it. */
typedef enum tpm_status operation_make_fn(struct operations *ops, struct tpm_job *job,
					  struct tpm_key **ret_key);
[[nodiscard]] enum tpm_status operation_make_key(struct operations *ops, struct tpm_job *job,
						 operation_make_fn *make);

/* Has the TPM sign something with @key, and looks at the signature. */
[[nodiscard]] enum tpm_status operation_first_signature(struct operations *ops, struct tpm_job *job,
							struct tpm_key *key,
							enum tpm_padding padding,
							enum key_verdict *ret_verdict);

[[nodiscard]] enum tpm_status operation_create(struct operations *ops, struct tpm_job *job);
[[nodiscard]] enum tpm_status operation_import(struct operations *ops, struct tpm_job *job);
[[nodiscard]] enum tpm_status operation_import_key(struct operations *ops, struct tpm_job *job);
[[nodiscard]] enum tpm_status operation_export(struct operations *ops, struct tpm_job *job);
[[nodiscard]] enum tpm_status operation_sign(struct operations *ops, struct tpm_job *job);
[[nodiscard]] enum tpm_status operation_decrypt(struct operations *ops, struct tpm_job *job);
[[nodiscard]] enum tpm_status operation_random(struct operations *ops, struct tpm_job *job);
[[nodiscard]] enum tpm_status operation_pin(struct operations *ops, struct tpm_job *job);
[[nodiscard]] enum tpm_status operation_unpin(struct operations *ops, struct tpm_job *job);
[[nodiscard]] enum tpm_status operation_nv_read(struct operations *ops, struct tpm_job *job);
[[nodiscard]] enum tpm_status operation_nv_write(struct operations *ops, struct tpm_job *job);
[[nodiscard]] enum tpm_status operation_forget(struct operations *ops, struct tpm_job *job);

/* A signature with the TPM's own padding, whatever its PSS salt is. */
[[nodiscard]] enum tpm_status operation_sign_by_tpm(struct operations *ops, struct tpm_job *job);

#endif
