/* external create: keys and certificates for partners who have no keystored. */
#include <criterion/criterion.h>

#include <stdlib.h>

#include "fixture.h"

#define SHELL "set -e; fails() { if \"$@\"; then exit 1; fi; }; "

#define CREATE                                                                                     \
	"keystorectl external create test-client --profile opcua-client --subject "                \
	"'CN=Test client,O=Partner' --san URI:urn:partner:client,DNS:pc.partner "

Test(external, makes_the_folder_that_each_program_wants)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(
		fixture, SHELL
		"keystorectl project init > /dev/null; "
		"at() { test -s $1/$2 || { echo $1 lacks $2; find $1; exit 1; }; }; "
		"for layout in standard uaexpert open62541 node-opcua; do " CREATE
		"--issuer 1 --layout $layout --out $layout; done; "
		"at standard own/certs/test-client.der; at standard own/private/test-client.pem; "
		"at standard trusted/certs/ca-1.der; at standard trusted/crl/ca-1.crl; "
		"at uaexpert own/certs/uaexpert.der; at uaexpert own/private/uaexpert_key.pem; "
		"at uaexpert trusted/certs/ca-1.der; at uaexpert trusted/crl/ca-1.crl; "
		"at open62541 ApplCerts/own/certs/test-client.der; "
		"at open62541 ApplCerts/trusted/crl/ca-1.crl; "
		"at node-opcua own/private/private_key.pem; "
		"at node-opcua own/certs/test-client.pem; at node-opcua trusted/crl/ca-1.crl; "
		"test $(stat -c %%a standard/own/private) = 700; "
		"test $(stat -c %%a standard/own/private/test-client.pem) = 600; "
		/* The certificate is the key's, and the CA and its CRL that come along prove it. */
		"cd standard; openssl x509 -inform DER -in own/certs/test-client.der -out c.pem; "
		"openssl x509 -inform DER -in trusted/certs/ca-1.der -out ca.pem; "
		"openssl crl -inform DER -in trusted/crl/ca-1.crl -out crl.pem; "
		"openssl verify -x509_strict -crl_check -CAfile ca.pem -CRLfile crl.pem c.pem; "
		"openssl x509 -in c.pem -noout -pubkey > 1; "
		"openssl pkey -in own/private/test-client.pem -pubout > 2; cmp 1 2; "
		"openssl x509 -in c.pem -noout -ext subjectAltName | "
		"grep -q URI:urn:partner:client"));
	fixture_free(fixture);
}

Test(external, completes_the_chain_to_the_root_and_encrypts_the_key)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(
		fixture, SHELL
		"keystorectl project init > /dev/null; "
		"keystorectl cert create --profile ca --issuer 1 --new-key cell "
		"--algorithm ec-p256 --subject 'CN=Cell CA' > /dev/null; "
		"echo secret > password; " CREATE
		"--issuer 3 --algorithm ec-p256 --days 30 --password-file password --out pki; "
		"cd pki; fails openssl pkey -in own/private/test-client.pem -passin pass:wrong; "
		"openssl pkey -in own/private/test-client.pem -passin pass:secret -noout; "
		"for i in trusted/certs/ca-3 issuer/certs/ca-1 own/certs/test-client; do "
		"openssl x509 -inform DER -in $i.der -out $(basename $i).pem; done; "
		"for i in trusted/crl/ca-3 issuer/crl/ca-1; do "
		"openssl crl -inform DER -in $i.crl; done > crls.pem; "
		"openssl verify -x509_strict -crl_check_all -CAfile ca-1.pem -untrusted ca-3.pem "
		"-CRLfile crls.pem test-client.pem"));
	fixture_free(fixture);
}

Test(external, leaves_nothing_behind_when_it_is_refused)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(
		fixture,
		SHELL "says() { said=$1; shift; " CREATE "\"$@\" > out 2>&1 && exit 1; "
		      "grep -q \"$said\" out || { cat out; exit 1; }; }; "
		      "keystorectl project init > /dev/null; "
		      "says 'no certificate 9' --issuer 9 --out a; "
		      "test -z \"$(find a -type f)\"; "
		      "says 'not one of' --issuer 1 --layout windows --out b; fails test -e b; "
		      "says 'not a number' --issuer 1 --days many --out b; fails test -e b; " CREATE
		      "--issuer 1 --out c; says 'not overwritten' --issuer 1 --out c; "
		      /* By the rules of the profile: an application has an URI. */
		      "fails keystorectl external create x --profile opcua-client --subject CN=x "
		      "--issuer 1 --out d; test -z \"$(find d -type f)\"; "
		      "fails keystorectl external create ../x --profile tls-client --subject CN=x "
		      "--issuer 1 --out e; fails test -e e"));
	fixture_free(fixture);
}
