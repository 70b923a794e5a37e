#include "store_revoke.h"

#include <stdio.h>
#include <stdlib.h>

#include "store_db.h"

static void read_row(sqlite3_stmt *row, struct store_revoke *version)
{
	const unsigned char *serial = sqlite3_column_text(row, 3);

	*version = (struct store_revoke){
		.id = (uint64_t)sqlite3_column_int64(row, 5),
		.version = (uint32_t)sqlite3_column_int64(row, 0),
		.state = (enum store_cert_state)sqlite3_column_int(row, 1),
		.issuer_id = (uint64_t)sqlite3_column_int64(row, 2),
		.reason = (unsigned)sqlite3_column_int(row, 4),
	};
	snprintf(version->serial, sizeof version->serial, "%s", serial ? (const char *)serial : "");
}

/* What @sql brings for @id. */
static enum store_status collect(struct store *store, enum store_sql sql, uint64_t id,
				 struct store_revoke **ret_versions, size_t *ret_count)
{
	sqlite3_stmt *rows = store_db_statement(store, sql);
	struct store_revoke *versions = NULL;
	size_t capacity = 0;
	size_t count = 0;
	int result;

	if (!rows)
		return store_db_last(store);
	sqlite3_bind_int64(rows, 1, (int64_t)id);
	while ((result = sqlite3_step(rows)) == SQLITE_ROW) {
		if (count == capacity) {
			capacity = capacity ? 2 * capacity : 4;
			struct store_revoke *more = reallocarray(versions, capacity, sizeof *more);

			if (!more) {
				result = SQLITE_NOMEM;
				break;
			}
			versions = more;
		}
		read_row(rows, &versions[count++]);
	}
	enum store_status status = store_db_finish(store, rows, result);

	if (status != STORE_OK) {
		free(versions);
		return status;
	}
	*ret_versions = versions;
	*ret_count = count;
	return STORE_OK;
}

enum store_status store_revoke_list(struct store *store, uint64_t id,
				    struct store_revoke **ret_versions, size_t *ret_count)
{
	return collect(store, SQL_REVOKE_LIST, id, ret_versions, ret_count);
}

enum store_status store_revoke_listed_by(struct store *store, uint64_t ca_id,
					 struct store_revoke **ret_versions, size_t *ret_count)
{
	return collect(store, SQL_REVOKE_LISTED_BY, ca_id, ret_versions, ret_count);
}

enum store_status store_revoke_if_listed(struct store *store, uint64_t id,
					 struct store_revoke **ret_versions, size_t *ret_count)
{
	return collect(store, SQL_REVOKE_IF_LISTED, id, ret_versions, ret_count);
}

enum store_status store_revoke_set(struct store *store, const struct store_revoke *version,
				   int64_t at)
{
	sqlite3_stmt *set = store_db_statement(store, SQL_REVOKE_SET);
	bool is_revoked = version->state == STORE_CERT_REVOKED;

	if (!set)
		return store_db_last(store);
	sqlite3_bind_int64(set, 1, (int64_t)version->id);
	sqlite3_bind_int64(set, 2, version->version);
	sqlite3_bind_int(set, 3, (int)version->state);
	sqlite3_bind_int64(set, 4, is_revoked ? at : 0);
	sqlite3_bind_int(set, 5, is_revoked ? (int)version->reason : 0);
	enum store_status status = store_db_run(store, set);

	return store_db_changed_one(store, status);
}
