/* service activate: what a front-end needs, by one command, all of it or nothing. */
#include <criterion/criterion.h>

#include <stdlib.h>

#include "fixture.h"

#define SHELL "set -e; fails() { if \"$@\"; then exit 1; fi; }; "

#define ACTIVATE                                                                                   \
	"activate() { keystorectl service activate https --user nobody --dns plc-1.example,plc-1 " \
	"--ip 192.0.2.7 \"$@\"; }; "

#define SERVICE                                                                                    \
	"keystorectl service show https --json | python3 -c 'import json, sys; "                   \
	"s = json.load(sys.stdin); "

Test(activate, makes_a_self_signed_certificate_in_local_mode)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(fixture, SHELL ACTIVATE
			   "activate --cn 'plc-1, Hall 1' | grep -q 'self-signed'; " SERVICE
			   "assert s[\"kind\"] == \"web-server\" and s[\"cert_id\"] == 1, s; "
			   "assert s[\"group\"] == \"https\" and s[\"uid\"] == 65534, s'; "
			   "keystorectl cert export 1 --out 1.pem; openssl x509 -in 1.pem -noout "
			   "-subject -ext subjectAltName > text; grep -q 'plc-1, Hall 1' text; "
			   "grep -q 'DNS:plc-1.example, DNS:plc-1, IP Address:192.0.2.7' text; "
			   "openssl verify -CAfile 1.pem 1.pem"));
	fixture_free(fixture);
}

Test(activate, has_the_projects_p256_ca_make_it_and_keeps_what_is_valid)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(fixture, SHELL ACTIVATE
			   "keystorectl project init; activate | grep -q 'made by CA 2'; "
			   "activate --json > again; grep -q '\"certificate_kept\": *true' again; "
			   "activate | grep -q 'kept'; test $(keystorectl cert list | wc -l) = 4; "
			   /* Whom it runs as may change without another certificate. */
			   "keystorectl service activate https --user daemon; " SERVICE
			   "assert s[\"uid\"] == 1 and s[\"cert_id\"] == 3, s'; "
			   "keystorectl service activate https | grep -q 'for uid 1'; "
			   /* A service without a certificate gets one. */
			   "keystorectl service set https --cert none; activate; " SERVICE
			   "assert s[\"cert_id\"] == 4, s'; keystorectl key show https.2"));
	fixture_free(fixture);
}

Test(activate, takes_the_names_of_this_machine)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(fixture, SHELL
			   "hostname | grep -qE '^[A-Za-z0-9-]+$' || exit 0; "
			   "case $(hostname) in localhost*) exit 0 ;; esac; "
			   "keystorectl service activate panel --user nobody; "
			   "keystorectl cert export 1 --out 1.pem; openssl x509 -in 1.pem -noout "
			   "-ext subjectAltName | grep -q \"DNS:$(hostname)\"; "
			   "openssl x509 -in 1.pem -noout -ext subjectAltName > names; "
			   "fails grep -E 'Address:(127|169\\.254)\\.' names"));
	fixture_free(fixture);
}

Test(activate, makes_nothing_when_the_service_cannot_be)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(
		fixture, SHELL ACTIVATE
		"export HOME=$PWD; unset XDG_RUNTIME_DIR KEYSTORE_TOKEN; keystorectl project init; "
		"echo 'correct horse' > pw; "
		"keystorectl user create admin --roles administrator --password-file pw; "
		"keystorectl login admin --password-file pw; "
		"keystorectl role set makers --rights view,manage-keys,manage-certs; "
		"keystorectl user create maker --roles makers --password-file pw; "
		"keystorectl logout; keystorectl login maker --password-file pw; "
		"fails activate; keystorectl cert list > certs; test $(wc -l < certs) = 3; "
		"fails keystorectl key show https"));
	fixture_free(fixture);
}

Test(activate, says_what_is_wrong)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(
		fixture, SHELL
		"says() { keystorectl service activate \"$@\" > said 2>&1 && return 1; "
		"echo $? >> said; }; "
		"says none --dns a.example; grep -q 'no user keystore-none' said; grep -qx 2 said; "
		"says https --profile opcua-server; grep -q 'not one of web-server' said; "
		"says https --user nobody --dns a..b; grep -q 'a..b' said; "
		"keystorectl service create https --kind custom; "
		"says https --user nobody --dns a.example; grep -qx 7 said; "
		"fails keystorectl key show https"));
	fixture_free(fixture);
}
