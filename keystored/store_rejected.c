#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_db.h"
#include "store_trust.h"

/* As store_sql_trust.c's REJECTED_COLUMNS. */
enum {
	COL_ID,
	COL_GROUP_ID,
	COL_GROUP,
	COL_FINGERPRINT,
	COL_SUBJECT,
	COL_ISSUER,
	COL_REASON,
	COL_SENTENCE,
	COL_FIRST_SEEN,
	COL_LAST_SEEN,
	COL_COUNT,
	COL_DER,
};

void store_rejected_wipe(struct store_rejected *rejected)
{
	free((void *)(uintptr_t)rejected->der);
	*rejected = (struct store_rejected){0};
}

static enum store_status trim(struct store *store, uint64_t keep)
{
	sqlite3_stmt *statement = store_db_statement(store, SQL_REJECTED_TRIM);

	if (!statement)
		return store_db_last(store);
	sqlite3_bind_int64(statement, 1, (int64_t)keep);
	return store_db_run(store, statement);
}

enum store_status store_rejected_add(struct store *store, const struct store_rejected *rejected,
				     uint64_t keep, uint64_t *ret_id)
{
	sqlite3_stmt *add = store_db_statement(store, SQL_REJECTED_ADD);

	if (!add)
		return store_db_last(store);
	sqlite3_bind_int64(add, 1, (int64_t)rejected->group_id);
	sqlite3_bind_blob(add, 2, rejected->fingerprint, sizeof rejected->fingerprint,
			  SQLITE_STATIC);
	sqlite3_bind_text(add, 3, rejected->subject, -1, SQLITE_STATIC);
	sqlite3_bind_text(add, 4, rejected->issuer, -1, SQLITE_STATIC);
	sqlite3_bind_int64(add, 5, rejected->reason);
	sqlite3_bind_text(add, 6, rejected->sentence, -1, SQLITE_STATIC);
	sqlite3_bind_int64(add, 7, rejected->first_seen);
	sqlite3_bind_int64(add, 8, rejected->last_seen);
	sqlite3_bind_int64(add, 9, (int64_t)rejected->count);
	sqlite3_bind_blob(add, 10, rejected->der, (int)rejected->der_len, SQLITE_STATIC);
	int result = sqlite3_step(add);
	uint64_t id = result == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(add, 0) : 0;

	if (result == SQLITE_ROW)
		result = sqlite3_step(add);
	enum store_status status = store_db_finish(store, add, result);

	if (status == STORE_OK)
		status = trim(store, keep);
	if (status == STORE_OK)
		*ret_id = id;
	return status;
}

static void read_row(sqlite3_stmt *row, struct store_rejected *rejected)
{
	rejected->id = (uint64_t)sqlite3_column_int64(row, COL_ID);
	rejected->group_id = (uint64_t)sqlite3_column_int64(row, COL_GROUP_ID);
	store_db_text(row, COL_GROUP, rejected->group, sizeof rejected->group);
	store_db_fingerprint(row, COL_FINGERPRINT, rejected->fingerprint);
	store_db_text(row, COL_SUBJECT, rejected->subject, sizeof rejected->subject);
	store_db_text(row, COL_ISSUER, rejected->issuer, sizeof rejected->issuer);
	rejected->reason = (unsigned)sqlite3_column_int(row, COL_REASON);
	store_db_text(row, COL_SENTENCE, rejected->sentence, sizeof rejected->sentence);
	rejected->first_seen = sqlite3_column_int64(row, COL_FIRST_SEEN);
	rejected->last_seen = sqlite3_column_int64(row, COL_LAST_SEEN);
	rejected->count = (uint64_t)sqlite3_column_int64(row, COL_COUNT);
}

enum store_status store_rejected_get(struct store *store, uint64_t id,
				     struct store_rejected *ret_rejected)
{
	sqlite3_stmt *row = store_db_statement(store, SQL_REJECTED_GET);
	struct store_rejected rejected = {0};
	uint8_t *der = NULL;
	int more = SQLITE_OK;

	if (!row)
		return store_db_last(store);
	sqlite3_bind_int64(row, 1, (int64_t)id);
	int result = sqlite3_step(row);
	bool is_found = result == SQLITE_ROW;

	if (is_found) {
		read_row(row, &rejected);
		more = store_db_blob_to(row, COL_DER, ENTRY_CERT_MAX, &der, &rejected.der_len);
		rejected.der = der;
	}
	enum store_status status = store_db_finish(store, row, result);

	if (status == STORE_OK)
		status = is_found ? store_db_status(store, more) : STORE_NOT_FOUND;
	if (status == STORE_OK)
		*ret_rejected = rejected;
	else
		store_rejected_wipe(&rejected);
	return status;
}

enum store_status store_rejected_delete(struct store *store, uint64_t id)
{
	return store_db_changed_one(store, store_db_run_with_id(store, SQL_REJECTED_DELETE, id));
}

enum store_status store_rejected_clear(struct store *store, uint64_t group_id)
{
	return store_db_run_with_id(store, SQL_REJECTED_CLEAR, group_id);
}

enum store_status store_rejected_forget(struct store *store, uint64_t group_id,
					const uint8_t fingerprint[32])
{
	sqlite3_stmt *forget = store_db_statement(store, SQL_REJECTED_FORGET);

	if (!forget)
		return store_db_last(store);
	sqlite3_bind_int64(forget, 1, (int64_t)group_id);
	sqlite3_bind_blob(forget, 2, fingerprint, 32, SQLITE_STATIC);
	return store_db_run(store, forget);
}

enum store_status
store_rejected_list(struct store *store, uint64_t group_id, uint64_t after,
		    bool (*each)(const struct store_rejected *rejected, void *user), void *user)
{
	sqlite3_stmt *rows = store_db_statement(store, SQL_REJECTED_LIST);
	int result;

	if (!rows)
		return store_db_last(store);
	sqlite3_bind_int64(rows, 1, (int64_t)group_id);
	sqlite3_bind_int64(rows, 2, (int64_t)after);
	while ((result = sqlite3_step(rows)) == SQLITE_ROW) {
		struct store_rejected rejected = {0};

		read_row(rows, &rejected);
		rejected.der = sqlite3_column_blob(rows, COL_DER);
		rejected.der_len = (size_t)sqlite3_column_bytes(rows, COL_DER);
		if (!each(&rejected, user))
			break;
	}
	return store_db_finish(store, rows, result);
}
