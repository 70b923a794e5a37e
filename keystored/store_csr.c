#include "store_csr.h"

#include <stdlib.h>

#include "store_db.h"

void store_csr_wipe(struct store_csr *csr)
{
	free(csr->der);
	*csr = (struct store_csr){0};
}

enum store_status store_csr_announce(struct store *store, const struct store_cert *cert,
				     uint64_t *ret_id)
{
	sqlite3_stmt *add = store_db_statement(store, SQL_CERT_ANNOUNCE);

	if (!add)
		return store_db_last(store);
	sqlite3_bind_int(add, 1, (int)cert->kind);
	sqlite3_bind_int(add, 2, (int)cert->profile);
	sqlite3_bind_text(add, 3, cert->subject, -1, SQLITE_STATIC);
	/* A NULL pointer would bind NULL, and no names are names too. */
	sqlite3_bind_blob(add, 4, cert->names ? (const void *)cert->names : "",
			  (int)cert->names_len, SQLITE_STATIC);
	sqlite3_bind_int64(add, 5, cert->created);
	sqlite3_bind_int64(add, 6, cert->created_by);
	enum store_status status = store_db_run(store, add);

	if (status == STORE_OK)
		*ret_id = (uint64_t)sqlite3_last_insert_rowid(store->db);
	return status;
}

enum store_status store_csr_put(struct store *store, const struct store_csr *csr)
{
	sqlite3_stmt *put = store_db_statement(store, SQL_CSR_PUT);

	if (!put)
		return store_db_last(store);
	sqlite3_bind_int64(put, 1, (int64_t)csr->cert_id);
	sqlite3_bind_int64(put, 2, (int64_t)csr->key_id);
	sqlite3_bind_text(put, 3, csr->common_name, -1, SQLITE_STATIC);
	sqlite3_bind_int(put, 4, (int)csr->hash);
	sqlite3_bind_int(put, 5, (int)csr->padding);
	sqlite3_bind_int64(put, 6, csr->created);
	sqlite3_bind_blob(put, 7, csr->der, (int)csr->der_len, SQLITE_STATIC);
	return store_db_run(store, put);
}

enum store_status store_csr_get(struct store *store, uint64_t cert_id, struct store_csr *ret_csr)
{
	sqlite3_stmt *row = store_db_statement(store, SQL_CSR_GET);
	struct store_csr csr = {.cert_id = cert_id};
	int more = SQLITE_OK;

	if (!row)
		return store_db_last(store);
	sqlite3_bind_int64(row, 1, (int64_t)cert_id);
	int result = sqlite3_step(row);
	bool is_found = result == SQLITE_ROW;

	if (is_found) {
		csr.key_id = (uint64_t)sqlite3_column_int64(row, 0);
		store_db_text(row, 1, csr.common_name, sizeof csr.common_name);
		csr.hash = (enum tpm_hash)sqlite3_column_int(row, 2);
		csr.padding = (enum tpm_padding)sqlite3_column_int(row, 3);
		csr.created = sqlite3_column_int64(row, 4);
		more = store_db_blob(row, 5, &csr.der, &csr.der_len);
	}
	enum store_status status = store_db_finish(store, row, result);

	if (status == STORE_OK)
		status = is_found ? store_db_status(store, more) : STORE_NOT_FOUND;
	if (status == STORE_OK)
		*ret_csr = csr;
	else
		store_csr_wipe(&csr);
	return status;
}

enum store_status store_csr_remove(struct store *store, uint64_t cert_id)
{
	return store_db_run_with_id(store, SQL_CERT_DELETE_REQUEST, cert_id);
}
