/*
 * OPC UA certificates of the service as node-opcua judges them: by its own parser and its own
 * check with trusted certificates, issuers and CRLs. It knows RSA with PKCS #1 only, and wants a
 * certificate's direct issuer trusted.
 */
#include <criterion/criterion.h>

#include <stdlib.h>

#include "fixture.h"
#include "opcua_project.h"

#define NODE_DIR KEYSTORE_SOURCE_DIR "/tests/interop/node"
#define PACKAGES KEYSTORE_SOURCE_DIR "/build/node"
#define INSTALL	 KEYSTORE_SOURCE_DIR "/tests/support/npm_install.sh " NODE_DIR " " PACKAGES
#define JUDGE	 "NODE_PATH=" PACKAGES "/node_modules node " NODE_DIR "/judge.js"

static const struct opcua_issue issues[] = {
	{"self", "--self-signed --key rsa", NULL},
	{"self-sha512", "--self-signed --key rsa --hash sha512", NULL},
	{"ca", "--issuer 1 --key rsa", "trusted:ca1.der crl:crl1.der"},
	{"ca-sha384", "--issuer 1 --key rsa --hash sha384", "trusted:ca1.der crl:crl1.der"},
	{"cell", "--issuer 3 --key rsa",
	 "trusted:ca3.der issuer:ca1.der crl:crl1.der crl:crl3.der"},
};

Test(node_opcua, accepts_certificates_of_every_opcua_profile_and_issuer)
{
	struct fixture *fixture = opcua_project_new(INSTALL);
	struct opcua_plan plan = {0};

	opcua_plan_issues(fixture, issues, COUNT_OF(issues), &plan);
	opcua_plan_judge(fixture, &plan, JUDGE);
	fixture_free(fixture);
}

Test(node_opcua, refuses_certificates_that_are_revoked_not_trusted_or_not_valid)
{
	static const char *const lines[] = {
		"Good leaf.der trusted:ca1.der crl:crl1.der uri:urn:plant:plc-1",
		"BadCertificateRevoked leaf.der trusted:ca1.der crl:new1.der",
		/* One CA's list says nothing of another's certificates. */
		"BadCertificateRevocationUnknown leaf.der trusted:ca1.der trusted:ca3.der "
		"crl:crl3.der",
		"BadCertificateUntrusted leaf.der trusted:ca3.der issuer:ca1.der crl:crl1.der",
		"BadCertificateChainIncomplete leaf.der trusted:ca3.der crl:crl3.der",
		"BadSecurityChecksFailed spoiled.der trusted:ca1.der crl:crl1.der",
		"BadCertificateUntrusted self.der trusted:ca1.der crl:crl1.der",
		"Good below.der trusted:ca3.der issuer:ca1.der crl:new1.der crl:crl3.der "
		"uri:urn:plant:plc-1",
		/* Its issuer is revoked. */
		"BadSecurityChecksFailed below.der trusted:ca3.der issuer:ca1.der crl:newer1.der "
		"crl:crl3.der",
	};
	struct fixture *fixture = opcua_project_new(
		INSTALL "; make leaf --profile opcua-server --issuer 1 --key rsa; "
			"cp leaf.der leaf1.der; keystorectl cert revoke $id; "
			"keystorectl crl export 1 --format der --out new1.der; "
			"make self --profile opcua-server --self-signed --key rsa; "
			"make below --profile opcua-client --issuer 3 --key rsa; "
			"keystorectl cert revoke 3 --reason cACompromise; "
			"keystorectl crl export 1 --format der --out newer1.der; " OPCUA_SPOIL);
	struct opcua_plan plan = {0};

	for (size_t i = 0; i < COUNT_OF(lines); i++)
		opcua_plan_add(&plan, "%s", lines[i]);
	opcua_plan_judge(fixture, &plan, JUDGE);
	fixture_free(fixture);
}
