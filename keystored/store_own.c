#include "store_own.h"

#include <stdlib.h>

#include "store_db.h"

static bool read_name(sqlite3_stmt *row, struct own_name *name)
{
	int type = sqlite3_column_int(row, 0);

	*name = (struct own_name){
		.is = {.type = (enum own_type)type},
		.is_here = sqlite3_column_int(row, 3) != 0,
		.since = sqlite3_column_int64(row, 4),
	};
	store_db_text(row, 1, name->is.text, sizeof name->is.text);
	store_db_text(row, 2, name->is.interface, sizeof name->is.interface);
	return type >= OWN_IPV4 && type <= OWN_HOST && *name->is.text && name->since;
}

enum store_status store_own_get(struct store *store, struct own *ret_own)
{
	sqlite3_stmt *rows = store_db_statement(store, SQL_OWN_LIST);
	struct own *own = calloc(1, sizeof *own);
	int result = SQLITE_DONE;

	if (!own)
		return store_db_status(store, SQLITE_NOMEM);
	if (!rows) {
		free(own);
		return store_db_last(store);
	}
	while (own->count < OWN_MAX && (result = sqlite3_step(rows)) == SQLITE_ROW)
		own->count += read_name(rows, &own->names[own->count]);
	enum store_status status = store_db_finish(store, rows, result);

	if (status == STORE_OK)
		*ret_own = *own;
	free(own);
	return status;
}

static enum store_status add(struct store *store, const struct own_name *name)
{
	sqlite3_stmt *put = store_db_statement(store, SQL_OWN_ADD);

	if (!put)
		return store_db_last(store);
	sqlite3_bind_int(put, 1, (int)name->is.type);
	sqlite3_bind_text(put, 2, name->is.text, -1, SQLITE_STATIC);
	sqlite3_bind_text(put, 3, name->is.interface, -1, SQLITE_STATIC);
	sqlite3_bind_int(put, 4, name->is_here);
	sqlite3_bind_int64(put, 5, name->since);
	return store_db_run(store, put);
}

enum store_status store_own_set(struct store *store, const struct own *own)
{
	sqlite3_stmt *clear = store_db_statement(store, SQL_OWN_CLEAR);
	enum store_status status = clear ? store_db_run(store, clear) : store_db_last(store);

	for (size_t i = 0; i < own->count && status == STORE_OK; i++) {
		if (own->names[i].since)
			status = add(store, &own->names[i]);
	}
	return status;
}
