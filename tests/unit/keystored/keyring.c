#include "keyring.h"

#include <criterion/criterion.h>

#include "../../support/fake_tpm.h"
#include "../../support/temp_dir.h"

static char dir[TEMP_PATH_MAX];
static struct store *store;
static struct keyring *keyring;
static struct tpm_key *made;

static void set_up(void)
{
	char error[STORE_ERROR_MAX];

	temp_dir_make(dir);
	cr_assert_eq(store_open(dir, error, &store), STORE_OK);
	keyring = keyring_new(store);
	made = fake_key(EVP_EC_gen("P-256"));
}

static void tear_down(void)
{
	keyring_free(keyring);
	tpm_key_unref(made);
	store_close(store);
	temp_dir_remove(dir);
}

static uint64_t add(const char *name)
{
	struct grant grant = {POLICY_UID, 1000, POLICY_SIGN};
	struct store_key key = {
		.id = store_key_next_id(store),
		.algorithm = TPM_EC_P256,
		.operations = POLICY_SIGN,
		.der = made->der,
		.der_len = (size_t)made->der_len,
		.auth = "auth",
		.auth_len = 4,
		.grants = &grant,
		.grant_count = 1,
		.spki = made->spki,
		.spki_len = (size_t)made->spki_len,
	};

	snprintf(key.name, sizeof key.name, "%s", name);
	cr_assert_eq(store_key_add(store, &key), STORE_OK);
	return key.id;
}

TestSuite(keyring, .init = set_up, .fini = tear_down);

Test(keyring, gives_the_same_key_by_name_and_by_id)
{
	const struct keyring_key *by_name;
	const struct keyring_key *by_id;
	uint64_t id = add("web");

	cr_assert_eq(keyring_get(keyring, "web", 0, &by_name), STORE_OK);
	cr_assert_eq(keyring_get(keyring, NULL, id, &by_id), STORE_OK);
	cr_assert_eq(by_name, by_id);
	cr_assert_eq(by_id->grant_count, 1u);
	struct tpm_key *tpm;

	cr_assert_eq(keyring_tpm_key(keyring, by_id, &tpm), STORE_OK);
	cr_assert_eq(tpm_key_id(tpm), id);
}

Test(keyring, does_not_read_the_database_again_for_a_key_it_knows)
{
	const struct keyring_key *key;
	uint64_t id = add("web");

	keyring_get(keyring, "web", 0, &key);
	store_key_delete(store, id);
	cr_assert_eq(keyring_get(keyring, "web", 0, &key), STORE_OK);
	keyring_forget(keyring, id);
	cr_assert_eq(keyring_get(keyring, "web", 0, &key), STORE_NOT_FOUND);
}

Test(keyring, takes_changed_grants_and_keeps_the_tpm_key)
{
	struct grant grant = {POLICY_UID, 1000, 0};
	const struct keyring_key *key;
	uint64_t id = add("web");

	keyring_get(keyring, "web", 0, &key);
	struct tpm_key *before = NULL;
	struct tpm_key *after = NULL;

	keyring_tpm_key(keyring, key, &before);

	store_grant_set(store, id, &grant);
	keyring_refresh(keyring, id);
	keyring_get(keyring, "web", 0, &key);
	cr_assert_eq(key->grant_count, 0u);
	cr_assert_eq(keyring_tpm_key(keyring, key, &after), STORE_OK);
	cr_assert_eq(after, before);
}

Test(keyring, drops_the_key_unused_for_longest_when_it_is_full)
{
	const struct keyring_key *key;
	char name[16];
	uint64_t first = 0;

	store_begin(store);
	for (int i = 0; i < KEYRING_MAX + 1; i++) {
		snprintf(name, sizeof name, "k%d", i);
		uint64_t id = add(name);

		first = first ? first : id;
	}
	store_commit(store);
	for (int i = 0; i < KEYRING_MAX; i++) {
		snprintf(name, sizeof name, "k%d", i);
		cr_assert_eq(keyring_get(keyring, name, 0, &key), STORE_OK);
	}
	keyring_get(keyring, "k0", 0, &key);
	snprintf(name, sizeof name, "k%d", KEYRING_MAX);
	keyring_get(keyring, name, 0, &key);
	store_key_delete(store, first);
	store_key_delete(store, first + 1);
	cr_assert_eq(keyring_get(keyring, "k0", 0, &key), STORE_OK);
	cr_assert_eq(keyring_get(keyring, "k1", 0, &key), STORE_NOT_FOUND);
}

Test(keyring, refuses_a_stored_key_that_is_damaged)
{
	const struct keyring_key *key;
	struct tpm_key *tpm;

	memset(made->der, 0, (size_t)made->der_len);
	add("bad");
	cr_assert_eq(keyring_get(keyring, "bad", 0, &key), STORE_OK);
	cr_assert_eq(keyring_tpm_key(keyring, key, &tpm), STORE_CORRUPT);
}

Test(keyring, keeps_only_so_many_keys_ready_for_the_tpm)
{
	const struct keyring_key *key;
	struct tpm_key *first = NULL;
	struct tpm_key *tpm;
	char name[16];

	store_begin(store);
	for (int i = 0; i < KEYRING_TPM_MAX + 1; i++) {
		snprintf(name, sizeof name, "k%d", i);
		add(name);
	}
	store_commit(store);
	keyring_get(keyring, "k0", 0, &key);
	keyring_tpm_key(keyring, key, &first);
	tpm_key_ref(first);
	for (int i = 1; i < KEYRING_TPM_MAX + 1; i++) {
		snprintf(name, sizeof name, "k%d", i);
		keyring_get(keyring, name, 0, &key);
		cr_assert_eq(keyring_tpm_key(keyring, key, &tpm), STORE_OK);
	}
	cr_assert_eq(first->references, 1);
	tpm_key_unref(first);
}
