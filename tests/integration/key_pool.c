/* Keys made ahead, with a TPM: there at once, over restarts, deaths, and another TPM. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "fixture.h"

static const struct fixture_options quickly = {.config = "[keys]\npool-idle = 10ms\n"};

static bool one_is_ready(void *user)
{
	struct run run = fixture_sh(user, "keystorectl status --json | grep -q "
					  "'\"algorithm\":\"rsa-2048\",\"ready\":1,\"wanted\":1'");
	bool is_ready = run.exit_code == 0;

	run_free(&run);
	return is_ready;
}

static void wait_for_one(struct fixture *fixture)
{
	fixture_until(one_is_ready, fixture, "a key made ahead");
}

/* Without the TPM's help. */
static void take_while_frozen(struct fixture *fixture, const char *name)
{
	fixture_tpm_freeze(fixture, true);
	free(fixture_sh_ok(fixture, "keystorectl key create %s --algorithm rsa-2048", name));
	fixture_tpm_freeze(fixture, false);
}

static void check_key(struct fixture *fixture, const char *name)
{
	free(fixture_sh_ok(fixture,
			   "set -e; head -c 32 /dev/urandom > d; "
			   "keystorectl sign %s --digest --in d --out s; "
			   "keystorectl key export %s --public --out p; "
			   "openssl pkeyutl -verify -pubin -inkey p -in d -sigfile s "
			   "-pkeyopt digest:sha256; "
			   "openssl pkeyutl -encrypt -pubin -inkey p -in d -out c "
			   "-pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256; "
			   "keystorectl decrypt %s --in c --out e; cmp d e",
			   name, name, name));
}

Test(key_pool, has_a_key_that_needs_no_tpm_any_more)
{
	struct fixture *fixture = fixture_new(&quickly);

	free(fixture_sh_ok(fixture, "keystorectl key create one --algorithm rsa-2048"));
	wait_for_one(fixture);
	free(fixture_sh_ok(fixture, "keystorectl status | grep -q 'made ahead *1 of 1 rsa-2048'; "
				    "test \"$(keystorectl key list --names)\" = one"));
	take_while_frozen(fixture, "two");
	check_key(fixture, "two");
	wait_for_one(fixture);
	free(fixture_sh_ok(
		fixture,
		"set -e; keystorectl cert create --profile tls-client --self-signed --new-key "
		"three --algorithm rsa-2048 --subject CN=three > /dev/null; "
		"keystorectl audit verify; test $(keystorectl key list --names | wc -l) = 3"));
	check_key(fixture, "three");
	fixture_free(fixture);
}

Test(key_pool, is_there_after_a_restart_and_after_a_death)
{
	struct fixture *fixture = fixture_new(&quickly);

	free(fixture_sh_ok(fixture, "keystorectl key create one --algorithm rsa-2048"));
	wait_for_one(fixture);
	fixture_service_restart(fixture);
	wait_for_one(fixture);
	take_while_frozen(fixture, "two");
	wait_for_one(fixture);
	fixture_service_kill(fixture);
	fixture_service_start(fixture);
	fixture_service_wait(fixture);
	wait_for_one(fixture);
	take_while_frozen(fixture, "three");
	check_key(fixture, "two");
	check_key(fixture, "three");
	fixture_free(fixture);
}

/* Killed while keys leave the pool: each is in one place, and no two are the same. */
Test(key_pool, gives_each_key_to_one_whenever_the_service_dies, .timeout = 300)
{
	struct fixture *fixture = fixture_new(&quickly);

	free(fixture_sh_ok(fixture, "keystorectl key create one --algorithm rsa-2048"));
	for (int round = 0; round < 6; round++) {
		wait_for_one(fixture);
		struct run run = fixture_sh(
			fixture,
			"keystorectl key create k%d --algorithm rsa-2048 & client=$!; "
			"for i in $(seq %d); do keystorectl key list --names > /dev/null || true; "
			"done; kill -9 %d; wait $client || true",
			round, round, (int)fixture_service_pid(fixture));

		cr_assert_eq(run.exit_code, 0, "%s%s", run.out, run.err);
		run_free(&run);
		fixture_service_kill(fixture);
		fixture_service_start(fixture);
		fixture_service_wait(fixture);
		free(fixture_sh_ok(
			fixture,
			"set -e; keystorectl audit verify; rm -f all; "
			"for k in $(keystorectl key list --names); do head -c 32 /dev/urandom > d; "
			"keystorectl sign $k --digest --in d --out s; "
			"keystorectl key export $k --public >> all; done; "
			"test $(grep -c BEGIN all) = $(keystorectl key list --names | wc -l)"));
	}
	wait_for_one(fixture);
	take_while_frozen(fixture, "last");
	free(fixture_sh_ok(fixture, "set -e; for k in $(keystorectl key list --names); do "
				    "keystorectl key export $k --public | sha256sum; done "
				    "| sort > sums; test -z \"$(uniq -d sums)\""));
	check_key(fixture, "last");
	fixture_free(fixture);
}

Test(key_pool, keeps_no_key_of_a_tpm_that_was_cleared)
{
	struct fixture *fixture = fixture_new(&quickly);

	free(fixture_sh_ok(fixture, "keystorectl key create one --algorithm rsa-2048"));
	wait_for_one(fixture);
	cr_assert_eq(fixture_service_stop(fixture), 0);
	free(fixture_sh_ok(fixture, "tpm2_clear"));
	fixture_service_start(fixture);
	fixture_service_wait(fixture);
	wait_for_one(fixture);
	char *log = fixture_service_log(fixture);

	cr_assert_not_null(strstr(log, "none of this TPM's and is dropped"), "%s", log);
	free(log);
	free(fixture_sh_ok(fixture, "keystorectl key create two --algorithm rsa-2048"));
	check_key(fixture, "two");
	fixture_free(fixture);
}
