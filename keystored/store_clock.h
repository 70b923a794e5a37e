/* The time last believed, kept over restarts. Hides the SQL, like store.h. */
#ifndef STORE_CLOCK_H
#define STORE_CLOCK_H

#include "store.h"

/* Unix time, seconds; 0: none was kept yet. */
[[nodiscard]] enum store_status store_clock_get(struct store *store, int64_t *ret_seen);
[[nodiscard]] enum store_status store_clock_set(struct store *store, int64_t seen);

#endif
