#include "store_pool.h"

#include "store_db.h"

enum store_status store_pool_add(struct store *store, const struct store_pooled *pooled,
				 uint64_t *ret_id)
{
	sqlite3_stmt *add = store_db_statement(store, SQL_POOL_ADD);

	if (!add)
		return store_db_last(store);
	sqlite3_bind_int64(add, 1, pooled->algorithm);
	sqlite3_bind_blob64(add, 2, pooled->der, pooled->der_len, SQLITE_STATIC);
	sqlite3_bind_blob64(add, 3, pooled->auth, pooled->auth_len, SQLITE_STATIC);
	enum store_status status = store_db_run(store, add);

	if (status == STORE_OK)
		*ret_id = (uint64_t)sqlite3_last_insert_rowid(store->db);
	return status;
}

enum store_status store_pool_remove(struct store *store, uint64_t id)
{
	return store_db_changed_one(store, store_db_run_with_id(store, SQL_POOL_REMOVE, id));
}

enum store_status store_pool_list(struct store *store,
				  void (*each)(const struct store_pooled *pooled, void *user),
				  void *user)
{
	sqlite3_stmt *rows = store_db_statement(store, SQL_POOL_LIST);
	int result;

	if (!rows)
		return store_db_last(store);
	while ((result = sqlite3_step(rows)) == SQLITE_ROW) {
		struct store_pooled pooled = {
			.id = (uint64_t)sqlite3_column_int64(rows, 0),
			.algorithm = (uint32_t)sqlite3_column_int64(rows, 1),
			.der = sqlite3_column_blob(rows, 2),
			.der_len = (size_t)sqlite3_column_bytes(rows, 2),
			.auth = sqlite3_column_blob(rows, 3),
			.auth_len = (size_t)sqlite3_column_bytes(rows, 3),
		};

		each(&pooled, user);
	}
	return store_db_finish(store, rows, result);
}

enum store_status store_pool_algorithms(struct store *store,
					void (*each)(uint32_t algorithm, void *user), void *user)
{
	sqlite3_stmt *rows = store_db_statement(store, SQL_POOL_ALGORITHMS);
	int result;

	if (!rows)
		return store_db_last(store);
	while ((result = sqlite3_step(rows)) == SQLITE_ROW)
		each((uint32_t)sqlite3_column_int64(rows, 0), user);
	return store_db_finish(store, rows, result);
}
