#include "store_renewal.h"

#include <criterion/criterion.h>

#include "../../support/temp_dir.h"

static char dir[TEMP_PATH_MAX];
static char error[STORE_ERROR_MAX];
static struct store *store;

static uint64_t add(uint8_t mark, int64_t not_after)
{
	struct store_cert cert = {
		.kind = STORE_CERT_TRUSTED,
		.issuer_is_elsewhere = true,
		.facts = {.common_name = "a",
			  .not_before = 100,
			  .not_after = not_after,
			  .fingerprint = {mark}},
		.der = (uint8_t *)(uintptr_t) "der",
		.der_len = 3,
		.subject = (char *)(uintptr_t) "CN=a",
	};
	uint64_t id = 0;

	cr_assert_eq(store_cert_add(store, &cert, &id), STORE_OK, "%s", store_error(store));
	return id;
}

static void set_up(void)
{
	temp_dir_make(dir);
	cr_assert_eq(store_open(dir, error, &store), STORE_OK, "%s", error);
}

static void tear_down(void)
{
	store_close(store);
	temp_dir_remove(dir);
}

TestSuite(store_renewal, .init = set_up, .fini = tear_down);

Test(store_renewal, is_kept_with_its_certificate)
{
	struct store_renewal renewal = {
		.policy = {RENEWAL_DAYS, 30, true, RENEWAL_ADDRESSES_FOLLOW},
		.warned_version = 1,
		.warned_days = 7,
		.reported_version = 1,
		.names_note = "gone"};
	struct store_renewal read;
	uint64_t id = add(1, 200);

	cr_assert_eq(store_renewal_get(store, id, &read), STORE_OK);
	cr_assert_eq(read.policy.mode, RENEWAL_DEFAULT);
	cr_assert_eq(store_renewal_set(store, id, &renewal), STORE_OK);
	renewal.warned_days = 1;
	cr_assert_eq(store_renewal_set(store, id, &renewal), STORE_OK);
	cr_assert_eq(store_renewal_get(store, id, &read), STORE_OK);
	cr_assert_eq(read.policy.mode, RENEWAL_DAYS);
	cr_assert_eq(read.policy.value, 30u);
	cr_assert(read.policy.new_key);
	cr_assert_eq(read.warned_days, 1u);
	cr_assert_eq(read.reported_version, 1u);
	cr_assert_eq(read.policy.addresses, RENEWAL_ADDRESSES_FOLLOW);
	cr_assert_str_eq(read.names_note, "gone");
	cr_assert_eq(store_renewal_set(store, 99, &renewal), STORE_NOT_FOUND);
	cr_assert_eq(store_cert_delete(store, id), STORE_OK);
	cr_assert_eq(store_renewal_get(store, id, &read), STORE_OK);
	cr_assert_eq(read.warned_days, 0u);
}

static bool count_one(const struct store_cert *cert, const struct store_renewal *renewal,
		      void *counting)
{
	cr_assert_eq(cert->facts.not_before, 100);
	cr_assert_str_eq(cert->facts.common_name, "a");
	cr_assert_eq(renewal->policy.mode, RENEWAL_DEFAULT);
	++*(unsigned *)counting;
	return true;
}

Test(store_renewal, walks_in_steps_to_the_end)
{
	uint64_t after = 0;
	uint64_t last = 0;
	unsigned count = 0;
	unsigned steps = 0;

	for (uint8_t i = 1; i <= 7; i++)
		add(i, 200);
	do {
		after = last;
		cr_assert_eq(store_renewal_walk(store, after, 3, count_one, &count, &last),
			     STORE_OK);
		steps++;
	} while (last != after);
	cr_assert_eq(count, 7u);
	cr_assert_eq(steps, 4u);
}

Test(store_renewal, counts_what_has_ended_and_what_does_soon)
{
	uint64_t expired = 9;
	uint64_t soon = 9;

	add(1, 200);
	add(2, 300);
	add(3, 301);
	add(4, 400);
	cr_assert_eq(store_renewal_count(store, 201, 302, &expired, &soon), STORE_OK);
	cr_assert_eq(expired, 1u);
	cr_assert_eq(soon, 2u);
}
