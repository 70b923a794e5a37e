/*
 * The requirements on keys, certificates and trust (rows A and B), one test for each, as an
 * engineer at the command line sees them, with OpenSSL as the outside party. What a row has in
 * depth is tested where that is: here it is shown to be there.
 */
#include <criterion/criterion.h>

#include <stdlib.h>

#include "fixture.h"
#include "own_net.h"

#define SHELL                                                                                      \
	"set -e; fails() { if \"$@\" > failed 2>&1; then echo \"succeeded: $*\"; exit 1; fi; }; "  \
	"says() { grep -q -- \"$1\" failed || { cat failed; exit 1; }; }; "                        \
	"fact() { keystorectl cert show $1 --json | python3 -c \"import json, sys; "               \
	"c = json.load(sys.stdin); print($2)\"; }; "                                               \
	"text() { keystorectl cert export $1 | openssl x509 -noout -text; }; "                     \
	"self() { openssl req -x509 -newkey rsa:2048 -noenc -keyout $1.key -subj /CN=$1 -out "     \
	"$1.pem -days 9 -addext basicConstraints=critical,CA:FALSE -addext "                       \
	"keyUsage=critical,${2:-digitalSignature} -addext "                                        \
	"extendedKeyUsage=clientAuth,serverAuth 2> /dev/null; }; "

#define PROJECT SHELL "keystorectl project init > /dev/null; "
#define NEW	"keystorectl cert create --algorithm ec-p256 "

/* A name that begins with the row's id; what a user would type. */
#define ROW(name, commands)                                                                        \
	Test(requirements, name)                                                                   \
	{                                                                                          \
		struct fixture *fixture = fixture_new(NULL);                                       \
                                                                                                   \
		free(fixture_sh_ok(fixture, "%s", commands));                                      \
		fixture_free(fixture);                                                             \
	}

ROW(a1_certificates_are_x509_v3_with_unique_random_serials,
    PROJECT NEW "--profile tls-client --issuer 2 --new-key k --subject CN=k > /dev/null; "
		"text 3 > t; grep -q 'Version: 3' t; for f in 'Serial Number' 'Not Before' "
		"'Subject: CN = k\\|Subject: CN=k' 'Issuer: CN' 'Public Key Algorithm' "
		"'Signature Algorithm' 'X509v3 extensions'; do grep -q \"$f\" t; done; "
		"for i in 1 2 3 4 5 6 7 8 9; do keystorectl cert renew 3 > /dev/null; done; "
		"fact 3 '\" \".join(v[\"serial\"] for v in c[\"history\"])' | tr ' ' '\\n' > s; "
		"test $(sort -u s | wc -l) = 10; fails grep -vE '^[0-9A-F]{17,40}$' s")

ROW(a2_private_keys_are_made_in_the_tpm_and_never_leave_it,
    PROJECT "keystorectl key create k --algorithm rsa-2048 > /dev/null; "
	    "keystorectl key export k --tss2 --out k.pem; grep -q 'TSS2 PRIVATE KEY' k.pem; "
	    /* objectAttributes of a TPM2B_PUBLIC: fixedTPM, fixedParent, sensitiveDataOrigin. */
	    "attributes=$(openssl asn1parse -in k.pem | sed -n 's/.*HEX DUMP.://p' | "
	    "head -n 1 | cut -c13-20); test $((0x$attributes & 0x32)) = 50; "
	    "keystorectl key show k --json | grep -q '\"origin\":\"tpm\"'; "
	    "fails keystorectl key export k --private; says 'cannot leave'; "
	    "fails keystorectl cert export 1 --private; says 'TPM'")

ROW(a3_algorithms_are_those_of_the_tpm_and_sha1_is_off,
    PROJECT "keystorectl status --json | python3 -c 'import json, sys; "
	    "t = json.load(sys.stdin)[\"tpm\"]; assert \"ec-p384\" in t[\"algorithms\"], t; "
	    "print(*t[\"algorithms\"])' > has; for a in $(cat has); do for h in sha256 sha384 "
	    "sha512; do keystorectl cert create --profile tls-client --self-signed "
	    "--new-key $a-$h --algorithm $a --hash $h --subject CN=k > /dev/null; done; done; "
	    "fails keystorectl cert create --profile tls-client --issuer 1 --key ec-p256-sha256 "
	    "--hash sha1 --subject CN=k; says 'SHA-1'")

ROW(a4_an_id_stays_over_renewal_and_replacement_and_is_never_used_again,
    PROJECT NEW "--profile tls-client --issuer 2 --new-key k --subject CN=k > /dev/null; "
		"keystorectl cert renew 3 > /dev/null; test $(fact 3 'c[\"version\"]') = 2; "
		"self o; "
		"openssl pkcs12 -export -inkey o.key -in o.pem -out o.p12 "
		"-passout pass:p; echo p > p; "
		"keystorectl cert replace 3 o.p12 --password-file p > /dev/null; "
		"test $(fact 3 'c[\"version\"]') = 3; keystorectl cert delete 3; "
		"keystorectl cert create --profile tls-client --issuer 2 --key k --subject CN=k "
		"--json | grep -q '\"id\":4,'")

ROW(a5_purposes_set_key_usage_and_extended_key_usage,
    PROJECT "make() { keystorectl cert create --profile $1 --issuer 1 --algorithm $2 --new-key "
	    "$1 --subject CN=x --san URI:urn:x,DNS:x.plant,IP:192.0.2.1 --json > out; "
	    "keystorectl cert export $(python3 -c 'import json; "
	    "print(json.load(open(\"out\"))[\"id\"])') | "
	    "openssl x509 -noout -ext keyUsage,extendedKeyUsage > usage; shift 2; "
	    "for u in \"$@\"; do grep -q \"$u\" usage || { cat usage; exit 1; }; done; }; "
	    "make opcua-server rsa-2048 'Digital Signature, Non Repudiation, Key Encipherment, "
	    "Data Encipherment' 'TLS Web Server'; make opcua-client rsa-2048 'Data Encipherment' "
	    "'TLS Web Client'; make opcua-client-server rsa-2048 'Server Auth' 'Client Auth'; "
	    "make web-server ec-p256 'Digital Signature' 'TLS Web Server'; "
	    "make tls-server ec-p256 'TLS Web Server'; make tls-client ec-p256 'TLS Web Client'; "
	    "make tls-client-server ec-p256 'Server Auth' 'Client Auth'; "
	    "make pg-hmi ec-p256 'Digital Signature'; make syslog-client ec-p256 'Client Auth'; "
	    "text 1 | grep -q 'Certificate Sign, CRL Sign'")

ROW(a6_everything_about_a_new_certificate_can_be_chosen, PROJECT
    "keystorectl cert create --profile tls-server --issuer 1 --new-key k --algorithm "
    "ec-p384 --hash sha384 --padding pss --subject 'CN=plc,O=Plant,C=DE' "
    "--not-before $(date -u -d '+2 days' +%Y-%m-%d) --not-after 2031-02-03T04:05:06Z --san "
    "'URI:urn:a,IP:2001:db8::1,DNS:plc.plant,email:a@b.plant,RID:1.2.3.4,"
    "other:1.3.6.1.4.1.311.20.2.3;anna@plant,other:1.2.3;Text' > /dev/null; "
    "upn() { keystorectl cert export $1 --format der | openssl asn1parse -inform DER -strparse "
    "$(keystorectl cert export $1 | openssl asn1parse | grep -A 1 'Subject Alternative' | "
    "sed -n '2s/^ *\\([0-9]*\\):.*/\\1/p') > n; grep -A 2 'Microsoft User Principal Name' n | "
    "grep -q 'UTF8STRING *:anna@plant'; }; upn 3; grep -A 2 'OBJECT *:1.2.3$' n | "
    "grep -q 'UTF8STRING *:Text'; "
    "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout u.key "
    "-subj /CN=u -addext 'subjectAltName=DNS:u,otherName:msUPN;UTF8:anna@plant' -out u.csr "
    "2> /dev/null; "
    "text 3 > t; for f in 'Feb  3 04:05:06 2031' ' 00:00:00 ' 'secp384r1' "
    "'rsassaPss' 'URI:urn:a' 'IP Address:2001:DB8' 'DNS:plc.plant' 'email:a@b.plant' "
    "'Registered ID:1.2.3.4'; do grep -q \"$f\" t || { echo $f; cat t; exit 1; }; done; " NEW
    "--profile tls-server --self-signed --new-key s --subject CN=s --san DNS:s > "
    "/dev/null; test $(fact 4 'c[\"issuer_id\"]') = 4; "
    "keystorectl cert renew 3 --days 9 > /dev/null; upn 3; "
    "keystorectl ca sign u.csr --issuer 1 --profile tls-client --out /dev/null; upn 5; "
    "fails " NEW "--profile tls-client --self-signed --new-key o --subject CN=o "
    "--san 'other:anna@plant'; says 'object identifier'")

ROW(a7_names_are_demanded_when_made_when_imported_and_by_check, PROJECT
    "fails " NEW "--profile opcua-server --issuer 1 --new-key k --subject CN=k "
    "--san DNS:k; says URI; fails " NEW
    "--profile tls-server --issuer 1 --new-key k --subject CN=k; says 'IP\\|DNS\\|host'; "
    "self o digitalSignature,nonRepudiation,keyEncipherment,dataEncipherment; cat o.key >> o.pem; "
    "fails keystorectl cert import o.pem --kind device --profile opcua-server --key k; "
    "says san-uri; fails keystorectl cert check o.pem --profile opcua-server; "
    "says san-uri; keystorectl key list --names | fails grep -x k")

ROW(a8_a_project_has_an_rsa_and_a_p256_ca_with_sha256,
    PROJECT "text 1 > t; grep -q 'sha256WithRSAEncryption' t; grep -q '2048 bit' t; "
	    "text 2 > t; grep -q 'ecdsa-with-SHA256' t; grep -q 'prime256v1' t; "
	    "test \"$(fact 1 'c[\"private_key\"][\"origin\"]')\" = tpm; "
	    "test $(keystorectl cert list --kind ca --json | grep -o '\"id\"' | wc -l) -ge 2")

ROW(a9_certificates_cas_and_keys_are_imported_and_deleted,
    PROJECT "self o; "
	    "openssl pkcs12 -export -inkey o.key -in o.pem -out o.p12 "
	    "-passout pass:p; echo p > p; echo q > q; "
	    "fails keystorectl cert import o.p12 --key k --kind device --profile tls-client "
	    "--password-file q; says password; "
	    "keystorectl cert import o.p12 --key k --kind device --profile tls-client "
	    "--password-file p > /dev/null; "
	    "keystorectl key show k --json | grep -q '\"origin\":\"imported\"'; "
	    "fails keystorectl cert import o.pem; says 3; "
	    "echo data | keystorectl sign k --out s; openssl x509 -in o.pem -noout -pubkey > pub; "
	    "echo data | openssl dgst -sha256 -verify pub -signature s; "
	    "keystorectl cert delete 3; keystorectl key delete k; "
	    "keystorectl cert import o.pem --kind trusted > /dev/null")

ROW(a10_certificates_are_exported_in_every_format, PROJECT NEW
    "--profile tls-client --issuer 2 --new-key k --subject CN=k > /dev/null; "
    "keystorectl cert export 3 --format der --out c.der; "
    "openssl x509 -inform DER -in c.der -noout; "
    "keystorectl cert export 3 --out c.pem; openssl x509 -in c.pem -noout; "
    "keystorectl cert export 3 --format chain --out c.crt; "
    "test $(grep -c BEGIN c.crt) = 2; keystorectl cert export 3 --format p7b --out c.p7b; "
    "test $(openssl pkcs7 -inform DER -in c.p7b -print_certs | grep -c BEGIN) = 2; "
    "echo p > p; keystorectl cert export 3 --format p12 --password-file p --out c.p12; "
    "test $(openssl pkcs12 -in c.p12 -passin pass:p -nokeys | grep -c BEGIN) = 2; "
    "keystorectl crl export 2 --format der --out c.crl; "
    "openssl crl -inform DER -in c.crl -noout; "
    "keystorectl cert request --for 3 > /dev/null; "
    "keystorectl cert export 3 --format csr | openssl req -verify -noout; "
    "keystorectl key export k --tss2 | grep -q 'TSS2 PRIVATE KEY'")

ROW(a11_revocation_is_real,
    PROJECT NEW "--profile tls-client --issuer 2 --new-key k --subject CN=k > /dev/null; "
		"keystorectl cert export 3 --out c.pem; keystorectl cert export 2 --out ca.pem; "
		"keystorectl crl export 2 --out 1.crl; keystorectl cert revoke 3 --reason "
		"keyCompromise > /dev/null; keystorectl crl export 2 --out 2.crl; "
		"openssl crl -in 2.crl -noout -text | grep -q 'Key Compromise'; "
		"number() { openssl crl -in $1 -noout -crlnumber | sed 's/.*=0x//;s/.*=//'; }; "
		"test $((0x$(number 2.crl))) -gt $((0x$(number 1.crl))); "
		"openssl crl -in 2.crl -noout -nextupdate | grep -q 20; "
		"openssl verify -crl_check -CRLfile 1.crl -CAfile ca.pem c.pem; "
		"fails openssl verify -crl_check -CRLfile 2.crl -CAfile ca.pem c.pem; says revoked")

ROW(a12_lists_have_the_columns_and_the_three_tabs, PROJECT NEW
    "--profile tls-client --issuer 2 --new-key k --subject CN=k > /dev/null; "
    "self o; keystorectl cert import o.pem --kind trusted > /dev/null; "
    "keystorectl cert list | head -n 1 > h; for c in ID 'COMMON NAME' SERIAL ISSUER "
    "'VALID TO' 'USED AS' 'PRIVATE KEY' SIGNATURE KEY STATE; do grep -q \"$c\" h; done; "
    "for t in ca device trusted; do keystorectl cert list --kind $t > $t; done; "
    "grep -q '^1 ' ca; grep -q '^3 .* k .*tpm' device; grep -q '^4 .* o .*no' trusted; "
    "grep -q ' ec-p256 ' device; grep -q ' rsa-2048 ' trusted; "
    "test \"$(fact 4 'c[\"key\"]')\" = rsa-2048; "
    "openssl req -x509 -newkey ed25519 -noenc -keyout e.key -subj /CN=e -addext "
    "basicConstraints=critical,CA:FALSE -out e.pem 2> /dev/null; keystorectl cert import e.pem "
    "--kind trusted > /dev/null; "
    "keystorectl cert list --kind trusted | grep -q ' e .* ed25519 '; "
    "keystorectl cert request --profile tls-client --new-key r --algorithm ec-p384 --subject "
    "CN=r --out r.csr > /dev/null; keystorectl cert list | grep -q ' r .* ec-p384 '; "
    "fails grep -q '^3 ' ca trusted; keystorectl cert list --json | "
    "python3 -c 'import json, sys; json.load(sys.stdin)'")

ROW(a13_a_certificate_is_renewed_with_its_key_or_another, PROJECT NEW
    "--profile tls-client --issuer 2 --new-key k --subject CN=k > /dev/null; "
    "keystorectl cert export 3 | openssl x509 -noout -pubkey > 1; "
    "keystorectl cert renew 3 --days 9 --hash sha512 > /dev/null; "
    "keystorectl cert export 3 | openssl x509 -noout -pubkey > 2; cmp 1 2; "
    "text 3 | grep -q ecdsa-with-SHA512; keystorectl cert renew 3 --rekey > /dev/null; "
    "keystorectl cert export 3 | openssl x509 -noout -pubkey > 3; fails cmp 1 3; "
    "keystorectl key list --names | grep -qx k; test $(fact 3 'len(c[\"history\"])') = 3; "
    "test $(keystorectl cert history 3 | grep -c superseded) = 2; "
    "keystorectl cert history 3 --json | grep -q '\"version\":3,'")

ROW(a14_a_certificate_is_replaced_by_a_cas_answer, PROJECT NEW
    "--profile tls-client --issuer 2 --new-key k --subject CN=k > /dev/null; "
    "keystorectl cert request --for 3 --out k.csr; openssl req -x509 -newkey rsa:2048 "
    "-noenc -keyout ca.key -subj /CN=Outside -out ca.pem 2> /dev/null; "
    "openssl x509 -req -in k.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 9 "
    "-copy_extensions copy -out k.pem 2> /dev/null; "
    "keystorectl cert replace 3 k.pem > /dev/null; test $(fact 3 'c[\"version\"]') = 2; "
    "fact 3 'c[\"issuer\"]' | grep -q Outside")

ROW(a15_switching_between_local_and_project_mode_keeps_everything,
    SHELL "keystorectl mode show | grep -q local; " NEW "--profile tls-client --self-signed "
	  "--new-key k --subject CN=k > /dev/null; fails " NEW
	  "--profile ca --self-signed --new-key c --subject CN=c; says 'project'; "
	  "keystorectl mode set project > /dev/null; " NEW
	  "--profile ca --self-signed --new-key c --subject CN=c > /dev/null; "
	  "keystorectl mode set local > /dev/null; keystorectl cert show 1 > /dev/null; "
	  "keystorectl cert renew 1 > /dev/null; keystorectl cert show 2 > /dev/null; fails " NEW
	  "--profile tls-client --issuer 2 --new-key d --subject CN=d; says 'project'")

ROW(a16_management_needs_a_login_as_soon_as_there_is_an_administrator,
    PROJECT "export XDG_RUNTIME_DIR=$PWD; echo correct-horse-battery > p; "
	    "keystorectl user create anna --roles administrator --password-file p > /dev/null; "
	    "fails keystorectl cert renew 2; says login; "
	    "echo wrong-horse-battery > q; fails keystorectl login anna --password-file q; "
	    "keystorectl login anna --password-file p > /dev/null; "
	    "keystorectl cert renew 2 > /dev/null; keystorectl audit list | grep -q anna; "
	    "keystorectl logout > /dev/null; fails keystorectl cert renew 2; says login")

ROW(a17_services_have_a_certificate_and_a_trust_list,
    PROJECT NEW "--profile web-server --issuer 2 --new-key web --subject CN=w --san DNS:w > "
		"/dev/null; keystorectl service create web --kind web-server --cert 3 "
		"--group https --uid nobody > /dev/null; "
		"keystorectl service list | grep 'web .*3' | grep -q https; "
		"keystorectl key show web | grep -q 'service web'; "
		"fails keystorectl service create other --kind web-server --cert 3; says 3; "
		"fails keystorectl service create ca --kind web-server --cert 2; "
		"fails keystorectl cert delete 3; says web")

ROW(a18_what_is_too_much_is_refused_with_the_limit,
    PROJECT "keystorectl service list --json > /dev/null; "
	    "keystorectl key create web --algorithm ec-p256 > /dev/null; "
	    "names() { python3 -c 'import sys; print(\",\".join(\"DNS:h%d.plant.example\" % i "
	    "for i in range(int(sys.argv[1]))))' $1; }; for n in 257 1025; do "
	    "fails keystorectl cert create --key web --profile web-server --issuer 2 "
	    "--subject CN=w --san $(names $n); says '256'; done; "
	    "head -c 300000 /dev/zero > big; fails keystorectl cert import big; says '26\\|25'; "
	    "fails keystorectl trust add opcua big; says big")

/* What the device is called is the test's, and so is how long a change has to last. */
Test(requirements, a19_an_address_that_changes_is_reported_and_renewed_by_policy_in_both_modes)
{
	const struct fixture_options options = {.config = "[watch]\nsettle = 200ms\n"};

	if (!own_net_enter())
		cr_skip_test("no network namespace may be made here");
	struct fixture *fixture = fixture_new(&options);

	free(fixture_sh_ok(
		fixture, "%s",
		SHELL "until_so() { for i in $(seq 600); do if \"$@\" > out 2>&1; then return; fi; "
		      "keystorectl status > /dev/null; done; cat out; exit 1; }; "
		      "names() { keystorectl cert export $1 | openssl x509 -noout -ext "
		      "subjectAltName | grep -q $2; }; "
		      "has() { keystorectl status | grep -q 'addresses *1 watched'; }; "
		      "gone() { keystorectl cert check $1 | grep -q san-address-gone; }; "
		      "ip addr add 192.0.2.1/24 dev eth0; until_so has; " NEW
		      "--profile web-server --self-signed --new-key own --subject CN=own "
		      "--san IP:192.0.2.1 > /dev/null; "
		      "ip addr del 192.0.2.1/24 dev eth0; ip addr add 192.0.2.2/24 dev eth0; "
		      "until_so names 1 192.0.2.2; test $(fact 1 'c[\"version\"]') = 2; "
		      "keystorectl project init > /dev/null; " NEW
		      "--profile web-server --issuer 3 --new-key web --subject CN=web "
		      "--san IP:192.0.2.2 > /dev/null; "
		      "ip addr del 192.0.2.2/24 dev eth0; ip addr add 192.0.2.3/24 dev eth0; "
		      "until_so gone 4; until_so gone 1; names 4 192.0.2.2; names 1 192.0.2.2; "
		      "keystorectl cert renewal 4 --addresses follow > /dev/null; "
		      "until_so names 4 192.0.2.3; test $(fact 4 'c[\"version\"]') = 2; "
		      "fails gone 4"));
	fixture_free(fixture);
}

ROW(a21_what_openssl_makes_is_usable,
    PROJECT "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout p.key "
	    "-subj /CN=partner -addext subjectAltName=DNS:p.plant -out p.csr 2> /dev/null; "
	    "keystorectl ca sign p.csr --issuer 2 --profile tls-server --out p.pem; "
	    "keystorectl cert export 2 --out ca.pem; openssl verify -x509_strict -CAfile ca.pem "
	    "p.pem; openssl x509 -in p.pem -noout -ext subjectAltName | grep -q p.plant")

ROW(a22_a_partners_key_is_made_outside_keystored,
    PROJECT "keystorectl external create client --issuer 1 --profile opcua-client --subject "
	    "CN=client --san URI:urn:client --out pki > /dev/null; "
	    "openssl pkey -in pki/own/private/client.pem -noout; keystorectl key list --names | "
	    "fails grep client; test \"$(fact 3 'c[\"private_key\"]')\" = None")

#define OUTSIDE                                                                                    \
	"ca() { openssl req -x509 -newkey rsa:2048 -noenc -keyout $1.key -subj /CN=$1 -out "       \
	"$1.pem "                                                                                  \
	"-days 99 -addext keyUsage=critical,keyCertSign,cRLSign 2> /dev/null; }; "                 \
	"leaf() { openssl req -new -newkey rsa:2048 -noenc -keyout $2.key -subj /CN=$2 -out "      \
	"$2.csr 2> /dev/null; printf 'subjectAltName=URI:urn:%s\\nkeyUsage=critical,"              \
	"digitalSignature,nonRepudiation,keyEncipherment,dataEncipherment\\n"                      \
	"extendedKeyUsage=clientAuth\\n' $2 > ext; openssl x509 -req -in $2.csr -CA $1.pem "       \
	"-CAkey $1.key -CAcreateserial -days 9 -extfile ext -out $2.pem 2> /dev/null; }; "         \
	"crl() { rm -rf $1.db; mkdir $1.db; : > $1.db/index; echo 01 > $1.db/number; "             \
	"printf '[ca]\\ndefault_ca=c\\n[c]\\ndatabase=%s.db/index\\ncrlnumber=%s.db/number\\n"     \
	"default_md=sha256\\ndefault_crl_days=9\\n' $1 $1 > $1.cnf; openssl ca -config $1.cnf "    \
	"-gencrl -keyfile $1.key -cert $1.pem -out $1.crl 2> /dev/null; }; "

ROW(b1_a_group_has_four_lists_and_a_trusted_ca_extends_trust,
    SHELL OUTSIDE "ca Partner; leaf Partner client; crl Partner; "
		  "cat Partner.pem Partner.crl > both.pem; keystorectl trust add opcua both.pem; "
		  "keystorectl group list | grep -q opcua; "
		  "keystorectl validate opcua client.pem --application-uri urn:client; "
		  "keystorectl trust list opcua | grep -q Partner; "
		  "fails keystorectl validate https client.pem")

ROW(b2_an_incomplete_chain_is_refused_and_the_missing_issuer_named,
    SHELL OUTSIDE "ca Missing; leaf Missing client; "
		  "fails keystorectl validate opcua client.pem; says 'CN=Missing'")

ROW(b3_strangers_are_accepted_only_where_a_switch_says_so,
    SHELL OUTSIDE "ca Self; leaf Self client; openssl req -x509 -newkey rsa:2048 -noenc -keyout "
		  "s.key -subj /CN=stranger -out s.pem -days 9 -addext "
		  "subjectAltName=URI:urn:s -addext keyUsage=critical,digitalSignature,"
		  "nonRepudiation,keyEncipherment,dataEncipherment,keyCertSign -addext "
		  "basicConstraints=critical,CA:FALSE -addext "
		  "extendedKeyUsage=clientAuth,serverAuth 2> /dev/null; "
		  "fails keystorectl validate opcua s.pem; "
		  "keystorectl group set opcua --auto-accept on > /dev/null; "
		  "keystorectl validate opcua s.pem > out; "
		  "keystorectl group set opcua --auto-accept off > /dev/null; "
		  "keystorectl validate opcua s.pem; keystorectl audit list | grep -qi accept")

ROW(b4_what_was_refused_is_listed_with_the_reason_and_trusted_by_one_command,
    SHELL OUTSIDE "openssl req -x509 -newkey rsa:2048 -noenc -keyout s.key -subj /CN=stranger "
		  "-out s.pem -days 9 2> /dev/null; fails keystorectl validate https s.pem; "
		  "keystorectl rejected list | grep -q stranger; "
		  "id=$(keystorectl rejected list --json | python3 -c 'import json, sys; "
		  "print(json.load(sys.stdin)[\"rejected\"][0][\"id\"])'); "
		  "keystorectl rejected trust $id > /dev/null; keystorectl validate https s.pem; "
		  "keystorectl rejected list | fails grep stranger")
