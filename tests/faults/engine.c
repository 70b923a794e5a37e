/* What the TPM engine does when its TPM is lost, reset, full, slow or mis-salting. */
#include <criterion/criterion.h>

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "engine_bench.h"

Test(engine_faults, takes_back_what_broken_connections_left_in_the_tpm)
{
	struct bench bench = bench_default();
	struct tpm_key *keys[2] = {bench_create(&bench, TPM_EC_P256, TPM_USE_SIGN),
				   bench_create(&bench, TPM_EC_P256, TPM_USE_SIGN)};

	/* The connection breaks: ESYS starts anew, and what it had loaded stays. */
	for (int i = 0; i < 8; i++) {
		cr_assert_eq(bench_sign(&bench, keys[i % 2]), TPM_OK, "%s", bench.error);
		tpm_key_unref(bench_create(&bench, TPM_EC_P256, TPM_USE_SIGN));
		fixture_proxy(bench.fixture, "drop 1 Sign");
	}

	cr_assert_eq(bench_sign(&bench, keys[0]), TPM_OK, "%s", bench.error);
	tpm_key_unref(keys[0]);
	tpm_key_unref(keys[1]);
	bench_close(&bench);
}

Test(engine_faults, says_who_has_the_slots_when_others_took_them_all)
{
	struct bench bench = bench_default();
	struct tpm_key *key = bench_create(&bench, TPM_EC_P256, TPM_USE_SIGN);

	tpm_engine_stop(bench.engine);
	for (int i = 0; i < 3; i++)
		free(fixture_sh_ok(bench.fixture, "tpm2_createprimary -Q -C o -G ecc -c o%d", i));
	bench_engine_open(&bench, &engine_bench_defaults);

	cr_assert_eq(bench_sign(&bench, key), TPM_FULL, "%s", bench.error);
	cr_assert_not_null(strstr(bench.error, "tpm2_flushcontext"), "%s", bench.error);
	free(fixture_sh_ok(bench.fixture, "tpm2_flushcontext -t"));
	cr_assert_eq(bench_sign(&bench, key), TPM_OK, "%s", bench.error);
	tpm_key_unref(key);
	bench_close(&bench);
}

Test(engine_faults, goes_on_after_a_reset_between_two_signatures)
{
	struct bench bench = bench_default();
	struct tpm_key *loaded = bench_create(&bench, TPM_EC_P256, TPM_USE_SIGN);
	struct tpm_key *rsa = bench_create(&bench, TPM_RSA_2048, TPM_USE_SIGN | TPM_USE_DECRYPT);
	struct tpm_key *pinned = bench_create(&bench, TPM_EC_P256, TPM_USE_SIGN);
	struct tpm_counters counters;

	cr_assert_eq(bench_pin(&bench, pinned, HANDLE), TPM_OK, "%s", bench.error);
	for (int i = 0; i < 3; i++) {
		fixture_tpm_restart(bench.fixture);
		cr_assert_eq(bench_sign(&bench, i % 2 ? pinned : loaded), TPM_OK, "%s",
			     bench.error);
		cr_assert_eq(bench_decrypt(&bench, rsa, TPM_SHA256, EVP_sha256(), -1), TPM_OK, "%s",
			     bench.error);
		cr_assert_eq(bench_sign(&bench, i % 2 ? loaded : pinned), TPM_OK, "%s",
			     bench.error);
	}
	tpm_engine_counters(bench.engine, &counters);
	cr_assert_eq(counters.withheld, 0);
	tpm_key_unref(loaded);
	tpm_key_unref(pinned);
	tpm_key_unref(rsa);
	bench_close(&bench);
}

Test(engine_faults, goes_on_after_somebody_flushed_everything)
{
	struct bench bench = bench_default();
	struct tpm_key *rsa = bench_create(&bench, TPM_RSA_2048, TPM_USE_SIGN | TPM_USE_DECRYPT);
	struct tpm_key *ec = bench_create(&bench, TPM_EC_P256, TPM_USE_SIGN);

	for (int i = 0; i < 4; i++) {
		cr_assert_eq(bench_decrypt(&bench, rsa, TPM_SHA256, EVP_sha256(), -1), TPM_OK, "%s",
			     bench.error);
		cr_assert_eq(bench_sign(&bench, ec), TPM_OK, "%s", bench.error);
		free(fixture_sh_ok(bench.fixture, "tpm2_flushcontext -t && tpm2_flushcontext -l"));
		if (i % 2)
			tpm_key_unref(bench_create(&bench, TPM_EC_P256, TPM_USE_SIGN));
	}
	tpm_key_unref(rsa);
	tpm_key_unref(ec);
	bench_close(&bench);
}

Test(engine_faults, repeats_once_what_was_lost_on_the_way)
{
	struct bench bench = bench_default();
	struct tpm_key *key = bench_create(&bench, TPM_EC_P256, TPM_USE_SIGN);

	fixture_proxy(bench.fixture, "lose 1 Sign");
	cr_assert_eq(bench_sign(&bench, key), TPM_OK, "%s", bench.error);
	fixture_proxy(bench.fixture, "drop 1 Sign");
	cr_assert_eq(bench_sign(&bench, key), TPM_OK, "%s", bench.error);

	tpm_key_unref(key);
	bench_close(&bench);
}

Test(engine_faults, answers_at_once_while_the_tpm_is_away_and_waits_where_asked)
{
	struct bench bench = bench_default();
	struct tpm_key *key = bench_create(&bench, TPM_EC_P256, TPM_USE_SIGN);
	struct tpm_job *job = bench_sign_job(key, TPM_SHA256, TPM_PADDING_NONE);

	fixture_tpm_kill(bench.fixture);
	cr_assert_eq(bench_sign(&bench, key), TPM_UNAVAILABLE);
	cr_assert_eq(bench_sign(&bench, key), TPM_UNAVAILABLE);
	cr_assert_not_null(strstr(bench.error, "no TPM at"), "%s", bench.error);
	job->wait = true;
	cr_assert_eq(bench_submit(&bench, job), TPM_OK);
	fixture_tpm_start(bench.fixture);
	while (!bench.is_done)
		bench_dispatch_once(&bench);

	cr_assert_eq(bench.status, TPM_OK, "%s", bench.error);
	tpm_key_unref(key);
	bench_close(&bench);
}

Test(engine_faults, starts_without_a_tpm_and_finds_it_later)
{
	struct bench bench =
		bench_open((struct fixture_options){.without_tpm = true}, &engine_bench_defaults);
	struct tpm_job *job = tpm_job_new(TPM_RANDOM);

	job->want = 32;
	job->wait = true;
	cr_assert_eq(bench_submit(&bench, job), TPM_OK);
	fixture_tpm_start(bench.fixture);
	while (!bench.is_done)
		bench_dispatch_once(&bench);

	cr_assert_eq(bench.status, TPM_OK, "%s", bench.error);
	cr_assert_eq(bench.output_len, 32);
	bench_close(&bench);
}

Test(engine_faults, is_patient_with_a_tpm_that_says_retry)
{
	struct bench bench = bench_default();
	struct tpm_key *key = bench_create(&bench, TPM_EC_P256, TPM_USE_SIGN);

	fixture_proxy(bench.fixture, "fail 0x922 3 Sign");
	cr_assert_eq(bench_sign(&bench, key), TPM_OK, "%s", bench.error);

	tpm_key_unref(key);
	bench_close(&bench);
}

Test(engine_faults, says_what_the_tpm_refused_and_what_to_do)
{
	struct bench bench = bench_default();
	struct tpm_key *key = bench_create(&bench, TPM_EC_P256, TPM_USE_SIGN);

	fixture_proxy(bench.fixture, "fail 0x921 all Sign");
	cr_assert_eq(bench_sign(&bench, key), TPM_REFUSED);
	cr_assert_not_null(strstr(bench.error, "tpm2_dictionarylockout"), "%s", bench.error);
	fixture_proxy(bench.fixture, "clear");
	fixture_proxy(bench.fixture, "fail 0x14b all EvictControl");
	cr_assert_eq(bench_pin(&bench, key, HANDLE), TPM_FULL);
	cr_assert_not_null(strstr(bench.error, "unpin"), "%s", bench.error);

	tpm_key_unref(key);
	bench_close(&bench);
}

Test(engine_faults, does_not_queue_behind_a_tpm_that_hangs)
{
	struct tpm_config config = engine_bench_defaults;
	struct bench bench;
	struct tpm_key *key;
	struct tpm_facts facts;
	struct tpm_job *stuck;

	config.command_timeout_ms = 300;
	bench = bench_open((struct fixture_options){0}, &config);
	key = bench_create(&bench, TPM_EC_P256, TPM_USE_SIGN);
	fixture_proxy(bench.fixture, "stall 1 Sign");
	stuck = bench_sign_job(key, TPM_SHA256, TPM_PADDING_NONE);
	cr_assert_eq(bench_submit(&bench, stuck), TPM_OK);
	do
		tpm_engine_facts(bench.engine, &facts);
	while (facts.state == TPM_STATE_READY && poll(NULL, 0, 5) == 0);

	cr_assert_eq(facts.state, TPM_STATE_UNAVAILABLE);
	cr_assert_eq(bench_sign(&bench, key), TPM_UNAVAILABLE);
	tpm_key_unref(key);
	/* This transport cannot be interrupted, but it notices its peer's end. */
	fixture_tpm_kill(bench.fixture);
	bench_close(&bench);
}

Test(engine_faults, pads_where_the_tpm_chooses_the_wrong_salt)
{
	struct bench bench =
		bench_open((struct fixture_options){.pss_salt_max = true}, &engine_bench_defaults);
	struct tpm_key *key = bench_create(&bench, TPM_RSA_2048, TPM_USE_SIGN | TPM_USE_DECRYPT);
	const enum tpm_hash hashes[] = {TPM_SHA256, TPM_SHA384, TPM_SHA512};
	const EVP_MD *mds[] = {EVP_sha256(), EVP_sha384(), EVP_sha512()};
	struct tpm_counters counters;
	struct tpm_facts facts;

	for (int i = 0; i < 3; i++) {
		cr_assert_eq(bench_run(&bench, bench_sign_job(key, hashes[i], TPM_PADDING_PSS)),
			     TPM_OK, "%s", bench.error);
		cr_assert(bench_openssl_verifies(&bench, key, mds[i], true));
	}
	tpm_engine_facts(bench.engine, &facts);
	tpm_engine_counters(bench.engine, &counters);

	cr_assert(facts.pss_padded_here);
	cr_assert_eq(counters.withheld, 0);
	tpm_key_unref(key);
	bench_close(&bench);
}

Test(engine_faults, finds_the_wrong_salt_with_a_key_from_before)
{
	struct bench bench =
		bench_open((struct fixture_options){.pss_salt_max = true}, &engine_bench_defaults);
	struct tpm_key *key = bench_create(&bench, TPM_RSA_2048, TPM_USE_SIGN | TPM_USE_DECRYPT);
	struct tpm_counters counters;

	/* A new engine knows nothing of the salt until a signature shows it. */
	tpm_engine_stop(bench.engine);
	bench_engine_open(&bench, &engine_bench_defaults);
	cr_assert_eq(bench_run(&bench, bench_sign_job(key, TPM_SHA256, TPM_PADDING_PSS)), TPM_OK,
		     "%s", bench.error);
	cr_assert(bench_openssl_verifies(&bench, key, EVP_sha256(), true));
	tpm_engine_counters(bench.engine, &counters);

	cr_assert_eq(counters.withheld, 1);
	tpm_key_unref(key);
	bench_close(&bench);
}

Test(engine_faults, makes_signing_keys_that_can_be_padded_for_where_needed)
{
	struct bench bench =
		bench_open((struct fixture_options){.pss_salt_max = true}, &engine_bench_defaults);
	/* The proxy cannot make a wrong salt without the decrypt attribute: the first key of
	 * this TPM shows it, the second one is the test. */
	struct tpm_key *first = bench_create(&bench, TPM_RSA_2048, TPM_USE_SIGN | TPM_USE_DECRYPT);
	struct tpm_key *key = bench_create(&bench, TPM_RSA_2048, TPM_USE_SIGN);

	cr_assert(tpm_key_usage(key) & TPM_USE_DECRYPT);
	cr_assert_eq(bench_run(&bench, bench_sign_job(key, TPM_SHA256, TPM_PADDING_PSS)), TPM_OK,
		     "%s", bench.error);
	cr_assert(bench_openssl_verifies(&bench, key, EVP_sha256(), true));
	tpm_key_unref(first);
	tpm_key_unref(key);
	bench_close(&bench);
}
