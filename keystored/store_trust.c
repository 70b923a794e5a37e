#include "store_trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_db.h"

/* As store_sql_trust.c's TRUST_COLUMNS. */
enum {
	COL_ID,
	COL_GROUP,
	COL_LIST,
	COL_FINGERPRINT,
	COL_IS_CA,
	COL_SUBJECT,
	COL_ISSUER,
	COL_SERIAL,
	COL_FROM,
	COL_UNTIL,
	COL_REVOCATIONS,
	COL_NAME_HASH,
	COL_ADDED,
	COL_ADDED_BY,
	COL_AUTO,
	COL_DER,
};

void store_trust_wipe(struct store_trust *entry)
{
	free((void *)(uintptr_t)entry->der);
	*entry = (struct store_trust){0};
}

/* @id 0: the statement takes none. */
static enum store_status count(struct store *store, enum store_sql sql, uint64_t id,
			       uint64_t *ret_count)
{
	sqlite3_stmt *row = store_db_statement(store, sql);

	if (!row)
		return store_db_last(store);
	if (id)
		sqlite3_bind_int64(row, 1, (int64_t)id);
	int result = sqlite3_step(row);
	uint64_t found = result == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(row, 0) : 0;
	enum store_status status = store_db_finish(store, row, result);

	if (status == STORE_OK)
		*ret_count = found;
	return status;
}

static void read_group(sqlite3_stmt *row, struct store_group *group)
{
	group->id = (uint64_t)sqlite3_column_int64(row, 0);
	store_db_text(row, 1, group->name, sizeof group->name);
	group->is_predefined = sqlite3_column_int(row, 2) != 0;
	group->auto_accept = sqlite3_column_int(row, 3) != 0;
	group->crls = (unsigned)sqlite3_column_int(row, 4);
	group->revision = (uint64_t)sqlite3_column_int64(row, 5);
	group->updated = sqlite3_column_int64(row, 6);
}

enum store_status store_group_get(struct store *store, const char *name, uint64_t id,
				  struct store_group *ret_group)
{
	sqlite3_stmt *row = store_db_statement(store, name ? SQL_GROUP_BY_NAME : SQL_GROUP_BY_ID);
	struct store_group group = {0};

	if (!row)
		return store_db_last(store);
	if (name)
		sqlite3_bind_text(row, 1, name, -1, SQLITE_STATIC);
	else
		sqlite3_bind_int64(row, 1, (int64_t)id);
	int result = sqlite3_step(row);

	if (result == SQLITE_ROW)
		read_group(row, &group);
	enum store_status status = store_db_finish(store, row, result);

	if (status == STORE_OK && result != SQLITE_ROW)
		return STORE_NOT_FOUND;
	if (status == STORE_OK)
		*ret_group = group;
	return status;
}

enum store_status store_group_list(struct store *store, const char *after,
				   bool (*each)(const struct store_group *group, void *user),
				   void *user)
{
	sqlite3_stmt *rows = store_db_statement(store, SQL_GROUP_LIST);
	int result;

	if (!rows)
		return store_db_last(store);
	sqlite3_bind_text(rows, 1, after, -1, SQLITE_STATIC);
	while ((result = sqlite3_step(rows)) == SQLITE_ROW) {
		struct store_group group = {0};

		read_group(rows, &group);
		if (!each(&group, user))
			break;
	}
	return store_db_finish(store, rows, result);
}

enum store_status store_group_entries(struct store *store, uint64_t id,
				      uint64_t ret_counts[STORE_LIST_COUNT])
{
	sqlite3_stmt *rows = store_db_statement(store, SQL_GROUP_ENTRIES);
	uint64_t counts[STORE_LIST_COUNT] = {0};
	int result;

	if (!rows)
		return store_db_last(store);
	sqlite3_bind_int64(rows, 1, (int64_t)id);
	while ((result = sqlite3_step(rows)) == SQLITE_ROW) {
		int list = sqlite3_column_int(rows, 0);

		if (list > 0 && list < STORE_LIST_COUNT)
			counts[list] = (uint64_t)sqlite3_column_int64(rows, 1);
	}
	enum store_status status = store_db_finish(store, rows, result);

	if (status == STORE_OK)
		memcpy(ret_counts, counts, sizeof counts);
	return status;
}

enum store_status store_group_count(struct store *store, uint64_t *ret_count)
{
	return count(store, SQL_GROUP_COUNT, 0, ret_count);
}

enum store_status store_group_add(struct store *store, const struct store_group *group,
				  uint64_t *ret_id)
{
	sqlite3_stmt *add = store_db_statement(store, SQL_GROUP_ADD);

	if (!add)
		return store_db_last(store);
	sqlite3_bind_text(add, 1, group->name, -1, SQLITE_STATIC);
	sqlite3_bind_int(add, 2, group->auto_accept);
	sqlite3_bind_int(add, 3, (int)group->crls);
	sqlite3_bind_int64(add, 4, group->updated);
	enum store_status status = store_db_run(store, add);

	if (status == STORE_OK)
		*ret_id = (uint64_t)sqlite3_last_insert_rowid(store->db);
	return status;
}

enum store_status store_group_set(struct store *store, const struct store_group *group)
{
	sqlite3_stmt *set = store_db_statement(store, SQL_GROUP_SET);

	if (!set)
		return store_db_last(store);
	sqlite3_bind_int64(set, 1, (int64_t)group->id);
	sqlite3_bind_int(set, 2, group->auto_accept);
	sqlite3_bind_int(set, 3, (int)group->crls);
	return store_db_changed_one(store, store_db_run(store, set));
}

enum store_status store_group_delete(struct store *store, uint64_t id)
{
	return store_db_changed_one(store, store_db_run_with_id(store, SQL_GROUP_DELETE, id));
}

enum store_status store_group_touch(struct store *store, uint64_t id, int64_t now)
{
	sqlite3_stmt *touch = store_db_statement(store, SQL_GROUP_TOUCH);

	if (!touch)
		return store_db_last(store);
	sqlite3_bind_int64(touch, 1, (int64_t)id);
	sqlite3_bind_int64(touch, 2, now);
	return store_db_changed_one(store, store_db_run(store, touch));
}

enum store_status store_trust_add(struct store *store, const struct store_trust *entry)
{
	sqlite3_stmt *add = store_db_statement(store, SQL_TRUST_ADD);
	const struct entry_facts *facts = &entry->facts;

	if (!add)
		return store_db_last(store);
	sqlite3_bind_int64(add, 1, (int64_t)entry->group_id);
	sqlite3_bind_int(add, 2, (int)entry->list);
	sqlite3_bind_blob(add, 3, facts->fingerprint, sizeof facts->fingerprint, SQLITE_STATIC);
	sqlite3_bind_int(add, 4, facts->is_ca);
	sqlite3_bind_text(add, 5, facts->subject, -1, SQLITE_STATIC);
	sqlite3_bind_text(add, 6, facts->issuer, -1, SQLITE_STATIC);
	sqlite3_bind_text(add, 7, facts->serial, -1, SQLITE_STATIC);
	sqlite3_bind_int64(add, 8, facts->from);
	sqlite3_bind_int64(add, 9, facts->until);
	sqlite3_bind_int64(add, 10, (int64_t)facts->revocations);
	sqlite3_bind_int64(add, 11, facts->name_hash);
	sqlite3_bind_int64(add, 12, entry->added);
	sqlite3_bind_int64(add, 13, entry->added_by);
	sqlite3_bind_int(add, 14, entry->auto_accepted);
	sqlite3_bind_blob(add, 15, entry->der, (int)entry->der_len, SQLITE_STATIC);
	return store_db_run(store, add);
}

static void read_trust(sqlite3_stmt *row, struct store_trust *entry)
{
	struct entry_facts *facts = &entry->facts;

	entry->id = (uint64_t)sqlite3_column_int64(row, COL_ID);
	entry->group_id = (uint64_t)sqlite3_column_int64(row, COL_GROUP);
	entry->list = (enum store_list)sqlite3_column_int(row, COL_LIST);
	store_db_fingerprint(row, COL_FINGERPRINT, facts->fingerprint);
	facts->is_crl = entry->list == STORE_TRUSTED_CRLS || entry->list == STORE_ISSUER_CRLS;
	facts->is_ca = sqlite3_column_int(row, COL_IS_CA) != 0;
	store_db_text(row, COL_SUBJECT, facts->subject, sizeof facts->subject);
	store_db_text(row, COL_ISSUER, facts->issuer, sizeof facts->issuer);
	store_db_text(row, COL_SERIAL, facts->serial, sizeof facts->serial);
	facts->from = sqlite3_column_int64(row, COL_FROM);
	facts->until = sqlite3_column_int64(row, COL_UNTIL);
	facts->revocations = (uint64_t)sqlite3_column_int64(row, COL_REVOCATIONS);
	facts->name_hash = (uint32_t)sqlite3_column_int64(row, COL_NAME_HASH);
	entry->added = sqlite3_column_int64(row, COL_ADDED);
	entry->added_by = (uint32_t)sqlite3_column_int64(row, COL_ADDED_BY);
	entry->auto_accepted = sqlite3_column_int(row, COL_AUTO) != 0;
}

enum store_status store_trust_get(struct store *store, uint64_t group_id, enum store_list list,
				  const uint8_t fingerprint[32], struct store_trust *ret_entry)
{
	sqlite3_stmt *row = store_db_statement(store, SQL_TRUST_GET);
	struct store_trust entry = {0};
	uint8_t *der = NULL;
	int more = SQLITE_OK;

	if (!row)
		return store_db_last(store);
	sqlite3_bind_int64(row, 1, (int64_t)group_id);
	sqlite3_bind_int(row, 2, (int)list);
	sqlite3_bind_blob(row, 3, fingerprint, 32, SQLITE_STATIC);
	int result = sqlite3_step(row);
	bool is_found = result == SQLITE_ROW;

	if (is_found) {
		read_trust(row, &entry);
		more = store_db_blob_to(row, COL_DER, ENTRY_CRL_MAX, &der, &entry.der_len);
		entry.der = der;
	}
	enum store_status status = store_db_finish(store, row, result);

	if (status == STORE_OK)
		status = is_found ? store_db_status(store, more) : STORE_NOT_FOUND;
	if (status == STORE_OK)
		*ret_entry = entry;
	else
		store_trust_wipe(&entry);
	return status;
}

enum store_status store_trust_remove(struct store *store, uint64_t id)
{
	return store_db_changed_one(store, store_db_run_with_id(store, SQL_TRUST_REMOVE, id));
}

enum store_status store_trust_clear(struct store *store, uint64_t group_id, enum store_list list)
{
	sqlite3_stmt *clear = store_db_statement(store, SQL_TRUST_CLEAR);

	if (!clear)
		return store_db_last(store);
	sqlite3_bind_int64(clear, 1, (int64_t)group_id);
	sqlite3_bind_int(clear, 2, (int)list);
	return store_db_run(store, clear);
}

enum store_status store_trust_count(struct store *store, uint64_t *ret_count)
{
	return count(store, SQL_TRUST_COUNT, 0, ret_count);
}

enum store_status store_trust_count_auto(struct store *store, uint64_t group_id,
					 uint64_t *ret_count)
{
	return count(store, SQL_TRUST_COUNT_AUTO, group_id, ret_count);
}

static enum store_status each_entry(struct store *store, sqlite3_stmt *rows, bool with_der,
				    bool (*each)(const struct store_trust *entry, void *user),
				    void *user)
{
	int result;

	while ((result = sqlite3_step(rows)) == SQLITE_ROW) {
		struct store_trust entry = {0};

		read_trust(rows, &entry);
		if (with_der) {
			entry.der = sqlite3_column_blob(rows, COL_DER);
			entry.der_len = (size_t)sqlite3_column_bytes(rows, COL_DER);
		}
		if (!each(&entry, user))
			break;
	}
	return store_db_finish(store, rows, result);
}

enum store_status store_trust_list(struct store *store, uint64_t group_id, enum store_list list,
				   uint64_t after,
				   bool (*each)(const struct store_trust *entry, void *user),
				   void *user)
{
	sqlite3_stmt *rows = store_db_statement(store, SQL_TRUST_LIST);

	if (!rows)
		return store_db_last(store);
	sqlite3_bind_int64(rows, 1, (int64_t)group_id);
	sqlite3_bind_int(rows, 2, (int)list);
	sqlite3_bind_int64(rows, 3, (int64_t)after);
	return each_entry(store, rows, false, each, user);
}

enum store_status store_trust_named(struct store *store, uint64_t group_id, uint32_t name_hash,
				    bool (*each)(const struct store_trust *entry, void *user),
				    void *user)
{
	sqlite3_stmt *rows = store_db_statement(store, SQL_TRUST_NAMED);

	if (!rows)
		return store_db_last(store);
	sqlite3_bind_int64(rows, 1, (int64_t)group_id);
	sqlite3_bind_int64(rows, 2, name_hash);
	return each_entry(store, rows, true, each, user);
}
