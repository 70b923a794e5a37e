#include "store_renewal.h"

#include "store_db.h"

static void read_renewal(sqlite3_stmt *row, int at, struct store_renewal *renewal)
{
	*renewal = (struct store_renewal){
		.policy = {.mode = (enum renewal_mode)sqlite3_column_int(row, at),
			   .value = (unsigned)sqlite3_column_int(row, at + 1),
			   .new_key = sqlite3_column_int(row, at + 2) != 0,
			   .addresses = (enum renewal_addresses)sqlite3_column_int(row, at + 6)},
		.warned_version = (uint32_t)sqlite3_column_int64(row, at + 3),
		.warned_days = (unsigned)sqlite3_column_int(row, at + 4),
		.reported_version = (uint32_t)sqlite3_column_int64(row, at + 5),
	};
	store_db_text(row, at + 7, renewal->names_note, sizeof renewal->names_note);
	/* What a newer version wrote does not renew anything here. */
	if (!renewal_is_policy(&renewal->policy))
		renewal->policy = (struct renewal_policy){.mode = RENEWAL_OFF,
							  .addresses = RENEWAL_ADDRESSES_REPORT};
}

enum store_status store_renewal_get(struct store *store, uint64_t id,
				    struct store_renewal *ret_renewal)
{
	sqlite3_stmt *row = store_db_statement(store, SQL_RENEWAL_GET);
	struct store_renewal renewal = {0};

	if (!row)
		return store_db_last(store);
	sqlite3_bind_int64(row, 1, (int64_t)id);
	int result = sqlite3_step(row);

	if (result == SQLITE_ROW)
		read_renewal(row, 0, &renewal);
	enum store_status status = store_db_finish(store, row, result);

	if (status == STORE_OK)
		*ret_renewal = renewal;
	return status;
}

enum store_status store_renewal_set(struct store *store, uint64_t id,
				    const struct store_renewal *renewal)
{
	sqlite3_stmt *set = store_db_statement(store, SQL_RENEWAL_SET);

	if (!set)
		return store_db_last(store);
	sqlite3_bind_int64(set, 1, (int64_t)id);
	sqlite3_bind_int(set, 2, (int)renewal->policy.mode);
	sqlite3_bind_int(set, 3, (int)renewal->policy.value);
	sqlite3_bind_int(set, 4, renewal->policy.new_key);
	sqlite3_bind_int64(set, 5, renewal->warned_version);
	sqlite3_bind_int(set, 6, (int)renewal->warned_days);
	sqlite3_bind_int64(set, 7, renewal->reported_version);
	sqlite3_bind_int(set, 8, (int)renewal->policy.addresses);
	sqlite3_bind_text(set, 9, renewal->names_note, -1, SQLITE_STATIC);
	enum store_status status = store_db_run(store, set);

	return store_db_changed_one(store, status);
}

static void read_cert(sqlite3_stmt *row, struct store_cert *cert)
{
	*cert = (struct store_cert){
		.id = (uint64_t)sqlite3_column_int64(row, 0),
		.kind = (enum store_cert_kind)sqlite3_column_int(row, 1),
		.profile = (enum profile_id)sqlite3_column_int(row, 2),
		.version = (uint32_t)sqlite3_column_int64(row, 3),
		.state = STORE_CERT_ACTIVE,
		.key_id = (uint64_t)sqlite3_column_int64(row, 4),
		.issuer_id = (uint64_t)sqlite3_column_int64(row, 5),
	};
	cert->facts.not_before = sqlite3_column_int64(row, 6);
	cert->facts.not_after = sqlite3_column_int64(row, 7);
	cert->request_created = sqlite3_column_int64(row, 20);
	cert->created = sqlite3_column_int64(row, 21);
	cert->names = (uint8_t *)(uintptr_t)sqlite3_column_blob(row, 22);
	cert->names_len = (size_t)sqlite3_column_bytes(row, 22);
	store_db_text(row, 8, cert->facts.common_name, sizeof cert->facts.common_name);
	store_db_text(row, 9, cert->facts.subject, sizeof cert->facts.subject);
	store_db_text(row, 10, cert->facts.issuer, sizeof cert->facts.issuer);
	store_db_text(row, 11, cert->key_name, sizeof cert->key_name);
}

enum store_status store_renewal_walk(struct store *store, uint64_t after, unsigned limit,
				     store_renewal_fn *each, void *user, uint64_t *ret_last)
{
	sqlite3_stmt *rows = store_db_statement(store, SQL_RENEWAL_WALK);
	uint64_t last = after;
	int result;

	if (!rows)
		return store_db_last(store);
	sqlite3_bind_int64(rows, 1, (int64_t)after);
	sqlite3_bind_int64(rows, 2, limit);
	while ((result = sqlite3_step(rows)) == SQLITE_ROW) {
		struct store_renewal renewal;
		struct store_cert cert;

		read_cert(rows, &cert);
		read_renewal(rows, 12, &renewal);
		last = cert.id;
		if (!each(&cert, &renewal, user))
			break;
	}
	enum store_status status = store_db_finish(store, rows, result);

	if (status == STORE_OK)
		*ret_last = last;
	return status;
}

enum store_status store_renewal_count(struct store *store, int64_t now, int64_t soon,
				      uint64_t *ret_expired, uint64_t *ret_soon)
{
	sqlite3_stmt *row = store_db_statement(store, SQL_RENEWAL_COUNT);
	uint64_t expired = 0;
	uint64_t ending = 0;

	if (!row)
		return store_db_last(store);
	sqlite3_bind_int64(row, 1, now);
	sqlite3_bind_int64(row, 2, soon);
	int result = sqlite3_step(row);

	if (result == SQLITE_ROW) {
		expired = (uint64_t)sqlite3_column_int64(row, 0);
		ending = (uint64_t)sqlite3_column_int64(row, 1);
	}
	enum store_status status = store_db_finish(store, row, result);

	if (status != STORE_OK)
		return status;
	*ret_expired = expired;
	*ret_soon = ending;
	return STORE_OK;
}
