#include "store_clock.h"

#include "store_db.h"

enum store_status store_clock_get(struct store *store, int64_t *ret_seen)
{
	sqlite3_stmt *row = store_db_statement(store, SQL_CLOCK_GET);

	if (!row)
		return store_db_last(store);
	int result = sqlite3_step(row);
	int64_t seen = result == SQLITE_ROW ? sqlite3_column_int64(row, 0) : 0;
	enum store_status status = store_db_finish(store, row, result);

	if (status == STORE_OK)
		*ret_seen = seen;
	return status;
}

enum store_status store_clock_set(struct store *store, int64_t seen)
{
	sqlite3_stmt *set = store_db_statement(store, SQL_CLOCK_SET);

	if (!set)
		return store_db_last(store);
	sqlite3_bind_int64(set, 1, seen);
	return store_db_run(store, set);
}
