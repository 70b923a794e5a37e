#include "renewal.h"

#include <stddef.h>

#define DAY 86400

bool renewal_is_policy(const struct renewal_policy *policy)
{
	if ((unsigned)policy->addresses >= RENEWAL_ADDRESSES_COUNT)
		return false;
	switch (policy->mode) {
	case RENEWAL_DEFAULT:
	case RENEWAL_OFF:
		return policy->value == 0;
	case RENEWAL_DAYS:
		return policy->value > 0 && policy->value <= RENEWAL_DAYS_MAX;
	case RENEWAL_PERCENT:
		return policy->value > 0 && policy->value <= RENEWAL_PERCENT_MAX;
	case RENEWAL_MODE_COUNT:
		break;
	}
	return false;
}

struct renewal_policy renewal_resolve(const struct renewal_policy *policy,
				      const struct profile *profile)
{
	struct renewal_policy resolved = *policy;

	if (policy->mode != RENEWAL_DEFAULT)
		return resolved;
	resolved.mode = profile && profile->renewal_percent ? RENEWAL_PERCENT : RENEWAL_OFF;
	resolved.value = profile ? profile->renewal_percent : 0;
	return resolved;
}

enum renewal_addresses renewal_resolve_addresses(const struct renewal_policy *policy,
						 bool is_local_mode, bool is_self_signed)
{
	if (policy->addresses != RENEWAL_ADDRESSES_DEFAULT)
		return policy->addresses;
	return is_local_mode && is_self_signed && policy->mode != RENEWAL_OFF
		       ? RENEWAL_ADDRESSES_FOLLOW
		       : RENEWAL_ADDRESSES_REPORT;
}

int64_t renewal_at(const struct renewal_policy *policy, int64_t not_before, int64_t not_after)
{
	int64_t life = not_after - not_before;
	int64_t earliest = not_before + life / 3;
	int64_t at = INT64_MAX;

	switch (policy->mode) {
	case RENEWAL_DAYS:
		at = not_after - (int64_t)policy->value * DAY;
		break;
	case RENEWAL_PERCENT:
		at = not_after - life * (int64_t)policy->value / 100;
		break;
	case RENEWAL_DEFAULT:
	case RENEWAL_OFF:
	case RENEWAL_MODE_COUNT:
		return INT64_MAX;
	}
	return at > earliest ? at : earliest;
}

unsigned renewal_warning(int64_t not_before, int64_t not_after, int64_t now)
{
	static const unsigned days[] = {1, 7, 30};

	for (size_t i = 0; i < sizeof days / sizeof *days && now <= not_after; i++) {
		int64_t ahead = (int64_t)days[i] * DAY;

		if (ahead < not_after - not_before && now >= not_after - ahead)
			return days[i];
	}
	return 0;
}
