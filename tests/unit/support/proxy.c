/* tpm-proxy, with tpm2-tools as the client: it behaves as it was told to, and else like swtpm. */

#include <criterion/criterion.h>
#include <stdlib.h>
#include <time.h>

#include "fixture.h"

static const struct fixture_options plain = {.with_proxy = true, .without_service = true};

/* An RSA-2048 key in key.ctx, its public part in key.pem, something to sign in digest. */
static void make_rsa_key(struct fixture *fixture, const char *attributes)
{
	free(fixture_sh_ok(
		fixture,
		"tpm2_createprimary -Q -C o -G ecc -c primary.ctx && tpm2_flushcontext -t && "
		"tpm2_create -Q -C primary.ctx -G rsa2048:null:null -p secret -f pem -o key.pem "
		"-a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|%s' -c key.ctx && "
		"tpm2_flushcontext -t && echo text > text && "
		"openssl dgst -sha256 -binary -out digest text",
		attributes));
}

static int verify_with_salt(struct fixture *fixture, int salt)
{
	struct run run = fixture_sh(fixture,
				    "openssl dgst -sha256 -verify key.pem -signature signature "
				    "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:%d text",
				    salt);
	int exit_code = run.exit_code;

	run_free(&run);
	return exit_code;
}

static void sign_pss(struct fixture *fixture)
{
	free(fixture_sh_ok(fixture, "tpm2_sign -c key.ctx -p secret -g sha256 -s rsapss -d "
				    "-f plain -o signature digest && tpm2_flushcontext -t"));
}

Test(proxy, counts_commands_by_kind)
{
	struct fixture *fixture = fixture_new(&plain);

	fixture_proxy(fixture, "zero");
	free(fixture_sh_ok(fixture, "tpm2_getrandom 4 && tpm2_getrandom 4"));

	cr_assert_eq(fixture_proxy_count(fixture, "GetRandom"), 2);
	cr_assert_eq(fixture_proxy_count(fixture, "Sign"), 0);
	cr_assert_geq(fixture_proxy_count(fixture, NULL), 2);
	fixture_free(fixture);
}

Test(proxy, answers_with_the_response_code_that_was_ordered_and_then_no_longer)
{
	struct fixture *fixture = fixture_new(&plain);
	struct run run;

	fixture_proxy(fixture, "fail 0x921 1 GetRandom");
	run = fixture_sh(fixture, "tpm2_getrandom 4");

	cr_assert_neq(run.exit_code, 0);
	cr_assert_not_null(strstr(run.err, "0x921"));
	free(fixture_sh_ok(fixture, "tpm2_getrandom 4"));
	run_free(&run);
	fixture_free(fixture);
}

Test(proxy, closes_the_connection_of_a_command_to_be_dropped)
{
	struct fixture *fixture = fixture_new(&plain);
	struct run run;

	fixture_proxy(fixture, "drop 1 GetRandom");
	run = fixture_sh(fixture, "tpm2_getrandom 4");

	cr_assert_neq(run.exit_code, 0);
	free(fixture_sh_ok(fixture, "tpm2_getrandom 4"));
	run_free(&run);
	fixture_free(fixture);
}

Test(proxy, leaves_a_stalled_command_without_an_answer_and_serves_the_next_client)
{
	struct fixture *fixture = fixture_new(&plain);
	struct run run;

	fixture_proxy(fixture, "stall 1 GetRandom");
	run = fixture_sh(fixture, "timeout 1 tpm2_getrandom 4");

	cr_assert_eq(run.exit_code, 124);
	free(fixture_sh_ok(fixture, "tpm2_getrandom 4"));
	run_free(&run);
	fixture_free(fixture);
}

Test(proxy, takes_at_least_as_long_as_the_chip)
{
	struct fixture_options options = plain;
	struct timespec before, after;
	struct fixture *fixture;

	options.chip = "slb9672";
	fixture = fixture_new(&options);
	make_rsa_key(fixture, "sign");
	clock_gettime(CLOCK_MONOTONIC, &before);
	sign_pss(fixture);
	clock_gettime(CLOCK_MONOTONIC, &after);

	cr_assert_geq((after.tv_sec - before.tv_sec) * 1000 +
			      (after.tv_nsec - before.tv_nsec) / 1000000,
		      77);
	fixture_free(fixture);
}

Test(proxy, signs_with_the_largest_salt_where_the_key_may_decrypt)
{
	struct fixture_options options = plain;
	struct fixture *fixture;

	options.pss_salt_max = true;
	fixture = fixture_new(&options);
	make_rsa_key(fixture, "sign|decrypt");
	sign_pss(fixture);

	cr_assert_eq(verify_with_salt(fixture, 222), 0);
	cr_assert_neq(verify_with_salt(fixture, 32), 0);
	fixture_free(fixture);
}

Test(proxy, leaves_the_salt_of_a_key_that_only_signs)
{
	struct fixture_options options = plain;
	struct fixture *fixture;

	options.pss_salt_max = true;
	fixture = fixture_new(&options);
	make_rsa_key(fixture, "sign");
	sign_pss(fixture);

	cr_assert_eq(verify_with_salt(fixture, 32), 0);
	fixture_free(fixture);
}
