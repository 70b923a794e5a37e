/* Statements of keys, handles, the audit trail and certificates. Part of store_db.c's tables. */
#include "store_db.h"

#define KEY_COLUMNS                                                                                \
	"k.id, k.name, k.algorithm, k.operations, k.origin, k.created, k.created_by, k.of_ca,"     \
	" (SELECT handle FROM persistent WHERE key_id = k.id AND state = 2)"

/* As store_cert.c reads them. State 4: there is a CSR and nothing else yet. */
#define CERT_COLUMNS                                                                               \
	"c.id, c.kind, c.profile, c.created, c.created_by, coalesce(v.version, 0),"                \
	" coalesce(v.state, 4), k.id, v.issuer_id, coalesce(v.subject, c.subject),"                \
	" coalesce(v.common_name, r.common_name), v.issuer, v.serial, v.not_before, v.not_after,"  \
	" coalesce(v.hash, r.hash), coalesce(v.padding, r.padding), v.signature_algorithm,"        \
	" v.fingerprint, v.spki_fingerprint, v.created, k.name, k.algorithm, k.origin,"            \
	" v.revoked_at, v.revocation_reason, r.created, v.key_type"
#define CERT_TABLES(versions)                                                                      \
	" FROM certificate c LEFT JOIN certificate_version v ON v.certificate_id = c.id" versions  \
	" LEFT JOIN certificate_request r ON r.certificate_id = c.id"                              \
	" LEFT JOIN key k ON k.id = CASE WHEN v.version IS NULL THEN r.key_id ELSE v.key_id END"
#define CERT_CURRENT CERT_TABLES(" AND v.version = c.version")
#define CERT_LISTED  " WHERE c.id > ?1 AND (?2 = 0 OR c.kind = ?2)"
/* The keys that users of services may use: of active versions, and of former ones yet. */
#define SERVICE_KEYS                                                                               \
	" FROM service s JOIN certificate_version v ON v.certificate_id = s.certificate_id"        \
	" JOIN key k ON k.id = v.key_id WHERE NOT k.of_ca AND"                                     \
	" (v.state = 1 OR (v.state = 2 AND v.not_after > unixepoch()))"
#define GRANTED_KEYS(uid, groups)                                                                  \
	"(SELECT key_id FROM grants WHERE kind = 1 AND subject = " uid " UNION "                   \
	"SELECT key_id FROM grants WHERE kind = 2 AND subject IN"                                  \
	" (SELECT value FROM json_each(" groups "))"                                               \
	" UNION SELECT v.key_id" SERVICE_KEYS " AND (s.uid = " uid " OR s.gid IN"                  \
	" (SELECT value FROM json_each(" groups "))))"

const char *const store_sql_base[SQL_COUNT] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	[SQL_KEY_ADD] = "INSERT INTO key (id, name, algorithm, operations, origin, created,"
			" created_by, spki, tss2, auth, of_ca)"
			" VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)",
	[SQL_KEY_BY_NAME] = "SELECT " KEY_COLUMNS ", k.spki FROM key k WHERE k.name = ?1",
	[SQL_KEY_BY_ID] = "SELECT " KEY_COLUMNS ", k.spki FROM key k WHERE k.id = ?1",
	[SQL_KEY_SECRETS] = "SELECT " KEY_COLUMNS ", k.tss2, k.auth FROM key k WHERE k.id = ?1",
	[SQL_KEY_ID] = "SELECT id FROM key WHERE name = ?1",
	[SQL_KEY_DELETE] = "DELETE FROM key WHERE id = ?1",
	[SQL_KEY_LIST] = "SELECT " KEY_COLUMNS " FROM key k WHERE k.name > ?1 ORDER BY k.name",
	[SQL_KEY_LIST_GRANTED] =
		"SELECT " KEY_COLUMNS " FROM key k WHERE k.name > ?1 AND k.id IN " GRANTED_KEYS(
			"?2", "?3") " ORDER BY k.name",
	[SQL_GRANT_SET] =
		"INSERT INTO grants (key_id, kind, subject, operations) VALUES (?1,?2,?3,?4)"
		" ON CONFLICT DO UPDATE SET operations = excluded.operations",
	[SQL_GRANT_REMOVE] = "DELETE FROM grants WHERE key_id = ?1 AND kind = ?2 AND subject = ?3",
	/* By hand, and then those of the service that has a certificate for the key. */
	[SQL_GRANTS] = "SELECT kind, subject, operations, 0 FROM grants WHERE key_id = ?1"
		       " UNION ALL SELECT DISTINCT 1, s.uid, k.operations, 1" SERVICE_KEYS
		       " AND v.key_id = ?1 AND s.uid IS NOT NULL"
		       " UNION ALL SELECT DISTINCT 2, s.gid, k.operations, 1" SERVICE_KEYS
		       " AND v.key_id = ?1 AND s.gid IS NOT NULL ORDER BY 4",
	[SQL_HANDLE_ADD] =
		"INSERT INTO persistent (handle, key_id, name, state) VALUES (?1,?2,?3,?4)",
	[SQL_HANDLE_SET] = "UPDATE persistent SET state = ?2 WHERE handle = ?1",
	[SQL_HANDLE_REMOVE] = "DELETE FROM persistent WHERE handle = ?1",
	[SQL_HANDLE_OF_KEY] = "SELECT handle, key_id, name, state FROM persistent WHERE key_id = ?1"
			      " ORDER BY handle LIMIT 1",
	[SQL_HANDLE_FREE] = "SELECT handle FROM persistent WHERE handle BETWEEN ?1 AND ?2"
			    " ORDER BY handle",
	[SQL_HANDLE_LEFTOVERS] =
		"SELECT handle, key_id, name, state FROM persistent WHERE state <> 2",
	[SQL_AUDIT_ADD] =
		"INSERT INTO audit (seq, time, uid, pid, operation, object, status, detail, count,"
		" chain, user) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)",
	[SQL_AUDIT_TRIM] = "DELETE FROM audit WHERE seq <= ?1",
	[SQL_AUDIT_LIST] = "SELECT seq, time, uid, pid, operation, object, status, detail, count,"
			   " chain, user FROM audit WHERE seq > ?1 ORDER BY seq LIMIT ?2",
	[SQL_AUDIT_LIST_BACK] = "SELECT seq, time, uid, pid, operation, object, status, detail,"
				" count, chain, user FROM audit WHERE seq < ?1 AND seq > ?2"
				" ORDER BY seq DESC",
	[SQL_AUDIT_LINK] = "SELECT seq, chain FROM audit WHERE seq = ?1",
	[SQL_AUDIT_CHAIN] = "UPDATE audit SET chain = ?1 WHERE seq = ?2",
	[SQL_AUDIT_STATE] = "SELECT begin_seq, begin_chain, head_seq, head_chain, anchored"
			    " FROM audit_chain",
	[SQL_AUDIT_HEAD] = "UPDATE audit_chain SET head_seq = ?1, head_chain = ?2",
	[SQL_AUDIT_BEGIN] = "UPDATE audit_chain SET begin_seq = ?1, begin_chain = ?2",
	[SQL_AUDIT_ANCHORED] = "UPDATE audit_chain SET anchored = ?1",
	[SQL_AUDIT_AUTH] = "SELECT anchor_auth FROM audit_chain",
	[SQL_AUDIT_AUTH_SET] = "UPDATE audit_chain SET anchor_auth = ?1",
	[SQL_CERT_ADD] = "INSERT INTO certificate (kind, profile, version, subject, names, created,"
			 " created_by) VALUES (?1,?2,1,?3,?4,?5,?6)",
	[SQL_CERT_VERSION_ADD] =
		"INSERT INTO certificate_version (certificate_id, version, state, key_id,"
		" issuer_id, subject, common_name, issuer, serial, not_before, not_after, hash,"
		" padding, signature_algorithm, fingerprint, spki_fingerprint, created, der,"
		" key_type) SELECT id, version, 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,"
		" ?13, ?14, ?15, ?16, ?17 FROM certificate WHERE id = ?1",
	[SQL_CERT_KEY_TYPES] = "UPDATE certificate_version SET key_type = key_type_of(der)",
	[SQL_CERT_SUPERSEDE] =
		"UPDATE certificate_version SET state = 2 WHERE certificate_id = ?1 AND state = 1",
	[SQL_CERT_RENEW] = "UPDATE certificate SET version = version + 1,"
			   " names = coalesce(?2, names) WHERE id = ?1",
	[SQL_CERT_GET] = "SELECT " CERT_COLUMNS ", v.der, c.subject, c.names" CERT_CURRENT
			 " WHERE c.id = ?1",
	[SQL_CERT_NEXT] = "SELECT " CERT_COLUMNS ", v.der, c.subject, c.names" CERT_CURRENT
			  " WHERE c.id > ?1 ORDER BY c.id LIMIT 1",
	[SQL_CERT_LIST] = "SELECT " CERT_COLUMNS CERT_CURRENT CERT_LISTED " ORDER BY c.id",
	[SQL_CERT_LIST_GRANTED] =
		"SELECT " CERT_COLUMNS CERT_CURRENT CERT_LISTED
		" AND (c.kind <> 2 OR k.id IN " GRANTED_KEYS("?3", "?4") ") ORDER BY c.id",
	[SQL_CERT_HISTORY] =
		"SELECT " CERT_COLUMNS CERT_TABLES("") " WHERE c.id = ?1 ORDER BY v.version DESC",
	[SQL_CERT_ISSUED] = "SELECT min(certificate_id) FROM certificate_version"
			    " WHERE issuer_id = ?1 AND certificate_id <> ?1",
	[SQL_CERT_OF_KEY] =
		"SELECT min(certificate_id) FROM"
		" (SELECT certificate_id FROM certificate_version WHERE key_id = ?1"
		" UNION ALL SELECT certificate_id FROM certificate_request WHERE key_id = ?1)",
	[SQL_CERT_ACTIVE_OF_KEY] = "SELECT max(certificate_id) FROM certificate_version"
				   " WHERE key_id = ?1 AND state = 1",
	[SQL_CERT_BY_FINGERPRINT] =
		"SELECT certificate_id FROM certificate_version WHERE fingerprint = ?1",
	[SQL_CERT_DELETE_REQUEST] = "DELETE FROM certificate_request WHERE certificate_id = ?1",
	[SQL_CERT_ANNOUNCE] = "INSERT INTO certificate (kind, profile, version, subject, names,"
			      " created, created_by) VALUES (?1,?2,0,?3,?4,?5,?6)",
	[SQL_CSR_PUT] = "INSERT OR REPLACE INTO certificate_request (certificate_id, key_id,"
			" common_name, hash, padding, created, der) VALUES (?1,?2,?3,?4,?5,?6,?7)",
	[SQL_CSR_GET] = "SELECT key_id, common_name, hash, padding, created, der"
			" FROM certificate_request WHERE certificate_id = ?1",
	[SQL_ISSUER_CANDIDATES] =
		"SELECT v.certificate_id, v.version, v.der FROM certificate_version v JOIN"
		" certificate c ON c.id = v.certificate_id WHERE v.subject = ?1 AND c.kind = 1"
		" ORDER BY v.state, v.certificate_id, v.version DESC LIMIT 64",
	[SQL_ISSUER_ORPHANS] = "SELECT certificate_id, version, der FROM certificate_version"
			       " WHERE issuer = ?1 AND issuer_id IS NULL"
			       " AND certificate_id > ?2 ORDER BY certificate_id, version LIMIT 64",
	[SQL_ISSUER_LINK] = "UPDATE OR IGNORE certificate_version SET issuer_id = ?3"
			    " WHERE certificate_id = ?1 AND version = ?2 AND issuer_id IS NULL",
	[SQL_KEY_BY_SPKI] = "SELECT id FROM key WHERE spki = ?1",
	[SQL_CERT_DELETE_VERSIONS] = "DELETE FROM certificate_version WHERE certificate_id = ?1",
	[SQL_CERT_DELETE] = "DELETE FROM certificate WHERE id = ?1",
	[SQL_POOL_ADD] = "INSERT INTO key_pool (algorithm, tss2, auth) VALUES (?1,?2,?3)",
	[SQL_POOL_REMOVE] = "DELETE FROM key_pool WHERE id = ?1",
	[SQL_POOL_LIST] = "SELECT id, algorithm, tss2, auth FROM key_pool ORDER BY id",
	[SQL_POOL_ALGORITHMS] = "SELECT DISTINCT algorithm FROM key WHERE origin = 1 AND NOT of_ca",
};
