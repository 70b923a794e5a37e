#include "store_user.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "../../support/temp_dir.h"
#include "store_cert.h"

static char dir[TEMP_PATH_MAX];
static struct store *store;

static void open_store(void)
{
	char error[STORE_ERROR_MAX] = "";

	cr_assert_eq(store_open(dir, error, &store), STORE_OK, "%s", error);
}

static void up(void)
{
	temp_dir_make(dir);
	open_store();
}

static void down(void)
{
	store_close(store);
	temp_dir_remove(dir);
}

TestSuite(store_user, .init = up, .fini = down);

static struct store_user a_user(const char *name, const char *role)
{
	struct store_user user = {
		.password = "$y$hash", .created = 10, .created_by = 7, .password_set = 11};

	snprintf(user.name, sizeof user.name, "%s", name);
	if (role)
		snprintf(user.roles[user.role_count++], sizeof user.roles[0], "%s", role);
	return user;
}

static uint64_t add(const char *name, const char *role)
{
	struct store_user user = a_user(name, role);
	uint64_t id = 0;

	cr_assert_eq(store_begin(store), STORE_OK);
	cr_assert_eq(store_user_add(store, &user, &id), STORE_OK, "%s", store_error(store));
	cr_assert_eq(store_commit(store), STORE_OK);
	return id;
}

static struct store_user get(const char *name)
{
	struct store_user user = {0};

	cr_assert_eq(store_user_get(store, name, 0, &user), STORE_OK);
	return user;
}

Test(store_user, is_there_again_after_a_restart)
{
	uint64_t id = add("anna", "auditor");

	store_close(store);
	open_store();
	struct store_user user = get("anna");

	cr_assert_eq(user.id, id);
	cr_assert_str_eq(user.password, "$y$hash");
	cr_assert_eq(user.created, 10);
	cr_assert_eq(user.created_by, 7u);
	cr_assert_eq(user.password_set, 11);
	cr_assert_eq(user.last_login, 0);
	cr_assert_eq(user.role_count, 1u);
	cr_assert_str_eq(user.roles[0], "auditor");
	cr_assert_eq(user.rights, RIGHT_BIT(RIGHT_VIEW) | RIGHT_BIT(RIGHT_READ_AUDIT) |
					  RIGHT_BIT(RIGHT_READ_DIAGNOSTICS));
}

Test(store_user, has_a_name_of_its_own)
{
	struct store_user user = a_user("anna", NULL);
	uint64_t first = add("anna", NULL);
	uint64_t id = 0;

	cr_assert_eq(store_user_add(store, &user, &id), STORE_EXISTS);
	cr_assert_eq(store_user_delete(store, first), STORE_OK);
	cr_assert_gt(add("anna", NULL), first);
}

Test(store_user, has_only_roles_that_there_are)
{
	struct store_user user = a_user("anna", "king");
	uint64_t id = 0;

	cr_assert_eq(store_begin(store), STORE_OK);
	cr_assert_eq(store_user_add(store, &user, &id), STORE_NOT_FOUND);
	store_rollback(store);
	cr_assert_eq(store_user_get(store, "anna", 0, &user), STORE_NOT_FOUND);
}

Test(store_user, is_changed_and_deleted_with_its_roles)
{
	uint64_t id = add("anna", "operator");
	struct store_user user = get("anna");
	struct store_role role;

	user.is_disabled = true;
	snprintf(user.roles[0], sizeof user.roles[0], "web-user");
	snprintf(user.roles[1], sizeof user.roles[1], "opcua-user");
	user.role_count = 2;
	cr_assert_eq(store_user_set(store, &user), STORE_OK);
	cr_assert_eq(store_user_set_password(store, id, "$y$new", true, 20), STORE_OK);
	cr_assert_eq(store_user_logged_in(store, id, 30), STORE_OK);
	user = get("anna");
	cr_assert(user.is_disabled && user.must_change);
	cr_assert_eq(user.role_count, 2u);
	cr_assert_str_eq(user.password, "$y$new");
	cr_assert_eq(user.password_set, 20);
	cr_assert_eq(user.last_login, 30);
	cr_assert_eq(store_user_delete(store, id), STORE_OK);
	cr_assert_eq(store_user_delete(store, id), STORE_NOT_FOUND);
	cr_assert_eq(store_role_get(store, "web-user", &role), STORE_OK);
	cr_assert_eq(role.users, 0u);
}

Test(store_user, counts_who_has_a_right_and_is_not_disabled)
{
	uint64_t count = 9;

	add("anna", "administrator");
	add("bert", "operator");
	struct store_user user = a_user("cora", "administrator");
	uint64_t id;

	user.is_disabled = true;
	cr_assert_eq(store_user_add(store, &user, &id), STORE_OK);
	cr_assert_eq(store_user_count(store, &count), STORE_OK);
	cr_assert_eq(count, 3u);
	cr_assert_eq(store_user_count_with(store, RIGHT_BIT(RIGHT_MANAGE_USERS), &count), STORE_OK);
	cr_assert_eq(count, 1u);
}

struct roles {
	unsigned count;
	char text[512];
};

static bool note_role(const struct store_role *role, void *context)
{
	struct roles *roles = context;
	size_t len = strlen(roles->text);

	snprintf(roles->text + len, sizeof roles->text - len, "%s=%x%s ", role->name, role->rights,
		 role->is_predefined ? "" : "*");
	roles->count++;
	return true;
}

/* What store_sql_user.c says in numbers. */
Test(store_user, has_the_predefined_roles)
{
	struct roles roles = {0};
	char expected[512];
	unsigned view = RIGHT_BIT(RIGHT_VIEW);
	unsigned diagnostics = RIGHT_BIT(RIGHT_READ_DIAGNOSTICS);
	unsigned reading = RIGHT_BIT(RIGHT_READ_PROCESS_DATA);

	snprintf(expected, sizeof expected,
		 "administrator=%x certificate-engineer=%x operator=%x auditor=%x opcua-user=%x "
		 "web-user=%x ",
		 RIGHT_GIVEN,
		 view | diagnostics | RIGHT_BIT(RIGHT_MANAGE_KEYS) | RIGHT_BIT(RIGHT_MANAGE_CERTS) |
			 RIGHT_BIT(RIGHT_MANAGE_TRUST) | RIGHT_BIT(RIGHT_MANAGE_SERVICES),
		 view | diagnostics | reading | RIGHT_BIT(RIGHT_WRITE_PROCESS_DATA),
		 view | diagnostics | RIGHT_BIT(RIGHT_READ_AUDIT), RIGHT_BIT(RIGHT_OPCUA_ACCESS),
		 diagnostics | reading | RIGHT_BIT(RIGHT_USER_PAGES));
	cr_assert_eq(store_role_list(store, note_role, &roles), STORE_OK);
	cr_assert_str_eq(roles.text, expected);
}

Test(store_user, has_roles_of_ones_own_behind_those)
{
	struct roles roles = {0};
	struct store_role role;

	cr_assert_eq(store_role_set(store, "zoo", 4), STORE_OK);
	cr_assert_eq(store_role_set(store, "abc", 2), STORE_OK);
	cr_assert_eq(store_role_set(store, "abc", 6), STORE_OK);
	cr_assert_eq(store_role_list(store, note_role, &roles), STORE_OK);
	cr_assert_eq(roles.count, 8u);
	cr_assert(strstr(roles.text, "web-user=1600 abc=6* zoo=4* "), "%s", roles.text);
	add("anna", "abc");
	cr_assert_eq(store_role_delete(store, "abc"), STORE_EXISTS);
	cr_assert_eq(store_role_delete(store, "zoo"), STORE_OK);
	cr_assert_eq(store_role_get(store, "zoo", &role), STORE_NOT_FOUND);
}

Test(store_user, begins_in_local_mode_and_keeps_the_mode)
{
	bool is_project = true;

	cr_assert_eq(store_mode_get(store, &is_project), STORE_OK);
	cr_assert_not(is_project);
	cr_assert_eq(store_mode_set(store, true), STORE_OK);
	store_close(store);
	open_store();
	cr_assert_eq(store_mode_get(store, &is_project), STORE_OK);
	cr_assert(is_project);
}
