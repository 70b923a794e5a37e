#include "keyring.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define BUCKETS 512

struct entry {
	struct keyring_key key;
	TAILQ_ENTRY(entry) age;
	LIST_ENTRY(entry) same_name;
	LIST_ENTRY(entry) same_id;
};

LIST_HEAD(bucket, entry);
TAILQ_HEAD(ages, entry);

struct keyring {
	struct store *store;
	struct ages ages; /* the latest first */
	size_t count;
	struct bucket by_name[BUCKETS];
	struct bucket by_id[BUCKETS];
};

/* FNV-1a. Who may choose names is trusted, and a chain has 256 entries at worst. */
static struct bucket *bucket_of_name(struct keyring *keyring, const char *name)
{
	uint32_t hash = 2166136261u;

	for (const char *c = name; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 16777619u;
	return &keyring->by_name[hash % BUCKETS];
}

static struct bucket *bucket_of_id(struct keyring *keyring, uint64_t id)
{
	return &keyring->by_id[id % BUCKETS];
}

struct keyring *keyring_new(struct store *store)
{
	struct keyring *keyring = calloc(1, sizeof *keyring);

	if (!keyring)
		return NULL;
	keyring->store = store;
	TAILQ_INIT(&keyring->ages);
	return keyring;
}

static void entry_free(struct entry *entry)
{
	tpm_key_unref(entry->key.tpm);
	free(entry->key.grants);
	free(entry);
}

static void drop(struct keyring *keyring, struct entry *entry)
{
	TAILQ_REMOVE(&keyring->ages, entry, age);
	LIST_REMOVE(entry, same_name);
	LIST_REMOVE(entry, same_id);
	keyring->count--;
	entry_free(entry);
}

void keyring_free(struct keyring *keyring)
{
	if (!keyring)
		return;
	while (!TAILQ_EMPTY(&keyring->ages))
		drop(keyring, TAILQ_FIRST(&keyring->ages));
	free(keyring);
}

static struct entry *find(struct keyring *keyring, const char *name, uint64_t id)
{
	struct entry *entry;

	if (!name) {
		LIST_FOREACH(entry, bucket_of_id(keyring, id), same_id)
		{
			if (entry->key.id == id)
				return entry;
		}
		return NULL;
	}
	LIST_FOREACH(entry, bucket_of_name(keyring, name), same_name)
	{
		if (strcmp(entry->key.name, name) == 0)
			return entry;
	}
	return NULL;
}

static enum store_status load(struct keyring *keyring, const char *name, uint64_t id,
			      struct entry **ret_entry)
{
	struct entry *entry = calloc(1, sizeof *entry);
	struct store_key stored = {0};
	enum store_status status = STORE_NOMEM;

	if (!entry)
		goto out;
	status = store_key_get(keyring->store, name, id, &stored);
	if (status != STORE_OK)
		goto out;
	status = STORE_CORRUPT;
	entry->key.tpm = tpm_key_new(stored.id, stored.der, stored.der_len, stored.auth,
				     stored.auth_len, stored.handle);
	if (!entry->key.tpm || tpm_key_algorithm(entry->key.tpm) != stored.algorithm)
		goto out;
	entry->key.id = stored.id;
	memcpy(entry->key.name, stored.name, sizeof entry->key.name);
	entry->key.algorithm = stored.algorithm;
	entry->key.operations = stored.operations;
	entry->key.origin = stored.origin;
	entry->key.created = stored.created;
	entry->key.created_by = stored.created_by;
	entry->key.grants = stored.grants;
	entry->key.grant_count = stored.grant_count;
	stored.grants = NULL;
	*ret_entry = entry;
	entry = NULL;
	status = STORE_OK;
out:
	if (entry)
		entry_free(entry);
	store_key_wipe(&stored);
	return status;
}

enum store_status keyring_get(struct keyring *keyring, const char *name, uint64_t id,
			      const struct keyring_key **ret_key)
{
	struct entry *entry = find(keyring, name, id);

	if (entry) {
		if (entry != TAILQ_FIRST(&keyring->ages)) {
			TAILQ_REMOVE(&keyring->ages, entry, age);
			TAILQ_INSERT_HEAD(&keyring->ages, entry, age);
		}
	} else {
		enum store_status status = load(keyring, name, id, &entry);

		if (status != STORE_OK)
			return status;
		if (keyring->count == KEYRING_MAX)
			drop(keyring, TAILQ_LAST(&keyring->ages, ages));
		TAILQ_INSERT_HEAD(&keyring->ages, entry, age);
		LIST_INSERT_HEAD(bucket_of_name(keyring, entry->key.name), entry, same_name);
		LIST_INSERT_HEAD(bucket_of_id(keyring, entry->key.id), entry, same_id);
		keyring->count++;
	}
	*ret_key = &entry->key;
	return STORE_OK;
}

void keyring_refresh(struct keyring *keyring, uint64_t id)
{
	struct entry *entry = find(keyring, NULL, id);
	struct store_key stored = {0};

	if (!entry)
		return;
	if (store_key_get(keyring->store, NULL, id, &stored) != STORE_OK) {
		/* Grants that are not known for certain are no grants. */
		drop(keyring, entry);
		return;
	}
	free(entry->key.grants);
	entry->key.grants = stored.grants;
	entry->key.grant_count = stored.grant_count;
	stored.grants = NULL;
	if (tpm_key_handle(entry->key.tpm) != stored.handle)
		tpm_key_set_handle(entry->key.tpm, stored.handle);
	store_key_wipe(&stored);
}

void keyring_forget(struct keyring *keyring, uint64_t id)
{
	struct entry *entry = find(keyring, NULL, id);

	if (entry)
		drop(keyring, entry);
}
