#include "store.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "../../support/temp_dir.h"

static char dir[TEMP_PATH_MAX];
static char file[TEMP_PATH_MAX + 32];
static char error[STORE_ERROR_MAX];
static struct store *store;

static void set_up(void)
{
	temp_dir_make(dir);
	snprintf(file, sizeof file, "%s/keystored.db", dir);
	cr_assert_eq(store_open(dir, error, &store), STORE_OK, "%s", error);
}

static void tear_down(void)
{
	store_close(store);
	store = NULL;
	temp_dir_remove(dir);
}

static enum store_status reopen(void)
{
	store_close(store);
	store = NULL;
	return store_open(dir, error, &store);
}

static enum store_status add_key(const char *name, uint64_t *ret_id)
{
	uint8_t der[] = "wrapped";
	struct grant grants[] = {{POLICY_UID, 1000, POLICY_SIGN},
				 {POLICY_GID, 27, POLICY_OPERATIONS}};
	struct store_key key = {
		.id = store_key_next_id(store),
		.algorithm = 4,
		.operations = 1,
		.origin = 1,
		.created = 1700000000,
		.created_by = 7,
		.der = der,
		.der_len = sizeof der,
		.auth = "authauth",
		.auth_len = 8,
		.grants = grants,
		.grant_count = 2,
		.spki = (uint8_t *)(uintptr_t) "spki",
		.spki_len = 4,
	};

	snprintf(key.name, sizeof key.name, "%s", name);
	if (ret_id)
		*ret_id = key.id;
	return store_key_add(store, &key);
}

static void execute(const char *sql)
{
	sqlite3 *db;

	cr_assert_eq(sqlite3_open(file, &db), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
	sqlite3_close(db);
}

TestSuite(store, .init = set_up, .fini = tear_down);

Test(store, gives_back_a_key_with_its_grants_after_a_restart)
{
	struct store_key key;
	uint64_t id;

	cr_assert_eq(add_key("web", &id), STORE_OK);
	cr_assert_eq(reopen(), STORE_OK);
	cr_assert_eq(store_key_get(store, "web", 0, &key), STORE_OK);
	cr_assert_eq(key.id, id);
	cr_assert_eq(key.algorithm, 4u);
	cr_assert_eq(key.created, 1700000000);
	cr_assert_eq(key.created_by, 7u);
	cr_assert_eq(key.spki_len, 4u);
	cr_assert_null(key.der);
	cr_assert_eq(key.grant_count, 2u);
	cr_assert_eq(key.handle, 0u);
	store_key_wipe(&key);
	cr_assert_eq(store_key_secrets(store, id, &key), STORE_OK);
	cr_assert_eq(key.der_len, sizeof "wrapped");
	cr_assert_arr_eq(key.der, "wrapped", key.der_len);
	cr_assert_eq(key.auth_len, 8u);
	store_key_wipe(&key);
	cr_assert_eq(store_key_get(store, NULL, id, &key), STORE_OK);
	cr_assert_str_eq(key.name, "web");
	store_key_wipe(&key);
}

Test(store, refuses_a_name_that_is_taken)
{
	cr_assert_eq(add_key("web", NULL), STORE_OK);
	cr_assert_eq(add_key("web", NULL), STORE_EXISTS);
	cr_assert_eq(store_key_count(store), 1u);
}

Test(store, does_not_find_what_is_not_there)
{
	struct store_key key;
	uint64_t id;

	cr_assert_eq(store_key_get(store, "none", 0, &key), STORE_NOT_FOUND);
	cr_assert_eq(store_key_get(store, NULL, 99, &key), STORE_NOT_FOUND);
	cr_assert_eq(store_key_id(store, "none", &id), STORE_NOT_FOUND);
	cr_assert_eq(store_key_delete(store, 99), STORE_NOT_FOUND);
}

Test(store, never_hands_out_an_id_twice)
{
	uint64_t first;
	uint64_t second;

	add_key("web", &first);
	cr_assert_eq(store_key_delete(store, first), STORE_OK);
	cr_assert_eq(reopen(), STORE_OK);
	add_key("web", &second);
	cr_assert_gt(second, first);
}

Test(store, takes_the_grants_with_the_key)
{
	struct store_key key;
	uint64_t id;

	add_key("web", &id);
	store_key_delete(store, id);
	execute("INSERT INTO key VALUES (1,'again',4,1,1,0,0,x'00',x'01',x'02',0)");
	cr_assert_eq(store_key_get(store, "again", 0, &key), STORE_OK);
	cr_assert_eq(key.grant_count, 0u);
	store_key_wipe(&key);
}

Test(store, replaces_and_removes_a_grant)
{
	struct grant grant = {POLICY_UID, 1000, POLICY_DECRYPT};
	struct store_key key;
	uint64_t id;

	add_key("web", &id);
	cr_assert_eq(store_grant_set(store, id, &grant), STORE_OK);
	store_key_get(store, "web", 0, &key);
	cr_assert_eq(key.grant_count, 2u);
	cr_assert_eq(key.grants[0].operations, (unsigned)POLICY_DECRYPT);
	store_key_wipe(&key);
	grant.operations = 0;
	cr_assert_eq(store_grant_set(store, id, &grant), STORE_OK);
	store_key_get(store, "web", 0, &key);
	cr_assert_eq(key.grant_count, 1u);
	store_key_wipe(&key);
}

struct names {
	char text[256];
	size_t count;
	size_t max;
};

static bool collect_name(const struct store_key *key, void *user)
{
	struct names *names = user;

	strcat(names->text, key->name);
	strcat(names->text, " ");
	return ++names->count < names->max;
}

Test(store, lists_in_order_of_names_after_a_name)
{
	struct names names = {.max = 2};

	add_key("c", NULL);
	add_key("a", NULL);
	add_key("b", NULL);
	add_key("d", NULL);
	cr_assert_eq(store_key_list(store, "a", NULL, collect_name, &names), STORE_OK);
	cr_assert_str_eq(names.text, "b c ");
}

Test(store, lists_for_a_peer_only_what_it_or_its_group_is_granted)
{
	struct peer *peer = calloc(1, sizeof *peer + sizeof(gid_t));
	struct names names = {.max = 9};
	struct grant none = {POLICY_GID, 27, 0};
	uint64_t id;

	add_key("a", NULL);
	add_key("b", &id);
	store_grant_set(store, id, &none);
	peer->uid = 1;
	peer->gid = 2;
	peer->group_count = 1;
	peer->groups[0] = 27;
	cr_assert_eq(store_key_list(store, "", peer, collect_name, &names), STORE_OK);
	cr_assert_str_eq(names.text, "a ");
	peer->uid = 1000;
	names = (struct names){.max = 9};
	store_key_list(store, "", peer, collect_name, &names);
	cr_assert_str_eq(names.text, "a b ");
	peer->uid = 27;
	peer->groups[0] = 1000;
	names = (struct names){.max = 9};
	store_key_list(store, "", peer, collect_name, &names);
	cr_assert_str_eq(names.text, "");
	free(peer);
}

Test(store, forgets_what_was_rolled_back)
{
	struct store_key key;

	cr_assert_eq(store_begin(store), STORE_OK);
	add_key("web", NULL);
	store_rollback(store);
	cr_assert_eq(store_key_count(store), 0u);
	cr_assert_eq(store_key_get(store, "web", 0, &key), STORE_NOT_FOUND);
	cr_assert_eq(store_begin(store), STORE_OK);
	add_key("web", NULL);
	cr_assert_eq(store_commit(store), STORE_OK);
	cr_assert_eq(store_key_count(store), 1u);
}

Test(store, gives_the_first_free_handle)
{
	struct store_handle handle = {100, 1, STORE_PINNING, "name", 4};
	uint32_t free_handle = 0;

	cr_assert_eq(store_handle_free(store, 100, 102, &free_handle), STORE_OK);
	cr_assert_eq(free_handle, 100u);
	store_handle_add(store, &handle);
	cr_assert_eq(store_handle_add(store, &handle), STORE_EXISTS);
	handle.handle = 101;
	store_handle_add(store, &handle);
	cr_assert_eq(store_handle_free(store, 100, 102, &free_handle), STORE_OK);
	cr_assert_eq(free_handle, 102u);
	handle.handle = 102;
	store_handle_add(store, &handle);
	cr_assert_eq(store_handle_free(store, 100, 102, &free_handle), STORE_NOT_FOUND);
	store_handle_remove(store, 101);
	cr_assert_eq(store_handle_free(store, 100, 102, &free_handle), STORE_OK);
	cr_assert_eq(free_handle, 101u);
}

static void count_leftover(const struct store_handle *handle, void *user)
{
	cr_assert_eq(handle->handle, 100u);
	cr_assert_eq(handle->name_len, 4u);
	(*(int *)user)++;
}

static void die_after_the_intent(void)
{
	struct store_handle handle = {100, 1, STORE_PINNING, "name", 4};
	pid_t child = fork();

	if (child == 0) {
		struct store *own;
		char sentence[STORE_ERROR_MAX];

		if (store_open(dir, sentence, &own) == STORE_OK)
			store_handle_add(own, &handle);
		raise(SIGKILL);
	}
	waitpid(child, NULL, 0);
}

Test(store, knows_after_a_kill_what_was_intended_and_not_finished)
{
	struct store_handle pinned = {200, 1, STORE_PINNED, "other", 5};
	int count = 0;

	store_handle_add(store, &pinned);
	store_close(store);
	store = NULL;
	die_after_the_intent();
	cr_assert_eq(store_open(dir, error, &store), STORE_OK);
	cr_assert_eq(store_handle_leftovers(store, count_leftover, &count), STORE_OK);
	cr_assert_eq(count, 1);
}

Test(store, shows_a_key_as_pinned_only_once_it_is)
{
	struct store_handle handle = {100, 0, STORE_PINNING, "name", 4};
	struct store_key key;

	add_key("web", &handle.key_id);
	store_handle_add(store, &handle);
	store_key_get(store, "web", 0, &key);
	cr_assert_eq(key.handle, 0u);
	store_key_wipe(&key);
	cr_assert_eq(store_handle_set(store, 100, STORE_PINNED), STORE_OK);
	store_key_get(store, "web", 0, &key);
	cr_assert_eq(key.handle, 100u);
	store_key_wipe(&key);
	cr_assert_eq(store_handle_set(store, 999, STORE_PINNED), STORE_NOT_FOUND);
}

Test(store, is_busy_while_another_program_writes)
{
	sqlite3 *other;

	sqlite3_open(file, &other);
	sqlite3_exec(other, "BEGIN EXCLUSIVE", NULL, NULL, NULL);
	cr_assert_eq(store_begin(store), STORE_BUSY);
	cr_assert_not_null(strstr(store_error(store), "locked by another program"));
	sqlite3_close(other);
	cr_assert_eq(store_begin(store), STORE_OK);
	store_rollback(store);
}

Test(store, refuses_a_database_of_a_newer_version)
{
	execute("PRAGMA user_version = 99");
	cr_assert_eq(reopen(), STORE_NEWER);
	cr_assert_not_null(strstr(error, "newer version"), "%s", error);
}

Test(store, refuses_a_database_of_another_program)
{
	execute("PRAGMA application_id = 42");
	cr_assert_eq(reopen(), STORE_NOT_OURS);
}

Test(store, refuses_what_is_no_database)
{
	store_close(store);
	store = NULL;
	FILE *out = fopen(file, "w");

	for (int i = 0; i < 5000; i++)
		fputs("garbage ", out);
	fclose(out);
	cr_assert_eq(store_open(dir, error, &store), STORE_CORRUPT);
	cr_assert_not_null(strstr(error, "restore"), "%s", error);
}

Test(store, says_that_a_page_is_damaged)
{
	struct store_key key;
	enum store_status status;
	char page[4096];

	add_key("web", NULL);
	store_close(store);
	store = NULL;
	memset(page, 0x5a, sizeof page);
	int fd = open(file, O_RDWR);

	for (off_t at = 4096; at < 20 * 4096; at += 4096)
		cr_assert_eq(pwrite(fd, page, sizeof page, at), (ssize_t)sizeof page);
	close(fd);
	status = store_open(dir, error, &store);
	if (status == STORE_OK)
		status = store_key_get(store, "web", 0, &key);
	cr_assert_eq(status, STORE_CORRUPT);
}

Test(store, cannot_write_to_a_file_it_may_only_read)
{
	/* A connection that may not write stands for a read-only file system; root passes modes. */
	store_close(store);
	store = NULL;
	char command[TEMP_PATH_MAX + 64];

	snprintf(command, sizeof command, "%s-wal", file);
	unlink(command);
	chmod(file, 0400);
	if (geteuid() == 0) {
		chmod(dir, 0755);
		cr_assert_eq(chown(dir, 65534, 65534), 0);
		cr_assert_eq(chown(file, 65534, 65534), 0);
	}
	chmod(dir, 0500);
	pid_t child = fork();

	if (child == 0) {
		enum store_status status;

		if (geteuid() == 0 && setuid(65534) < 0)
			_exit(99);
		status = store_open(dir, error, &store);
		if (status == STORE_OK)
			status = store_begin(store);
		_exit((int)status);
	}
	int wstatus;

	waitpid(child, &wstatus, 0);
	chmod(dir, 0700);
	cr_assert_eq(WEXITSTATUS(wstatus), STORE_READ_ONLY);
}

Test(store, says_that_the_disk_is_full_and_goes_on_when_it_is_not)
{
	struct rlimit limit;
	struct rlimit small;

	signal(SIGXFSZ, SIG_IGN);
	add_key("before", NULL);
	getrlimit(RLIMIT_FSIZE, &limit);
	small = limit;
	small.rlim_cur = 8192;
	setrlimit(RLIMIT_FSIZE, &small);
	enum store_status status = STORE_OK;
	char name[16];

	for (int i = 0; i < 100 && status == STORE_OK; i++) {
		snprintf(name, sizeof name, "k%d", i);
		status = store_begin(store);
		if (status == STORE_OK)
			status = add_key(name, NULL);
		if (status == STORE_OK)
			status = store_commit(store);
		else
			store_rollback(store);
	}
	setrlimit(RLIMIT_FSIZE, &limit);
	cr_assert_eq(status, STORE_FULL, "%s", store_error(store));
	cr_assert_not_null(strstr(store_error(store), "free space"));
	cr_assert_eq(add_key("after", NULL), STORE_OK, "%s", store_error(store));
}

struct trail {
	uint64_t first;
	uint64_t count;
};

static bool count_entry(uint64_t seq, const struct store_audit *entry, void *user)
{
	struct trail *trail = user;

	cr_assert(strcmp(entry->operation, "key create") == 0 ||
		  strcmp(entry->operation, "audit drop") == 0);
	if (!trail->count++)
		trail->first = seq;
	return true;
}

Test(store, keeps_the_latest_of_the_audit)
{
	struct store_audit entry = {1, 2, 3, "key create", "web", "ok", "", 1, NULL, NULL};
	struct trail trail = {0};

	store_begin(store);
	for (int i = 0; i < 2048; i++)
		cr_assert_eq(store_audit_add(store, &entry, 1000), STORE_OK);
	store_commit(store);
	cr_assert_eq(store_audit_list(store, 0, count_entry, &trail), STORE_OK);
	/* With the record that says what was dropped, and four behind it. */
	cr_assert_eq(trail.count, 1005u);
	cr_assert_eq(trail.first, 1049u);
}
