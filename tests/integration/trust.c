/* Trust groups, validation and the rejected list, with chains that OpenSSL made. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "fixture.h"

/* "set -e" lets a "! command" that succeeds pass. */
#define SHELL "set -e; fails() { if \"$@\"; then exit 1; fi; }; "

/*
 * root → mid → leaf, each with a CRL of its own: root.crl, mid.crl. "ca NAME ISSUER", "leaf NAME
 * ISSUER", "crl ISSUER", "revoke NAME ISSUER" make more. An ISSUER of "-" is the name itself.
 */
#define PKI                                                                                        \
	"mkdir -p pki; cd pki; "                                                                   \
	"conf() { printf '[ca]\\ndefault_ca=d\\n[d]\\ndatabase=%%s.db\\nserial=%%s.sn\\n"          \
	"crlnumber=%%s.cn\\nnew_certs_dir=.\\ndefault_md=sha256\\npolicy=p\\ndefault_days=300\\n"  \
	"default_crl_days=30\\ncertificate=%%s.pem\\nprivate_key=%%s.key\\nunique_subject=no\\n"   \
	"copy_extensions=copy\\n[p]\\ncommonName=supplied\\n[cav]\\n"                              \
	"basicConstraints=critical,CA:TRUE\\nkeyUsage=critical,keyCertSign,cRLSign\\n"             \
	"subjectKeyIdentifier=hash\\nauthorityKeyIdentifier=keyid\\n[leafv]\\n"                    \
	"basicConstraints=CA:FALSE\\nkeyUsage=critical,digitalSignature\\n"                        \
	"subjectKeyIdentifier=hash\\nauthorityKeyIdentifier=keyid\\n"                              \
	"subjectAltName=DNS:plc.plant,URI:urn:plc\\n' $1 $1 $1 $1 $1 > $1.cnf; "                   \
	"test -f $1.db || : > $1.db; test -f $1.sn || echo 01 > $1.sn; "                           \
	"test -f $1.cn || echo 01 > $1.cn; }; "                                                    \
	"req() { openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "             \
	"-keyout $1.key -out $1.csr -subj \"/CN=$1\" 2> /dev/null; }; "                            \
	"ca() { req $1; conf $1; if [ $2 = - ]; then openssl ca -config $1.cnf -selfsign -batch "  \
	"-in $1.csr -out $1.pem -notext -extensions cav 2> /dev/null; else openssl ca -config "    \
	"$2.cnf -batch -in $1.csr -out $1.pem -notext -extensions cav 2> /dev/null; fi; }; "       \
	"leaf() { req $1; openssl ca -config $2.cnf -batch -in $1.csr -out $1.pem -notext "        \
	"-extensions leafv 2> /dev/null; }; "                                                      \
	"crl() { openssl ca -config $1.cnf -gencrl -out $1.crl 2> /dev/null; }; "                  \
	"revoke() { openssl ca -config $2.cnf -revoke $1.pem -crl_reason keyCompromise "           \
	"2> /dev/null; crl $2; }; "                                                                \
	"fp() { openssl x509 -in $1.pem -noout -fingerprint -sha256 | sed 's/.*=//'; }; "

#define BASE  PKI "ca root -; ca mid root; leaf leaf mid; crl root; crl mid; "
#define AGAIN PKI

static struct fixture *with_pki(void)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(fixture, SHELL BASE));
	return fixture;
}

/* The command fails with @code, saying @said. */
static void expect(struct fixture *fixture, int code, const char *said, const char *command)
{
	struct run run = fixture_sh(fixture, "cd pki; keystorectl %s 2>&1", command);

	cr_assert_eq(run.exit_code, code, "%s: %d: %s", command, run.exit_code, run.out);
	cr_assert_not_null(strstr(run.out, said), "%s: %s", command, run.out);
	run_free(&run);
}

Test(trust, extends_to_what_a_trusted_ca_issued_and_asks_for_a_crl_at_each_level)
{
	struct fixture *fixture = with_pki();

	/* B1, B2 */
	free(fixture_sh_ok(fixture, SHELL AGAIN "cat root.pem root.crl > trusted.pem; "
						"cat mid.pem mid.crl > issuers.pem; "
						"keystorectl trust add opcua trusted.pem"));
	expect(fixture, 11, "\"CN=mid\", which issued \"CN=leaf\", is missing",
	       "validate opcua leaf.pem");
	/* What comes along helps, but its CRL is asked for too. */
	expect(fixture, 11, "CN=mid", "validate opcua leaf.pem --chain mid.pem");
	free(fixture_sh_ok(
		fixture, SHELL AGAIN
		"keystorectl validate opcua leaf.pem --json | grep -q "
		"'\"missing_issuer\":\"CN=mid\"' || test $? = 1; "
		"keystorectl trust add opcua issuers.pem --list issuers; "
		"keystorectl validate opcua leaf.pem | grep -q '^accepted: trusted through'; "
		"cat leaf.pem mid.pem root.pem > chain.pem; "
		"keystorectl validate opcua chain.pem --purpose any; "
		"keystorectl group list --json | python3 -c 'import json, sys; "
		"g = {x[\"name\"]: x for x in json.load(sys.stdin)[\"groups\"]}; o = g[\"opcua\"]; "
		"assert [o[k] for k in (\"trusted_certs\", \"trusted_crls\", \"issuer_certs\", "
		"\"issuer_crls\")] == [1, 1, 1, 1], o; assert o[\"updated\"], o; "
		"assert sorted(g) == [\"https\", \"opcua\", \"opcua-user\", \"ouc\", \"pg-hmi\", "
		"\"syslog\"], g'; "
		"test $(keystorectl trust list opcua | wc -l) = 5; "
		"test $(keystorectl trust list opcua --list issuers | wc -l) = 3; "
		/* Other groups have nothing of it. */
		"fails keystorectl validate https leaf.pem"));
	expect(fixture, 11, "CN=root", "validate https leaf.pem --chain mid.pem");
	/* Restarted, it is the same. */
	fixture_service_restart(fixture);
	free(fixture_sh_ok(fixture, "cd pki; keystorectl validate opcua leaf.pem"));
	fixture_free(fixture);
}

Test(trust, ends_with_a_revocation_and_with_an_entry_that_is_removed)
{
	struct fixture *fixture = with_pki();

	free(fixture_sh_ok(fixture, SHELL AGAIN
			   "keystorectl trust add opcua root.pem; "
			   "keystorectl trust add opcua root.crl; "
			   "keystorectl trust add opcua mid.pem --list issuers; "
			   "keystorectl trust add opcua mid.crl --list issuer-crls; "
			   "keystorectl validate opcua leaf.pem; cp mid.crl old.crl; "
			   "revoke leaf mid; keystorectl trust add opcua mid.crl --list issuers; "
			   "test $(keystorectl trust list opcua --list issuer-crls | wc -l) = 2"));
	expect(fixture, 11, "was revoked", "validate opcua leaf.pem");
	expect(fixture, 7, "as new", "trust add opcua old.crl --list issuers");
	expect(fixture, 7, "already", "trust add opcua mid.crl --list issuers");
	free(fixture_sh_ok(fixture, SHELL AGAIN
			   "leaf other mid; keystorectl validate opcua other.pem; "
			   /* The CRL goes with its CA. */
			   "keystorectl trust remove opcua $(fp mid); "
			   "test $(keystorectl trust list opcua | wc -l) = 3; "
			   "fails keystorectl validate opcua other.pem; "
			   "keystorectl trust export opcua $(fp root) | cmp - root.pem; "
			   "keystorectl trust export opcua $(fp root) --format der | "
			   "openssl x509 -inform DER -noout -subject | grep -q root; "
			   "crl=$(keystorectl trust list opcua --list trusted-crls --json | "
			   "python3 -c 'import json, sys; "
			   "print(json.load(sys.stdin)[\"entries\"][0][\"fingerprint\"])'); "
			   "keystorectl trust export opcua $crl | cmp - root.crl"));
	fixture_free(fixture);
}

Test(trust, refuses_a_crl_that_is_not_its_issuers)
{
	struct fixture *fixture = with_pki();

	expect(fixture, 2, "whose certificate is not in trust group", "trust add opcua root.crl");
	free(fixture_sh_ok(fixture,
			   SHELL AGAIN "keystorectl trust add opcua root.pem; "
				       /* Another CA of the same name. */
				       "mkdir other; (cd other; ca root -; crl root); "
				       "fails keystorectl trust add opcua other/root.crl; "
				       "test $(keystorectl trust list opcua | wc -l) = 2"));
	expect(fixture, 2, "no certificate of that name", "trust add opcua other/root.crl");
	expect(fixture, 2, "is a CRL", "trust add opcua root.crl --list trusted-certs");
	expect(fixture, 2, "is no CA's", "trust add opcua leaf.pem --list issuers");
	expect(fixture, 2, "no certificate and no CRL", "trust add opcua leaf.csr");
	expect(fixture, 3, "no trust group", "trust add nowhere root.pem");
	expect(fixture, 7, "already", "trust add opcua root.pem");
	/* All or none. */
	free(fixture_sh_ok(fixture,
			   SHELL AGAIN "cat mid.pem root.pem > both.pem; "
				       "fails keystorectl trust add opcua both.pem; "
				       "test $(keystorectl trust list opcua | wc -l) = 2; "
				       "keystorectl trust set opcua both.pem; "
				       "test $(keystorectl trust list opcua | wc -l) = 3; "
				       "keystorectl trust set opcua mid.pem --list trusted-certs; "
				       "test $(keystorectl trust list opcua | wc -l) = 2"));
	fixture_free(fixture);
}

Test(trust, lists_what_was_refused_with_the_reason_and_trusts_it_on_demand)
{
	struct fixture *fixture = with_pki();

	/* B4 */
	free(fixture_sh_ok(
		fixture, SHELL AGAIN
		"for i in 1 2 3; do fails keystorectl validate opcua leaf.pem; done; "
		"fails keystorectl validate https leaf.pem; "
		/* A question has no consequences. */
		"fails keystorectl validate ouc leaf.pem --at 2026-03-01; "
		"keystorectl rejected list --json | python3 -c 'import json, sys; "
		"r = json.load(sys.stdin)[\"rejected\"]; assert len(r) == 2, r; "
		"assert r[0][\"group\"] == \"opcua\" and r[0][\"count\"] == 3, r; "
		"assert r[0][\"reason\"] == \"incomplete\" and \"CN=mid\" in r[0][\"message\"], "
		"r'; "
		"keystorectl rejected trust 1; keystorectl validate opcua leaf.pem; "
		"test $(keystorectl rejected list | wc -l) = 2; "
		"test $(keystorectl rejected list --group opcua | wc -l) = 1; "
		"keystorectl trust list opcua --list trusted-certs | grep -q CN=leaf; "
		/* What is refused again before it is entered takes a number or not. */
		"id=$(keystorectl rejected list --group https --json | python3 -c 'import json, "
		"sys; print(json.load(sys.stdin)[\"rejected\"][0][\"id\"])'); "
		"keystorectl rejected delete $id; test $(keystorectl rejected list | wc -l) = 1; "
		"fails keystorectl validate https leaf.pem; "
		"keystorectl rejected clear --group opcua; "
		"test $(keystorectl rejected list | wc -l) = 2; keystorectl rejected clear; "
		"test $(keystorectl rejected list | wc -l) = 1"));
	expect(fixture, 3, "no refused certificate 1", "rejected trust 1");
	fixture_free(fixture);
}

Test(trust, accepts_by_itself_only_where_switched_on_and_only_whom_nobody_knows)
{
	struct fixture *fixture = with_pki();

	/* B3 */
	free(fixture_sh_ok(
		fixture, SHELL AGAIN
		"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "
		"s.key "
		"-out self.pem -subj /CN=self -days 30 2> /dev/null; "
		"fails keystorectl validate opcua self.pem; "
		"keystorectl group set opcua --auto-accept on | grep -q ' on '; "
		"keystorectl validate opcua self.pem | grep -q 'accepted by itself'; "
		"keystorectl validate opcua self.pem | grep -q '^accepted:'; "
		"keystorectl trust list opcua | grep 'CN=self' | grep -q 'accepted by itself'; "
		"keystorectl audit list | grep validate | grep -q 'accepted by itself: CN=self'; "
		"keystorectl rejected list | wc -l | grep -q '^1$'; "
		/* Whoever has another fault stays out. */
		"openssl req -x509 -newkey rsa:1024 -nodes -keyout w.key -out weak.pem "
		"-subj /CN=weak -days 30 2> /dev/null; "
		"fails keystorectl validate opcua weak.pem; "
		"fails keystorectl validate opcua leaf.pem --purpose opcua "
		"--application-uri urn:other; "
		"keystorectl group set opcua --auto-accept off; "
		"fails keystorectl validate opcua leaf.pem; "
		"test $(keystorectl trust list opcua | wc -l) = 2"));
	fixture_free(fixture);
}

Test(trust, asks_for_the_host_by_its_subject_alternative_names_alone)
{
	struct fixture *fixture = with_pki();

	free(fixture_sh_ok(
		fixture, SHELL AGAIN
		"sed -i 's/DNS:plc.plant/DNS:plc.plant,DNS:*.line.plant,IP:192.0.2.1/' mid.cnf; "
		"leaf plc mid; keystorectl group set opcua --crls none; "
		"keystorectl trust add opcua root.pem; "
		"keystorectl trust add opcua mid.pem --list issuers; "
		"for i in plc.plant PLC.Plant. a.line.plant 192.0.2.1; do "
		"keystorectl validate opcua plc.pem --host $i; done; "
		/* The common name is "plc". */
		"for i in plc line.plant a.b.line.plant 192.0.2.2 ::ffff:192.0.2.1; do "
		"fails keystorectl validate opcua plc.pem --host $i; done; "
		"keystorectl validate opcua plc.pem --host other --json > host.json || "
		"test $? = 11; python3 -c 'import json; v = json.load(open(\"host.json\")); "
		"assert v[\"reason\"] == \"host\" and v[\"depth\"] == 0, v; "
		"assert not v[\"accepted\"] and \"192.0.2.1\" in v[\"message\"], v'; "
		/* Trusting it would not help: it is not offered, and not done by itself. */
		"test $(keystorectl rejected list | wc -l) = 1; "
		"leaf stray mid; keystorectl group set opcua --auto-accept on; "
		"keystorectl trust remove opcua $(fp root); "
		"fails keystorectl validate opcua stray.pem --host other; "
		"test $(keystorectl trust list opcua --list trusted-certs | wc -l) = 1; "
		"test $(keystorectl rejected list | wc -l) = 1; "
		"keystorectl validate opcua stray.pem --host a.line.plant | "
		"grep -q 'accepted by itself'"));
	expect(fixture, 11, "not for the host \"plc\"", "validate opcua stray.pem --host plc");
	expect(fixture, 2, "host “192.0.2.1:443” is not an address",
	       "validate opcua leaf.pem --host 192.0.2.1:443");
	expect(fixture, 2, "host “*.plant” is a wildcard",
	       "validate opcua leaf.pem --host '*.plant'");
	fixture_free(fixture);
}

Test(trust, asks_by_which_certificate_a_peer_is_verified)
{
	struct fixture *fixture = with_pki();

	free(fixture_sh_ok(
		fixture, SHELL AGAIN
		"ca other -; for i in root mid other leaf; do keystorectl cert import $i.pem; done "
		"> /dev/null; id() { keystorectl cert list --json | python3 -c 'import json, sys; "
		"print([c[\"id\"] for c in json.load(sys.stdin)[\"certs\"] "
		"if c[\"common_name\"] == sys.argv[1]][0])' $1; }; "
		"asks() { keystorectl validate opcua leaf.pem --chain mid.pem --anchor $(id $1); "
		"}; "
		"keystorectl group set opcua --crls none; "
		/* Being named makes nobody trusted. */
		"for i in root mid leaf; do fails asks $i; done; keystorectl rejected clear; "
		"keystorectl trust add opcua root.pem; "
		"for i in root mid leaf; do asks $i; done; "
		"asks other > said || test $? = 11; "
		"grep -q \"not by way of certificate $(id other)\" said; "
		"keystorectl validate opcua leaf.pem --anchor $(id mid); "
		/* Above the trusted certificate, and not in the group at all. */
		"keystorectl trust set opcua mid.pem; asks root; fails asks other; "
		"test $(keystorectl rejected list | wc -l) = 1; "
		/* A stranger is not accepted by itself for another's sake. */
		"keystorectl trust remove opcua $(fp mid); "
		"keystorectl group set opcua --auto-accept on; fails asks other; "
		"test $(keystorectl trust list opcua | wc -l) = 1; "
		"asks root | grep -q 'accepted by itself'"));
	expect(fixture, 3, "no certificate 99", "validate opcua leaf.pem --anchor 99");
	expect(fixture, 2, "not a certificate's ID", "validate opcua leaf.pem --anchor 0");
	free(fixture_sh_ok(fixture, SHELL AGAIN
			   "keystorectl cert request --subject CN=wish --profile tls-server "
			   "--new-key wish --algorithm ec-p256 > /dev/null; "
			   "keystorectl validate opcua leaf.pem --anchor 5 2>&1 | "
			   "grep -q 'waits for an answer'"));
	fixture_free(fixture);
}

Test(trust, stays_within_its_limit_of_entries)
{
	struct fixture *fixture =
		fixture_new(&(struct fixture_options){.config = "[limits]\ntrust-entries = 2\n"});

	free(fixture_sh_ok(fixture, SHELL BASE "keystorectl trust add opcua root.pem; "
					       "keystorectl trust add https root.pem"));
	expect(fixture, 7, "3 entries, and 2 are allowed", "trust add opcua mid.pem");
	free(fixture_sh_ok(fixture, SHELL AGAIN "keystorectl trust remove https $(fp root); "
						"keystorectl trust add opcua mid.pem"));
	fixture_free(fixture);
}

Test(trust, is_not_fooled_by_loops_and_long_chains)
{
	struct fixture *fixture = with_pki();

	free(fixture_sh_ok(
		fixture, SHELL AGAIN
		"keystorectl trust add opcua root.pem; "
		"keystorectl group set opcua --crls none; "
		"last=root; for i in $(seq 50); do ca c$i $last; last=c$i; done; "
		"leaf deep c50; cat $(for i in $(seq 50); do echo c$i.pem; done) > long.pem; "
		/* Two CAs that issued one another. */
		"ca a -; ca b a; openssl ca -config b.cnf -batch -in a.csr -out a2.pem "
		"-notext -extensions cav 2> /dev/null; leaf round b; "
		"cat a2.pem b.pem > loop.pem"));
	expect(fixture, 11, "more certificates than are looked at",
	       "validate opcua deep.pem --chain long.pem");
	expect(fixture, 11, "circle", "validate opcua round.pem --chain loop.pem");
	fixture_free(fixture);
}

Test(trust, knows_the_current_crl_of_the_projects_own_cas)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(
		fixture, SHELL
		"keystorectl project init > /dev/null; keystorectl cert export 2 --out ca.pem; "
		"for i in a b; do keystorectl cert create --profile tls-client --issuer 2 "
		"--new-key $i --algorithm ec-p256 --subject CN=$i > /dev/null; done; "
		"keystorectl cert export 3 --out a.pem; keystorectl cert export 4 --out b.pem; "
		"keystorectl trust add opcua-user ca.pem > /dev/null; "
		"keystorectl group list | grep -q 'opcua-user.*required'; "
		"keystorectl validate opcua-user a.pem --purpose tls-client; "
		/* At once, and without anybody carrying the list. */
		"keystorectl cert revoke 3 --reason superseded > /dev/null; "
		"fails keystorectl validate opcua-user a.pem --purpose tls-client; "
		"keystorectl validate opcua-user b.pem --purpose tls-client; "
		/* A list of before, which is in the group too, hides nothing. */
		"keystorectl crl export 2 --out old.crl; keystorectl cert revoke 4 > /dev/null; "
		"keystorectl trust add opcua-user old.crl > /dev/null; "
		"fails keystorectl validate opcua-user b.pem --purpose tls-client"));
	fixture_free(fixture);
}

Test(trust, groups_come_and_go)
{
	struct fixture *fixture = with_pki();

	free(fixture_sh_ok(fixture, SHELL AGAIN
			   "keystorectl group create line-1 --crls none; "
			   "keystorectl trust add line-1 root.pem; "
			   "keystorectl validate line-1 leaf.pem --chain mid.pem; "
			   "keystorectl group set line-1 --crls required; "
			   "fails keystorectl validate line-1 leaf.pem --chain mid.pem; "
			   "keystorectl group delete line-1; "
			   "fails keystorectl trust list line-1; "
			   "test $(keystorectl rejected list | wc -l) = 1"));
	expect(fixture, 7, "predefined", "group delete opcua");
	expect(fixture, 7, "already", "group create opcua");
	expect(fixture, 2, "1 to 64", "group create a/b");
	fixture_free(fixture);
}
