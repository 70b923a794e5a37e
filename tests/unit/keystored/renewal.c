#include "renewal.h"

#include <criterion/criterion.h>

#define DAY   INT64_C(86400)
#define BEGIN INT64_C(1800000000)

static int64_t at(enum renewal_mode mode, unsigned value, int64_t days)
{
	struct renewal_policy policy = {mode, value, false, 0};
	int64_t when = renewal_at(&policy, BEGIN, BEGIN + days * DAY);

	return when == INT64_MAX ? -1 : (when - BEGIN) / DAY;
}

Test(renewal, is_so_many_days_before_the_end_or_when_so_much_is_left)
{
	cr_assert_eq(at(RENEWAL_DAYS, 30, 730), 700);
	cr_assert_eq(at(RENEWAL_PERCENT, 10, 730), 657);
	cr_assert_eq(at(RENEWAL_OFF, 0, 730), -1);
	cr_assert_eq(at(RENEWAL_DEFAULT, 0, 730), -1);
}

Test(renewal, is_not_before_a_third_of_the_life_is_over)
{
	cr_assert_eq(at(RENEWAL_DAYS, 30, 30), 10);
	cr_assert_eq(at(RENEWAL_DAYS, RENEWAL_DAYS_MAX, 90), 30);
	cr_assert_eq(at(RENEWAL_PERCENT, RENEWAL_PERCENT_MAX, 300), 102);
}

Test(renewal, of_times_that_are_extreme_does_not_overflow)
{
	struct renewal_policy policy = {RENEWAL_PERCENT, RENEWAL_PERCENT_MAX, false, 0};

	cr_assert_gt(renewal_at(&policy, -631152000, 253402300799), 0);
	cr_assert_leq(renewal_at(&policy, -631152000, 253402300799), 253402300799);
}

Test(renewal, policies_have_values_in_bounds)
{
	static const struct {
		struct renewal_policy policy;
		bool is_one;
	} cases[] = {
		{{RENEWAL_DEFAULT, 0, true, 0}, true},
		{{RENEWAL_DEFAULT, 1, false, 0}, false},
		{{RENEWAL_OFF, 0, false, 0}, true},
		{{RENEWAL_OFF, 5, false, 0}, false},
		{{RENEWAL_DAYS, 0, false, 0}, false},
		{{RENEWAL_DAYS, RENEWAL_DAYS_MAX, false, 0}, true},
		{{RENEWAL_DAYS, RENEWAL_DAYS_MAX + 1, false, 0}, false},
		{{RENEWAL_PERCENT, 0, false, 0}, false},
		{{RENEWAL_PERCENT, RENEWAL_PERCENT_MAX, false, 0}, true},
		{{RENEWAL_PERCENT, RENEWAL_PERCENT_MAX + 1, false, 0}, false},
		{{RENEWAL_MODE_COUNT, 0, false, 0}, false},
		{{(enum renewal_mode)77, 1, false, 0}, false},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_assert_eq(renewal_is_policy(&cases[i].policy), cases[i].is_one, "%zu", i);
}

Test(renewal, by_default_is_for_devices_and_not_for_cas)
{
	struct renewal_policy none = {.new_key = true};
	struct renewal_policy resolved;

	for (enum profile_id id = 1; id < PROFILE_COUNT; id++) {
		resolved = renewal_resolve(&none, profile_by_id(id));
		cr_assert_eq(resolved.mode, id == PROFILE_CA ? RENEWAL_OFF : RENEWAL_PERCENT);
		cr_assert(resolved.new_key);
		cr_assert(renewal_is_policy(&resolved));
		/* Nobody is warned of what is renewed in time. */
		if (id != PROFILE_CA)
			cr_assert_lt(renewal_at(&resolved, BEGIN,
						BEGIN + profile_by_id(id)->default_days * DAY),
				     BEGIN + (profile_by_id(id)->default_days - 30) * DAY);
	}
	resolved = renewal_resolve(&none, NULL);
	cr_assert_eq(resolved.mode, RENEWAL_OFF);
}

static unsigned warning(int64_t days, int64_t days_left)
{
	return renewal_warning(BEGIN, BEGIN + days * DAY, BEGIN + (days - days_left) * DAY);
}

Test(renewal, is_warned_of_30_7_and_1_days_ahead)
{
	cr_assert_eq(warning(730, 31), 0u);
	cr_assert_eq(warning(730, 30), 30u);
	cr_assert_eq(warning(730, 8), 30u);
	cr_assert_eq(warning(730, 7), 7u);
	cr_assert_eq(warning(730, 2), 7u);
	cr_assert_eq(warning(730, 1), 1u);
	cr_assert_eq(warning(730, 0), 1u);
	cr_assert_eq(warning(730, -1), 0u);
}

Test(renewal, of_a_short_life_is_not_warned_of_from_its_beginning)
{
	cr_assert_eq(warning(30, 30), 0u);
	cr_assert_eq(warning(30, 7), 7u);
	cr_assert_eq(warning(7, 6), 0u);
	cr_assert_eq(warning(7, 1), 1u);
	cr_assert_eq(warning(1, 0), 0u);
}

Test(renewal, follows_addresses_of_what_signs_itself_in_local_mode_by_default)
{
	struct renewal_policy policy = {0};

	cr_assert_eq(renewal_resolve_addresses(&policy, true, true), RENEWAL_ADDRESSES_FOLLOW);
	cr_assert_eq(renewal_resolve_addresses(&policy, true, false), RENEWAL_ADDRESSES_REPORT);
	cr_assert_eq(renewal_resolve_addresses(&policy, false, true), RENEWAL_ADDRESSES_REPORT);
	policy.mode = RENEWAL_OFF;
	cr_assert_eq(renewal_resolve_addresses(&policy, true, true), RENEWAL_ADDRESSES_REPORT);
	policy.mode = RENEWAL_DEFAULT;
	policy.addresses = RENEWAL_ADDRESSES_IGNORE;
	cr_assert_eq(renewal_resolve_addresses(&policy, true, true), RENEWAL_ADDRESSES_IGNORE);
	policy.addresses = RENEWAL_ADDRESSES_COUNT;
	cr_assert(!renewal_is_policy(&policy));
}
