#include "policy.h"

struct rule {
	bool anyone;
	bool manager;
	unsigned granted; /* any of these operations suffices */
};

static const struct rule rules[RIGHT_COUNT] = {
	[RIGHT_ANY] = {.anyone = true},
	[RIGHT_VIEW] = {.manager = true},
	[RIGHT_MANAGE_KEYS] = {.manager = true},
	[RIGHT_MANAGE_CERTS] = {.manager = true},
	[RIGHT_MANAGE_TRUST] = {.manager = true},
	[RIGHT_MANAGE_SERVICES] = {.manager = true},
	[RIGHT_MANAGE_USERS] = {.manager = true},
	[RIGHT_READ_AUDIT] = {.manager = true},
	[RIGHT_SEE] = {.manager = true, .granted = POLICY_SIGN | POLICY_DECRYPT},
	[RIGHT_CERTIFY] = {.manager = true, .granted = POLICY_SIGN},
	[RIGHT_SIGN] = {.granted = POLICY_SIGN},
	[RIGHT_DECRYPT] = {.granted = POLICY_DECRYPT},
};

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

static bool peer_manages(const struct policy *policy, const struct peer *peer)
{
	if (peer->uid == 0 || peer->uid == policy->service_uid)
		return true;
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

	for (size_t i = 0; i < grant_count; i++) {
		bool is_subject = grants[i].subject == POLICY_UID
					  ? grants[i].id == peer->uid
					  : grants[i].subject == POLICY_GID &&
						    peer_is_in_group(peer, grants[i].id);

		if (is_subject)
			operations |= grants[i].operations;
	}
	return operations & POLICY_OPERATIONS;
}

bool policy_is_for_managers(enum right right)
{
	return (unsigned)right < RIGHT_COUNT && rules[right].manager && !rules[right].granted;
}

bool policy_allows(const struct policy *policy, const struct peer *peer, enum right right,
		   const struct grant *grants, size_t grant_count)
{
	if ((unsigned)right >= RIGHT_COUNT)
		return false;
	const struct rule *rule = &rules[right];

	return rule->anyone || (rule->granted & policy_granted(peer, grants, grant_count)) ||
	       (rule->manager && peer_manages(policy, peer));
}
