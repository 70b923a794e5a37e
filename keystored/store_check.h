/*
 * Whether the audit trail in the database is the one that was written: each record chained to
 * the one before, from where the limit of entries let it begin to the head. Hides how a trail
 * is walked while it grows and its oldest part is dropped. The TPM's word on it is not here.
 */
#ifndef STORE_CHECK_H
#define STORE_CHECK_H

#include "store.h"

enum store_finding {
	STORE_INTACT = 0,
	STORE_CHANGED, /* record @first is not what was chained there */
	STORE_MISSING, /* records @first to @last are not there, those behind them are */
	STORE_CUT_OFF, /* records @first to @last, the end, are not there */
	STORE_ADDED,   /* records @first to @last do not belong to the trail */
	STORE_BEGIN,   /* records up to @last were not removed by the limit of entries */
};

/* A check under way: zero to begin with, not copied or kept over a restart. */
struct store_check {
	enum store_finding finding;
	uint64_t first;
	uint64_t last;
	int64_t since; /* the last good record's time, Unix, microseconds; 0: there was none */
	uint64_t records;
	struct store_link at; /* the last good record */

	struct store_link dropped; /* what the trail says itself */
	bool has_begun;
};

/*
 * Looks at the next @count records. *ret_is_done: the end was reached, or something found.
 * The first thing wrong is what is found.
 */
[[nodiscard]] enum store_status store_check_step(struct store *store, struct store_check *check,
						 unsigned count, bool *ret_is_done);

#endif
