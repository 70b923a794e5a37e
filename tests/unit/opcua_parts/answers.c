#include "answers.h"

#include <criterion/criterion.h>
#include <string.h>

static const uint8_t digest[] = {1, 2, 3}, answer[] = {9, 8, 7, 6};

static struct answers_question question(enum answers_kind kind, const char *key, unsigned way)
{
	return (struct answers_question){kind, key, way, digest, sizeof(digest)};
}

Test(answers, are_given_once)
{
	struct answers answers = {0};
	const struct answers_question asked = question(ANSWERS_SIGNATURE, "#1", 2);
	uint8_t bytes[16];
	size_t len = 0;

	answers_put(&answers, &asked, answer, sizeof(answer));
	cr_assert_eq(answers_take(&answers, &asked, bytes, sizeof(bytes), &len), ANSWERS_GOOD);
	cr_assert_eq(len, sizeof(answer));
	cr_assert_eq(memcmp(bytes, answer, len), 0);
	cr_assert_eq(answers_take(&answers, &asked, bytes, sizeof(bytes), &len), ANSWERS_NOTHING);
}

Test(answers, leave_nothing_behind_when_they_were_given)
{
	struct answers answers = {0};
	const struct answers none = {0};
	const struct answers_question asked = question(ANSWERS_PLAIN, "#1", 2);
	uint8_t bytes[16];
	size_t len;

	answers_put(&answers, &asked, answer, sizeof(answer));
	cr_assert_eq(answers_take(&answers, &asked, bytes, sizeof(bytes), &len), ANSWERS_GOOD);
	cr_assert_eq(memcmp(&answers.entries, &none.entries, sizeof(none.entries)), 0);
}

Test(answers, are_for_what_was_asked_and_nothing_else)
{
	struct answers answers = {0};
	const struct answers_question asked = question(ANSWERS_SIGNATURE, "#1", 2);
	const struct answers_question others[] = {
		question(ANSWERS_PLAIN, "#1", 2),
		question(ANSWERS_SIGNATURE, "#12", 2),
		question(ANSWERS_SIGNATURE, "#1", 3),
		{ANSWERS_SIGNATURE, "#1", 2, digest, sizeof(digest) - 1},
		{ANSWERS_SIGNATURE, "#1", 2, answer, sizeof(digest)},
	};
	uint8_t bytes[16];
	size_t len;

	answers_put(&answers, &asked, answer, sizeof(answer));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		cr_expect_eq(answers_take(&answers, &others[i], bytes, sizeof(bytes), &len),
			     ANSWERS_NOTHING, "%zu", i);
	cr_assert_eq(answers_take(&answers, &asked, bytes, sizeof(bytes), &len), ANSWERS_GOOD);
}

Test(answers, say_what_keystored_refused)
{
	struct answers answers = {0};
	const struct answers_question asked = question(ANSWERS_PLAIN, "#1", 2);
	uint8_t bytes[16];
	size_t len;

	answers_put(&answers, &asked, NULL, 0);
	cr_assert_eq(answers_take(&answers, &asked, bytes, sizeof(bytes), &len), ANSWERS_REFUSED);
}

Test(answers, do_not_overflow_who_takes_them)
{
	struct answers answers = {0};
	const struct answers_question asked = question(ANSWERS_PLAIN, "#1", 2);
	uint8_t bytes[sizeof(answer) - 1];
	size_t len;

	answers_put(&answers, &asked, answer, sizeof(answer));
	cr_assert_eq(answers_take(&answers, &asked, bytes, sizeof(bytes), &len), ANSWERS_REFUSED);
}

Test(answers, are_no_more_than_there_is_room_for_and_no_longer)
{
	struct answers answers = {0};
	uint8_t bytes[ANSWERS_BYTES + 1] = {0};
	size_t len;

	for (unsigned i = 0; i <= ANSWERS_MAX; i++) {
		const struct answers_question asked = question(ANSWERS_PLAIN, "#1", i);

		answers_put(&answers, &asked, bytes, ANSWERS_BYTES);
	}
	for (unsigned i = 0; i <= ANSWERS_MAX; i++) {
		const struct answers_question asked = question(ANSWERS_PLAIN, "#1", i);

		cr_expect_eq(answers_take(&answers, &asked, bytes, sizeof(bytes), &len),
			     i ? ANSWERS_GOOD : ANSWERS_NOTHING, "%u", i);
	}
	const struct answers_question long_one = question(ANSWERS_PLAIN, "#1", 1);

	answers_put(&answers, &long_one, bytes, sizeof(bytes));
	cr_assert_eq(answers_take(&answers, &long_one, bytes, sizeof(bytes), &len),
		     ANSWERS_NOTHING);
}
