#include "backoff.h"

uint32_t backoff_ms(unsigned failures, uint32_t last)
{
	uint32_t ms = BACKOFF_FIRST_MS;

	for (unsigned i = 1; i < failures && ms < last; i++)
		ms *= 2;
	return ms < last ? ms : last;
}
