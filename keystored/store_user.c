#include "store_user.h"

#include <openssl/crypto.h>
#include <string.h>

#include "store_db.h"

/* As store_sql_user.c's USER_COLUMNS. */
enum {
	COL_ID,
	COL_NAME,
	COL_DISABLED,
	COL_MUST_CHANGE,
	COL_CREATED,
	COL_CREATED_BY,
	COL_PASSWORD_SET,
	COL_LAST_LOGIN,
	COL_PASSWORD,
};

void store_user_wipe(struct store_user *user)
{
	OPENSSL_cleanse(user, sizeof *user);
}

static enum store_status count(struct store *store, sqlite3_stmt *row, uint64_t *ret_count)
{
	int result = sqlite3_step(row);
	uint64_t found = result == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(row, 0) : 0;
	enum store_status status = store_db_finish(store, row, result);

	if (status == STORE_OK)
		*ret_count = found;
	return status;
}

static enum store_status set_roles(struct store *store, const struct store_user *user, uint64_t id)
{
	sqlite3_stmt *clear = store_db_statement(store, SQL_USER_ROLES_CLEAR);
	sqlite3_stmt *add = store_db_statement(store, SQL_USER_ROLE_ADD);
	enum store_status status;

	if (!clear || !add)
		return store_db_last(store);
	sqlite3_bind_int64(clear, 1, (int64_t)id);
	status = store_db_run(store, clear);
	for (size_t i = 0; i < user->role_count && status == STORE_OK; i++) {
		sqlite3_bind_int64(add, 1, (int64_t)id);
		sqlite3_bind_text(add, 2, user->roles[i], -1, SQLITE_STATIC);
		status = store_db_changed_one(store, store_db_run(store, add));
	}
	return status;
}

enum store_status store_user_add(struct store *store, const struct store_user *user,
				 uint64_t *ret_id)
{
	sqlite3_stmt *add = store_db_statement(store, SQL_USER_ADD);
	enum store_status status;

	if (!add)
		return store_db_last(store);
	sqlite3_bind_text(add, 1, user->name, -1, SQLITE_STATIC);
	sqlite3_bind_text(add, 2, user->password, -1, SQLITE_STATIC);
	sqlite3_bind_int(add, 3, user->is_disabled);
	sqlite3_bind_int(add, 4, user->must_change);
	sqlite3_bind_int64(add, 5, user->created);
	sqlite3_bind_int64(add, 6, user->created_by);
	sqlite3_bind_int64(add, 7, user->password_set);
	status = store_db_run(store, add);
	if (status != STORE_OK)
		return status;
	uint64_t id = (uint64_t)sqlite3_last_insert_rowid(store->db);

	status = set_roles(store, user, id);
	if (status == STORE_OK)
		*ret_id = id;
	return status;
}

enum store_status store_user_set(struct store *store, const struct store_user *user)
{
	sqlite3_stmt *set = store_db_statement(store, SQL_USER_SET);
	enum store_status status;

	if (!set)
		return store_db_last(store);
	sqlite3_bind_int64(set, 1, (int64_t)user->id);
	sqlite3_bind_int(set, 2, user->is_disabled);
	sqlite3_bind_int(set, 3, user->must_change);
	status = store_db_changed_one(store, store_db_run(store, set));
	return status == STORE_OK ? set_roles(store, user, user->id) : status;
}

enum store_status store_user_set_password(struct store *store, uint64_t id, const char *password,
					  bool must_change, int64_t now)
{
	sqlite3_stmt *set = store_db_statement(store, SQL_USER_PASSWORD);

	if (!set)
		return store_db_last(store);
	sqlite3_bind_int64(set, 1, (int64_t)id);
	sqlite3_bind_text(set, 2, password, -1, SQLITE_STATIC);
	sqlite3_bind_int(set, 3, must_change);
	sqlite3_bind_int64(set, 4, now);
	return store_db_changed_one(store, store_db_run(store, set));
}

enum store_status store_user_logged_in(struct store *store, uint64_t id, int64_t now)
{
	sqlite3_stmt *set = store_db_statement(store, SQL_USER_LOGGED_IN);

	if (!set)
		return store_db_last(store);
	sqlite3_bind_int64(set, 1, (int64_t)id);
	sqlite3_bind_int64(set, 2, now);
	return store_db_changed_one(store, store_db_run(store, set));
}

enum store_status store_user_delete(struct store *store, uint64_t id)
{
	return store_db_changed_one(store, store_db_run_with_id(store, SQL_USER_DELETE, id));
}

static void read_user(sqlite3_stmt *row, struct store_user *user)
{
	user->id = (uint64_t)sqlite3_column_int64(row, COL_ID);
	store_db_text(row, COL_NAME, user->name, sizeof user->name);
	user->is_disabled = sqlite3_column_int(row, COL_DISABLED) != 0;
	user->must_change = sqlite3_column_int(row, COL_MUST_CHANGE) != 0;
	user->created = sqlite3_column_int64(row, COL_CREATED);
	user->created_by = (uint32_t)sqlite3_column_int64(row, COL_CREATED_BY);
	user->password_set = sqlite3_column_int64(row, COL_PASSWORD_SET);
	user->last_login = sqlite3_column_int64(row, COL_LAST_LOGIN);
}

static enum store_status read_roles(struct store *store, struct store_user *user)
{
	sqlite3_stmt *rows = store_db_statement(store, SQL_USER_ROLES);
	int result;

	if (!rows)
		return store_db_last(store);
	sqlite3_bind_int64(rows, 1, (int64_t)user->id);
	while ((result = sqlite3_step(rows)) == SQLITE_ROW &&
	       user->role_count < STORE_USER_ROLES_MAX) {
		store_db_text(rows, 0, user->roles[user->role_count], sizeof user->roles[0]);
		user->rights |= (unsigned)sqlite3_column_int64(rows, 1);
		user->role_count++;
	}
	return store_db_finish(store, rows, result);
}

enum store_status store_user_get(struct store *store, const char *name, uint64_t id,
				 struct store_user *ret_user)
{
	sqlite3_stmt *row = store_db_statement(store, name ? SQL_USER_BY_NAME : SQL_USER_BY_ID);
	struct store_user user = {0};

	if (!row)
		return store_db_last(store);
	if (name)
		sqlite3_bind_text(row, 1, name, -1, SQLITE_STATIC);
	else
		sqlite3_bind_int64(row, 1, (int64_t)id);
	int result = sqlite3_step(row);

	if (result == SQLITE_ROW) {
		read_user(row, &user);
		store_db_text(row, COL_PASSWORD, user.password, sizeof user.password);
	}
	enum store_status status = store_db_finish(store, row, result);

	if (status == STORE_OK && result != SQLITE_ROW)
		status = STORE_NOT_FOUND;
	if (status == STORE_OK)
		status = read_roles(store, &user);
	if (status == STORE_OK)
		*ret_user = user;
	store_user_wipe(&user);
	return status;
}

enum store_status store_user_list(struct store *store, const char *after,
				  bool (*each)(const struct store_user *user, void *context),
				  void *context)
{
	sqlite3_stmt *rows = store_db_statement(store, SQL_USER_LIST);
	enum store_status status = STORE_OK;
	int result;

	if (!rows)
		return store_db_last(store);
	sqlite3_bind_text(rows, 1, after, -1, SQLITE_STATIC);
	while ((result = sqlite3_step(rows)) == SQLITE_ROW) {
		struct store_user user = {0};

		read_user(rows, &user);
		status = read_roles(store, &user);
		if (status != STORE_OK || !each(&user, context))
			break;
	}
	enum store_status finished = store_db_finish(store, rows, result);

	return status == STORE_OK ? finished : status;
}

enum store_status store_user_count(struct store *store, uint64_t *ret_count)
{
	sqlite3_stmt *row = store_db_statement(store, SQL_USER_COUNT);

	return row ? count(store, row, ret_count) : store_db_last(store);
}

enum store_status store_user_count_with(struct store *store, unsigned rights, uint64_t *ret_count)
{
	sqlite3_stmt *row = store_db_statement(store, SQL_USER_COUNT_WITH);

	if (!row)
		return store_db_last(store);
	sqlite3_bind_int64(row, 1, rights);
	return count(store, row, ret_count);
}

enum store_status store_role_set(struct store *store, const char *name, unsigned rights)
{
	sqlite3_stmt *set = store_db_statement(store, SQL_ROLE_SET);

	if (!set)
		return store_db_last(store);
	sqlite3_bind_text(set, 1, name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(set, 2, rights);
	return store_db_run(store, set);
}

enum store_status store_role_delete(struct store *store, const char *name)
{
	sqlite3_stmt *delete = store_db_statement(store, SQL_ROLE_DELETE);
	struct store_role role;
	enum store_status status = store_role_get(store, name, &role);

	if (status != STORE_OK)
		return status;
	if (role.users)
		return STORE_EXISTS;
	if (!delete)
		return store_db_last(store);
	sqlite3_bind_text(delete, 1, name, -1, SQLITE_STATIC);
	return store_db_run(store, delete);
}

static void read_role(sqlite3_stmt *row, struct store_role *role)
{
	*role = (struct store_role){
		.rights = (unsigned)sqlite3_column_int64(row, 1),
		.is_predefined = sqlite3_column_int(row, 2) != 0,
		.users = (uint64_t)sqlite3_column_int64(row, 3),
	};
	store_db_text(row, 0, role->name, sizeof role->name);
}

enum store_status store_role_get(struct store *store, const char *name, struct store_role *ret_role)
{
	sqlite3_stmt *row = store_db_statement(store, SQL_ROLE_GET);
	struct store_role role;

	if (!row)
		return store_db_last(store);
	sqlite3_bind_text(row, 1, name, -1, SQLITE_STATIC);
	int result = sqlite3_step(row);

	if (result == SQLITE_ROW)
		read_role(row, &role);
	enum store_status status = store_db_finish(store, row, result);

	if (status == STORE_OK && result != SQLITE_ROW)
		return STORE_NOT_FOUND;
	if (status == STORE_OK)
		*ret_role = role;
	return status;
}

enum store_status store_role_list(struct store *store,
				  bool (*each)(const struct store_role *role, void *context),
				  void *context)
{
	sqlite3_stmt *rows = store_db_statement(store, SQL_ROLE_LIST);
	int result;

	if (!rows)
		return store_db_last(store);
	while ((result = sqlite3_step(rows)) == SQLITE_ROW) {
		struct store_role role;

		read_role(rows, &role);
		if (!each(&role, context))
			break;
	}
	return store_db_finish(store, rows, result);
}

enum store_status store_role_count(struct store *store, uint64_t *ret_count)
{
	sqlite3_stmt *row = store_db_statement(store, SQL_ROLE_COUNT);

	return row ? count(store, row, ret_count) : store_db_last(store);
}

enum store_status store_mode_get(struct store *store, bool *ret_is_project)
{
	sqlite3_stmt *row = store_db_statement(store, SQL_MODE_GET);
	uint64_t is_project = 0;
	enum store_status status = row ? count(store, row, &is_project) : store_db_last(store);

	if (status == STORE_OK)
		*ret_is_project = is_project != 0;
	return status;
}

enum store_status store_mode_set(struct store *store, bool is_project)
{
	sqlite3_stmt *set = store_db_statement(store, SQL_MODE_SET);

	if (!set)
		return store_db_last(store);
	sqlite3_bind_int(set, 1, is_project);
	return store_db_changed_one(store, store_db_run(store, set));
}
