/*
 * A TPM engine in software, for tests of what stands on the engine. Include it once in a test
 * program: its definitions take the place of the library's, keys included.
 *
 * Jobs run in tpm_engine_dispatch(), in the order they came. fake holds what a test may turn.
 * A mock, because the unit tests need what swtpm cannot be told: that this very job ends now,
 * later, or so. Everything runs on swtpm in tests/integration and tests/faults.
 */
#ifndef FAKE_TPM_H
#define FAKE_TPM_H

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unistd.h>

#include <engine.h>

#define FAKE_JOBS_MAX	 1024
#define FAKE_HANDLES_MAX 64

struct tpm_key {
	int references;
	uint64_t id;
	EVP_PKEY *pair;
	uint8_t *der; /* PKCS#8, in the clear: nothing here is a TPM */
	int der_len;
	uint8_t *spki;
	int spki_len;
	uint8_t auth[4];
	struct tpm_name name;
	uint32_t handle;
};

static struct {
	bool holds_jobs;	  /* dispatch leaves them alone */
	enum tpm_status next[16]; /* of the next jobs, where not OK; then all is well */
	size_t failures;
	enum tpm_status submit; /* what submitting comes to */
	enum tpm_state state;
	enum tpm_state told;		    /* by state_changed() */
	uint32_t foreign_handle;	    /* somebody else's object */
	uint32_t handles[FAKE_HANDLES_MAX]; /* what this fake keeps persistent */
	size_t handle_count;
	uint8_t nv[TPM_NV_MAX]; /* the one NV index */
	size_t nv_len;
	struct tpm_job *jobs[FAKE_JOBS_MAX];
	size_t job_count;
	size_t jobs_seen[TPM_OPERATION_COUNT];
	size_t cancelled;
	struct tpm_job last; /* a copy of the last one submitted; its pointers are not to be used */
	void (*state_changed)(void *user);
	void *user;
	int fd;
} fake;

size_t tpm_hash_size(enum tpm_hash hash)
{
	static const size_t sizes[TPM_HASH_COUNT] = {0, 20, 32, 48, 64};

	return (unsigned)hash < TPM_HASH_COUNT ? sizes[hash] : 0;
}

struct tpm_key *tpm_key_new(uint64_t id, const uint8_t *der, size_t der_len, const uint8_t *auth,
			    size_t auth_len, uint32_t handle)
{
	const uint8_t *at = der;
	struct tpm_key *key = calloc(1, sizeof *key);

	(void)auth;
	key->references = 1;
	key->id = id;
	key->handle = handle;
	key->pair = d2i_AutoPrivateKey(NULL, &at, (long)der_len);
	if (!key->pair || auth_len != sizeof key->auth) {
		EVP_PKEY_free(key->pair);
		free(key);
		return NULL;
	}
	key->der_len = i2d_PrivateKey(key->pair, &key->der);
	key->spki_len = i2d_PUBKEY(key->pair, &key->spki);
	memcpy(key->auth, "auth", sizeof key->auth);
	key->name.len = 34;
	EVP_Digest(key->spki, (size_t)key->spki_len, key->name.bytes + 2, NULL, EVP_sha256(), NULL);
	return key;
}

struct tpm_key *tpm_key_ref(struct tpm_key *key)
{
	key->references++;
	return key;
}

void tpm_key_unref(struct tpm_key *key)
{
	if (!key || --key->references)
		return;
	EVP_PKEY_free(key->pair);
	OPENSSL_free(key->der);
	OPENSSL_free(key->spki);
	free(key);
}

uint64_t tpm_key_id(const struct tpm_key *key)
{
	return key->id;
}

bool tpm_key_is_rsa(const struct tpm_key *key)
{
	return EVP_PKEY_is_a(key->pair, "RSA");
}

enum tpm_algorithm tpm_key_algorithm(const struct tpm_key *key)
{
	int bits = EVP_PKEY_get_bits(key->pair);

	if (!tpm_key_is_rsa(key))
		return bits == 256 ? TPM_EC_P256 : TPM_EC_P384;
	return bits == 2048 ? TPM_RSA_2048 : bits == 3072 ? TPM_RSA_3072 : TPM_RSA_4096;
}

unsigned tpm_key_usage(const struct tpm_key *key)
{
	return tpm_key_is_rsa(key) ? TPM_USE_SIGN | TPM_USE_DECRYPT : TPM_USE_SIGN;
}

bool tpm_key_is_from_tpm(const struct tpm_key *key)
{
	(void)key;
	return true;
}

const struct tpm_name *tpm_key_name(const struct tpm_key *key)
{
	return &key->name;
}

EVP_PKEY *tpm_key_public(const struct tpm_key *key)
{
	return key->pair;
}

const uint8_t *tpm_key_spki(const struct tpm_key *key, size_t *ret_len)
{
	*ret_len = (size_t)key->spki_len;
	return key->spki;
}

const uint8_t *tpm_key_der(const struct tpm_key *key, size_t *ret_len)
{
	*ret_len = (size_t)key->der_len;
	return key->der;
}

const uint8_t *tpm_key_auth(const struct tpm_key *key, size_t *ret_len)
{
	*ret_len = sizeof key->auth;
	return key->auth;
}

uint32_t tpm_key_handle(const struct tpm_key *key)
{
	return key->handle;
}

void tpm_key_set_handle(struct tpm_key *key, uint32_t handle)
{
	key->handle = handle;
}

bool tpm_key_pem_decode(const uint8_t *pem, size_t pem_len, uint8_t **ret_der, size_t *ret_len)
{
	if (pem_len < 5 || memcmp(pem, "FAKE ", 5) != 0)
		return false;
	*ret_len = pem_len - 5;
	*ret_der = malloc(*ret_len + 1);
	memcpy(*ret_der, pem + 5, *ret_len);
	return true;
}

bool tpm_key_pem_encode(const uint8_t *der, size_t der_len, char **ret_pem, size_t *ret_len)
{
	*ret_len = der_len + 5;
	*ret_pem = malloc(*ret_len);
	memcpy(*ret_pem, "FAKE ", 5);
	memcpy(*ret_pem + 5, der, der_len);
	return true;
}

struct tpm_job *tpm_job_new(enum tpm_operation operation)
{
	struct tpm_job *job = calloc(1, sizeof *job);

	if (job)
		job->operation = operation;
	return job;
}

enum tpm_status tpm_job_set_input(struct tpm_job *job, const uint8_t *bytes, size_t len)
{
	job->input = malloc(len + 1);
	if (!job->input)
		return TPM_NOMEM;
	if (len)
		memcpy(job->input, bytes, len);
	job->input_len = len;
	return TPM_OK;
}

void tpm_job_free(struct tpm_job *job)
{
	if (!job)
		return;
	tpm_key_unref(job->key);
	free(job->input);
	free(job);
}

static inline struct tpm_key *fake_key(EVP_PKEY *pair)
{
	uint8_t *der = NULL;
	int len = i2d_PrivateKey(pair, &der);
	struct tpm_key *key = tpm_key_new(0, der, (size_t)len, (const uint8_t *)"auth", 4, 0);

	OPENSSL_free(der);
	EVP_PKEY_free(pair);
	return key;
}

static inline enum tpm_status fake_sign(struct tpm_job *job)
{
	static const char *const names[TPM_HASH_COUNT] = {NULL, "SHA1", "SHA256", "SHA384",
							  "SHA512"};
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(job->key->pair, NULL);
	size_t len = sizeof job->output;
	bool is_done = EVP_PKEY_sign_init(context) > 0;

	if (is_done && job->padding == TPM_PADDING_PSS)
		is_done = EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) > 0 &&
			  EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) > 0;
	is_done = is_done &&
		  EVP_PKEY_CTX_set_signature_md(context, EVP_get_digestbyname(names[job->hash])) >
			  0 &&
		  EVP_PKEY_sign(context, job->output, &len, job->input, job->input_len) > 0;
	EVP_PKEY_CTX_free(context);
	job->output_len = len;
	return is_done ? TPM_OK : TPM_REFUSED;
}

static inline enum tpm_status fake_pin(struct tpm_job *job)
{
	if (job->handle == fake.foreign_handle || fake.handle_count == FAKE_HANDLES_MAX)
		return TPM_CONFLICT;
	fake.handles[fake.handle_count++] = job->handle;
	return TPM_OK;
}

static inline enum tpm_status fake_unpin(struct tpm_job *job)
{
	for (size_t i = 0; i < fake.handle_count; i++) {
		if (fake.handles[i] == job->handle) {
			fake.handles[i] = fake.handles[--fake.handle_count];
			break;
		}
	}
	return TPM_OK;
}

static inline enum tpm_status fake_run(struct tpm_job *job)
{
	switch (job->operation) {
	case TPM_CREATE:
		job->key = fake_key(job->algorithm == TPM_RSA_2048 ? EVP_RSA_gen(2048)
								   : EVP_EC_gen("P-256"));
		return TPM_OK;
	case TPM_IMPORT_KEY:
	case TPM_IMPORT:
		job->key =
			tpm_key_new(0, job->input, job->input_len, (const uint8_t *)"auth", 4, 0);
		return job->key ? TPM_OK : TPM_INVALID;
	case TPM_EXPORT:
		memcpy(job->output, job->key->der, (size_t)job->key->der_len);
		job->output_len = (size_t)job->key->der_len;
		return TPM_OK;
	case TPM_SIGN:
		return fake_sign(job);
	case TPM_RANDOM:
		memset(job->output, 'r', job->want);
		job->output_len = job->want;
		return TPM_OK;
	case TPM_PIN:
		return fake_pin(job);
	case TPM_UNPIN:
		return fake_unpin(job);
	case TPM_DECRYPT:
		return TPM_DECRYPT_FAILED;
	case TPM_NV_READ:
		memcpy(job->output, fake.nv, fake.nv_len);
		job->output_len = fake.nv_len;
		return TPM_OK;
	case TPM_NV_WRITE:
		memcpy(fake.nv, job->input, job->input_len);
		fake.nv_len = job->input_len;
		return TPM_OK;
	case TPM_FORGET:
	case TPM_OPERATION_COUNT:
		break;
	}
	return TPM_OK;
}

static inline void fake_wake(void)
{
	uint64_t one = 1;

	if (write(fake.fd, &one, sizeof one) < 0)
		abort();
}

enum tpm_status tpm_engine_start(const struct tpm_config *config, struct tpm_engine **ret_engine)
{
	(void)config;
	memset(&fake, 0, sizeof fake);
	fake.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	fake.state = TPM_STATE_READY;
	*ret_engine = (struct tpm_engine *)(uintptr_t)&fake;
	return TPM_OK;
}

static inline void fake_answer_all(bool is_stopping)
{
	size_t count = fake.job_count;

	for (size_t i = 0; i < count; i++) {
		struct tpm_job *job = fake.jobs[i];

		if (!job)
			continue;
		fake.jobs[i] = NULL;
		job->status = is_stopping ? TPM_UNAVAILABLE : TPM_OK;
		if (!is_stopping && fake.failures) {
			job->status = fake.next[0];
			memmove(fake.next, fake.next + 1, sizeof fake.next - sizeof *fake.next);
			fake.failures--;
		}
		if (job->status == TPM_OK)
			job->status = fake_run(job);
		if (job->status != TPM_OK)
			strcpy(job->error, "the fake TPM said no");
		job->done(job, job->user);
		tpm_job_free(job);
	}
	memmove(fake.jobs, fake.jobs + count, (fake.job_count - count) * sizeof *fake.jobs);
	fake.job_count -= count;
}

void tpm_engine_stop(struct tpm_engine *engine)
{
	if (!engine)
		return;
	fake.submit = TPM_UNAVAILABLE;
	fake_answer_all(true);
	close(fake.fd);
}

int tpm_engine_fd(const struct tpm_engine *engine)
{
	(void)engine;
	return fake.fd;
}

void tpm_engine_on_state(struct tpm_engine *engine, void (*state_changed)(void *user), void *user)
{
	(void)engine;
	fake.state_changed = state_changed;
	fake.user = user;
	fake_wake();
}

void tpm_engine_dispatch(struct tpm_engine *engine)
{
	uint64_t count;

	(void)engine;
	if (read(fake.fd, &count, sizeof count) < 0)
		return;
	if (fake.state_changed && fake.told != fake.state) {
		fake.told = fake.state;
		fake.state_changed(fake.user);
	}
	if (!fake.holds_jobs)
		fake_answer_all(false);
}

enum tpm_status tpm_engine_submit(struct tpm_engine *engine, struct tpm_job *job)
{
	(void)engine;
	if (fake.submit != TPM_OK || fake.job_count == FAKE_JOBS_MAX) {
		strcpy(job->error, "the fake TPM takes nothing");
		return fake.submit != TPM_OK ? fake.submit : TPM_BUSY;
	}
	fake.jobs[fake.job_count++] = job;
	fake.jobs_seen[job->operation]++;
	fake.last = *job;
	fake_wake();
	return TPM_OK;
}

void tpm_engine_cancel(struct tpm_engine *engine, struct tpm_job *job)
{
	(void)engine;
	for (size_t i = 0; i < fake.job_count; i++) {
		if (fake.jobs[i] == job)
			fake.jobs[i] = NULL;
	}
	fake.cancelled++;
	tpm_job_free(job);
}

void tpm_engine_facts(struct tpm_engine *engine, struct tpm_facts *ret_facts)
{
	(void)engine;
	memset(ret_facts, 0, sizeof *ret_facts);
	ret_facts->state = fake.state;
	ret_facts->has_algorithm[TPM_RSA_2048] = true;
	ret_facts->has_algorithm[TPM_EC_P256] = true;
	ret_facts->has_hash[TPM_SHA256] = true;
	if (fake.state != TPM_STATE_READY)
		strcpy(ret_facts->reason, "the fake TPM is away");
}

void tpm_engine_counters(struct tpm_engine *engine, struct tpm_counters *ret_counters)
{
	(void)engine;
	memset(ret_counters, 0, sizeof *ret_counters);
	ret_counters->signatures = fake.jobs_seen[TPM_SIGN];
	ret_counters->queue_length = fake.job_count;
	for (size_t i = 0; i < TPM_OPERATION_COUNT; i++)
		ret_counters->times.jobs += fake.jobs_seen[i];
}

#endif
