/*
 * Policies of renewal, what was warned of, and a walk over the certificates for both. Hides the
 * SQL, like store.h.
 */
#ifndef STORE_RENEWAL_H
#define STORE_RENEWAL_H

#include "renewal.h"
#include "store_cert.h"

#define STORE_RENEWAL_NOTE_MAX 512

struct store_renewal {
	struct renewal_policy policy;
	/* Of version @warned_version it was told that it ends, so many days ahead; 0: not yet. */
	uint32_t warned_version;
	unsigned warned_days;
	/* Version @reported_version is due and cannot be renewed here, which was told. 0: none. */
	uint32_t reported_version;
	/* What was told last of names that are not this device's any more; "": they are. */
	char names_note[STORE_RENEWAL_NOTE_MAX];
};

/* Zeroes where nothing was set. */
[[nodiscard]] enum store_status store_renewal_get(struct store *store, uint64_t id,
						  struct store_renewal *ret_renewal);
/* NOT_FOUND: no such certificate. */
[[nodiscard]] enum store_status store_renewal_set(struct store *store, uint64_t id,
						  const struct store_renewal *renewal);

/*
 * Current versions that are ACTIVE, and their policies. Of @cert what a list has, and of
 * devices whose key is here the names, borrowed for the call.
 */
typedef bool store_renewal_fn(const struct store_cert *cert, const struct store_renewal *renewal,
			      void *user);
/* At most @limit after @after, in order of IDs. *ret_last: the last one; @after: no more. */
[[nodiscard]] enum store_status store_renewal_walk(struct store *store, uint64_t after,
						   unsigned limit, store_renewal_fn *each,
						   void *user, uint64_t *ret_last);

/* ACTIVE versions that have ended by @now, and that will have by @soon. */
[[nodiscard]] enum store_status store_renewal_count(struct store *store, int64_t now, int64_t soon,
						    uint64_t *ret_expired, uint64_t *ret_soon);

#endif
