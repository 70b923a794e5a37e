/* The TPM engine alone, on swtpm behind tpm-proxy, which counts, stalls, refuses and mis-salts. */
#include <criterion/criterion.h>

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "engine.h"
#include "fixture.h"

#define HANDLE 0x81004b00u

struct bench {
	struct fixture *fixture;
	struct tpm_engine *engine;
	uint64_t last_id;
	/* of the job run last */
	bool is_done;
	enum tpm_status status;
	char error[TPM_ERROR_MAX];
	uint8_t output[TPM_OUTPUT_MAX];
	size_t output_len;
	struct tpm_key *key;
};

static const struct tpm_config defaults = {
	.persistent_first = HANDLE,
	.persistent_last = HANDLE + 7,
	.command_timeout_ms = 10000,
	.queue_max = 4,
	.verify_signatures = true,
};

static void engine_open(struct bench *bench, const struct tpm_config *config)
{
	struct tpm_config own = *config;

	own.tcti = fixture_tcti(bench->fixture);
	cr_assert_eq(tpm_engine_start(&own, &bench->engine), TPM_OK);
}

static struct bench bench_open(struct fixture_options options, const struct tpm_config *config)
{
	struct bench bench = {0};

	options.without_service = true;
	options.with_proxy = true;
	bench.fixture = fixture_new(&options);
	engine_open(&bench, config);
	return bench;
}

static struct bench bench_default(void)
{
	return bench_open((struct fixture_options){0}, &defaults);
}

static void bench_close(struct bench *bench)
{
	tpm_engine_stop(bench->engine);
	fixture_free(bench->fixture);
}

static void done(struct tpm_job *job, void *user)
{
	struct bench *bench = user;

	bench->is_done = true;
	bench->status = job->status;
	memcpy(bench->error, job->error, sizeof(bench->error));
	memcpy(bench->output, job->output, job->output_len);
	bench->output_len = job->output_len;
	bench->key = NULL;
	if (!job->status && (job->operation == TPM_CREATE || job->operation == TPM_IMPORT))
		bench->key = tpm_key_ref(job->key);
}

static void dispatch_once(struct bench *bench)
{
	struct pollfd ready = {.fd = tpm_engine_fd(bench->engine), .events = POLLIN};

	cr_assert_eq(poll(&ready, 1, 60000), 1);
	tpm_engine_dispatch(bench->engine);
}

static enum tpm_status submit(struct bench *bench, struct tpm_job *job)
{
	enum tpm_status status;

	job->done = done;
	job->user = bench;
	bench->is_done = false;
	status = tpm_engine_submit(bench->engine, job);
	if (status) {
		memcpy(bench->error, job->error, sizeof(bench->error));
		tpm_job_free(job);
	}
	return status;
}

static enum tpm_status run(struct bench *bench, struct tpm_job *job)
{
	enum tpm_status status = submit(bench, job);

	if (status)
		return status;
	while (!bench->is_done)
		dispatch_once(bench);
	return bench->status;
}

static struct tpm_key *adopt(struct bench *bench)
{
	struct tpm_key *made = bench->key, *key;
	size_t der_len, auth_len;
	const uint8_t *der = tpm_key_der(made, &der_len), *auth = tpm_key_auth(made, &auth_len);

	key = tpm_key_new(++bench->last_id, der, der_len, auth, auth_len, 0);
	cr_assert_not_null(key);
	tpm_key_unref(made);
	bench->key = NULL;
	return key;
}

static struct tpm_key *create(struct bench *bench, enum tpm_algorithm algorithm, unsigned usage)
{
	struct tpm_job *job = tpm_job_new(TPM_CREATE);

	job->algorithm = algorithm;
	job->usage = usage;
	cr_assert_eq(run(bench, job), TPM_OK, "%s", bench->error);
	return adopt(bench);
}

static struct tpm_job *sign_job(struct tpm_key *key, enum tpm_hash hash, enum tpm_padding padding)
{
	struct tpm_job *job = tpm_job_new(TPM_SIGN);
	uint8_t digest[64];

	memset(digest, 0x3c, sizeof(digest));
	job->key = tpm_key_ref(key);
	job->hash = hash;
	job->padding = padding;
	tpm_job_set_input(job, digest, tpm_hash_size(hash));
	return job;
}

static enum tpm_status sign(struct bench *bench, struct tpm_key *key)
{
	return run(bench, sign_job(key, TPM_SHA256,
				   tpm_key_is_rsa(key) ? TPM_PADDING_PKCS1 : TPM_PADDING_NONE));
}

/* The engine verifies too; this is another's opinion. */
static bool openssl_verifies(struct bench *bench, struct tpm_key *key, const EVP_MD *md,
			     bool is_pss)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(tpm_key_public(key), NULL);
	uint8_t digest[64];
	bool verifies;

	memset(digest, 0x3c, sizeof(digest));
	EVP_PKEY_verify_init(context);
	if (is_pss) {
		EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING);
		EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST);
	}
	EVP_PKEY_CTX_set_signature_md(context, md);
	verifies = EVP_PKEY_verify(context, bench->output, bench->output_len, digest,
				   (size_t)EVP_MD_get_size(md)) == 1;
	EVP_PKEY_CTX_free(context);
	return verifies;
}

Test(engine, creates_and_signs_with_all_that_the_tpm_has)
{
	struct bench bench = bench_default();
	const EVP_MD *mds[] = {NULL, EVP_sha1(), EVP_sha256(), EVP_sha384(), EVP_sha512()};
	struct tpm_key *probe = create(&bench, TPM_EC_P256, TPM_USE_SIGN);
	struct tpm_facts facts;
	unsigned algorithms = 0;

	tpm_engine_facts(bench.engine, &facts);
	for (enum tpm_algorithm a = TPM_RSA_2048; a < TPM_ALGORITHM_COUNT; a++) {
		bool is_rsa = a <= TPM_RSA_4096;
		struct tpm_key *key;

		if (!facts.has_algorithm[a])
			continue;
		key = create(&bench, a, TPM_USE_SIGN);
		algorithms++;
		for (enum tpm_hash h = TPM_SHA1; h < TPM_HASH_COUNT; h++)
			for (int pss = 0; pss <= is_rsa; pss++) {
				enum tpm_padding padding = !is_rsa ? TPM_PADDING_NONE
							   : pss   ? TPM_PADDING_PSS
								   : TPM_PADDING_PKCS1;

				cr_assert_eq(run(&bench, sign_job(key, h, padding)), TPM_OK, "%s",
					     bench.error);
				cr_assert(openssl_verifies(&bench, key, mds[h], pss));
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
	struct tpm_key *key = create(&bench, TPM_EC_P256, TPM_USE_SIGN);
	struct tpm_facts facts;
	struct tpm_job *job = tpm_job_new(TPM_CREATE);

	tpm_engine_facts(bench.engine, &facts);
	job->algorithm = TPM_RSA_4096;
	job->usage = TPM_USE_SIGN;
	cr_assert_eq(run(&bench, job),
		     facts.has_algorithm[TPM_RSA_4096] ? TPM_OK : TPM_UNSUPPORTED);

	tpm_key_unref(bench.key);
	tpm_key_unref(key);
	bench_close(&bench);
}

static enum tpm_status decrypt(struct bench *bench, struct tpm_key *key, enum tpm_hash hash,
			       const EVP_MD *md, int flip)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(tpm_key_public(key), NULL);
	struct tpm_job *job = tpm_job_new(TPM_DECRYPT);
	uint8_t ciphertext[512];
	size_t len = sizeof(ciphertext);

	EVP_PKEY_encrypt_init(context);
	EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING);
	EVP_PKEY_CTX_set_rsa_oaep_md(context, md);
	cr_assert_eq(EVP_PKEY_encrypt(context, ciphertext, &len, (const uint8_t *)"secret", 6), 1);
	EVP_PKEY_CTX_free(context);
	if (flip >= 0)
		ciphertext[flip] ^= 0x80;
	job->key = tpm_key_ref(key);
	job->hash = hash;
	tpm_job_set_input(job, ciphertext, len);
	return run(bench, job);
}

Test(engine, decrypts_oaep_and_fails_in_one_way_only)
{
	struct bench bench = bench_default();
	struct tpm_key *key = create(&bench, TPM_RSA_2048, TPM_USE_SIGN | TPM_USE_DECRYPT);
	char first[TPM_ERROR_MAX];

	cr_assert_eq(decrypt(&bench, key, TPM_SHA1, EVP_sha1(), -1), TPM_OK, "%s", bench.error);
	cr_assert_eq(bench.output_len, 6);
	cr_assert_arr_eq(bench.output, "secret", 6);
	cr_assert_eq(decrypt(&bench, key, TPM_SHA256, EVP_sha256(), -1), TPM_OK, "%s", bench.error);

	cr_assert_eq(decrypt(&bench, key, TPM_SHA256, EVP_sha256(), 255), TPM_DECRYPT_FAILED);
	memcpy(first, bench.error, sizeof(first));
	/* A number above the modulus, and the wrong label hash. */
	cr_assert_eq(decrypt(&bench, key, TPM_SHA256, EVP_sha256(), 0), TPM_DECRYPT_FAILED);
	cr_assert_str_eq(bench.error, first);
	cr_assert_eq(decrypt(&bench, key, TPM_SHA256, EVP_sha1(), -1), TPM_DECRYPT_FAILED);
	cr_assert_str_eq(bench.error, first);
	cr_assert_eq(bench.output_len, 0);
	cr_assert_eq(decrypt(&bench, key, TPM_SHA256, EVP_sha256(), -1), TPM_OK, "%s", bench.error);
	tpm_key_unref(key);
	bench_close(&bench);
}

Test(engine, sends_one_command_for_a_signature)
{
	struct bench bench = bench_default();
	struct tpm_key *key = create(&bench, TPM_EC_P256, TPM_USE_SIGN);
	uint64_t before;

	cr_assert_eq(sign(&bench, key), TPM_OK);
	before = fixture_proxy_count(bench.fixture, NULL);
	for (int i = 0; i < 50; i++)
		cr_assert_eq(sign(&bench, key), TPM_OK, "%s", bench.error);
	cr_assert_eq(fixture_proxy_count(bench.fixture, NULL) - before, 50);

	tpm_key_unref(key);
	bench_close(&bench);
}

static enum tpm_status pin(struct bench *bench, struct tpm_key *key, uint32_t handle)
{
	struct tpm_job *job = tpm_job_new(TPM_PIN);
	enum tpm_status status;

	job->key = tpm_key_ref(key);
	job->handle = handle;
	status = run(bench, job);
	if (!status)
		tpm_key_set_handle(key, handle);
	return status;
}

static enum tpm_status unpin(struct bench *bench, const struct tpm_key *key, uint32_t handle)
{
	struct tpm_job *job = tpm_job_new(TPM_UNPIN);

	job->handle = handle;
	job->name = *tpm_key_name(key);
	return run(bench, job);
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
	struct tpm_key *key = create(&bench, TPM_EC_P256, TPM_USE_SIGN);
	uint64_t loads, all;

	cr_assert_eq(pin(&bench, key, HANDLE), TPM_OK, "%s", bench.error);
	tpm_engine_stop(bench.engine);
	loads = fixture_proxy_count(bench.fixture, "Load");
	engine_open(&bench, &defaults);
	cr_assert_eq(sign(&bench, key), TPM_OK, "%s", bench.error);
	all = fixture_proxy_count(bench.fixture, NULL);
	cr_assert_eq(sign(&bench, key), TPM_OK, "%s", bench.error);

	cr_assert_eq(fixture_proxy_count(bench.fixture, "Load"), loads);
	cr_assert_eq(fixture_proxy_count(bench.fixture, NULL), all + 1);
	cr_assert_eq(unpin(&bench, key, HANDLE), TPM_OK, "%s", bench.error);
	cr_assert_not(handle_is_taken(&bench));
	tpm_key_unref(key);
	bench_close(&bench);
}

Test(engine, pins_twice_and_unpins_twice_without_harm)
{
	struct bench bench = bench_default();
	struct tpm_key *key = create(&bench, TPM_EC_P256, TPM_USE_SIGN);

	cr_assert_eq(pin(&bench, key, HANDLE), TPM_OK, "%s", bench.error);
	cr_assert_eq(pin(&bench, key, HANDLE), TPM_OK, "%s", bench.error);
	cr_assert_eq(unpin(&bench, key, HANDLE), TPM_OK, "%s", bench.error);
	cr_assert_eq(unpin(&bench, key, HANDLE), TPM_OK, "%s", bench.error);
	/* Whoever still believes in the handle gets the loaded key. */
	cr_assert_eq(sign(&bench, key), TPM_OK, "%s", bench.error);

	tpm_key_unref(key);
	bench_close(&bench);
}

Test(engine, never_touches_a_foreign_persistent_object)
{
	struct bench bench = bench_default();
	struct tpm_key *key;

	free(fixture_sh_ok(bench.fixture,
			   "tpm2_createprimary -Q -C o -G ecc -c foreign.ctx && "
			   "tpm2_evictcontrol -Q -C o -c foreign.ctx 0x%x && tpm2_flushcontext -t",
			   HANDLE));
	key = create(&bench, TPM_EC_P256, TPM_USE_SIGN);

	cr_assert_eq(pin(&bench, key, HANDLE), TPM_CONFLICT);
	cr_assert_eq(unpin(&bench, key, HANDLE), TPM_OK);
	cr_assert(handle_is_taken(&bench));
	tpm_key_unref(key);
	bench_close(&bench);
}

Test(engine, uses_more_keys_than_the_tpm_has_slots)
{
	struct bench bench = bench_default();
	struct tpm_key *keys[6];

	for (int i = 0; i < 6; i++)
		keys[i] = create(&bench, i % 2 ? TPM_EC_P256 : TPM_EC_P384, TPM_USE_SIGN);
	for (int i = 0; i < 30; i++)
		cr_assert_eq(sign(&bench, keys[i * 5 % 6]), TPM_OK, "%s", bench.error);

	for (int i = 0; i < 6; i++)
		tpm_key_unref(keys[i]);
	bench_close(&bench);
}

Test(engine, takes_back_what_broken_connections_left_in_the_tpm)
{
	struct bench bench = bench_default();
	struct tpm_key *keys[2] = {create(&bench, TPM_EC_P256, TPM_USE_SIGN),
				   create(&bench, TPM_EC_P256, TPM_USE_SIGN)};

	/* The connection breaks: ESYS starts anew, and what it had loaded stays. */
	for (int i = 0; i < 8; i++) {
		cr_assert_eq(sign(&bench, keys[i % 2]), TPM_OK, "%s", bench.error);
		tpm_key_unref(create(&bench, TPM_EC_P256, TPM_USE_SIGN));
		fixture_proxy(bench.fixture, "drop 1 Sign");
	}

	cr_assert_eq(sign(&bench, keys[0]), TPM_OK, "%s", bench.error);
	tpm_key_unref(keys[0]);
	tpm_key_unref(keys[1]);
	bench_close(&bench);
}

Test(engine, says_who_has_the_slots_when_others_took_them_all)
{
	struct bench bench = bench_default();
	struct tpm_key *key = create(&bench, TPM_EC_P256, TPM_USE_SIGN);

	tpm_engine_stop(bench.engine);
	for (int i = 0; i < 3; i++)
		free(fixture_sh_ok(bench.fixture, "tpm2_createprimary -Q -C o -G ecc -c o%d", i));
	engine_open(&bench, &defaults);

	cr_assert_eq(sign(&bench, key), TPM_FULL, "%s", bench.error);
	cr_assert_not_null(strstr(bench.error, "tpm2_flushcontext"), "%s", bench.error);
	free(fixture_sh_ok(bench.fixture, "tpm2_flushcontext -t"));
	cr_assert_eq(sign(&bench, key), TPM_OK, "%s", bench.error);
	tpm_key_unref(key);
	bench_close(&bench);
}

Test(engine, goes_on_after_a_reset_between_two_signatures)
{
	struct bench bench = bench_default();
	struct tpm_key *loaded = create(&bench, TPM_EC_P256, TPM_USE_SIGN);
	struct tpm_key *rsa = create(&bench, TPM_RSA_2048, TPM_USE_SIGN | TPM_USE_DECRYPT);
	struct tpm_key *pinned = create(&bench, TPM_EC_P256, TPM_USE_SIGN);
	struct tpm_counters counters;

	cr_assert_eq(pin(&bench, pinned, HANDLE), TPM_OK, "%s", bench.error);
	for (int i = 0; i < 3; i++) {
		fixture_tpm_restart(bench.fixture);
		cr_assert_eq(sign(&bench, i % 2 ? pinned : loaded), TPM_OK, "%s", bench.error);
		cr_assert_eq(decrypt(&bench, rsa, TPM_SHA256, EVP_sha256(), -1), TPM_OK, "%s",
			     bench.error);
		cr_assert_eq(sign(&bench, i % 2 ? loaded : pinned), TPM_OK, "%s", bench.error);
	}
	tpm_engine_counters(bench.engine, &counters);
	cr_assert_eq(counters.withheld, 0);
	tpm_key_unref(loaded);
	tpm_key_unref(pinned);
	tpm_key_unref(rsa);
	bench_close(&bench);
}

Test(engine, repeats_once_what_was_lost_on_the_way)
{
	struct bench bench = bench_default();
	struct tpm_key *key = create(&bench, TPM_EC_P256, TPM_USE_SIGN);

	fixture_proxy(bench.fixture, "lose 1 Sign");
	cr_assert_eq(sign(&bench, key), TPM_OK, "%s", bench.error);
	fixture_proxy(bench.fixture, "drop 1 Sign");
	cr_assert_eq(sign(&bench, key), TPM_OK, "%s", bench.error);

	tpm_key_unref(key);
	bench_close(&bench);
}

Test(engine, answers_at_once_while_the_tpm_is_away_and_waits_where_asked)
{
	struct bench bench = bench_default();
	struct tpm_key *key = create(&bench, TPM_EC_P256, TPM_USE_SIGN);
	struct tpm_job *job = sign_job(key, TPM_SHA256, TPM_PADDING_NONE);

	fixture_tpm_kill(bench.fixture);
	cr_assert_eq(sign(&bench, key), TPM_UNAVAILABLE);
	cr_assert_eq(sign(&bench, key), TPM_UNAVAILABLE);
	cr_assert_not_null(strstr(bench.error, "no TPM at"), "%s", bench.error);
	job->wait = true;
	cr_assert_eq(submit(&bench, job), TPM_OK);
	fixture_tpm_start(bench.fixture);
	while (!bench.is_done)
		dispatch_once(&bench);

	cr_assert_eq(bench.status, TPM_OK, "%s", bench.error);
	tpm_key_unref(key);
	bench_close(&bench);
}

Test(engine, starts_without_a_tpm_and_finds_it_later)
{
	struct bench bench = bench_open((struct fixture_options){.without_tpm = true}, &defaults);
	struct tpm_job *job = tpm_job_new(TPM_RANDOM);

	job->want = 32;
	job->wait = true;
	cr_assert_eq(submit(&bench, job), TPM_OK);
	fixture_tpm_start(bench.fixture);
	while (!bench.is_done)
		dispatch_once(&bench);

	cr_assert_eq(bench.status, TPM_OK, "%s", bench.error);
	cr_assert_eq(bench.output_len, 32);
	bench_close(&bench);
}

Test(engine, is_patient_with_a_tpm_that_says_retry)
{
	struct bench bench = bench_default();
	struct tpm_key *key = create(&bench, TPM_EC_P256, TPM_USE_SIGN);

	fixture_proxy(bench.fixture, "fail 0x922 3 Sign");
	cr_assert_eq(sign(&bench, key), TPM_OK, "%s", bench.error);

	tpm_key_unref(key);
	bench_close(&bench);
}

Test(engine, says_what_the_tpm_refused_and_what_to_do)
{
	struct bench bench = bench_default();
	struct tpm_key *key = create(&bench, TPM_EC_P256, TPM_USE_SIGN);

	fixture_proxy(bench.fixture, "fail 0x921 all Sign");
	cr_assert_eq(sign(&bench, key), TPM_REFUSED);
	cr_assert_not_null(strstr(bench.error, "tpm2_dictionarylockout"), "%s", bench.error);
	fixture_proxy(bench.fixture, "clear");
	fixture_proxy(bench.fixture, "fail 0x14b all EvictControl");
	cr_assert_eq(pin(&bench, key, HANDLE), TPM_FULL);
	cr_assert_not_null(strstr(bench.error, "unpin"), "%s", bench.error);

	tpm_key_unref(key);
	bench_close(&bench);
}

Test(engine, does_not_queue_behind_a_tpm_that_hangs)
{
	struct tpm_config config = defaults;
	struct bench bench;
	struct tpm_key *key;
	struct tpm_facts facts;
	struct tpm_job *stuck;

	config.command_timeout_ms = 300;
	bench = bench_open((struct fixture_options){0}, &config);
	key = create(&bench, TPM_EC_P256, TPM_USE_SIGN);
	fixture_proxy(bench.fixture, "stall 1 Sign");
	stuck = sign_job(key, TPM_SHA256, TPM_PADDING_NONE);
	cr_assert_eq(submit(&bench, stuck), TPM_OK);
	do
		tpm_engine_facts(bench.engine, &facts);
	while (facts.state == TPM_STATE_READY && poll(NULL, 0, 5) == 0);

	cr_assert_eq(facts.state, TPM_STATE_UNAVAILABLE);
	cr_assert_eq(sign(&bench, key), TPM_UNAVAILABLE);
	tpm_key_unref(key);
	/* This transport cannot be interrupted, but it notices its peer's end. */
	fixture_tpm_kill(bench.fixture);
	bench_close(&bench);
}

Test(engine, pads_where_the_tpm_chooses_the_wrong_salt)
{
	struct bench bench = bench_open((struct fixture_options){.pss_salt_max = true}, &defaults);
	struct tpm_key *key = create(&bench, TPM_RSA_2048, TPM_USE_SIGN | TPM_USE_DECRYPT);
	const enum tpm_hash hashes[] = {TPM_SHA256, TPM_SHA384, TPM_SHA512};
	const EVP_MD *mds[] = {EVP_sha256(), EVP_sha384(), EVP_sha512()};
	struct tpm_counters counters;
	struct tpm_facts facts;

	for (int i = 0; i < 3; i++) {
		cr_assert_eq(run(&bench, sign_job(key, hashes[i], TPM_PADDING_PSS)), TPM_OK, "%s",
			     bench.error);
		cr_assert(openssl_verifies(&bench, key, mds[i], true));
	}
	tpm_engine_facts(bench.engine, &facts);
	tpm_engine_counters(bench.engine, &counters);

	cr_assert(facts.pss_padded_here);
	cr_assert_eq(counters.withheld, 0);
	tpm_key_unref(key);
	bench_close(&bench);
}

Test(engine, finds_the_wrong_salt_with_a_key_from_before)
{
	struct bench bench = bench_open((struct fixture_options){.pss_salt_max = true}, &defaults);
	struct tpm_key *key = create(&bench, TPM_RSA_2048, TPM_USE_SIGN | TPM_USE_DECRYPT);
	struct tpm_counters counters;

	/* A new engine knows nothing of the salt until a signature shows it. */
	tpm_engine_stop(bench.engine);
	engine_open(&bench, &defaults);
	cr_assert_eq(run(&bench, sign_job(key, TPM_SHA256, TPM_PADDING_PSS)), TPM_OK, "%s",
		     bench.error);
	cr_assert(openssl_verifies(&bench, key, EVP_sha256(), true));
	tpm_engine_counters(bench.engine, &counters);

	cr_assert_eq(counters.withheld, 1);
	tpm_key_unref(key);
	bench_close(&bench);
}

Test(engine, makes_signing_keys_that_can_be_padded_for_where_needed)
{
	struct bench bench = bench_open((struct fixture_options){.pss_salt_max = true}, &defaults);
	/* The proxy cannot make a wrong salt without the decrypt attribute: the first key of
	 * this TPM shows it, the second one is the test. */
	struct tpm_key *first = create(&bench, TPM_RSA_2048, TPM_USE_SIGN | TPM_USE_DECRYPT);
	struct tpm_key *key = create(&bench, TPM_RSA_2048, TPM_USE_SIGN);

	cr_assert(tpm_key_usage(key) & TPM_USE_DECRYPT);
	cr_assert_eq(run(&bench, sign_job(key, TPM_SHA256, TPM_PADDING_PSS)), TPM_OK, "%s",
		     bench.error);
	cr_assert(openssl_verifies(&bench, key, EVP_sha256(), true));
	tpm_key_unref(first);
	tpm_key_unref(key);
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
	return run(bench, job);
}

Test(engine, exports_and_imports_with_a_password)
{
	struct bench bench = bench_default();
	struct tpm_key *key = create(&bench, TPM_EC_P256, TPM_USE_SIGN), *again;
	struct tpm_job *job = tpm_job_new(TPM_EXPORT);
	uint8_t der[TPM_OUTPUT_MAX];
	size_t len;

	job->key = tpm_key_ref(key);
	job->auth_len = 6;
	memcpy(job->auth, "sesame", 6);
	cr_assert_eq(run(&bench, job), TPM_OK, "%s", bench.error);
	len = bench.output_len;
	memcpy(der, bench.output, len);

	cr_assert_eq(import(&bench, der, len, "wrong"), TPM_BAD_AUTH);
	cr_assert_not_null(strstr(bench.error, "password"), "%s", bench.error);
	cr_assert_eq(import(&bench, der, len - 1, "sesame"), TPM_INVALID);
	cr_assert_eq(import(&bench, der, len, "sesame"), TPM_OK, "%s", bench.error);
	again = adopt(&bench);
	cr_assert_eq(EVP_PKEY_eq(tpm_key_public(key), tpm_key_public(again)), 1);
	cr_assert_eq(sign(&bench, again), TPM_OK, "%s", bench.error);
	tpm_key_unref(again);
	tpm_key_unref(key);
	bench_close(&bench);
}

Test(engine, protects_the_bus_where_asked)
{
	struct tpm_config config = defaults;
	struct bench bench;
	struct tpm_key *rsa, *ec;

	config.protect_bus = true;
	bench = bench_open((struct fixture_options){0}, &config);
	rsa = create(&bench, TPM_RSA_2048, TPM_USE_SIGN | TPM_USE_DECRYPT);
	ec = create(&bench, TPM_EC_P256, TPM_USE_SIGN);
	for (int i = 0; i < 3; i++) {
		cr_assert_eq(sign(&bench, rsa), TPM_OK, "%s", bench.error);
		cr_assert_eq(sign(&bench, ec), TPM_OK, "%s", bench.error);
		cr_assert_eq(decrypt(&bench, rsa, TPM_SHA1, EVP_sha1(), -1), TPM_OK, "%s",
			     bench.error);
	}
	fixture_tpm_restart(bench.fixture);
	cr_assert_eq(sign(&bench, ec), TPM_OK, "%s", bench.error);
	tpm_key_unref(rsa);
	tpm_key_unref(ec);
	bench_close(&bench);
}

Test(engine, is_busy_when_its_queue_is_full_and_forgets_the_cancelled)
{
	struct bench bench = bench_default();
	struct tpm_key *key = create(&bench, TPM_EC_P256, TPM_USE_SIGN);
	struct tpm_job *jobs[5];

	fixture_proxy(bench.fixture, "stop");
	/* One is with the TPM; four wait. */
	jobs[0] = sign_job(key, TPM_SHA256, TPM_PADDING_NONE);
	cr_assert_eq(submit(&bench, jobs[0]), TPM_OK);
	for (struct tpm_counters counters = {.queue_length = 1}; counters.queue_length;)
		tpm_engine_counters(bench.engine, &counters);
	for (int i = 1; i < 5; i++) {
		jobs[i] = sign_job(key, TPM_SHA256, TPM_PADDING_NONE);
		cr_assert_eq(submit(&bench, jobs[i]), TPM_OK);
	}
	cr_assert_eq(sign(&bench, key), TPM_BUSY);
	for (int i = 0; i < 4; i++)
		tpm_engine_cancel(bench.engine, jobs[i]);
	fixture_proxy(bench.fixture, "go");
	while (!bench.is_done)
		dispatch_once(&bench);

	cr_assert_eq(bench.status, TPM_OK, "%s", bench.error);
	tpm_key_unref(key);
	bench_close(&bench);
}

Test(engine, shuts_the_tpm_down_in_order)
{
	struct bench bench = bench_default();
	struct tpm_key *key = create(&bench, TPM_EC_P256, TPM_USE_SIGN);
	struct tpm_job *waiting = sign_job(key, TPM_SHA256, TPM_PADDING_NONE);
	char *handles;

	cr_assert_eq(submit(&bench, waiting), TPM_OK);
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
