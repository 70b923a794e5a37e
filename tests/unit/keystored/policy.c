#include "policy.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { SERVICE = 200, ADMIN = 300, ADMIN_GROUP = 310, USER = 400, USER_GROUP = 410, OTHER = 500 };

static const uid_t admins[] = {301, ADMIN};
static const gid_t admin_groups[] = {ADMIN_GROUP};
enum { BEFORE_USERS, WITH_USERS, STAGES };

static const struct policy policies[STAGES] = {
	[BEFORE_USERS] = {SERVICE, admins, 2, admin_groups, 1, .has_users = false},
	[WITH_USERS] = {SERVICE, admins, 2, admin_groups, 1, .has_users = true},
};

/* Each kind of peer, what it manages by itself, and what the grants of the test give it. */
static const struct subject {
	const char *what;
	uid_t uid;
	gid_t gid;
	gid_t group; /* supplementary; 0: none */
	bool is_owner;
	bool manages;
	enum policy_subject granted_as; /* 0: a grant for the subject does not exist */
} subjects[] = {
	{"root", 0, 0, 0, true, true, 0},
	{"root, granted", 0, 0, 0, true, true, POLICY_UID},
	{"the service", SERVICE, SERVICE, 0, true, true, 0},
	{"an administrator", ADMIN, OTHER, 0, false, true, 0},
	{"an administrator, granted", ADMIN, OTHER, 0, false, true, POLICY_UID},
	{"a member of the administrators", OTHER, OTHER, ADMIN_GROUP, false, true, 0},
	{"one with the administrators as primary group", OTHER, ADMIN_GROUP, 0, false, true, 0},
	{"a user", USER, USER, 0, false, false, 0},
	{"a user, granted", USER, USER, 0, false, false, POLICY_UID},
	{"a user, granted by primary group", USER, USER_GROUP, 0, false, false, POLICY_GID},
	{"a user, granted by supplementary group", USER, USER, USER_GROUP, false, false,
	 POLICY_GID},
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

/* What has the right @right that roles can give: the user if there is one, else the peer. */
static bool has(const struct subject *subject, int stage, const struct policy_caller *caller,
		enum right right)
{
	if (caller->is_user)
		return caller->rights & RIGHT_BIT(right);
	if (stage == WITH_USERS)
		return subject->manages && right == RIGHT_VIEW;
	return right == RIGHT_MANAGE_USERS ? subject->is_owner
					   : subject->manages && right <= RIGHT_READ_AUDIT;
}

/* For a key that is no CA's. */
static bool expected(const struct subject *subject, int stage, const struct policy_caller *caller,
		     enum right right, unsigned operations)
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
	case RIGHT_OPCUA_ACCESS:
	case RIGHT_READ_DIAGNOSTICS:
	case RIGHT_READ_PROCESS_DATA:
	case RIGHT_WRITE_PROCESS_DATA:
	case RIGHT_USER_PAGES:
		return has(subject, stage, caller, right);
	case RIGHT_SEE:
		return has(subject, stage, caller, RIGHT_VIEW) || (operations & POLICY_OPERATIONS);
	case RIGHT_GRANT_KEY:
	case RIGHT_EXPORT_KEY:
		return has(subject, stage, caller, RIGHT_MANAGE_KEYS);
	case RIGHT_BIND_KEY:
		return has(subject, stage, caller, RIGHT_MANAGE_CERTS);
	case RIGHT_CERTIFY:
		return has(subject, stage, caller, RIGHT_MANAGE_CERTS) ||
		       (operations & POLICY_SIGN);
	case RIGHT_SIGN:
		return operations & POLICY_SIGN;
	case RIGHT_DECRYPT:
		return operations & POLICY_DECRYPT;
	case RIGHT_TRANSACT:
		return has(subject, stage, caller, RIGHT_MANAGE_TRUST) ||
		       has(subject, stage, caller, RIGHT_MANAGE_SERVICES) ||
		       has(subject, stage, caller, RIGHT_MANAGE_CERTS);
	case RIGHT_USE_TRUST:
		return has(subject, stage, caller, RIGHT_VIEW) || (operations & POLICY_TRUST);
	case RIGHT_SERVE_OPCUA:
		return operations & POLICY_OPCUA;
	case RIGHT_RECOVER:
		return subject->is_owner;
	case RIGHT_COUNT:
		break;
	}
	return false;
}

static bool is_never_of_ca(enum right right)
{
	return right == RIGHT_GRANT_KEY || right == RIGHT_EXPORT_KEY || right == RIGHT_BIND_KEY ||
	       right == RIGHT_CERTIFY || right == RIGHT_SIGN || right == RIGHT_DECRYPT;
}

static void check_rights(const struct subject *subject, int stage,
			 const struct policy_caller *caller, unsigned operations)
{
	uint32_t id = subject->granted_as == POLICY_GID ? (uint32_t)USER_GROUP : subject->uid;
	/* The first one is somebody else's and must never count. */
	struct grant grants[] = {
		{POLICY_UID, 9999, POLICY_OPERATIONS},
		{subject->granted_as, id, operations},
	};
	unsigned granted = subject->granted_as ? operations : 0;

	for (int i = 0; i < RIGHT_COUNT; i++) {
		enum right right = (enum right)i;
		bool is_expected = expected(subject, stage, caller, right, granted);
		struct policy_object object = {grants, 2, false};

		cr_assert_eq(
			policy_decide(&policies[stage], caller, right, &object) == POLICY_ALLOWED,
			is_expected, "%s, user %d of rights %x, stage %d, right %d, operations %u",
			subject->what, caller->is_user, caller->rights, stage, i, operations);
		object.of_ca = true;
		cr_assert_eq(policy_decide(&policies[stage], caller, right, &object) ==
				     POLICY_ALLOWED,
			     is_expected && !is_never_of_ca(right), "%s, right %d, a CA's key",
			     subject->what, i);
	}
}

Test(policy, decides_each_right_for_each_subject_user_and_grant)
{
	for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
		struct peer *peer = peer_of(&subjects[i]);

		for (int stage = 0; stage < STAGES; stage++) {
			struct policy_caller caller = {.peer = peer};

			for (unsigned operations = 0;
			     operations <= (POLICY_OPERATIONS | POLICY_TRUST | POLICY_OPCUA);
			     operations++)
				check_rights(&subjects[i], stage, &caller, operations);
			caller.is_user = true;
			check_rights(&subjects[i], stage, &caller, POLICY_OPERATIONS);
			for (int right = RIGHT_VIEW; right < RIGHT_GIVEN_END; right++) {
				caller.rights = RIGHT_BIT(right);
				check_rights(&subjects[i], stage, &caller, 0);
				check_rights(&subjects[i], stage, &caller, POLICY_OPERATIONS);
			}
		}
		free(peer);
	}
}

static enum policy_verdict verdict(int stage, uid_t uid, bool is_user, enum right right, bool of_ca)
{
	struct peer *peer = calloc(1, sizeof *peer);
	struct policy_caller caller = {.peer = peer, .is_user = is_user};
	struct policy_object object = {.of_ca = of_ca};

	peer->uid = uid;
	peer->gid = OTHER;
	enum policy_verdict verdict = policy_decide(&policies[stage], &caller, right, &object);

	free(peer);
	return verdict;
}

Test(policy, says_what_would_help)
{
	cr_expect_eq(verdict(BEFORE_USERS, USER, false, RIGHT_MANAGE_KEYS, false), POLICY_NO_RIGHT);
	cr_expect_eq(verdict(WITH_USERS, USER, false, RIGHT_MANAGE_KEYS, false), POLICY_NO_LOGIN);
	cr_expect_eq(verdict(WITH_USERS, 0, false, RIGHT_MANAGE_KEYS, false), POLICY_NO_LOGIN);
	cr_expect_eq(verdict(WITH_USERS, 0, true, RIGHT_MANAGE_KEYS, false), POLICY_NO_RIGHT);
	cr_expect_eq(verdict(WITH_USERS, USER, false, RIGHT_RECOVER, false), POLICY_NO_RIGHT);
	cr_expect_eq(verdict(WITH_USERS, USER, true, RIGHT_SIGN, false), POLICY_NO_GRANT);
	cr_expect_eq(verdict(WITH_USERS, USER, false, RIGHT_SEE, true), POLICY_NO_GRANT);
}

Test(policy, names_a_cas_key_as_the_reason_to_everybody)
{
	cr_expect_eq(verdict(BEFORE_USERS, 0, false, RIGHT_SIGN, true), POLICY_CA_KEY);
	cr_expect_eq(verdict(BEFORE_USERS, USER, false, RIGHT_SIGN, true), POLICY_CA_KEY);
	cr_expect_eq(verdict(WITH_USERS, USER, true, RIGHT_EXPORT_KEY, true), POLICY_CA_KEY);
}

Test(policy, takes_no_right_from_a_user_that_roles_cannot_give)
{
	struct peer peer = {.uid = USER, .gid = OTHER};
	struct policy_caller caller = {.peer = &peer, .is_user = true, .rights = ~0u};

	for (int right = RIGHT_SIGN; right < RIGHT_COUNT; right++)
		cr_expect_neq(
			policy_decide(&policies[WITH_USERS], &caller, (enum right)right, NULL),
			POLICY_ALLOWED);
	cr_expect_eq(policy_rights(&policies[WITH_USERS], &caller), RIGHT_GIVEN);
}

static enum policy_verdict granted(struct peer *peer, enum right right, struct grant *grant)
{
	struct policy_caller caller = {.peer = peer};
	struct policy_object object = {grant, 1, false};

	return policy_decide(&policies[BEFORE_USERS], &caller, right, &object);
}

Test(policy, does_not_take_a_uid_for_a_gid)
{
	struct peer *peer = calloc(1, sizeof *peer);
	struct grant by_gid = {POLICY_GID, USER, POLICY_SIGN};
	struct grant by_uid = {POLICY_UID, USER_GROUP, POLICY_SIGN};

	peer->uid = USER;
	peer->gid = USER_GROUP;
	cr_assert_eq(granted(peer, RIGHT_SIGN, &by_gid), POLICY_NO_GRANT);
	cr_assert_eq(granted(peer, RIGHT_SIGN, &by_uid), POLICY_NO_GRANT);
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

	struct policy_caller caller = {.peer = &peer, .is_user = true, .rights = ~0u};

	cr_assert_eq(policy_decide(&policies[BEFORE_USERS], &caller, RIGHT_COUNT, NULL),
		     POLICY_NO_RIGHT);
}

Test(policy, lets_the_service_renew_and_one_who_is_gone_nothing)
{
	struct policy_caller service = {.is_service = true};
	struct policy_caller gone = {0};
	struct policy_caller gone_user = {.is_user = true, .rights = RIGHT_GIVEN};

	cr_expect_eq(policy_decide(&policies[WITH_USERS], &service, RIGHT_MANAGE_CERTS, NULL),
		     POLICY_ALLOWED);
	cr_expect_neq(policy_decide(&policies[WITH_USERS], &service, RIGHT_MANAGE_USERS, NULL),
		      POLICY_ALLOWED);
	for (int right = RIGHT_VIEW; right < RIGHT_COUNT; right++) {
		cr_expect_neq(
			policy_decide(&policies[BEFORE_USERS], &gone, (enum right)right, NULL),
			POLICY_ALLOWED);
		cr_expect_neq(
			policy_decide(&policies[BEFORE_USERS], &gone_user, (enum right)right, NULL),
			POLICY_ALLOWED);
	}
}

Test(policy, lets_one_give_what_he_has)
{
	struct peer root = {.uid = 0};
	struct policy_caller owner = {.peer = &root};
	struct policy_caller clerk = {
		.peer = &root, .is_user = true, .rights = RIGHT_BIT(RIGHT_MANAGE_USERS)};

	cr_expect(policy_may_give(&policies[BEFORE_USERS], &owner, RIGHT_GIVEN));
	cr_expect_not(policy_may_give(&policies[WITH_USERS], &owner, RIGHT_BIT(RIGHT_MANAGE_KEYS)));
	cr_expect(policy_may_give(&policies[WITH_USERS], &clerk, RIGHT_BIT(RIGHT_MANAGE_USERS)));
	cr_expect_not(policy_may_give(&policies[WITH_USERS], &clerk, RIGHT_BIT(RIGHT_VIEW)));
}
