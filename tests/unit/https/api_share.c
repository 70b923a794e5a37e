#include "api_share.h"

#include <criterion/criterion.h>

static struct api_share *share;
static const uint8_t question[API_SHARE_KEY_BYTES] = {1}, other[API_SHARE_KEY_BYTES] = {2};

static void make_share(void)
{
	share = api_share_new();
	cr_assert_not_null(share);
}

static void free_share(void)
{
	api_share_free(share);
}

TestSuite(api_share, .init = make_share, .fini = free_share);

/* How many @member's answer is for; @ret_next: who starts now. */
static size_t end(struct api_share_member *member, struct api_share_member **ret_next)
{
	struct api_share_members answered;
	struct api_share_member *each;
	size_t count = 0;

	*ret_next = api_share_end(share, member, &answered);
	TAILQ_FOREACH(each, &answered, entry)
	count++;
	return count;
}

Test(api_share, starts_different_questions_at_once)
{
	struct api_share_member a = {0}, b = {0}, *next;

	cr_assert_eq(api_share_enter(share, question, &a), API_SHARE_STARTS);
	cr_assert_eq(api_share_enter(share, other, &b), API_SHARE_STARTS);
	cr_expect_eq(end(&a, &next), 1);
	cr_expect_null(next);
	cr_expect_eq(end(&b, &next), 1);
	cr_expect_null(next);
}

Test(api_share, never_gives_an_answer_to_who_asked_after_its_question)
{
	struct api_share_member first = {0}, second = {0}, third = {0}, fourth = {0}, *next;

	cr_assert_eq(api_share_enter(share, question, &first), API_SHARE_STARTS);
	cr_assert_eq(api_share_enter(share, question, &second), API_SHARE_WAITS);
	cr_assert_eq(api_share_enter(share, question, &third), API_SHARE_WAITS);
	cr_expect_eq(end(&first, &next), 1, "those who came later wait for the next");
	cr_assert_eq(next, &second);
	cr_assert_eq(api_share_enter(share, question, &fourth), API_SHARE_WAITS);
	cr_expect_eq(end(&second, &next), 2, "one answer for both who waited");
	cr_assert_eq(next, &fourth);
	cr_expect_eq(end(&fourth, &next), 1);
	cr_expect_null(next);
	cr_assert_eq(api_share_enter(share, question, &first), API_SHARE_STARTS);
	cr_expect_eq(end(&first, &next), 1);
}

Test(api_share, lets_as_many_wait_as_are_named_and_no_more)
{
	static struct api_share_member waiting[API_SHARE_WAITING_MAX];
	struct api_share_member a = {0}, b = {0}, late = {0}, *next;

	cr_assert_eq(api_share_enter(share, question, &a), API_SHARE_STARTS);
	cr_assert_eq(api_share_enter(share, other, &b), API_SHARE_STARTS);
	for (size_t i = 0; i < API_SHARE_WAITING_MAX; i++)
		cr_assert_eq(api_share_enter(share, i % 2 ? question : other, &waiting[i]),
			     API_SHARE_WAITS);
	cr_expect_eq(api_share_enter(share, question, &late), API_SHARE_FULL);
	cr_expect_eq(end(&a, &next), 1);
	cr_assert_eq(api_share_enter(share, question, &late), API_SHARE_WAITS,
		     "those who ask now wait no longer");
	cr_expect_eq(end(next, &next), API_SHARE_WAITING_MAX / 2);
	cr_assert_eq(next, &late);
	cr_expect_eq(end(&late, &next), 1);
	cr_expect_eq(end(&b, &next), 1);
	cr_expect_eq(end(next, &next), API_SHARE_WAITING_MAX / 2);
	cr_expect_null(next);
}
