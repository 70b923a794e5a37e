/*
 * Key files go to and come from OpenSSL's tpm2 provider and tpm2-tools. Those use the TPM
 * directly, and swtpm has three slots and no resource manager: keystored steps aside meanwhile.
 */
#include <criterion/criterion.h>

#include <stdlib.h>

#include "openssl.h"

#define PROVIDER "-provider tpm2 -provider default"
/* Not dgst: it would hand the key to OpenSSL's own provider, which finds no private part. */
#define PROVIDER_SIGN                                                                              \
	"openssl dgst -sha256 -binary -out d m && openssl pkeyutl " PROVIDER                       \
	" -propquery '?provider=tpm2' -sign -inkey k.pem -pkeyopt digest:sha256 -in d -out s"

static void step_aside(struct fixture *fixture)
{
	cr_assert_eq(fixture_service_stop(fixture), 0);
}

static void come_back(struct fixture *fixture)
{
	free(fixture_sh_ok(fixture, "tpm2_flushcontext -t"));
	fixture_service_start(fixture);
	fixture_service_wait(fixture);
}

static void ok(struct fixture *fixture, const char *command)
{
	free(fixture_sh_ok(fixture, "%s", command));
}

static void exported_key_works_in_provider(const char *algorithm)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(fixture, "keystorectl key create k --algorithm %s", algorithm));
	ok(fixture, "keystorectl key export k --tss2 --out k.pem");
	ok(fixture, "keystorectl key export k --public --out k.pub");
	step_aside(fixture);

	ok(fixture, "echo order > m && " PROVIDER_SIGN);
	ok(fixture, "openssl dgst -sha256 -verify k.pub -signature s m");
	fixture_free(fixture);
}

Test(tss2, an_ec_key_of_ours_signs_in_openssls_provider)
{
	exported_key_works_in_provider("ec-p256");
}

Test(tss2, an_rsa_key_of_ours_signs_in_openssls_provider)
{
	exported_key_works_in_provider("rsa-2048");
}

Test(tss2, a_password_given_at_export_is_what_the_provider_needs)
{
	struct fixture *fixture = fixture_new(NULL);
	struct run run;

	ok(fixture, "keystorectl key create k --algorithm ec-p256");
	ok(fixture, "printf sesame > pw && keystorectl key export k --tss2 --password-file pw "
		    "--out k.pem");
	ok(fixture, "keystorectl key export k --public --out k.pub && echo order > m");
	step_aside(fixture);

	run = fixture_sh(fixture, PROVIDER_SIGN " -passin pass:wrong");
	cr_assert_neq(run.exit_code, 0);
	run_free(&run);
	ok(fixture, "tpm2_flushcontext -t && " PROVIDER_SIGN " -passin pass:sesame");
	ok(fixture, "openssl dgst -sha256 -verify k.pub -signature s m");
	fixture_free(fixture);
}

static void imported_key_signs(const char *genpkey)
{
	struct fixture *fixture = fixture_new(&(struct fixture_options){.without_service = true});

	free(fixture_sh_ok(fixture, "openssl genpkey " PROVIDER " %s -out k.pem", genpkey));
	ok(fixture, "tpm2_flushcontext -t; openssl pkey " PROVIDER " -in k.pem -pubout -out k.pub");
	come_back(fixture);

	ok(fixture, "keystorectl key import k k.pem");
	ok(fixture, "echo order > m && keystorectl sign k --in m --out s");
	ok(fixture, "openssl dgst -sha256 -verify k.pub -signature s m");
	/* And in OpenSSL again, by our provider. */
	openssl_configure(fixture);
	ok(fixture,
	   "keystorectl key export k --reference --out ref.pem && OPENSSL_CONF=openssl.cnf "
	   "openssl dgst -sha256 -sign ref.pem -out s2 m");
	ok(fixture, "openssl dgst -sha256 -verify k.pub -signature s2 m");
	fixture_free(fixture);
}

Test(tss2, an_ec_key_of_openssls_provider_signs_here)
{
	imported_key_signs("-algorithm EC -pkeyopt group:P-256");
}

Test(tss2, an_rsa_key_of_openssls_provider_signs_here)
{
	imported_key_signs("-algorithm RSA -pkeyopt bits:2048");
}

Test(tss2, a_key_of_ours_is_loaded_by_tpm2_tools)
{
	struct fixture *fixture = fixture_new(NULL);

	ok(fixture, "keystorectl key create k --algorithm ec-p256");
	ok(fixture, "keystorectl key export k --tss2 --out k.pem");
	ok(fixture, "keystorectl key export k --public --out k.pub");
	step_aside(fixture);

	ok(fixture, "tpm2_load -Q -r k.pem -c k.ctx && tpm2_flushcontext -t");
	ok(fixture, "echo order > m && tpm2_sign -Q -c k.ctx -g sha256 -f plain -o s m");
	ok(fixture, "openssl dgst -sha256 -verify k.pub -signature s m");
	fixture_free(fixture);
}

Test(tss2, a_key_of_tpm2_tools_signs_here)
{
	struct fixture *fixture = fixture_new(&(struct fixture_options){.without_service = true});

	ok(fixture, "tpm2_createprimary -Q -C o -G ecc -c primary.ctx -a 'fixedtpm|fixedparent|"
		    "sensitivedataorigin|userwithauth|noda|restricted|decrypt' && "
		    "tpm2_flushcontext -t");
	ok(fixture, "tpm2_create -Q -C primary.ctx -G ecc -p sesame -u k.u -r k.r -a 'fixedtpm|"
		    "fixedparent|sensitivedataorigin|userwithauth|noda|sign' && "
		    "tpm2_flushcontext -t");
	ok(fixture, "tpm2_load -Q -C primary.ctx -u k.u -r k.r -c k.ctx && tpm2_flushcontext -t");
	ok(fixture, "tpm2_readpublic -Q -c k.ctx -f pem -o k.pub && tpm2_flushcontext -t");
	ok(fixture, "tpm2_encodeobject -Q -C 0x40000001 -u k.u -r k.r -p -o k.pem || "
		    "tpm2_encodeobject -Q -C primary.ctx -u k.u -r k.r -p -o k.pem");
	come_back(fixture);

	ok(fixture, "printf sesame > pw && keystorectl key import k k.pem --password-file pw");
	ok(fixture, "echo order > m && keystorectl sign k --in m --out s");
	ok(fixture, "openssl dgst -sha256 -verify k.pub -signature s m");
	fixture_free(fixture);
}

Test(tss2, refuses_files_that_are_not_for_it_and_says_why)
{
	struct fixture *fixture = fixture_new(NULL);
	static const char *const files[][2] = {
		{"openssl genpkey -algorithm EC -pkeyopt group:P-256 -out k.pem", "TSS2"},
		{"printf 'nonsense' > k.pem", "TSS2"},
		{": > k.pem", "TSS2"},
		{"head -c 10000 /dev/zero > k.pem", "TSS2"},
		{"head -c 100000 /dev/zero > k.pem", "longer"},
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		struct run run;

		ok(fixture, files[i][0]);
		run = fixture_sh(fixture, "keystorectl key import k k.pem");
		cr_assert_neq(run.exit_code, 0);
		cr_assert_not_null(strstr(run.err, files[i][1]), "%s: %s", files[i][0], run.err);
		run_free(&run);
	}
	ok(fixture, "keystorectl --json key list | grep -q '\"keys\": *\\[\\]'");
	fixture_free(fixture);
}
