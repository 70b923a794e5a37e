#include "policy.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { SERVICE = 200, ADMIN = 300, ADMIN_GROUP = 310, USER = 400, USER_GROUP = 410, OTHER = 500 };

static const uid_t admins[] = {301, ADMIN};
static const gid_t admin_groups[] = {ADMIN_GROUP};
static const struct policy policy = {SERVICE, admins, 2, admin_groups, 1};

/* Each kind of peer, whether it manages, and what the grants of the test give it. */
static const struct subject {
	const char *what;
	uid_t uid;
	gid_t gid;
	gid_t group; /* supplementary; 0: none */
	bool manages;
	enum policy_subject granted_as; /* 0: a grant for the subject does not exist */
} subjects[] = {
	{"root", 0, 0, 0, true, 0},
	{"root, granted", 0, 0, 0, true, POLICY_UID},
	{"the service", SERVICE, SERVICE, 0, true, 0},
	{"an administrator", ADMIN, OTHER, 0, true, 0},
	{"an administrator, granted", ADMIN, OTHER, 0, true, POLICY_UID},
	{"a member of the administrators", OTHER, OTHER, ADMIN_GROUP, true, 0},
	{"one with the administrators as primary group", OTHER, ADMIN_GROUP, 0, true, 0},
	{"a user", USER, USER, 0, false, 0},
	{"a user, granted", USER, USER, 0, false, POLICY_UID},
	{"a user, granted by primary group", USER, USER_GROUP, 0, false, POLICY_GID},
	{"a user, granted by supplementary group", USER, USER, USER_GROUP, false, POLICY_GID},
};

static struct peer *peer_of(const struct subject *subject)
{
	struct peer *peer = calloc(1, sizeof *peer + sizeof(gid_t));

	peer->uid = subject->uid;
	peer->gid = subject->gid;
	if (subject->group) {
		peer->groups[0] = subject->group;
		peer->group_count = 1;
	}
	return peer;
}

static bool expected(const struct subject *subject, enum right right, unsigned operations)
{
	switch (right) {
	case RIGHT_ANY:
		return true;
	case RIGHT_VIEW:
	case RIGHT_MANAGE_KEYS:
	case RIGHT_MANAGE_CERTS:
	case RIGHT_MANAGE_TRUST:
	case RIGHT_MANAGE_SERVICES:
	case RIGHT_MANAGE_USERS:
	case RIGHT_READ_AUDIT:
		return subject->manages;
	case RIGHT_SEE:
		return subject->manages || operations;
	case RIGHT_CERTIFY:
		return subject->manages || (operations & POLICY_SIGN);
	case RIGHT_SIGN:
		return operations & POLICY_SIGN;
	case RIGHT_DECRYPT:
		return operations & POLICY_DECRYPT;
	case RIGHT_COUNT:
		break;
	}
	return false;
}

Test(policy, decides_each_right_for_each_subject_and_each_grant)
{
	for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
		const struct subject *subject = &subjects[i];
		struct peer *peer = peer_of(subject);

		for (unsigned operations = 0; operations <= POLICY_OPERATIONS; operations++) {
			uint32_t id = subject->granted_as == POLICY_GID ? (uint32_t)USER_GROUP
									: subject->uid;
			/* The first one is somebody else's and must never count. */
			struct grant grants[] = {
				{POLICY_UID, 9999, POLICY_OPERATIONS},
				{subject->granted_as, id, operations},
			};
			unsigned granted = subject->granted_as ? operations : 0;

			for (int right = 0; right < RIGHT_COUNT; right++)
				cr_assert_eq(
					policy_allows(&policy, peer, (enum right)right, grants, 2),
					expected(subject, (enum right)right, granted),
					"%s, right %d, operations %u", subject->what, right,
					operations);
		}
		free(peer);
	}
}

Test(policy, does_not_take_a_uid_for_a_gid)
{
	struct peer *peer = calloc(1, sizeof *peer);
	struct grant by_gid = {POLICY_GID, USER, POLICY_SIGN};
	struct grant by_uid = {POLICY_UID, USER_GROUP, POLICY_SIGN};

	peer->uid = USER;
	peer->gid = USER_GROUP;
	cr_assert(!policy_allows(&policy, peer, RIGHT_SIGN, &by_gid, 1));
	cr_assert(!policy_allows(&policy, peer, RIGHT_SIGN, &by_uid, 1));
	free(peer);
}

Test(policy, adds_up_what_several_grants_give)
{
	struct peer *peer = calloc(1, sizeof *peer);
	struct grant grants[] = {{POLICY_UID, USER, POLICY_SIGN},
				 {POLICY_GID, USER_GROUP, POLICY_DECRYPT}};

	peer->uid = USER;
	peer->gid = USER_GROUP;
	cr_assert_eq(policy_granted(peer, grants, 2), (unsigned)POLICY_OPERATIONS);
	free(peer);
}

Test(policy, refuses_a_right_that_is_none)
{
	struct peer peer = {.uid = 0};

	cr_assert(!policy_allows(&policy, &peer, RIGHT_COUNT, NULL, 0));
}
