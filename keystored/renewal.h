/*
 * When a certificate is renewed by itself, and when somebody is warned that it ends. Pure:
 * policies and times in, times out.
 */
#ifndef RENEWAL_H
#define RENEWAL_H

#include <stdbool.h>
#include <stdint.h>

#include "profile.h"

#define RENEWAL_DAYS_MAX    3650
#define RENEWAL_PERCENT_MAX 66 /* of the life: what is over by then is a third, at least */

enum renewal_mode {
	RENEWAL_DEFAULT = 0, /* as the profile has it */
	RENEWAL_OFF,
	RENEWAL_DAYS,	 /* so many days before the end */
	RENEWAL_PERCENT, /* when so much of the life is left */
	RENEWAL_MODE_COUNT
};

/* What is done where names of a certificate are not this device's any more. Numbers are written. */
enum renewal_addresses {
	RENEWAL_ADDRESSES_DEFAULT =
		0, /* self-signed in local mode, and not OFF: FOLLOW; else REPORT */
	RENEWAL_ADDRESSES_IGNORE,
	RENEWAL_ADDRESSES_REPORT,
	RENEWAL_ADDRESSES_FOLLOW, /* and it is renewed with those that took their place */
	RENEWAL_ADDRESSES_COUNT
};

struct renewal_policy {
	enum renewal_mode mode;
	unsigned value; /* DAYS, PERCENT */
	bool new_key;	/* with a new key */
	enum renewal_addresses addresses;
};

/* Whether the values are those of a policy. */
bool renewal_is_policy(const struct renewal_policy *policy);

/* What a default is for a profile (NULL: not known): never a default itself. */
struct renewal_policy renewal_resolve(const struct renewal_policy *policy,
				      const struct profile *profile);

/* What the default is for a certificate: never a default itself. */
enum renewal_addresses renewal_resolve_addresses(const struct renewal_policy *policy,
						 bool is_local_mode, bool is_self_signed);

/*
 * Unix time at which a certificate with these times is to be renewed; INT64_MAX: never. At the
 * earliest when a third of its life is over, or it would be renewed over and over. @policy is
 * resolved.
 */
int64_t renewal_at(const struct renewal_policy *policy, int64_t not_before, int64_t not_after);

/*
 * The warning that is due at @now: 30, 7 or 1 days, the shortest that applies; 0: none. Shorter
 * lives than that are not warned of, nor what is over.
 */
unsigned renewal_warning(int64_t not_before, int64_t not_after, int64_t now);

#endif
