#include "store_trust.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "../../support/temp_dir.h"

static char dir[TEMP_PATH_MAX];
static struct store *store;
static const uint8_t der[3] = {0x30, 1, 0};

static void open_store(void)
{
	char error[STORE_ERROR_MAX] = "";

	cr_assert_eq(store_open(dir, error, &store), STORE_OK, "%s", error);
}

static void set_up(void)
{
	temp_dir_make(dir);
	open_store();
}

static void tear_down(void)
{
	store_close(store);
	temp_dir_remove(dir);
}

TestSuite(store_trust, .init = set_up, .fini = tear_down);

static uint64_t group_id(const char *name)
{
	struct store_group group = {0};

	cr_assert_eq(store_group_get(store, name, 0, &group), STORE_OK);
	return group.id;
}

static struct store_trust entry(uint64_t group, enum store_list list, uint8_t number)
{
	struct store_trust made = {
		.group_id = group,
		.list = list,
		.facts = {.subject = "CN=a",
			  .issuer = "CN=b",
			  .serial = "0A",
			  .from = 5,
			  .until = 7,
			  .name_hash = 0xfffffff0u + number % 4,
			  .is_ca = true},
		.added = 11,
		.added_by = 12,
		.der = der,
		.der_len = sizeof der,
	};

	memset(made.facts.fingerprint, number, sizeof made.facts.fingerprint);
	return made;
}

static bool count_entry(const struct store_trust *found, void *user)
{
	(void)found;
	++*(int *)user;
	return true;
}

Test(store_trust, has_the_predefined_groups_with_every_switch_off)
{
	static const char *const names[] = {"opcua", "opcua-user", "https",
					    "ouc",   "pg-hmi",	   "syslog"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct store_group group = {0};

		cr_assert_eq(store_group_get(store, names[i], 0, &group), STORE_OK);
		cr_assert(group.is_predefined);
		cr_assert(!group.auto_accept);
		cr_assert_eq(group.crls, 0, "CRLs are required");
	}
}

Test(store_trust, gives_back_an_entry_after_a_restart)
{
	struct store_trust made = entry(group_id("opcua"), STORE_ISSUER_CERTS, 3);
	struct store_trust found = {0};
	int named = 0;

	made.auto_accepted = true;
	cr_assert_eq(store_trust_add(store, &made), STORE_OK);
	store_close(store);
	open_store();
	cr_assert_eq(store_trust_get(store, made.group_id, STORE_LIST_ANY, made.facts.fingerprint,
				     &found),
		     STORE_OK);
	cr_assert_eq(found.list, STORE_ISSUER_CERTS);
	cr_assert_str_eq(found.facts.subject, "CN=a");
	cr_assert_str_eq(found.facts.issuer, "CN=b");
	cr_assert_str_eq(found.facts.serial, "0A");
	cr_assert_eq(found.facts.from, 5);
	cr_assert_eq(found.facts.until, 7);
	cr_assert_eq(found.facts.name_hash, made.facts.name_hash);
	cr_assert(found.facts.is_ca && !found.facts.is_crl);
	cr_assert_eq(found.added, 11);
	cr_assert_eq(found.added_by, 12);
	cr_assert(found.auto_accepted);
	cr_assert_eq(found.der_len, sizeof der);
	cr_assert_arr_eq(found.der, der, sizeof der);
	store_trust_wipe(&found);
	cr_assert_eq(store_trust_get(store, made.group_id, STORE_TRUSTED_CERTS,
				     made.facts.fingerprint, &found),
		     STORE_NOT_FOUND);
	cr_assert_eq(
		store_trust_named(store, made.group_id, made.facts.name_hash, count_entry, &named),
		STORE_OK);
	cr_assert_eq(named, 1);
	cr_assert_eq(store_trust_named(store, group_id("https"), made.facts.name_hash, count_entry,
				       &named),
		     STORE_OK);
	cr_assert_eq(named, 1, "of another group");
}

Test(store_trust, has_an_entry_once_in_each_list)
{
	struct store_trust made = entry(group_id("opcua"), STORE_TRUSTED_CERTS, 1);
	uint64_t counts[STORE_LIST_COUNT];
	uint64_t total = 0;

	cr_assert_eq(store_trust_add(store, &made), STORE_OK);
	cr_assert_eq(store_trust_add(store, &made), STORE_EXISTS);
	made.list = STORE_ISSUER_CERTS;
	cr_assert_eq(store_trust_add(store, &made), STORE_OK);
	made.group_id = group_id("https");
	cr_assert_eq(store_trust_add(store, &made), STORE_OK);
	cr_assert_eq(store_group_entries(store, group_id("opcua"), counts), STORE_OK);
	cr_assert_eq(counts[STORE_TRUSTED_CERTS], 1);
	cr_assert_eq(counts[STORE_ISSUER_CERTS], 1);
	cr_assert_eq(counts[STORE_ISSUER_CRLS], 0);
	cr_assert_eq(store_trust_count(store, &total), STORE_OK);
	cr_assert_eq(total, 3);
}

Test(store_trust, lists_pages_and_empties_one_list)
{
	uint64_t opcua = group_id("opcua");
	int listed = 0;

	for (uint8_t i = 0; i < 5; i++) {
		struct store_trust made = entry(opcua, STORE_TRUSTED_CERTS, i);

		cr_assert_eq(store_trust_add(store, &made), STORE_OK);
		made.list = STORE_TRUSTED_CRLS;
		cr_assert_eq(store_trust_add(store, &made), STORE_OK);
	}
	cr_assert_eq(store_trust_list(store, opcua, STORE_LIST_ANY, 4, count_entry, &listed),
		     STORE_OK);
	cr_assert_eq(listed, 6);
	cr_assert_eq(store_trust_clear(store, opcua, STORE_TRUSTED_CRLS), STORE_OK);
	listed = 0;
	cr_assert_eq(store_trust_list(store, opcua, STORE_LIST_ANY, 0, count_entry, &listed),
		     STORE_OK);
	cr_assert_eq(listed, 5);
	cr_assert_eq(store_trust_list(store, opcua, STORE_TRUSTED_CRLS, 0, count_entry, &listed),
		     STORE_OK);
	cr_assert_eq(listed, 5);
}

Test(store_trust, deletes_a_group_with_all_that_is_in_it)
{
	struct store_group group = {.name = "line-1", .crls = 2, .updated = 9};
	struct store_group found = {0};
	uint64_t id = 0;
	uint64_t total = 9;

	cr_assert_eq(store_group_add(store, &group, &id), STORE_OK);
	cr_assert_eq(store_group_add(store, &group, &id), STORE_EXISTS);
	struct store_trust made = entry(id, STORE_TRUSTED_CERTS, 1);

	cr_assert_eq(store_trust_add(store, &made), STORE_OK);
	cr_assert_eq(store_group_touch(store, id, 42), STORE_OK);
	cr_assert_eq(store_group_get(store, NULL, id, &found), STORE_OK);
	cr_assert_eq(found.crls, 2);
	cr_assert_eq(found.revision, 1);
	cr_assert_eq(found.updated, 42);
	cr_assert_eq(store_group_delete(store, id), STORE_OK);
	cr_assert_eq(store_group_delete(store, id), STORE_NOT_FOUND);
	cr_assert_eq(store_trust_count(store, &total), STORE_OK);
	cr_assert_eq(total, 0);
}

static struct store_rejected rejected(uint8_t number, int64_t now)
{
	struct store_rejected made = {
		.group_id = group_id("opcua"),
		.subject = "CN=a",
		.issuer = "CN=b",
		.reason = 3,
		.sentence = "not trusted",
		.first_seen = now,
		.last_seen = now,
		.count = 1,
		.der = der,
		.der_len = sizeof der,
	};

	memset(made.fingerprint, number, sizeof made.fingerprint);
	return made;
}

static bool count_rejected(const struct store_rejected *found, void *user)
{
	(void)found;
	++*(int *)user;
	return true;
}

Test(store_trust, counts_the_same_refused_certificate_instead_of_growing)
{
	struct store_rejected made = rejected(1, 100);
	struct store_rejected found = {0};
	uint64_t first = 0;
	uint64_t second = 0;
	int count = 0;

	cr_assert_eq(store_rejected_add(store, &made, 10, &first), STORE_OK);
	made.first_seen = made.last_seen = 200;
	made.count = 5;
	snprintf(made.sentence, sizeof made.sentence, "expired");
	cr_assert_eq(store_rejected_add(store, &made, 10, &second), STORE_OK);
	cr_assert_eq(first, second);
	cr_assert_eq(store_rejected_get(store, first, &found), STORE_OK);
	cr_assert_eq(found.count, 6);
	cr_assert_eq(found.first_seen, 100);
	cr_assert_eq(found.last_seen, 200);
	cr_assert_str_eq(found.sentence, "expired");
	cr_assert_str_eq(found.group, "opcua");
	cr_assert_eq(found.der_len, sizeof der);
	store_rejected_wipe(&found);
	cr_assert_eq(store_rejected_list(store, 0, 0, count_rejected, &count), STORE_OK);
	cr_assert_eq(count, 1);
	cr_assert_eq(store_rejected_forget(store, made.group_id, made.fingerprint), STORE_OK);
	cr_assert_eq(store_rejected_get(store, first, &found), STORE_NOT_FOUND);
}

Test(store_trust, drops_the_refused_certificates_seen_longest_ago)
{
	uint64_t ids[4];
	struct store_rejected found = {0};
	int count = 0;

	for (uint8_t i = 0; i < 4; i++) {
		struct store_rejected made = rejected(i, 100 + i);

		if (i == 3) {
			/* The first one is seen again. */
			struct store_rejected again = rejected(0, 200);
			uint64_t id = 0;

			cr_assert_eq(store_rejected_add(store, &again, 3, &id), STORE_OK);
		}
		cr_assert_eq(store_rejected_add(store, &made, 3, &ids[i]), STORE_OK);
	}
	cr_assert_eq(store_rejected_get(store, ids[1], &found), STORE_NOT_FOUND);
	cr_assert_eq(store_rejected_get(store, ids[0], &found), STORE_OK);
	store_rejected_wipe(&found);
	cr_assert_eq(store_rejected_list(store, group_id("opcua"), 0, count_rejected, &count),
		     STORE_OK);
	cr_assert_eq(count, 3);
	cr_assert_eq(store_rejected_clear(store, group_id("https")), STORE_OK);
	cr_assert_eq(store_rejected_clear(store, 0), STORE_OK);
	count = 0;
	cr_assert_eq(store_rejected_list(store, 0, 0, count_rejected, &count), STORE_OK);
	cr_assert_eq(count, 0);
}
