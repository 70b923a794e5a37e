/* tpm-proxy, with tpm2-tools as the client: it behaves as it was told to, and else like swtpm. */

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "fixture.h"
#include "wire.h"

static const struct fixture_options plain = {.with_proxy = true, .without_service = true};

/* An RSA-2048 key in key.ctx, its public part in key.pem, something to sign in digest. */
static void make_rsa_key(struct fixture *fixture, const char *attributes)
{
	free(fixture_sh_ok(
		fixture,
		"tpm2_createprimary -Q -C o -G ecc -c primary.ctx && tpm2_flushcontext -t && "
		"tpm2_create -Q -C primary.ctx -G rsa2048:null:null -p secret -f pem -o key.pem "
		"-a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|%s' -c key.ctx && "
		"tpm2_flushcontext -t && tpm2_evictcontrol -Q -C o -c key.ctx 0x81000100 && "
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

/* TPM2_Sign with a password, which tpm2-tools would not send, into the file "signature". */
static void sign_pss(struct fixture *fixture)
{
	static const char password[] = "secret";
	uint8_t command[TPM_MESSAGE_MAX], response[TPM_MESSAGE_MAX], *at;
	char path[256], *digest;
	size_t len;

	snprintf(path, sizeof(path), "%s/digest", fixture_dir(fixture));
	digest = file_read(path, NULL);
	at = put_u32(put_u32(put_u16(command, TPM_ST_SESSIONS), 0), TPM_CC_Sign);
	at = put_u32(put_u32(at, 0x81000100), 9 + sizeof(password) - 1);
	at = put_u16(put_u32(at, 0x40000009), 0);
	*at++ = 1;
	at = put_u16(at, sizeof(password) - 1);
	memcpy(at, password, sizeof(password) - 1);
	at = put_u16(at + sizeof(password) - 1, 32);
	memcpy(at, digest, 32);
	at = put_u16(put_u16(at + 32, 0x0016), 0x000b);		   /* RSAPSS, SHA-256 */
	at = put_u16(put_u32(put_u16(at, 0x8024), 0x40000007), 0); /* no ticket */
	put_u32(command + 2, (uint32_t)(at - command));
	free(digest);

	snprintf(path, sizeof(path), "%s/tpm.sock", fixture_dir(fixture));
	len = wire_transact(path, command, (size_t)(at - command), response);
	cr_assert_gt(len, 276);
	cr_assert_eq(message_code(response, len), 0);
	cr_assert_eq(get_u32(response + 10) + 14 + 5, len);
	cr_assert_eq(get_u16(response + 14), 0x0016);
	cr_assert_eq(get_u16(response + 16), 0x000b);
	cr_assert_eq(get_u16(response + 18), 256);
	snprintf(path, sizeof(path), "%s/signature", fixture_dir(fixture));
	file_write(path, response + 20, 256);
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
