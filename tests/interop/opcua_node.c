/*
 * keystore-opcua as node-opcua sees it, another maker's client with other cryptography (OpenSSL of
 * Node.js). What each test does is in node/opcua_*.js.
 */
#include <criterion/criterion.h>
#include <signal.h>

#include "opcua_site.h"

#define NODE_DIR KEYSTORE_SOURCE_DIR "/tests/interop/node"
#define PACKAGES KEYSTORE_SOURCE_DIR "/build/node"
#define NODE                                                                                       \
	KEYSTORE_SOURCE_DIR "/tests/support/npm_install.sh " NODE_DIR " " PACKAGES "; export "     \
			    "OPCUA_URL=opc.tcp://localhost:$PORT NODE_PATH=" PACKAGES              \
			    "/node_modules OPCUA_PASSWORD='" OPCUA_SITE_PASSWORD "'; "             \
			    "run() { script=$1; shift; node $OPTIONS "                             \
			    "" NODE_DIR "/$script.js \"$@\" 2> node.err || "                       \
			    "{ cat node.err >&2; exit 1; }; }; "

TestSuite(opcua_node, .timeout = 300);

static void run_with(const char *keystored, const char *settings, const char *script)
{
	struct opcua_site site = opcua_site_new(&(struct fixture_options){.config = keystored});
	int code;

	opcua_site_start(&site, "%s", settings);
	free(OPCUA_SITE(&site, NODE "%s", script));
	code = opcua_site_end(&site, SIGTERM);
	if (code != 0)
		free(OPCUA_SITE(&site, "cat opcua.log >&2"));
	cr_expect_eq(code, 0);
	opcua_site_free(&site);
}

static void run(const char *settings, const char *script)
{
	run_with(NULL, settings, script);
}

Test(opcua_node, logs_in_by_each_policy_and_mode)
{
	run("Endpoints = None Basic256Sha256:Sign Basic256Sha256:SignAndEncrypt "
	    "Aes128_Sha256_RsaOaep:Sign Aes128_Sha256_RsaOaep:SignAndEncrypt "
	    "Aes256_Sha256_RsaPss:Sign Aes256_Sha256_RsaPss:SignAndEncrypt",
	    "run opcua_policies None:None Basic256Sha256:Sign Basic256Sha256:SignAndEncrypt "
	    "Aes128_Sha256_RsaOaep:Sign Aes128_Sha256_RsaOaep:SignAndEncrypt "
	    "Aes256_Sha256_RsaPss:Sign Aes256_Sha256_RsaPss:SignAndEncrypt");
}

Test(opcua_node, logs_in_by_a_deprecated_policy_where_it_is_on)
{
	run_with("[access]\nallow-sha1-signatures = yes\n",
		 "Endpoints = Basic256:Sign Basic256:SignAndEncrypt",
		 "run opcua_policies Basic256:Sign Basic256:SignAndEncrypt");
}

#define REVERT "OPTIONS=--security-revert=CVE-2023-46809; "

/* Node.js has its padding off, too. */
Test(opcua_node, logs_in_by_basic128rsa15_where_keystored_allows_all_that_it_needs)
{
	run_with("[access]\nallow-sha1-signatures = yes\nallow-pkcs1-decryption = yes\n",
		 "Endpoints = Basic128Rsa15:Sign Basic128Rsa15:SignAndEncrypt",
		 REVERT "run opcua_policies Basic128Rsa15:Sign Basic128Rsa15:SignAndEncrypt");
}

/* certify NAME CN: a user's certificate of the project's CA, and its key. */
#define CERTIFY                                                                                    \
	"certify() { openssl req -new -newkey rsa:2048 -noenc -keyout $1.key -subj "               \
	"/CN=$2/O=Plant "                                                                          \
	"-out $1.csr 2> /dev/null; keystorectl ca sign $1.csr --issuer 1 --profile tls-client "    \
	"--out $1.pem > /dev/null; }; "

Test(opcua_node, lets_users_in_by_password_by_certificate_or_as_anybody)
{
	run("Endpoints = None Basic256Sha256:SignAndEncrypt\nAnonymous = TRUE\n"
	    "AnonymousRights = read-diagnostics",
	    CERTIFY
	    "certify user operator; certify other somebody; certify nobody-trusts operator; "
	    "for name in user other; do keystorectl trust add opcua-user $name.pem > "
	    "/dev/null; done; "
	    "run opcua_tokens Basic256Sha256:SignAndEncrypt; run opcua_tokens None:None");
}

Test(opcua_node, loses_no_notification_while_the_server_takes_other_certificates)
{
	run("", "run opcua_under_way 'shown:keystorectl cert renew 3 > /dev/null' "
		"'shown:keystorectl cert renew 3 --rekey > /dev/null' "
		"'shown:keystorectl cert renew 3 --rekey > /dev/null'");
}

Test(opcua_node, loses_no_notification_while_trust_changes)
{
	run("", "keystorectl cert create --profile ca --new-key other-ca --algorithm rsa-2048 "
		"--self-signed "
		"--subject CN=Other > /dev/null; keystorectl cert export 5 > other.pem; "
		"run opcua_under_way 'keystorectl trust add opcua other.pem > /dev/null' "
		"'keystorectl crl renew 1 > /dev/null' "
		"'keystorectl trust add opcua client.pem > /dev/null'");
}

Test(opcua_node, is_turned_away_at_its_next_renewal_once_it_is_revoked_and_not_before)
{
	run("", "id=$(keystorectl cert list --json | python3 -c 'import json, sys; "
		"print([c[\"id\"] for c in json.load(sys.stdin)[\"certs\"] if "
		"c[\"common_name\"] == \"client\"][0])'); "
		"run opcua_revoked \"keystorectl cert revoke $id > /dev/null\"");
}

/* client NAME OPTION...: another client's key, and its certificate as ca sign makes it. */
#define CLIENT                                                                                     \
	"client() { name=$1; shift; openssl req -new -newkey rsa:2048 -noenc -keyout $name.key "   \
	"-subj /CN=$name/O=Plant -addext subjectAltName=URI:urn:plant:$name,DNS:$name.plant "      \
	"-out $name.csr 2> /dev/null; keystorectl ca sign $name.csr --out $name.pem \"$@\" "       \
	"> /dev/null; }; "                                                                         \
	"says() { grep -qF \"$1\" opcua.log || { cat opcua.log >&2; exit 1; }; }; "

/* own NAME BITS BEGIN END: a certificate that signs itself. */
#define OWN                                                                                        \
	"printf '%s\\n' '[ca]' default_ca=d '[d]' database=own.db serial=own.sn new_certs_dir=. "  \
	"default_md=sha256 policy=p unique_subject=no '[p]' commonName=supplied "                  \
	"organizationName=optional '[v]' basicConstraints=critical,CA:FALSE "                      \
	"keyUsage=critical,digitalSignature,nonRepudiation,keyEncipherment,dataEncipherment,"      \
	"keyCertSign extendedKeyUsage=clientAuth 'subjectAltName=${ENV::SAN}' "                    \
	"subjectKeyIdentifier=hash authorityKeyIdentifier=keyid:always > own.cnf; : > own.db; "    \
	"echo 1000 > own.sn; "                                                                     \
	"own() { openssl req -new -newkey rsa:$2 -noenc -keyout $1.key -subj /CN=$1/O=Plant -out " \
	"$1.csr 2> /dev/null; SAN=URI:urn:plant:$1,DNS:$1.plant openssl ca -config own.cnf "       \
	"-batch "                                                                                  \
	"-selfsign -keyfile $1.key -in $1.csr -out $1.pem -notext -extensions v -startdate $3 "    \
	"-enddate $4 2> openssl.err || { cat openssl.err >&2; exit 1; }; }; "

Test(opcua_node, is_told_little_of_what_is_wrong_with_its_certificate_and_the_log_all)
{
	run("", CLIENT OWN
	    "own old 2048 20200101000000Z 20210101000000Z; "
	    "own early 2048 20400101000000Z 20410101000000Z; "
	    "own weak 1024 20260101000000Z 20360101000000Z; "
	    "own alien 2048 20260101000000Z 20360101000000Z; "
	    "for name in old early weak; do keystorectl trust add opcua $name.pem >&2; done; "
	    "client revoked --issuer 1 --profile opcua-client; "
	    "keystorectl cert revoke $(keystorectl cert list --json | python3 -c 'import json, "
	    "sys; "
	    "print([c[\"id\"] for c in json.load(sys.stdin)[\"certs\"] if "
	    "c[\"common_name\"] == \"revoked\"][0])') > /dev/null; "
	    "keystorectl cert create --profile ca --issuer 1 --new-key cell --algorithm rsa-2048 "
	    "--subject 'CN=Cell CA' --json > made; "
	    "cell=$(python3 -c 'import json; print(json.load(open(\"made\"))[\"id\"])'); "
	    "client below --issuer $cell --profile opcua-client; "
	    "client server --issuer 1 --profile web-server; "
	    "run opcua_certificates old:urn:plant:old:BadCertificateTimeInvalid "
	    "early:urn:plant:early:BadCertificateTimeInvalid "
	    "weak:urn:plant:weak:BadCertificatePolicyCheckFailed "
	    "alien:urn:plant:alien:BadSecurityChecksFailed "
	    "revoked:urn:plant:revoked:BadSecurityChecksFailed "
	    "below:urn:plant:below:BadSecurityChecksFailed "
	    "server:urn:plant:server:BadCertificateUseNotAllowed "
	    "client:urn:plant:somebody-else:BadCertificateUriInvalid; "
	    "says 'expired on 2021-01-01'; says 'is not valid before 2040-01-01'; "
	    "says 'RSA of 2048 to 8192 bits'; says 'the chain ends at \"CN=alien,O=Plant\"'; "
	    "says '\"CN=revoked,O=Plant\" was revoked by'; "
	    "says 'which issued \"CN=below,O=Plant\", is missing'; "
	    "says 'its key usage or extended key usage says otherwise'");
}

#define GDS ". " NODE_DIR "/gds.sh; gds_new; "
#define WEB                                                                                        \
	"{ keystorectl cert create --profile web-server --issuer 1 --new-key web --algorithm "     \
	"rsa-2048 --subject CN=gateway,O=Plant --san DNS:localhost,IP:127.0.0.1; "                 \
	"keystorectl service create web-server --kind web-server --cert 5 --uid $(id -u); } "      \
	"> /dev/null; "

Test(opcua_node, pushes_certificates_in_three_scenarios_under_a_subscription)
{
	run("", GDS WEB "run opcua_push >&2");
}

Test(opcua_node, has_the_status_of_each_row_of_the_standard)
{
	run("Endpoints = None Basic256Sha256:Sign Basic256Sha256:SignAndEncrypt\n"
	    "MaxTrustListSize = 65536",
	    GDS
	    "keystorectl service create web-server --kind web-server --uid $(id -u) > /dev/null; "
	    "run opcua_push_status >&2");
}
