#include "store.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_db.h"

#define BLOB_MAX   65536
#define GRANTS_MAX 4096

/* As store_sql_base.c's KEY_COLUMNS. */
enum {
	COL_ID,
	COL_NAME,
	COL_ALGORITHM,
	COL_OPERATIONS,
	COL_ORIGIN,
	COL_CREATED,
	COL_CREATED_BY,
	COL_OF_CA,
	COL_HANDLE,
	COL_SPKI,
	COL_TSS2 = COL_SPKI,
	COL_AUTH
};

void store_key_wipe(struct store_key *key)
{
	if (key->der)
		OPENSSL_cleanse(key->der, key->der_len);
	free(key->der);
	free(key->spki);
	free(key->grants);
	OPENSSL_cleanse(key, sizeof *key);
}

uint64_t store_key_next_id(struct store *store)
{
	return store->next_id++;
}

uint64_t store_key_count(const struct store *store)
{
	return (uint64_t)((int64_t)store->key_count + store->key_change);
}

enum store_status store_key_add(struct store *store, const struct store_key *key)
{
	sqlite3_stmt *add = store_db_statement(store, SQL_KEY_ADD);

	if (!add)
		return store_db_last(store);
	sqlite3_bind_int64(add, 1, (int64_t)key->id);
	sqlite3_bind_text(add, 2, key->name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(add, 3, key->algorithm);
	sqlite3_bind_int64(add, 4, key->operations);
	sqlite3_bind_int64(add, 5, key->origin);
	sqlite3_bind_int64(add, 6, key->created);
	sqlite3_bind_int64(add, 7, key->created_by);
	sqlite3_bind_blob(add, 8, key->spki, (int)key->spki_len, SQLITE_STATIC);
	sqlite3_bind_blob(add, 9, key->der, (int)key->der_len, SQLITE_STATIC);
	sqlite3_bind_blob(add, 10, key->auth, (int)key->auth_len, SQLITE_STATIC);
	sqlite3_bind_int(add, 11, key->of_ca);
	enum store_status status = store_db_run(store, add);

	for (size_t i = 0; i < key->grant_count && status == STORE_OK; i++)
		status = store_grant_set(store, key->id, &key->grants[i]);
	if (status == STORE_OK && sqlite3_get_autocommit(store->db))
		store->key_count++;
	else if (status == STORE_OK)
		store->key_change++;
	return status;
}

static void read_row(sqlite3_stmt *row, struct store_key *key)
{
	const unsigned char *name = sqlite3_column_text(row, COL_NAME);

	key->id = (uint64_t)sqlite3_column_int64(row, COL_ID);
	snprintf(key->name, sizeof key->name, "%s", name ? (const char *)name : "");
	key->algorithm = (uint32_t)sqlite3_column_int64(row, COL_ALGORITHM);
	key->operations = (uint32_t)sqlite3_column_int64(row, COL_OPERATIONS);
	key->origin = (uint32_t)sqlite3_column_int64(row, COL_ORIGIN);
	key->created = sqlite3_column_int64(row, COL_CREATED);
	key->created_by = (uint32_t)sqlite3_column_int64(row, COL_CREATED_BY);
	key->of_ca = sqlite3_column_int(row, COL_OF_CA) != 0;
	key->handle = (uint32_t)sqlite3_column_int64(row, COL_HANDLE);
}

int store_db_blob(sqlite3_stmt *row, int column, uint8_t **ret_bytes, size_t *ret_len)
{
	return store_db_blob_to(row, column, BLOB_MAX, ret_bytes, ret_len);
}

void store_db_text(sqlite3_stmt *row, int column, char *text, size_t size)
{
	const unsigned char *stored = sqlite3_column_text(row, column);

	snprintf(text, size, "%s", stored ? (const char *)stored : "");
}

void store_db_fingerprint(sqlite3_stmt *row, int column, uint8_t bytes[32])
{
	const void *stored = sqlite3_column_blob(row, column);

	if (stored && sqlite3_column_bytes(row, column) == 32)
		memcpy(bytes, stored, 32);
}

int store_db_blob_to(sqlite3_stmt *row, int column, size_t max, uint8_t **ret_bytes,
		     size_t *ret_len)
{
	int len = sqlite3_column_bytes(row, column);
	uint8_t *bytes;

	if (len <= 0 || (size_t)len > max)
		return SQLITE_CORRUPT;
	bytes = malloc((size_t)len);
	if (!bytes)
		return SQLITE_NOMEM;
	memcpy(bytes, sqlite3_column_blob(row, column), (size_t)len);
	*ret_bytes = bytes;
	*ret_len = (size_t)len;
	return SQLITE_OK;
}

static int read_public(sqlite3_stmt *row, struct store_key *key)
{
	return store_db_blob(row, COL_SPKI, &key->spki, &key->spki_len);
}

static int read_secrets(sqlite3_stmt *row, struct store_key *key)
{
	int auth_len = sqlite3_column_bytes(row, COL_AUTH);

	if (auth_len < 0 || (size_t)auth_len > sizeof key->auth)
		return SQLITE_CORRUPT;
	key->auth_len = (size_t)auth_len;
	if (auth_len)
		memcpy(key->auth, sqlite3_column_blob(row, COL_AUTH), key->auth_len);
	return store_db_blob(row, COL_TSS2, &key->der, &key->der_len);
}

static enum store_status read_grants(struct store *store, struct store_key *key)
{
	sqlite3_stmt *rows = store_db_statement(store, SQL_GRANTS);
	size_t capacity = 0;
	int result;

	if (!rows)
		return store_db_last(store);
	sqlite3_bind_int64(rows, 1, (int64_t)key->id);
	while ((result = sqlite3_step(rows)) == SQLITE_ROW && key->grant_count < GRANTS_MAX) {
		if (key->grant_count == capacity) {
			capacity = capacity ? 2 * capacity : 2;
			struct grant *grants = reallocarray(key->grants, capacity, sizeof *grants);

			if (!grants) {
				result = SQLITE_NOMEM;
				break;
			}
			key->grants = grants;
		}
		if (!sqlite3_column_int(rows, 3))
			key->own_grant_count++;
		key->grants[key->grant_count++] = (struct grant){
			.subject = (enum policy_subject)sqlite3_column_int(rows, 0),
			.id = (uint32_t)sqlite3_column_int64(rows, 1),
			.operations = (unsigned)sqlite3_column_int(rows, 2),
		};
	}
	return store_db_finish(store, rows, result);
}

/* The one row that @row brings, with what @read_more takes from it. */
static enum store_status read_key(struct store *store, sqlite3_stmt *row,
				  int (*read_more)(sqlite3_stmt *row, struct store_key *key),
				  struct store_key *key)
{
	int result = sqlite3_step(row);
	bool is_found = result == SQLITE_ROW;
	int more = SQLITE_OK;

	if (is_found) {
		read_row(row, key);
		more = read_more(row, key);
	}
	enum store_status status = store_db_finish(store, row, result);

	if (status == STORE_OK && !is_found)
		return STORE_NOT_FOUND;
	return status == STORE_OK ? store_db_status(store, more) : status;
}

enum store_status store_key_get(struct store *store, const char *name, uint64_t id,
				struct store_key *ret_key)
{
	sqlite3_stmt *row = store_db_statement(store, name ? SQL_KEY_BY_NAME : SQL_KEY_BY_ID);
	struct store_key key = {0};

	if (!row)
		return store_db_last(store);
	if (name)
		sqlite3_bind_text(row, 1, name, -1, SQLITE_STATIC);
	else
		sqlite3_bind_int64(row, 1, (int64_t)id);
	enum store_status status = read_key(store, row, read_public, &key);

	if (status == STORE_OK)
		status = read_grants(store, &key);
	if (status == STORE_OK)
		*ret_key = key;
	else
		store_key_wipe(&key);
	return status;
}

enum store_status store_key_secrets(struct store *store, uint64_t id, struct store_key *ret_key)
{
	sqlite3_stmt *row = store_db_statement(store, SQL_KEY_SECRETS);
	struct store_key key = {0};

	if (!row)
		return store_db_last(store);
	sqlite3_bind_int64(row, 1, (int64_t)id);
	enum store_status status = read_key(store, row, read_secrets, &key);

	if (status == STORE_OK)
		*ret_key = key;
	else
		store_key_wipe(&key);
	return status;
}

enum store_status store_key_id(struct store *store, const char *name, uint64_t *ret_id)
{
	sqlite3_stmt *row = store_db_statement(store, SQL_KEY_ID);

	if (!row)
		return store_db_last(store);
	sqlite3_bind_text(row, 1, name, -1, SQLITE_STATIC);
	int result = sqlite3_step(row);
	uint64_t id = result == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(row, 0) : 0;
	enum store_status status = store_db_finish(store, row, result);

	if (status != STORE_OK)
		return status;
	if (result != SQLITE_ROW)
		return STORE_NOT_FOUND;
	*ret_id = id;
	return STORE_OK;
}

enum store_status store_key_delete(struct store *store, uint64_t id)
{
	sqlite3_stmt *delete = store_db_statement(store, SQL_KEY_DELETE);

	if (!delete)
		return store_db_last(store);
	sqlite3_bind_int64(delete, 1, (int64_t)id);
	enum store_status status = store_db_run(store, delete);

	if (status != STORE_OK)
		return status;
	if (!sqlite3_changes(store->db))
		return STORE_NOT_FOUND;
	if (sqlite3_get_autocommit(store->db))
		store->key_count--;
	else
		store->key_change--;
	return STORE_OK;
}

enum store_status store_grant_set(struct store *store, uint64_t key_id, const struct grant *grant)
{
	sqlite3_stmt *set =
		store_db_statement(store, grant->operations ? SQL_GRANT_SET : SQL_GRANT_REMOVE);

	if (!set)
		return store_db_last(store);
	sqlite3_bind_int64(set, 1, (int64_t)key_id);
	sqlite3_bind_int(set, 2, (int)grant->subject);
	sqlite3_bind_int64(set, 3, grant->id);
	if (grant->operations)
		sqlite3_bind_int(set, 4, (int)grant->operations);
	return store_db_run(store, set);
}

char *store_db_groups(const struct peer *peer)
{
	size_t size = 16 + (peer->group_count + 1) * 11;
	char *json = malloc(size);

	if (!json)
		return NULL;
	size_t len = (size_t)snprintf(json, size, "[%u", peer->gid);

	for (size_t i = 0; i < peer->group_count; i++)
		len += (size_t)snprintf(json + len, size - len, ",%u", peer->groups[i]);
	snprintf(json + len, size - len, "]");
	return json;
}

enum store_status store_key_list(struct store *store, const char *after, const struct peer *peer,
				 bool (*each)(const struct store_key *key, void *user), void *user)
{
	sqlite3_stmt *rows = store_db_statement(store, peer ? SQL_KEY_LIST_GRANTED : SQL_KEY_LIST);
	int result;

	if (!rows)
		return store_db_last(store);
	sqlite3_bind_text(rows, 1, after, -1, SQLITE_STATIC);
	if (peer) {
		char *groups = store_db_groups(peer);

		if (!groups)
			return store_db_status(store, SQLITE_NOMEM);
		sqlite3_bind_int64(rows, 2, peer->uid);
		sqlite3_bind_text(rows, 3, groups, -1, free);
	}
	while ((result = sqlite3_step(rows)) == SQLITE_ROW) {
		struct store_key key = {0};

		read_row(rows, &key);
		if (!each(&key, user))
			break;
	}
	return store_db_finish(store, rows, result);
}
