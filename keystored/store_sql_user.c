/* Schema and statements of users, roles and the mode. Part of store_db.c's tables. */
#include "policy.h"
#include "store_db.h"

/* As store_user.c reads them. */
#define USER_COLUMNS                                                                               \
	"u.id, u.name, u.is_disabled, u.must_change, u.created, u.created_by, u.password_set,"     \
	" u.last_login"
#define ROLE_COLUMNS                                                                               \
	"r.name, r.rights, r.predefined, (SELECT count(*) FROM user_role WHERE role_id = r.id)"

/*
 * The predefined roles' rights are sums of RIGHT_BIT(): view 2, manage keys 4, certificates 8,
 * trust 16, services 32, users 64, read audit 128, OPC UA 256, diagnostics 512, reading process
 * data 1024, writing it 2048, user pages 4096. A test compares.
 */
const char store_schema_user[] =
	"ALTER TABLE audit ADD COLUMN user TEXT NOT NULL DEFAULT '';"
	"CREATE TABLE role ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" name TEXT NOT NULL UNIQUE,"
	" rights INTEGER NOT NULL,"
	" predefined INTEGER NOT NULL);"
	"INSERT INTO role (name, rights, predefined) VALUES"
	" ('administrator', 8190, 1),"
	" ('certificate-engineer', 574, 1),"
	" ('operator', 3586, 1),"
	" ('auditor', 642, 1),"
	" ('opcua-user', 256, 1),"
	" ('web-user', 5632, 1);"
	"CREATE TABLE user ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" name TEXT NOT NULL UNIQUE,"
	" password TEXT NOT NULL,"
	" is_disabled INTEGER NOT NULL,"
	" must_change INTEGER NOT NULL,"
	" created INTEGER NOT NULL,"
	" created_by INTEGER NOT NULL,"
	" password_set INTEGER NOT NULL,"
	" last_login INTEGER NOT NULL);"
	"CREATE TABLE user_role ("
	" user_id INTEGER NOT NULL REFERENCES user(id) ON DELETE CASCADE,"
	" role_id INTEGER NOT NULL REFERENCES role(id),"
	" PRIMARY KEY (user_id, role_id)) WITHOUT ROWID;"
	"CREATE INDEX user_role_by_role ON user_role(role_id);"
	"CREATE TABLE mode (id INTEGER PRIMARY KEY CHECK (id = 1), is_project INTEGER NOT NULL);"
	"INSERT INTO mode SELECT 1, EXISTS (SELECT 1 FROM certificate WHERE kind = 1);";

const char *const store_sql_user[SQL_COUNT] = {
	[SQL_USER_ADD] = "INSERT INTO user (name, password, is_disabled, must_change, created,"
			 " created_by, password_set, last_login) VALUES (?1,?2,?3,?4,?5,?6,?7,0)",
	[SQL_USER_SET] = "UPDATE user SET is_disabled = ?2, must_change = ?3 WHERE id = ?1",
	[SQL_USER_PASSWORD] = "UPDATE user SET password = ?2, must_change = ?3, password_set = ?4"
			      " WHERE id = ?1",
	[SQL_USER_LOGGED_IN] = "UPDATE user SET last_login = ?2 WHERE id = ?1",
	[SQL_USER_DELETE] = "DELETE FROM user WHERE id = ?1",
	[SQL_USER_BY_NAME] = "SELECT " USER_COLUMNS ", u.password FROM user u WHERE u.name = ?1",
	[SQL_USER_BY_ID] = "SELECT " USER_COLUMNS ", u.password FROM user u WHERE u.id = ?1",
	[SQL_USER_LIST] = "SELECT " USER_COLUMNS " FROM user u WHERE u.name > ?1 ORDER BY u.name",
	[SQL_USER_COUNT] = "SELECT count(*) FROM user",
	[SQL_USER_COUNT_WITH] =
		"SELECT count(DISTINCT u.id) FROM user u JOIN user_role m ON m.user_id = u.id"
		" JOIN role r ON r.id = m.role_id WHERE NOT u.is_disabled AND r.rights & ?1",
	[SQL_USER_ROLES] =
		"SELECT r.name, r.rights FROM user_role m JOIN role r ON r.id = m.role_id"
		" WHERE m.user_id = ?1 ORDER BY r.id",
	[SQL_USER_ROLE_ADD] =
		"INSERT INTO user_role (user_id, role_id) SELECT ?1, id FROM role WHERE name = ?2",
	[SQL_USER_ROLES_CLEAR] = "DELETE FROM user_role WHERE user_id = ?1",
	[SQL_ROLE_SET] = "INSERT INTO role (name, rights, predefined) VALUES (?1, ?2, 0)"
			 " ON CONFLICT (name) DO UPDATE SET rights = excluded.rights",
	[SQL_ROLE_DELETE] = "DELETE FROM role WHERE name = ?1",
	[SQL_ROLE_GET] = "SELECT " ROLE_COLUMNS " FROM role r WHERE r.name = ?1",
	[SQL_ROLE_LIST] = "SELECT " ROLE_COLUMNS " FROM role r ORDER BY r.predefined DESC,"
			  " CASE r.predefined WHEN 1 THEN r.id ELSE 0 END, r.name",
	[SQL_ROLE_COUNT] = "SELECT count(*) FROM role",
	[SQL_MODE_GET] = "SELECT is_project FROM mode",
	[SQL_MODE_SET] = "UPDATE mode SET is_project = ?1",
};
