/*
 * Files that OpenSSL and GnuTLS make come in, and what goes out is what they read (requirements
 * A9, A10, A14, A21, A22). And files that are not what they should be: a clear error, and nothing
 * half-stored.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

/* "set -e" lets a "! command" that succeeds pass. */
#define SHELL "set -e; fails() { if \"$@\"; then exit 1; fi; }; "

#define MAKE_CA                                                                                    \
	"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 3000 -subj "   \
	"/CN=Outside -keyout ca.key -out ca.pem -addext basicConstraints=critical,CA:TRUE "        \
	"-addext "                                                                                 \
	"keyUsage=critical,keyCertSign,cRLSign 2> /dev/null; "
#define MAKE_LEAF                                                                                  \
	"openssl req -newkey rsa:2048 -noenc -subj /CN=plc-1/O=Plant -keyout leaf.key -out "       \
	"leaf.csr 2> /dev/null; printf 'basicConstraints=critical,CA:FALSE\\n"                     \
	"subjectKeyIdentifier=hash\\nauthorityKeyIdentifier=keyid\\nkeyUsage=critical,"            \
	"digitalSignature,keyEncipherment\\nextendedKeyUsage=serverAuth\\n"                        \
	"subjectAltName=DNS:plc-1.example\\n' > ext; openssl x509 -req -in leaf.csr -CA ca.pem "   \
	"-CAkey ca.key -days 300 -extfile ext -out leaf.pem 2> /dev/null; "

static void ok(struct fixture *fixture, const char *commands)
{
	free(fixture_sh_ok(fixture, SHELL "%s", commands));
}

/* Every step's certificate is removed again, so that the next form of it is new. */
#define ROUND(form)                                                                                \
	"keystorectl cert import " form " --kind trusted > out; id=$(sed -n 's/^id *//p' out); "   \
	"keystorectl cert export $id | openssl x509 -outform DER | cmp - leaf.der; "               \
	"keystorectl cert delete $id > /dev/null; "

Test(outside, certificates_come_in_in_every_form)
{
	struct fixture *fixture = fixture_new(NULL);

	ok(fixture, MAKE_CA MAKE_LEAF
	   "openssl x509 -in leaf.pem -outform DER -out leaf.der; "
	   "openssl x509 -in leaf.pem -text -out leaf.txt; "
	   "openssl crl2pkcs7 -nocrl -certfile leaf.pem -out leaf.p7b; "
	   "openssl crl2pkcs7 -nocrl -certfile leaf.pem -outform DER -out leaf.p7c; "
	   "certtool --p7-generate --load-certificate leaf.pem --load-privkey leaf.key "
	   "--infile /dev/null --outfile signed.p7 --p7-include-cert 2> /dev/null; " ROUND(
		   "leaf.pem") ROUND("leaf.der") ROUND("leaf.txt") ROUND("leaf.p7b")
		   ROUND("leaf.p7c") ROUND("signed.p7"));
	fixture_free(fixture);
}

Test(outside, a_bundle_is_linked_whatever_its_order)
{
	struct fixture *fixture = fixture_new(NULL);

	ok(fixture, MAKE_CA MAKE_LEAF
	   "cat leaf.pem ca.pem > bundle.pem; keystorectl --json cert import bundle.pem > j; "
	   "python3 -c \"import json; c = json.load(open('j'))['certs']; "
	   "assert [x['kind'] for x in c] == ['trusted', 'ca'], c; "
	   "assert c[0]['issuer_id'] == c[1]['id'] == c[1]['issuer_id'], c\"; "
	   "keystorectl cert export 1 --format chain > chain; test $(grep -c BEGIN chain) = 2; "
	   /* The issuer comes later than what it issued. */
	   "keystorectl cert delete 1 > /dev/null; keystorectl cert delete 2 > /dev/null; "
	   "keystorectl cert import leaf.pem > /dev/null; "
	   "keystorectl cert export 3 --format chain > chain; test $(grep -c BEGIN chain) = 1; "
	   "keystorectl cert import ca.pem > /dev/null; "
	   "keystorectl cert export 3 --format chain > chain; test $(grep -c BEGIN chain) = 2; "
	   "fails keystorectl cert import leaf.pem 2> err; grep -q 'certificate 3' err; "
	   "fails keystorectl cert import bundle.pem 2> err; grep -q 'already' err");
	fixture_free(fixture);
}

Test(outside, pkcs12_of_openssl_and_gnutls_puts_the_key_into_the_tpm)
{
	struct fixture *fixture = fixture_new(NULL);

	ok(fixture, MAKE_CA MAKE_LEAF
	   "printf sesame > pw; "
	   "openssl pkcs12 -export -in leaf.pem -inkey leaf.key -certfile ca.pem -passout file:pw "
	   "-out o.p12; "
	   "certtool --to-p12 --load-privkey leaf.key --load-certificate leaf.pem --p12-name plc "
	   "--password sesame --outder --outfile g.p12 2> /dev/null; "
	   "certtool --to-p12 --load-privkey leaf.key --load-certificate leaf.pem --p12-name plc "
	   "--password sesame --pkcs-cipher 3des-pkcs12 --outder --outfile d.p12 2> /dev/null; "
	   "cat leaf.key leaf.pem > plain.pem; "
	   "openssl pkcs8 -topk8 -in leaf.key -passout file:pw -out e.key; "
	   "cat leaf.pem e.key > encrypted.pem; "
	   "n=0; for f in o.p12 g.p12 d.p12 plain.pem encrypted.pem; do n=$((n + 1)); "
	   "keystorectl cert import $f --kind device --profile web-server --key key-$n "
	   "--password-file pw > out; id=$(sed -n 's/^id *//p' out | head -1); "
	   "grep -q imported out; keystorectl --json key show key-$n | grep -q '\"imported\"'; "
	   /* The key signs: with what it is a pair. */
	   "keystorectl key allow key-$n --uid $(id -u) --operations sign > /dev/null; "
	   "echo order > m; keystorectl sign key-$n --in m --out s; "
	   "openssl x509 -in leaf.pem -noout -pubkey > leaf.pub; "
	   "openssl dgst -sha256 -verify leaf.pub -signature s m; "
	   "keystorectl cert delete $id > /dev/null; "
	   "keystorectl key delete key-$n > /dev/null; done; "
	   /* Encrypted with what nobody should use any more. */
	   "openssl pkcs12 -export -legacy -in leaf.pem -inkey leaf.key -passout file:pw -out "
	   "l.p12; "
	   "fails keystorectl cert import l.p12 --key k --password-file pw 2> err; "
	   "grep -q 'legacy' err; keystorectl key list | grep -q k && exit 1; true");
	fixture_free(fixture);
}

Test(outside, what_is_exported_is_read_by_openssl_and_gnutls)
{
	struct fixture *fixture = fixture_new(NULL);

	ok(fixture,
	   "keystorectl project init > /dev/null; printf sesame > pw; "
	   "keystorectl cert create --profile web-server --issuer 2 --new-key web --algorithm "
	   "ec-p256 --subject CN=web --san DNS:web > /dev/null; "
	   "keystorectl cert export 3 > 3.pem; keystorectl cert export 2 > 2.pem; "
	   "openssl x509 -in 3.pem -outform DER -out 3.der; "
	   "keystorectl cert export 3 --format der | cmp - 3.der; "
	   "keystorectl cert export 3 --format p7b | openssl pkcs7 -inform DER -print_certs > a; "
	   "test $(grep -c BEGIN a) = 2; keystorectl cert export 3 --format p7b-pem > b.p7b; "
	   "openssl pkcs7 -in b.p7b -print_certs | cmp - a; "
	   "certtool --p7-info --infile b.p7b > g; test $(grep -c BEGIN g) -ge 2; "
	   "keystorectl cert export 3 --format p12 > open.p12; "
	   "openssl pkcs12 -in open.p12 -passin pass: -nokeys > a; test $(grep -c BEGIN a) = 2; "
	   "certtool --p12-info --inder --infile open.p12 --null-password > g 2>&1 || "
	   "certtool --p12-info --inder --infile open.p12 --password '' > g; "
	   "test $(grep -c 'BEGIN CERT' g) = 2; "
	   "keystorectl cert export 3 --format p12 --password-file pw > closed.p12; "
	   "openssl pkcs12 -in closed.p12 -passin file:pw > a; test $(grep -c BEGIN a) = 2; "
	   "fails openssl pkcs12 -in closed.p12 -passin pass:wrong -nokeys > a 2>&1; "
	   "certtool --p12-info --inder --infile closed.p12 --password sesame > g; "
	   "test $(grep -c 'BEGIN CERT' g) = 2; "
	   "fails keystorectl cert export 3 --private 2> err; grep -q 'do not leave the TPM' err");
	fixture_free(fixture);
}

Test(outside, requests_of_openssl_and_gnutls_are_signed_by_a_ca_here)
{
	struct fixture *fixture = fixture_new(NULL);

	ok(fixture,
	   "keystorectl project init > /dev/null; keystorectl cert export 2 > root.pem; "
	   "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-384 -noenc -subj "
	   "/CN=client/O=Plant "
	   "-addext subjectAltName=URI:urn:client:app,DNS:client.example -keyout o.key -out o.csr "
	   "2> /dev/null; openssl req -in o.csr -outform DER -out o.der; "
	   "printf 'cn = \"gnutls client\"\\nuri = \"urn:gnutls:app\"\\n"
	   "dns_name = \"g.example\"\\nip_address = \"192.0.2.7\"\\n' > t; "
	   "certtool --generate-privkey --key-type rsa --bits 2048 --outfile g.key 2> /dev/null; "
	   "certtool --generate-request --load-privkey g.key --template t --outfile g.csr "
	   "2> /dev/null; "
	   "for csr in o.csr o.der g.csr; do "
	   "keystorectl ca sign $csr --issuer 2 --profile opcua-client --days 30 --out c.pem > "
	   "out; "
	   "openssl verify -x509_strict -purpose sslclient -CAfile root.pem c.pem; "
	   "grep -q 'private key *elsewhere' out; id=$(sed -n 's/^id *//p' out); "
	   "keystorectl cert list --kind trusted | grep -q \"^ *$id \"; "
	   "keystorectl cert show $id | grep -q 'certificate 2'; done; "
	   /* It is in the CA's books: it can be revoked. */
	   "keystorectl cert revoke $id --reason keyCompromise > /dev/null; "
	   "keystorectl crl export 2 > crl.pem; "
	   "fails openssl verify -crl_check -CAfile root.pem -CRLfile crl.pem c.pem > v 2>&1; "
	   "grep -q revoked v; "
	   /* Names by our rules, whoever asks. */
	   "openssl req -new -key o.key -subj /CN=x -addext 'subjectAltName=DNS:a b' -out bad.csr; "
	   "fails keystorectl ca sign bad.csr --issuer 2 --profile tls-server 2> err; "
	   "grep -q 'DNS' err; "
	   "fails keystorectl ca sign bad.csr --issuer 2 --profile opcua-client 2> err; "
	   "openssl req -new -key o.key -subj /CN=x -out bare.csr; "
	   "fails keystorectl ca sign bare.csr --issuer 2 --profile web-server 2> err; "
	   "grep -q 'address or a host name' err; "
	   "sed 's/^MI/MA/' o.csr > broken.csr; "
	   "fails keystorectl ca sign broken.csr --issuer 2 --profile opcua-client 2> err; "
	   "fails keystorectl ca sign o.csr --issuer $id --profile opcua-client 2> err; "
	   "fails keystorectl ca sign root.pem --issuer 2 --profile opcua-client 2> err; "
	   "grep -q 'no certificate signing request' err");
	fixture_free(fixture);
}

Test(outside, a_replacement_with_its_own_key_keeps_the_id_and_who_may_use_it)
{
	struct fixture *fixture = fixture_new(NULL);

	ok(fixture, MAKE_CA MAKE_LEAF
	   "keystorectl cert create --profile web-server --self-signed --new-key web --algorithm "
	   "ec-p256 --subject CN=web --san DNS:web > /dev/null; "
	   "keystorectl key allow web --uid 1234 --operations sign > /dev/null; "
	   "openssl pkcs12 -export -in leaf.pem -inkey leaf.key -certfile ca.pem -passout pass: "
	   "-out n.p12; keystorectl --json cert replace 1 n.p12 > j; "
	   "python3 -c \"import json; c = json.load(open('j'))['certs']; "
	   "assert c[0]['id'] == 1 and c[0]['version'] == 2, c; "
	   "assert c[0]['private_key']['name'] == 'web.v2', c; "
	   "assert c[0]['private_key']['origin'] == 'imported', c; "
	   "assert c[1]['kind'] == 'ca' and c[0]['issuer_id'] == c[1]['id'], c\"; "
	   "keystorectl key show web.v2 | grep -q 1234; "
	   "keystorectl cert show 1 | grep -q superseded; "
	   "keystorectl audit verify > /dev/null; "
	   /* A CA's place is not a device's. */
	   "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -subj /CN=Other "
	   "-days 99 -keyout other.key -out other.pem -addext basicConstraints=critical,CA:TRUE "
	   "2> /dev/null; openssl pkcs12 -export -in other.pem -inkey other.key -passout pass: "
	   "-out ca.p12; fails keystorectl cert replace 1 ca.p12 2> err; "
	   "grep -q 'is a CA' err");
	fixture_free(fixture);
}

/* What is hostile or broken, and a word of what is said about it. */
static const struct {
	const char *make; /* writes f */
	const char *arguments;
	const char *says;
} refused[] = {
	{": > f", "", "empty"},
	{"head -c 1000 /dev/urandom > f", "", "PKCS"},
	{"head -c 262145 /dev/zero > f", "", ""},
	{"printf 'hello\\n' > f", "", "PKCS"},
	{"head -c 300 leaf.pem > f", "", "PEM"},
	{"openssl x509 -in leaf.pem -outform DER | head -c 500 > f", "", ""},
	{"cp leaf.csr f", "", "ca sign"},
	{"cp leaf.key f", "--key k", "no certificate"},
	{"cat leaf.key ca.pem > f", "--key k", "no certificate of the file is for its private key"},
	{"cat leaf.key ca.key leaf.pem > f", "--key k", "more than one private key"},
	{"cat leaf.key leaf.pem > f", "", "--key NAME"},
	{"cat leaf.key leaf.pem > f", "--key k --kind trusted", "somebody else's"},
	{"cat leaf.key leaf.pem > f", "--key k --kind ca", "no CA"},
	{"cat leaf.key leaf.pem > f", "--key k --profile opcua-server", "san-uri-mandatory"},
	{"cat leaf.key leaf.pem > f", "--key '1 k' ", "name for a key"},
	{"cp leaf.pem f", "--kind device", "neither in the file nor here"},
	{"cp leaf.pem f", "--key k", "no private key in the file"},
	{"cp ca.pem f", "--kind trusted", "a CA by its basic constraints"},
	{"openssl req -x509 -key weak.key -subj /CN=weak -days 9 -out f", "", "key-strength"},
	/* No OpenSSL makes one: its end is moved before its beginning. */
	{"openssl x509 -in leaf.pem -outform DER -out l.der; python3 -c \"d = open('l.der', "
	 "'rb').read(); at = d.index(b'\\x17\\x0d', d.index(b'\\x17\\x0d') + 1) + 2; "
	 "open('f', 'wb').write(d[:at] + b'200101000000Z' + d[at + 13:])\"",
	 "", "validity-order"},
	{"for i in $(seq 65); do openssl req -x509 -key ca.key -subj /CN=$i -days 9; done > f", "",
	 "more than 64"},
	{"openssl req -x509 -key weak.key -subj /CN=$(head -c 10000 /dev/zero | tr '\\0' a) -days "
	 "9 "
	 "-out f 2> /dev/null || head -c 10000 /dev/zero > f",
	 "", ""},
};

Test(outside, refuses_what_is_broken_by_rule_and_stores_nothing)
{
	struct fixture *fixture = fixture_new(NULL);

	ok(fixture, MAKE_CA MAKE_LEAF "openssl genrsa -out weak.key 1024 2> /dev/null");
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		struct run run;

		free(fixture_sh_ok(fixture, "%s; :", refused[i].make));
		run = fixture_sh(fixture, "keystorectl cert import f %s", refused[i].arguments);
		cr_expect_neq(run.exit_code, 0, "%s: %s", refused[i].make, run.out);
		cr_expect_not_null(strstr(run.err, refused[i].says), "%s: %s", refused[i].make,
				   run.err);
		cr_expect_gt(strlen(run.err), 20);
		run_free(&run);
	}
	ok(fixture, "keystorectl --json cert list | grep -q '\"certs\": *\\[\\]'; "
		    "keystorectl --json key list | grep -q '\"keys\": *\\[\\]'; "
		    "keystorectl audit verify > /dev/null");
	fixture_free(fixture);
}

/* Its password is hashed 2,700,000 times: as long as may be, and nobody else waits for it. */
Test(outside, a_password_that_takes_long_keeps_nobody_waiting)
{
	struct fixture *fixture = fixture_new(NULL);

	ok(fixture, MAKE_CA MAKE_LEAF
	   "printf sesame > pw; openssl pkcs12 -export -in leaf.pem -inkey leaf.key -passout "
	   "file:pw "
	   "-iter 900000 -out slow.p12; "
	   "openssl pkcs12 -export -in leaf.pem -inkey leaf.key -passout file:pw -iter 1600000 "
	   "-out costly.p12; "
	   "fails keystorectl cert import costly.p12 --key k --password-file pw 2> err; "
	   "grep -q 'fewer iterations' err; "
	   /* The client goes, and the service goes on. */
	   "fails keystorectl --deadline 0.05 cert import slow.p12 --key k --password-file pw "
	   "2> err; grep -q 'in time' err; keystorectl status > /dev/null; "
	   "keystorectl cert import slow.p12 --key k --password-file pw > /dev/null & "
	   "keystorectl key create other --algorithm ec-p256 > /dev/null; wait $!; "
	   "keystorectl key list | grep -q k; "
	   "keystorectl cert import slow.p12 --key again --password-file pw > /dev/null 2>&1 & "
	   "keystorectl status > /dev/null");
	/* Also with one under way it ends in order. */
	cr_assert_eq(fixture_service_stop(fixture), 0);
	fixture_free(fixture);
}
