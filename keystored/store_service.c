#include "store_service.h"

#include <stdlib.h>

#include "store_db.h"

/* As store_sql_service.c's SERVICE_COLUMNS. */
enum {
	COL_ID,
	COL_NAME,
	COL_KIND,
	COL_CERT,
	COL_GROUP_ID,
	COL_UID,
	COL_GID,
	COL_REVISION,
	COL_UPDATED,
	COL_GROUP,
	COL_COMMON_NAME,
	COL_KEY,
};

static void read_row(sqlite3_stmt *row, struct store_service *service)
{
	service->id = (uint64_t)sqlite3_column_int64(row, COL_ID);
	store_db_text(row, COL_NAME, service->name, sizeof service->name);
	service->kind = (enum store_service_kind)sqlite3_column_int(row, COL_KIND);
	service->cert_id = (uint64_t)sqlite3_column_int64(row, COL_CERT);
	service->group_id = (uint64_t)sqlite3_column_int64(row, COL_GROUP_ID);
	service->has_uid = sqlite3_column_type(row, COL_UID) != SQLITE_NULL;
	service->uid = (uint32_t)sqlite3_column_int64(row, COL_UID);
	service->has_gid = sqlite3_column_type(row, COL_GID) != SQLITE_NULL;
	service->gid = (uint32_t)sqlite3_column_int64(row, COL_GID);
	service->revision = (uint64_t)sqlite3_column_int64(row, COL_REVISION);
	service->updated = sqlite3_column_int64(row, COL_UPDATED);
	store_db_text(row, COL_GROUP, service->group, sizeof service->group);
	store_db_text(row, COL_COMMON_NAME, service->common_name, sizeof service->common_name);
	service->key_id = (uint64_t)sqlite3_column_int64(row, COL_KEY);
}

static enum store_status read_one(struct store *store, sqlite3_stmt *row,
				  struct store_service *ret_service)
{
	struct store_service service = {0};
	int result = sqlite3_step(row);

	if (result == SQLITE_ROW)
		read_row(row, &service);
	enum store_status status = store_db_finish(store, row, result);

	if (status == STORE_OK && result != SQLITE_ROW)
		return STORE_NOT_FOUND;
	if (status == STORE_OK)
		*ret_service = service;
	return status;
}

static enum store_status get_by_id(struct store *store, enum store_sql sql, uint64_t id,
				   struct store_service *ret_service)
{
	sqlite3_stmt *row = store_db_statement(store, sql);

	if (!row)
		return store_db_last(store);
	sqlite3_bind_int64(row, 1, (int64_t)id);
	return read_one(store, row, ret_service);
}

enum store_status store_service_get(struct store *store, const char *name, uint64_t id,
				    struct store_service *ret_service)
{
	sqlite3_stmt *row = name ? store_db_statement(store, SQL_SERVICE_BY_NAME) : NULL;

	if (!name)
		return get_by_id(store, SQL_SERVICE_BY_ID, id, ret_service);
	if (!row)
		return store_db_last(store);
	sqlite3_bind_text(row, 1, name, -1, SQLITE_STATIC);
	return read_one(store, row, ret_service);
}

enum store_status store_service_of_cert(struct store *store, uint64_t cert_id,
					struct store_service *ret_service)
{
	return get_by_id(store, SQL_SERVICE_OF_CERT, cert_id, ret_service);
}

enum store_status store_service_of_group(struct store *store, uint64_t group_id,
					 struct store_service *ret_service)
{
	return get_by_id(store, SQL_SERVICE_OF_GROUP, group_id, ret_service);
}

enum store_status store_service_of_key(struct store *store, uint64_t key_id,
				       struct store_service *ret_service)
{
	return get_by_id(store, SQL_SERVICE_OF_KEY, key_id, ret_service);
}

enum store_status store_service_list(struct store *store, const char *after,
				     bool (*each)(const struct store_service *service, void *user),
				     void *user)
{
	sqlite3_stmt *rows = store_db_statement(store, SQL_SERVICE_LIST);
	int result;

	if (!rows)
		return store_db_last(store);
	sqlite3_bind_text(rows, 1, after, -1, SQLITE_STATIC);
	while ((result = sqlite3_step(rows)) == SQLITE_ROW) {
		struct store_service service = {0};

		read_row(rows, &service);
		if (!each(&service, user))
			break;
	}
	return store_db_finish(store, rows, result);
}

enum store_status store_service_count(struct store *store, uint64_t *ret_count)
{
	sqlite3_stmt *row = store_db_statement(store, SQL_SERVICE_COUNT);

	if (!row)
		return store_db_last(store);
	int result = sqlite3_step(row);
	uint64_t count = result == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(row, 0) : 0;
	enum store_status status = store_db_finish(store, row, result);

	if (status == STORE_OK)
		*ret_count = count;
	return status;
}

/* What is not bound is NULL. */
static void bind_assignment(sqlite3_stmt *statement, const struct store_service *service)
{
	sqlite3_bind_int(statement, 2, (int)service->kind);
	if (service->cert_id)
		sqlite3_bind_int64(statement, 3, (int64_t)service->cert_id);
	if (service->group_id)
		sqlite3_bind_int64(statement, 4, (int64_t)service->group_id);
	if (service->has_uid)
		sqlite3_bind_int64(statement, 5, service->uid);
	if (service->has_gid)
		sqlite3_bind_int64(statement, 6, service->gid);
	sqlite3_bind_int64(statement, 7, service->updated);
}

enum store_status store_service_add(struct store *store, const struct store_service *service)
{
	sqlite3_stmt *add = store_db_statement(store, SQL_SERVICE_ADD);

	if (!add)
		return store_db_last(store);
	sqlite3_bind_text(add, 1, service->name, -1, SQLITE_STATIC);
	bind_assignment(add, service);
	return store_db_run(store, add);
}

enum store_status store_service_set(struct store *store, const struct store_service *service)
{
	sqlite3_stmt *set = store_db_statement(store, SQL_SERVICE_SET);

	if (!set)
		return store_db_last(store);
	sqlite3_bind_int64(set, 1, (int64_t)service->id);
	bind_assignment(set, service);
	return store_db_changed_one(store, store_db_run(store, set));
}

enum store_status store_service_delete(struct store *store, uint64_t id)
{
	return store_db_changed_one(store, store_db_run_with_id(store, SQL_SERVICE_DELETE, id));
}

enum store_status store_service_keys(struct store *store, uint64_t cert_id,
				     void (*each)(uint64_t key_id, void *user), void *user)
{
	sqlite3_stmt *rows = store_db_statement(store, SQL_SERVICE_KEYS);
	int result;

	if (!rows)
		return store_db_last(store);
	sqlite3_bind_int64(rows, 1, (int64_t)cert_id);
	while ((result = sqlite3_step(rows)) == SQLITE_ROW)
		each((uint64_t)sqlite3_column_int64(rows, 0), user);
	return store_db_finish(store, rows, result);
}

/* Runs @rows, whose parameter 1 is @id, of subjects and their numbers. */
static enum store_status read_grants(struct store *store, sqlite3_stmt *rows, uint64_t id,
				     unsigned operation, struct grant **ret_grants,
				     size_t *ret_count)
{
	struct grant *grants = calloc((size_t)2 * STORE_SERVICES_MAX, sizeof *grants);
	size_t count = 0;
	int result;

	if (!rows || !grants) {
		free(grants);
		return rows ? STORE_NOMEM : store_db_last(store);
	}
	sqlite3_bind_int64(rows, 1, (int64_t)id);
	while ((result = sqlite3_step(rows)) == SQLITE_ROW &&
	       count < (size_t)2 * STORE_SERVICES_MAX) {
		grants[count++] = (struct grant){
			.subject = (enum policy_subject)sqlite3_column_int(rows, 0),
			.id = (uint32_t)sqlite3_column_int64(rows, 1),
			.operations = operation,
		};
	}
	enum store_status status = store_db_finish(store, rows, result);

	if (status == STORE_OK) {
		*ret_grants = grants;
		*ret_count = count;
	} else {
		free(grants);
	}
	return status;
}

enum store_status store_group_grants(struct store *store, uint64_t group_id,
				     struct grant **ret_grants, size_t *ret_count)
{
	return read_grants(store, store_db_statement(store, SQL_GROUP_GRANTS), group_id,
			   POLICY_TRUST, ret_grants, ret_count);
}

enum store_status store_service_kind_grants(struct store *store, enum store_service_kind kind,
					    unsigned operation, struct grant **ret_grants,
					    size_t *ret_count)
{
	return read_grants(store, store_db_statement(store, SQL_SERVICE_KIND_GRANTS),
			   (uint64_t)kind, operation, ret_grants, ret_count);
}
