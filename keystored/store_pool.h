/*
 * Keys that were made ahead and are nobody's yet. Hides the SQL, like store.h, whose rules on memory
 * and failures hold here too.
 */
#ifndef STORE_POOL_H
#define STORE_POOL_H

#include "store.h"

/* Everything is borrowed. */
struct store_pooled {
	uint64_t id; /* of the row; never reused */
	uint32_t algorithm;
	const uint8_t *der; /* wrapped by the TPM */
	size_t der_len;
	const uint8_t *auth;
	size_t auth_len;
};

/* In a transaction. */
[[nodiscard]] enum store_status store_pool_add(struct store *store,
					       const struct store_pooled *pooled, uint64_t *ret_id);
/* In that of what becomes of it. NOT_FOUND: it is not there any more. */
[[nodiscard]] enum store_status store_pool_remove(struct store *store, uint64_t id);
/* The oldest first. @each may not change them. */
[[nodiscard]] enum store_status
store_pool_list(struct store *store, void (*each)(const struct store_pooled *pooled, void *user),
		void *user);

/* Calls @each with the algorithms of the keys that were made here and are no CA's. */
[[nodiscard]] enum store_status store_pool_algorithms(struct store *store,
						      void (*each)(uint32_t algorithm, void *user),
						      void *user);

#endif
