/* Certificates renewed by themselves and with new keys, as OpenSSL sees them. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

/* "set -e" lets a "! command" that succeeds pass. */
#define SHELL "set -e; fails() { if \"$@\"; then exit 1; fi; }; "

static void expect(struct fixture *fixture, int code, const char *said, const char *command)
{
	struct run run = fixture_sh(fixture, "keystorectl %s 2>&1", command);

	cr_assert_eq(run.exit_code, code, "%s: %d: %s", command, run.exit_code, run.out);
	cr_assert_not_null(strstr(run.out, said), "%s: %s", command, run.out);
	run_free(&run);
}

Test(renewal, happens_by_itself_once_it_is_due)
{
	struct fixture *fixture = fixture_new(NULL);

	/* Valid for 200 days, 100 of which are over. */
	free(fixture_sh_ok(
		fixture, SHELL
		"keystorectl project init > /dev/null; "
		"keystorectl cert create --profile tls-client --self-signed --new-key web "
		"--algorithm ec-p256 --subject CN=web "
		"--not-before $(date -u -d '-100 days' +%%F) --not-after $(date -u -d '100 days' "
		"+%%F); "
		"keystorectl cert show 3 | grep 'renewal.*10*\\|renewal.*usual'; "
		"keystorectl cert renewal 3 --fraction 60 --rekey; "
		/* An event says so; whoever came too late looks. */
		"for i in $(seq 200); do keystorectl cert show 3 --json | grep -q "
		"'\"version\":2,' && break; keystorectl status > /dev/null; done; "
		"keystorectl cert show 3 --json | python3 -c 'import json, sys; "
		"c = json.load(sys.stdin); "
		"assert c[\"version\"] == 2 and c[\"private_key\"][\"name\"] == \"web.v2\", c; "
		"assert c[\"renewal\"][\"mode\"] == \"per cent left\", c; "
		"assert c[\"renewal\"][\"at\"], c'; "
		"keystorectl cert export 3 --out web.pem; "
		"openssl verify -x509_strict -CAfile web.pem web.pem; "
		"openssl x509 -in web.pem -noout -checkend $((199 * 86400)); "
		"keystorectl audit list | grep 'cert renew.*web.v2'"));
	fixture_free(fixture);
}

Test(renewal, with_a_new_key_keeps_everything_else)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(
		fixture, SHELL
		"keystorectl project init > /dev/null; "
		"keystorectl cert create --profile web-server --issuer 2 --new-key web "
		"--algorithm rsa-2048 --subject CN=web,O=Plant --san DNS:web.plant,IP:192.0.2.7; "
		"keystorectl key allow web --uid 12345 --operations sign; "
		"keystorectl cert export 3 --out old.pem; keystorectl cert export 2 --out ca.pem; "
		"keystorectl cert renew 3 --rekey --algorithm ec-p256; "
		"keystorectl cert export 3 --out new.pem; "
		"openssl verify -x509_strict -CAfile ca.pem old.pem new.pem; "
		"for fact in -subject '-ext subjectAltName'; do "
		"openssl x509 -in old.pem -noout $fact > old; "
		"openssl x509 -in new.pem -noout $fact > new; cmp old new; done; "
		"openssl x509 -in new.pem -noout -pubkey > new.pub; "
		"keystorectl key export web.v2 --public --out web.pub; cmp new.pub web.pub; "
		"openssl x509 -in new.pem -noout -text | grep 'NIST CURVE: P-256'; "
		"keystorectl key show web.v2 --json | grep '12345'; "
		"keystorectl cert renew 3 --rekey; keystorectl key list --names | grep -x web.v3; "
		"keystorectl key list --names | grep -x web; "
		"keystorectl cert show 3 --json | grep -q '\"version\":3,'"));
	expect(fixture, 7, "make another CA", "cert renew 2 --rekey");
	expect(fixture, 2, "give --rekey too", "cert renew 3 --algorithm ec-p256");
	expect(fixture, 2, "needs one of", "cert renewal 3");
	expect(fixture, 2, "needs one of", "cert renewal 3 --off --default");
	expect(fixture, 2, "1 to 66 per cent", "cert renewal 3 --fraction 67");
	expect(fixture, 2, "1 to 3650 days", "cert renewal 3 --days-before 4000");
	expect(fixture, 0, "not by itself", "cert renewal 3 --off");
	expect(fixture, 0, "believed", "clock confirm");
	expect(fixture, 0, "plausible", "status");
	fixture_free(fixture);
}

Test(renewal, by_a_ca_elsewhere_is_prepared_as_a_csr)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(
		fixture, SHELL
		"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "
		"ca.key "
		"-out ca.pem -subj /CN=Company -days 900 "
		"-addext basicConstraints=critical,CA:TRUE "
		"-addext keyUsage=critical,keyCertSign,cRLSign; "
		"printf 'keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n"
		"basicConstraints=critical,CA:FALSE\n' > ext; "
		"keystorectl cert request --profile tls-client --new-key web --algorithm ec-p256 "
		"--subject CN=web --out web.csr; "
		"openssl x509 -req -in web.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 300 "
		"-extfile ext -out web.pem; "
		"keystorectl cert replace 1 web.pem; "
		/* Without the CA's certificate: the issuer is elsewhere. */
		"keystorectl cert renewal 1 --days-before 3000 --rekey; "
		"keystorectl cert show 1 --json | grep '\"version\":1,'"));
	/* A third of its life has to be over: the last run was in the past, so to say. */
	cr_assert_eq(fixture_service_stop(fixture), 0);
	free(fixture_sh_ok(fixture,
			   "sqlite3 state/keystored.db \"UPDATE certificate_version SET not_before "
			   "= not_before - 200 * 86400, not_after = not_after - 200 * 86400\""));
	fixture_service_start(fixture);
	fixture_service_wait(fixture);
	free(fixture_sh_ok(
		fixture, SHELL
		"for i in $(seq 200); do keystorectl audit list | grep -q 'cert expiry.*CSR waits' "
		"&& "
		"break; keystorectl status > /dev/null; done; "
		"keystorectl audit list | grep 'cert expiry.*its CSR waits'; "
		"keystorectl cert show 1 | grep 'CSR.*waits'; "
		"keystorectl cert export 1 --format csr --out next.csr; "
		"openssl req -in next.csr -noout -verify -subject | grep -E 'CN ?= ?web'; "
		"openssl req -in next.csr -noout -pubkey > next.pub; "
		"keystorectl key export web.v2 --public --out key.pub; cmp next.pub key.pub; "
		"openssl x509 -req -in next.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 300 "
		"-extfile ext -out next.pem; "
		"keystorectl cert replace 1 next.pem; "
		"keystorectl cert show 1 --json | grep '\"version\":2,'; "
		/* Told once. */
		"keystorectl audit list | grep -c 'cert expiry.*its CSR waits' | grep -x 1"));
	fixture_free(fixture);
}

Test(renewal, waits_for_a_clock_that_is_believed)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(fixture, "keystorectl project init"));
	cr_assert_eq(fixture_service_stop(fixture), 0);
	/* The last run was a year ahead of what the clock says now. */
	free(fixture_sh_ok(fixture, "sqlite3 state/keystored.db \"UPDATE clock SET seen = seen + "
				    "31536000\""));
	fixture_service_start(fixture);
	fixture_service_wait(fixture);
	expect(fixture, 0, "more than a day before what", "status");
	expect(fixture, 7, "what time it is, is not known",
	       "cert create --profile tls-client --issuer 2 --new-key k --algorithm ec-p256 "
	       "--subject CN=k");
	expect(fixture, 7, "what time it is, is not known", "cert renew 2");
	expect(fixture, 0, "believed", "clock confirm");
	expect(fixture, 0, "CN=k",
	       "cert create --profile tls-client --issuer 2 --new-key k --algorithm ec-p256 "
	       "--subject CN=k");
	fixture_service_restart(fixture);
	expect(fixture, 0, "plausible", "status");
	fixture_free(fixture);
}
