/*
 * What a job means in TPM commands. Hides sessions, templates, schemes and the detour that a
 * wrong PSS salt needs. Used by the TPM thread only.
 */
#ifndef TPM_OPERATIONS_H
#define TPM_OPERATIONS_H

#include "device.h"
#include "engine.h"
#include "slots.h"

struct operations {
	struct device *device;
	struct slots *slots;
	/* What the last command of the job that failed was answered with; success if the
	 * failure was our own finding. */
	TSS2_RC rc;
};

/* Runs @job: sets its results, or its error and the status that is returned. */
[[nodiscard]] enum tpm_status operations_run(struct operations *operations, struct tpm_job *job);

/*
 * What can be said without the TPM's doing: lengths, combinations, what it has. TPM_OK, or a
 * status with the job's error set. Any thread.
 */
[[nodiscard]] enum tpm_status operations_check(const struct tpm_facts *facts, struct tpm_job *job);

#endif
