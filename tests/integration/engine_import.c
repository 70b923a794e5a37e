/* Private keys from outside, wrapped for the TPM and used there. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "engine_bench.h"

struct pkcs8 {
	uint8_t *der;
	int len;
};

static struct pkcs8 pkcs8_of(EVP_PKEY *pkey)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);
	struct pkcs8 pkcs8 = {0};

	pkcs8.len = i2d_PKCS8_PRIV_KEY_INFO(info, &pkcs8.der);
	PKCS8_PRIV_KEY_INFO_free(info);
	return pkcs8;
}

static enum tpm_status import(struct bench *bench, const uint8_t *der, size_t len, unsigned usage)
{
	struct tpm_job *job = tpm_job_new(TPM_IMPORT_KEY);

	job->usage = usage;
	cr_assert_eq(tpm_job_set_input(job, der, len), TPM_OK);
	return bench_run(bench, job);
}

static enum tpm_status import_pkey(struct bench *bench, EVP_PKEY *pkey, unsigned usage)
{
	struct pkcs8 pkcs8 = pkcs8_of(pkey);
	enum tpm_status status = import(bench, pkcs8.der, (size_t)pkcs8.len, usage);

	OPENSSL_free(pkcs8.der);
	return status;
}

static EVP_PKEY *rsa_with(unsigned bits, unsigned long exponent, unsigned primes)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	BIGNUM *e = BN_new();
	EVP_PKEY *pkey = NULL;

	BN_set_word(e, exponent);
	EVP_PKEY_keygen_init(context);
	EVP_PKEY_CTX_set_rsa_keygen_bits(context, (int)bits);
	EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context, e);
	EVP_PKEY_CTX_set_rsa_keygen_primes(context, (int)primes);
	cr_assert_eq(EVP_PKEY_generate(context, &pkey), 1);
	EVP_PKEY_CTX_free(context);
	BN_free(e);
	return pkey;
}

Test(engine_import, takes_every_kind_of_key_that_the_tpm_has)
{
	struct bench bench = bench_default();
	struct tpm_key *probe = bench_create(&bench, TPM_EC_P256, TPM_USE_SIGN);
	struct tpm_facts facts;

	tpm_engine_facts(bench.engine, &facts);
	for (enum tpm_algorithm a = TPM_RSA_2048; a < TPM_ALGORITHM_COUNT; a++) {
		EVP_PKEY *pkey = a == TPM_EC_P256   ? EVP_EC_gen("P-256")
				 : a == TPM_EC_P384 ? EVP_EC_gen("P-384")
						    : EVP_RSA_gen(1024u + 1024u * (unsigned)a);
		enum tpm_status status = import_pkey(&bench, pkey, TPM_USE_SIGN);

		if (facts.has_algorithm[a]) {
			struct tpm_key *key;

			cr_assert_eq(status, TPM_OK, "%d: %s", a, bench.error);
			key = bench_adopt(&bench);
			cr_assert_eq(tpm_key_algorithm(key), a);
			cr_assert_eq(EVP_PKEY_eq(tpm_key_public(key), pkey), 1);
			cr_assert_not(tpm_key_is_from_tpm(key));
			cr_assert_eq(bench_sign(&bench, key), TPM_OK, "%s", bench.error);
			cr_assert(bench_openssl_verifies(&bench, key, EVP_sha256(), false));
			tpm_key_unref(key);
		} else {
			cr_assert_eq(status, TPM_UNSUPPORTED);
			cr_assert_not_null(strstr(bench.error, "this TPM does not have"));
		}
		EVP_PKEY_free(pkey);
	}
	tpm_key_unref(probe);
	bench_close(&bench);
}

Test(engine_import, decrypts_and_makes_pss_signatures_with_an_rsa_key)
{
	struct bench bench = bench_default();
	EVP_PKEY *pkey = EVP_RSA_gen(2048);
	struct tpm_key *key;

	cr_assert_eq(import_pkey(&bench, pkey, TPM_USE_SIGN | TPM_USE_DECRYPT), TPM_OK, "%s",
		     bench.error);
	key = bench_adopt(&bench);
	cr_assert_eq(bench_decrypt(&bench, key, TPM_SHA256, EVP_sha256(), -1), TPM_OK, "%s",
		     bench.error);
	cr_assert_eq(bench_run(&bench, bench_sign_job(key, TPM_SHA256, TPM_PADDING_PSS)), TPM_OK);
	cr_assert(bench_openssl_verifies(&bench, key, EVP_sha256(), true));

	tpm_key_unref(key);
	EVP_PKEY_free(pkey);
	bench_close(&bench);
}

Test(engine_import, keeps_the_key_across_a_restart_of_the_tpm)
{
	struct bench bench = bench_default();
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	struct tpm_key *key;

	cr_assert_eq(import_pkey(&bench, pkey, TPM_USE_SIGN), TPM_OK, "%s", bench.error);
	key = bench_adopt(&bench);
	fixture_tpm_restart(bench.fixture);
	cr_assert_eq(bench_sign(&bench, key), TPM_OK, "%s", bench.error);
	cr_assert(bench_openssl_verifies(&bench, key, EVP_sha256(), false));

	tpm_key_unref(key);
	EVP_PKEY_free(pkey);
	bench_close(&bench);
}

Test(engine_import, refuses_keys_that_no_tpm_takes)
{
	struct bench bench = bench_default();
	struct {
		EVP_PKEY *pkey;
		unsigned usage;
	} keys[] = {
		{EVP_RSA_gen(1024), TPM_USE_SIGN},
		{rsa_with(2048, 3, 2), TPM_USE_SIGN},
		{rsa_with(2048, RSA_F4, 3), TPM_USE_SIGN},
		{EVP_EC_gen("secp256k1"), TPM_USE_SIGN},
		{EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), TPM_USE_SIGN},
		{EVP_EC_gen("P-256"), TPM_USE_SIGN | TPM_USE_DECRYPT},
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		cr_assert_not_null(keys[i].pkey);
		cr_assert_eq(import_pkey(&bench, keys[i].pkey, keys[i].usage), TPM_UNSUPPORTED,
			     "%zu: %s", i, bench.error);
		cr_assert_gt(strlen(bench.error), 0);
		EVP_PKEY_free(keys[i].pkey);
	}
	bench_close(&bench);
}

/* A modulus and exponent of one key, the primes of another. */
static EVP_PKEY *rsa_of_two(void)
{
	EVP_PKEY *first = EVP_RSA_gen(2048), *second = EVP_RSA_gen(2048), *mixed = NULL;
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM *a = NULL, *b = NULL, *merged;

	EVP_PKEY_todata(first, EVP_PKEY_PUBLIC_KEY, &a);
	EVP_PKEY_todata(second, EVP_PKEY_KEYPAIR, &b);
	merged = OSSL_PARAM_merge(b, a);
	EVP_PKEY_fromdata_init(context);
	cr_assert_eq(EVP_PKEY_fromdata(context, &mixed, EVP_PKEY_KEYPAIR, merged), 1);
	OPENSSL_free(merged);
	OSSL_PARAM_free(a);
	OSSL_PARAM_free(b);
	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(first);
	EVP_PKEY_free(second);
	return mixed;
}

Test(engine_import, refuses_halves_that_do_not_belong_together)
{
	struct bench bench = bench_default();
	EVP_PKEY *mixed = rsa_of_two();

	cr_assert_eq(import_pkey(&bench, mixed, TPM_USE_SIGN), TPM_INVALID, "%s", bench.error);
	cr_assert_not_null(strstr(bench.error, "belong"));

	EVP_PKEY_free(mixed);
	bench_close(&bench);
}

Test(engine_import, refuses_a_damaged_file_wherever_it_is_cut)
{
	struct bench bench = bench_default();
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	struct pkcs8 pkcs8 = pkcs8_of(pkey);

	for (int cut = 1; cut < pkcs8.len; cut += 7)
		cr_assert_eq(import(&bench, pkcs8.der, (size_t)cut, TPM_USE_SIGN), TPM_INVALID);
	OPENSSL_free(pkcs8.der);
	EVP_PKEY_free(pkey);
	bench_close(&bench);
}

/* The proxy cannot show a wrong salt without the decrypt attribute, so with both uses. */
Test(engine_import, pads_itself_for_a_chip_with_a_wrong_salt)
{
	struct bench bench =
		bench_open((struct fixture_options){.pss_salt_max = true}, &engine_bench_defaults);
	EVP_PKEY *pkey = EVP_RSA_gen(2048);
	struct tpm_facts facts;
	struct tpm_key *key;

	cr_assert_eq(import_pkey(&bench, pkey, TPM_USE_SIGN | TPM_USE_DECRYPT), TPM_OK, "%s",
		     bench.error);
	key = bench_adopt(&bench);
	cr_assert_eq(bench_run(&bench, bench_sign_job(key, TPM_SHA256, TPM_PADDING_PSS)), TPM_OK,
		     "%s", bench.error);
	cr_assert(bench_openssl_verifies(&bench, key, EVP_sha256(), true));
	tpm_key_unref(key);
	tpm_engine_facts(bench.engine, &facts);
	cr_assert(facts.pss_padded_here);

	/* From here on one that only signs gets what the padding needs. */
	cr_assert_eq(import_pkey(&bench, pkey, TPM_USE_SIGN), TPM_OK, "%s", bench.error);
	key = bench_adopt(&bench);
	cr_assert_eq(tpm_key_usage(key), TPM_USE_SIGN | TPM_USE_DECRYPT);
	tpm_key_unref(key);
	EVP_PKEY_free(pkey);
	bench_close(&bench);
}
