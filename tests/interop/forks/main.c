/*
 * provider-forks KEY: forks while signatures are under way, and signs in parent and children.
 * Exit code 1: something was not signed. A program of its own, without sanitizers, which do not
 * bear a fork while another thread, the provider's, allocates.
 */
#include <openssl/async.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define JOBS	 20
#define CHILDREN 4
#define ROUNDS	 16
#define FORKS	 10

struct job {
	ASYNC_JOB *job;
	ASYNC_WAIT_CTX *ctx;
	bool is_done;
	bool is_good;
};

static bool is_signed(EVP_PKEY *key, const char *text)
{
	const unsigned char *data = (const unsigned char *)text;
	unsigned char signature[512];
	size_t len = sizeof(signature);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool is_good = EVP_DigestSignInit_ex(ctx, NULL, "SHA256", NULL, NULL, key, NULL) > 0 &&
		       EVP_DigestSign(ctx, signature, &len, data, strlen(text)) > 0 &&
		       EVP_MD_CTX_reset(ctx) &&
		       EVP_DigestVerifyInit_ex(ctx, NULL, "SHA256", NULL, NULL, key, NULL) > 0 &&
		       EVP_DigestVerify(ctx, signature, len, data, strlen(text)) == 1;

	EVP_MD_CTX_free(ctx);
	if (!is_good)
		ERR_print_errors_fp(stderr);
	return is_good;
}

static int job_main(void *arg)
{
	return is_signed(*(EVP_PKEY **)arg, "a job");
}

static void job_step(struct job *job, EVP_PKEY *key)
{
	int result = 0;

	if (!job->ctx)
		job->ctx = ASYNC_WAIT_CTX_new();
	job->is_done = ASYNC_start_job(&job->job, job->ctx, &result, job_main, &key, sizeof(key)) !=
		       ASYNC_PAUSE;
	job->is_good = result == 1;
}

static bool finish_job(struct job *job, EVP_PKEY *key)
{
	OSSL_ASYNC_FD fd;
	size_t count;

	while (!job->is_done) {
		if (!ASYNC_WAIT_CTX_get_all_fds(job->ctx, NULL, &count) || count != 1 ||
		    !ASYNC_WAIT_CTX_get_all_fds(job->ctx, &fd, &count) ||
		    poll(&(struct pollfd){fd, POLLIN, 0}, 1, 60000) <= 0)
			return false;
		job_step(job, key);
	}
	ASYNC_WAIT_CTX_free(job->ctx);
	return job->is_good;
}

static void child_main(EVP_PKEY *key, int number)
{
	char text[64];

	for (int i = 0; i < ROUNDS; i++) {
		snprintf(text, sizeof(text), "child %d round %d", number, i);
		if (!is_signed(key, text))
			_exit(1);
	}
	_exit(0);
}

static bool fork_under_way(EVP_PKEY *key)
{
	struct job jobs[JOBS] = {0};
	bool is_good = true;
	int status;

	for (int i = 0; i < JOBS; i++)
		job_step(&jobs[i], key);
	for (int i = 0; i < CHILDREN; i++)
		if (fork() == 0)
			child_main(key, i);
	for (int i = 0; i < JOBS; i++)
		is_good &= finish_job(&jobs[i], key);
	while (wait(&status) > 0)
		is_good &= status == 0;
	return is_good;
}

int main(int argc, char **argv)
{
	FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
	EVP_PKEY *key = file ? PEM_read_PrivateKey(file, NULL, NULL, NULL) : NULL;

	if (!key) {
		ERR_print_errors_fp(stderr);
		return 2;
	}
	fclose(file);
	for (int i = 0; i < FORKS; i++)
		if (!fork_under_way(key))
			return 1;
	EVP_PKEY_free(key);
	return 0;
}
