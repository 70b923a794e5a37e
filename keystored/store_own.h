/* What this device was called, kept over restarts. Hides the SQL, like store.h. */
#ifndef STORE_OWN_H
#define STORE_OWN_H

#include "own.h"
#include "store.h"

/* What can not be understood is left out. */
[[nodiscard]] enum store_status store_own_get(struct store *store, struct own *ret_own);
/* All of it that has settled once, in the place of what was there. In a transaction. */
[[nodiscard]] enum store_status store_own_set(struct store *store, const struct own *own);

#endif
