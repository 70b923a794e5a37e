/*
 * What XCA makes comes in, and what goes out XCA takes in (requirement A21). XCA makes certificates
 * by hand only: xca/ has some, and says how they were made. Where XCA itself is needed and is not
 * installed a test is skipped, since its libraries take some hundred megabytes.
 */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "fixture.h"

#define XCA_DIR KEYSTORE_SOURCE_DIR "/tests/interop/xca"

/* Before each script; "set -e" lets a "! command" that succeeds pass. */
#define SHELL                                                                                      \
	"set -e; fails() { if \"$@\"; then exit 1; fi; }; made=" XCA_DIR                           \
	"; printf sesame > pw; export HOME=$PWD; "                                                 \
	"xca() { command xca --no-gui --database=$PWD/$db.xdb --password=pass:sesame \"$@\"; }; "  \
	"database() { db=$1; sqlite3 $db.xdb < $made/ca.sql; }; "                                  \
	"ask() { sqlite3 $db.xdb \"$@\"; }; "                                                      \
	"id_of() { keystorectl cert list | awk -v name=\"$1\" '$0 ~ name { print $1; exit }'; }; "

static void ok(struct fixture *fixture, const char *commands)
{
	free(fixture_sh_ok(fixture, SHELL "%s", commands));
}

static struct fixture *with_xca(void)
{
	if (system("command -v xca > /dev/null") != 0)
		cr_skip_test("there is no xca here: apt-get install --no-install-recommends xca");
	return fixture_new(NULL);
}

Test(xca, certificates_it_made_come_in_in_every_form)
{
	struct fixture *fixture = fixture_new(NULL);

	ok(fixture, "keystorectl cert import $made/server.p7b --kind trusted > out; "
		    "keystorectl cert export 1 --format chain > chain; "
		    "test $(grep -c BEGIN chain) = 2; "
		    "keystorectl cert export 1 --format der | cmp - $made/server.cer; "
		    "keystorectl cert export 2 | openssl x509 | cmp - $made/ca.crt; "
		    "keystorectl cert delete 1 > /dev/null; "
		    "keystorectl cert import $made/server.cer > out; "
		    "grep -q 'XCA CA (certificate 2)' out; grep -q 23943E954C35ADDB out; "
		    "keystorectl cert import $made/client.crt > out; grep -q 'CN=panel-7' out");
	fixture_free(fixture);
}

Test(xca, files_it_made_put_their_key_into_the_tpm)
{
	struct fixture *fixture = fixture_new(NULL);

	ok(fixture,
	   "openssl x509 -inform DER -in $made/server.cer -noout -pubkey > leaf.pub; "
	   "for file in server.pfx server.pem; do "
	   "keystorectl cert import $made/$file --kind device --profile web-server --key $file "
	   "--password-file pw > out; id=$(sed -n 's/^id *//p' out | head -1); "
	   "keystorectl --json key show $file | grep -q '\"imported\"'; "
	   "keystorectl key allow $file --uid $(id -u) --operations sign > /dev/null; "
	   "echo order > m; keystorectl sign $file --in m --out s; "
	   "openssl dgst -sha256 -verify leaf.pub -signature s m; "
	   "keystorectl cert delete $id > /dev/null; "
	   "keystorectl key delete $file > /dev/null; done; "
	   "printf wrong > pw; "
	   "fails keystorectl cert import $made/server.pfx --key k --password-file pw");
	fixture_free(fixture);
}

Test(xca, its_ca_goes_on_issuing_here)
{
	struct fixture *fixture = fixture_new(NULL);

	ok(fixture, "keystorectl mode set project > /dev/null; "
		    "keystorectl cert import $made/ca.pfx --key xca-ca --password-file pw > out; "
		    "ca=$(sed -n 's/^id *//p' out); keystorectl ca list | grep -q 'XCA CA'; "
		    /* XCA's request, and a certificate with a key of the TPM. */
		    "keystorectl ca sign $made/request.pem --issuer $ca --profile opcua-client "
		    "--days 30 --out scada.pem > /dev/null; "
		    "openssl x509 -in scada.pem -noout -ext subjectAltName > names; "
		    "grep -q 'URI:urn:plant-north:scada, DNS:scada.example' names; "
		    "openssl req -in $made/request.pem -noout -pubkey > asked; "
		    "openssl x509 -in scada.pem -noout -pubkey | cmp - asked; "
		    "keystorectl cert create --profile web-server --issuer $ca --new-key web "
		    "--algorithm ec-p256 --subject CN=web --san DNS:web > out; "
		    "keystorectl cert export $(id_of web-server) > web.pem; "
		    "keystorectl crl export $ca > crl.pem; "
		    "openssl verify -x509_strict -crl_check -CRLfile crl.pem -CAfile $made/ca.crt "
		    "scada.pem web.pem $made/plc-2.crt");
	fixture_free(fixture);
}

/* What XCA was given is the request of the key in server.pfx, made as here. */
Test(xca, its_answer_to_a_request_is_taken_in)
{
	struct fixture *fixture = fixture_new(NULL);

	ok(fixture,
	   "keystorectl cert import $made/server.pfx --key web --password-file pw > /dev/null; "
	   "keystorectl cert request --profile web-server --key web --subject "
	   "'O=Plant North,CN=plc-2' --san DNS:plc-2.example,IP:192.0.2.12 --out plc-2.csr "
	   "> /dev/null; openssl req -in plc-2.csr -noout -pubkey > asked; "
	   "openssl x509 -in $made/plc-2.crt -noout -pubkey | cmp - asked; "
	   "id=$(id_of requested); keystorectl cert replace $id $made/plc-2.crt > out; "
	   "grep -q active out; grep -q 'issuer.*XCA CA (certificate' out; "
	   "keystorectl cert export $id --format chain > chain.pem; "
	   "openssl verify -x509_strict -CAfile $made/ca.crt -verify_hostname plc-2.example "
	   "chain.pem; "
	   /* It is no other request's. */
	   "keystorectl cert request --profile web-server --new-key other --algorithm ec-p256 "
	   "--subject CN=other --san DNS:other > /dev/null; "
	   "fails keystorectl cert replace $(id_of requested) $made/plc-2.crt");
	fixture_free(fixture);
}

Test(xca, its_crl_says_whom_not_to_trust)
{
	struct fixture *fixture = with_xca();

	ok(fixture, "database xca; xca --issuers | grep -q 'XCA CA'; "
		    "xca --crlgen='XCA CA' --pem > crl.pem; "
		    "openssl crl -in crl.pem -noout -CAfile $made/ca.crt; "
		    "keystorectl trust add https $made/ca.crt > /dev/null; "
		    "fails keystorectl validate https $made/server.cer > out; "
		    "keystorectl trust add https crl.pem > /dev/null; "
		    "keystorectl validate https $made/server.cer > out; grep -q accepted out; "
		    "keystorectl validate https $made/client.crt > out || test $? = 11; "
		    "grep -q 'revoked by.*XCA CA.*key compromise' out; "
		    "keystorectl trust list https | grep -q 'CRL, 1 revoked'");
	fixture_free(fixture);
}

/* XCA 2.4 of Debian 12 crashes on PKCS #7 in PEM, whoever made it: in DER only. */
Test(xca, takes_in_certificates_chains_crls_and_requests)
{
	struct fixture *fixture = with_xca();

	ok(fixture,
	   "keystorectl project init > /dev/null; "
	   "keystorectl cert create --profile ca --issuer 2 --new-key cell --algorithm rsa-2048 "
	   "--subject 'CN=Cell CA' > /dev/null; "
	   "keystorectl cert create --profile opcua-server --issuer 3 --new-key plc --algorithm "
	   "rsa-2048 --subject 'CN=plc,O=Plant' --san URI:urn:plant:plc,DNS:plc > /dev/null; "
	   "keystorectl cert create --profile tls-client --issuer 3 --new-key panel --algorithm "
	   "ec-p384 --subject CN=panel > /dev/null; keystorectl cert revoke 5 > /dev/null; "
	   "for id in 2 3 4; do keystorectl cert export $id --out $id.pem; "
	   "keystorectl cert export $id --format der > $id.der; done; "
	   "for form in chain p7b; do "
	   "keystorectl cert export 4 --format $form > 4.$form; done; "
	   "keystorectl cert export 4 --format p12 --password-file pw > closed.p12; "
	   "serial() { openssl x509 -in $1.pem -noout -serial | cut -d= -f2; }; "
	   "as_made() { for id in 2 3 4; do ask \"select cert from certs where serial = "
	   "'$(serial $id)'\" | openssl base64 -d -A | cmp - $id.der; done; "
	   "test $(ask \"select i.serial from certs c join certs i on i.item = c.issuer where "
	   "c.serial = '$(serial 4)'\") = $(serial 3); "
	   "test $(ask \"select i.serial from certs c join certs i on i.item = c.issuer where "
	   "c.serial = '$(serial 3)'\") = $(serial 2); "
	   "test $(ask \"select sum(ca) from certs where serial in ('$(serial 2)', "
	   "'$(serial 3)', '$(serial 4)')\") = 2; }; "
	   "for form in chain p7b; do database $form; "
	   "xca --import --print 4.$form > out; grep -q \"$(serial 4)\" out; as_made; done; "
	   "database der; xca --import 4.der 2.der 3.der > out; as_made; "
	   "database closed; timeout 60 python3 $made/terminal.py sesame $(command -v xca) "
	   "--no-gui "
	   "--database=$PWD/closed.xdb --password=pass:sesame --import closed.p12 < /dev/null; "
	   "as_made; "
	   /* The CRL finds its CA, and is printed as it was. */
	   "keystorectl crl export 3 > crl.pem; openssl crl -in crl.pem -outform DER -out "
	   "crl.der; xca --import --pem crl.pem | openssl crl -outform DER | cmp - crl.der; "
	   "test $(ask \"select i.serial from crls l join certs i on i.item = l.issuer\") = "
	   "$(serial 3); test $(ask 'select num from crls') = 1; "
	   "xca --text crl.pem | grep -q \"Serial Number: "
	   "$(keystorectl --json cert show 5 | sed 's/.*\"serial\": "
	   "*\"\\([0-9A-F]*\\)\".*/\\1/')\"; "
	   "keystorectl cert request --profile tls-client --new-key asked --algorithm ec-p256 "
	   "--subject CN=asked --san DNS:asked.example --out asked.csr > /dev/null; "
	   "xca --import --print asked.csr | sed 's/\\x1b[^m]*m//g' > out; "
	   "grep -q 'Verify Ok: *Yes' out; grep -q 'DNS:asked.example' out; "
	   "openssl req -in asked.csr -outform DER -out asked.der; "
	   "ask \"select request from requests join items on id = item where name = 'asked'\" | "
	   "openssl base64 -d -A | cmp - asked.der");
	fixture_free(fixture);
}
