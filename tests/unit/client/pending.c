#include <criterion/criterion.h>
#include <stdlib.h>

#include "pending.h"

Test(pending, gives_back_what_was_put_in_under_its_id)
{
	struct pending_table *table = calloc(1, sizeof(*table));
	int first = 0;
	int second = 0;
	uint64_t one = pending_add(table, &(struct pending){.user = &first});
	uint64_t two = pending_add(table, &(struct pending){.user = &second});
	struct pending entry;

	cr_assert_neq(one, 0);
	cr_assert_neq(two, 0);
	cr_assert(pending_take(table, one, &entry));
	cr_assert_eq(entry.user, &first);
	cr_assert(pending_take(table, two, &entry));
	cr_assert_eq(entry.user, &second);
	cr_assert(!pending_take(table, two, &entry));
	cr_assert(!pending_take(table, 0, &entry));
	free(table);
}

Test(pending, does_not_take_a_late_answer_for_the_next_one_in_its_place)
{
	struct pending_table *table = calloc(1, sizeof(*table));
	struct pending entry = {0};
	uint64_t old = pending_add(table, &entry);
	uint64_t new;

	cr_assert(pending_take(table, old, &entry));
	new = pending_add(table, &(struct pending){0});
	cr_assert_neq(old, new);
	cr_assert(!pending_take(table, old, &entry));
	cr_assert(pending_take(table, new, &entry));
	free(table);
}

Test(pending, is_full_at_its_maximum_and_has_room_again_when_one_is_taken)
{
	struct pending_table *table = calloc(1, sizeof(*table));
	struct pending entry = {0};
	uint64_t last = 0;

	for (int i = 0; i < PENDING_MAX; i++)
		last = pending_add(table, &entry);
	cr_assert_neq(last, 0);
	cr_assert_eq(pending_add(table, &entry), 0);
	cr_assert(pending_take(table, last, &entry));
	cr_assert_neq(pending_add(table, &entry), 0);
	cr_assert_eq(pending_add(table, &entry), 0);
	free(table);
}

Test(pending, empties_entry_by_entry)
{
	struct pending_table *table = calloc(1, sizeof(*table));
	struct pending entry = {0};
	int count = 0;

	for (int i = 0; i < 3; i++)
		(void)pending_add(table, &(struct pending){0});
	while (pending_take_any(table, &entry))
		count++;
	cr_assert_eq(count, 3);
	free(table);
}
