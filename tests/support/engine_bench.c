#include "engine_bench.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <string.h>

#include <openssl/rsa.h>

const struct tpm_config engine_bench_defaults = {
	.persistent_first = HANDLE,
	.persistent_last = HANDLE + 7,
	.command_timeout_ms = 10000,
	.queue_max = 4,
	.verify_signatures = true,
};

void bench_engine_open(struct bench *bench, const struct tpm_config *config)
{
	struct tpm_config own = *config;

	own.tcti = fixture_tcti(bench->fixture);
	cr_assert_eq(tpm_engine_start(&own, &bench->engine), TPM_OK);
}

struct bench bench_open(struct fixture_options options, const struct tpm_config *config)
{
	struct bench bench = {0};

	options.without_service = true;
	options.with_proxy = true;
	bench.fixture = fixture_new(&options);
	bench_engine_open(&bench, config);
	return bench;
}

struct bench bench_default(void)
{
	return bench_open((struct fixture_options){0}, &engine_bench_defaults);
}

void bench_close(struct bench *bench)
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
	if (!job->status && (job->operation == TPM_CREATE || job->operation == TPM_IMPORT ||
			     job->operation == TPM_IMPORT_KEY))
		bench->key = tpm_key_ref(job->key);
}

void bench_dispatch_once(struct bench *bench)
{
	struct pollfd ready = {.fd = tpm_engine_fd(bench->engine), .events = POLLIN};

	cr_assert_eq(poll(&ready, 1, 60000), 1);
	tpm_engine_dispatch(bench->engine);
}

enum tpm_status bench_submit(struct bench *bench, struct tpm_job *job)
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

enum tpm_status bench_run(struct bench *bench, struct tpm_job *job)
{
	enum tpm_status status = bench_submit(bench, job);

	if (status)
		return status;
	while (!bench->is_done)
		bench_dispatch_once(bench);
	return bench->status;
}

struct tpm_key *bench_adopt(struct bench *bench)
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

struct tpm_key *bench_create(struct bench *bench, enum tpm_algorithm algorithm, unsigned usage)
{
	struct tpm_job *job = tpm_job_new(TPM_CREATE);

	job->algorithm = algorithm;
	job->usage = usage;
	cr_assert_eq(bench_run(bench, job), TPM_OK, "%s", bench->error);
	return bench_adopt(bench);
}

struct tpm_job *bench_sign_job(struct tpm_key *key, enum tpm_hash hash, enum tpm_padding padding)
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

enum tpm_status bench_sign(struct bench *bench, struct tpm_key *key)
{
	return bench_run(
		bench, bench_sign_job(key, TPM_SHA256,
				      tpm_key_is_rsa(key) ? TPM_PADDING_PKCS1 : TPM_PADDING_NONE));
}

/* The engine verifies too; this is another's opinion. */
bool bench_openssl_verifies(struct bench *bench, struct tpm_key *key, const EVP_MD *md, bool is_pss)
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

enum tpm_status bench_decrypt(struct bench *bench, struct tpm_key *key, enum tpm_hash hash,
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
	return bench_run(bench, job);
}

enum tpm_status bench_pin(struct bench *bench, struct tpm_key *key, uint32_t handle)
{
	struct tpm_job *job = tpm_job_new(TPM_PIN);
	enum tpm_status status;

	job->key = tpm_key_ref(key);
	job->handle = handle;
	status = bench_run(bench, job);
	if (!status)
		tpm_key_set_handle(key, handle);
	return status;
}

enum tpm_status bench_unpin(struct bench *bench, const struct tpm_key *key, uint32_t handle)
{
	struct tpm_job *job = tpm_job_new(TPM_UNPIN);

	job->handle = handle;
	job->name = *tpm_key_name(key);
	return bench_run(bench, job);
}
