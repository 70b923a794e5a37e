/*
 * Schema and statements of revocations, CRLs, the clock, renewals and what this device is called.
 * Part of store_db.c's tables.
 */
#include "store_db.h"

#define RENEWAL_COLUMNS                                                                            \
	"n.mode, n.value, n.new_key, n.warned_version, n.warned_days, n.reported_version,"         \
	" n.addresses, n.names_note"
/* As store_revoke.c reads them. */
#define REVOKE_COLUMNS "version, state, issuer_id, serial, revocation_reason, certificate_id"
#define REVOKE_LISTED(which)                                                                       \
	"UPDATE certificate_version AS v SET state = 3, revoked_at = r.revoked,"                   \
	" revocation_reason = r.reason FROM revocation r WHERE " which                             \
	" AND r.ca_id = v.issuer_id AND r.serial = v.serial AND v.issuer_id <> v.certificate_id"   \
	" AND v.state <> 3 RETURNING " REVOKE_COLUMNS
#define CRL_COLUMNS "ca_id, number, this_update, next_update, count, length(der), covers <> changes"

/*
 * No reference to the certificate revoked: it may be deleted, and stays on the list. The list has
 * what was revoked as of the change that it covers.
 */
const char store_schema_revocation[] =
	"CREATE TABLE revocation ("
	" ca_id INTEGER NOT NULL REFERENCES certificate(id),"
	" serial TEXT NOT NULL,"
	" revoked INTEGER NOT NULL,"
	" reason INTEGER NOT NULL,"
	" PRIMARY KEY (ca_id, serial)) WITHOUT ROWID;"
	"CREATE TABLE crl ("
	" ca_id INTEGER PRIMARY KEY REFERENCES certificate(id),"
	" changes INTEGER NOT NULL DEFAULT 0,"
	" covers INTEGER NOT NULL DEFAULT -1,"
	" number BLOB NOT NULL DEFAULT x'',"
	" this_update INTEGER NOT NULL DEFAULT 0,"
	" next_update INTEGER NOT NULL DEFAULT 0,"
	" count INTEGER NOT NULL DEFAULT 0,"
	" der BLOB NOT NULL DEFAULT x'');"
	"CREATE TABLE clock (id INTEGER PRIMARY KEY CHECK (id = 1), seen INTEGER NOT NULL);";

const char store_schema_renewal[] =
	"CREATE TABLE renewal ("
	" certificate_id INTEGER PRIMARY KEY REFERENCES certificate(id),"
	" mode INTEGER NOT NULL,"
	" value INTEGER NOT NULL,"
	" new_key INTEGER NOT NULL,"
	" warned_version INTEGER NOT NULL,"
	" warned_days INTEGER NOT NULL,"
	" reported_version INTEGER NOT NULL);"
	"CREATE INDEX certificate_version_by_end ON certificate_version(not_after) WHERE state = "
	"1;";

/* No reference to certificates: it is what any of them may name. */
const char store_schema_own[] =
	"CREATE TABLE own_name ("
	" type INTEGER NOT NULL,"
	" name TEXT NOT NULL,"
	" interface TEXT NOT NULL,"
	" is_here INTEGER NOT NULL,"
	" since INTEGER NOT NULL,"
	" PRIMARY KEY (type, name)) WITHOUT ROWID;"
	"ALTER TABLE renewal ADD COLUMN addresses INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE renewal ADD COLUMN names_note TEXT NOT NULL DEFAULT '';";

const char *const store_sql_revocation[SQL_COUNT] = {
	[SQL_REVOKE_LIST] = "SELECT " REVOKE_COLUMNS
			    " FROM certificate_version WHERE certificate_id = ?1 ORDER BY version",
	[SQL_REVOKE_LISTED_BY] = REVOKE_LISTED("r.ca_id = ?1"),
	[SQL_REVOKE_IF_LISTED] = REVOKE_LISTED("v.certificate_id = ?1"),
	[SQL_REVOKE_SET] =
		"UPDATE certificate_version SET state = ?3, revoked_at = ?4, revocation_reason = ?5"
		" WHERE certificate_id = ?1 AND version = ?2",
	[SQL_CERT_DELETE_CRL] = "DELETE FROM crl WHERE ca_id = ?1",
	[SQL_CERT_DELETE_REVOCATIONS] = "DELETE FROM revocation WHERE ca_id = ?1",
	[SQL_CRL_GET] = "SELECT " CRL_COLUMNS " FROM crl WHERE ca_id = ?1",
	[SQL_CRL_LIST] = "SELECT " CRL_COLUMNS " FROM crl WHERE ca_id > ?1 ORDER BY ca_id",
	[SQL_CRL_READ] = "SELECT substr(der, ?2, ?3) FROM crl WHERE ca_id = ?1",
	[SQL_CRL_CHANGES] = "SELECT changes FROM crl WHERE ca_id = ?1",
	[SQL_CRL_ENTRIES] = "SELECT serial, revoked, reason FROM revocation WHERE ca_id = ?1",
	[SQL_CRL_PUT] = "INSERT INTO crl (ca_id, number, this_update, next_update, count, covers,"
			" der) VALUES (?1,?2,?3,?4,?5,?6,?7)"
			" ON CONFLICT DO UPDATE SET number = excluded.number,"
			" this_update = excluded.this_update, next_update = excluded.next_update,"
			" count = excluded.count, covers = excluded.covers, der = excluded.der"
			" WHERE crl.number < excluded.number",
	[SQL_CRL_STALE] = "INSERT INTO crl (ca_id, changes) VALUES (?1, 1)"
			  " ON CONFLICT DO UPDATE SET changes = changes + 1",
	[SQL_CRL_REVOKE] =
		"INSERT INTO revocation (ca_id, serial, revoked, reason) VALUES (?1,?2,?3,?4)"
		" ON CONFLICT DO UPDATE SET revoked = excluded.revoked, reason = excluded.reason",
	[SQL_CRL_RELEASE] = "DELETE FROM revocation WHERE ca_id = ?1 AND serial = ?2",
	[SQL_CRL_ADOPT] = "UPDATE crl SET number = ?2 WHERE ca_id = ?1 AND number < ?2",
	[SQL_CRL_DUE] =
		"SELECT c.id FROM certificate c JOIN certificate_version v"
		" ON v.certificate_id = c.id AND v.version = c.version"
		" LEFT JOIN crl ON crl.ca_id = c.id"
		" WHERE c.kind = 1 AND v.key_id IS NOT NULL AND (coalesce(crl.covers, -1) < 0"
		" OR crl.covers <> crl.changes OR (?1 <> 0 AND v.not_after >= ?1"
		" AND ?1 - crl.this_update >= (crl.next_update - crl.this_update) / 2))"
		" ORDER BY c.id LIMIT ?2",
	[SQL_CLOCK_GET] = "SELECT seen FROM clock",
	[SQL_CLOCK_SET] = "INSERT INTO clock (id, seen) VALUES (1, ?1)"
			  " ON CONFLICT DO UPDATE SET seen = excluded.seen",
	[SQL_RENEWAL_GET] = "SELECT " RENEWAL_COLUMNS " FROM renewal n WHERE certificate_id = ?1",
	[SQL_RENEWAL_SET] =
		"INSERT INTO renewal (certificate_id, mode, value, new_key, warned_version,"
		" warned_days, reported_version, addresses, names_note)"
		" SELECT id, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 FROM certificate WHERE id = ?1"
		" ON CONFLICT DO UPDATE SET mode = excluded.mode, value = excluded.value,"
		" new_key = excluded.new_key, warned_version = excluded.warned_version,"
		" warned_days = excluded.warned_days,"
		" reported_version = excluded.reported_version,"
		" addresses = excluded.addresses, names_note = excluded.names_note",
	[SQL_RENEWAL_WALK] =
		"SELECT c.id, c.kind, c.profile, v.version, v.key_id, v.issuer_id, v.not_before,"
		" v.not_after, v.common_name, v.subject, v.issuer, k.name, " RENEWAL_COLUMNS ","
		" (SELECT r.created FROM certificate_request r WHERE r.certificate_id = c.id),"
		" c.created, CASE WHEN c.kind = 2 AND v.key_id IS NOT NULL THEN c.names END"
		" FROM certificate c JOIN certificate_version v"
		" ON v.certificate_id = c.id AND v.version = c.version AND v.state = 1"
		" LEFT JOIN key k ON k.id = v.key_id LEFT JOIN renewal n ON n.certificate_id = c.id"
		" WHERE c.id > ?1 ORDER BY c.id LIMIT ?2",
	[SQL_RENEWAL_COUNT] = "SELECT (SELECT count(*) FROM certificate_version"
			      " WHERE state = 1 AND not_after < ?1),"
			      " (SELECT count(*) FROM certificate_version"
			      " WHERE state = 1 AND not_after >= ?1 AND not_after < ?2)",
	[SQL_OWN_LIST] = "SELECT type, name, interface, is_here, since FROM own_name",
	[SQL_OWN_CLEAR] = "DELETE FROM own_name",
	[SQL_OWN_ADD] = "INSERT INTO own_name (type, name, interface, is_here, since)"
			" VALUES (?1,?2,?3,?4,?5)",
	[SQL_CERT_DELETE_RENEWAL] = "DELETE FROM renewal WHERE certificate_id = ?1",
};
