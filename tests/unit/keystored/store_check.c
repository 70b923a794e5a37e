#include "store_check.h"

#include <criterion/criterion.h>
#include <sqlite3.h>

#include "../../support/temp_dir.h"

static char dir[TEMP_PATH_MAX];
static char file[TEMP_PATH_MAX + 32];
static char error[STORE_ERROR_MAX];
static struct store *store;

static void reopen(void)
{
	store_close(store);
	store = NULL;
	cr_assert_eq(store_open(dir, error, &store), STORE_OK, "%s", error);
}

static void set_up(void)
{
	temp_dir_make(dir);
	snprintf(file, sizeof file, "%s/keystored.db", dir);
	reopen();
}

static void tear_down(void)
{
	store_close(store);
	store = NULL;
	temp_dir_remove(dir);
}

static void execute(const char *sql)
{
	sqlite3 *db;

	cr_assert_eq(sqlite3_open(file, &db), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
	sqlite3_close(db);
}

static void add(unsigned count, uint64_t keep)
{
	for (unsigned i = 0; i < count; i++) {
		struct store_audit entry = {1000000 + i, 2,  3, "key create", "web",
					    "ok",	 "", 1, NULL,	      NULL};

		store_begin(store);
		cr_assert_eq(store_audit_add(store, &entry, keep), STORE_OK, "%s",
			     store_error(store));
		store_commit(store);
	}
}

static struct store_check check(void)
{
	struct store_check found = {0};
	bool is_done = false;

	while (!is_done)
		cr_assert_eq(store_check_step(store, &found, 7, &is_done), STORE_OK);
	return found;
}

static void expect(enum store_finding finding, uint64_t first, uint64_t last)
{
	struct store_check found = check();

	cr_assert_eq(found.finding, finding, "%d, %llu to %llu", found.finding,
		     (unsigned long long)found.first, (unsigned long long)found.last);
	if (finding != STORE_INTACT) {
		cr_assert_eq(found.first, first, "%llu", (unsigned long long)found.first);
		cr_assert_eq(found.last, last, "%llu", (unsigned long long)found.last);
	}
}

TestSuite(store_check, .init = set_up, .fini = tear_down);

Test(store_check, finds_an_empty_trail_intact)
{
	expect(STORE_INTACT, 0, 0);
}

Test(store_check, finds_what_was_written_intact_also_after_a_restart)
{
	add(21, 1000);
	expect(STORE_INTACT, 0, 0);
	cr_assert_eq(check().records, 21u);
	reopen();
	add(3, 1000);
	expect(STORE_INTACT, 0, 0);
	cr_assert_eq(check().at.seq, 24u);
}

Test(store_check, finds_a_change_of_any_column)
{
	static const char *const changes[] = {
		"time = time + 1",
		"uid = 0",
		"uid = uid + 4294967296",
		"pid = 9",
		"operation = 'key show'",
		"object = 'other'",
		"status = 'denied'",
		"detail = 'x'",
		"count = 2",
		"object = CAST(x'77656200' AS TEXT)",
		"chain = zeroblob(32)",
		"chain = x''",
		"user = 'anna'",
	};

	add(10, 1000);
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		char sql[160];

		execute("CREATE TABLE saved AS SELECT * FROM audit WHERE seq = 5");
		snprintf(sql, sizeof sql, "UPDATE audit SET %s WHERE seq = 5", changes[i]);
		execute(sql);
		expect(STORE_CHANGED, 5, 5);
		cr_assert_eq(check().since, 1000003);
		execute("REPLACE INTO audit SELECT * FROM saved; DROP TABLE saved");
		expect(STORE_INTACT, 0, 0);
	}
}

Test(store_check, finds_swapped_records)
{
	add(10, 1000);
	execute("UPDATE audit SET seq = -1 WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = 5;"
		"UPDATE audit SET seq = 5 WHERE seq = -1");
	expect(STORE_CHANGED, 4, 4);
}

Test(store_check, finds_removed_records)
{
	add(20, 1000);
	execute("DELETE FROM audit WHERE seq IN (8, 9)");
	expect(STORE_MISSING, 8, 9);
	execute("DELETE FROM audit WHERE seq < 8");
	expect(STORE_MISSING, 1, 9);
}

Test(store_check, finds_an_end_that_was_cut_off)
{
	add(20, 1000);
	execute("DELETE FROM audit WHERE seq > 17");
	expect(STORE_CUT_OFF, 18, 20);
	/* The service goes on behind the gap, and does not hide it. */
	add(2, 1000);
	expect(STORE_MISSING, 18, 20);
	execute("DELETE FROM audit");
	expect(STORE_CUT_OFF, 1, 22);
}

Test(store_check, finds_records_that_were_added)
{
	add(5, 1000);
	execute("INSERT INTO audit SELECT seq + 5, time, uid, pid, operation, object, status, "
		"detail, count, chain, user FROM audit WHERE seq = 1");
	expect(STORE_ADDED, 6, 6);
	execute("DELETE FROM audit WHERE seq = 6;"
		"INSERT INTO audit SELECT -3, time, uid, pid, operation, object, status, "
		"detail, count, chain, user FROM audit WHERE seq = 1");
	cr_assert_eq(check().finding, STORE_ADDED);
}

Test(store_check, refuses_to_write_over_what_was_added)
{
	struct store_audit entry = {1, 2, 3, "key create", "web", "ok", "", 1, NULL, NULL};

	add(5, 1000);
	execute("INSERT INTO audit SELECT seq + 5, time, uid, pid, operation, object, status, "
		"detail, count, chain, user FROM audit WHERE seq = 1");
	store_begin(store);
	cr_assert_eq(store_audit_add(store, &entry, 1000), STORE_CORRUPT);
	store_rollback(store);
}

Test(store_check, stays_good_when_the_oldest_are_dropped)
{
	add(700, 300);
	expect(STORE_INTACT, 0, 0);
	cr_assert_lt(check().records, 600u);
	reopen();
	expect(STORE_INTACT, 0, 0);
	add(700, 300);
	expect(STORE_INTACT, 0, 0);
}

Test(store_check, finds_a_beginning_that_somebody_else_moved)
{
	add(700, 300);
	struct store_audit_state before;
	char sql[256];

	cr_assert_eq(store_audit_state(store, &before), STORE_OK);
	snprintf(sql, sizeof sql,
		 "UPDATE audit_chain SET begin_seq = %llu, begin_chain = (SELECT chain FROM audit "
		 "WHERE seq = %llu); DELETE FROM audit WHERE seq <= %llu",
		 (unsigned long long)before.begin.seq + 10,
		 (unsigned long long)before.begin.seq + 10,
		 (unsigned long long)before.begin.seq + 10);
	execute(sql);
	expect(STORE_BEGIN, 1, before.begin.seq + 10);
}

Test(store_check, goes_on_when_its_place_is_dropped_meanwhile)
{
	struct store_check found = {0};
	bool is_done = false;

	add(250, 10);
	cr_assert_eq(store_check_step(store, &found, 7, &is_done), STORE_OK);
	add(50, 10);
	while (!is_done)
		cr_assert_eq(store_check_step(store, &found, 7, &is_done), STORE_OK);
	cr_assert_eq(found.finding, STORE_INTACT);
	cr_assert_eq(found.at.seq, 301u); /* with the one that says what was dropped */
}

Test(store_check, keeps_what_the_tpm_knows_for_a_while)
{
	struct store_link link;

	add(100, 300);
	cr_assert_eq(store_audit_anchored(store, 100), STORE_OK);
	add(600, 300);
	cr_assert_eq(store_audit_link(store, 100, &link), STORE_OK);
	expect(STORE_INTACT, 0, 0);
	add(900, 300);
	cr_assert_eq(store_audit_link(store, 100, &link), STORE_NOT_FOUND);
	expect(STORE_INTACT, 0, 0);
}

Test(store_check, sees_through_a_rollback)
{
	struct store_audit entry = {1, 2, 3, "key create", "web", "ok", "", 1, NULL, NULL};

	add(3, 1000);
	store_begin(store);
	cr_assert_eq(store_audit_add(store, &entry, 1000), STORE_OK);
	store_rollback(store);
	add(1, 1000);
	expect(STORE_INTACT, 0, 0);
	cr_assert_eq(check().at.seq, 4u);
}

/* As version 1 of the schema had it, with its first records trimmed already. */
static void make_version_1(unsigned first, unsigned last)
{
	char sql[512];

	store_close(store);
	store = NULL;
	temp_dir_remove(dir);
	cr_assert_eq(mkdir(dir, 0700), 0);
	execute("CREATE TABLE key (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,"
		" algorithm INTEGER NOT NULL, operations INTEGER NOT NULL,"
		" origin INTEGER NOT NULL, created INTEGER NOT NULL, created_by INTEGER NOT NULL,"
		" spki BLOB NOT NULL, tss2 BLOB NOT NULL, auth BLOB NOT NULL);"
		"CREATE TABLE grants (key_id INTEGER NOT NULL REFERENCES key(id) ON DELETE CASCADE,"
		" kind INTEGER NOT NULL, subject INTEGER NOT NULL, operations INTEGER NOT NULL,"
		" PRIMARY KEY (key_id, kind, subject)) WITHOUT ROWID;"
		"CREATE INDEX grants_by_subject ON grants(kind, subject, key_id);"
		"CREATE TABLE persistent (handle INTEGER PRIMARY KEY, key_id INTEGER NOT NULL,"
		" name BLOB NOT NULL, state INTEGER NOT NULL);"
		"CREATE INDEX persistent_by_key ON persistent(key_id);"
		"CREATE TABLE audit (seq INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL,"
		" uid INTEGER NOT NULL, pid INTEGER NOT NULL, operation TEXT NOT NULL,"
		" object TEXT NOT NULL, status TEXT NOT NULL, detail TEXT NOT NULL,"
		" count INTEGER NOT NULL)");
	snprintf(sql, sizeof sql,
		 "WITH RECURSIVE n(i) AS (SELECT %u UNION ALL SELECT i + 1 FROM n WHERE i < %u)"
		 " INSERT INTO audit SELECT i, i * 1000000, 0, 7, 'key create', 'k' || i, 'ok', '',"
		 " 1 FROM n",
		 first, last);
	if (last)
		execute(sql);
	execute("PRAGMA application_id = 0x4b535444; PRAGMA user_version = 1");
}

Test(store_check, chains_the_records_of_version_1)
{
	make_version_1(1, 1000);
	reopen();
	expect(STORE_INTACT, 0, 0);
	cr_assert_eq(check().records, 1000u);
	add(2, 10000);
	expect(STORE_INTACT, 0, 0);
	execute("UPDATE audit SET object = 'x' WHERE seq = 500");
	expect(STORE_CHANGED, 500, 500);
}

Test(store_check, begins_where_version_1_had_trimmed)
{
	make_version_1(257, 300);
	reopen();
	expect(STORE_INTACT, 0, 0);
	/* And one that says so. */
	cr_assert_eq(check().records, 45u);
	execute("DELETE FROM audit WHERE seq = 257");
	expect(STORE_MISSING, 257, 257);
}

Test(store_check, begins_with_a_version_1_that_had_no_records)
{
	make_version_1(0, 0);
	reopen();
	add(2, 1000);
	expect(STORE_INTACT, 0, 0);
}

Test(store_check, makes_an_auth_value_once)
{
	uint8_t first[STORE_ANCHOR_AUTH];
	uint8_t second[STORE_ANCHOR_AUTH];

	cr_assert_eq(store_audit_auth(store, first), STORE_OK);
	reopen();
	cr_assert_eq(store_audit_auth(store, second), STORE_OK);
	cr_assert_arr_eq(first, second, sizeof first);
	cr_assert_neq(first[sizeof first - 1], 0);
}
