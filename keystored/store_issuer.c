#include "store_issuer.h"

#include <stdlib.h>

#include "store_db.h"

void store_issuers_wipe(struct store_issuers *found)
{
	for (size_t i = 0; i < found->count; i++)
		free(found->list[i].der);
	found->count = 0;
}

static enum store_status take_all(struct store *store, sqlite3_stmt *rows,
				  struct store_issuers *ret_found)
{
	struct store_issuers found = {0};
	int result = SQLITE_ROW, more = SQLITE_OK;

	while (more == SQLITE_OK && found.count < STORE_ISSUER_MAX &&
	       (result = sqlite3_step(rows)) == SQLITE_ROW) {
		struct store_issuer *one = &found.list[found.count];

		one->cert_id = (uint64_t)sqlite3_column_int64(rows, 0);
		one->version = (uint32_t)sqlite3_column_int64(rows, 1);
		more = store_db_blob(rows, 2, &one->der, &one->der_len);
		if (more == SQLITE_OK)
			found.count++;
	}
	enum store_status status = store_db_finish(store, rows, result);

	if (status == STORE_OK)
		status = store_db_status(store, more);
	if (status == STORE_OK)
		*ret_found = found;
	else
		store_issuers_wipe(&found);
	return status;
}

enum store_status store_issuer_candidates(struct store *store, const char *subject,
					  struct store_issuers *ret_found)
{
	sqlite3_stmt *rows = store_db_statement(store, SQL_ISSUER_CANDIDATES);

	if (!rows)
		return store_db_last(store);
	sqlite3_bind_text(rows, 1, subject, -1, SQLITE_STATIC);
	return take_all(store, rows, ret_found);
}

enum store_status store_issuer_orphans(struct store *store, const char *issuer, uint64_t after,
				       struct store_issuers *ret_found)
{
	sqlite3_stmt *rows = store_db_statement(store, SQL_ISSUER_ORPHANS);

	if (!rows)
		return store_db_last(store);
	sqlite3_bind_text(rows, 1, issuer, -1, SQLITE_STATIC);
	sqlite3_bind_int64(rows, 2, (int64_t)after);
	return take_all(store, rows, ret_found);
}

enum store_status store_issuer_link(struct store *store, uint64_t cert_id, uint32_t version,
				    uint64_t issuer_id)
{
	sqlite3_stmt *link = store_db_statement(store, SQL_ISSUER_LINK);

	if (!link)
		return store_db_last(store);
	sqlite3_bind_int64(link, 1, (int64_t)cert_id);
	sqlite3_bind_int64(link, 2, version);
	sqlite3_bind_int64(link, 3, (int64_t)issuer_id);
	return store_db_run(store, link);
}

enum store_status store_issuer_key(struct store *store, const uint8_t *spki, size_t len,
				   uint64_t *ret_key_id)
{
	sqlite3_stmt *row = store_db_statement(store, SQL_KEY_BY_SPKI);

	if (!row)
		return store_db_last(store);
	sqlite3_bind_blob(row, 1, spki, (int)len, SQLITE_STATIC);
	int result = sqlite3_step(row);
	uint64_t found = result == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(row, 0) : 0;
	enum store_status status = store_db_finish(store, row, result);

	if (status == STORE_OK && !found)
		status = STORE_NOT_FOUND;
	if (status == STORE_OK)
		*ret_key_id = found;
	return status;
}
