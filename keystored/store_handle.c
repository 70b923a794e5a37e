#include <string.h>

#include "store_db.h"

static enum store_status last_failure(struct store *store)
{
	return store_db_status(store, sqlite3_extended_errcode(store->db));
}

enum store_status store_handle_add(struct store *store, const struct store_handle *handle)
{
	sqlite3_stmt *add = store_db_statement(store, SQL_HANDLE_ADD);

	if (!add)
		return last_failure(store);
	sqlite3_bind_int64(add, 1, handle->handle);
	sqlite3_bind_int64(add, 2, (int64_t)handle->key_id);
	sqlite3_bind_blob(add, 3, handle->name, (int)handle->name_len, SQLITE_STATIC);
	sqlite3_bind_int(add, 4, (int)handle->state);
	return store_db_run(store, add);
}

enum store_status store_handle_set(struct store *store, uint32_t handle,
				   enum store_handle_state state)
{
	sqlite3_stmt *set = store_db_statement(store, SQL_HANDLE_SET);

	if (!set)
		return last_failure(store);
	sqlite3_bind_int64(set, 1, handle);
	sqlite3_bind_int(set, 2, (int)state);
	enum store_status status = store_db_run(store, set);

	return store_db_changed_one(store, status);
}

enum store_status store_handle_remove(struct store *store, uint32_t handle)
{
	sqlite3_stmt *remove = store_db_statement(store, SQL_HANDLE_REMOVE);

	if (!remove)
		return last_failure(store);
	sqlite3_bind_int64(remove, 1, handle);
	return store_db_run(store, remove);
}

static void read_handle(sqlite3_stmt *row, struct store_handle *handle)
{
	int len = sqlite3_column_bytes(row, 2);

	*handle = (struct store_handle){
		.handle = (uint32_t)sqlite3_column_int64(row, 0),
		.key_id = (uint64_t)sqlite3_column_int64(row, 1),
		.state = (enum store_handle_state)sqlite3_column_int(row, 3),
	};
	/* A name that does not fit matches no object, so nothing will be evicted for it. */
	if (len > 0 && (size_t)len <= sizeof handle->name) {
		memcpy(handle->name, sqlite3_column_blob(row, 2), (size_t)len);
		handle->name_len = (size_t)len;
	}
}

enum store_status store_handle_of_key(struct store *store, uint64_t key_id,
				      struct store_handle *ret_handle)
{
	sqlite3_stmt *row = store_db_statement(store, SQL_HANDLE_OF_KEY);
	struct store_handle handle;

	if (!row)
		return last_failure(store);
	sqlite3_bind_int64(row, 1, (int64_t)key_id);
	int result = sqlite3_step(row);

	if (result == SQLITE_ROW)
		read_handle(row, &handle);
	enum store_status status = store_db_finish(store, row, result);

	if (status != STORE_OK)
		return status;
	if (result != SQLITE_ROW)
		return STORE_NOT_FOUND;
	*ret_handle = handle;
	return STORE_OK;
}

enum store_status store_handle_free(struct store *store, uint32_t first, uint32_t last,
				    uint32_t *ret_handle)
{
	sqlite3_stmt *rows = store_db_statement(store, SQL_HANDLE_FREE);
	uint64_t candidate = first;
	int result;

	if (!rows)
		return last_failure(store);
	sqlite3_bind_int64(rows, 1, first);
	sqlite3_bind_int64(rows, 2, last);
	while ((result = sqlite3_step(rows)) == SQLITE_ROW &&
	       (uint64_t)sqlite3_column_int64(rows, 0) == candidate)
		candidate++;
	enum store_status status = store_db_finish(store, rows, result);

	if (status != STORE_OK)
		return status;
	if (candidate > last)
		return STORE_NOT_FOUND;
	*ret_handle = (uint32_t)candidate;
	return STORE_OK;
}

enum store_status
store_handle_leftovers(struct store *store,
		       void (*each)(const struct store_handle *handle, void *user), void *user)
{
	sqlite3_stmt *rows = store_db_statement(store, SQL_HANDLE_LEFTOVERS);
	int result;

	if (!rows)
		return last_failure(store);
	while ((result = sqlite3_step(rows)) == SQLITE_ROW) {
		struct store_handle handle;

		read_handle(rows, &handle);
		each(&handle, user);
	}
	return store_db_finish(store, rows, result);
}
