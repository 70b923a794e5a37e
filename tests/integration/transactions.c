/* Services and transactions from the command line, and what a death in between leaves. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "fixture.h"

/* "set -e" lets a "! command" that succeeds pass. */
#define SHELL "set -e; fails() { if \"$@\"; then exit 1; fi; }; "

/* c1.pem to cN.pem, each trusted by itself. */
#define CERTS(n)                                                                                   \
	"for i in $(seq " n "); do openssl req -x509 -newkey ec -pkeyopt "                         \
	"ec_paramgen_curve:P-256 -nodes -keyout k -out c$i.pem -subj /CN=c$i -days 30 "            \
	"2> /dev/null; done; "

static void expect(struct fixture *fixture, int code, const char *said, const char *command)
{
	struct run run = fixture_sh(fixture, "keystorectl %s 2>&1", command);

	cr_assert_eq(run.exit_code, code, "%s: %d: %s", command, run.exit_code, run.out);
	cr_assert_not_null(strstr(run.out, said), "%s: %s", command, run.out);
	run_free(&run);
}

Test(transactions, are_all_of_it_or_nothing)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(
		fixture,
		SHELL CERTS(
			"3") "keystorectl project init > /dev/null; "
			     "keystorectl cert create --profile web-server --issuer 2 --new-key "
			     "web "
			     "--algorithm ec-p256 --subject CN=web --san DNS:web.plant > "
			     "/dev/null; "
			     "printf 'trust add https c1.pem\\n\\n# a comment\\n"
			     "trust add \"https\" c2.pem --list trusted\\ngroup set https --crls "
			     "none\\n"
			     "service create web --kind web-server --cert 3 --group https --uid "
			     "1000\\n' > good; "
			     "keystorectl txn run good | grep -q '^applied 4 changes$'; "
			     "test $(keystorectl trust list https | wc -l) = 3; "
			     "keystorectl service show web | grep -q https; "
			     "keystorectl key show web | grep -q 'service web'; "
			     "keystorectl validate https c1.pem; "
			     /* The second line fails. */
			     "printf 'trust add https c3.pem\\ntrust remove https 00\\n' > bad; "
			     "fails keystorectl txn run bad; "
			     "printf 'trust add https c3.pem\\ntrust add https c1.pem\\n' > late; "
			     "fails keystorectl txn run late; "
			     "test $(keystorectl trust list https | wc -l) = 3; "
			     "keystorectl txn status | grep -q 'no transaction is open'; "
			     "echo key create a --algorithm ec-p256 > keys; "
			     "keystorectl txn run - < good > /dev/null || true; "
			     "test $(keystorectl audit list | grep -c ' trust add ') = 2"));
	expect(fixture, 2, "line 2 failed, and nothing has changed", "txn run bad");
	expect(fixture, 7, "change 2 of 2 (trust add https)", "txn run late");
	expect(fixture, 2, "no command for a transaction", "txn run keys");
	expect(fixture, 7, "is assigned to service", "cert delete 3");
	fixture_free(fixture);
}

Test(services, ask_with_their_trust_group_and_for_their_peers)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(
		fixture,
		SHELL CERTS("2") "keystorectl trust add https c1.pem; "
				 "keystorectl service create web --kind web-server --group https; "
				 "keystorectl service create ua --kind opcua-server --group https; "
				 "keystorectl service create idle --kind custom; "
				 "keystorectl validate --service web c1.pem; "
				 "keystorectl validate c1.pem --service=web --json | "
				 "grep -q '\"accepted\":true'; "
				 /* It is no OPC UA application. */
				 "fails keystorectl validate c1.pem --service ua; "
				 "keystorectl validate c1.pem --service ua --purpose any; "
				 "fails keystorectl validate c2.pem --service web; "
				 "keystorectl rejected list --group https | grep -q CN=c2"));
	expect(fixture, 3, "nowhere", "validate --service nowhere c1.pem");
	expect(fixture, 7, "has no trust group", "validate --service idle c1.pem");
	expect(fixture, 2, "usage: keystorectl validate GROUP FILE",
	       "validate --service web https c1.pem");
	expect(fixture, 2, "usage: keystorectl validate GROUP FILE", "validate c1.pem");
	fixture_free(fixture);
}

Test(transactions, take_in_certificates_and_keys_too)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(
		fixture,
		SHELL CERTS(
			"2") "printf 'subjectAltName=DNS:web.plant\nkeyUsage=digitalSignature\n"
			     "extendedKeyUsage=serverAuth\n' > ext; "
			     "openssl req -new -key k -subj /CN=c2 | openssl x509 -req -signkey k "
			     "-days 30 "
			     "-extfile ext -out c2.pem 2> /dev/null; "
			     "openssl pkcs12 -export -inkey k -in c2.pem -out c2.p12 -passout "
			     "pass:secret; "
			     "echo secret > pw; "
			     "keystorectl cert create --profile web-server --self-signed --new-key "
			     "web "
			     "--algorithm ec-p256 --subject CN=web --san DNS:web.plant > "
			     "/dev/null; "
			     "keystorectl cert request --for 1 --new-key web2 --algorithm ec-p256 "
			     "--out web.csr "
			     "> /dev/null; "
			     "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
			     "-keyout ca.k "
			     "-out ca.pem -subj /CN=ca -days 30 2> /dev/null; "
			     "openssl x509 -req -in web.csr -CA ca.pem -CAkey ca.k -CAcreateserial "
			     "-days 20 "
			     "-extfile ext -out web.pem 2> /dev/null; cat web.pem ca.pem > "
			     "both.pem; "
			     "printf 'cert import c2.p12 --key c2 --password-file pw\ncert import "
			     "c1.pem\n"
			     "cert replace 1 both.pem\nservice create web --kind web-server --cert "
			     "1\n' > all; "
			     "cp all more; echo trust remove https 00 >> more; fails keystorectl "
			     "txn run more; "
			     "test $(keystorectl cert list | wc -l) = 2; "
			     "keystorectl key list --names | tr '\n' ' ' | grep -qx 'web web2 '; "
			     "test \"$(keystorectl txn run all)\" = 'applied 4 changes'; "
			     "test $(keystorectl cert list | wc -l) = 5; "
			     "keystorectl key show c2 | grep -q imported; "
			     "keystorectl cert show 1 --json | grep -q '\"version\":2'; "
			     "keystorectl service show web | grep -q ' 1 '; "
			     "openssl rand 32 > d; keystorectl sign c2 --digest --in d --out s; "
			     "openssl x509 -in c2.pem -noout -pubkey > p; "
			     "openssl pkeyutl -verify -pubin -inkey p -in d -sigfile s; "
			     "keystorectl audit verify"));
	expect(fixture, 7, "is here already", "txn run all");
	expect(fixture, 7, "line 1 failed, and nothing has changed", "txn run all");
	fixture_free(fixture);
}

/*
 * The service is killed while it stages and applies: what is there afterwards is all or nothing,
 * and the audit trail has as much.
 */
Test(transactions, survive_a_death_whole_or_not_at_all, .timeout = 300)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(fixture, SHELL CERTS("6") "for i in $(seq 6); do "
						     "echo trust add opcua c$i.pem; done > all"));
	for (int round = 0; round < 8; round++) {
		struct run run = fixture_sh(
			fixture,
			"n=$(keystorectl trust list opcua | wc -l); "
			"test $n = 1 || for f in $(keystorectl trust list opcua | "
			"sed -n '2,$s/.* //p'); do keystorectl trust remove opcua $f || exit 1; "
			"done; keystorectl txn run all & client=$!; "
			"for i in $(seq %d); do keystorectl txn status > /dev/null || true; done; "
			"kill -9 %d; wait $client || true",
			round, (int)fixture_service_pid(fixture));

		cr_assert_eq(run.exit_code, 0, "%s%s", run.out, run.err);
		run_free(&run);
		fixture_service_kill(fixture);
		fixture_service_start(fixture);
		fixture_service_wait(fixture);
		free(fixture_sh_ok(fixture, "n=$(keystorectl trust list opcua | wc -l); "
					    "test $n = 1 || test $n = 7; "
					    "keystorectl audit verify; "
					    "keystorectl txn status | grep -q 'no transaction'"));
	}
	fixture_free(fixture);
}
