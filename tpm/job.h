/* A job's life inside the engine. */
#ifndef TPM_JOB_H
#define TPM_JOB_H

#include "engine.h"

struct queue_turn;

struct tpm_job_state {
	struct tpm_job *next, *previous; /* in the list that holds it */
	struct queue_turn *turn;	 /* queued: whose turn it waits for; NULL: not queued */
	unsigned attempts;
	uint64_t queued_us; /* since when it waits, or, in its turn, since when it runs */
	bool is_cancelled;  /* the result goes nowhere */
	bool is_distrusted; /* the last signature was wrong: load the key anew */
};

/* Wipes what a run left, before the next one. */
void job_result_forget(struct tpm_job *job);

#endif
