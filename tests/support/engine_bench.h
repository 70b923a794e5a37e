/* The TPM engine alone, on swtpm behind tpm-proxy, and jobs run one by one. */
#ifndef SUPPORT_ENGINE_BENCH_H
#define SUPPORT_ENGINE_BENCH_H

#include <openssl/evp.h>

#include "engine.h"
#include "fixture.h"

#define HANDLE 0x81004b00u /* first of the persistent range */

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

extern const struct tpm_config engine_bench_defaults;

/* Opens an engine on a TPM as @options say (the proxy is there in any case). */
struct bench bench_open(struct fixture_options options, const struct tpm_config *config);
struct bench bench_default(void);
void bench_close(struct bench *bench);

/* Another engine on the same TPM, after tpm_engine_stop(). */
void bench_engine_open(struct bench *bench, const struct tpm_config *config);

/* Runs a job to its end; what it brought is in @bench. */
enum tpm_status bench_run(struct bench *bench, struct tpm_job *job);

/* The same in two steps: until bench->is_done, bench_dispatch_once(). */
enum tpm_status bench_submit(struct bench *bench, struct tpm_job *job);
void bench_dispatch_once(struct bench *bench);

/* A key as its owner would have it from the database; bench_adopt(): the one just imported. */
struct tpm_key *bench_create(struct bench *bench, enum tpm_algorithm algorithm, unsigned usage);
struct tpm_key *bench_adopt(struct bench *bench);

/* Jobs on a fixed digest, or on "secret"; @flip: a byte of the ciphertext to spoil, or -1. */
struct tpm_job *bench_sign_job(struct tpm_key *key, enum tpm_hash hash, enum tpm_padding padding);
enum tpm_status bench_sign(struct bench *bench, struct tpm_key *key);
enum tpm_status bench_decrypt(struct bench *bench, struct tpm_key *key, enum tpm_hash hash,
			      const EVP_MD *md, int flip);
enum tpm_status bench_pin(struct bench *bench, struct tpm_key *key, uint32_t handle);
enum tpm_status bench_unpin(struct bench *bench, const struct tpm_key *key, uint32_t handle);

/* Another's opinion: the engine verifies too. */
bool bench_openssl_verifies(struct bench *bench, struct tpm_key *key, const EVP_MD *md,
			    bool is_pss);

#endif
