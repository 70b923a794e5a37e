/* Revocation and CRLs as OpenSSL and GnuTLS see them. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

/* "set -e" lets a "! command" that succeeds pass. */
#define SHELL "set -e; fails() { if \"$@\"; then exit 1; fi; }; "

/* Certificates 3 and 4: issued by the RSA CA and the P-256 CA. */
static struct fixture *with_two(const struct fixture_options *options)
{
	struct fixture *fixture = fixture_new(options);

	free(fixture_sh_ok(fixture,
			   SHELL "keystorectl project init; for ca in 1 2; do "
				 "keystorectl cert create --profile tls-client --issuer $ca "
				 "--new-key k$ca --algorithm ec-p256 --subject CN=c$ca; "
				 "keystorectl cert export $ca --out ca$ca.pem; "
				 "keystorectl cert export $((ca + 2)) --out c$ca.pem; done"));
	return fixture;
}

static void expect(struct fixture *fixture, int code, const char *said, const char *command)
{
	struct run run = fixture_sh(fixture, "keystorectl %s 2>&1", command);

	cr_assert_eq(run.exit_code, code, "%s: %d: %s", command, run.exit_code, run.out);
	cr_assert_not_null(strstr(run.out, said), "%s: %s", command, run.out);
	run_free(&run);
}

Test(revocation, is_seen_by_openssl_and_gnutls)
{
	struct fixture *fixture = with_two(NULL);

	free(fixture_sh_ok(
		fixture, SHELL
		"for ca in 1 2; do keystorectl crl export $ca --out crl$ca.pem; "
		"openssl crl -in crl$ca.pem -CAfile ca$ca.pem -noout 2>&1 | grep 'verify OK'; "
		"openssl verify -x509_strict -crl_check_all -CRLfile crl$ca.pem -CAfile ca$ca.pem "
		"c$ca.pem; "
		"keystorectl cert revoke $((ca + 2)) --reason keyCompromise; "
		"keystorectl crl export $ca --out crl$ca.pem; "
		"openssl crl -in crl$ca.pem -CAfile ca$ca.pem -noout 2>&1 | grep 'verify OK'; "
		"openssl verify -crl_check -CRLfile crl$ca.pem -CAfile ca$ca.pem c$ca.pem 2>&1 | "
		"grep 'certificate revoked'; "
		"openssl crl -in crl$ca.pem -noout -text | grep 'Key Compromise'; "
		"fails certtool --verify --load-ca-certificate ca$ca.pem --load-crl crl$ca.pem "
		"--infile c$ca.pem; "
		"keystorectl crl export $ca --format der | openssl crl -inform DER -out der.pem; "
		"cmp der.pem crl$ca.pem; "
		"openssl crl -in crl$ca.pem -noout -crlnumber | grep '=0x02$'; done; "
		"keystorectl cert show 4 --json | grep '\"state\":\"revoked\"'; "
		"keystorectl cert show 4 --json | grep '\"revocation_reason\":\"keyCompromise\"'; "
		"keystorectl crl list --json | python3 -c 'import json, sys; "
		"c = json.load(sys.stdin)[\"crls\"]; "
		"assert [x[\"ca_id\"] for x in c] == [1, 2], c; "
		"assert [x[\"entries\"] for x in c] == [1, 1], c; "
		"assert not c[0][\"pending\"], c'; "
		"test $(keystorectl crl list | wc -l) = 3"));
	fixture_free(fixture);
}

Test(revocation, works_for_cas_below_a_ca_of_the_same_or_another_kind_of_key)
{
	struct fixture *fixture = with_two(NULL);

	free(fixture_sh_ok(
		fixture,
		SHELL "id=5; for ca in 1 2; do for algorithm in rsa-2048 ec-p256; do "
		      "keystorectl cert create --profile ca --issuer $ca --new-key ca$id "
		      "--algorithm $algorithm --subject CN=ca$id; "
		      "keystorectl cert create --profile tls-client --issuer $id --new-key k$id "
		      "--algorithm ec-p256 --subject CN=c$id; "
		      "keystorectl cert export $id --out middle.pem; "
		      "keystorectl cert export $((id + 1)) --out leaf.pem; "
		      "for n in $ca $id; do keystorectl crl export $n; done > crls.pem; "
		      "verify() { openssl verify -x509_strict -crl_check_all -CRLfile crls.pem "
		      "-CAfile ca$ca.pem -untrusted middle.pem leaf.pem 2>&1; }; verify; "
		      "keystorectl cert revoke $((id + 1)); "
		      "for n in $ca $id; do keystorectl crl export $n; done > crls.pem; "
		      "verify | grep 'certificate revoked'; id=$((id + 2)); done; done"));
	fixture_free(fixture);
}

Test(revocation, on_hold_can_be_taken_back)
{
	struct fixture *fixture = with_two(NULL);

	free(fixture_sh_ok(
		fixture, SHELL
		"keystorectl cert revoke 4 --reason certificateHold; "
		"keystorectl crl export 2 --out crl.pem; "
		"fails openssl verify -crl_check -CRLfile crl.pem -CAfile ca2.pem c2.pem; "
		"keystorectl cert revoke 4 --reason removeFromCRL; "
		"keystorectl crl export 2 --out crl.pem; "
		"openssl verify -crl_check -CRLfile crl.pem -CAfile ca2.pem c2.pem; "
		"keystorectl cert renew 4 > /dev/null; keystorectl cert export 4 --out new.pem; "
		"keystorectl cert revoke 4 --of-version 1 --reason superseded; "
		"keystorectl crl export 2 --out crl.pem; "
		"fails openssl verify -crl_check -CRLfile crl.pem -CAfile ca2.pem c2.pem; "
		"openssl verify -crl_check -CRLfile crl.pem -CAfile ca2.pem new.pem"));
	fixture_free(fixture);
}

Test(revocation, has_numbers_that_grow_over_restarts)
{
	struct fixture *fixture = with_two(NULL);

	free(fixture_sh_ok(fixture, "keystorectl cert revoke 4"));
	fixture_service_restart(fixture);
	free(fixture_sh_ok(fixture, SHELL
			   "keystorectl crl renew 2; keystorectl crl export 2 --out crl.pem; "
			   "openssl crl -in crl.pem -noout -crlnumber | grep '=0x03$'; "
			   "openssl verify -crl_check -CRLfile crl.pem -CAfile ca2.pem c2.pem 2>&1 "
			   "| grep 'certificate revoked'; "
			   "keystorectl cert delete 4; keystorectl crl renew 2; "
			   "keystorectl crl export 2 --out crl.pem; "
			   "openssl verify -crl_check -CRLfile crl.pem -CAfile ca2.pem c2.pem 2>&1 "
			   "| grep 'certificate revoked'; "
			   "keystorectl audit list | grep -c 'crl sign' | grep -x 5; "
			   "keystorectl audit verify"));
	fixture_free(fixture);
}

Test(revocation, holds_while_the_tpm_is_away_and_is_told_when_it_is_back)
{
	static const struct fixture_options options = {.with_proxy = true};
	struct fixture *fixture = with_two(&options);

	fixture_tpm_kill(fixture);
	expect(fixture, 0, "only later", "cert revoke 4");
	expect(fixture, 0, "pending", "crl list");
	fixture_tpm_start(fixture);
	fixture_service_wait(fixture);
	free(fixture_sh_ok(
		fixture,
		SHELL "keystorectl --wait crl renew 2; keystorectl crl export 2 --out crl.pem; "
		      "openssl verify -crl_check -CRLfile crl.pem -CAfile ca2.pem c2.pem 2>&1 "
		      "| grep 'certificate revoked'"));
	fixture_free(fixture);
}

Test(revocation, that_cannot_be_is_refused_with_what_is_wrong)
{
	struct fixture *fixture = with_two(NULL);

	expect(fixture, 7, "self-signed", "cert revoke 1");
	expect(fixture, 3, "no certificate 99", "cert revoke 99");
	expect(fixture, 3, "no version 7", "cert revoke 4 --of-version 7");
	expect(fixture, 2, "not one of keyCompromise", "cert revoke 4 --reason rust");
	expect(fixture, 2, "not a version", "cert revoke 4 --of-version x");
	expect(fixture, 7, "not on hold", "cert revoke 4 --reason removeFromCRL");
	expect(fixture, 0, "keyCompromise", "cert revoke 4 --reason keyCompromise");
	expect(fixture, 7, "revoked already, for keyCompromise", "cert revoke 4");
	expect(fixture, 7, "is revoked: make another one", "cert renew 4");
	expect(fixture, 3, "no CRL of certificate 4", "crl export 4");
	expect(fixture, 7, "no CA whose key is here", "crl renew 4");
	fixture_free(fixture);
}

Test(revocation, of_a_ca_that_comes_here_with_its_key_stays)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(
		fixture, SHELL
		"keystorectl mode set project; "
		"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "
		"ca.key "
		"-out ca.pem -subj /CN=Old -days 900 -addext basicConstraints=critical,CA:TRUE "
		"-addext keyUsage=critical,keyCertSign,cRLSign; "
		"printf 'R\t291231235959Z\t261101000000Z,keyCompromise\t0ABC\tunknown\t/CN=a\n' > "
		"index.txt; echo 29 > number; "
		"printf '[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ncrlnumber=number\n"
		"default_md=sha256\n' > ca.conf; "
		"openssl ca -gencrl -crldays 30 -config ca.conf -cert ca.pem -keyfile ca.key -out "
		"old.crl; cat ca.key ca.pem old.crl > all.pem; "
		"keystorectl cert import all.pem --key old-ca | grep 'revoked by the CA'; "
		"keystorectl crl renew 1 > /dev/null; keystorectl crl export 1 --out new.crl; "
		"openssl crl -in new.crl -CAfile ca.pem -noout 2>&1 | grep 'verify OK'; "
		"openssl crl -in new.crl -noout -text > text; grep 'Serial Number: 0ABC' text; "
		"grep 'Key Compromise' text; "
		"test $(openssl crl -in new.crl -noout -crlnumber | sed 's/.*=//' | "
		"xargs printf '%%d') -gt $((0x29))"));
	fixture_free(fixture);
}

Test(revocation, by_the_list_of_a_ca_that_comes_later_holds_for_what_is_here)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(
		fixture, SHELL
		"keystorectl mode set project; "
		"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "
		"ca.key "
		"-out ca.pem -subj /CN=Old -days 900 -addext basicConstraints=critical,CA:TRUE "
		"-addext keyUsage=critical,keyCertSign,cRLSign; "
		"printf 'keyUsage=digitalSignature\nextendedKeyUsage=clientAuth\n' > ext; "
		"for i in 1 2 3 4; do openssl req -new -newkey ec -pkeyopt "
		"ec_paramgen_curve:P-256 "
		"-nodes -keyout $i.key -out csr -subj /CN=c$i; openssl x509 -req -in csr -CA "
		"ca.pem -CAkey ca.key -set_serial 0x70$i -days 300 -extfile ext -out $i.pem; "
		"done 2> /dev/null; "
		"printf 'R\t291231235959Z\t261101000000Z,keyCompromise\t0701\tunknown\t/CN=c1\n"
		"R\t291231235959Z\t261102000000Z,certificateHold\t0702\tunknown\t/CN=c2\n"
		"R\t291231235959Z\t261103000000Z\t0704\tunknown\t/CN=c4\n' > "
		"index.txt; echo 29 > number; "
		"printf '[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ncrlnumber=number\n"
		"default_md=sha256\n' > ca.conf; "
		"openssl ca -gencrl -crldays 30 -config ca.conf -cert ca.pem -keyfile ca.key -out "
		"old.crl; "
		/* One with its key, two without; the fourth comes with the CA. */
		"cat 1.key 1.pem > device.pem; keystorectl cert import device.pem --key c1; "
		"keystorectl cert import 2.pem; keystorectl cert import 3.pem; "
		"cat ca.key ca.pem old.crl 4.pem > all.pem; "
		"keystorectl cert import all.pem --key old-ca --json | python3 -c 'import json, "
		"sys; c = {x[\"common_name\"]: x[\"state\"] for x in "
		"json.load(sys.stdin)[\"certs\"]}; "
		"assert c == {\"Old\": \"active\", \"c4\": \"revoked\"}, c'; "
		"keystorectl cert list --json | python3 -c 'import json, sys; "
		"c = {x[\"common_name\"]: x for x in json.load(sys.stdin)[\"certs\"]}; "
		"assert [c[\"c%%d\" %% i][\"state\"] for i in (1, 2, 3, 4)] == [\"revoked\", "
		"\"revoked\", \"active\", \"revoked\"], c'; "
		"keystorectl cert show 1 --json | grep keyCompromise | grep 2026-11-01; "
		"test $(keystorectl audit list | grep -c 'cert revoke.*as the list of CA') = 3; "
		"keystorectl audit list | grep 'cert revoke.* c1 .*certificate 1 “c1” version 1: "
		"keyCompromise'; "
		"keystorectl audit verify; "
		/* A hold is taken back as ever, and what comes later is on the list already. */
		"keystorectl cert revoke 2 --reason removeFromCRL; "
		"keystorectl cert show 2 --json | grep '\"state\":\"active\"'; "
		"keystorectl cert delete 1; keystorectl cert import 1.pem; "
		"keystorectl cert list | grep ' c1 .*revoked'"));
	expect(fixture, 7, "revoked already", "cert revoke 6 --reason superseded");
	fixture_free(fixture);
}

Test(revocation, of_ten_thousand_certificates_is_a_list_in_parts)
{
	struct fixture *fixture = with_two(NULL);

	/* As if there had been so many: making them would take the TPM minutes. */
	cr_assert_eq(fixture_service_stop(fixture), 0);
	free(fixture_sh_ok(
		fixture,
		"sqlite3 state/keystored.db \"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT "
		"i + 1 FROM n WHERE i < 10000) INSERT INTO revocation SELECT 2, "
		"printf('%%032X', i * 7919), 1767225600, 4 FROM n; "
		"UPDATE crl SET changes = changes + 1\""));
	fixture_service_start(fixture);
	fixture_service_wait(fixture);
	free(fixture_sh_ok(
		fixture,
		SHELL "keystorectl crl renew 2; keystorectl crl export 2 --out crl.pem; "
		      "openssl crl -in crl.pem -CAfile ca2.pem -noout 2>&1 | grep 'verify OK'; "
		      "openssl crl -in crl.pem -noout -text | grep -c 'Serial Number' | "
		      "grep -x 10000; "
		      "openssl verify -crl_check -CRLfile crl.pem -CAfile ca2.pem c2.pem"));
	fixture_free(fixture);
}
