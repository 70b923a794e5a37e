/*
 * OPC UA certificates of the service as open62541 judges them: by its certificate check
 * (OPC 10000-4 6.1.3), and as the peer's certificate of a secure channel. Its cryptography is
 * MbedTLS, so this is a third opinion beside OpenSSL and GnuTLS too.
 */
#include <criterion/criterion.h>

#include <stdlib.h>

#include "fixture.h"
#include "opcua_project.h"

static const struct opcua_issue issues[] = {
	{"self-rsa", "--self-signed --key rsa", NULL},
	{"self-ec", "--self-signed --key ec", NULL},
	{"rsa-ca", "--issuer 1 --key rsa", "trusted:ca1.der crl:crl1.der"},
	{"rsa-ca-sha384", "--issuer 1 --key rsa --hash sha384", "trusted:ca1.der crl:crl1.der"},
	{"rsa-ca-pss", "--issuer 1 --key rsa --padding pss", "trusted:ca1.der crl:crl1.der"},
	{"ec-ca", "--issuer 2 --key ec", "trusted:ca2.der crl:crl2.der"},
	{"ec-by-rsa-ca", "--issuer 1 --key ec",
	 "trusted:ca2.der trusted:ca1.der crl:crl2.der crl:crl1.der"},
	{"cell-ca", "--issuer 3 --key rsa",
	 "trusted:ca1.der issuer:ca3.der crl:crl1.der crl:crl3.der"},
	{"cell-ca-alone", "--issuer 3 --key rsa",
	 "trusted:ca3.der issuer:ca1.der crl:crl1.der crl:crl2.der crl:crl3.der"},
};

Test(open62541, accepts_certificates_of_every_opcua_profile_and_issuer)
{
	struct fixture *fixture = opcua_project_new("");
	struct opcua_plan plan = {0};

	opcua_plan_issues(fixture, issues, COUNT_OF(issues), &plan);
	opcua_plan_judge(fixture, &plan, "open62541-judge");
	fixture_free(fixture);
}

Test(open62541, refuses_certificates_that_are_revoked_not_trusted_or_not_valid)
{
	static const char *const lines[] = {
		"Good leaf1.der trusted:ca1.der crl:crl1.der",
		"BadCertificateRevoked leaf1.der trusted:ca1.der crl:new1.der",
		"Good leaf2.der trusted:ca2.der crl:crl2.der",
		"BadCertificateRevoked leaf2.der trusted:ca2.der crl:new2.der",
		/* One CA's list says nothing of another's certificates. */
		"BadCertificateRevocationUnknown leaf2.der trusted:ca2.der crl:new1.der",
		"Good below.der trusted:ca1.der issuer:ca3.der crl:new1.der crl:crl3.der",
		"BadCertificateIssuerRevoked below.der trusted:ca1.der issuer:ca3.der "
		"crl:newer1.der crl:crl3.der",
		"BadCertificateChainIncomplete below.der trusted:ca1.der crl:new1.der",
		"BadCertificateUntrusted leaf1.der trusted:ca2.der issuer:ca1.der crl:crl1.der",
		"BadCertificateChainIncomplete leaf1.der trusted:ca2.der crl:crl2.der",
		"BadCertificateUntrusted self.der trusted:ca1.der crl:crl1.der",
		"BadCertificateInvalid spoiled.der trusted:ca1.der crl:crl1.der",
		"BadCertificateUseNotAllowed ca1.der trusted:ca1.der crl:crl1.der",
	};
	struct fixture *fixture = opcua_project_new(
		"for ca in 1 2; do make leaf$ca --profile opcua-server --issuer $ca --key rsa; "
		"keystorectl cert revoke $id; "
		"keystorectl crl export $ca --format der --out new$ca.der; done; "
		"make self --profile opcua-server --self-signed --key rsa; "
		"make below --profile opcua-client --issuer 3 --key rsa; "
		"keystorectl cert revoke 3 --reason cACompromise; "
		"keystorectl crl export 1 --format der --out newer1.der; " OPCUA_SPOIL);
	struct opcua_plan plan = {0};

	for (size_t i = 0; i < COUNT_OF(lines); i++)
		opcua_plan_add(&plan, "%s", lines[i]);
	opcua_plan_judge(fixture, &plan, "open62541-judge");
	fixture_free(fixture);
}

/* How the holder of a certificate signs and decrypts (OPC 10000-7). */
static const struct {
	const char *name;
	const char *padding;
	const char *oaep; /* its hash */
} policies[] = {
	{"Basic256Sha256", "pkcs1", "sha1"},
	{"Aes128_Sha256_RsaOaep", "pkcs1", "sha1"},
	{"Aes256_Sha256_RsaPss", "pss", "sha256"},
};

Test(open62541, opens_channels_to_holders_of_certificates)
{
	static const char *const keys[] = {"rsa", "rsa3"}; /* certificates as well */
	struct fixture *fixture = opcua_project_new(
		"openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=peer -days 9 "
		"-addext subjectAltName=URI:urn:plant:peer -keyout peer.pem -outform DER "
		"-out peer.der; openssl rsa -in peer.pem -traditional -outform DER -out peer.key; "
		"head -c 300 /dev/urandom > message; "
		"keystorectl key create rsa3 --algorithm rsa-3072; "
		"make rsa --profile opcua-server --issuer 1 --key rsa; "
		"make rsa3 --profile opcua-client-server --self-signed --key rsa3");

	for (size_t i = 0; i < COUNT_OF(policies) * COUNT_OF(keys); i++) {
		const char *key = keys[i % COUNT_OF(keys)];
		size_t policy = i / COUNT_OF(keys);

		free(fixture_sh_ok(
			fixture,
			"set -e; keystorectl sign %s --padding %s --in message --out signature; "
			/* A block: the size of the key less what OAEP takes. */
			"size=$((%d - 2 - 2 * %d)); head -c $size /dev/urandom > secret; "
			"open62541-judge --channel %s peer.der peer.key %s.der message signature "
			"secret encrypted; "
			"keystorectl decrypt %s --hash %s --in encrypted --out opened; "
			"cmp secret opened",
			key, policies[policy].padding, i % COUNT_OF(keys) ? 384 : 256,
			strcmp(policies[policy].oaep, "sha1") == 0 ? 20 : 32, policies[policy].name,
			key, key, policies[policy].oaep));
	}
	fixture_free(fixture);
}
