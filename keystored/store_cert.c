#include "store_cert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_db.h"

/* As store_sql_base.c's CERT_COLUMNS. */
enum {
	COL_ID,
	COL_KIND,
	COL_PROFILE,
	COL_CREATED,
	COL_CREATED_BY,
	COL_VERSION,
	COL_STATE,
	COL_KEY_ID,
	COL_ISSUER_ID,
	COL_SUBJECT,
	COL_COMMON_NAME,
	COL_ISSUER,
	COL_SERIAL,
	COL_NOT_BEFORE,
	COL_NOT_AFTER,
	COL_HASH,
	COL_PADDING,
	COL_SIGNATURE_ALGORITHM,
	COL_FINGERPRINT,
	COL_SPKI_FINGERPRINT,
	COL_VERSION_CREATED,
	COL_KEY_NAME,
	COL_KEY_ALGORITHM,
	COL_KEY_ORIGIN,
	COL_REVOKED_AT,
	COL_REVOKED_FOR,
	COL_REQUEST_CREATED,
	COL_KEY_TYPE,
	COL_DER,
	COL_ASKED_SUBJECT,
	COL_ASKED_NAMES,
};

void store_cert_wipe(struct store_cert *cert)
{
	free(cert->der);
	free(cert->subject);
	free(cert->names);
	*cert = (struct store_cert){0};
}

static void bind_text(sqlite3_stmt *statement, int at, const char *text)
{
	sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC);
}

static enum store_status add_version(struct store *store, const struct store_cert *cert,
				     uint64_t id)
{
	sqlite3_stmt *add = store_db_statement(store, SQL_CERT_VERSION_ADD);
	const struct cert_facts *facts = &cert->facts;

	if (!add)
		return store_db_last(store);
	sqlite3_bind_int64(add, 1, (int64_t)id);
	/* What is not bound is NULL. */
	if (cert->key_id)
		sqlite3_bind_int64(add, 2, (int64_t)cert->key_id);
	if (!cert->issuer_is_elsewhere)
		sqlite3_bind_int64(add, 3, (int64_t)(cert->issuer_id ? cert->issuer_id : id));
	bind_text(add, 4, facts->subject);
	bind_text(add, 5, facts->common_name);
	bind_text(add, 6, facts->issuer);
	bind_text(add, 7, facts->serial);
	sqlite3_bind_int64(add, 8, facts->not_before);
	sqlite3_bind_int64(add, 9, facts->not_after);
	sqlite3_bind_int(add, 10, (int)cert->hash);
	sqlite3_bind_int(add, 11, (int)cert->padding);
	bind_text(add, 12, facts->signature_algorithm);
	sqlite3_bind_blob(add, 13, facts->fingerprint, sizeof facts->fingerprint, SQLITE_STATIC);
	sqlite3_bind_blob(add, 14, facts->spki_fingerprint, sizeof facts->spki_fingerprint,
			  SQLITE_STATIC);
	sqlite3_bind_int64(add, 15, cert->version_created);
	sqlite3_bind_blob(add, 16, cert->der, (int)cert->der_len, SQLITE_STATIC);
	bind_text(add, 17, facts->key_type);
	return store_db_run(store, add);
}

enum store_status store_cert_add(struct store *store, const struct store_cert *cert,
				 uint64_t *ret_id)
{
	sqlite3_stmt *add = store_db_statement(store, SQL_CERT_ADD);

	if (!add)
		return store_db_last(store);
	sqlite3_bind_int(add, 1, (int)cert->kind);
	sqlite3_bind_int(add, 2, (int)cert->profile);
	bind_text(add, 3, cert->subject);
	/* A NULL pointer would bind NULL, and no names are names too. */
	sqlite3_bind_blob(add, 4, cert->names ? (const void *)cert->names : "",
			  (int)cert->names_len, SQLITE_STATIC);
	sqlite3_bind_int64(add, 5, cert->created);
	sqlite3_bind_int64(add, 6, cert->created_by);
	enum store_status status = store_db_run(store, add);
	uint64_t id = (uint64_t)sqlite3_last_insert_rowid(store->db);

	if (status == STORE_OK)
		status = add_version(store, cert, id);
	if (status == STORE_OK)
		*ret_id = id;
	return status;
}

enum store_status store_cert_renew(struct store *store, const struct store_cert *cert)
{
	enum store_status status = store_db_run_with_id(store, SQL_CERT_SUPERSEDE, cert->id);
	sqlite3_stmt *renew = store_db_statement(store, SQL_CERT_RENEW);

	if (!renew)
		return store_db_last(store);
	if (status == STORE_OK) {
		sqlite3_bind_int64(renew, 1, (int64_t)cert->id);
		if (cert->names)
			sqlite3_bind_blob(renew, 2, cert->names, (int)cert->names_len,
					  SQLITE_STATIC);
		status = store_db_changed_one(store, store_db_run(store, renew));
	}
	return status == STORE_OK ? add_version(store, cert, cert->id) : status;
}

enum store_status store_cert_delete(struct store *store, uint64_t id)
{
	enum store_status status = store_db_run_with_id(store, SQL_CERT_DELETE_VERSIONS, id);

	if (status == STORE_OK)
		status = store_db_run_with_id(store, SQL_CERT_DELETE_REQUEST, id);
	if (status == STORE_OK)
		status = store_db_run_with_id(store, SQL_CERT_DELETE_CRL, id);
	if (status == STORE_OK)
		status = store_db_run_with_id(store, SQL_CERT_DELETE_REVOCATIONS, id);
	if (status == STORE_OK)
		status = store_db_run_with_id(store, SQL_CERT_DELETE_RENEWAL, id);
	if (status == STORE_OK)
		status = store_db_run_with_id(store, SQL_CERT_DELETE, id);
	return store_db_changed_one(store, status);
}

static void read_row(sqlite3_stmt *row, struct store_cert *cert)
{
	struct cert_facts *facts = &cert->facts;

	cert->id = (uint64_t)sqlite3_column_int64(row, COL_ID);
	cert->kind = (enum store_cert_kind)sqlite3_column_int(row, COL_KIND);
	cert->profile = (enum profile_id)sqlite3_column_int(row, COL_PROFILE);
	cert->created = sqlite3_column_int64(row, COL_CREATED);
	cert->created_by = (uint32_t)sqlite3_column_int64(row, COL_CREATED_BY);
	cert->version = (uint32_t)sqlite3_column_int64(row, COL_VERSION);
	cert->state = (enum store_cert_state)sqlite3_column_int(row, COL_STATE);
	cert->key_id = (uint64_t)sqlite3_column_int64(row, COL_KEY_ID);
	cert->issuer_id = (uint64_t)sqlite3_column_int64(row, COL_ISSUER_ID);
	cert->hash = (enum tpm_hash)sqlite3_column_int(row, COL_HASH);
	cert->padding = (enum tpm_padding)sqlite3_column_int(row, COL_PADDING);
	cert->version_created = sqlite3_column_int64(row, COL_VERSION_CREATED);
	cert->key_algorithm = (uint32_t)sqlite3_column_int64(row, COL_KEY_ALGORITHM);
	cert->revoked_at = sqlite3_column_int64(row, COL_REVOKED_AT);
	cert->revoked_for = (unsigned)sqlite3_column_int(row, COL_REVOKED_FOR);
	cert->request_created = sqlite3_column_int64(row, COL_REQUEST_CREATED);
	cert->key_origin = (uint32_t)sqlite3_column_int64(row, COL_KEY_ORIGIN);
	store_db_text(row, COL_KEY_NAME, cert->key_name, sizeof cert->key_name);
	store_db_text(row, COL_SUBJECT, facts->subject, sizeof facts->subject);
	store_db_text(row, COL_COMMON_NAME, facts->common_name, sizeof facts->common_name);
	store_db_text(row, COL_ISSUER, facts->issuer, sizeof facts->issuer);
	store_db_text(row, COL_SERIAL, facts->serial, sizeof facts->serial);
	store_db_text(row, COL_SIGNATURE_ALGORITHM, facts->signature_algorithm,
		      sizeof facts->signature_algorithm);
	store_db_text(row, COL_KEY_TYPE, facts->key_type, sizeof facts->key_type);
	facts->not_before = sqlite3_column_int64(row, COL_NOT_BEFORE);
	facts->not_after = sqlite3_column_int64(row, COL_NOT_AFTER);
	facts->is_ca = cert->kind == STORE_CERT_CA;
	store_db_fingerprint(row, COL_FINGERPRINT, facts->fingerprint);
	store_db_fingerprint(row, COL_SPKI_FINGERPRINT, facts->spki_fingerprint);
}

/* The result, as SQLite's: OK, NOMEM or CORRUPT. */
static int read_rest(sqlite3_stmt *row, struct store_cert *cert)
{
	const unsigned char *subject = sqlite3_column_text(row, COL_ASKED_SUBJECT);
	int result = SQLITE_OK;

	if (cert->version)
		result = store_db_blob(row, COL_DER, &cert->der, &cert->der_len);
	cert->subject = subject ? strdup((const char *)subject) : NULL;
	if (result == SQLITE_OK && sqlite3_column_bytes(row, COL_ASKED_NAMES) > 0)
		result = store_db_blob(row, COL_ASKED_NAMES, &cert->names, &cert->names_len);
	return result == SQLITE_OK && !cert->subject ? SQLITE_NOMEM : result;
}

/* The one certificate that @sql brings for @id. */
static enum store_status get(struct store *store, enum store_sql sql, uint64_t id,
			     struct store_cert *ret_cert)
{
	sqlite3_stmt *row = store_db_statement(store, sql);
	struct store_cert cert = {0};
	int more = SQLITE_OK;

	if (!row)
		return store_db_last(store);
	sqlite3_bind_int64(row, 1, (int64_t)id);
	int result = sqlite3_step(row);
	bool is_found = result == SQLITE_ROW;

	if (is_found) {
		read_row(row, &cert);
		more = read_rest(row, &cert);
	}
	enum store_status status = store_db_finish(store, row, result);

	if (status == STORE_OK)
		status = is_found ? store_db_status(store, more) : STORE_NOT_FOUND;
	if (status == STORE_OK)
		*ret_cert = cert;
	else
		store_cert_wipe(&cert);
	return status;
}

enum store_status store_cert_get(struct store *store, uint64_t id, struct store_cert *ret_cert)
{
	return get(store, SQL_CERT_GET, id, ret_cert);
}

enum store_status store_cert_next(struct store *store, uint64_t after, struct store_cert *ret_cert)
{
	return get(store, SQL_CERT_NEXT, after, ret_cert);
}

static enum store_status each_row(struct store *store, sqlite3_stmt *rows,
				  bool (*each)(const struct store_cert *cert, void *user),
				  void *user)
{
	int result;

	while ((result = sqlite3_step(rows)) == SQLITE_ROW) {
		struct store_cert cert = {0};

		read_row(rows, &cert);
		if (!each(&cert, user))
			break;
	}
	return store_db_finish(store, rows, result);
}

enum store_status store_cert_list(struct store *store, uint64_t after, unsigned kind,
				  const struct peer *peer,
				  bool (*each)(const struct store_cert *cert, void *user),
				  void *user)
{
	sqlite3_stmt *rows =
		store_db_statement(store, peer ? SQL_CERT_LIST_GRANTED : SQL_CERT_LIST);

	if (!rows)
		return store_db_last(store);
	sqlite3_bind_int64(rows, 1, (int64_t)after);
	sqlite3_bind_int64(rows, 2, kind);
	if (peer) {
		char *groups = store_db_groups(peer);

		if (!groups)
			return store_db_status(store, SQLITE_NOMEM);
		sqlite3_bind_int64(rows, 3, peer->uid);
		sqlite3_bind_text(rows, 4, groups, -1, free);
	}
	return each_row(store, rows, each, user);
}

enum store_status store_cert_history(struct store *store, uint64_t id,
				     bool (*each)(const struct store_cert *cert, void *user),
				     void *user)
{
	sqlite3_stmt *rows = store_db_statement(store, SQL_CERT_HISTORY);

	if (!rows)
		return store_db_last(store);
	sqlite3_bind_int64(rows, 1, (int64_t)id);
	return each_row(store, rows, each, user);
}

/* The one number that a bound statement brings; 0, NULL or no row: NOT_FOUND. */
static enum store_status find_bound(struct store *store, sqlite3_stmt *row, uint64_t *ret_id)
{
	int result = sqlite3_step(row);
	uint64_t found = result == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(row, 0) : 0;
	enum store_status status = store_db_finish(store, row, result);

	if (status != STORE_OK)
		return status;
	if (!found)
		return STORE_NOT_FOUND;
	*ret_id = found;
	return STORE_OK;
}

static enum store_status find(struct store *store, enum store_sql sql, uint64_t id,
			      uint64_t *ret_id)
{
	sqlite3_stmt *row = store_db_statement(store, sql);

	if (!row)
		return store_db_last(store);
	sqlite3_bind_int64(row, 1, (int64_t)id);
	return find_bound(store, row, ret_id);
}

enum store_status store_cert_by_fingerprint(struct store *store, const uint8_t fingerprint[32],
					    uint64_t *ret_id)
{
	sqlite3_stmt *row = store_db_statement(store, SQL_CERT_BY_FINGERPRINT);

	if (!row)
		return store_db_last(store);
	sqlite3_bind_blob(row, 1, fingerprint, 32, SQLITE_STATIC);
	return find_bound(store, row, ret_id);
}

enum store_status store_cert_issued_by(struct store *store, uint64_t id, uint64_t *ret_id)
{
	return find(store, SQL_CERT_ISSUED, id, ret_id);
}

enum store_status store_cert_active_of_key(struct store *store, uint64_t key_id, uint64_t *ret_id)
{
	return find(store, SQL_CERT_ACTIVE_OF_KEY, key_id, ret_id);
}

enum store_status store_cert_of_key(struct store *store, uint64_t key_id, uint64_t *ret_id)
{
	return find(store, SQL_CERT_OF_KEY, key_id, ret_id);
}

static void key_type_of(sqlite3_context *context, int count, sqlite3_value **values)
{
	struct cert_facts facts = {0};
	const void *der = sqlite3_value_blob(values[0]);

	(void)count;
	/* What cannot be read stays as it was: of no known kind. */
	if (cert_read(der, (size_t)sqlite3_value_bytes(values[0]), &facts) == CERT_NOMEM)
		sqlite3_result_error_nomem(context);
	else
		sqlite3_result_text(context, facts.key_type, -1, SQLITE_TRANSIENT);
}

enum store_status store_cert_key_types_all(struct store *store)
{
	int result = sqlite3_create_function_v2(store->db, "key_type_of", 1,
						SQLITE_UTF8 | SQLITE_DIRECTONLY, NULL, key_type_of,
						NULL, NULL, NULL);

	if (result != SQLITE_OK)
		return store_db_status(store, result);
	return store_db_run(store, store_db_statement(store, SQL_CERT_KEY_TYPES));
}
