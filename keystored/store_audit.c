#include "store_db.h"

/* Trimming costs a little; once in so many entries is enough. */
#define TRIM_EVERY 256

static enum store_status last_failure(struct store *store)
{
	return store_db_status(store, sqlite3_extended_errcode(store->db));
}

static enum store_status trim(struct store *store, int64_t last, uint64_t keep)
{
	sqlite3_stmt *trim = store_db_statement(store, SQL_AUDIT_TRIM);

	if (!trim)
		return last_failure(store);
	sqlite3_bind_int64(trim, 1, last - (int64_t)keep);
	return store_db_run(store, trim);
}

enum store_status store_audit_add(struct store *store, const struct store_audit *entry,
				  uint64_t keep)
{
	sqlite3_stmt *add = store_db_statement(store, SQL_AUDIT_ADD);

	if (!add)
		return last_failure(store);
	sqlite3_bind_int64(add, 1, entry->time);
	sqlite3_bind_int64(add, 2, entry->uid);
	sqlite3_bind_int64(add, 3, entry->pid);
	sqlite3_bind_text(add, 4, entry->operation, -1, SQLITE_STATIC);
	sqlite3_bind_text(add, 5, entry->object, -1, SQLITE_STATIC);
	sqlite3_bind_text(add, 6, entry->status, -1, SQLITE_STATIC);
	sqlite3_bind_text(add, 7, entry->detail, -1, SQLITE_STATIC);
	sqlite3_bind_int64(add, 8, entry->count);
	enum store_status status = store_db_run(store, add);
	int64_t seq = sqlite3_last_insert_rowid(store->db);

	if (status == STORE_OK && seq % TRIM_EVERY == 0 && seq > (int64_t)keep)
		status = trim(store, seq, keep);
	return status;
}

enum store_status store_audit_list(struct store *store, uint64_t after,
				   bool (*each)(uint64_t seq, const struct store_audit *entry,
						void *user),
				   void *user)
{
	sqlite3_stmt *rows = store_db_statement(store, SQL_AUDIT_LIST);
	int result;

	if (!rows)
		return last_failure(store);
	sqlite3_bind_int64(rows, 1, (int64_t)after);
	while ((result = sqlite3_step(rows)) == SQLITE_ROW) {
		struct store_audit entry = {
			.time = sqlite3_column_int64(rows, 1),
			.uid = (uint32_t)sqlite3_column_int64(rows, 2),
			.pid = (int32_t)sqlite3_column_int64(rows, 3),
			.operation = (const char *)sqlite3_column_text(rows, 4),
			.object = (const char *)sqlite3_column_text(rows, 5),
			.status = (const char *)sqlite3_column_text(rows, 6),
			.detail = (const char *)sqlite3_column_text(rows, 7),
			.count = (uint32_t)sqlite3_column_int64(rows, 8),
		};

		if (!each((uint64_t)sqlite3_column_int64(rows, 0), &entry, user))
			break;
	}
	return store_db_finish(store, rows, result);
}
