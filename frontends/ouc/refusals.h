/*
 * Peers that were turned away, as events "refused". Hides that somebody who tries all the time is
 * told of some times a second only, with a count of the others.
 */
#ifndef OUC_REFUSALS_H
#define OUC_REFUSALS_H

#include <stdbool.h>
#include <stdint.h>

#define REFUSALS_A_SECOND 10

/* Zeros: none yet. */
struct refusals {
	uint64_t second; /* that is counted */
	unsigned told;
	uint64_t untold;
};

/* Whether it is to be told. @now: microseconds. *ret_others: of before, that were not. */
[[nodiscard]] bool refusals_count(struct refusals *refusals, uint64_t now, uint64_t *ret_others);

#endif
