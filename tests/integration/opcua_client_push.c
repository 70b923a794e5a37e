/* keystore-opcua-client and keystore-opcua: what one asks, the other answers. */
#include <criterion/criterion.h>

#include <signal.h>
#include <string.h>

#include "opcua_site.h"

#define CLIENT_SHELL                                                                               \
	"set -x; export KEYSTORE_OPCUA_URL=opc.tcp://localhost:$PORT; "                            \
	"ends() { want=$1; shift; if \"$@\"; then exit 1; else test $? = $want; fi || { cat said " \
	">&2; exit 1; }; }; "                                                                      \
	"ua() { keystore-opcua-client \"$@\"; }; "                                                 \
	"as_admin() { ua \"$@\" --user admin --password-file pw; }; "

#define CLIENT(site, script) free(OPCUA_SITE(site, CLIENT_SHELL script))

/* A client's certificate by the same CA, beside the server's, in one keystored. */
static struct opcua_site site_new_with(const char *keystored, const char *settings)
{
	struct opcua_site site = opcua_site_new(&(struct fixture_options){.config = keystored});

	opcua_site_start(&site, "%s", settings);
	CLIENT(&site,
	       "keystorectl cert create --profile opcua-client --issuer 1 --new-key ua-client "
	       "--algorithm rsa-2048 --subject CN=manager,O=Plant --san "
	       "URI:urn:plant:manager,DNS:localhost > made; id=$(awk '$1 == \"id\" { print $2 }' "
	       "made); "
	       "keystorectl service create opcua-client --kind opcua-client --cert $id --group "
	       "opcua --uid $(id -u)");
	return site;
}

static struct opcua_site site_new(const char *settings)
{
	return site_new_with(NULL, settings);
}

TestSuite(opcua_client_push, .timeout = 240);

Test(opcua_client_push, reads_the_inventory_by_every_policy_and_login)
{
	struct opcua_site site = site_new(
		"Endpoints = None Basic256Sha256:Sign Basic256Sha256:SignAndEncrypt "
		"Aes128_Sha256_RsaOaep:SignAndEncrypt Aes256_Sha256_RsaPss:Sign "
		"Aes256_Sha256_RsaPss:SignAndEncrypt\nAnonymous = TRUE\nAnonymousRights = view");

	CLIENT(&site,
	       "ua endpoints > list; test $(grep -c Sign list) -ge 5; "
	       "for policy in Basic256Sha256 Aes128_Sha256_RsaOaep Aes256_Sha256_RsaPss; do "
	       "ua --policy $policy read i=2259; "
	       "ua --policy $policy --user operator --password-file pw read i=2259; done; "
	       "ua --policy Basic256Sha256 --mode Sign --user operator --password-file pw "
	       "read i=2259; "
	       "ua --policy None read i=2259; "
	       "as_admin browse --depth 4 > tree; cat tree >&2; grep -q DaysLeft tree; "
	       "echo wrong > wrong; ends 4 ua --user operator --password-file wrong read i=2259 "
	       "2> said; grep -q 'BadIdentityTokenRejected\\|BadUserAccessDenied' said; "
	       "ends 4 ua --user nobody --password-file pw read i=2259");
	opcua_site_free(&site);
}

#define OLD                                                                                        \
	"Endpoints = Basic256:Sign Basic256:SignAndEncrypt Basic128Rsa15:Sign "                    \
	"Basic128Rsa15:SignAndEncrypt"

Test(opcua_client_push, speaks_old_policies_where_keystored_allows_them)
{
	struct opcua_site site = site_new_with(
		"[access]\nallow-sha1-signatures = yes\nallow-pkcs1-decryption = yes\n", OLD);

	CLIENT(&site,
	       "for policy in Basic256 Basic128Rsa15; do for mode in Sign SignAndEncrypt; do "
	       "ua --policy $policy --mode $mode --user operator --password-file pw read i=2259; "
	       "done; done");
	opcua_site_free(&site);
	site = site_new(OLD);
	CLIENT(&site, "for policy in Basic256 Basic128Rsa15; do "
		      "fails ua --policy $policy --user operator --password-file pw read i=2259 2> "
		      "said; cat said >&2; grep -q allow-sha1-signatures said; done");
	opcua_site_free(&site);
}

Test(opcua_client_push, manages_certificates_of_the_server)
{
	struct opcua_site site = site_new("HttpsService = none");

	CLIENT(&site,
	       "as_admin push status > status; grep -q '^transactions *true' status; "
	       "grep -q '^application *rsa-sha256' status; "
	       "as_admin push certificates --out certs | grep -q 'CN=gateway'; "
	       "test -s certs/rsa-sha256.der; "
	       /* By a CA elsewhere. */
	       "openssl req -x509 -newkey rsa:2048 -noenc -keyout far-ca.key -subj /CN=far-ca "
	       "-addext "
	       "keyUsage=critical,keyCertSign,cRLSign -out far-ca.pem 2> /dev/null; "
	       "printf "
	       "'basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature,nonRepudiation,"
	       "keyEncipherment,dataEncipherment\nextendedKeyUsage=serverAuth,clientAuth\n"
	       "authorityKeyIdentifier=keyid:always\nsubjectKeyIdentifier=hash\nsubjectAltName="
	       "URI:" OPCUA_SITE_URI ",DNS:localhost\n' > ext; "
	       "sign() { openssl x509 -req -in $1.csr -CA far-ca.pem -CAkey far-ca.key -days 90 "
	       "-extfile ext -out $1.pem 2> /dev/null; }; "
	       "keystorectl trust add opcua far-ca.pem; keystorectl group set opcua --crls "
	       "where-known; "
	       /* The same key, another one, and one that was made elsewhere. */
	       "as_admin push csr --out same.csr; sign same; as_admin push update same.pem "
	       "far-ca.pem "
	       "| grep -q 'is in force'; "
	       "as_admin push csr --new-key --subject CN=gateway-2,O=Plant --json | "
	       "grep -q 'BEGIN CERTIFICATE REQUEST'; "
	       "as_admin push csr --new-key --out new.csr; "
	       "openssl req -in new.csr -noout -verify 2> /dev/null; sign new; "
	       "as_admin push update new.pem far-ca.pem --json | grep -q '{\"applied\":true}'; "
	       "as_admin read i=2259; "
	       "openssl req -new -newkey rsa:2048 -keyout far.key -passout pass:secret -subj "
	       "/CN=gateway/O=Plant -out far.csr 2> /dev/null; echo secret > far.pw; sign far; "
	       "ends 2 as_admin push update far.pem far-ca.pem --key far.key 2> said; "
	       "grep -q 'key-password-file' said; "
	       "as_admin push update far.pem far-ca.pem --key far.key --key-password-file far.pw; "
	       "as_admin push certificates --json | grep -q '\"type\":\"rsa-sha256\"'; "
	       "as_admin read i=2259");
	opcua_site_free(&site);
}

Test(opcua_client_push, manages_whom_the_server_trusts)
{
	/* Its web server is not there, and has refused nobody. */
	struct opcua_site site = site_new("");

	CLIENT(&site,
	       "as_admin push trust get | grep -q '^trusted-certs *CN='; "
	       "openssl req -x509 -newkey rsa:2048 -noenc -keyout other.key -subj /CN=other "
	       "-addext "
	       "keyUsage=critical,keyCertSign,cRLSign -out other.pem 2> /dev/null; "
	       "as_admin push trust add other.pem --list issuers | grep -q 'is in force'; "
	       "as_admin push trust get | grep -q '^issuer-certs *CN=other'; "
	       "as_admin push trust get lists; test $(ls lists/issuer/certs | wc -l) = 1; "
	       "ends 7 as_admin push trust get lists 2> said; grep -q 'has files already' said; "
	       "as_admin push trust remove other.pem; ends 3 as_admin push trust remove other.pem; "
	       "as_admin push trust set lists; as_admin push trust get | grep -q CN=other; "
	       "as_admin push trust set --list issuers other.pem; "
	       "fp=$(as_admin push trust get | awk '/CN=other/ { print $NF }'); "
	       "as_admin push trust remove $fp; "
	       "as_admin push rejected > /dev/null; "
	       /* It would lock the manager out. */
	       "if as_admin push trust set other.pem 2> said; then exit 1; fi; cat said >&2; "
	       "as_admin read i=2259");
	opcua_site_free(&site);
}

Test(opcua_client_push, says_why_it_may_not)
{
	struct opcua_site site = site_new("HttpsService = none\nEndpoints = Basic256Sha256:Sign "
					  "Basic256Sha256:SignAndEncrypt");

	CLIENT(&site, "ends 4 ua push certificates --user operator --password-file pw 2> said; "
		      "grep -q 'BadUserAccessDenied' said; "
		      "ends 11 as_admin push csr --mode Sign 2> said; "
		      "grep -q 'BadSecurityModeInsufficient.*--mode SignAndEncrypt' said; "
		      "ends 7 as_admin push apply 2> said; grep -q BadNothingToDo said; "
		      "ends 2 as_admin push csr --group nothing; "
		      "ends 1 as_admin push update none.pem 2> said; "
		      "as_admin push csr --out x.csr; "
		      "if as_admin push update client.pem 2> said; then exit 1; fi; "
		      "grep -q 'BadCertificateInvalid\\|BadSecurityChecksFailed' said; "
		      "as_admin read i=2259");
	opcua_site_free(&site);
}

Test(opcua_client_push, goes_on_watching_while_the_certificate_changes)
{
	struct opcua_site site = site_new("HttpsService = none");

	CLIENT(&site,
	       "keystore-opcua-client subscribe i=2258 --interval 0.1 --user admin --password-file "
	       "pw "
	       "> changes 2> told < /dev/null & echo $! > pid; until test -s changes; do :; done; "
	       "keystorectl cert renew 3 --rekey > /dev/null; "
	       "until grep -q 'serving with certificate 3, version 2' opcua.log; do :; done; "
	       ": > changes; until test $(wc -l < changes) -ge 3; do :; done; test ! -s told; "
	       "kill -TERM $(cat pid); while kill -0 $(cat pid) 2> /dev/null; do :; done; "
	       "as_admin read i=2259");
	opcua_site_free(&site);
}

Test(opcua_client_push, takes_nobody_for_who_asked_before_him)
{
	struct opcua_site site = site_new("HttpsService = none");

	/* Whose requests come in between has the right. */
	CLIENT(&site,
	       "keystore-opcua-client subscribe i=2258 --interval 0.1 --user admin --password-file "
	       "pw "
	       "> changes 2> told < /dev/null & echo $! > pid; until test -s changes; do :; done; "
	       "for i in 1 2 3 4 5; do "
	       "ends 4 ua push cancel --user operator --password-file pw 2> said; done; "
	       "ends 7 as_admin push cancel 2> said; grep -q BadNothingToDo said; "
	       "kill -TERM $(cat pid); while kill -0 $(cat pid) 2> /dev/null; do :; done");
	opcua_site_free(&site);
}
