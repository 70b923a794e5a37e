#include "store_crl.h"

#include <criterion/criterion.h>

#include "../../support/temp_dir.h"
#include "store_revoke.h"

static char dir[TEMP_PATH_MAX];
static char error[STORE_ERROR_MAX];
static struct store *store;
static uint64_t ca, leaf;

static uint64_t add(uint64_t issuer, const char *serial, uint64_t key_id, uint8_t mark)
{
	struct store_cert cert = {
		.kind = issuer ? STORE_CERT_DEVICE : STORE_CERT_CA,
		.profile = issuer ? PROFILE_TLS_CLIENT : PROFILE_CA,
		.key_id = key_id,
		.issuer_id = issuer,
		.facts = {.not_after = 5000, .fingerprint = {mark}},
		.der = (uint8_t *)(uintptr_t) "der",
		.der_len = 3,
		.subject = (char *)(uintptr_t) "CN=a",
	};
	uint64_t id = 0;

	snprintf(cert.facts.serial, sizeof cert.facts.serial, "%s", serial);
	cr_assert_eq(store_cert_add(store, &cert, &id), STORE_OK, "%s", store_error(store));
	return id;
}

static void set_up(void)
{
	struct store_key key = {
		.algorithm = 4,
		.operations = 1,
		.origin = 1,
		.of_ca = true,
		.name = "ca",
		.der = (uint8_t *)(uintptr_t) "wrapped",
		.der_len = 7,
		.spki = (uint8_t *)(uintptr_t) "spki",
		.spki_len = 4,
	};

	temp_dir_make(dir);
	cr_assert_eq(store_open(dir, error, &store), STORE_OK, "%s", error);
	key.id = store_key_next_id(store);
	cr_assert_eq(store_key_add(store, &key), STORE_OK);
	ca = add(0, "01", key.id, 1);
	leaf = add(ca, "02", 0, 2);
}

static void tear_down(void)
{
	store_close(store);
	temp_dir_remove(dir);
}

TestSuite(store_crl, .init = set_up, .fini = tear_down);

static enum store_status put(uint8_t number, int64_t from, int64_t to, uint64_t changes)
{
	struct store_crl crl = {.ca_id = ca,
				.number.octets[CRL_NUMBER_LEN - 1] = number,
				.this_update = from,
				.next_update = to,
				.count = 1};

	return store_crl_put(store, &crl, changes, (const uint8_t *)"0123456789", 10);
}

static bool is_due(int64_t now)
{
	uint64_t ids[STORE_CRL_DUE_MAX];
	size_t count = 99;

	cr_assert_eq(store_crl_due(store, now, ids, &count), STORE_OK, "%s", store_error(store));
	cr_assert(count == 0 || (count == 1 && ids[0] == ca));
	return count == 1;
}

static uint64_t entries(struct crl_entry *ret_first, size_t *ret_count)
{
	struct crl_entry *list;
	uint64_t changes;

	cr_assert_eq(store_crl_entries(store, ca, &list, ret_count, &changes), STORE_OK);
	if (*ret_count)
		*ret_first = list[0];
	free(list);
	return changes;
}

Test(store_crl, is_due_when_missing_stale_or_half_over)
{
	struct crl_entry entry = {.serial = "02", .revoked = 7, .reason = CRL_HOLD};

	cr_assert(is_due(0));
	cr_assert_eq(put(1, 1000, 2000, 0), STORE_OK);
	cr_assert(!is_due(0));
	cr_assert(!is_due(1499));
	cr_assert(is_due(1500));
	cr_assert(is_due(5000));
	/* The CA is over, and so is its list. */
	cr_assert(!is_due(5001));
	cr_assert_eq(store_crl_revoke(store, ca, &entry), STORE_OK);
	cr_assert(is_due(0));
	cr_assert_eq(put(2, 1001, 2001, 1), STORE_OK);
	cr_assert(!is_due(0));
	cr_assert_eq(store_crl_release(store, ca, "02"), STORE_OK);
	cr_assert(is_due(0));
}

Test(store_crl, has_what_was_revoked_last)
{
	struct crl_entry entry = {.serial = "02", .revoked = 7, .reason = CRL_HOLD};
	struct crl_entry first = {0};
	size_t count = 99;

	cr_assert_eq(entries(&first, &count), 0u);
	cr_assert_eq(count, 0u);
	cr_assert_eq(store_crl_revoke(store, ca, &entry), STORE_OK);
	entry.reason = CRL_KEY_COMPROMISE;
	entry.revoked = 8;
	cr_assert_eq(store_crl_revoke(store, ca, &entry), STORE_OK);
	cr_assert_eq(entries(&first, &count), 2u);
	cr_assert_eq(count, 1u);
	cr_assert_str_eq(first.serial, "02");
	cr_assert_eq(first.revoked, 8);
	cr_assert_eq(first.reason, CRL_KEY_COMPROMISE);
}

Test(store_crl, keeps_what_was_revoked_and_deleted)
{
	struct crl_entry entry = {.serial = "02", .revoked = 7};
	size_t count = 0;

	cr_assert_eq(store_crl_revoke(store, ca, &entry), STORE_OK);
	cr_assert_eq(store_cert_delete(store, leaf), STORE_OK);
	entries(&entry, &count);
	cr_assert_eq(count, 1u);
	/* With the CA it goes. */
	cr_assert_eq(put(1, 1, 2, 1), STORE_OK);
	cr_assert_eq(store_cert_delete(store, ca), STORE_OK);
	entries(&entry, &count);
	cr_assert_eq(count, 0u);
}

Test(store_crl, numbers_only_grow)
{
	struct store_crl crl;

	cr_assert_eq(store_crl_get(store, ca, &crl), STORE_NOT_FOUND);
	cr_assert_eq(put(200, 1, 2, 0), STORE_OK);
	cr_assert_eq(put(200, 3, 4, 0), STORE_EXISTS);
	cr_assert_eq(put(199, 3, 4, 0), STORE_EXISTS);
	cr_assert_eq(store_crl_get(store, ca, &crl), STORE_OK);
	cr_assert_eq(crl.number.octets[CRL_NUMBER_LEN - 1], 200);
	cr_assert_eq(crl.this_update, 1);
	cr_assert_eq(crl.size, 10u);
	cr_assert(!crl.is_stale);
}

Test(store_crl, goes_on_from_the_one_that_a_ca_had_elsewhere)
{
	struct crl_entry old[] = {{.serial = "0A", .revoked = 3}, {.serial = "0B", .revoked = 4}};
	struct crl_number number = {.octets = {[CRL_NUMBER_LEN - 1] = 41}};
	struct crl_entry first;
	size_t count = 0;

	cr_assert_eq(store_crl_adopt(store, ca, &number, old, 2), STORE_OK);
	entries(&first, &count);
	cr_assert_eq(count, 2u);
	cr_assert(is_due(0));
	cr_assert_eq(put(41, 1, 2, 1), STORE_EXISTS);
	cr_assert_eq(put(42, 1, 2, 1), STORE_OK);
	/* Never back. */
	number.octets[CRL_NUMBER_LEN - 1] = 7;
	cr_assert_eq(store_crl_adopt(store, ca, &number, NULL, 0), STORE_OK);
	cr_assert_eq(put(8, 1, 2, 1), STORE_EXISTS);
}

Test(store_crl, is_read_in_parts)
{
	uint8_t part[4];
	size_t len;

	cr_assert_eq(store_crl_read(store, ca, 0, part, sizeof part, &len), STORE_NOT_FOUND);
	cr_assert_eq(put(1, 1, 2, 0), STORE_OK);
	cr_assert_eq(store_crl_read(store, ca, 0, part, sizeof part, &len), STORE_OK);
	cr_assert(len == 4 && memcmp(part, "0123", 4) == 0);
	cr_assert_eq(store_crl_read(store, ca, 8, part, sizeof part, &len), STORE_OK);
	cr_assert(len == 2 && memcmp(part, "89", 2) == 0);
	cr_assert_eq(store_crl_read(store, ca, 10, part, sizeof part, &len), STORE_OK);
	cr_assert_eq(len, 0u);
}

Test(store_crl, states_of_versions_change_with_time_and_reason)
{
	struct store_revoke *versions;
	struct store_cert cert;
	size_t count;

	cr_assert_eq(store_revoke_list(store, leaf, &versions, &count), STORE_OK);
	cr_assert_eq(count, 1u);
	cr_assert_eq(versions[0].issuer_id, ca);
	cr_assert_str_eq(versions[0].serial, "02");
	versions[0].state = STORE_CERT_REVOKED;
	versions[0].reason = CRL_HOLD;
	cr_assert_eq(store_revoke_set(store, &versions[0], 77), STORE_OK);
	cr_assert_eq(store_cert_get(store, leaf, &cert), STORE_OK);
	cr_assert_eq(cert.state, STORE_CERT_REVOKED);
	cr_assert_eq(cert.revoked_at, 77);
	cr_assert_eq(cert.revoked_for, (unsigned)CRL_HOLD);
	store_cert_wipe(&cert);
	versions[0].state = STORE_CERT_ACTIVE;
	cr_assert_eq(store_revoke_set(store, &versions[0], 78), STORE_OK);
	cr_assert_eq(store_cert_get(store, leaf, &cert), STORE_OK);
	cr_assert_eq(cert.state, STORE_CERT_ACTIVE);
	cr_assert_eq(cert.revoked_at, 0);
	store_cert_wipe(&cert);
	versions[0].version = 9;
	cr_assert_eq(store_revoke_set(store, &versions[0], 78), STORE_NOT_FOUND);
	free(versions);
}
