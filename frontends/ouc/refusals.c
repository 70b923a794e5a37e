#include "refusals.h"

#define SECOND_US UINT64_C(1000000)

bool refusals_count(struct refusals *refusals, uint64_t now, uint64_t *ret_others)
{
	if (now / SECOND_US != refusals->second) {
		refusals->second = now / SECOND_US;
		refusals->told = 0;
	}
	if (refusals->told == REFUSALS_A_SECOND) {
		refusals->untold++;
		return false;
	}
	refusals->told++;
	*ret_others = refusals->untold;
	refusals->untold = 0;
	return true;
}
