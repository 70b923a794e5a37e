/* What jobs cost in time. Hides how durations are sorted. */
#ifndef TPM_TIMES_H
#define TPM_TIMES_H

#include "engine.h"

/* Adds a signature that took @us. */
void times_add_signature(struct tpm_times *times, uint64_t us);

#endif
