/* Certificates made, renewed and exported, as OpenSSL and GnuTLS see them. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fixture.h"
#include "keystore.h"

/* "set -e" lets a "! command" that succeeds pass. */
#define SHELL "set -e; fails() { if \"$@\"; then exit 1; fi; }; "

static struct fixture *with_project(void)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(fixture, "keystorectl project init"));
	return fixture;
}

/* The command fails with @code, saying @said. */
static void expect(struct fixture *fixture, int code, const char *said, const char *command)
{
	struct run run = fixture_sh(fixture, "keystorectl %s 2>&1", command);

	cr_assert_eq(run.exit_code, code, "%s: %d: %s", command, run.exit_code, run.out);
	cr_assert_not_null(strstr(run.out, said), "%s: %s", command, run.out);
	run_free(&run);
}

Test(certificates, of_every_profile_and_issuer_are_accepted_by_openssl_and_gnutls)
{
	struct fixture *fixture = with_project();

	free(fixture_sh_ok(
		fixture, SHELL
		"keystorectl key create ec --algorithm ec-p256 > /dev/null; "
		"keystorectl key create rsa --algorithm rsa-2048 > /dev/null; "
		"keystorectl cert export 1 --out ca1.pem; keystorectl cert export 2 --out ca2.pem; "
		"for ca in 1 2; do openssl verify -x509_strict -check_ss_sig -CAfile ca$ca.pem "
		"ca$ca.pem; done; "
		"id=2; for ca in 1 2; do for key in ec rsa; do "
		"for profile in opcua-server opcua-client opcua-client-server web-server "
		"tls-server tls-client tls-client-server pg-hmi syslog-client; do "
		"id=$((id + 1)); keystorectl cert create --profile $profile --issuer $ca "
		"--key $key --subject \"CN=$profile $key,O=Plant\" "
		"--san URI:urn:plant:plc-1,IP:192.0.2.1,DNS:plc-1.plant > /dev/null; "
		"keystorectl cert export $id --out leaf.pem; "
		"keystorectl cert export $id --format chain --out chain.pem; "
		"test $(grep -c BEGIN chain.pem) = 2; "
		"openssl verify -x509_strict -CAfile ca$ca.pem leaf.pem; "
		"certtool --verify-chain --infile chain.pem > gnutls; "
		"grep -q 'Chain verification output: Verified. The certificate is trusted' gnutls; "
		"done; done; done"));
	fixture_free(fixture);
}

Test(certificates, can_be_self_signed_and_by_a_ca_below_a_ca)
{
	struct fixture *fixture = with_project();

	free(fixture_sh_ok(
		fixture, SHELL
		"keystorectl cert create --profile web-server --self-signed --new-key web "
		"--algorithm ec-p256 --subject CN=web --san DNS:web.plant; "
		"keystorectl cert export 3 --out web.pem; "
		"openssl verify -x509_strict -check_ss_sig -CAfile web.pem web.pem; "
		"keystorectl cert create --profile ca --issuer 2 --new-key cell-ca "
		"--algorithm rsa-2048 --subject 'CN=Cell CA'; "
		"keystorectl cert create --profile tls-client --issuer 4 --padding pss "
		"--new-key client --algorithm rsa-2048 --subject CN=client; "
		"keystorectl cert export 2 --out root.pem; "
		"keystorectl cert export 4 --out middle.pem; "
		"keystorectl cert export 5 --format der > leaf.der; "
		"openssl x509 -inform DER -in leaf.der -out leaf.pem; "
		"openssl verify -x509_strict -CAfile root.pem -untrusted middle.pem leaf.pem; "
		"keystorectl cert export 5 --format chain --out chain.pem; "
		"test $(grep -c BEGIN chain.pem) = 3; "
		"certtool --verify-chain --infile chain.pem | grep -q 'certificate is trusted'; "
		"openssl x509 -in leaf.pem -noout -text | grep -q 'Salt Length: 0x20'; "
		"keystorectl cert list --json | python3 -c 'import json, sys; "
		"c = json.load(sys.stdin)[\"certs\"]; "
		"assert [x[\"issuer_id\"] for x in c] == [1, 2, 3, 2, 4], c; "
		"assert c[4][\"signature_algorithm\"] == \"rsa-pss-sha256\", c; "
		"assert c[2][\"private_key\"][\"origin\"] == \"tpm\", c'"));
	fixture_free(fixture);
}

/* break_ NAME: in broken-NAME.pem the last byte of its certificate, which is of the signature, changes. */
#define BREAK                                                                                      \
	"break_() { openssl x509 -in $1.pem -outform DER -out der; python3 -c '"                   \
	"b = bytearray(open(\"der\", \"rb\").read()); b[-1] ^= 1; open(\"der\", "                  \
	"\"wb\").write(b)'; "                                                                      \
	"openssl x509 -inform DER -in der -out broken-$1.pem; }; "                                 \
	"root() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "   \
	"$1.key -out $1.pem -subj /CN=Company -days 900 -addext "                                  \
	"keyUsage=critical,keyCertSign,cRLSign 2> /dev/null; }; "                                  \
	"sign() { openssl x509 -req -in leaf.csr -CA $1.pem -CAkey $1.key -CAcreateserial -days "  \
	"800 -extfile ext -extensions $2 -out $3.pem 2> /dev/null; }; "

Test(certificates, that_their_issuer_did_not_sign_are_refused)
{
	struct fixture *fixture = with_project();

	free(fixture_sh_ok(
		fixture, SHELL BREAK
		"root root; root rekeyed; printf '[named]\nauthorityKeyIdentifier=keyid:always\n"
		"subjectAltName=DNS:web.plant\n[unnamed]\nauthorityKeyIdentifier="
		"none\nsubjectAltName=DNS:web.plant\n' > ext; "
		"keystorectl cert request --profile web-server --new-key web --algorithm ec-p256 "
		"--subject CN=web --san DNS:web.plant --out leaf.csr > /dev/null; "
		"sign root named leaf; sign root unnamed unnamed; break_ leaf; break_ unnamed; "
		"break_ root; "
		/* Its issuer comes along. */
		"cat broken-leaf.pem root.pem > all.pem"));
	expect(fixture, 2,
	       "names “CN=Company” as its issuer, by name and key identifier, whose key "
	       "did not sign it",
	       "cert replace 3 all.pem");
	expect(fixture, 2, "is broken, and nothing was imported", "cert import broken-root.pem");
	free(fixture_sh_ok(fixture, SHELL "keystorectl cert import rekeyed.pem > /dev/null; "
					  "keystorectl cert import root.pem > /dev/null"));
	/* Its issuer is here, and another of that name. */
	expect(fixture, 2, "is broken", "cert replace 3 broken-leaf.pem");
	expect(fixture, 2, "is broken", "cert import broken-leaf.pem --kind trusted");
	free(fixture_sh_ok(fixture, SHELL BREAK
			   "printf '[named]\nauthorityKeyIdentifier=keyid:always\n"
			   "subjectAltName=DNS:web.plant\n[unnamed]\nauthorityKeyIdentifier="
			   "none\nsubjectAltName=DNS:web.plant\n' > ext; "
			   /* Without a key identifier it may be an earlier key's. */
			   "keystorectl cert import broken-unnamed.pem --kind trusted > /dev/null; "
			   /* And one of that name, and of a key that nobody here has. */
			   "root third; sign third named other; "
			   "keystorectl cert import other.pem --kind trusted > /dev/null; "
			   "keystorectl cert replace 3 leaf.pem > /dev/null; "
			   "keystorectl cert show 3 --json | grep -q '\"version\":1'"));
	fixture_free(fixture);
}

/* A CA elsewhere that goes by what it is asked for. */
Test(certificates, of_a_ca_below_one_elsewhere_are_asked_for_as_a_cas)
{
	struct fixture *fixture = with_project();

	free(fixture_sh_ok(
		fixture, SHELL
		"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "
		"root.key -out root.pem -subj /CN=Company -days 900 -addext "
		"keyUsage=critical,keyCertSign,cRLSign 2> /dev/null; "
		"for algorithm in ec-p256 rsa-2048; do "
		"id=$(keystorectl --json cert request --profile ca --new-key sub-$algorithm "
		"--algorithm $algorithm --subject \"CN=Sub CA $algorithm\" --out sub.csr | "
		"python3 -c 'import json, sys; print(json.load(sys.stdin)[\"cert\"][\"id\"])'); "
		"openssl req -in sub.csr -noout -verify -text > text 2>&1; "
		"grep -q 'verify OK' text; "
		"grep -A1 'X509v3 Basic Constraints: critical' text | grep -q CA:TRUE; "
		"grep -A1 'X509v3 Key Usage: critical' text | grep -q 'Certificate Sign, CRL "
		"Sign$'; "
		"openssl x509 -req -in sub.csr -CA root.pem -CAkey root.key -CAcreateserial "
		"-copy_extensions copyall -days 800 -out sub.pem 2> /dev/null; "
		"keystorectl cert replace $id sub.pem > /dev/null; "
		"leaf=$(keystorectl --json cert create --profile tls-client --issuer $id --new-key "
		"client-$algorithm --algorithm ec-p256 --subject CN=client | "
		"python3 -c 'import json, sys; print(json.load(sys.stdin)[\"id\"])'); "
		"keystorectl cert export $leaf --out leaf.pem; "
		"openssl verify -x509_strict -purpose sslclient -CAfile root.pem -untrusted "
		"sub.pem leaf.pem; done; "
		/* Who is no CA asks for nothing of it. */
		"keystorectl cert request --profile tls-client --new-key leaf --algorithm ec-p256 "
		"--subject CN=leaf --out leaf.csr > /dev/null; "
		"openssl req -in leaf.csr -noout -text > text; fails grep -q 'Constraints' text; "
		"fails grep -q 'Key Usage' text"));
	fixture_free(fixture);
}

Test(certificates, have_profiles_that_are_listed)
{
	struct fixture *fixture = with_project();

	free(fixture_sh_ok(
		fixture,
		SHELL "keystorectl cert profiles | grep -q '^opcua-server  *OPC UA server  *URI "
		      ".*rsa-2048'; "
		      "keystorectl cert profiles --json | python3 -c 'import json, sys; "
		      "l = {p[\"name\"]: p for p in json.load(sys.stdin)[\"profiles\"]}; "
		      "w = l[\"web-server\"]; o = l[\"opcua-server\"]; "
		      "assert w[\"needs_host\"] and w[\"mandatory_names\"] == [] and "
		      "w[\"key_usages\"] == [\"digitalSignature\", \"keyEncipherment\"] and "
		      "w[\"extended_key_usages\"] == [\"serverAuth\"] and "
		      "w[\"default_algorithm\"] == \"ec-p256\", w; "
		      "assert o[\"mandatory_names\"] == [\"URI\"] and o[\"optional_names\"] == "
		      "[\"IP\", \"DNS\", \"email\", \"RID\", \"other\"], o; assert "
		      "l[\"ca\"][\"is_ca\"]'"));
	fixture_free(fixture);
}

Test(certificates, keep_their_id_and_key_over_a_renewal)
{
	struct fixture *fixture = with_project();

	free(fixture_sh_ok(
		fixture, SHELL
		"keystorectl cert create --profile web-server --issuer 2 --new-key web "
		"--algorithm ec-p256 --subject CN=web,O=Plant --san DNS:web.plant,IP:192.0.2.7; "
		"keystorectl cert export 3 --out old.pem; "
		"keystorectl cert renew 3 --days 90 --hash sha384; "
		"keystorectl cert export 3 --out new.pem; keystorectl cert export 2 --out ca.pem; "
		"openssl verify -x509_strict -CAfile ca.pem old.pem new.pem; "
		"for fact in -pubkey -subject '-ext subjectAltName'; do "
		"openssl x509 -in old.pem -noout $fact > old; "
		"openssl x509 -in new.pem -noout $fact > new; cmp old new; done; "
		"openssl x509 -in new.pem -noout -checkend $((89 * 86400)); "
		"fails openssl x509 -in new.pem -noout -checkend $((91 * 86400)); "
		"keystorectl cert show 3 --json | python3 -c 'import json, sys; "
		"c = json.load(sys.stdin); h = c[\"history\"]; "
		"assert c[\"version\"] == 2 and len(h) == 2, c; "
		"assert [x[\"state\"] for x in h] == [\"active\", \"superseded\"], h; "
		"assert h[0][\"serial\"] != h[1][\"serial\"], h; "
		"assert h[0][\"signature_algorithm\"] == \"ecdsa-sha384\", h'; "
		/* What it was signed with stays. */
		"keystorectl cert renew 3; keystorectl cert show 3 --json | "
		"grep -q '\"signature_algorithm\":\"ecdsa-sha384\"'; "
		/* A CA: what it has issued stays valid. */
		"keystorectl cert renew 2 --days 9000; keystorectl cert export 2 --out ca2.pem; "
		"openssl verify -x509_strict -CAfile ca2.pem old.pem new.pem; "
		"keystorectl cert list --kind ca | grep -q '^2 '; "
		"test $(keystorectl cert list --kind device | wc -l) = 2"));
	fixture_free(fixture);
}

Test(certificates, end_with_their_issuer_unless_more_was_asked_for)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(fixture, SHELL
			   "keystorectl project init --days 30 --ec-subject 'CN=Plant CA'; "
			   "keystorectl cert create --profile tls-client --issuer 2 --new-key a "
			   "--algorithm ec-p256 --subject CN=a --json > out; "
			   "grep -q 'ends with its issuer' out; "
			   "keystorectl cert export 3 --out a.pem; "
			   "keystorectl cert export 2 --out ca.pem; "
			   "openssl x509 -in ca.pem -noout -subject | grep -q 'Plant CA'; "
			   "openssl x509 -in a.pem -noout -enddate > end; "
			   "openssl x509 -in ca.pem -noout -enddate | cmp - end; "
			   "fails keystorectl cert renew 3 --days 31; "
			   "keystorectl cert show 3 --json | grep -q '\"version\":1,'"));
	fixture_free(fixture);
}

Test(certificates, of_a_project_are_made_once)
{
	struct fixture *fixture = with_project();

	expect(fixture, 7, "1 “CN=Project CA RSA-2048”, 2 “CN=Project CA P-256”", "project init");
	free(fixture_sh_ok(fixture, "test $(keystorectl cert list | wc -l) = 3 && "
				    "test $(keystorectl key list --names | wc -l) = 2"));
	fixture_free(fixture);
}

Test(certificates, have_ca_keys_that_sign_for_nobody)
{
	struct fixture *fixture = with_project();

	free(fixture_sh_ok(fixture, "echo x > data; keystorectl key export ca-ec-p256 --public"));
	expect(fixture, 4, "is a CA's", "sign ca-ec-p256 --in data");
	expect(fixture, 4, "is a CA's", "sign ca-rsa-2048 --padding pss --in data");
	expect(fixture, 4, "is a CA's", "decrypt ca-rsa-2048 --in data");
	expect(fixture, 4, "is a CA's", "csr ca-ec-p256 --subject CN=a");
	expect(fixture, 4, "is a CA's", "key allow ca-ec-p256 --uid 0 --operations sign");
	expect(fixture, 4, "is a CA's", "key export ca-ec-p256 --tss2 --out tss2");
	expect(fixture, 4, "is a CA's",
	       "cert create --profile tls-client --self-signed --key ca-ec-p256 --subject CN=a");
	expect(fixture, 7, "is that of certificate 2", "key delete ca-ec-p256");
	/* Deleted, it is still no key for anything else. */
	free(fixture_sh_ok(fixture, "keystorectl cert delete 2"));
	expect(fixture, 4, "is a CA's", "sign ca-ec-p256 --in data");
	expect(fixture, 3, "no certificate 2", "cert show 2");
	free(fixture_sh_ok(fixture, "keystorectl key delete ca-ec-p256"));
	fixture_service_restart(fixture);
	expect(fixture, 4, "is a CA's", "sign ca-rsa-2048 --in data");
	fixture_free(fixture);
}

Test(certificates, that_cannot_be_are_refused_with_what_is_wrong)
{
	struct fixture *fixture = with_project();
	char *text;

	free(fixture_sh_ok(fixture, SHELL
			   "keystorectl key create k --algorithm ec-p256; "
			   "keystorectl cert create --profile tls-client --issuer 2 --key k "
			   "--subject CN=k; printf CN= > long; head -c 10000 /dev/zero | "
			   "tr '\\0' a >> long; printf DNS: > longsan; head -c 10000 /dev/zero | "
			   "tr '\\0' a >> longsan; printf URI:urn:a > many; "
			   "for i in $(seq 1000); do printf ,DNS:h$i.plant >> many; done"));
#define CREATE "cert create --key k --subject CN=a "
	expect(fixture, 2, "ends before it begins",
	       CREATE "--profile tls-client --issuer 2 --not-before 2026-03-01 --not-after "
		      "2026-02-01");
	expect(fixture, 2, "give one of them",
	       CREATE "--profile tls-client --issuer 2 --days 3 --not-after 2099-02-01");
	expect(fixture, 2, "ends after the issuer",
	       CREATE "--profile tls-client --issuer 2 --days 40000");
	expect(fixture, 2, "begins before the issuer",
	       CREATE "--profile tls-client --issuer 2 --not-before 2001-01-01");
	expect(fixture, 2, "1950 to 9999",
	       CREATE "--profile tls-client --self-signed --days 4294967295");
	expect(fixture, 2, "exactly one URI",
	       CREATE "--profile opcua-server --issuer 2 --san DNS:plc");
	expect(fixture, 2, "needs an address or a host name",
	       CREATE "--profile web-server --issuer 2");
	expect(fixture, 2, "no profile “fax”: choose one of opcua-server",
	       CREATE "--profile fax --issuer 2");
	expect(fixture, 3, "no certificate 99", CREATE "--profile tls-client --issuer 99");
	expect(fixture, 2, "certificate 3 is no CA", CREATE "--profile tls-client --issuer 3");
	expect(fixture, 2, "together with its certificate", CREATE "--profile ca --self-signed");
	expect(fixture, 3, "no key “nokey”",
	       "cert create --profile tls-client --issuer 2 --subject CN=a --key nokey");
	expect(fixture, 7, "is a key “k”",
	       "cert create --profile tls-client --issuer 2 --subject CN=a --new-key k --algorithm "
	       "ec-p256");
	expect(fixture, 2, "ECDSA has no padding",
	       CREATE "--profile tls-client --issuer 2 --padding pss");
	expect(fixture, 8, "SHA-1 are switched off",
	       CREATE "--profile tls-client --issuer 1 --hash sha1");
	expect(fixture, 2, "subject",
	       "cert create --profile tls-client --issuer 2 --key k --subject \"$(cat long)\"");
	expect(fixture, 2, "DNS",
	       CREATE "--profile tls-client --issuer 2 --san \"$(cat longsan)\"");
	expect(fixture, 2, "256", CREATE "--profile tls-client --issuer 2 --san \"$(cat many)\"");
	/* Known before the TPM makes a key for it. */
	expect(fixture, 2, "exactly one URI",
	       "cert create --profile opcua-server --issuer 2 --subject CN=a --new-key new "
	       "--algorithm rsa-2048");
	expect(fixture, 3, "no key “new”", "key show new");
	expect(fixture, 7, "has issued others, the first is 3", "cert delete 2");
	expect(fixture, 3, "no certificate 99", "cert renew 99");
	expect(fixture, 3, "no certificate 99", "cert delete 99");
	expect(fixture, 2, "no certificate's ID", "cert show x");
	text = fixture_sh_ok(fixture, "keystorectl cert list | wc -l; keystorectl key list "
				      "--names | wc -l");
	cr_assert_str_eq(text, "4\n3\n");
	free(text);
	fixture_free(fixture);
}
