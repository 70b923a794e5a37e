/* Schema and statements of services. Part of store_db.c's tables. */
#include "store_db.h"

/* As store_service.c reads them. */
#define SERVICE_COLUMNS                                                                            \
	"s.id, s.name, s.kind, s.certificate_id, s.group_id, s.uid, s.gid, s.revision, s.updated," \
	" g.name, v.common_name, v.key_id FROM service s"                                          \
	" LEFT JOIN trust_group g ON g.id = s.group_id"                                            \
	" LEFT JOIN certificate c ON c.id = s.certificate_id"                                      \
	" LEFT JOIN certificate_version v ON v.certificate_id = c.id AND v.version = c.version"

const char store_schema_service[] = "CREATE TABLE service ("
				    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
				    " name TEXT NOT NULL UNIQUE,"
				    " kind INTEGER NOT NULL,"
				    " certificate_id INTEGER UNIQUE REFERENCES certificate(id),"
				    " group_id INTEGER REFERENCES trust_group(id),"
				    " uid INTEGER,"
				    " gid INTEGER,"
				    " revision INTEGER NOT NULL,"
				    " updated INTEGER NOT NULL);"
				    "CREATE INDEX service_by_group ON service(group_id);";

const char *const store_sql_service[SQL_COUNT] = {
	[SQL_SERVICE_BY_NAME] = "SELECT " SERVICE_COLUMNS " WHERE s.name = ?1",
	[SQL_SERVICE_BY_ID] = "SELECT " SERVICE_COLUMNS " WHERE s.id = ?1",
	[SQL_SERVICE_OF_CERT] = "SELECT " SERVICE_COLUMNS " WHERE s.certificate_id = ?1",
	[SQL_SERVICE_OF_GROUP] =
		"SELECT " SERVICE_COLUMNS " WHERE s.group_id = ?1 ORDER BY s.name LIMIT 1",
	[SQL_SERVICE_OF_KEY] =
		"SELECT " SERVICE_COLUMNS " WHERE s.certificate_id IN (SELECT certificate_id FROM"
		" certificate_version WHERE key_id = ?1 AND state IN (1, 2))"
		" ORDER BY s.name LIMIT 1",
	[SQL_SERVICE_LIST] = "SELECT " SERVICE_COLUMNS " WHERE s.name > ?1 ORDER BY s.name",
	[SQL_SERVICE_COUNT] = "SELECT count(*) FROM service",
	[SQL_SERVICE_ADD] = "INSERT INTO service (name, kind, certificate_id, group_id, uid, gid,"
			    " revision, updated) VALUES (?1,?2,?3,?4,?5,?6,1,?7)",
	[SQL_SERVICE_SET] =
		"UPDATE service SET kind = ?2, certificate_id = ?3, group_id = ?4, uid = ?5,"
		" gid = ?6, updated = ?7, revision = revision + 1 WHERE id = ?1",
	[SQL_SERVICE_DELETE] = "DELETE FROM service WHERE id = ?1",
	[SQL_SERVICE_KEYS] =
		"SELECT DISTINCT key_id FROM certificate_version"
		" WHERE certificate_id = ?1 AND state IN (1, 2) AND key_id IS NOT NULL",
	[SQL_GROUP_GRANTS] =
		"SELECT 1, uid FROM service WHERE group_id = ?1 AND uid IS NOT NULL UNION"
		" SELECT 2, gid FROM service WHERE group_id = ?1 AND gid IS NOT NULL",
	[SQL_SERVICE_KIND_GRANTS] =
		"SELECT 1, uid FROM service WHERE kind = ?1 AND uid IS NOT NULL UNION"
		" SELECT 2, gid FROM service WHERE kind = ?1 AND gid IS NOT NULL",
};
