#include "store_crl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_db.h"

static void read_number(sqlite3_stmt *row, int column, struct crl_number *number)
{
	const void *stored = sqlite3_column_blob(row, column);

	if (stored && sqlite3_column_bytes(row, column) == CRL_NUMBER_LEN)
		memcpy(number->octets, stored, CRL_NUMBER_LEN);
}

/* As SQL_CRL_GET and SQL_CRL_LIST have them. */
static void read_row(sqlite3_stmt *row, struct store_crl *crl)
{
	crl->ca_id = (uint64_t)sqlite3_column_int64(row, 0);
	read_number(row, 1, &crl->number);
	crl->this_update = sqlite3_column_int64(row, 2);
	crl->next_update = sqlite3_column_int64(row, 3);
	crl->count = (uint64_t)sqlite3_column_int64(row, 4);
	crl->size = (uint64_t)sqlite3_column_int64(row, 5);
	crl->is_stale = sqlite3_column_int(row, 6) != 0;
}

enum store_status store_crl_get(struct store *store, uint64_t ca_id, struct store_crl *ret_crl)
{
	sqlite3_stmt *row = store_db_statement(store, SQL_CRL_GET);
	struct store_crl crl = {0};

	if (!row)
		return store_db_last(store);
	sqlite3_bind_int64(row, 1, (int64_t)ca_id);
	int result = sqlite3_step(row);
	bool is_found = result == SQLITE_ROW;

	if (is_found)
		read_row(row, &crl);
	enum store_status status = store_db_finish(store, row, result);

	if (status == STORE_OK && !is_found)
		return STORE_NOT_FOUND;
	if (status == STORE_OK)
		*ret_crl = crl;
	return status;
}

enum store_status store_crl_list(struct store *store, uint64_t after,
				 bool (*each)(const struct store_crl *crl, void *user), void *user)
{
	sqlite3_stmt *rows = store_db_statement(store, SQL_CRL_LIST);
	int result;

	if (!rows)
		return store_db_last(store);
	sqlite3_bind_int64(rows, 1, (int64_t)after);
	while ((result = sqlite3_step(rows)) == SQLITE_ROW) {
		struct store_crl crl = {0};

		read_row(rows, &crl);
		if (!each(&crl, user))
			break;
	}
	return store_db_finish(store, rows, result);
}

enum store_status store_crl_read(struct store *store, uint64_t ca_id, uint64_t offset,
				 uint8_t *bytes, size_t size, size_t *ret_len)
{
	sqlite3_stmt *row = store_db_statement(store, SQL_CRL_READ);
	size_t len = 0;

	if (!row)
		return store_db_last(store);
	sqlite3_bind_int64(row, 1, (int64_t)ca_id);
	sqlite3_bind_int64(row, 2, (int64_t)offset + 1);
	sqlite3_bind_int64(row, 3, (int64_t)size);
	int result = sqlite3_step(row);
	bool is_found = result == SQLITE_ROW;

	if (is_found) {
		const void *stored = sqlite3_column_blob(row, 0);

		len = (size_t)sqlite3_column_bytes(row, 0);
		len = stored && len <= size ? len : 0;
		if (len)
			memcpy(bytes, stored, len);
	}
	enum store_status status = store_db_finish(store, row, result);

	if (status == STORE_OK && !is_found)
		return STORE_NOT_FOUND;
	if (status == STORE_OK)
		*ret_len = len;
	return status;
}

static enum store_status read_changes(struct store *store, uint64_t ca_id, uint64_t *ret_changes)
{
	sqlite3_stmt *row = store_db_statement(store, SQL_CRL_CHANGES);

	if (!row)
		return store_db_last(store);
	sqlite3_bind_int64(row, 1, (int64_t)ca_id);
	int result = sqlite3_step(row);
	uint64_t changes = result == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(row, 0) : 0;
	enum store_status status = store_db_finish(store, row, result);

	if (status == STORE_OK)
		*ret_changes = changes;
	return status;
}

static bool grow(struct crl_entry **entries, size_t count, size_t *capacity)
{
	if (count < *capacity)
		return true;
	size_t wanted = *capacity ? 2 * *capacity : 16;
	struct crl_entry *more = reallocarray(*entries, wanted, sizeof *more);

	if (!more)
		return false;
	*entries = more;
	*capacity = wanted;
	return true;
}

enum store_status store_crl_entries(struct store *store, uint64_t ca_id,
				    struct crl_entry **ret_entries, size_t *ret_count,
				    uint64_t *ret_changes)
{
	sqlite3_stmt *rows = store_db_statement(store, SQL_CRL_ENTRIES);
	struct crl_entry *entries = NULL;
	uint64_t changes = 0;
	size_t capacity = 0;
	size_t count = 0;
	int result;

	if (!rows)
		return store_db_last(store);
	enum store_status status = read_changes(store, ca_id, &changes);

	if (status != STORE_OK)
		return status;
	sqlite3_bind_int64(rows, 1, (int64_t)ca_id);
	while ((result = sqlite3_step(rows)) == SQLITE_ROW) {
		const unsigned char *serial = sqlite3_column_text(rows, 0);

		if (!grow(&entries, count, &capacity)) {
			result = SQLITE_NOMEM;
			break;
		}
		struct crl_entry *entry = &entries[count++];

		*entry = (struct crl_entry){
			.revoked = sqlite3_column_int64(rows, 1),
			.reason = (enum crl_reason)sqlite3_column_int(rows, 2),
		};
		snprintf(entry->serial, sizeof entry->serial, "%s",
			 serial ? (const char *)serial : "");
	}
	status = store_db_finish(store, rows, result);
	if (status != STORE_OK) {
		free(entries);
		return status;
	}
	*ret_entries = entries;
	*ret_count = count;
	*ret_changes = changes;
	return STORE_OK;
}

enum store_status store_crl_put(struct store *store, const struct store_crl *crl, uint64_t changes,
				const uint8_t *der, size_t len)
{
	sqlite3_stmt *put = store_db_statement(store, SQL_CRL_PUT);

	if (!put)
		return store_db_last(store);
	sqlite3_bind_int64(put, 1, (int64_t)crl->ca_id);
	sqlite3_bind_blob(put, 2, crl->number.octets, CRL_NUMBER_LEN, SQLITE_STATIC);
	sqlite3_bind_int64(put, 3, crl->this_update);
	sqlite3_bind_int64(put, 4, crl->next_update);
	sqlite3_bind_int64(put, 5, (int64_t)crl->count);
	sqlite3_bind_int64(put, 6, (int64_t)changes);
	sqlite3_bind_blob(put, 7, der, (int)len, SQLITE_STATIC);
	enum store_status status = store_db_run(store, put);

	return status == STORE_OK && !sqlite3_changes(store->db) ? STORE_EXISTS : status;
}

enum store_status store_crl_revoke(struct store *store, uint64_t ca_id,
				   const struct crl_entry *entry)
{
	sqlite3_stmt *add = store_db_statement(store, SQL_CRL_REVOKE);

	if (!add)
		return store_db_last(store);
	sqlite3_bind_int64(add, 1, (int64_t)ca_id);
	sqlite3_bind_text(add, 2, entry->serial, -1, SQLITE_STATIC);
	sqlite3_bind_int64(add, 3, entry->revoked);
	sqlite3_bind_int(add, 4, (int)entry->reason);
	enum store_status status = store_db_run(store, add);

	return status == STORE_OK ? store_db_run_with_id(store, SQL_CRL_STALE, ca_id) : status;
}

enum store_status store_crl_adopt(struct store *store, uint64_t ca_id,
				  const struct crl_number *number, const struct crl_entry *entries,
				  size_t count)
{
	sqlite3_stmt *set = store_db_statement(store, SQL_CRL_ADOPT);
	enum store_status status = STORE_OK;

	if (!set)
		return store_db_last(store);
	for (size_t i = 0; i < count && status == STORE_OK; i++)
		status = store_crl_revoke(store, ca_id, &entries[i]);
	if (status == STORE_OK)
		status = store_db_run_with_id(store, SQL_CRL_STALE, ca_id);
	if (status != STORE_OK)
		return status;
	sqlite3_bind_int64(set, 1, (int64_t)ca_id);
	sqlite3_bind_blob(set, 2, number->octets, CRL_NUMBER_LEN, SQLITE_STATIC);
	return store_db_run(store, set);
}

enum store_status store_crl_release(struct store *store, uint64_t ca_id, const char *serial)
{
	sqlite3_stmt *release = store_db_statement(store, SQL_CRL_RELEASE);

	if (!release)
		return store_db_last(store);
	sqlite3_bind_int64(release, 1, (int64_t)ca_id);
	sqlite3_bind_text(release, 2, serial, -1, SQLITE_STATIC);
	enum store_status status = store_db_run(store, release);

	return status == STORE_OK ? store_db_run_with_id(store, SQL_CRL_STALE, ca_id) : status;
}

enum store_status store_crl_due(struct store *store, int64_t now,
				uint64_t ret_ids[STORE_CRL_DUE_MAX], size_t *ret_count)
{
	sqlite3_stmt *rows = store_db_statement(store, SQL_CRL_DUE);
	uint64_t ids[STORE_CRL_DUE_MAX];
	size_t count = 0;
	int result;

	if (!rows)
		return store_db_last(store);
	sqlite3_bind_int64(rows, 1, now);
	sqlite3_bind_int(rows, 2, STORE_CRL_DUE_MAX);
	while ((result = sqlite3_step(rows)) == SQLITE_ROW && count < STORE_CRL_DUE_MAX)
		ids[count++] = (uint64_t)sqlite3_column_int64(rows, 0);
	enum store_status status = store_db_finish(store, rows, result);

	if (status != STORE_OK)
		return status;
	memcpy(ret_ids, ids, count * sizeof *ids);
	*ret_count = count;
	return STORE_OK;
}
