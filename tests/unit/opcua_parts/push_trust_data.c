#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "push_trust_data.h"

static const struct push_trust_item three[] = {
	{(const uint8_t *)"first", 5, 0},
	{(const uint8_t *)"second", 6, 0},
	{(const uint8_t *)"crl", 3, 3},
};

/* The three; how many bytes. */
static size_t encode(uint8_t bytes[64])
{
	return push_trust_encode(PUSH_TRUST_ALL, three, 3, bytes);
}

static enum push_trust_status decode(const uint8_t *bytes, size_t len)
{
	struct push_trust_item *items = NULL;
	unsigned lists;
	size_t count;
	enum push_trust_status status = push_trust_decode(bytes, len, &lists, &items, &count);

	free(items);
	return status;
}

Test(push_trust_data, reads_what_it_wrote)
{
	struct push_trust_item *items;
	uint8_t bytes[64];
	size_t len = encode(bytes);
	unsigned lists;
	size_t count;

	cr_assert_eq(len, push_trust_encode(PUSH_TRUST_ALL, three, 3, NULL));
	cr_assert_eq(push_trust_decode(bytes, len, &lists, &items, &count), PUSH_TRUST_OK);
	cr_expect_eq(lists, PUSH_TRUST_ALL);
	cr_assert_eq(count, 3);
	for (size_t i = 0; i < count; i++) {
		cr_expect_eq(items[i].list, three[i].list);
		cr_assert_eq(items[i].len, three[i].len);
		cr_expect_eq(memcmp(items[i].der, three[i].der, three[i].len), 0);
	}
	free(items);
}

Test(push_trust_data, leaves_out_lists_that_are_not_specified)
{
	struct push_trust_item *items;
	uint8_t bytes[64];
	size_t len = encode(bytes);
	unsigned lists;
	size_t count;

	bytes[0] = 8;
	cr_assert_eq(push_trust_decode(bytes, len, &lists, &items, &count), PUSH_TRUST_OK);
	cr_expect_eq(lists, 8);
	cr_assert_eq(count, 1);
	cr_expect_eq(items[0].list, 3);
	free(items);
}

Test(push_trust_data, refuses_what_is_cut_off_anywhere_or_goes_on)
{
	uint8_t bytes[64];
	size_t len = encode(bytes);

	for (size_t cut = 0; cut < len; cut++)
		cr_expect_eq(decode(bytes, cut), PUSH_TRUST_MALFORMED, "%zu", cut);
	bytes[len] = 0;
	cr_expect_eq(decode(bytes, len + 1), PUSH_TRUST_MALFORMED);
}

Test(push_trust_data, takes_no_list_for_an_empty_one_and_no_entry_for_none)
{
	static const uint8_t none[] = {15, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0,
				       0,  0, 0, 0, 0,	  0,	0,    0,    0, 0};
	static const uint8_t empty[] = {1, 0, 0, 0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff,
					0, 0, 0, 0, 0, 0, 0, 0, 0,    0,    0,	  0};

	cr_expect_eq(decode(none, sizeof none), PUSH_TRUST_OK);
	cr_expect_eq(decode(empty, sizeof empty), PUSH_TRUST_MALFORMED);
}

Test(push_trust_data, takes_as_many_entries_as_there_may_be_and_not_one_more)
{
	struct push_trust_item *items = calloc(PUSH_TRUST_ENTRIES_MAX + 1, sizeof *items);
	uint8_t *bytes;
	size_t len;

	for (size_t i = 0; i <= PUSH_TRUST_ENTRIES_MAX; i++)
		items[i] = three[0];
	len = push_trust_encode(1, items, PUSH_TRUST_ENTRIES_MAX + 1, NULL);
	bytes = malloc(len);
	(void)push_trust_encode(1, items, PUSH_TRUST_ENTRIES_MAX + 1, bytes);
	cr_expect_eq(decode(bytes, len), PUSH_TRUST_TOO_MANY);
	len = push_trust_encode(1, items, PUSH_TRUST_ENTRIES_MAX, bytes);
	cr_expect_eq(decode(bytes, len), PUSH_TRUST_OK);
	free(bytes);
	free(items);
}
