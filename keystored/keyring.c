#include "keyring.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define BUCKETS 4096

struct entry {
	struct keyring_key key; /* its name, grants and public key follow the entry */
	struct tpm_key *tpm;	/* NULL: not made */
	TAILQ_ENTRY(entry) age;
	TAILQ_ENTRY(entry) tpm_age; /* with a TPM key only */
	LIST_ENTRY(entry) same_name;
	LIST_ENTRY(entry) same_id;
};

LIST_HEAD(bucket, entry);
TAILQ_HEAD(ages, entry);

struct keyring {
	struct store *store;
	struct ages ages; /* the latest first */
	struct ages tpm_ages;
	size_t count;
	size_t tpm_count;
	struct bucket by_name[BUCKETS];
	struct bucket by_id[BUCKETS];
};

/* FNV-1a. Only those who manage choose names, so nobody else can make chains long. */
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

bool keyring_key_is_rsa(const struct keyring_key *key)
{
	return key->algorithm <= TPM_RSA_4096;
}

struct keyring *keyring_new(struct store *store)
{
	struct keyring *keyring = calloc(1, sizeof *keyring);

	if (!keyring)
		return NULL;
	keyring->store = store;
	TAILQ_INIT(&keyring->ages);
	TAILQ_INIT(&keyring->tpm_ages);
	return keyring;
}

static void drop_tpm_key(struct keyring *keyring, struct entry *entry)
{
	if (!entry->tpm)
		return;
	TAILQ_REMOVE(&keyring->tpm_ages, entry, tpm_age);
	keyring->tpm_count--;
	tpm_key_unref(entry->tpm);
	entry->tpm = NULL;
}

static void drop(struct keyring *keyring, struct entry *entry)
{
	drop_tpm_key(keyring, entry);
	TAILQ_REMOVE(&keyring->ages, entry, age);
	LIST_REMOVE(entry, same_name);
	LIST_REMOVE(entry, same_id);
	keyring->count--;
	free(entry);
}

static void insert(struct keyring *keyring, struct entry *entry)
{
	if (keyring->count == KEYRING_MAX)
		drop(keyring, TAILQ_LAST(&keyring->ages, ages));
	TAILQ_INSERT_HEAD(&keyring->ages, entry, age);
	LIST_INSERT_HEAD(bucket_of_name(keyring, entry->key.name), entry, same_name);
	LIST_INSERT_HEAD(bucket_of_id(keyring, entry->key.id), entry, same_id);
	keyring->count++;
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

/* One piece of memory, since there are thousands. */
static struct entry *entry_new(const struct store_key *stored)
{
	size_t grants_size = stored->grant_count * sizeof *stored->grants;
	size_t name_size = strlen(stored->name) + 1;
	struct entry *entry = malloc(sizeof *entry + grants_size + name_size + stored->spki_len);

	if (!entry)
		return NULL;
	struct grant *grants = (struct grant *)(entry + 1);
	char *name = (char *)grants + grants_size;
	uint8_t *spki = (uint8_t *)name + name_size;

	if (grants_size)
		memcpy(grants, stored->grants, grants_size);
	memcpy(name, stored->name, name_size);
	memcpy(spki, stored->spki, stored->spki_len);
	*entry = (struct entry){
		.key =
			{
				.id = stored->id,
				.name = name,
				.algorithm = stored->algorithm,
				.operations = stored->operations,
				.origin = stored->origin,
				.created_by = stored->created_by,
				.created = stored->created,
				.handle = stored->handle,
				.of_ca = stored->of_ca,
				.grants = grants,
				.grant_count = (uint32_t)stored->grant_count,
				.own_grant_count = (uint32_t)stored->own_grant_count,
				.spki = spki,
				.spki_len = stored->spki_len,
			},
	};
	return entry;
}

static enum store_status load(struct keyring *keyring, const char *name, uint64_t id,
			      struct entry **ret_entry)
{
	struct store_key stored;
	enum store_status status = store_key_get(keyring->store, name, id, &stored);

	if (status != STORE_OK)
		return status;
	struct entry *entry = entry_new(&stored);

	store_key_wipe(&stored);
	if (!entry)
		return STORE_NOMEM;
	*ret_entry = entry;
	return STORE_OK;
}

enum store_status keyring_get(struct keyring *keyring, const char *name, uint64_t id,
			      const struct keyring_key **ret_key)
{
	struct entry *entry = find(keyring, name, id);

	if (!entry) {
		enum store_status status = load(keyring, name, id, &entry);

		if (status != STORE_OK)
			return status;
		insert(keyring, entry);
	} else if (entry != TAILQ_FIRST(&keyring->ages)) {
		TAILQ_REMOVE(&keyring->ages, entry, age);
		TAILQ_INSERT_HEAD(&keyring->ages, entry, age);
	}
	*ret_key = &entry->key;
	return STORE_OK;
}

static enum store_status load_tpm_key(struct keyring *keyring, struct entry *entry)
{
	struct store_key stored;
	enum store_status status = store_key_secrets(keyring->store, entry->key.id, &stored);

	if (status != STORE_OK)
		return status;
	struct tpm_key *tpm = tpm_key_new(stored.id, stored.der, stored.der_len, stored.auth,
					  stored.auth_len, stored.handle);

	store_key_wipe(&stored);
	if (!tpm || tpm_key_algorithm(tpm) != entry->key.algorithm) {
		tpm_key_unref(tpm);
		return STORE_CORRUPT;
	}
	if (keyring->tpm_count == KEYRING_TPM_MAX)
		drop_tpm_key(keyring, TAILQ_LAST(&keyring->tpm_ages, ages));
	entry->tpm = tpm;
	TAILQ_INSERT_HEAD(&keyring->tpm_ages, entry, tpm_age);
	keyring->tpm_count++;
	return STORE_OK;
}

enum store_status keyring_tpm_key(struct keyring *keyring, const struct keyring_key *key,
				  struct tpm_key **ret_key)
{
	struct entry *entry = find(keyring, NULL, key->id);

	if (!entry)
		return STORE_NOT_FOUND;
	if (!entry->tpm) {
		enum store_status status = load_tpm_key(keyring, entry);

		if (status != STORE_OK)
			return status;
	} else if (entry != TAILQ_FIRST(&keyring->tpm_ages)) {
		TAILQ_REMOVE(&keyring->tpm_ages, entry, tpm_age);
		TAILQ_INSERT_HEAD(&keyring->tpm_ages, entry, tpm_age);
	}
	*ret_key = entry->tpm;
	return STORE_OK;
}

void keyring_refresh(struct keyring *keyring, uint64_t id)
{
	struct entry *entry = find(keyring, NULL, id);
	struct entry *fresh = NULL;

	if (!entry)
		return;
	/* Grants that are not known for certain are no grants: without them it is dropped. */
	if (load(keyring, NULL, id, &fresh) == STORE_OK && entry->tpm) {
		fresh->tpm = tpm_key_ref(entry->tpm);
		TAILQ_INSERT_HEAD(&keyring->tpm_ages, fresh, tpm_age);
		keyring->tpm_count++;
		if (tpm_key_handle(fresh->tpm) != fresh->key.handle)
			tpm_key_set_handle(fresh->tpm, fresh->key.handle);
	}
	drop(keyring, entry);
	if (fresh)
		insert(keyring, fresh);
}

void keyring_forget(struct keyring *keyring, uint64_t id)
{
	struct entry *entry = find(keyring, NULL, id);

	if (entry)
		drop(keyring, entry);
}
