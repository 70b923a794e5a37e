#include "session.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const struct session_limits limits = {
	.sessions = 4, .sessions_per_user = 2, .idle = 100, .life = 1000};
static struct sessions *sessions;

static void up(void)
{
	sessions = sessions_new(&limits);
	cr_assert(sessions);
}

static void down(void)
{
	sessions_free(sessions);
}

TestSuite(session, .init = up, .fini = down);

struct held {
	uint8_t token[SESSION_TOKEN_SIZE];
	uint64_t id;
};

static bool try_begin(uint64_t user, uid_t uid, uint64_t now, struct held *held)
{
	struct session session = {.uid = uid, .user_id = user, .rights = 6};

	snprintf(session.user, sizeof session.user, "u%llu", (unsigned long long)user);
	return sessions_begin(sessions, &session, now, held->token, &held->id);
}

static struct held begin(uint64_t user, uid_t uid, uint64_t now)
{
	struct held held = {0};

	cr_assert(try_begin(user, uid, now, &held));
	return held;
}

static const struct session *use(const struct held *held, uid_t uid, uint64_t now)
{
	return sessions_use(sessions, held->token, sizeof held->token, uid, false, now);
}

static const struct session *look(const struct held *held, uid_t uid, uint64_t now)
{
	return sessions_use(sessions, held->token, sizeof held->token, uid, true, now);
}

Test(session, is_found_by_its_token)
{
	struct held one = begin(1, 7, 10);
	struct held two = begin(2, 7, 10);

	cr_assert_neq(memcmp(one.token, two.token, sizeof one.token), 0);
	cr_assert_str_eq(use(&one, 7, 20)->user, "u1");
	cr_assert_str_eq(use(&two, 7, 20)->user, "u2");
	cr_assert_eq(use(&two, 7, 20)->rights, 6u);
}

Test(session, is_nobody_elses)
{
	struct held one = begin(1, 7, 10);

	cr_assert_null(use(&one, 8, 20));
	cr_assert_null(use(&one, 0, 20));
	cr_assert(use(&one, 7, 20));
}

Test(session, is_not_found_by_another_token)
{
	struct held one = begin(1, 7, 10);
	struct held other = {0};

	cr_assert_null(use(&other, 7, 20));
	cr_assert_null(sessions_use(sessions, one.token, sizeof one.token - 1, 7, false, 20));
	cr_assert_null(sessions_use(sessions, one.token, 0, 7, false, 20));
	one.token[31] ^= 1;
	cr_assert_null(use(&one, 7, 20));
}

Test(session, ends_when_it_is_not_used)
{
	struct held one = begin(1, 7, 10);

	cr_assert(use(&one, 7, 109));
	cr_assert(use(&one, 7, 208));
	cr_assert(sessions_find(sessions, one.id, 307));
	cr_assert_null(sessions_find(sessions, one.id, 308));
	cr_assert_null(use(&one, 7, 308));
	/* And it does not come back. */
	cr_assert_null(use(&one, 7, 210));
}

Test(session, is_not_kept_alive_by_passive_use)
{
	struct held one = begin(1, 7, 10);

	cr_assert(look(&one, 7, 60));
	cr_assert_null(look(&one, 8, 60));
	cr_assert_eq(sessions_left(sessions, one.id, 60).idle, 50);
	cr_assert_eq(sessions_left(sessions, one.id, 60).life, 950);
	cr_assert(use(&one, 7, 80));
	cr_assert_eq(sessions_left(sessions, one.id, 80).idle, 100);
	cr_assert(look(&one, 7, 179));
	cr_assert_null(look(&one, 7, 180));
	cr_assert_eq(sessions_left(sessions, one.id, 180).idle, 0);
	cr_assert_eq(sessions_left(sessions, one.id, 180).life, 0);
}

Test(session, ends_in_any_case)
{
	struct held one = begin(1, 7, 10);

	for (uint64_t now = 50; now < 1010; now += 50)
		cr_assert(use(&one, 7, now), "%llu", (unsigned long long)now);
	cr_assert_null(use(&one, 7, 1010));
}

Test(session, that_lasts_ends_by_not_being_used_alone)
{
	struct session lasting = {.uid = 7, .user_id = 1, .is_lasting = true};
	struct held one;
	uint64_t now = 10;

	cr_assert(sessions_begin(sessions, &lasting, now, one.token, &one.id));
	for (; now < 5000; now += 99)
		cr_assert(use(&one, 7, now));
	now -= 99;
	cr_assert_eq(sessions_left(sessions, one.id, now).life, 0);
	cr_assert_eq(sessions_left(sessions, one.id, now).idle, 100);
	cr_assert(look(&one, 7, now + 99));
	cr_assert_null(use(&one, 7, now + 100));
}

Test(session, makes_room_for_a_users_next_one)
{
	struct held first = begin(1, 7, 10);
	struct held second = begin(1, 7, 11);

	cr_assert(use(&first, 7, 12));
	struct held third = begin(1, 7, 13);

	/* The one that was used longest ago. */
	cr_assert_null(use(&second, 7, 14));
	cr_assert(use(&first, 7, 14));
	cr_assert(use(&third, 7, 14));
}

/* Fifty panels that log in as one user go on, all of them. */
Test(session, that_lasts_makes_room_for_nobody)
{
	const struct session lasting = {.uid = 7, .user_id = 1, .rights = 6, .is_lasting = true};
	struct held held[5], other;

	for (size_t i = 0; i < limits.sessions; i++)
		cr_assert(sessions_begin(sessions, &lasting, 10, held[i].token, &held[i].id));
	cr_expect_not(sessions_begin(sessions, &lasting, 10, held[4].token, &held[4].id));
	other = begin(1, 8, 11);
	(void)begin(1, 8, 12);
	(void)begin(1, 8, 13);
	cr_expect_null(use(&other, 8, 14));
	for (size_t i = 0; i < limits.sessions; i++)
		cr_expect(use(&held[i], 7, 15));
	cr_expect(sessions_end(sessions, held[0].id));
	cr_expect(sessions_begin(sessions, &lasting, 16, held[4].token, &held[4].id));
}

Test(session, is_refused_beyond_the_limit_of_all)
{
	struct held held;

	for (uint64_t user = 1; user <= limits.sessions; user++)
		begin(user, 7, 10);
	cr_assert_not(try_begin(9, 7, 11, &held));
	/* Until some are over. */
	cr_assert(try_begin(9, 7, 110, &held));
}

Test(session, ends_with_its_user)
{
	struct held one = begin(1, 7, 10);
	struct held kept = begin(1, 7, 10);
	struct held other = begin(2, 7, 10);

	sessions_end_user(sessions, 1, kept.id);
	cr_assert_null(use(&one, 7, 11));
	cr_assert(use(&kept, 7, 11));
	cr_assert(use(&other, 7, 11));
	cr_assert(sessions_end(sessions, other.id));
	cr_assert_not(sessions_end(sessions, other.id));
}

static bool second_lost_all(uint64_t user_id, unsigned *ret_rights, void *user)
{
	(void)user;
	*ret_rights = 2;
	return user_id != 2;
}

Test(session, follows_its_users_rights)
{
	struct held one = begin(1, 7, 10);
	struct held two = begin(2, 7, 10);

	sessions_refresh(sessions, second_lost_all, NULL);
	cr_assert_eq(use(&one, 7, 11)->rights, 2u);
	cr_assert_null(use(&two, 7, 11));
}
