/* NV indices of the engine's: its own, and nobody else's. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "engine_bench.h"

#define INDEX	   0x01804b00u
#define INDEX_TEXT "0x01804b00"

static const uint8_t auth[] = "an auth value of 32 bytes length";

static enum tpm_status nv_write(struct bench *bench, const char *content, size_t auth_len)
{
	struct tpm_job *job = tpm_job_new(TPM_NV_WRITE);

	job->handle = INDEX;
	job->auth_len = auth_len;
	memcpy(job->auth, auth, auth_len);
	cr_assert_eq(tpm_job_set_input(job, (const uint8_t *)content, strlen(content)), TPM_OK);
	return bench_run(bench, job);
}

static enum tpm_status nv_read(struct bench *bench, size_t size)
{
	struct tpm_job *job = tpm_job_new(TPM_NV_READ);

	job->handle = INDEX;
	job->auth_len = TPM_AUTH_MAX;
	memcpy(job->auth, auth, TPM_AUTH_MAX);
	job->want = size;
	return bench_run(bench, job);
}

static void expect_content(struct bench *bench, const char *content)
{
	cr_assert_eq(nv_read(bench, 8), TPM_OK, "%s", bench->error);
	cr_assert_eq(bench->output_len, strlen(content));
	cr_assert_arr_eq(bench->output, content, strlen(content));
}

Test(engine_nv, keeps_what_it_wrote_over_a_reset_and_a_restart)
{
	struct bench bench = bench_default();

	expect_content(&bench, "");
	cr_assert_eq(nv_write(&bench, "content1", TPM_AUTH_MAX), TPM_OK, "%s", bench.error);
	expect_content(&bench, "content1");
	cr_assert_eq(nv_write(&bench, "content2", TPM_AUTH_MAX), TPM_OK, "%s", bench.error);
	fixture_tpm_restart(bench.fixture);
	cr_assert_eq(nv_write(&bench, "content3", TPM_AUTH_MAX), TPM_OK, "%s", bench.error);
	expect_content(&bench, "content3");
	tpm_engine_stop(bench.engine);
	bench_engine_open(&bench, &engine_bench_defaults);
	expect_content(&bench, "content3");
	bench_close(&bench);
}

Test(engine_nv, works_in_protected_sessions)
{
	struct tpm_config config = engine_bench_defaults;

	config.protect_bus = true;
	struct bench bench = bench_open((struct fixture_options){0}, &config);

	for (int i = 0; i < 3; i++)
		cr_assert_eq(nv_write(&bench, "content1", TPM_AUTH_MAX), TPM_OK, "%s", bench.error);
	expect_content(&bench, "content1");
	bench_close(&bench);
}

Test(engine_nv, leaves_alone_what_is_not_its_own)
{
	struct bench bench = bench_default();
	uint64_t writes;

	tpm_engine_stop(bench.engine);
	free(fixture_sh_ok(bench.fixture, "set -e; tpm2_nvdefine " INDEX_TEXT " -C o -s 8 "
					  "-a 'authread|authwrite|no_da'; printf 12345678 | "
					  "tpm2_nvwrite " INDEX_TEXT " -i-"));
	bench_engine_open(&bench, &engine_bench_defaults);
	writes = fixture_proxy_count(bench.fixture, "NV_Write");
	cr_assert_eq(nv_write(&bench, "content1", TPM_AUTH_MAX), TPM_CONFLICT);
	cr_assert_not_null(strstr(bench.error, "another program's data"));
	cr_assert_eq(nv_read(&bench, 8), TPM_CONFLICT);
	/* Not even tried: a wrong value would count where the index says so. */
	cr_assert_eq(fixture_proxy_count(bench.fixture, "NV_Write"), writes);
	cr_assert_eq(fixture_proxy_count(bench.fixture, "NV_Read"), 0u);
	bench_close(&bench);
}

Test(engine_nv, takes_an_index_of_another_size_or_auth_value_for_anothers)
{
	struct bench bench = bench_default();

	cr_assert_eq(nv_write(&bench, "content1", TPM_AUTH_MAX), TPM_OK, "%s", bench.error);
	cr_assert_eq(nv_write(&bench, "content12", TPM_AUTH_MAX), TPM_CONFLICT);
	cr_assert_eq(nv_read(&bench, 7), TPM_CONFLICT);
	cr_assert_eq(nv_write(&bench, "content2", TPM_AUTH_MAX - 1), TPM_CONFLICT);
	expect_content(&bench, "content1");
	bench_close(&bench);
}

Test(engine_nv, refuses_what_no_index_can_be)
{
	struct bench bench = bench_default();

	cr_assert_eq(nv_read(&bench, 0), TPM_INVALID);
	cr_assert_eq(nv_read(&bench, TPM_NV_MAX + 1), TPM_INVALID);
	cr_assert_eq(nv_write(&bench, "content1", 0), TPM_INVALID);
	bench_close(&bench);
}
