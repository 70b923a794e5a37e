/* cert check: of what is stored, of all of it, and of files from elsewhere. */
#include <criterion/criterion.h>

#include <stdlib.h>

#include "fixture.h"

#define SHELL "set -e; fails() { if \"$@\"; then exit 1; fi; }; "

Test(checks, find_nothing_wrong_with_what_was_made_here)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(fixture, SHELL
			   "keystorectl project init; "
			   "keystorectl key create web --algorithm ec-p256; "
			   "for i in 1 2 3 4 5 6 7; do keystorectl cert create --key web "
			   "--issuer 2 --profile web-server --subject CN=web$i "
			   "--san DNS:web$i.plant; done; "
			   "keystorectl cert check 3 | grep -q '^1 certificate checked: 0 errors'; "
			   "keystorectl cert check all | grep -q '^9 certificates checked: 0 e'; "
			   "keystorectl cert check all --json | python3 -c 'import json, sys; "
			   "c = json.load(sys.stdin); assert c[\"checked\"] == 9, c; "
			   "assert c[\"errors\"] == 0 and c[\"findings\"] == [], c'"));
	fixture_free(fixture);
}

Test(checks, name_the_rules_that_a_certificate_from_elsewhere_breaks)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(
		fixture, SHELL
		"openssl req -x509 -newkey rsa:1024 -nodes -keyout k.pem -sha1 -days 3 "
		"-subj /CN=old -out old.pem; openssl x509 -in old.pem -outform DER -out old.der; "
		"keystorectl cert check old.pem --profile opcua-server > out || test $? = 10; "
		"grep -q 'error' out; grep -q 'san-' out; grep -q 'OPC 10000-6' out; "
		/* Without a profile its rules are left out; PEM and DER are told apart. */
		"keystorectl cert check old.der --json > out.json || test $? = 10; "
		"python3 -c 'import json; c = json.load(open(\"out.json\")); "
		"assert c[\"checked\"] == 1 and c[\"errors\"] >= 1, c; "
		"assert all(f[\"id\"] == 0 and f[\"rule\"] and f[\"clause\"] for f in "
		"c[\"findings\"]), c'"));
	fixture_free(fixture);
}

Test(checks, of_a_draft_tell_everything_and_make_nothing)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(
		fixture, SHELL
		"keystorectl project init; "
		"draft() { keystorectl cert create --dry-run --profile web-server --issuer 2 "
		"--new-key web --algorithm ec-p256 \"$@\"; }; "
		"draft --subject CN=web --san DNS:web.plant | "
		"grep -q '^1 certificate checked: 0 errors, 0 w'; "
		"draft --subject CN --san DNS:web..plant,IP:10.0.0.1 --days 99999 --json > out || "
		"test $? = 10; python3 -c 'import json; c = json.load(open(\"out\")); "
		"assert sorted(f[\"field\"] for f in c[\"findings\"]) == [\"names\", "
		"\"subject\", \"validity\"], c; assert c[\"errors\"] == 3, c'; "
		"fails keystorectl key show web; "
		/* Nor is there a trace of it. */
		"fails sh -c 'keystorectl audit list | grep -E \"cert (create|draft)\"'"));
	fixture_free(fixture);
}

Test(checks, refuse_what_is_no_certificate)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(
		fixture,
		SHELL "says() { keystorectl cert check \"$@\" > said 2>&1 && return 1; echo $? >> "
		      "said; }; "
		      "echo nonsense > junk; says junk; grep -q 'not one certificate' said; "
		      "grep -qx 2 said; says 7; grep -q 'no certificate 7' said; grep -qx 3 said; "
		      "says nowhere.pem; grep -q 'nowhere.pem' said; "
		      "openssl req -x509 -newkey rsa:2048 -nodes -keyout k -subj /CN=a -out a.pem; "
		      "says a.pem --profile webserver; grep -q 'no profile' said; "
		      "says all --profile ca; grep -q 'certificate in a file' said"));
	fixture_free(fixture);
}
