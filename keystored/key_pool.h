/*
 * Keys made ahead, so that who asks for a new one needn't wait seconds for the TPM. Hides when they
 * are made: one by one, while the TPM has had nothing to do for a while; that they are kept over
 * restarts; and that each is tried before it is somebody's, since a TPM that was cleared or changed
 * knows none of them.
 */
#ifndef KEY_POOL_H
#define KEY_POOL_H

#include <engine.h>
#include <stdbool.h>
#include <stddef.h>

#include "store.h"

struct key_pool;
struct service;

/* NULL: no memory, or the store could not be read. */
struct key_pool *key_pool_new(struct service *service);
/* After the requests, which may hold keys of it. */
void key_pool_free(struct key_pool *pool);

/* The TPM is there, or gone; it may be another one. */
void key_pool_tpm_changed(struct key_pool *pool);

/* A key that is one request's, until it is stored with a name or given back. */
struct pooled_key;

/*
 * Somebody wants a key of @algorithm for @usage (TPM_USE_*), which is to be key @id. NULL: it has to
 * be made; the next one may be there. *ret_key is the caller's: tpm_key_unref().
 */
struct pooled_key *key_pool_take(struct key_pool *pool, enum tpm_algorithm algorithm,
				 unsigned usage, uint64_t id, struct tpm_key **ret_key);
/* In the transaction that stores the key: it leaves the pool. NULL is fine. */
[[nodiscard]] enum store_status pooled_key_store(struct pooled_key *pooled);
/* That transaction is committed. NULL is fine. */
void pooled_key_stored(struct pooled_key *pooled);
/* Gives it back, unless it was stored. NULL is fine. */
void pooled_key_free(struct pooled_key *pooled);

struct key_pool_level {
	unsigned ready;
	unsigned wanted; /* 0: nobody ever asked for such keys */
};

struct key_pool_level key_pool_level(const struct key_pool *pool, enum tpm_algorithm algorithm);

#endif
