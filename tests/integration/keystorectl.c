/* keystorectl against a service: what it prints, writes and returns. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

/* "set -e" lets a "! command" that succeeds pass. */
#define SHELL "set -e; fails() { if \"$@\"; then exit 1; fi; }; "

static int exit_code(struct fixture *fixture, const char *command)
{
	struct run run = fixture_sh(fixture, "%s", command);
	int code = run.exit_code;

	run_free(&run);
	return code;
}

Test(keystorectl, shows_what_the_tpm_took)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(
		fixture, "set -e; keystorectl key create web --algorithm ec-p256; echo x > data; "
			 "for i in 1 2 3; do keystorectl sign web --in data > sig; done; "
			 "keystorectl status | grep -q '^TPM time  *busy for'; "
			 "keystorectl status --json | python3 -c 'import json, sys; "
			 "c = json.load(sys.stdin)[\"counters\"]; l = c[\"tpm_latency_us\"]; "
			 "assert len(l) == 24 and sum(l) == 3, c; assert c[\"tpm_jobs\"] >= 4, c; "
			 "assert c[\"tpm_busy_us\"] > 0 and c[\"queue_wait_us\"] >= 0, c'"));
	fixture_free(fixture);
}

Test(keystorectl, signs_what_openssl_verifies_with_every_hash_and_padding)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(
		fixture, SHELL
		"head -c 3000000 /dev/urandom > data; "
		"keystorectl key create ec --algorithm ec-p256; "
		"keystorectl key create rsa --algorithm rsa-2048; "
		"for key in ec rsa; do keystorectl key export $key --public --out $key.pem; "
		"for hash in sha256 sha384 sha512; do "
		"keystorectl sign $key --hash $hash --in data --out sig; "
		"openssl dgst -$hash -verify $key.pem -signature sig data; "
		"openssl dgst -$hash -binary data | keystorectl sign $key --hash $hash --digest > "
		"sig; "
		"openssl dgst -$hash -verify $key.pem -signature sig data; done; done; "
		"keystorectl sign rsa --padding pss < data > sig; "
		"openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest "
		"-verify rsa.pem -signature sig data"));
	fixture_free(fixture);
}

Test(keystorectl, decrypts_into_a_file_of_its_owner_only)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(
		fixture,
		SHELL "keystorectl key create rsa --algorithm rsa-2048; "
		      "keystorectl key export rsa --public --out rsa.pem; printf secret > plain; "
		      "for hash in sha1 sha256; do "
		      "openssl pkeyutl -encrypt -pubin -inkey rsa.pem -in plain -out cipher "
		      "-pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:$hash; "
		      "keystorectl decrypt rsa --hash $hash --in cipher --out out; "
		      "cmp plain out; test \"$(stat -c %%a out)\" = 600; done; "
		      "test \"$(keystorectl decrypt rsa --in cipher --json | "
		      "python3 -c 'import base64, json, sys; "
		      "print(base64.b64decode(json.load(sys.stdin)[\"plaintext\"]).decode())')\" "
		      "= secret"));
	fixture_free(fixture);
}

Test(keystorectl, decrypts_pkcs1_only_where_that_is_allowed_and_tells_no_bad_padding)
{
	struct fixture *fixture =
		fixture_new(&(struct fixture_options){.config = "[access]\n"
								"allow-pkcs1-decryption = yes\n"});

	free(fixture_sh_ok(
		fixture, SHELL
		"for size in 2048 3072; do "
		"keystorectl key create r$size --algorithm rsa-$size; "
		"keystorectl key export r$size --public --out r$size.pem; "
		"for len in 0 1 16 117 245; do head -c $len /dev/urandom > plain; "
		"openssl pkeyutl -encrypt -pubin -inkey r$size.pem -in plain -out cipher "
		"-pkeyopt rsa_padding_mode:pkcs1; "
		"keystorectl decrypt r$size --padding pkcs1 --in cipher --out out; "
		"cmp plain out; done; done; "
		/* What is no PKCS#1 v1.5 is answered like it, and always in the same way. */
		"openssl pkeyutl -encrypt -pubin -inkey r2048.pem -in plain -out other "
		"-pkeyopt rsa_padding_mode:oaep || head -c 100 plain > plain; "
		"openssl pkeyutl -encrypt -pubin -inkey r2048.pem -in plain -out other "
		"-pkeyopt rsa_padding_mode:oaep; "
		"keystorectl decrypt r2048 --padding pkcs1 --in other --out one; "
		"keystorectl decrypt r2048 --padding pkcs1 --in other --out two; "
		"cmp one two; fails cmp -s one plain; "
		/* OAEP goes on as ever, and says so. */
		"fails keystorectl decrypt r2048 --in cipher --out three 2> said; "
		"fails keystorectl decrypt r2048 --padding pss --in other --out three 2> said; "
		"fails keystorectl decrypt r2048 --padding pkcs1 --hash sha256 --in other "
		"--out three 2> said"));
	fixture_free(fixture);
	fixture = fixture_new(NULL);
	free(fixture_sh_ok(fixture, SHELL
			   "keystorectl key create rsa --algorithm rsa-2048; "
			   "head -c 256 /dev/zero > cipher; "
			   "fails keystorectl decrypt rsa --padding pkcs1 --in cipher --out out "
			   "2> said; grep -q allow-pkcs1-decryption said"));
	fixture_free(fixture);
}

Test(keystorectl, leaves_an_old_file_alone_when_it_fails)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(
		fixture,
		SHELL "mkdir files; echo old > files/out; echo x > data; "
		      "fails keystorectl sign absent --in data --out files/out; "
		      "test \"$(cat files/out)\" = old; "
		      "fails keystorectl sign absent --in data --out files/new; "
		      "test \"$(ls files)\" = out; "
		      "keystorectl key create plc-1 --algorithm ec-p256; "
		      "ln -s out files/link; "
		      "keystorectl key export plc-1 --public --out files/link; "
		      "test -L files/link; grep -q 'PUBLIC KEY' files/out; "
		      "fails keystorectl key export plc-1 --public --out files/absent/x; "
		      "keystorectl key export plc-1 --public --out /dev/null; test -c /dev/null"));
	fixture_free(fixture);
}

Test(keystorectl, writes_requests_as_pem_and_der)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(fixture, SHELL
			   "keystorectl key create plc-1 --algorithm ec-p256; "
			   "keystorectl csr plc-1 --subject CN=plc-1,O=Plant "
			   "--san 'URI:urn:plant:a\\,b,IP:2001:db8::1,DNS:plc-1,email:a@b.example' "
			   "--out pem; openssl req -in pem -verify -noout -text > text; "
			   "grep -q 'URI:urn:plant:a,b' text; grep -q 'IP Address:2001:DB8' text; "
			   "keystorectl csr plc-1 --subject CN=plc-1 --der > der; "
			   "openssl req -inform DER -in der -verify -noout"));
	fixture_free(fixture);
}

Test(keystorectl, takes_back_what_it_exported)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(
		fixture,
		SHELL "keystorectl key create plc-1 --algorithm ec-p256; "
		      "printf 'pass\\r\\nsecond line' > password; "
		      "keystorectl key export plc-1 --tss2 --password-file password --out tss2; "
		      "test \"$(stat -c %%a tss2)\" = 600; "
		      "fails keystorectl key import other tss2; "
		      "keystorectl key import other - --password-file password < tss2; "
		      "echo x > data; keystorectl sign other --in data --out sig; "
		      "keystorectl key export plc-1 --public --out pem; "
		      "openssl dgst -sha256 -verify pem -signature sig data"));
	fixture_free(fixture);
}

Test(keystorectl, lists_keys_of_several_pages_in_order)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(
		fixture,
		SHELL "for i in $(seq -w 1 270); do "
		      "keystorectl key create k$i --algorithm ec-p256 > /dev/null; done; "
		      "keystorectl key list --names > names; test $(wc -l < names) = 270; "
		      "sort -c names; keystorectl key list --json | python3 -c 'import json, sys; "
		      "assert len(json.load(sys.stdin)[\"keys\"]) == 270'; "
		      "test $(keystorectl key list | wc -l) = 271"));
	fixture_free(fixture);
}

Test(keystorectl, prints_one_json_object_for_every_command)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(
		fixture, SHELL
		"check() { keystorectl --json \"$@\" > out || true; test $(wc -l < out) = "
		"1; "
		"python3 -c 'import json, sys; assert isinstance(json.load(open(\"out\")), dict)'; "
		"}; "
		"echo x > data; check status; check key create plc-1 --algorithm ec-p256; "
		"check key list; check key show plc-1; check key allow plc-1 --uid 1 --operations "
		"sign; "
		"check key pin plc-1; check key unpin plc-1; check key export plc-1 --public; "
		"check key export plc-1 --tss2 --out tss2; check key import b tss2; check key "
		"delete b; "
		"check csr plc-1 --subject CN=a; check csr plc-1 --subject CN=a --der; "
		"check csr plc-1 --subject CN=a --out csr; check sign plc-1 --in data; "
		"check sign plc-1 --in data --out sig; check random 4; check random 4 --hex; "
		"check random 4 --hex --out hex; check key show absent; check decrypt plc-1 --in "
		"data; check audit list; check audit list --limit 2; check audit verify"));
	fixture_free(fixture);
}

Test(keystorectl, returns_a_code_for_each_class_of_failure)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(fixture, "keystorectl key create ec --algorithm ec-p256"));
	cr_assert_eq(exit_code(fixture, "keystorectl key show absent"), 3);
	cr_assert_eq(exit_code(fixture, "keystorectl key show '#99'"), 3);
	cr_assert_eq(exit_code(fixture, "keystorectl key show '#x'"), 2);
	cr_assert_eq(exit_code(fixture, "keystorectl key create ec --algorithm ec-p256"), 7);
	cr_assert_eq(exit_code(fixture, "keystorectl key create 1x --algorithm ec-p256"), 2);
	cr_assert_eq(exit_code(fixture, "keystorectl sign ec --padding pss < /dev/null"), 2);
	cr_assert_eq(exit_code(fixture, "keystorectl random 1000000"), 2);
	fixture_tpm_kill(fixture);
	cr_assert_eq(exit_code(fixture, "keystorectl sign ec < /dev/null"), 5);
	fixture_service_kill(fixture);
	cr_assert_eq(exit_code(fixture, "keystorectl status"), 5);
	fixture_free(fixture);
}

Test(keystorectl, waits_for_a_tpm_that_comes_back)
{
	struct fixture *fixture = fixture_new(NULL);

	fixture_tpm_kill(fixture);
	cr_assert_neq(exit_code(fixture, "keystorectl random 4 --hex"), 0);
	free(fixture_sh_ok(fixture,
			   "keystorectl random 4 --hex --wait --deadline 50 > out & echo"));
	fixture_tpm_start(fixture);
	free(fixture_sh_ok(fixture, "for i in $(seq 500); do test -s out && exit; sleep 0.1; done; "
				    "exit 1"));
	fixture_free(fixture);
}

Test(keystorectl, shows_on_a_terminal_that_it_goes_on)
{
	const struct fixture_options options = {.with_proxy = true};
	struct fixture *fixture = fixture_new(&options);
	char *out;

	fixture_tpm_freeze(fixture, true);
	free(fixture_sh_ok(fixture,
			   "script -qfec 'keystorectl key create rsa --algorithm rsa-2048' "
			   "typescript > /dev/null & echo"));
	free(fixture_sh_ok(fixture,
			   "for i in $(seq 500); do "
			   "grep -q 'making rsa-2048 key rsa in the TPM: 0 s' typescript && exit; "
			   "sleep 0.1; done; exit 1"));
	fixture_tpm_freeze(fixture, false);
	out = fixture_sh_ok(fixture,
			    "for i in $(seq 500); do grep -q fingerprint typescript && break; "
			    "sleep 0.1; done; cat typescript");
	cr_assert_not_null(strstr(out, "fingerprint"));
	free(out);
	fixture_free(fixture);
}

Test(keystorectl, watches_keys_come_and_go)
{
	struct fixture *fixture = fixture_new(NULL);
	char *out;

	free(fixture_sh_ok(fixture, "keystorectl watch --json > events & echo"));
	/* Its subscription is there when the first of its events is. */
	free(fixture_sh_ok(fixture,
			   "for i in $(seq 200); do keystorectl key create k$i --algorithm ec-p256 "
			   "> /dev/null; test -s events && exit; done; exit 1"));
	free(fixture_sh_ok(fixture, "keystorectl key delete k1 > /dev/null; "
				    "for i in $(seq 500); do grep -q deleted events && exit; "
				    "sleep 0.1; done; exit 1"));
	out = fixture_sh_ok(fixture, "cat events");
	cr_assert_not_null(strstr(out, "\"event\":\"key created\""));
	cr_assert_not_null(strstr(out, "\"event\":\"key deleted\",\"id\":"));
	free(out);
	fixture_free(fixture);
}
