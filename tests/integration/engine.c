/* What the TPM engine does for its keys. */
#include <criterion/criterion.h>

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "engine_bench.h"

Test(engine, creates_and_signs_with_all_that_the_tpm_has)
{
	struct bench bench = bench_default();
	const EVP_MD *mds[] = {NULL, EVP_sha1(), EVP_sha256(), EVP_sha384(), EVP_sha512()};
	struct tpm_key *probe = bench_create(&bench, TPM_EC_P256, TPM_USE_SIGN);
	struct tpm_facts facts;
	unsigned algorithms = 0;

	tpm_engine_facts(bench.engine, &facts);
	for (enum tpm_algorithm a = TPM_RSA_2048; a < TPM_ALGORITHM_COUNT; a++) {
		bool is_rsa = a <= TPM_RSA_4096;
		struct tpm_key *key;

		if (!facts.has_algorithm[a])
			continue;
		key = bench_create(&bench, a, TPM_USE_SIGN);
		algorithms++;
		for (enum tpm_hash h = TPM_SHA1; h < TPM_HASH_COUNT; h++)
			for (int pss = 0; pss <= is_rsa; pss++) {
				enum tpm_padding padding = !is_rsa ? TPM_PADDING_NONE
							   : pss   ? TPM_PADDING_PSS
								   : TPM_PADDING_PKCS1;

				cr_assert_eq(bench_run(&bench, bench_sign_job(key, h, padding)),
					     TPM_OK, "%s", bench.error);
				cr_assert(bench_openssl_verifies(&bench, key, mds[h], pss));
			}
		tpm_key_unref(key);
	}
	cr_assert_geq(algorithms, 3);
	cr_assert_eq(facts.state, TPM_STATE_READY);
	cr_assert_eq(facts.transient_slots, 3);
	tpm_key_unref(probe);
	bench_close(&bench);
}

Test(engine, refuses_an_algorithm_that_the_tpm_lacks)
{
	struct bench bench = bench_default();
	struct tpm_key *key = bench_create(&bench, TPM_EC_P256, TPM_USE_SIGN);
	struct tpm_facts facts;
	struct tpm_job *job = tpm_job_new(TPM_CREATE);

	tpm_engine_facts(bench.engine, &facts);
	job->algorithm = TPM_RSA_4096;
	job->usage = TPM_USE_SIGN;
	cr_assert_eq(bench_run(&bench, job),
		     facts.has_algorithm[TPM_RSA_4096] ? TPM_OK : TPM_UNSUPPORTED);

	tpm_key_unref(bench.key);
	tpm_key_unref(key);
	bench_close(&bench);
}

Test(engine, decrypts_oaep_and_fails_in_one_way_only)
{
	struct bench bench = bench_default();
	struct tpm_key *key = bench_create(&bench, TPM_RSA_2048, TPM_USE_SIGN | TPM_USE_DECRYPT);
	char first[TPM_ERROR_MAX];

	cr_assert_eq(bench_decrypt(&bench, key, TPM_SHA1, EVP_sha1(), -1), TPM_OK, "%s",
		     bench.error);
	cr_assert_eq(bench.output_len, 6);
	cr_assert_arr_eq(bench.output, "secret", 6);
	cr_assert_eq(bench_decrypt(&bench, key, TPM_SHA256, EVP_sha256(), -1), TPM_OK, "%s",
		     bench.error);

	cr_assert_eq(bench_decrypt(&bench, key, TPM_SHA256, EVP_sha256(), 255), TPM_DECRYPT_FAILED);
	memcpy(first, bench.error, sizeof(first));
	/* A number above the modulus, and the wrong label hash. */
	cr_assert_eq(bench_decrypt(&bench, key, TPM_SHA256, EVP_sha256(), 0), TPM_DECRYPT_FAILED);
	cr_assert_str_eq(bench.error, first);
	cr_assert_eq(bench_decrypt(&bench, key, TPM_SHA256, EVP_sha1(), -1), TPM_DECRYPT_FAILED);
	cr_assert_str_eq(bench.error, first);
	cr_assert_eq(bench.output_len, 0);
	cr_assert_eq(bench_decrypt(&bench, key, TPM_SHA256, EVP_sha256(), -1), TPM_OK, "%s",
		     bench.error);
	tpm_key_unref(key);
	bench_close(&bench);
}

Test(engine, sends_one_command_for_a_signature)
{
	struct bench bench = bench_default();
	struct tpm_key *key = bench_create(&bench, TPM_EC_P256, TPM_USE_SIGN);
	uint64_t before;

	cr_assert_eq(bench_sign(&bench, key), TPM_OK);
	before = fixture_proxy_count(bench.fixture, NULL);
	for (int i = 0; i < 50; i++)
		cr_assert_eq(bench_sign(&bench, key), TPM_OK, "%s", bench.error);
	cr_assert_eq(fixture_proxy_count(bench.fixture, NULL) - before, 50);

	tpm_key_unref(key);
	bench_close(&bench);
}

static bool handle_is_taken(struct bench *bench)
{
	struct run list =
		fixture_sh(bench->fixture, "tpm2_getcap handles-persistent | grep -i %x", HANDLE);
	bool is_taken = list.exit_code == 0;

	run_free(&list);
	return is_taken;
}

Test(engine, loads_nothing_for_a_pinned_key_after_a_restart)
{
	struct bench bench = bench_default();
	struct tpm_key *key = bench_create(&bench, TPM_EC_P256, TPM_USE_SIGN);
	uint64_t loads, all;

	cr_assert_eq(bench_pin(&bench, key, HANDLE), TPM_OK, "%s", bench.error);
	tpm_engine_stop(bench.engine);
	loads = fixture_proxy_count(bench.fixture, "Load");
	bench_engine_open(&bench, &engine_bench_defaults);
	cr_assert_eq(bench_sign(&bench, key), TPM_OK, "%s", bench.error);
	all = fixture_proxy_count(bench.fixture, NULL);
	cr_assert_eq(bench_sign(&bench, key), TPM_OK, "%s", bench.error);

	cr_assert_eq(fixture_proxy_count(bench.fixture, "Load"), loads);
	cr_assert_eq(fixture_proxy_count(bench.fixture, NULL), all + 1);
	cr_assert_eq(bench_unpin(&bench, key, HANDLE), TPM_OK, "%s", bench.error);
	cr_assert_not(handle_is_taken(&bench));
	tpm_key_unref(key);
	bench_close(&bench);
}

Test(engine, pins_twice_and_unpins_twice_without_harm)
{
	struct bench bench = bench_default();
	struct tpm_key *key = bench_create(&bench, TPM_EC_P256, TPM_USE_SIGN);

	cr_assert_eq(bench_pin(&bench, key, HANDLE), TPM_OK, "%s", bench.error);
	cr_assert_eq(bench_pin(&bench, key, HANDLE), TPM_OK, "%s", bench.error);
	cr_assert_eq(bench_unpin(&bench, key, HANDLE), TPM_OK, "%s", bench.error);
	cr_assert_eq(bench_unpin(&bench, key, HANDLE), TPM_OK, "%s", bench.error);
	/* Whoever still believes in the handle gets the loaded key. */
	cr_assert_eq(bench_sign(&bench, key), TPM_OK, "%s", bench.error);

	tpm_key_unref(key);
	bench_close(&bench);
}

Test(engine, never_touches_a_foreign_persistent_object)
{
	struct bench bench = bench_default();
	/* The engine is at rest when others use the TPM: swtpm takes one connection at a time. */
	struct tpm_key *key = bench_create(&bench, TPM_EC_P256, TPM_USE_SIGN);

	free(fixture_sh_ok(bench.fixture,
			   "tpm2_createprimary -Q -C o -G ecc -c foreign.ctx && "
			   "tpm2_evictcontrol -Q -C o -c foreign.ctx 0x%x && tpm2_flushcontext -t",
			   HANDLE));
	cr_assert_eq(bench_pin(&bench, key, HANDLE), TPM_CONFLICT);
	cr_assert_eq(bench_unpin(&bench, key, HANDLE), TPM_OK);
	cr_assert(handle_is_taken(&bench));
	tpm_key_unref(key);
	bench_close(&bench);
}

Test(engine, uses_more_keys_than_the_tpm_has_slots)
{
	struct bench bench = bench_default();
	struct tpm_key *keys[6];

	for (int i = 0; i < 6; i++)
		keys[i] = bench_create(&bench, i % 2 ? TPM_EC_P256 : TPM_EC_P384, TPM_USE_SIGN);
	for (int i = 0; i < 30; i++)
		cr_assert_eq(bench_sign(&bench, keys[i * 5 % 6]), TPM_OK, "%s", bench.error);

	for (int i = 0; i < 6; i++)
		tpm_key_unref(keys[i]);
	bench_close(&bench);
}

static enum tpm_status import(struct bench *bench, const uint8_t *der, size_t len,
			      const char *password)
{
	struct tpm_job *job = tpm_job_new(TPM_IMPORT);

	job->usage = TPM_USE_SIGN;
	job->auth_len = strlen(password);
	memcpy(job->auth, password, job->auth_len);
	tpm_job_set_input(job, der, len);
	return bench_run(bench, job);
}

Test(engine, exports_and_imports_with_a_password)
{
	struct bench bench = bench_default();
	struct tpm_key *key = bench_create(&bench, TPM_EC_P256, TPM_USE_SIGN), *again;
	struct tpm_job *job = tpm_job_new(TPM_EXPORT);
	uint8_t der[TPM_OUTPUT_MAX];
	size_t len;

	job->key = tpm_key_ref(key);
	job->auth_len = 6;
	memcpy(job->auth, "sesame", 6);
	cr_assert_eq(bench_run(&bench, job), TPM_OK, "%s", bench.error);
	len = bench.output_len;
	memcpy(der, bench.output, len);

	cr_assert_eq(import(&bench, der, len, "wrong"), TPM_BAD_AUTH);
	cr_assert_not_null(strstr(bench.error, "password"), "%s", bench.error);
	cr_assert_eq(import(&bench, der, len - 1, "sesame"), TPM_INVALID);
	cr_assert_eq(import(&bench, der, len, "sesame"), TPM_OK, "%s", bench.error);
	again = bench_adopt(&bench);
	cr_assert_eq(EVP_PKEY_eq(tpm_key_public(key), tpm_key_public(again)), 1);
	cr_assert_eq(bench_sign(&bench, again), TPM_OK, "%s", bench.error);
	tpm_key_unref(again);
	tpm_key_unref(key);
	bench_close(&bench);
}

Test(engine, protects_the_bus_where_asked)
{
	struct tpm_config config = engine_bench_defaults;
	struct bench bench;
	struct tpm_key *rsa, *ec;

	config.protect_bus = true;
	bench = bench_open((struct fixture_options){0}, &config);
	rsa = bench_create(&bench, TPM_RSA_2048, TPM_USE_SIGN | TPM_USE_DECRYPT);
	ec = bench_create(&bench, TPM_EC_P256, TPM_USE_SIGN);
	for (int i = 0; i < 3; i++) {
		cr_assert_eq(bench_sign(&bench, rsa), TPM_OK, "%s", bench.error);
		cr_assert_eq(bench_sign(&bench, ec), TPM_OK, "%s", bench.error);
		cr_assert_eq(bench_decrypt(&bench, rsa, TPM_SHA1, EVP_sha1(), -1), TPM_OK, "%s",
			     bench.error);
	}
	fixture_tpm_restart(bench.fixture);
	cr_assert_eq(bench_sign(&bench, ec), TPM_OK, "%s", bench.error);
	tpm_key_unref(rsa);
	tpm_key_unref(ec);
	bench_close(&bench);
}

Test(engine, says_what_its_jobs_cost_in_time)
{
	struct bench bench = bench_default();
	struct tpm_key *key = bench_create(&bench, TPM_EC_P256, TPM_USE_SIGN);
	struct tpm_counters before;
	struct tpm_counters after;
	uint64_t signatures = 0;

	tpm_engine_counters(bench.engine, &before);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(bench_sign(&bench, key), TPM_OK, "%s", bench.error);
	tpm_engine_counters(bench.engine, &after);
	for (size_t i = 0; i < TPM_LATENCIES; i++)
		signatures += after.times.signatures[i] - before.times.signatures[i];
	cr_assert_eq(signatures, 3);
	cr_assert_eq(after.times.jobs - before.times.jobs, 3);
	cr_assert_gt(before.busy_us, 0);
	cr_assert_gt(after.busy_us, before.busy_us);
	cr_assert_geq(after.times.wait_us, before.times.wait_us);
	tpm_key_unref(key);
	bench_close(&bench);
}

Test(engine, is_busy_when_its_queue_is_full_and_forgets_the_cancelled)
{
	struct bench bench = bench_default();
	struct tpm_key *key = bench_create(&bench, TPM_EC_P256, TPM_USE_SIGN);
	struct tpm_job *jobs[5];

	fixture_proxy(bench.fixture, "stop");
	/* One is with the TPM; four wait. */
	jobs[0] = bench_sign_job(key, TPM_SHA256, TPM_PADDING_NONE);
	cr_assert_eq(bench_submit(&bench, jobs[0]), TPM_OK);
	for (struct tpm_counters counters = {.queue_length = 1}; counters.queue_length;)
		tpm_engine_counters(bench.engine, &counters);
	for (int i = 1; i < 5; i++) {
		jobs[i] = bench_sign_job(key, TPM_SHA256, TPM_PADDING_NONE);
		cr_assert_eq(bench_submit(&bench, jobs[i]), TPM_OK);
	}
	cr_assert_eq(bench_sign(&bench, key), TPM_BUSY);
	for (int i = 0; i < 4; i++)
		tpm_engine_cancel(bench.engine, jobs[i]);
	fixture_proxy(bench.fixture, "go");
	while (!bench.is_done)
		bench_dispatch_once(&bench);

	cr_assert_eq(bench.status, TPM_OK, "%s", bench.error);
	tpm_key_unref(key);
	bench_close(&bench);
}

Test(engine, shuts_the_tpm_down_in_order)
{
	struct bench bench = bench_default();
	struct tpm_key *key = bench_create(&bench, TPM_EC_P256, TPM_USE_SIGN);
	struct tpm_job *waiting = bench_sign_job(key, TPM_SHA256, TPM_PADDING_NONE);
	char *handles;

	cr_assert_eq(bench_submit(&bench, waiting), TPM_OK);
	tpm_engine_stop(bench.engine);
	handles = fixture_sh_ok(bench.fixture, "tpm2_getcap handles-transient");

	/* Signed, or told that the service stops: answered in any case. */
	cr_assert(bench.is_done);
	cr_assert(bench.status == TPM_OK || bench.status == TPM_UNAVAILABLE);
	cr_assert_eq(fixture_proxy_count(bench.fixture, "Shutdown"), 1);
	cr_assert_str_eq(handles, "");
	free(handles);
	tpm_key_unref(key);
	fixture_free(bench.fixture);
}
