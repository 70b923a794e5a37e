/*
 * The keys lately used, ready for the TPM engine: a signature in steady state reads no
 * database. Hides the cache in front of the store.
 */
#ifndef KEYRING_H
#define KEYRING_H

#include "store.h"

#include <key.h>

#define KEYRING_MAX 256

struct keyring_key {
	uint64_t id;
	char name[NAMES_KEY_MAX + 1];
	enum tpm_algorithm algorithm;
	unsigned operations; /* POLICY_*, what the key is for */
	uint32_t origin;
	int64_t created;
	uint32_t created_by;
	struct grant *grants;
	size_t grant_count;
	struct tpm_key *tpm;
};

struct keyring;

/* Reads from @store, which outlives it. NULL: no memory. */
struct keyring *keyring_new(struct store *store);
void keyring_free(struct keyring *keyring);

/*
 * By name, or @name NULL: by @id. The key is borrowed until the next call on this keyring.
 * CORRUPT: what is stored is no key.
 */
enum store_status keyring_get(struct keyring *keyring, const char *name, uint64_t id,
			      const struct keyring_key **ret_key);

/* What was stored under @id has changed; its TPM key is the same one. */
void keyring_refresh(struct keyring *keyring, uint64_t id);
/* It was deleted. */
void keyring_forget(struct keyring *keyring, uint64_t id);

#endif
