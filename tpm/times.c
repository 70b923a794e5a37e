#include "times.h"

void times_add_signature(struct tpm_times *times, uint64_t us)
{
	/* The bits of the number: less than 2^bits, and not less than half of that. */
	unsigned bits = us ? 64 - (unsigned)__builtin_clzll(us) : 0;

	times->signatures[bits < TPM_LATENCIES ? bits : TPM_LATENCIES - 1]++;
}
