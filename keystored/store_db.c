#include "store_db.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define APPLICATION_ID 0x4b535444 /* "KSTD" */
#define BUSY_MS	       100	  /* the main thread waits, so not longer */

/* Entry N takes a database of version N to N + 1. */
static const char *const migrations[] = {
	"CREATE TABLE key ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" name TEXT NOT NULL UNIQUE,"
	" algorithm INTEGER NOT NULL,"
	" operations INTEGER NOT NULL,"
	" origin INTEGER NOT NULL,"
	" created INTEGER NOT NULL,"
	" created_by INTEGER NOT NULL,"
	" spki BLOB NOT NULL,"
	" tss2 BLOB NOT NULL,"
	" auth BLOB NOT NULL);"
	"CREATE TABLE grants ("
	" key_id INTEGER NOT NULL REFERENCES key(id) ON DELETE CASCADE,"
	" kind INTEGER NOT NULL,"
	" subject INTEGER NOT NULL,"
	" operations INTEGER NOT NULL,"
	" PRIMARY KEY (key_id, kind, subject)) WITHOUT ROWID;"
	"CREATE INDEX grants_by_subject ON grants(kind, subject, key_id);"
	/* No reference to key: a handle outlives its key until the TPM has let go of it. */
	"CREATE TABLE persistent ("
	" handle INTEGER PRIMARY KEY,"
	" key_id INTEGER NOT NULL,"
	" name BLOB NOT NULL,"
	" state INTEGER NOT NULL);"
	"CREATE INDEX persistent_by_key ON persistent(key_id);"
	"CREATE TABLE audit ("
	" seq INTEGER PRIMARY KEY AUTOINCREMENT,"
	" time INTEGER NOT NULL,"
	" uid INTEGER NOT NULL,"
	" pid INTEGER NOT NULL,"
	" operation TEXT NOT NULL,"
	" object TEXT NOT NULL,"
	" status TEXT NOT NULL,"
	" detail TEXT NOT NULL,"
	" count INTEGER NOT NULL);",
	"ALTER TABLE audit ADD COLUMN chain BLOB NOT NULL DEFAULT x'';"
	"CREATE TABLE audit_chain ("
	" id INTEGER PRIMARY KEY CHECK (id = 1),"
	" begin_seq INTEGER NOT NULL," /* the last record that was dropped */
	" begin_chain BLOB NOT NULL,"
	" head_seq INTEGER NOT NULL,"
	" head_chain BLOB NOT NULL,"
	" anchored INTEGER NOT NULL,"
	" anchor_auth BLOB NOT NULL);"
	"INSERT INTO audit_chain VALUES (1, 0, zeroblob(32), 0, zeroblob(32), 0, x'');",
	/* What was asked for stays with the certificate, so that a renewal can ask the same. */
	"ALTER TABLE key ADD COLUMN of_ca INTEGER NOT NULL DEFAULT 0;"
	"CREATE TABLE certificate ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" kind INTEGER NOT NULL,"
	" profile INTEGER NOT NULL,"
	" version INTEGER NOT NULL,"
	" subject TEXT NOT NULL,"
	" names BLOB NOT NULL,"
	" created INTEGER NOT NULL,"
	" created_by INTEGER NOT NULL);"
	"CREATE TABLE certificate_version ("
	" certificate_id INTEGER NOT NULL REFERENCES certificate(id),"
	" version INTEGER NOT NULL,"
	" state INTEGER NOT NULL,"
	" key_id INTEGER NOT NULL REFERENCES key(id),"
	" issuer_id INTEGER NOT NULL REFERENCES certificate(id),"
	" subject TEXT NOT NULL,"
	" common_name TEXT NOT NULL,"
	" issuer TEXT NOT NULL,"
	" serial TEXT NOT NULL,"
	" not_before INTEGER NOT NULL,"
	" not_after INTEGER NOT NULL,"
	" hash INTEGER NOT NULL,"
	" padding INTEGER NOT NULL,"
	" signature_algorithm TEXT NOT NULL,"
	" fingerprint BLOB NOT NULL,"
	" spki_fingerprint BLOB NOT NULL,"
	" created INTEGER NOT NULL,"
	" der BLOB NOT NULL,"
	" PRIMARY KEY (certificate_id, version),"
	" UNIQUE (issuer, serial));"
	"CREATE INDEX certificate_version_by_key ON certificate_version(key_id);"
	"CREATE INDEX certificate_version_by_issuer ON certificate_version(issuer_id);",
	/*
	 * Certificates whose key or issuer is elsewhere, what was revoked, and CSRs that wait for
	 * their answer. Two CAs outside may have the same name, so that issuer and serial are
	 * unique only where the issuer is known.
	 */
	"ALTER TABLE certificate_version RENAME TO certificate_version_3;"
	"DROP INDEX certificate_version_by_key;"
	"DROP INDEX certificate_version_by_issuer;"
	"CREATE TABLE certificate_version ("
	" certificate_id INTEGER NOT NULL REFERENCES certificate(id),"
	" version INTEGER NOT NULL,"
	" state INTEGER NOT NULL,"
	" key_id INTEGER REFERENCES key(id),"
	" issuer_id INTEGER REFERENCES certificate(id),"
	" subject TEXT NOT NULL,"
	" common_name TEXT NOT NULL,"
	" issuer TEXT NOT NULL,"
	" serial TEXT NOT NULL,"
	" not_before INTEGER NOT NULL,"
	" not_after INTEGER NOT NULL,"
	" hash INTEGER NOT NULL,"
	" padding INTEGER NOT NULL,"
	" signature_algorithm TEXT NOT NULL,"
	" fingerprint BLOB NOT NULL UNIQUE,"
	" spki_fingerprint BLOB NOT NULL,"
	" created INTEGER NOT NULL,"
	" der BLOB NOT NULL,"
	" revoked_at INTEGER NOT NULL DEFAULT 0,"
	" revocation_reason INTEGER NOT NULL DEFAULT 0,"
	" PRIMARY KEY (certificate_id, version),"
	" UNIQUE (issuer_id, serial));"
	"INSERT INTO certificate_version SELECT *, 0, 0 FROM certificate_version_3;"
	"DROP TABLE certificate_version_3;"
	"CREATE INDEX certificate_version_by_key ON certificate_version(key_id);"
	"CREATE TABLE certificate_request ("
	" certificate_id INTEGER PRIMARY KEY REFERENCES certificate(id),"
	" key_id INTEGER NOT NULL REFERENCES key(id),"
	" common_name TEXT NOT NULL,"
	" hash INTEGER NOT NULL,"
	" padding INTEGER NOT NULL,"
	" created INTEGER NOT NULL,"
	" der BLOB NOT NULL);"
	"CREATE INDEX certificate_request_by_key ON certificate_request(key_id);",
	store_schema_trust,
	store_schema_revocation,
	/* By name for the issuers of what is imported, in whichever order it comes. */
	"CREATE INDEX certificate_version_by_subject ON certificate_version(subject);"
	"CREATE INDEX certificate_version_by_issuer ON certificate_version(issuer);"
	"CREATE INDEX IF NOT EXISTS key_by_spki ON key(spki);",
	store_schema_renewal,
	store_schema_service,
	store_schema_user,
	store_schema_own,
	/* Of the subject, which may have its key elsewhere. */
	"ALTER TABLE certificate_version ADD COLUMN key_type TEXT NOT NULL DEFAULT '';",
	/* Keys made ahead: nobody's, and without a name. */
	"CREATE TABLE key_pool ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" algorithm INTEGER NOT NULL,"
	" tss2 BLOB NOT NULL,"
	" auth BLOB NOT NULL);",
};

#define SCHEMA_VERSION ((int)(sizeof migrations / sizeof *migrations))

/* What SQL alone cannot do for entry N of the above, once all of them are done. */
static enum store_status (*const fills[SCHEMA_VERSION])(struct store *store) = {
	[1] = store_audit_chain_all,
	[11] = store_cert_key_types_all,
};

/* What to say of a failure; %s is SQLite's own word for it. */
static const char *const sentences[] = {
	[STORE_OK] = "",
	[STORE_NOT_FOUND] = "the database has no such entry",
	[STORE_EXISTS] = "the database has such an entry already",
	[STORE_BUSY] = "the database is locked by another program: end it, then try again",
	[STORE_READ_ONLY] = "the database cannot be written (%s): make the state directory "
			    "writable for this service",
	[STORE_FULL] = "the database cannot grow (%s): free space where the state directory is",
	[STORE_CORRUPT] = "the database is damaged (%s): restore it from a backup",
	[STORE_NEWER] = "the database was written by a newer version of keystored: install that "
			"version, or choose another state directory",
	[STORE_NOT_OURS] = "the database is another program's: choose another state directory",
	[STORE_IO] = "the database cannot be read or written (%s): see the system's log",
	[STORE_NOMEM] = "there is no memory for the database",
};

static enum store_status fail(struct store *store, enum store_status status, const char *reason)
{
	char *error = sqlite3_mprintf(sentences[status], reason);

	snprintf(store->error, sizeof store->error, "%s", error ? error : "");
	sqlite3_free(error);
	return status;
}

/* The errno of the write-ahead log or of the database; SQLite's own copy is often overwritten. */
static int io_errno(struct store *store)
{
	sqlite3_file *wal = NULL;
	int error = sqlite3_system_errno(store->db);

	if (!error)
		sqlite3_file_control(store->db, "main", SQLITE_FCNTL_LAST_ERRNO, &error);
	if (!error)
		sqlite3_file_control(store->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal);
	if (!error && wal && wal->pMethods)
		wal->pMethods->xFileControl(wal, SQLITE_FCNTL_LAST_ERRNO, &error);
	return error;
}

static enum store_status io_status(struct store *store)
{
	switch (io_errno(store)) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return STORE_FULL;
	case EROFS:
	case EACCES:
	case EPERM:
		return STORE_READ_ONLY;
	default:
		return STORE_IO;
	}
}

enum store_status store_db_status(struct store *store, int result)
{
	static const struct {
		int result;
		enum store_status status;
	} table[] = {
		{SQLITE_BUSY, STORE_BUSY},	    {SQLITE_LOCKED, STORE_BUSY},
		{SQLITE_READONLY, STORE_READ_ONLY}, {SQLITE_PERM, STORE_READ_ONLY},
		{SQLITE_FULL, STORE_FULL},	    {SQLITE_CORRUPT, STORE_CORRUPT},
		{SQLITE_NOTADB, STORE_CORRUPT},	    {SQLITE_SCHEMA, STORE_CORRUPT},
		{SQLITE_ERROR, STORE_CORRUPT},	    {SQLITE_CONSTRAINT, STORE_EXISTS},
		{SQLITE_NOMEM, STORE_NOMEM},
	};
	enum store_status status = STORE_IO;
	char reason[160];

	if (result == SQLITE_OK || result == SQLITE_DONE || result == SQLITE_ROW)
		return STORE_OK;
	snprintf(reason, sizeof reason, "%s",
		 sqlite3_errcode(store->db) == (result & 0xff) ? sqlite3_errmsg(store->db)
							       : sqlite3_errstr(result));
	if ((result & 0xff) == SQLITE_IOERR || (result & 0xff) == SQLITE_CANTOPEN)
		status = io_status(store);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		if (table[i].result == (result & 0xff))
			status = table[i].status;
	}
	/* Every constraint but a taken name or handle is our own fault, or damage. */
	if (status == STORE_EXISTS && result != SQLITE_CONSTRAINT_UNIQUE &&
	    result != SQLITE_CONSTRAINT_PRIMARYKEY && result != SQLITE_CONSTRAINT_ROWID)
		status = STORE_CORRUPT;
	return fail(store, status, reason);
}

sqlite3_stmt *store_db_statement(struct store *store, enum store_sql sql)
{
	const char *const *const tables[] = {store_sql_base, store_sql_trust, store_sql_revocation,
					     store_sql_service, store_sql_user};
	const char *text = NULL;

	for (size_t i = 0; i < sizeof tables / sizeof *tables && !text; i++)
		text = tables[i][sql];
	if (!store->statements[sql] &&
	    sqlite3_prepare_v3(store->db, text, -1, SQLITE_PREPARE_PERSISTENT,
			       &store->statements[sql], NULL) != SQLITE_OK)
		return NULL;
	return store->statements[sql];
}

enum store_status store_db_last(struct store *store)
{
	return store_db_status(store, sqlite3_extended_errcode(store->db));
}

enum store_status store_db_finish(struct store *store, sqlite3_stmt *statement, int result)
{
	enum store_status status = store_db_status(store, result);

	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return status;
}

enum store_status store_db_run(struct store *store, sqlite3_stmt *statement)
{
	if (!statement)
		return store_db_last(store);
	return store_db_finish(store, statement, sqlite3_step(statement));
}

enum store_status store_db_run_with_id(struct store *store, enum store_sql sql, uint64_t id)
{
	sqlite3_stmt *statement = store_db_statement(store, sql);

	if (!statement)
		return store_db_last(store);
	sqlite3_bind_int64(statement, 1, (int64_t)id);
	return store_db_run(store, statement);
}

enum store_status store_db_changed_one(struct store *store, enum store_status status)
{
	return status == STORE_OK && !sqlite3_changes(store->db) ? STORE_NOT_FOUND : status;
}

enum store_status store_begin(struct store *store)
{
	store->key_change = 0;
	return store_db_run(store, store_db_statement(store, SQL_BEGIN));
}

enum store_status store_commit(struct store *store)
{
	enum store_status status = store_db_run(store, store_db_statement(store, SQL_COMMIT));

	if (status == STORE_OK) {
		store->key_count = (uint64_t)((int64_t)store->key_count + store->key_change);
		store->key_change = 0;
	} else {
		store_rollback(store);
	}
	return status;
}

void store_rollback(struct store *store)
{
	char error[STORE_ERROR_MAX];

	/* SQLite rolls back by itself on some failures; the reason of the first one stays. */
	memcpy(error, store->error, sizeof error);
	if (!sqlite3_get_autocommit(store->db))
		(void)store_db_run(store, store_db_statement(store, SQL_ROLLBACK));
	memcpy(store->error, error, sizeof error);
	store->key_change = 0;
}

static enum store_status read_number(struct store *store, const char *sql, int64_t *ret_number)
{
	sqlite3_stmt *statement = NULL;
	int result = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);

	if (result == SQLITE_OK)
		result = sqlite3_step(statement);
	enum store_status status = store_db_status(store, result);

	if (status == STORE_OK)
		*ret_number = result == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
	sqlite3_finalize(statement);
	return status;
}

static enum store_status execute(struct store *store, const char *sql)
{
	return store_db_status(store, sqlite3_exec(store->db, sql, NULL, NULL, NULL));
}

static enum store_status configure(struct store *store)
{
	static const char *const pragmas[] = {
		"PRAGMA journal_mode = WAL",   "PRAGMA synchronous = FULL",
		"PRAGMA foreign_keys = ON",    "PRAGMA secure_delete = ON",
		"PRAGMA trusted_schema = OFF", "PRAGMA cache_size = -512",
		"PRAGMA temp_store = MEMORY",  "PRAGMA journal_size_limit = 4194304",
	};
	enum store_status status = STORE_OK;

	for (size_t i = 0; i < sizeof pragmas / sizeof *pragmas && status == STORE_OK; i++)
		status = execute(store, pragmas[i]);
	return status;
}

static enum store_status migrate(struct store *store, int from)
{
	char version[96];
	enum store_status status = store_begin(store);

	for (int i = from; i < SCHEMA_VERSION && status == STORE_OK; i++)
		status = execute(store, migrations[i]);
	/* With statements of this version, and so with its schema. */
	for (int i = from; i < SCHEMA_VERSION && status == STORE_OK; i++) {
		if (fills[i])
			status = fills[i](store);
	}
	snprintf(version, sizeof version, "PRAGMA application_id = %d; PRAGMA user_version = %d",
		 APPLICATION_ID, SCHEMA_VERSION);
	if (status == STORE_OK)
		status = execute(store, version);
	if (status == STORE_OK)
		return store_commit(store);
	store_rollback(store);
	return status;
}

/* Before anything is written, since a database of others is not to be touched. */
static enum store_status check_schema(struct store *store, int *ret_version)
{
	int64_t application = 0;
	int64_t version = 0;
	int64_t tables = 0;
	enum store_status status =
		read_number(store, "SELECT count(*) FROM sqlite_master", &tables);

	if (status == STORE_OK)
		status = read_number(store, "PRAGMA application_id", &application);
	if (status == STORE_OK)
		status = read_number(store, "PRAGMA user_version", &version);
	if (status != STORE_OK)
		return status;
	if (application != APPLICATION_ID && (tables || application || version))
		return fail(store, STORE_NOT_OURS, "");
	if (version > SCHEMA_VERSION)
		return fail(store, STORE_NEWER, "");
	*ret_version = (int)version;
	return STORE_OK;
}

/* Walks the index of names: damage there shows now, and the count is needed anyway. */
static enum store_status count_keys(struct store *store)
{
	int64_t count = 0;
	int64_t last = 0;
	enum store_status status = read_number(
		store, "SELECT count(*) FROM key INDEXED BY sqlite_autoindex_key_1", &count);

	if (status == STORE_OK)
		status = read_number(store, "SELECT seq FROM sqlite_sequence WHERE name = 'key'",
				     &last);
	if (status == STORE_OK) {
		store->key_count = (uint64_t)count;
		store->next_id = (uint64_t)last + 1;
	}
	return status;
}

enum store_status store_open(const char *dir, char error[STORE_ERROR_MAX], struct store **ret_store)
{
	enum store_status status = STORE_NOMEM;
	struct store *store = calloc(1, sizeof *store);
	char *path = NULL;
	int version = 0;

	if (!store || asprintf(&path, "%s/keystored.db", dir) < 0) {
		path = NULL;
		snprintf(error, STORE_ERROR_MAX, "%s", sentences[STORE_NOMEM]);
		goto out;
	}
	status = store_db_status(store,
				 sqlite3_open_v2(path, &store->db,
						 SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
							 SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW,
						 NULL));
	if (status == STORE_OK) {
		sqlite3_extended_result_codes(store->db, 1);
		sqlite3_busy_timeout(store->db, BUSY_MS);
		status = check_schema(store, &version);
	}
	if (status == STORE_OK)
		status = configure(store);
	if (status == STORE_OK && version < SCHEMA_VERSION)
		status = migrate(store, version);
	if (status == STORE_OK)
		status = count_keys(store);
	if (status != STORE_OK) {
		snprintf(error, STORE_ERROR_MAX, "%.80s/keystored.db: %s", dir, store->error);
		goto out;
	}
	*ret_store = store;
	store = NULL;
out:
	free(path);
	store_close(store);
	return status;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	for (size_t i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(store->statements[i]);
	sqlite3_close(store->db);
	free(store);
}

const char *store_error(const struct store *store)
{
	return store->error;
}
