/*
 * The provider inside of a program: threads, forks, ASYNC jobs, a service that goes and comes,
 * a right that is taken away, programs that prefer this provider for everything.
 */
#include <criterion/criterion.h>
#include <openssl/async.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "openssl.h"
#include "reference.h"

#define THREADS	 64
#define ROUNDS	 4
#define CHILDREN 4
#define JOBS	 20

struct program {
	struct fixture *fixture;
	OSSL_LIB_CTX *libctx;
	EVP_PKEY *ec;
	EVP_PKEY *rsa;
};

static EVP_PKEY *load_key(struct program *program, const char *name)
{
	char *pem = fixture_sh_ok(program->fixture, "keystorectl key export %s --reference", name);
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = PEM_read_bio_PrivateKey_ex(bio, NULL, NULL, NULL, program->libctx, NULL);

	cr_assert_not_null(key);
	BIO_free(bio);
	free(pem);
	return key;
}

/* @more: a line for the provider's section. */
static void configure(struct program *program, const char *more)
{
	char *path = NULL;
	FILE *file;

	openssl_configure_module(program->fixture, "program.cnf", KEYSTORE_MODULE);
	cr_assert(asprintf(&path, "%s/program.cnf", fixture_dir(program->fixture)) > 0);
	file = fopen(path, "a");
	cr_assert(file && fprintf(file, "%s\n", more) > 0 && fclose(file) == 0);
	program->libctx = OSSL_LIB_CTX_new();
	cr_assert(OSSL_LIB_CTX_load_config(program->libctx, path));
	free(path);
}

static struct program start_with(const char *more)
{
	struct program program = {.fixture = fixture_new(NULL)};

	free(fixture_sh_ok(program.fixture, "keystorectl key create ec --algorithm ec-p256 && "
					    "keystorectl key create rsa --algorithm rsa-2048"));
	configure(&program, more);
	program.ec = load_key(&program, "ec");
	program.rsa = load_key(&program, "rsa");
	return program;
}

static struct program start(void)
{
	return start_with("");
}

static void end(struct program *program)
{
	EVP_PKEY_free(program->ec);
	EVP_PKEY_free(program->rsa);
	OSSL_LIB_CTX_free(program->libctx);
	fixture_free(program->fixture);
}

/* Signs @text and checks the signature with the public half, by OpenSSL's own code. */
static bool signs(const struct program *program, EVP_PKEY *key, const char *text)
{
	unsigned char signature[512];
	size_t len = sizeof(signature);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool is_good;

	is_good =
		EVP_DigestSignInit_ex(ctx, NULL, "SHA256", program->libctx, NULL, key, NULL) > 0 &&
		EVP_DigestSign(ctx, signature, &len, (const unsigned char *)text, strlen(text)) >
			0 &&
		EVP_MD_CTX_reset(ctx) &&
		EVP_DigestVerifyInit_ex(ctx, NULL, "SHA256", program->libctx, NULL, key, NULL) >
			0 &&
		EVP_DigestVerify(ctx, signature, len, (const unsigned char *)text, strlen(text)) ==
			1;
	EVP_MD_CTX_free(ctx);
	return is_good;
}

/* What the program would log. */
static bool last_error_says(const char *words)
{
	const char *data = NULL;
	int flags = 0;

	ERR_peek_last_error_all(NULL, NULL, NULL, &data, &flags);
	return data && (flags & ERR_TXT_STRING) && strstr(data, words);
}

/* --- threads --- */

struct worker {
	const struct program *program;
	unsigned number;
	unsigned failures;
	atomic_bool *is_over; /* NULL: ROUNDS */
	atomic_uint done;
};

static void *work(void *user)
{
	struct worker *worker = user;
	char text[64];

	for (unsigned i = 0; worker->is_over ? !atomic_load(worker->is_over) : i < ROUNDS; i++) {
		EVP_PKEY *key =
			(worker->number + i) % 8 ? worker->program->ec : worker->program->rsa;

		snprintf(text, sizeof(text), "thread %u round %u", worker->number, i);
		atomic_fetch_add(&worker->done, 1);
		if (signs(worker->program, key, text))
			continue;
		worker->failures++;
		ERR_print_errors_fp(stderr);
	}
	OPENSSL_thread_stop();
	return NULL;
}

static void start_workers(const struct program *program, pthread_t *threads, struct worker *workers,
			  unsigned count, atomic_bool *is_over)
{
	for (unsigned i = 0; i < count; i++) {
		workers[i] = (struct worker){program, i, 0, is_over, 0};
		cr_assert_eq(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
	}
}

static unsigned join_workers(const pthread_t *threads, const struct worker *workers, unsigned count)
{
	unsigned failures = 0;

	for (unsigned i = 0; i < count; i++) {
		pthread_join(threads[i], NULL);
		failures += workers[i].failures;
	}
	return failures;
}

Test(provider, serves_64_threads_at_once)
{
	struct program program = start();
	pthread_t threads[THREADS];
	struct worker workers[THREADS];

	start_workers(&program, threads, workers, THREADS, NULL);
	cr_expect_eq(join_workers(threads, workers, THREADS), 0);
	end(&program);
}

struct progress {
	struct worker *workers;
	unsigned count;
	unsigned done[THREADS];
};

static bool each_has_moved_on(void *user)
{
	const struct progress *progress = user;

	for (unsigned i = 0; i < progress->count; i++)
		if (atomic_load(&progress->workers[i].done) < progress->done[i] + 2)
			return false;
	return true;
}

static void wait_for_progress(struct worker *workers, unsigned count)
{
	struct progress progress = {workers, count, {0}};

	for (unsigned i = 0; i < count; i++)
		progress.done[i] = atomic_load(&workers[i].done);
	fixture_until(each_has_moved_on, &progress, "two more signatures of each thread");
}

Test(provider, goes_on_while_the_service_is_restarted)
{
	struct program program = start();
	pthread_t threads[8];
	struct worker workers[8];
	atomic_bool is_over = false;

	/* Who has never been connected is told at once, and does not wait for the service. */
	cr_assert(signs(&program, program.ec, "before"));
	start_workers(&program, threads, workers, 8, &is_over);
	for (int i = 0; i < 3; i++) {
		fixture_service_restart(program.fixture);
		wait_for_progress(workers, 8);
	}
	fixture_service_kill(program.fixture);
	fixture_service_start(program.fixture);
	fixture_service_wait(program.fixture);
	wait_for_progress(workers, 8);
	atomic_store(&is_over, true);
	cr_expect_eq(join_workers(threads, workers, 8), 0);
	cr_expect(signs(&program, program.ec, "afterwards"));
	end(&program);
}

Test(provider, says_that_the_service_is_gone_and_finds_it_again)
{
	struct program program = start();

	cr_assert(signs(&program, program.ec, "before"));
	cr_assert_eq(fixture_service_stop(program.fixture), 0);
	cr_expect_not(signs(&program, program.ec, "without"));
	cr_expect(last_error_says("cannot reach keystored at"));
	cr_expect(last_error_says(fixture_socket(program.fixture)));
	fixture_service_start(program.fixture);
	fixture_service_wait(program.fixture);
	cr_expect(signs(&program, program.rsa, "again"));
	end(&program);
}

/* A hung service: the program gets an answer after the timeout of openssl.cnf. */
Test(provider, does_not_wait_for_ever)
{
	struct program program = start_with("timeout = 1");

	cr_assert(signs(&program, program.ec, "before"));
	kill(fixture_service_pid(program.fixture), SIGSTOP);
	cr_expect_not(signs(&program, program.ec, "hung"));
	cr_expect(last_error_says("did not get to it in time"));
	kill(fixture_service_pid(program.fixture), SIGCONT);
	cr_expect(signs(&program, program.ec, "again"));
	end(&program);
}

/* --- rights --- */

Test(provider, asks_for_the_right_at_each_use)
{
	struct program program = start();

	cr_assert(signs(&program, program.ec, "with the creator's grant"));
	free(fixture_sh_ok(program.fixture,
			   "keystorectl key allow ec --uid $(id -u) --operations none"));
	cr_expect_not(signs(&program, program.ec, "without"));
	cr_expect(last_error_says("ec"));
	cr_expect(last_error_says("may not"));
	free(fixture_sh_ok(program.fixture,
			   "keystorectl key allow ec --uid $(id -u) --operations sign"));
	cr_expect(signs(&program, program.ec, "granted again"));
	end(&program);
}

Test(provider, does_not_sign_with_a_deleted_key)
{
	struct program program = start();

	cr_assert(signs(&program, program.ec, "before"));
	free(fixture_sh_ok(program.fixture,
			   "keystorectl key delete ec && keystorectl key create ec "
			   "--algorithm ec-p256"));
	cr_expect_not(signs(&program, program.ec, "the name is taken by another key now"));
	cr_expect(last_error_says("there is no key"));
	end(&program);
}

/* --- forks --- */

static void child(const struct program *program, unsigned number)
{
	char text[64];

	for (unsigned i = 0; i < ROUNDS * 4; i++) {
		snprintf(text, sizeof(text), "child %u round %u", number, i);
		if (!signs(program, (number + i) % 8 ? program->ec : program->rsa, text))
			_exit(1);
	}
	_exit(0);
}

static unsigned failed_children(const struct program *program)
{
#ifdef __SANITIZE_THREAD__
	cr_skip_test("the thread sanitizer allows no threads after a fork");
#endif
	unsigned failures = 0;
	pid_t pids[CHILDREN];
	int status;

	for (unsigned i = 0; i < CHILDREN; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			child(program, i);
	}
	cr_expect(signs(program, program->ec, "the parent meanwhile"));
	for (unsigned i = 0; i < CHILDREN; i++) {
		cr_assert_eq(waitpid(pids[i], &status, 0), pids[i]);
		failures += status != 0;
	}
	return failures;
}

Test(provider, works_in_children_of_a_program_that_loaded_the_keys)
{
	struct program program = start();

	cr_expect_eq(failed_children(&program), 0);
	/* Now with a connection and a thread that the children don't have. */
	cr_assert(signs(&program, program.rsa, "parent"));
	cr_expect_eq(failed_children(&program), 0);
	end(&program);
}

/* --- ASYNC jobs --- */

static int job_sign(void *arg)
{
	const struct program *program = *(const struct program **)arg;

	return signs(program, program->ec, "a job");
}

struct job {
	ASYNC_JOB *job;
	ASYNC_WAIT_CTX *ctx;
	bool is_done;
	bool is_good;
	unsigned pauses;
};

static void step(const struct program *program, struct job *job)
{
	int result = 0;
	int status =
		ASYNC_start_job(&job->job, job->ctx, &result, job_sign, &program, sizeof(program));

	cr_assert(status == ASYNC_PAUSE || status == ASYNC_FINISH);
	job->is_done = status == ASYNC_FINISH;
	job->is_good = result == 1;
	job->pauses += status == ASYNC_PAUSE;
}

static OSSL_ASYNC_FD fd_of(const struct job *job)
{
	OSSL_ASYNC_FD fd = -1;
	size_t count = 0;

	cr_assert(ASYNC_WAIT_CTX_get_all_fds(job->ctx, NULL, &count));
	cr_assert_eq(count, 1, "one descriptor for each wait context, not %zu", count);
	cr_assert(ASYNC_WAIT_CTX_get_all_fds(job->ctx, &fd, &count));
	return fd;
}

static void wait_for_jobs(const struct program *program, struct job *jobs, size_t count)
{
	struct pollfd ready[JOBS];
	size_t left = 0;

	/* On a busy machine the answer may be there before a job pauses. */
	for (size_t i = 0; i < count; i++)
		left += !jobs[i].is_done;
	while (left > 0) {
		for (size_t i = 0; i < count; i++)
			ready[i] =
				(struct pollfd){jobs[i].is_done ? -1 : fd_of(&jobs[i]), POLLIN, 0};
		cr_assert(poll(ready, count, 60000) > 0);
		for (size_t i = 0; i < count; i++)
			if (ready[i].revents && !jobs[i].is_done) {
				step(program, &jobs[i]);
				left -= jobs[i].is_done;
			}
	}
}

/* -1: it has not paused yet. */
static OSSL_ASYNC_FD fd_if_any(const struct job *job)
{
	return job->pauses > 0 ? fd_of(job) : -1;
}

Test(provider, lets_an_event_driven_program_go_on)
{
	struct program program = start();
	struct job jobs[JOBS] = {0};
	unsigned pauses = 0;
	int fds[JOBS];

	for (size_t i = 0; i < JOBS; i++) {
		jobs[i].ctx = ASYNC_WAIT_CTX_new();
		step(&program, &jobs[i]);
	}
	wait_for_jobs(&program, jobs, JOBS);
	/* Again, on the same descriptors. */
	for (size_t i = 0; i < JOBS; i++) {
		cr_expect(jobs[i].is_good);
		fds[i] = fd_if_any(&jobs[i]);
		pauses += jobs[i].pauses;
		jobs[i].job = NULL;
		step(&program, &jobs[i]);
		cr_expect(fds[i] < 0 || fd_of(&jobs[i]) == fds[i]);
	}
	cr_expect(pauses > 0, "a TPM takes longer than a job takes to ask");
	wait_for_jobs(&program, jobs, JOBS);
	for (size_t i = 0; i < JOBS; i++) {
		cr_expect(jobs[i].is_good);
		ASYNC_WAIT_CTX_free(jobs[i].ctx);
	}
	end(&program);
}

/* Started again before there is an answer, as nginx does on any event of the connection. */
Test(provider, bears_jobs_that_are_resumed_too_early)
{
	struct program program = start();
	struct job job = {.ctx = ASYNC_WAIT_CTX_new()};

	while (!job.is_done)
		step(&program, &job);
	cr_expect(job.is_good);
	ASYNC_WAIT_CTX_free(job.ctx);
	end(&program);
}

static int job_that_may_not_pause(void *arg)
{
	int result;

	ASYNC_block_pause();
	result = job_sign(arg);
	ASYNC_unblock_pause();
	return result;
}

Test(provider, waits_where_a_job_may_not_pause)
{
	struct program program = start();
	const struct program *arg = &program;
	ASYNC_WAIT_CTX *ctx = ASYNC_WAIT_CTX_new();
	ASYNC_JOB *job = NULL;
	int result = 0;

	cr_assert_eq(ASYNC_start_job(&job, ctx, &result, job_that_may_not_pause, &arg, sizeof(arg)),
		     ASYNC_FINISH);
	cr_expect_eq(result, 1);
	ASYNC_WAIT_CTX_free(ctx);
	end(&program);
}

/* --- programs that prefer this provider for everything --- */

static void agree(const struct program *program, EVP_PKEY *mine, EVP_PKEY *peer,
		  unsigned char secret[32])
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(program->libctx, mine, NULL);
	size_t len = 32;

	cr_assert(EVP_PKEY_derive_init(ctx) > 0);
	cr_assert(EVP_PKEY_derive_set_peer(ctx, peer) > 0);
	cr_assert(EVP_PKEY_derive(ctx, secret, &len) > 0);
	EVP_PKEY_CTX_free(ctx);
}

Test(provider, leaves_other_keys_to_other_providers)
{
	struct program program = start();
	unsigned char left[32];
	unsigned char right[32];
	EVP_PKEY *keys[3];

	cr_assert(EVP_set_default_properties(program.libctx, "?provider=keystore"));
	keys[0] = EVP_PKEY_Q_keygen(program.libctx, NULL, "EC", "P-256");
	keys[1] = EVP_PKEY_Q_keygen(program.libctx, NULL, "EC", "P-256");
	keys[2] = EVP_PKEY_Q_keygen(program.libctx, NULL, "RSA", (size_t)2048);
	for (int i = 0; i < 3; i++) {
		cr_assert_not_null(keys[i]);
		cr_expect_str_eq(OSSL_PROVIDER_get0_name(EVP_PKEY_get0_provider(keys[i])),
				 "keystore");
		cr_expect(signs(&program, keys[i], "with a key in memory"));
	}
	agree(&program, keys[0], keys[1], left);
	agree(&program, keys[1], keys[0], right);
	cr_expect(memcmp(left, right, sizeof(left)) == 0);
	cr_expect(signs(&program, program.ec, "and with ours"));
	for (int i = 0; i < 3; i++)
		EVP_PKEY_free(keys[i]);
	end(&program);
}

/* --- what is never given --- */

Test(provider, gives_no_private_key)
{
	struct program program = start();
	BIGNUM *number = NULL;
	OSSL_PARAM *params = NULL;

	cr_expect(EVP_PKEY_todata(program.rsa, EVP_PKEY_KEYPAIR, &params) <= 0);
	cr_expect(EVP_PKEY_todata(program.rsa, EVP_PKEY_PUBLIC_KEY, &params) > 0);
	OSSL_PARAM_free(params);
	cr_expect(EVP_PKEY_get_bn_param(program.rsa, OSSL_PKEY_PARAM_RSA_D, &number) <= 0);
	cr_expect(EVP_PKEY_get_bn_param(program.ec, OSSL_PKEY_PARAM_PRIV_KEY, &number) <= 0);
	cr_expect_null(number);
	end(&program);
}

/* --- RSA-PSS --- */

/* The same key, as a certificate has it that says id-RSASSA-PSS (RFC 4055 1.2). */
static EVP_PKEY *as_pss(EVP_PKEY *rsa)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
	OSSL_PARAM *params = NULL;
	EVP_PKEY *pss = NULL;

	cr_assert(EVP_PKEY_todata(rsa, EVP_PKEY_PUBLIC_KEY, &params) > 0);
	cr_assert(EVP_PKEY_fromdata_init(ctx) > 0);
	cr_assert(EVP_PKEY_fromdata(ctx, &pss, EVP_PKEY_PUBLIC_KEY, params) > 0);
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(ctx);
	return pss;
}

Test(provider, signs_by_pss_alone_with_an_rsa_pss_key)
{
	struct program program = start();
	EVP_PKEY *pss = as_pss(program.rsa);
	unsigned char *spki = NULL;
	int len = i2d_PUBKEY(pss, &spki);
	EVP_PKEY *key;
	char *pem = NULL;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *settings = NULL;
	BIO *bio;

	cr_assert(len > 0 && reference_to_pem(2, "rsa", spki, (size_t)len, &pem) == REFERENCE_OK);
	bio = BIO_new_mem_buf(pem, -1);
	key = PEM_read_bio_PrivateKey_ex(bio, NULL, NULL, NULL, program.libctx, NULL);
	cr_assert_not_null(key);
	cr_expect(EVP_PKEY_is_a(key, "RSA-PSS"));
	cr_expect(signs(&program, key, "by PSS"));
	cr_assert(EVP_DigestSignInit_ex(ctx, &settings, "SHA256", program.libctx, NULL, key, NULL) >
		  0);
	cr_expect(EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PADDING) <= 0);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	EVP_PKEY_free(pss);
	OPENSSL_free(spki);
	BIO_free(bio);
	free(pem);
	end(&program);
}
