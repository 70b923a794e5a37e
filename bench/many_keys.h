/*
 * A service whose store holds many keys. Hides that all but a few are copies of the few: making
 * 10,000 keys in a TPM takes long, and the store treats a copy like any other row.
 */
#ifndef BENCH_MANY_KEYS_H
#define BENCH_MANY_KEYS_H

#include <stddef.h>

struct fixture;

/*
 * A fixture with @count keys, at least 10, named key-00001 and up, and one more that counts among them,
 * "pinned", P-256 and persistent. The service runs.
 */
struct fixture *many_keys_new(size_t count);

#endif
