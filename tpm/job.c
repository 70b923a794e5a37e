#include "job.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#define INPUT_MAX 8192

struct tpm_job *tpm_job_new(enum tpm_operation operation)
{
	struct tpm_job *job = calloc(1, sizeof(*job));
	struct tpm_job_state *state = calloc(1, sizeof(*state));

	if (!job || !state) {
		free(job);
		free(state);
		return NULL;
	}
	job->operation = operation;
	job->level = TPM_NORMAL;
	job->state = state;
	return job;
}

enum tpm_status tpm_job_set_input(struct tpm_job *job, const uint8_t *bytes, size_t len)
{
	uint8_t *copy;

	if (len == 0 || len > INPUT_MAX)
		return TPM_INVALID;
	copy = malloc(len);
	if (!copy)
		return TPM_NOMEM;
	memcpy(copy, bytes, len);
	if (job->input)
		OPENSSL_cleanse(job->input, job->input_len);
	free(job->input);
	job->input = copy;
	job->input_len = len;
	return TPM_OK;
}

void job_result_forget(struct tpm_job *job)
{
	OPENSSL_cleanse(job->output, job->output_len);
	job->output_len = 0;
	job->error[0] = '\0';
}

void tpm_job_free(struct tpm_job *job)
{
	if (!job)
		return;
	tpm_key_unref(job->key);
	if (job->input)
		OPENSSL_cleanse(job->input, job->input_len);
	free(job->input);
	OPENSSL_cleanse(job->auth, sizeof(job->auth));
	OPENSSL_cleanse(job->output, job->output_len);
	free(job->state);
	free(job);
}
