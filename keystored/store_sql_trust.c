/* Schema and statements of trust groups and what was refused. Part of store_db.c's tables. */
#include "store_db.h"

#define GROUP_COLUMNS "g.id, g.name, g.predefined, g.auto_accept, g.crls, g.revision, g.updated"

/* As store_trust.c reads them. */
#define TRUST_COLUMNS                                                                              \
	"id, group_id, list, fingerprint, is_ca, subject, issuer, serial, valid_from, "            \
	"valid_until,"                                                                             \
	" revocations, name_hash, added, added_by, auto_accepted"

/* As store_rejected.c reads them. */
#define REJECTED_COLUMNS                                                                           \
	"r.id, r.group_id, g.name, r.fingerprint, r.subject, r.issuer, r.reason, r.sentence,"      \
	" r.first_seen, r.last_seen, r.count, r.der"                                               \
	" FROM rejected r JOIN trust_group g ON g.id = r.group_id"

const char store_schema_trust[] =
	"CREATE TABLE trust_group ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" name TEXT NOT NULL UNIQUE,"
	" predefined INTEGER NOT NULL,"
	" auto_accept INTEGER NOT NULL,"
	" crls INTEGER NOT NULL,"
	" revision INTEGER NOT NULL,"
	" updated INTEGER NOT NULL);"
	"INSERT INTO trust_group (name, predefined, auto_accept, crls, revision, updated) VALUES"
	" ('opcua', 1, 0, 0, 0, 0), ('opcua-user', 1, 0, 0, 0, 0), ('https', 1, 0, 0, 0, 0),"
	" ('ouc', 1, 0, 0, 0, 0), ('pg-hmi', 1, 0, 0, 0, 0), ('syslog', 1, 0, 0, 0, 0);"
	"CREATE TABLE trust_entry ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" group_id INTEGER NOT NULL REFERENCES trust_group(id) ON DELETE CASCADE,"
	" list INTEGER NOT NULL,"
	" fingerprint BLOB NOT NULL,"
	" is_ca INTEGER NOT NULL,"
	" subject TEXT NOT NULL,"
	" issuer TEXT NOT NULL,"
	" serial TEXT NOT NULL,"
	" valid_from INTEGER NOT NULL,"
	" valid_until INTEGER NOT NULL,"
	" revocations INTEGER NOT NULL,"
	" name_hash INTEGER NOT NULL,"
	" added INTEGER NOT NULL,"
	" added_by INTEGER NOT NULL,"
	" auto_accepted INTEGER NOT NULL,"
	" der BLOB NOT NULL,"
	" UNIQUE (group_id, list, fingerprint));"
	"CREATE INDEX trust_entry_by_name ON trust_entry(group_id, name_hash);"
	"CREATE INDEX trust_entry_auto ON trust_entry(group_id) WHERE auto_accepted;"
	"CREATE TABLE rejected ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" group_id INTEGER NOT NULL REFERENCES trust_group(id) ON DELETE CASCADE,"
	" fingerprint BLOB NOT NULL,"
	" subject TEXT NOT NULL,"
	" issuer TEXT NOT NULL,"
	" reason INTEGER NOT NULL,"
	" sentence TEXT NOT NULL,"
	" first_seen INTEGER NOT NULL,"
	" last_seen INTEGER NOT NULL,"
	" count INTEGER NOT NULL,"
	" der BLOB NOT NULL,"
	" UNIQUE (group_id, fingerprint));"
	"CREATE INDEX rejected_by_age ON rejected(last_seen);";

const char *const store_sql_trust[SQL_COUNT] = {
	[SQL_GROUP_BY_NAME] = "SELECT " GROUP_COLUMNS " FROM trust_group g WHERE g.name = ?1",
	[SQL_GROUP_BY_ID] = "SELECT " GROUP_COLUMNS " FROM trust_group g WHERE g.id = ?1",
	[SQL_GROUP_LIST] =
		"SELECT " GROUP_COLUMNS " FROM trust_group g WHERE g.name > ?1 ORDER BY g.name",
	[SQL_GROUP_ENTRIES] =
		"SELECT list, count(*) FROM trust_entry WHERE group_id = ?1 GROUP BY list",
	[SQL_GROUP_COUNT] = "SELECT count(*) FROM trust_group",
	[SQL_GROUP_ADD] = "INSERT INTO trust_group (name, predefined, auto_accept, crls, revision,"
			  " updated) VALUES (?1, 0, ?2, ?3, 0, ?4)",
	[SQL_GROUP_SET] = "UPDATE trust_group SET auto_accept = ?2, crls = ?3, revision = revision "
			  "+ 1 WHERE id = ?1",
	[SQL_GROUP_DELETE] = "DELETE FROM trust_group WHERE id = ?1",
	[SQL_GROUP_TOUCH] =
		"UPDATE trust_group SET revision = revision + 1, updated = ?2 WHERE id = ?1",
	[SQL_TRUST_ADD] = "INSERT INTO trust_entry (group_id, list, fingerprint, is_ca, subject,"
			  " issuer, serial, valid_from, valid_until, revocations, name_hash, added,"
			  " added_by, auto_accepted, der)"
			  " VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15)",
	[SQL_TRUST_GET] = "SELECT " TRUST_COLUMNS ", der FROM trust_entry"
			  /* Each list is named: without that the index ends at the group. */
			  " WHERE group_id = ?1 AND list IN (1, 2, 3, 4) AND (?2 = 0 OR list = ?2)"
			  " AND fingerprint = ?3"
			  " ORDER BY list LIMIT 1",
	[SQL_TRUST_REMOVE] = "DELETE FROM trust_entry WHERE id = ?1",
	[SQL_TRUST_CLEAR] = "DELETE FROM trust_entry WHERE group_id = ?1 AND list = ?2",
	[SQL_TRUST_COUNT] = "SELECT count(*) FROM trust_entry",
	[SQL_TRUST_COUNT_AUTO] =
		"SELECT count(*) FROM trust_entry WHERE group_id = ?1 AND auto_accepted",
	[SQL_TRUST_LIST] = "SELECT " TRUST_COLUMNS " FROM trust_entry"
			   " WHERE group_id = ?1 AND (?2 = 0 OR list = ?2) AND id > ?3 ORDER BY id",
	[SQL_TRUST_NAMED] = "SELECT " TRUST_COLUMNS ", der FROM trust_entry"
			    " WHERE group_id = ?1 AND name_hash = ?2",
	[SQL_REJECTED_ADD] =
		"INSERT INTO rejected (group_id, fingerprint, subject, issuer, reason, sentence,"
		" first_seen, last_seen, count, der) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)"
		" ON CONFLICT (group_id, fingerprint) DO UPDATE SET reason = excluded.reason,"
		" sentence = excluded.sentence, last_seen = excluded.last_seen,"
		" count = count + excluded.count RETURNING id",
	[SQL_REJECTED_TRIM] = "DELETE FROM rejected WHERE id IN (SELECT id FROM rejected"
			      " ORDER BY last_seen DESC, id DESC LIMIT -1 OFFSET ?1)",
	[SQL_REJECTED_GET] = "SELECT " REJECTED_COLUMNS " WHERE r.id = ?1",
	[SQL_REJECTED_DELETE] = "DELETE FROM rejected WHERE id = ?1",
	[SQL_REJECTED_CLEAR] = "DELETE FROM rejected WHERE ?1 = 0 OR group_id = ?1",
	[SQL_REJECTED_FORGET] = "DELETE FROM rejected WHERE group_id = ?1 AND fingerprint = ?2",
	[SQL_REJECTED_LIST] = "SELECT " REJECTED_COLUMNS
			      " WHERE (?1 = 0 OR r.group_id = ?1) AND r.id > ?2 ORDER BY r.id",
};
