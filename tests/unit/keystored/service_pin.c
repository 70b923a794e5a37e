#include "service_pin.h"

#include <criterion/criterion.h>

#include "../../support/fake_service.h"

static struct client root;

static void set_up(void)
{
	bench_up();
	bench.config.persistent_first = 100;
	bench.config.persistent_last = 102;
	root = client_new(0, 0);
	cr_assert_eq(client_create(&root, "web", TPM_EC_P256), STATUS_OK);
}

static void tear_down(void)
{
	client_close(&root);
	bench_down();
}

static uint32_t handle_of(const char *name)
{
	struct store_key key;
	uint32_t handle = 0;

	if (store_key_get(bench.service.store, name, 0, &key) == STORE_OK) {
		handle = key.handle;
		store_key_wipe(&key);
	}
	return handle;
}

static void count_one(const struct store_handle *handle, void *user)
{
	(void)handle;
	(*(int *)user)++;
}

static int leftovers(void)
{
	int count = 0;

	store_handle_leftovers(bench.service.store, count_one, &count);
	return count;
}

TestSuite(service_pin, .init = set_up, .fini = tear_down);

Test(service_pin, keeps_a_key_at_the_first_free_handle)
{
	cr_assert_eq(client_pin(&root, "web", true), STATUS_OK);
	cr_assert_eq(handle_of("web"), 100u);
	cr_assert_eq(fake.handle_count, 1u);
	cr_assert_eq(client_pin(&root, "web", true), STATUS_OK);
	cr_assert_eq(fake.jobs_seen[TPM_PIN], 1u);
	cr_assert_eq(client_sign(&root, "web"), STATUS_OK);
}

Test(service_pin, passes_over_a_handle_that_is_somebody_elses)
{
	fake.foreign_handle = 100;
	cr_assert_eq(client_pin(&root, "web", true), STATUS_OK);
	cr_assert_eq(handle_of("web"), 101u);
	cr_assert_eq(leftovers(), 0);
}

Test(service_pin, says_when_the_range_is_used_up)
{
	static const char *const names[] = {"a", "b", "c"};

	for (int i = 0; i < 3; i++) {
		client_create(&root, names[i], TPM_EC_P256);
		cr_assert_eq(client_pin(&root, names[i], true), STATUS_OK);
	}
	cr_assert_eq(client_pin(&root, "web", true), STATUS_LIMIT);
	cr_assert_eq(client_pin(&root, "b", false), STATUS_OK);
	cr_assert_eq(client_pin(&root, "web", true), STATUS_OK);
	cr_assert_eq(handle_of("web"), 101u);
}

Test(service_pin, evicts_on_unpin_and_on_delete)
{
	client_pin(&root, "web", true);
	cr_assert_eq(client_pin(&root, "web", false), STATUS_OK);
	cr_assert_eq(fake.handle_count, 0u);
	cr_assert_eq(handle_of("web"), 0u);
	client_pin(&root, "web", true);
	cr_assert_eq(client_delete(&root, "web"), STATUS_OK);
	cr_assert_eq(fake.handle_count, 0u);
	cr_assert_eq(leftovers(), 0);
	cr_assert_eq(fake.jobs_seen[TPM_FORGET], 1u);
}

Test(service_pin, cleans_up_after_a_tpm_that_failed_in_between)
{
	fake.next[0] = TPM_REFUSED;
	fake.failures = 1;
	cr_assert_eq(client_pin(&root, "web", true), STATUS_TPM);
	bench_settle();
	cr_assert_eq(fake.jobs_seen[TPM_UNPIN], 1u);
	cr_assert_eq(leftovers(), 0);
	cr_assert_eq(client_pin(&root, "web", true), STATUS_OK);
}

Test(service_pin, deletes_the_key_even_when_the_tpm_cannot_evict_it_yet)
{
	client_pin(&root, "web", true);
	fake.submit = TPM_UNAVAILABLE;
	cr_assert_eq(client_delete(&root, "web"), STATUS_OK);
	cr_assert_eq(leftovers(), 1);
	cr_assert_eq(fake.handle_count, 1u);
	fake.submit = TPM_OK;
	service_pin_sweep(&bench.service);
	bench_settle();
	cr_assert_eq(leftovers(), 0);
	cr_assert_eq(fake.handle_count, 0u);
}

Test(service_pin, finishes_when_the_client_vanishes)
{
	fake.holds_jobs = true;
	Keystore__V1__KeyRef ref = ref_to("web");
	Keystore__V1__KeyPinRequest pin = KEYSTORE__V1__KEY_PIN_REQUEST__INIT;
	ks_pb_request request = REQUEST(KEY_PIN, key_pin, &pin);

	pin.key = &ref;
	pin.pinned = true;
	client_send(&root, &request);
	client_close(&root);
	bench_settle();
	fake.holds_jobs = false;
	fake_wake();
	bench_settle();
	cr_assert_eq(handle_of("web"), 100u);
	cr_assert_eq(leftovers(), 0);
}

Test(service_pin, undoes_a_pin_that_missed_its_deadline)
{
	Keystore__V1__KeyRef ref = ref_to("web");
	Keystore__V1__KeyPinRequest pin = KEYSTORE__V1__KEY_PIN_REQUEST__INIT;
	ks_pb_request request = REQUEST(KEY_PIN, key_pin, &pin);

	fake.holds_jobs = true;
	pin.key = &ref;
	pin.pinned = true;
	request.deadline_ms = 10;
	cr_assert_eq(client_try(&root, &request), STATUS_DEADLINE);
	fake.holds_jobs = false;
	fake_wake();
	bench_settle();
	cr_assert_eq(handle_of("web"), 0u);
	cr_assert_eq(leftovers(), 0);
}

Test(service_pin, refuses_two_changes_at_once)
{
	struct client second = client_new(0, 0);
	Keystore__V1__KeyRef ref = ref_to("web");
	Keystore__V1__KeyPinRequest pin = KEYSTORE__V1__KEY_PIN_REQUEST__INIT;
	ks_pb_request request = REQUEST(KEY_PIN, key_pin, &pin);

	fake.holds_jobs = true;
	pin.key = &ref;
	pin.pinned = true;
	client_send(&root, &request);
	cr_assert_eq(client_pin(&second, "web", false), STATUS_CONFLICT);
	cr_assert_eq(client_delete(&second, "web"), STATUS_CONFLICT);
	fake.holds_jobs = false;
	fake_wake();
	cr_assert_eq(client_status(&root), STATUS_OK);
	client_close(&second);
}

Test(service_pin, undoes_at_start_what_a_killed_service_left)
{
	struct store_handle pinning = {101, 1, STORE_PINNING, "name", 4};
	struct store_handle unpinning = {102, 9, STORE_UNPINNING, "name", 4};

	store_handle_add(bench.service.store, &pinning);
	store_handle_add(bench.service.store, &unpinning);
	client_close(&root);
	bench_stop();
	bench_start();
	bench_settle();
	cr_assert_eq(fake.jobs_seen[TPM_UNPIN], 2u);
	cr_assert_eq(leftovers(), 0);
	root = client_new(0, 0);
}
