/*
 * What the operations share, and the operations themselves. Each runs @job on the TPM thread:
 * TPM_OK with the job's results set, or a status with its error set.
 */
#ifndef TPM_OPERATION_H
#define TPM_OPERATION_H

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

[[nodiscard]] enum tpm_status operation_create(struct operations *ops, struct tpm_job *job);
[[nodiscard]] enum tpm_status operation_import(struct operations *ops, struct tpm_job *job);
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
