/*
 * The keys lately used: what clients are told of a key, and the key as the TPM engine takes
 * it. Hides the cache in front of the store, so that neither a signature nor a look at a key
 * reads the database in steady state.
 */
#ifndef KEYRING_H
#define KEYRING_H

#include "store.h"

#include <key.h>

#define KEYRING_MAX	16384 /* keys known, 250 to 550 bytes each */
#define KEYRING_TPM_MAX 128   /* of them, ready for the TPM */

struct keyring_key {
	uint64_t id;
	const char *name;
	enum tpm_algorithm algorithm;
	uint32_t operations; /* POLICY_*, what the key is for */
	uint32_t origin;
	uint32_t created_by;
	int64_t created;
	uint32_t handle; /* where it is pinned; 0: nowhere */
	bool of_ca;	 /* no client signs with it */
	uint32_t grant_count;
	uint32_t own_grant_count; /* of them, first; the rest is its service's */
	const struct grant *grants;
	const uint8_t *spki; /* SubjectPublicKeyInfo, DER */
	size_t spki_len;
};

bool keyring_key_is_rsa(const struct keyring_key *key);

struct keyring;

/* Reads from @store, which outlives it. NULL: no memory. */
struct keyring *keyring_new(struct store *store);
void keyring_free(struct keyring *keyring);

/* By name, or @name NULL: by @id. The key is borrowed until the next call on this keyring. */
[[nodiscard]] enum store_status keyring_get(struct keyring *keyring, const char *name, uint64_t id,
					    const struct keyring_key **ret_key);

/*
 * The key for the engine. Borrowed likewise, unless the caller takes a reference; @key stays
 * valid. CORRUPT: what is stored is no key.
 */
[[nodiscard]] enum store_status
keyring_tpm_key(struct keyring *keyring, const struct keyring_key *key, struct tpm_key **ret_key);

/* What was stored under @id has changed; its TPM key, if one is known, is told the handle. */
void keyring_refresh(struct keyring *keyring, uint64_t id);
/* It was deleted. */
void keyring_forget(struct keyring *keyring, uint64_t id);

#endif
