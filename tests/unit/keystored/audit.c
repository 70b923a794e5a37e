#include "audit.h"

#include <criterion/criterion.h>

#include "../../support/temp_dir.h"

static char dir[TEMP_PATH_MAX];
static struct store *store;
static sd_event *event;
static struct audit *audit;

static void set_up(void)
{
	char error[STORE_ERROR_MAX];

	temp_dir_make(dir);
	cr_assert_eq(store_open(dir, error, &store), STORE_OK);
	cr_assert_geq(sd_event_new(&event), 0);
	audit = audit_new(event, store, NULL, 100000);
}

static void tear_down(void)
{
	audit_free(audit);
	store_close(store);
	sd_event_unref(event);
	temp_dir_remove(dir);
}

struct trail {
	uint64_t rows;
	uint64_t entries;
	bool says_some_are_lost;
};

static bool take(uint64_t seq, const struct store_audit *entry, void *user)
{
	struct trail *trail = user;

	(void)seq;
	trail->rows++;
	trail->entries += entry->count;
	if (strcmp(entry->status, "lost") == 0)
		trail->says_some_are_lost = true;
	return true;
}

static struct trail read_trail(void)
{
	struct trail trail = {0};

	store_audit_list(store, 0, take, &trail);
	return trail;
}

static struct audit_entry refused(const char *object)
{
	return (struct audit_entry){1000, 1, "key delete", object, "denied", "no", ""};
}

TestSuite(audit, .init = set_up, .fini = tear_down);

Test(audit, enters_a_refusal_by_itself_after_a_moment)
{
	struct audit_entry entry = refused("web");

	audit_note(audit, &entry);
	cr_assert_eq(read_trail().rows, 0u);
	cr_assert_gt(sd_event_run(event, UINT64_MAX), 0);
	cr_assert_eq(read_trail().rows, 1u);
}

Test(audit, counts_what_repeats_itself)
{
	struct audit_entry web = refused("web");
	struct audit_entry other = refused("other");

	for (int i = 0; i < 10; i++)
		audit_note(audit, &web);
	audit_note(audit, &other);
	audit_flush(audit);
	cr_assert_eq(read_trail().rows, 2u);
	cr_assert_eq(read_trail().entries, 11u);
}

Test(audit, says_how_many_it_could_not_keep)
{
	char name[16];

	for (int i = 0; i < AUDIT_PENDING_MAX + 1; i++) {
		snprintf(name, sizeof name, "k%d", i);
		struct audit_entry entry = refused(name);

		audit_note(audit, &entry);
	}
	audit_flush(audit);
	cr_assert_eq(read_trail().rows, (uint64_t)AUDIT_PENDING_MAX + 1);
	cr_assert(read_trail().says_some_are_lost);
}

Test(audit, goes_with_the_transaction_it_is_recorded_in)
{
	struct audit_entry entry = {0, 1, "key create", "web", "ok", "", ""};

	store_begin(store);
	cr_assert_eq(audit_record(audit, &entry), STORE_OK);
	store_rollback(store);
	cr_assert_eq(read_trail().rows, 0u);
	store_begin(store);
	audit_record(audit, &entry);
	store_commit(store);
	cr_assert_eq(read_trail().rows, 1u);
}

Test(audit, is_complete_when_the_service_ends)
{
	struct audit_entry entry = refused("web");

	audit_note(audit, &entry);
	audit_free(audit);
	audit = NULL;
	cr_assert_eq(read_trail().rows, 1u);
}
