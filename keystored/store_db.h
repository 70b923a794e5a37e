/*
 * The database under the store: opening, schema, statements. Hides SQLite's result codes.
 * For store*.c only.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <sqlite3.h>

#include "store.h"

enum store_sql {
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_KEY_ADD,
	SQL_KEY_BY_NAME,
	SQL_KEY_BY_ID,
	SQL_KEY_SECRETS,
	SQL_KEY_ID,
	SQL_KEY_DELETE,
	SQL_KEY_LIST,
	SQL_KEY_LIST_GRANTED,
	SQL_GRANT_SET,
	SQL_GRANT_REMOVE,
	SQL_GRANTS,
	SQL_HANDLE_ADD,
	SQL_HANDLE_SET,
	SQL_HANDLE_REMOVE,
	SQL_HANDLE_OF_KEY,
	SQL_HANDLE_FREE,
	SQL_HANDLE_LEFTOVERS,
	SQL_AUDIT_ADD,
	SQL_AUDIT_TRIM,
	SQL_AUDIT_LIST,
	SQL_AUDIT_LIST_BACK,
	SQL_AUDIT_LINK,
	SQL_AUDIT_CHAIN,
	SQL_AUDIT_STATE,
	SQL_AUDIT_HEAD,
	SQL_AUDIT_BEGIN,
	SQL_AUDIT_ANCHORED,
	SQL_AUDIT_AUTH,
	SQL_AUDIT_AUTH_SET,
	SQL_CERT_ADD,
	SQL_CERT_VERSION_ADD,
	SQL_CERT_KEY_TYPES,
	SQL_CERT_SUPERSEDE,
	SQL_CERT_RENEW,
	SQL_CERT_GET,
	SQL_CERT_NEXT,
	SQL_CERT_LIST,
	SQL_CERT_LIST_GRANTED,
	SQL_CERT_HISTORY,
	SQL_CERT_ISSUED,
	SQL_CERT_OF_KEY,
	SQL_CERT_ACTIVE_OF_KEY,
	SQL_CERT_BY_FINGERPRINT,
	SQL_CERT_DELETE_REQUEST,
	SQL_CERT_ANNOUNCE,
	SQL_CSR_PUT,
	SQL_CSR_GET,
	SQL_ISSUER_CANDIDATES,
	SQL_ISSUER_ORPHANS,
	SQL_ISSUER_LINK,
	SQL_KEY_BY_SPKI,
	SQL_CERT_DELETE_VERSIONS,
	SQL_CERT_DELETE,
	SQL_GROUP_BY_NAME,
	SQL_GROUP_BY_ID,
	SQL_GROUP_LIST,
	SQL_GROUP_ENTRIES,
	SQL_GROUP_COUNT,
	SQL_GROUP_ADD,
	SQL_GROUP_SET,
	SQL_GROUP_DELETE,
	SQL_GROUP_TOUCH,
	SQL_TRUST_ADD,
	SQL_TRUST_GET,
	SQL_TRUST_REMOVE,
	SQL_TRUST_CLEAR,
	SQL_TRUST_COUNT,
	SQL_TRUST_COUNT_AUTO,
	SQL_TRUST_LIST,
	SQL_TRUST_NAMED,
	SQL_REJECTED_ADD,
	SQL_REJECTED_TRIM,
	SQL_REJECTED_GET,
	SQL_REJECTED_DELETE,
	SQL_REJECTED_CLEAR,
	SQL_REJECTED_FORGET,
	SQL_REJECTED_LIST,
	SQL_REVOKE_LIST,
	SQL_REVOKE_SET,
	SQL_REVOKE_LISTED_BY,
	SQL_REVOKE_IF_LISTED,
	SQL_CERT_DELETE_CRL,
	SQL_CERT_DELETE_REVOCATIONS,
	SQL_CRL_GET,
	SQL_CRL_LIST,
	SQL_CRL_READ,
	SQL_CRL_CHANGES,
	SQL_CRL_ENTRIES,
	SQL_CRL_PUT,
	SQL_CRL_STALE,
	SQL_CRL_REVOKE,
	SQL_CRL_RELEASE,
	SQL_CRL_ADOPT,
	SQL_CRL_DUE,
	SQL_CLOCK_GET,
	SQL_CLOCK_SET,
	SQL_RENEWAL_GET,
	SQL_RENEWAL_SET,
	SQL_RENEWAL_WALK,
	SQL_RENEWAL_COUNT,
	SQL_CERT_DELETE_RENEWAL,
	SQL_OWN_LIST,
	SQL_OWN_CLEAR,
	SQL_OWN_ADD,
	SQL_SERVICE_BY_NAME,
	SQL_SERVICE_BY_ID,
	SQL_SERVICE_OF_CERT,
	SQL_SERVICE_OF_GROUP,
	SQL_SERVICE_OF_KEY,
	SQL_SERVICE_LIST,
	SQL_SERVICE_COUNT,
	SQL_SERVICE_ADD,
	SQL_SERVICE_SET,
	SQL_SERVICE_DELETE,
	SQL_SERVICE_KEYS,
	SQL_GROUP_GRANTS,
	SQL_SERVICE_KIND_GRANTS,
	SQL_POOL_ADD,
	SQL_POOL_REMOVE,
	SQL_POOL_LIST,
	SQL_POOL_ALGORITHMS,
	SQL_USER_ADD,
	SQL_USER_SET,
	SQL_USER_PASSWORD,
	SQL_USER_LOGGED_IN,
	SQL_USER_DELETE,
	SQL_USER_BY_NAME,
	SQL_USER_BY_ID,
	SQL_USER_LIST,
	SQL_USER_COUNT,
	SQL_USER_COUNT_WITH,
	SQL_USER_ROLES,
	SQL_USER_ROLE_ADD,
	SQL_USER_ROLES_CLEAR,
	SQL_ROLE_SET,
	SQL_ROLE_DELETE,
	SQL_ROLE_GET,
	SQL_ROLE_LIST,
	SQL_ROLE_COUNT,
	SQL_MODE_GET,
	SQL_MODE_SET,
	SQL_COUNT,
};

struct store {
	sqlite3 *db;
	sqlite3_stmt *statements[SQL_COUNT];
	uint64_t next_id;
	uint64_t key_count;
	int64_t key_change; /* of the count, in the transaction under way */
	char error[STORE_ERROR_MAX];
};

/* A statement kept prepared, without bindings. NULL: see store_db_status(). */
sqlite3_stmt *store_db_statement(struct store *store, enum store_sql sql);

/* What SQLite's last result means; sets the sentence. DONE and ROW are OK. */
[[nodiscard]] enum store_status store_db_status(struct store *store, int result);

/* Runs a bound statement that brings no rows, and resets it. */
[[nodiscard]] enum store_status store_db_run(struct store *store, sqlite3_stmt *statement);

/* Runs a statement whose one parameter is @id, and that brings no rows. */
[[nodiscard]] enum store_status store_db_run_with_id(struct store *store, enum store_sql sql,
						     uint64_t id);

/* What the statement that was just run had as @status; NOT_FOUND where it changed no row. */
[[nodiscard]] enum store_status store_db_changed_one(struct store *store, enum store_status status);

/* Ends a statement whose rows were read; @result is the last step's. */
[[nodiscard]] enum store_status store_db_finish(struct store *store, sqlite3_stmt *statement,
						int result);

/* The failure of a statement that could not be prepared. */
[[nodiscard]] enum store_status store_db_last(struct store *store);

/* A copy of a blob, the caller's. The result is SQLite's: OK, NOMEM or CORRUPT. */
int store_db_blob(sqlite3_stmt *row, int column, uint8_t **ret_bytes, size_t *ret_len);
int store_db_blob_to(sqlite3_stmt *row, int column, size_t max, uint8_t **ret_bytes,
		     size_t *ret_len);

/* Text, cut where it is too long; and 32 bytes, untouched where the column has others. */
void store_db_text(sqlite3_stmt *row, int column, char *text, size_t size);
void store_db_fingerprint(sqlite3_stmt *row, int column, uint8_t bytes[32]);

/* What stands in files of its own, beside store_db.c's. */
extern const char *const store_sql_base[SQL_COUNT];
extern const char store_schema_trust[];
extern const char *const store_sql_trust[SQL_COUNT];
extern const char store_schema_revocation[];
extern const char store_schema_renewal[];
extern const char store_schema_own[];
extern const char *const store_sql_revocation[SQL_COUNT];
extern const char store_schema_service[];
extern const char *const store_sql_service[SQL_COUNT];
extern const char store_schema_user[];
extern const char *const store_sql_user[SQL_COUNT];

/* The peer's groups as "[100,27]", for json_each(). NULL: no memory. free() it. */
char *store_db_groups(const struct peer *peer);

/* How a record that the limit of entries dropped is remembered; its chain value follows. */
#define STORE_DROPPED_OPERATION "audit drop"
#define STORE_DROPPED_FORMAT	"records up to %" PRIu64 " are no longer kept; chain value "
#define STORE_DROPPED_SCAN	"records up to %" SCNu64 " are no longer kept; chain value %n"

/* A row of SQL_AUDIT_LIST or SQL_AUDIT_LIST_BACK; borrows from it. */
void store_audit_read(sqlite3_stmt *row, struct store_record *record,
		      struct store_link *ret_stored);

/* Chains what an older version entered. In the migration's transaction. */
[[nodiscard]] enum store_status store_audit_chain_all(struct store *store);

/* Reads the kinds of keys from certificates of an older version. In the migration's transaction. */
[[nodiscard]] enum store_status store_cert_key_types_all(struct store *store);

#endif
