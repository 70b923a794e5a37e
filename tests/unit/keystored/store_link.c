#include "store_link.h"

#include <criterion/criterion.h>
#include <string.h>

static struct store_record record_of(const char *operation, const char *object)
{
	struct store_record record = {.seq = 1, .time = 2, .uid = 3, .pid = 4, .count = 5};

	record.texts[STORE_OPERATION].bytes = operation;
	record.texts[STORE_OPERATION].len = strlen(operation);
	record.texts[STORE_OBJECT].bytes = object;
	record.texts[STORE_OBJECT].len = strlen(object);
	return record;
}

static bool chains_alike(const struct store_record *one, const struct store_record *other)
{
	static const struct store_link before = {0};
	struct store_link first;
	struct store_link second;

	cr_assert(store_link_next(&before, one, &first));
	cr_assert(store_link_next(&before, other, &second));
	return memcmp(first.chain, second.chain, sizeof first.chain) == 0;
}

Test(store_link, is_the_same_for_the_same_record)
{
	struct store_record one = record_of("key create", "web");
	struct store_record other = record_of("key create", "web");

	cr_assert(chains_alike(&one, &other));
}

Test(store_link, lets_no_byte_move_between_fields)
{
	struct store_record one = record_of("key createw", "eb");
	struct store_record other = record_of("key create", "web");
	struct store_record empty = record_of("", "key createweb");
	struct store_record full = record_of("key createweb", "");

	cr_assert_not(chains_alike(&one, &other));
	cr_assert_not(chains_alike(&empty, &full));
	/* A length that reads like text, and text that reads like a length. */
	one = record_of("\1\1\1\1", "");
	other = record_of("", "\1\1\1\1");
	cr_assert_not(chains_alike(&one, &other));
}

Test(store_link, covers_each_number_in_full)
{
	const struct store_record record = record_of("key create", "web");
	struct store_record changed[] = {record, record, record, record, record, record};

	changed[0].seq++;
	changed[1].time = -record.time;
	changed[2].uid += INT64_C(1) << 32;
	changed[3].pid++;
	changed[4].count = 0;
	/* Neighbours swapped. */
	changed[5].uid = record.pid;
	changed[5].pid = record.uid;
	for (size_t i = 0; i < sizeof changed / sizeof *changed; i++)
		cr_assert_not(chains_alike(&record, &changed[i]), "%zu", i);
}

Test(store_link, covers_what_stands_behind_a_nul)
{
	struct store_record one = record_of("a", "web");
	struct store_record other = record_of("a", "web");

	one.texts[STORE_OBJECT].bytes = "web\0one";
	one.texts[STORE_OBJECT].len = 7;
	cr_assert_not(chains_alike(&one, &other));
}

Test(store_link, depends_on_the_record_before)
{
	struct store_record record = record_of("key create", "web");
	struct store_link start = {0};
	struct store_link other = {.seq = 0, .chain = {1}};
	struct store_link first;
	struct store_link second;

	cr_assert(store_link_next(&start, &record, &first));
	cr_assert(store_link_next(&other, &record, &second));
	cr_assert_neq(memcmp(first.chain, second.chain, sizeof first.chain), 0);
	cr_assert_eq(first.seq, 1u);
}

static struct store_record record_by(const char *user)
{
	struct store_record record = record_of("key create", "web");

	record.texts[STORE_USER].bytes = user;
	record.texts[STORE_USER].len = strlen(user);
	return record;
}

Test(store_link, covers_who_was_logged_in)
{
	struct store_record nobody = record_of("key create", "web");
	struct store_record empty = record_by("");
	struct store_record anna = record_by("anna");
	struct store_record hanna = record_by("hanna");

	/* As it was before there were users. */
	cr_assert(chains_alike(&nobody, &empty));
	cr_assert_not(chains_alike(&nobody, &anna));
	cr_assert_not(chains_alike(&anna, &hanna));
}
