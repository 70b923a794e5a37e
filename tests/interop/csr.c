/* Certification requests, read by OpenSSL and by GnuTLS. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "fixture.h"

static const char *const options[] = {
	"--algorithm ec-p256:",
	"--algorithm ec-p384:--hash sha384",
	"--algorithm rsa-2048:",
	"--algorithm rsa-3072:--hash sha512",
};

static void accepted(struct fixture *fixture, const char *algorithm, const char *more)
{
	char *text;

	free(fixture_sh_ok(fixture, "keystorectl key create k %s", algorithm));
	free(fixture_sh_ok(fixture,
			   "keystorectl csr k --subject 'CN=plc-1,O=Plant\\, North,C=DE' --san "
			   "URI:urn:plant:plc-1,IP:192.0.2.1,IP:2001:db8::1,DNS:plc-1.plant "
			   "%s --out k.csr",
			   more));

	free(fixture_sh_ok(fixture, "openssl req -in k.csr -verify -noout"));
	text = fixture_sh_ok(fixture, "openssl req -in k.csr -noout -text -subject");
	cr_assert_not_null(strstr(text, "URI:urn:plant:plc-1"), "%s", text);
	cr_assert_not_null(strstr(text, "192.0.2.1"), "%s", text);
	cr_assert_not_null(strstr(text, "2001:DB8:0:0:0:0:0:1"), "%s", text);
	cr_assert_not_null(strstr(text, "Plant, North"), "%s", text);
	free(text);
	text = fixture_sh_ok(fixture, "certtool --crq-info --infile k.csr");
	cr_assert_not_null(strstr(text, "Self signature: verified"), "%s", text);
	cr_assert_not_null(strstr(text, "urn:plant:plc-1"), "%s", text);
	free(text);
	free(fixture_sh_ok(fixture, "keystorectl key delete k"));
}

Test(csr, is_accepted_by_openssl_and_gnutls_for_every_key_type)
{
	struct fixture *fixture = fixture_new(NULL);

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
		char algorithm[64];
		const char *colon = strchr(options[i], ':');

		memcpy(algorithm, options[i], (size_t)(colon - options[i]));
		algorithm[colon - options[i]] = '\0';
		accepted(fixture, algorithm, colon + 1);
	}
	fixture_free(fixture);
}

Test(csr, is_turned_into_a_certificate_by_openssl)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(fixture, "openssl req -x509 -newkey ec -pkeyopt "
				    "ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem "
				    "-subj /CN=CA -days 30"));
	free(fixture_sh_ok(fixture, "keystorectl key create k --algorithm rsa-2048"));
	free(fixture_sh_ok(fixture, "keystorectl csr k --subject CN=plc-1 --san DNS:plc-1 "
				    "--out k.csr"));
	free(fixture_sh_ok(fixture, "openssl x509 -req -in k.csr -CA ca.pem -CAkey ca.key "
				    "-copy_extensions copy -days 10 -out k.pem"));

	free(fixture_sh_ok(fixture, "openssl verify -CAfile ca.pem k.pem"));
	free(fixture_sh_ok(fixture, "keystorectl key export k --public --out k.pub && "
				    "openssl x509 -in k.pem -noout -pubkey | cmp - k.pub"));
	fixture_free(fixture);
}
