#include "policy.h"

/* A right is had by one of these ways. */
struct rule {
	bool is_for_anyone;
	bool is_for_owner;
	bool is_not_of_ca; /* … and never on a CA's key */
	unsigned given;	   /* by roles: any of these bits suffices */
	unsigned granted;  /* on the key: any of these operations suffices */
};

#define GIVEN(right) [right] = {.given = RIGHT_BIT(right)}

static const struct rule rules[RIGHT_COUNT] = {
	[RIGHT_ANY] = {.is_for_anyone = true},
	GIVEN(RIGHT_VIEW),
	GIVEN(RIGHT_MANAGE_KEYS),
	GIVEN(RIGHT_MANAGE_CERTS),
	GIVEN(RIGHT_MANAGE_TRUST),
	GIVEN(RIGHT_MANAGE_SERVICES),
	GIVEN(RIGHT_MANAGE_USERS),
	GIVEN(RIGHT_READ_AUDIT),
	GIVEN(RIGHT_OPCUA_ACCESS),
	GIVEN(RIGHT_READ_DIAGNOSTICS),
	GIVEN(RIGHT_READ_PROCESS_DATA),
	GIVEN(RIGHT_WRITE_PROCESS_DATA),
	GIVEN(RIGHT_USER_PAGES),
	[RIGHT_SEE] = {.given = RIGHT_BIT(RIGHT_VIEW), .granted = POLICY_SIGN | POLICY_DECRYPT},
	[RIGHT_GRANT_KEY] = {.given = RIGHT_BIT(RIGHT_MANAGE_KEYS), .is_not_of_ca = true},
	[RIGHT_EXPORT_KEY] = {.given = RIGHT_BIT(RIGHT_MANAGE_KEYS), .is_not_of_ca = true},
	[RIGHT_BIND_KEY] = {.given = RIGHT_BIT(RIGHT_MANAGE_CERTS), .is_not_of_ca = true},
	[RIGHT_CERTIFY] = {.given = RIGHT_BIT(RIGHT_MANAGE_CERTS),
			   .granted = POLICY_SIGN,
			   .is_not_of_ca = true},
	[RIGHT_SIGN] = {.granted = POLICY_SIGN, .is_not_of_ca = true},
	[RIGHT_DECRYPT] = {.granted = POLICY_DECRYPT, .is_not_of_ca = true},
	[RIGHT_TRANSACT] = {.given = RIGHT_BIT(RIGHT_MANAGE_TRUST) |
				     RIGHT_BIT(RIGHT_MANAGE_SERVICES) |
				     RIGHT_BIT(RIGHT_MANAGE_CERTS)},
	[RIGHT_USE_TRUST] = {.given = RIGHT_BIT(RIGHT_VIEW), .granted = POLICY_TRUST},
	[RIGHT_SERVE_OPCUA] = {.granted = POLICY_OPCUA},
	[RIGHT_RECOVER] = {.is_for_owner = true},
};

/* By credentials, while there are no users; the owner can make the first one besides. */
#define MANAGER_RIGHTS                                                                             \
	(RIGHT_BIT(RIGHT_VIEW) | RIGHT_BIT(RIGHT_MANAGE_KEYS) | RIGHT_BIT(RIGHT_MANAGE_CERTS) |    \
	 RIGHT_BIT(RIGHT_MANAGE_TRUST) | RIGHT_BIT(RIGHT_MANAGE_SERVICES) |                        \
	 RIGHT_BIT(RIGHT_READ_AUDIT))
#define OWNER_RIGHTS (MANAGER_RIGHTS | RIGHT_BIT(RIGHT_MANAGE_USERS))

static bool peer_is_in_group(const struct peer *peer, gid_t gid)
{
	if (peer->gid == gid)
		return true;
	for (size_t i = 0; i < peer->group_count; i++) {
		if (peer->groups[i] == gid)
			return true;
	}
	return false;
}

static bool peer_is_owner(const struct policy *policy, const struct peer *peer)
{
	return peer && (peer->uid == 0 || peer->uid == policy->service_uid);
}

static bool peer_manages(const struct policy *policy, const struct peer *peer)
{
	for (size_t i = 0; i < policy->administrator_count; i++) {
		if (peer->uid == policy->administrators[i])
			return true;
	}
	for (size_t i = 0; i < policy->administrator_group_count; i++) {
		if (peer_is_in_group(peer, policy->administrator_groups[i]))
			return true;
	}
	return false;
}

unsigned policy_granted(const struct peer *peer, const struct grant *grants, size_t grant_count)
{
	unsigned operations = 0;

	for (size_t i = 0; peer && i < grant_count; i++) {
		bool is_subject = grants[i].subject == POLICY_UID
					  ? grants[i].id == peer->uid
					  : grants[i].subject == POLICY_GID &&
						    peer_is_in_group(peer, grants[i].id);

		if (is_subject)
			operations |= grants[i].operations;
	}
	return operations & (POLICY_OPERATIONS | POLICY_TRUST | POLICY_OPCUA);
}

unsigned policy_rights(const struct policy *policy, const struct policy_caller *caller)
{
	bool is_owner = peer_is_owner(policy, caller->peer);

	if (caller->is_service)
		return MANAGER_RIGHTS;
	if (!caller->peer)
		return 0;
	if (caller->is_user)
		return caller->rights & RIGHT_GIVEN;
	if (!is_owner && !peer_manages(policy, caller->peer))
		return 0;
	if (policy->has_users)
		return RIGHT_BIT(RIGHT_VIEW);
	return is_owner ? OWNER_RIGHTS : MANAGER_RIGHTS;
}

static bool rule_is_met(const struct rule *rule, const struct policy *policy,
			const struct policy_caller *caller, const struct policy_object *object)
{
	if (rule->is_for_anyone || (rule->is_for_owner && peer_is_owner(policy, caller->peer)) ||
	    (rule->given & policy_rights(policy, caller)))
		return true;
	return object &&
	       (rule->granted & policy_granted(caller->peer, object->grants, object->grant_count));
}

enum policy_verdict policy_decide(const struct policy *policy, const struct policy_caller *caller,
				  enum right right, const struct policy_object *object)
{
	if ((unsigned)right >= RIGHT_COUNT)
		return POLICY_NO_RIGHT;
	const struct rule *rule = &rules[right];

	/* Before the rights: to those who lack one, a grant would be advised. */
	if (rule->is_not_of_ca && object && object->of_ca)
		return POLICY_CA_KEY;
	if (rule_is_met(rule, policy, caller, object))
		return POLICY_ALLOWED;
	if (rule->granted)
		return POLICY_NO_GRANT;
	return rule->given && policy->has_users && !caller->is_user ? POLICY_NO_LOGIN
								    : POLICY_NO_RIGHT;
}

bool policy_may_give(const struct policy *policy, const struct policy_caller *caller,
		     unsigned rights)
{
	if (!policy->has_users && !caller->is_user && peer_is_owner(policy, caller->peer))
		return true;
	return !(rights & ~policy_rights(policy, caller));
}

bool policy_is_in_scope(const struct policy *policy, enum policy_scope scope)
{
	return !policy->is_local || scope != POLICY_PROJECT_MODE;
}
