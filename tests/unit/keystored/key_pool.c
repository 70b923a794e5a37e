/* Keys made ahead: when, for whom, and that none is lost or given twice. */
#include "key_pool.h"

#include <criterion/criterion.h>
#include <sys/time.h>

#include "../../support/fake_service.h"
#include "store_pool.h"

#define EC  KEYSTORE__V1__ALGORITHM__ALGORITHM_EC_P256
#define RSA KEYSTORE__V1__ALGORITHM__ALGORITHM_RSA_2048

static struct client root;

static void start(void)
{
	bench_start();
	bench.service.policy.is_local = false;
	root = client_new(0, 0);
	bench_settle();
}

static void stop(void)
{
	client_close(&root);
	bench_stop();
}

static void set_up(void)
{
	temp_dir_make(bench.dir);
	config_init(&bench.config);
	bench.config.pool_idle_ms = 10;
	start();
}

static void tear_down(void)
{
	client_close(&root);
	bench_down();
}

TestSuite(key_pool, .init = set_up, .fini = tear_down, .timeout = 60);

static struct key_pool_level level(enum tpm_algorithm algorithm)
{
	return key_pool_level(bench.service.key_pool, algorithm);
}

/* Until so many are there, all of them tried; the suite's time is the end of patience. */
static void wait_for(enum tpm_algorithm algorithm, unsigned ready)
{
	bench.config.pool_idle_ms = 10;
	key_pool_tpm_changed(bench.service.key_pool);
	while (level(algorithm).ready != ready)
		cr_assert_geq(sd_event_run(bench.event, UINT64_MAX), 0);
	/* The next one is not to come in between. */
	bench.config.pool_idle_ms = 3600000;
	while (sd_event_run(bench.event, 20000) > 0)
		;
}

static unsigned rows;

static void count_row(const struct store_pooled *pooled, void *user)
{
	(void)pooled;
	(void)user;
	rows++;
}

static unsigned stored(void)
{
	rows = 0;
	cr_assert_eq(store_pool_list(bench.service.store, count_row, NULL), STORE_OK);
	return rows;
}

static size_t made(void)
{
	return fake.jobs_seen[TPM_CREATE];
}

static size_t keys_listed(void)
{
	Keystore__V1__KeyListRequest body = KEYSTORE__V1__KEY_LIST_REQUEST__INIT;
	ks_pb_request request = REQUEST(KEY_LIST, key_list, &body);
	ks_pb_reply *reply = client_ask(&root, &request);
	size_t count = reply->key_list->n_keys;

	codec_reply_free(reply);
	return count;
}

Test(key_pool, makes_nothing_that_nobody_asked_for)
{
	cr_assert_eq(level(TPM_EC_P256).wanted, 0u);
	for (int i = 0; i < 3; i++)
		sd_event_run(bench.event, 20000);
	cr_assert_eq(made(), 0u);
}

Test(key_pool, the_second_key_is_there_when_it_is_asked_for)
{
	cr_assert_eq(client_create(&root, "one", EC), STATUS_OK);
	cr_assert_eq(made(), 1u);
	wait_for(TPM_EC_P256, 1);
	cr_assert_eq(made(), 2u);
	cr_assert_eq(stored(), 1u);
	cr_assert_eq(keys_listed(), 1u);
	cr_assert_eq(client_create(&root, "two", EC), STATUS_OK);
	cr_assert_eq(made(), 2u);
	cr_assert_eq(level(TPM_EC_P256).ready, 0u);
	cr_assert_eq(stored(), 0u);
	cr_assert_eq(keys_listed(), 2u);
	/* And then the next one. */
	wait_for(TPM_EC_P256, 1);
	cr_assert_eq(made(), 3u);
}

Test(key_pool, an_empty_pool_has_the_key_made)
{
	cr_assert_eq(client_create(&root, "one", EC), STATUS_OK);
	wait_for(TPM_EC_P256, 1);
	cr_assert_eq(client_create(&root, "two", EC), STATUS_OK);
	cr_assert_eq(client_create(&root, "three", EC), STATUS_OK);
	cr_assert_eq(made(), 3u);
	cr_assert_eq(keys_listed(), 3u);
}

Test(key_pool, keys_have_public_keys_of_their_own)
{
	const struct keyring_key *key;
	uint8_t first[512];

	bench.config.pool = 2;
	cr_assert_eq(client_create(&root, "one", EC), STATUS_OK);
	wait_for(TPM_EC_P256, 2);
	cr_assert_eq(client_create(&root, "two", EC), STATUS_OK);
	cr_assert_eq(client_create(&root, "three", EC), STATUS_OK);
	cr_assert_eq(made(), 3u);
	cr_assert_eq(keyring_get(bench.service.keyring, "two", 0, &key), STORE_OK);
	size_t len = key->spki_len;

	memcpy(first, key->spki, len);
	cr_assert_eq(keyring_get(bench.service.keyring, "three", 0, &key), STORE_OK);
	cr_assert(len != key->spki_len || memcmp(first, key->spki, len) != 0);
}

Test(key_pool, is_kept_over_a_restart_and_tried_before_it_is_given)
{
	cr_assert_eq(client_create(&root, "one", EC), STATUS_OK);
	wait_for(TPM_EC_P256, 1);
	stop();
	start();
	cr_assert_eq(stored(), 1u);
	cr_assert_eq(level(TPM_EC_P256).ready, 0u);
	cr_assert_eq(level(TPM_EC_P256).wanted, 1u);
	wait_for(TPM_EC_P256, 1);
	cr_assert_geq(fake.jobs_seen[TPM_SIGN], 1u);
	cr_assert_eq(made(), 0u);
	cr_assert_eq(client_create(&root, "two", EC), STATUS_OK);
	cr_assert_eq(made(), 0u);
}

Test(key_pool, a_key_that_this_tpm_does_not_know_is_dropped_and_another_made)
{
	cr_assert_eq(client_create(&root, "one", EC), STATUS_OK);
	wait_for(TPM_EC_P256, 1);
	stop();
	start();
	fake.next[0] = TPM_REFUSED;
	fake.failures = 1;
	wait_for(TPM_EC_P256, 1);
	cr_assert_eq(made(), 1u);
	cr_assert_eq(stored(), 1u);
}

Test(key_pool, what_was_under_way_when_the_service_died_is_in_the_pool_again)
{
	Keystore__V1__CertCreateRequest create = KEYSTORE__V1__CERT_CREATE_REQUEST__INIT;
	ks_pb_request request = REQUEST(CERT_CREATE, cert_create, &create);

	create.new_key = (char *)(uintptr_t) "web";
	create.algorithm = EC;
	create.profile = (char *)(uintptr_t) "tls-client";
	create.subject = (char *)(uintptr_t) "CN=web";
	cr_assert_eq(client_create(&root, "one", EC), STATUS_OK);
	wait_for(TPM_EC_P256, 1);
	fake.holds_jobs = true;
	client_send(&root, &request);
	bench_settle();
	cr_assert_eq(level(TPM_EC_P256).ready, 0u);
	stop();
	start();
	cr_assert_eq(stored(), 1u);
	cr_assert_eq(keys_listed(), 1u);
	wait_for(TPM_EC_P256, 1);
	cr_assert_eq(made(), 0u);
	request.id = 0;
	cr_assert_eq(client_try(&root, &request), STATUS_OK);
	cr_assert_eq(made(), 0u);
	cr_assert_eq(stored(), 0u);
}

static int cert_create(const char *profile, const char *key, Keystore__V1__Algorithm algorithm)
{
	Keystore__V1__CertCreateRequest create = KEYSTORE__V1__CERT_CREATE_REQUEST__INIT;
	ks_pb_request request = REQUEST(CERT_CREATE, cert_create, &create);

	create.new_key = (char *)(uintptr_t)key;
	create.algorithm = algorithm;
	create.profile = (char *)(uintptr_t)profile;
	create.subject = (char *)(uintptr_t) "CN=anything";
	return client_try(&root, &request);
}

Test(key_pool, what_fails_gives_its_key_back_which_is_tried_again)
{
	cr_assert_eq(client_create(&root, "one", EC), STATUS_OK);
	wait_for(TPM_EC_P256, 1);
	bench_settle();
	fake.next[0] = TPM_REFUSED;
	fake.failures = 1;
	cr_assert_eq(cert_create("tls-client", "web", EC), STATUS_TPM);
	cr_assert_eq(level(TPM_EC_P256).ready, 0u);
	cr_assert_eq(keys_listed(), 1u);
	wait_for(TPM_EC_P256, 1);
	cr_assert_eq(made(), 2u);
	cr_assert_eq(stored(), 1u);
}

static int cert_request(const char *key)
{
	Keystore__V1__CertRequestRequest body = KEYSTORE__V1__CERT_REQUEST_REQUEST__INIT;
	ks_pb_request request = REQUEST(CERT_REQUEST, cert_request, &body);

	body.id = 1;
	body.new_key = (char *)(uintptr_t)key;
	body.algorithm = EC;
	return client_try(&root, &request);
}

static int cert_rekey(void)
{
	Keystore__V1__CertRenewRequest body = KEYSTORE__V1__CERT_RENEW_REQUEST__INIT;
	ks_pb_request request = REQUEST(CERT_RENEW, cert_renew, &body);

	body.id = 1;
	body.new_key = true;
	return client_try(&root, &request);
}

Test(key_pool, serves_certificates_renewals_and_requests)
{
	bench.config.pool = 3;
	cr_assert_eq(client_create(&root, "one", EC), STATUS_OK);
	wait_for(TPM_EC_P256, 3);
	size_t before = made();

	cr_assert_eq(cert_create("tls-client", "web", EC), STATUS_OK);
	cr_assert_eq(cert_rekey(), STATUS_OK);
	cr_assert_eq(cert_request("web-next"), STATUS_OK);
	cr_assert_eq(made(), before);
	cr_assert_eq(stored(), 0u);
	/* one, web, web.v2, web-next */
	cr_assert_eq(keys_listed(), 4u);
}

Test(key_pool, what_follows_a_key_that_was_there_has_the_priority_that_was_asked_for)
{
	cr_assert_eq(client_create(&root, "one", EC), STATUS_OK);
	wait_for(TPM_EC_P256, 1);
	cr_assert_eq(cert_create("tls-client", "web", EC), STATUS_OK);
	cr_assert_eq(fake.last.level, TPM_NORMAL);
	cr_assert_eq(cert_create("tls-client", "web2", EC), STATUS_OK);
	cr_assert_eq(fake.last.level, TPM_BULK);
}

Test(key_pool, a_cas_key_is_made_with_its_certificate)
{
	cr_assert_eq(client_create(&root, "one", EC), STATUS_OK);
	wait_for(TPM_EC_P256, 1);
	cr_assert_eq(cert_create("ca", "ca", EC), STATUS_OK);
	cr_assert_eq(made(), 3u);
	cr_assert_eq(stored(), 1u);
}

Test(key_pool, a_key_for_less_than_all_is_made)
{
	Keystore__V1__KeyCreateRequest create = KEYSTORE__V1__KEY_CREATE_REQUEST__INIT;
	ks_pb_request request = REQUEST(KEY_CREATE, key_create, &create);
	Keystore__V1__Operation operations[] = {KEYSTORE__V1__OPERATION__OPERATION_SIGN};

	cr_assert_eq(client_create(&root, "one", RSA), STATUS_OK);
	wait_for(TPM_RSA_2048, 1);
	create.name = (char *)(uintptr_t) "signer";
	create.algorithm = RSA;
	create.operations = operations;
	create.n_operations = 1;
	cr_assert_eq(client_try(&root, &request), STATUS_OK);
	cr_assert_eq(made(), 3u);
	cr_assert_eq(stored(), 1u);
}

Test(key_pool, waits_until_the_tpm_has_nothing_to_do)
{
	cr_assert_eq(client_create(&root, "one", EC), STATUS_OK);
	fake.holds_jobs = true;
	Keystore__V1__RandomRequest random = KEYSTORE__V1__RANDOM_REQUEST__INIT;
	ks_pb_request request = REQUEST(RANDOM, random, &random);

	random.bytes = 16;
	client_send(&root, &request);
	for (int i = 0; i < 5; i++)
		sd_event_run(bench.event, 15000);
	cr_assert_eq(made(), 1u);
	fake.holds_jobs = false;
	fake_wake();
	cr_assert_eq(client_status(&root), STATUS_OK);
	wait_for(TPM_EC_P256, 1);
}

Test(key_pool, gives_none_while_the_tpm_is_away)
{
	cr_assert_eq(client_create(&root, "one", EC), STATUS_OK);
	wait_for(TPM_EC_P256, 1);
	fake.state = TPM_STATE_UNAVAILABLE;
	fake.submit = TPM_UNAVAILABLE;
	fake_wake();
	bench_settle();
	cr_assert_eq(client_create(&root, "two", EC), STATUS_UNAVAILABLE);
	cr_assert_eq(stored(), 1u);
	fake.state = TPM_STATE_READY;
	fake.submit = TPM_OK;
	fake_wake();
	wait_for(TPM_EC_P256, 1);
	cr_assert_eq(client_create(&root, "two", EC), STATUS_OK);
}

Test(key_pool, can_be_switched_off)
{
	cr_assert_eq(client_create(&root, "one", EC), STATUS_OK);
	wait_for(TPM_EC_P256, 1);
	stop();
	bench.config.pool = 0;
	bench.config.pool_idle_ms = 10;
	start();
	cr_assert_eq(stored(), 0u);
	cr_assert_eq(client_create(&root, "two", EC), STATUS_OK);
	for (int i = 0; i < 3; i++)
		sd_event_run(bench.event, 20000);
	cr_assert_eq(made(), 1u);
}

Test(key_pool, that_became_smaller_drops_the_rest)
{
	bench.config.pool = CONFIG_POOL_MAX;
	cr_assert_eq(client_create(&root, "one", EC), STATUS_OK);
	wait_for(TPM_EC_P256, CONFIG_POOL_MAX);
	cr_assert_eq(stored(), (unsigned)CONFIG_POOL_MAX);
	stop();
	bench.config.pool = 2;
	start();
	cr_assert_eq(stored(), 2u);
}

Test(key_pool, a_store_that_takes_nothing_has_the_key_made_later)
{
	cr_assert_eq(client_create(&root, "one", EC), STATUS_OK);
	/* Somebody else's transaction: none can begin within this one. */
	cr_assert_eq(store_begin(bench.service.store), STORE_OK);
	while (made() < 2)
		sd_event_run(bench.event, UINT64_MAX);
	bench_settle();
	store_rollback(bench.service.store);
	cr_assert_eq(stored(), 0u);
	cr_assert_eq(client_create(&root, "two", EC), STATUS_OK);
	wait_for(TPM_EC_P256, 1);
}
