/* Users of an OPC UA server who have a certificate, by way of libkeystore. */
#include <criterion/criterion.h>

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "keystore.h"
#include "keystore_users.h"

#define FRONT_END 4711
#define NONCE	  "server certificate, and a nonce of thirty-two bytes"

struct bench {
	struct fixture *fixture;
	struct ks_client *client; /* the OPC UA server's */
	EVP_PKEY *key;
	uint8_t *der;
	size_t der_len;
	uint8_t signature[512];
	size_t signature_len;
};

static void *read_pem(struct bench *bench, const char *name, bool is_key)
{
	char path[256];

	snprintf(path, sizeof path, "%s/%s", fixture_dir(bench->fixture), name);
	FILE *file = fopen(path, "re");
	void *object = is_key ? (void *)PEM_read_PrivateKey(file, NULL, NULL, NULL)
			      : (void *)PEM_read_X509(file, NULL, NULL, NULL);

	fclose(file);
	cr_assert_not_null(object, "%s", path);
	return object;
}

/* @name's certificate and key, made by the CA of the plant's users, and what he signs. */
static void take_user(struct bench *bench, const char *name)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	char cert[64], key[64];

	free(fixture_sh_ok(
		bench->fixture,
		"set -e; openssl req -newkey rsa:2048 -nodes -keyout %s.k -subj /CN=%s -out u.csr "
		"2> /dev/null; printf 'keyUsage=digitalSignature\\n' > ext; "
		"openssl x509 -req -in u.csr -CA ca.pem -CAkey ca.k -CAcreateserial -days 20 "
		"-extfile ext -out %s.pem 2> /dev/null",
		name, name, name));
	snprintf(cert, sizeof cert, "%s.pem", name);
	snprintf(key, sizeof key, "%s.k", name);
	X509 *x509 = read_pem(bench, cert, false);

	EVP_PKEY_free(bench->key);
	OPENSSL_free(bench->der);
	bench->der = NULL;
	bench->key = read_pem(bench, key, true);
	bench->der_len = (size_t)i2d_X509(x509, &bench->der);
	bench->signature_len = sizeof bench->signature;
	cr_assert(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, bench->key) == 1 &&
		  EVP_DigestSign(context, bench->signature, &bench->signature_len,
				 (const uint8_t *)NONCE, strlen(NONCE)) == 1);
	EVP_MD_CTX_free(context);
	X509_free(x509);
}

static void set_up(struct bench *bench)
{
	if (geteuid() != 0)
		cr_skip_test("somebody else's uid takes root");
	*bench = (struct bench){.fixture = fixture_new(NULL)};
	free(fixture_sh_ok(
		bench->fixture,
		"set -e; chmod 755 .; openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.k -out "
		"ca.pem -subj /CN=users -days 300 2> /dev/null; "
		"keystorectl service create plc --kind opcua-server --uid %d > /dev/null; "
		"keystorectl group set opcua-user --crls none > /dev/null; "
		"keystorectl trust add opcua-user ca.pem; echo 'correct horse' > pw; "
		"keystorectl user create admin --roles administrator --password-file pw > "
		"/dev/null; "
		"keystorectl login admin --password-file pw > /dev/null; "
		"keystorectl user create anna --roles opcua-user --password-file pw > /dev/null",
		FRONT_END));
	cr_assert_eq(seteuid(FRONT_END), 0);
	cr_assert_eq(ks_connect(fixture_socket(bench->fixture), &bench->client), KS_OK);
	cr_assert_eq(seteuid(0), 0);
	take_user(bench, "anna");
}

static void tear_down(struct bench *bench)
{
	ks_close(bench->client);
	EVP_PKEY_free(bench->key);
	OPENSSL_free(bench->der);
	fixture_free(bench->fixture);
}

static struct ks_login_order order_of(const struct bench *bench)
{
	return (struct ks_login_order){
		.lasting = true,
		.origin = "192.0.2.7",
		.group = "opcua-user",
		.certificate = bench->der,
		.certificate_len = bench->der_len,
		.data = (const uint8_t *)NONCE,
		.data_len = strlen(NONCE),
		.signature = bench->signature,
		.signature_len = bench->signature_len,
		.hash = KS_HASH_SHA256,
		.padding = KS_PADDING_PKCS1,
	};
}

static void expect(struct bench *bench, const struct ks_login_order *order, enum ks_status expected,
		   const char *said)
{
	struct ks_result *result = NULL;
	enum ks_status status = ks_login_order(bench->client, order, &result);

	cr_assert_eq(status, expected, "%s: %s", ks_status_name(status), result->message);
	cr_assert_not_null(strstr(result->message, said), "%s", result->message);
	ks_result_free(result);
}

Test(login_certificate, brings_a_token_of_the_user_that_it_names)
{
	struct bench bench;
	struct ks_result *result = NULL;

	set_up(&bench);
	struct ks_login_order order = order_of(&bench);

	cr_assert_eq(ks_login_order(bench.client, &order, &result), KS_OK, "%s", result->message);
	cr_assert_eq(result->login->life_seconds, 0);
	cr_assert_str_eq(result->users[0].name, "anna");
	cr_assert(result->users[0].rights & KS_RIGHT_OPCUA_ACCESS);
	ks_set_token(bench.client, result->login->token, result->login->token_len);
	ks_result_free(result);
	cr_assert_eq(ks_whoami(bench.client, &result), KS_OK);
	cr_assert_str_eq(result->whoami->user, "anna");
	cr_assert_eq(result->whoami->life_left_seconds, 0);
	ks_result_free(result);
	free(fixture_sh_ok(bench.fixture,
			   "set -e; keystorectl session list | grep -q anna; "
			   "keystorectl audit list | grep -q 'login certificate.*anna'; "
			   "keystorectl audit verify"));
	tear_down(&bench);
}

Test(login_certificate, is_refused_when_it_is_revoked_or_the_user_is_disabled)
{
	struct bench bench;

	set_up(&bench);
	struct ks_login_order order = order_of(&bench);

	free(fixture_sh_ok(bench.fixture,
			   "keystorectl user set anna --state disabled > /dev/null"));
	expect(&bench, &order, KS_DENIED, "not that of a user who may log in");
	free(fixture_sh_ok(bench.fixture, "keystorectl user set anna --state enabled > /dev/null"));
	expect(&bench, &order, KS_OK, "");
	/* The CA takes it back. */
	free(fixture_sh_ok(
		bench.fixture,
		"set -e; : > index; echo 01 > crlnumber; "
		"printf '[ca]\\ndefault_ca=c\\n[c]\\ndatabase=index\\ncrlnumber=crlnumber\\n"
		"default_md=sha256\\ndefault_crl_days=9\\n' > ca.conf; "
		"openssl ca -config ca.conf -keyfile ca.k -cert ca.pem -revoke anna.pem "
		"2> /dev/null; "
		"openssl ca -config ca.conf -keyfile ca.k -cert ca.pem -gencrl -out ca.crl "
		"2> /dev/null; "
		"keystorectl trust add opcua-user ca.crl --list trusted; "
		"keystorectl group set opcua-user --crls required > /dev/null"));
	expect(&bench, &order, KS_DENIED, "revoked");
	tear_down(&bench);
}

Test(login_certificate, of_a_stranger_is_on_the_rejected_list)
{
	struct bench bench;

	set_up(&bench);
	free(fixture_sh_ok(bench.fixture,
			   "set -e; f=$(keystorectl trust list opcua-user | sed -n '2s/.* //p'); "
			   "keystorectl trust remove opcua-user $f"));
	struct ks_login_order order = order_of(&bench);

	expect(&bench, &order, KS_DENIED, "refuses the certificate");
	fixture_service_restart(bench.fixture);
	free(fixture_sh_ok(bench.fixture,
			   "set -e; keystorectl login admin --password-file pw > /dev/null; "
			   "keystorectl rejected list --group opcua-user | grep -q CN=anna"));
	tear_down(&bench);
}
