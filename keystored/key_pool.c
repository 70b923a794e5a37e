#include "key_pool.h"

#include <stdlib.h>
#include <string.h>

#include "lazy_timer.h"
#include "log.h"
#include "service.h"
#include "service_key.h"
#include "service_pin.h"
#include "store_pool.h"

#define ENTRIES_MAX ((size_t)CONFIG_POOL_MAX * (TPM_ALGORITHM_COUNT - 1))
/* Beyond the store's, so that the engine never takes a key of the pool for one that has a name. */
#define ENGINE_ID(row) (UINT64_C(1) << 63 | (row))
#define PAUSE_USEC     (UINT64_C(60) * 1000000) /* after a failure */
#define DIGEST_SIZE    32

struct entry {
	uint64_t row;
	struct tpm_key *key;
	bool is_checked; /* it has signed since the TPM was there */
	bool is_lent;
};

struct key_pool {
	struct service *service;
	struct lazy_timer *timer;
	struct entry entries[ENTRIES_MAX];
	size_t count;
	bool is_wanted[TPM_ALGORITHM_COUNT];
	bool is_working; /* a job of the pool's own is under way */
	uint64_t trying; /* the row whose key it is; 0: it makes one */
	uint64_t jobs_seen;
};

struct pooled_key {
	struct key_pool *pool;
	uint64_t row;
};

static uint64_t idle_usec(const struct key_pool *pool)
{
	return pool->service->config->pool_idle_ms * UINT64_C(1000);
}

static struct entry *find(struct key_pool *pool, uint64_t row)
{
	for (size_t i = 0; i < pool->count; i++) {
		if (pool->entries[i].row == row)
			return &pool->entries[i];
	}
	return NULL;
}

static void drop(struct key_pool *pool, struct entry *entry)
{
	tpm_key_unref(entry->key);
	*entry = pool->entries[--pool->count];
}

static unsigned count_of(const struct key_pool *pool, enum tpm_algorithm algorithm)
{
	unsigned count = 0;

	for (size_t i = 0; i < pool->count; i++)
		count += tpm_key_algorithm(pool->entries[i].key) == algorithm;
	return count;
}

static bool has_room(const struct key_pool *pool, enum tpm_algorithm algorithm)
{
	return pool->count < ENTRIES_MAX && count_of(pool, algorithm) < pool->service->config->pool;
}

static unsigned usage_of(enum tpm_algorithm algorithm)
{
	return algorithm <= TPM_RSA_4096 ? TPM_USE_SIGN | TPM_USE_DECRYPT : TPM_USE_SIGN;
}

/* What nobody could take is not kept. False: it stays as it is. */
static bool remove_row(struct key_pool *pool, uint64_t row)
{
	struct store *store = pool->service->store;
	enum store_status status = store_begin(store);

	if (status == STORE_OK) {
		status = store_pool_remove(store, row);
		if (status == STORE_OK || status == STORE_NOT_FOUND)
			status = store_commit(store);
		else
			store_rollback(store);
	}
	return status == STORE_OK;
}

static void take_row(const struct store_pooled *stored, void *user)
{
	struct key_pool *pool = user;
	struct tpm_key *key;

	if (stored->algorithm == 0 || stored->algorithm >= TPM_ALGORITHM_COUNT ||
	    !has_room(pool, (enum tpm_algorithm)stored->algorithm))
		return;
	key = tpm_key_new(ENGINE_ID(stored->id), stored->der, stored->der_len, stored->auth,
			  stored->auth_len, 0);
	if (key)
		pool->entries[pool->count++] = (struct entry){.row = stored->id, .key = key};
}

/* Rows that were not taken: the pool became smaller, or they are damaged. */
struct leftovers {
	struct key_pool *pool;
	uint64_t rows[ENTRIES_MAX];
	size_t count;
};

static void note_leftover(const struct store_pooled *stored, void *user)
{
	struct leftovers *leftovers = user;

	if (leftovers->count < ENTRIES_MAX && !find(leftovers->pool, stored->id))
		leftovers->rows[leftovers->count++] = stored->id;
}

static void want(uint32_t algorithm, void *user)
{
	struct key_pool *pool = user;

	if (algorithm > 0 && algorithm < TPM_ALGORITHM_COUNT)
		pool->is_wanted[algorithm] = true;
}

static bool load(struct key_pool *pool)
{
	struct store *store = pool->service->store;
	struct leftovers leftovers = {.pool = pool};

	if (store_pool_algorithms(store, want, pool) != STORE_OK ||
	    store_pool_list(store, take_row, pool) != STORE_OK ||
	    store_pool_list(store, note_leftover, &leftovers) != STORE_OK)
		return false;
	/* A disk that is full now may have room later; until then nothing depends on it. */
	for (size_t i = 0; i < leftovers.count; i++)
		(void)remove_row(pool, leftovers.rows[i]);
	return true;
}

static struct entry *next_untried(struct key_pool *pool)
{
	for (size_t i = 0; i < pool->count; i++) {
		if (!pool->entries[i].is_checked && !pool->entries[i].is_lent)
			return &pool->entries[i];
	}
	return NULL;
}

/* 0: none. */
static enum tpm_algorithm next_missing(const struct key_pool *pool)
{
	for (enum tpm_algorithm i = TPM_RSA_2048; i < TPM_ALGORITHM_COUNT; i++) {
		if (pool->is_wanted[i] && has_room(pool, i))
			return i;
	}
	return 0;
}

static void log_failure(struct key_pool *pool, const char *what, const char *why)
{
	log_line(pool->service->log, LOG_LEVEL_WARNING, "%s: %s", what, why);
}

static void tried(struct key_pool *pool, const struct tpm_job *job)
{
	struct entry *entry = find(pool, pool->trying);

	if (!entry)
		return;
	service_pin_forget(pool->service, entry->key);
	switch (job->status) {
	case TPM_OK:
		entry->is_checked = true;
		break;
	case TPM_BUSY:
	case TPM_UNAVAILABLE:
	case TPM_FULL:
	case TPM_NOMEM:
		break; /* nothing is wrong with the key */
	case TPM_INVALID:
	case TPM_UNSUPPORTED:
	case TPM_CONFLICT:
	case TPM_DECRYPT_FAILED:
	case TPM_BAD_AUTH:
	case TPM_REFUSED:
	case TPM_UNVERIFIED:
		log_failure(pool, "a key that was made ahead is none of this TPM's and is dropped",
			    job->error);
		if (remove_row(pool, entry->row))
			drop(pool, entry);
		break;
	}
}

static void keep(struct key_pool *pool, struct tpm_key *made)
{
	struct store *store = pool->service->store;
	struct store_pooled stored = {.algorithm = tpm_key_algorithm(made)};
	uint64_t row = 0;

	stored.der = tpm_key_der(made, &stored.der_len);
	stored.auth = tpm_key_auth(made, &stored.auth_len);
	enum store_status status = store_begin(store);

	if (status == STORE_OK) {
		status = store_pool_add(store, &stored, &row);
		if (status == STORE_OK)
			status = store_commit(store);
		else
			store_rollback(store);
	}
	if (status != STORE_OK) {
		log_failure(pool, "a key that was made ahead could not be stored",
			    store_error(store));
		return;
	}
	struct tpm_key *key = tpm_key_new(ENGINE_ID(row), stored.der, stored.der_len, stored.auth,
					  stored.auth_len, 0);

	if (key)
		pool->entries[pool->count++] =
			(struct entry){.row = row, .key = key, .is_checked = true};
}

static uint64_t jobs_of(struct key_pool *pool)
{
	struct tpm_counters counters;

	tpm_engine_counters(pool->service->engine, &counters);
	return counters.times.jobs;
}

static void job_done(struct tpm_job *job, void *user)
{
	struct key_pool *pool = user;
	bool is_away = job->status == TPM_UNAVAILABLE || job->status == TPM_BUSY;
	bool is_futile = job->status != TPM_OK && !is_away && !pool->trying;

	pool->is_working = false;
	if (pool->service->is_stopping)
		return;
	if (pool->trying) {
		tried(pool, job);
	} else if (job->status == TPM_OK) {
		keep(pool, job->key);
		service_pin_forget(pool->service, job->key);
	} else if (job->status == TPM_UNSUPPORTED) {
		pool->is_wanted[job->algorithm] = false; /* until somebody asks again */
	} else if (!is_away) {
		log_failure(pool, "a key could not be made ahead", job->error);
	}
	pool->jobs_seen = jobs_of(pool);
	lazy_timer_by(pool->timer,
		      lazy_timer_now(pool->timer) + (is_futile ? PAUSE_USEC : idle_usec(pool)));
}

/* NULL: nothing is to be done, or no memory. */
static struct tpm_job *next_job(struct key_pool *pool)
{
	static const uint8_t digest[DIGEST_SIZE];
	struct entry *entry = next_untried(pool);
	enum tpm_algorithm missing = next_missing(pool);
	struct tpm_job *job;

	if (!entry && !missing)
		return NULL;
	job = tpm_job_new(entry ? TPM_SIGN : TPM_CREATE);
	pool->trying = entry ? entry->row : 0;
	if (!job)
		return NULL;
	if (!entry) {
		job->algorithm = missing;
		job->usage = usage_of(missing);
		return job;
	}
	if (tpm_job_set_input(job, digest, sizeof digest) != TPM_OK) {
		tpm_job_free(job);
		return NULL;
	}
	job->key = tpm_key_ref(entry->key);
	job->hash = TPM_SHA256;
	job->padding = tpm_key_is_rsa(entry->key) ? TPM_PADDING_PKCS1 : TPM_PADDING_NONE;
	return job;
}

static void work(struct key_pool *pool)
{
	struct tpm_job *job = next_job(pool);

	if (!job)
		return;
	job->level = TPM_BULK;
	job->group = pool->service->policy.service_uid;
	job->done = job_done;
	job->user = pool;
	if (tpm_engine_submit(pool->service->engine, job) == TPM_OK)
		pool->is_working = true;
	else
		tpm_job_free(job);
}

/* Whether the TPM has had nothing to do since the last look. */
static bool is_idle(struct key_pool *pool)
{
	struct tpm_counters counters;
	bool is_idle;

	tpm_engine_counters(pool->service->engine, &counters);
	is_idle = !counters.queue_length && counters.times.jobs == pool->jobs_seen;
	pool->jobs_seen = counters.times.jobs;
	return is_idle;
}

static uint64_t look(uint64_t now, void *user)
{
	struct key_pool *pool = user;

	if (pool->service->is_stopping || pool->is_working ||
	    pool->service->tpm_state != TPM_STATE_READY ||
	    (!next_untried(pool) && !next_missing(pool)))
		return LAZY_NEVER;
	if (is_idle(pool))
		work(pool);
	return pool->is_working ? LAZY_NEVER : now + idle_usec(pool);
}

static void wake(struct key_pool *pool)
{
	lazy_timer_by(pool->timer, lazy_timer_now(pool->timer) + idle_usec(pool));
}

struct key_pool *key_pool_new(struct service *service)
{
	struct key_pool *pool = calloc(1, sizeof *pool);

	if (!pool)
		return NULL;
	pool->service = service;
	pool->timer = lazy_timer_new(service->event, look, pool);
	if (!pool->timer || !load(pool)) {
		key_pool_free(pool);
		return NULL;
	}
	return pool;
}

void key_pool_free(struct key_pool *pool)
{
	if (!pool)
		return;
	while (pool->count)
		drop(pool, pool->entries);
	lazy_timer_free(pool->timer);
	free(pool);
}

void key_pool_tpm_changed(struct key_pool *pool)
{
	for (size_t i = 0; i < pool->count; i++)
		pool->entries[i].is_checked = false;
	wake(pool);
}

static struct entry *find_ready(struct key_pool *pool, enum tpm_algorithm algorithm)
{
	for (size_t i = 0; i < pool->count; i++) {
		struct entry *entry = &pool->entries[i];

		if (entry->is_checked && !entry->is_lent &&
		    tpm_key_algorithm(entry->key) == algorithm)
			return entry;
	}
	return NULL;
}

struct pooled_key *key_pool_take(struct key_pool *pool, enum tpm_algorithm algorithm,
				 unsigned usage, uint64_t id, struct tpm_key **ret_key)
{
	struct pooled_key *pooled = NULL;
	struct tpm_key *key = NULL;
	size_t der_len = 0;
	size_t auth_len = 0;

	if (usage != usage_of(algorithm) || !pool->service->config->pool)
		return NULL;
	pool->is_wanted[algorithm] = true;
	wake(pool);
	struct entry *entry = find_ready(pool, algorithm);

	if (!entry || pool->service->tpm_state != TPM_STATE_READY)
		return NULL;
	const uint8_t *der = tpm_key_der(entry->key, &der_len);
	const uint8_t *auth = tpm_key_auth(entry->key, &auth_len);

	pooled = calloc(1, sizeof *pooled);
	key = tpm_key_new(id, der, der_len, auth, auth_len, 0);
	if (!pooled || !key) {
		tpm_key_unref(key);
		free(pooled);
		return NULL;
	}
	*pooled = (struct pooled_key){.pool = pool, .row = entry->row};
	entry->is_lent = true;
	*ret_key = key;
	return pooled;
}

enum store_status pooled_key_store(struct pooled_key *pooled)
{
	return pooled ? store_pool_remove(pooled->pool->service->store, pooled->row) : STORE_OK;
}

void pooled_key_stored(struct pooled_key *pooled)
{
	struct entry *entry = pooled ? find(pooled->pool, pooled->row) : NULL;

	if (!entry)
		return;
	drop(pooled->pool, entry);
	wake(pooled->pool);
}

void pooled_key_free(struct pooled_key *pooled)
{
	struct entry *entry = pooled ? find(pooled->pool, pooled->row) : NULL;

	/* What it was wanted for failed, and that may have been the key's fault. */
	if (entry) {
		entry->is_lent = entry->is_checked = false;
		wake(pooled->pool);
	}
	free(pooled);
}

struct key_pool_level key_pool_level(const struct key_pool *pool, enum tpm_algorithm algorithm)
{
	struct key_pool_level level = {0};

	if (!pool->is_wanted[algorithm])
		return level;
	level.wanted = pool->service->config->pool;
	for (size_t i = 0; i < pool->count; i++) {
		const struct entry *entry = &pool->entries[i];

		level.ready += entry->is_checked && !entry->is_lent &&
			       tpm_key_algorithm(entry->key) == algorithm;
	}
	return level;
}
