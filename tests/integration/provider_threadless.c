/* The provider in a program that may start no thread, as HAProxy's workers: calls take turns. */
#include <criterion/criterion.h>
#include <openssl/async.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "openssl.h"

#define THREADS 8
#define ROUNDS	20
#define NOBODY	65534

struct program {
	struct fixture *fixture;
	OSSL_LIB_CTX *libctx;
	EVP_PKEY *key;
};

static struct program start(void)
{
	struct program program = {.fixture = fixture_new(NULL)};
	char *pem, *path = NULL;
	BIO *bio;

	openssl_configure_module(program.fixture, "program.cnf", KEYSTORE_MODULE);
	cr_assert(asprintf(&path, "%s/program.cnf", fixture_dir(program.fixture)) > 0);
	program.libctx = OSSL_LIB_CTX_new();
	cr_assert(OSSL_LIB_CTX_load_config(program.libctx, path));
	free(path);
	pem = fixture_sh_ok(program.fixture,
			    "chmod 711 . && keystorectl key create ec --algorithm ec-p256 >&2 && "
			    "keystorectl key allow ec --uid %d --operations sign >&2 && "
			    "keystorectl key export ec --reference",
			    NOBODY);
	bio = BIO_new_mem_buf(pem, -1);
	program.key = PEM_read_bio_PrivateKey_ex(bio, NULL, NULL, NULL, program.libctx, NULL);
	cr_assert_not_null(program.key);
	BIO_free(bio);
	free(pem);
	return program;
}

static void end(struct program *program)
{
	EVP_PKEY_free(program->key);
	OSSL_LIB_CTX_free(program->libctx);
	fixture_free(program->fixture);
}

static bool signs(const struct program *program)
{
	unsigned char signature[256];
	size_t len = sizeof(signature);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool is_good;

	is_good = EVP_DigestSignInit_ex(ctx, NULL, "SHA256", program->libctx, NULL, program->key,
					NULL) > 0 &&
		  EVP_DigestSign(ctx, signature, &len, (const unsigned char *)"order", 5) > 0;
	EVP_MD_CTX_free(ctx);
	return is_good;
}

struct worker {
	const struct program *program;
	pthread_barrier_t may_begin;
	atomic_uint failures;
};

static void *work(void *user)
{
	struct worker *worker = user;

	pthread_barrier_wait(&worker->may_begin);
	for (int i = 0; i < ROUNDS; i++)
		if (!signs(worker->program))
			atomic_fetch_add(&worker->failures, 1);
	OPENSSL_thread_stop();
	return NULL;
}

static int job_sign(void *arg)
{
	return signs(*(const struct program **)arg);
}

/* Without a thread a job does not pause, and leaves no descriptor that nobody waits for. */
static bool job_is_done_at_once(const struct program *program)
{
	ASYNC_WAIT_CTX *ctx = ASYNC_WAIT_CTX_new();
	ASYNC_JOB *job = NULL;
	size_t fds = 1;
	int result = 0;
	bool is_done;

	is_done = ASYNC_start_job(&job, ctx, &result, job_sign, &program, sizeof(program)) ==
			  ASYNC_FINISH &&
		  ASYNC_WAIT_CTX_get_all_fds(ctx, NULL, &fds);
	ASYNC_WAIT_CTX_free(ctx);
	return is_done && result == 1 && fds == 0;
}

/* Threads first, then no more. Root has no limit, so the worker is nobody. */
static int be_worker(const struct program *program)
{
	const struct rlimit none = {0, 0};
	struct worker worker = {.program = program};
	pthread_t threads[THREADS], refused;

	pthread_barrier_init(&worker.may_begin, NULL, THREADS + 1);
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, work, &worker))
			return 2;
	if ((geteuid() == 0 && setresuid(NOBODY, NOBODY, NOBODY) < 0) ||
	    setrlimit(RLIMIT_NPROC, &none) < 0 ||
	    pthread_create(&refused, NULL, work, &worker) == 0)
		return 3;
	pthread_barrier_wait(&worker.may_begin);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	if (atomic_load(&worker.failures))
		return 4;
	return job_is_done_at_once(program) ? 0 : 5;
}

static int exit_code_of_worker(const struct program *program)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(be_worker(program));
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Test(provider_threadless, signs_for_threads_and_jobs)
{
	struct program program = start();

	cr_expect_eq(exit_code_of_worker(&program), 0);
	end(&program);
}

Test(provider_threadless, fails_without_the_service_and_does_not_hang)
{
	struct program program = start();

	cr_assert_eq(fixture_service_stop(program.fixture), 0);
	cr_expect_eq(exit_code_of_worker(&program), 4);
	fixture_service_start(program.fixture);
	fixture_service_wait(program.fixture);
	cr_expect_eq(exit_code_of_worker(&program), 0);
	end(&program);
}
