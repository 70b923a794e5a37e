/* keystorectl doctor: all is well, and each of its lines when it is not. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"

/*
 * report ARGUMENT...: runs doctor; line CHECK RESULT WORDS: that its report has such a line;
 * none RESULT: that it has no line of that.
 */
#define SHELL                                                                                      \
	"set -e; export OPENSSL_CONF=$PWD/openssl.cnf; "                                           \
	"export OPENSSL_MODULES=$(dirname $(command -v keystorectl))/../lib; "                     \
	"report() { expected=$1; shift; got=0; "                                                   \
	"keystorectl doctor --json \"$@\" > one || got=$?; sed 's/},{/}\\n{/g' one > report; "     \
	"test $got = $expected || { echo exit code $got; cat report; exit 1; }; }; "               \
	"line() { grep \"\\\"check\\\":\\\"$1\\\",\\\"result\\\":\\\"$2\\\".*$3\" report "         \
	"> /dev/null || { echo no line $*; cat report; exit 1; }; }; "                             \
	"none() { if grep \"\\\"result\\\":\\\"$1\\\"\" report; then exit 1; fi; }; "

/* A key with its reference, a certificate for it, and a configuration that is right. */
#define PLANT                                                                                      \
	"keystorectl key create web --algorithm ec-p256 > /dev/null; "                             \
	"keystorectl key export web --reference --out key.pem; "                                   \
	"keystorectl cert create --profile web-server --self-signed --key web "                    \
	"--subject CN=plc-1 --san DNS:plc-1 > /dev/null; "                                         \
	"keystorectl cert export 1 --out cert.pem; keystorectl openssl show --out openssl.cnf; "   \
	"chmod 644 key.pem cert.pem openssl.cnf; "

static struct fixture *plant(void)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(fixture, SHELL PLANT));
	return fixture;
}

Test(doctor, finds_nothing_where_all_is_well)
{
	struct fixture *fixture = plant();

	free(fixture_sh_ok(
		fixture, SHELL
		"report 0 cert.pem key.pem; none fails; none warning; none not-checked; "
		"line module ok version; line openssl.cnf ok activates; line order ok before; "
		"line socket ok answers; line TPM ok firmware; line rights ok 'one\\|1 key: web'; "
		"line certificate ok 'certificate 1'; line file ok 'a reference file'; "
		"line key ok 'web (#1), ec-p256'; line use ok web; "
		"line OpenSSL ok 'the signature is good'; "
		"grep '\"ok\":true' one > /dev/null; "
		/* RSA, and for people. */
		"keystorectl key create rsa --algorithm rsa-2048 > /dev/null; "
		"keystorectl key export rsa --reference --out rsa.pem; chmod 644 rsa.pem; "
		"keystorectl doctor rsa.pem > table; grep '^OpenSSL  *ok  *loads' table; "
		"test $(wc -L < table) -le 80"));
	fixture_free(fixture);
}

Test(doctor, says_what_openssl_lacks)
{
	struct fixture *fixture = plant();

	free(fixture_sh_ok(
		fixture, SHELL
		/* The module. */
		"export OPENSSL_MODULES=$PWD; report 1 key.pem; line module fails 'No such file'; "
		"line module fails 'it belongs at'; line openssl.cnf fails 'no provider'; "
		"line OpenSSL not-checked provider; line use ok web; "
		"echo '[keystore_sect]\nmodule = /nonexistent/k.so' >> openssl.cnf; "
		"report 1; line module fails 'remove the line'; "
		/* No activation, none at all, no file, no text that OpenSSL reads. */
		"export OPENSSL_MODULES=$(dirname $(command -v keystorectl))/../lib; "
		"echo 'x = y' > openssl.cnf; report 1; "
		"line openssl.cnf fails 'openssl enable --config'; line order not-checked active; "
		"rm openssl.cnf; report 1; line openssl.cnf fails 'there is no'; "
		"echo '[x' > openssl.cnf; report 1; line openssl.cnf fails 'line 1'; "
		"report 1 --config $PWD; line openssl.cnf fails 'no regular file'"));
	fixture_free(fixture);
}

Test(doctor, says_when_the_order_is_wrong_and_enable_mends_it)
{
	struct fixture *fixture = plant();

	free(fixture_sh_ok(
		fixture, SHELL
		"head='openssl_conf = i\n[i]\nproviders = p\n[p]\n'; "
		"tail='[d]\nactivate = 1\n[k]\nactivate = 1\n'; "
		"printf \"${head}keystore = k\ndefault = d\n$tail\" > openssl.cnf; "
		"cp openssl.cnf before; report 1; line order fails 'before ..default'; "
		"keystorectl openssl enable --config openssl.cnf; report 0 key.pem; none fails; "
		"keystorectl openssl disable --config openssl.cnf; cmp before openssl.cnf; "
		"printf \"${head}keystore = k\n$tail\" > openssl.cnf; report 1; "
		"line order fails 'leaves it out'; "
		"keystorectl openssl enable --config openssl.cnf; report 0 key.pem; none fails; "
		"keystorectl openssl show --out openssl.cnf; "
		"printf '[openssl_init]\nalg_section = a\n[a]\n"
		"default_properties = ?provider=keystore\n' >> openssl.cnf; report 1; "
		"line order fails 'remove default_properties'"));
	fixture_free(fixture);
}

Test(doctor, says_what_the_service_lacks)
{
	struct fixture *fixture = fixture_new(&(struct fixture_options){.with_proxy = true});

	free(fixture_sh_ok(fixture, SHELL PLANT));
	fixture_tpm_kill(fixture);
	free(fixture_sh_ok(fixture, SHELL
			   "keystorectl sign web --in key.pem --out s 2> /dev/null && exit 1; "
			   "report 1 key.pem cert.pem; line TPM fails 'does not answer'; "
			   "line key ok web; line use not-checked TPM; "
			   "line OpenSSL ok 'no signature was tried'"));
	fixture_service_kill(fixture);
	free(fixture_sh_ok(fixture,
			   SHELL "report 1 key.pem cert.pem; line socket fails 'systemctl'; "
				 "line TPM not-checked service; line rights not-checked service; "
				 "line key not-checked service; line certificate ok 'valid until'; "
				 /* Public facts need no service. */
				 "line OpenSSL ok loads"));
	fixture_free(fixture);
}

Test(doctor, asks_at_the_socket_that_programs_ask_at)
{
	struct fixture *fixture = plant();

	free(fixture_sh_ok(fixture, SHELL
			   "keystorectl openssl show --socket $KEYSTORE_SOCKET "
			   "--out openssl.cnf; export KEYSTORE_SOCKET=/nonexistent; "
			   "report 0 key.pem; none fails; "
			   "keystorectl openssl show --socket /nonexistent/other "
			   "--out openssl.cnf; report 1; line socket fails /nonexistent/other"));
	fixture_free(fixture);
}

Test(doctor, says_what_is_wrong_with_the_key)
{
	struct fixture *fixture = plant();

	free(fixture_sh_ok(
		fixture, SHELL
		/* No right. */
		"keystorectl key allow web --uid root --operations none > /dev/null; "
		"report 1 key.pem; line use fails 'key allow web --uid root'; "
		"line rights warning 'no key'; line OpenSSL ok 'no signature was tried'; "
		"keystorectl key allow web --uid root --operations sign > /dev/null; "
		/* Another's public key. */
		"keystorectl key create other --algorithm ec-p256 > /dev/null; "
		"keystorectl key export other --reference --out other.pem; cp key.pem mine.pem; "
		"python3 - key.pem other.pem <<'END'\n"
		"import base64, re, sys\n"
		"def read(name):\n"
		"    text = open(name).read()\n"
		"    lines = re.search('-----BEGIN [^-]*-----(.*)-----END', text, re.S).group(1)\n"
		"    return text, base64.b64decode(lines)\n"
		"text, mine = read(sys.argv[1])\n"
		"theirs = read(sys.argv[2])[1]\n"
		"der = mine[:-91] + theirs[-91:]\n"
		"body = base64.encodebytes(der).decode().replace('\\n', '')\n"
		"body = '\\n'.join(body[i:i + 64] for i in range(0, len(body), 64))\n"
		"label = 'KEYSTORE KEY REFERENCE'\n"
		"open('foreign.pem', 'w').write(\n"
		"    f'-----BEGIN {label}-----\\n{body}\\n-----END {label}-----\\n')\n"
		"END\n"
		"report 1 foreign.pem; line key fails 'not that of key web'; "
		/* Made anew, and gone. */
		"keystorectl cert delete 1 > /dev/null; keystorectl key delete web > /dev/null; "
		"report 1 key.pem; line key fails 'key list'; "
		"keystorectl key create web --algorithm ec-p256 > /dev/null; "
		"report 1 key.pem; line key fails 'made anew as #3'; "
		"sed -n 's/.*\"command\":\"\\([^\"]*\\)\".*/\\1/p' report | sh; chmod 644 key.pem; "
		"report 0 key.pem; none fails"));
	fixture_free(fixture);
}

Test(doctor, says_what_is_wrong_with_a_file)
{
	struct fixture *fixture = plant();

	free(fixture_sh_ok(
		fixture, SHELL
		"report 1 absent.pem; line file fails 'No such file'; "
		"report 1 .; line file fails directory; "
		"mkfifo fifo; report 1 fifo; line file fails Invalid; "
		"report 1 openssl.cnf; line file fails neither; "
		"chmod 666 key.pem; report 0 key.pem; line file warning 'everybody may write'; "
		"chmod 664 key.pem; report 0 key.pem; line file warning 'its group may write'; "
		"sed -n 's/.*\"command\":\"\\([^\"]*\\)\".*/\\1/p' report | sh; "
		"report 0 key.pem; none warning; "
		"cp key.pem \"it's mine.pem\"; chmod 664 *mine.pem; report 0 *mine.pem; "
		"python3 -c 'import json; [print(i[\"command\"]) for i in "
		"json.load(open(\"one\"))[\"checks\"] if \"command\" in i]' | sh; "
		"report 0 *mine.pem; none warning; "
		"sed '/^-/!s/M/N/' key.pem > damaged.pem; chmod 644 damaged.pem; "
		"report 1 damaged.pem; line file fails 'key export --reference'; "
		"OPENSSL_CONF=/dev/null openssl genpkey -algorithm EC -pkeyopt "
		"ec_paramgen_curve:P-256 -out soft.pem; "
		"report 0 soft.pem; line file warning 'holds a private key'; "
		/* As HAProxy has it. */
		"cat cert.pem key.pem > both.pem; report 0 both.pem; none warning; "
		"line certificate ok 'certificate 1'; line OpenSSL ok good"));
	fixture_free(fixture);
}

Test(doctor, says_what_is_wrong_with_a_certificate)
{
	struct fixture *fixture = plant();

	free(fixture_sh_ok(
		fixture, SHELL
		"export OPENSSL_CONF=/dev/null; "
		"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k "
		"-subj /CN=foreign -days 3 -out foreign.pem 2> /dev/null; "
		"export OPENSSL_CONF=$PWD/openssl.cnf; "
		"report 1 foreign.pem key.pem; line certificate fails 'is not web'; "
		"line certificate fails 'cert list'; "
		"report 0 foreign.pem; line certificate ok 'no such certificate'; "
		/* Renewed with the same key, and with a new one. */
		"keystorectl cert renew 1 > /dev/null; report 0 key.pem cert.pem; "
		"line certificate warning 'version 1 of certificate 1, and there is version 2'; "
		"sed -n 's/.*\"command\":\"\\([^\"]*\\)\".*/\\1/p' report | sh; chmod 644 "
		"cert.pem; "
		"report 0 key.pem cert.pem; none warning; "
		"keystorectl cert renew 1 --rekey > /dev/null; report 0 key.pem cert.pem; "
		"line certificate warning 'there is version 3'; "
		"keystorectl cert export 1 --out cert.pem; chmod 644 cert.pem; "
		"report 1 key.pem cert.pem; "
		"line certificate fails 'key export web.v3 --reference'"));
	fixture_free(fixture);
}

Test(doctor, says_when_a_certificate_has_ended_or_was_revoked)
{
	struct fixture *fixture = fixture_new(NULL);

	free(fixture_sh_ok(
		fixture, SHELL
		"keystorectl openssl show --out openssl.cnf; "
		"keystorectl project init > /dev/null; "
		"keystorectl cert create --profile web-server --issuer 2 --new-key web "
		"--algorithm ec-p256 --subject CN=plc-1 --san DNS:plc-1 > /dev/null; "
		"keystorectl key export web --reference --out key.pem; "
		"keystorectl cert export 3 --out cert.pem; chmod 644 *.pem; "
		"report 0 cert.pem key.pem; none fails; "
		"keystorectl cert revoke 3 --reason keyCompromise > /dev/null; "
		"report 1 cert.pem key.pem; line certificate fails 'was revoked'; "
		"export OPENSSL_CONF=$PWD/ca.cnf; : > index; echo 01 > serial; "
		"printf '[ca]\ndefault_ca = a\n[a]\ndatabase = index\nserial = serial\n"
		"new_certs_dir = .\ndefault_md = sha256\npolicy = p\n[p]\n"
		"commonName = supplied\n[req]\ndistinguished_name = n\n[n]\n' > ca.cnf; "
		"openssl ecparam -name prime256v1 -genkey -out k; "
		"openssl req -new -key k -subj /CN=old -out csr; "
		"make() { openssl ca -batch -selfsign -keyfile k -in csr -startdate $1 "
		"-enddate $2 -out $3 2> log || { cat log; exit 1; }; }; "
		"make 200101000000Z 210101000000Z old.pem; : > index; "
		"make 400101000000Z 410101000000Z new.pem; "
		"export OPENSSL_CONF=$PWD/openssl.cnf; chmod 644 old.pem new.pem; "
		"report 1 old.pem; line certificate fails 'has ended on 2021-01-01'; "
		"report 1 new.pem; line certificate fails 'valid from 2040-01-01.*timedatectl'"));
	fixture_free(fixture);
}

Test(doctor, looks_as_the_programs_user)
{
	struct fixture *fixture;

	/* Nobody else can become another user, and doctor says so. */
	if (geteuid() != 0)
		return;
	fixture = plant();
	free(fixture_sh_ok(
		fixture, SHELL
		/* Nobody looks for leaks in a process that was root. */
		"export ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0; chmod 711 .; "
		"report 1 --user nobody key.pem; line user ok nobody; line rights fails 'no key'; "
		"line key fails 'nobody may not use key web'; "
		"line key fails 'key allow web --uid nobody --operations sign'; "
		"line OpenSSL ok 'no signature was tried'; "
		"keystorectl key allow web --uid nobody --operations sign > /dev/null; "
		"report 0 --user nobody key.pem; none fails; line OpenSSL ok good; "
		"report 0 --user 65534 key.pem; none fails; "
		/* By its group, as a member of it. */
		"keystorectl key allow web --uid nobody --operations none > /dev/null; "
		"keystorectl key allow web --gid nogroup --operations sign > /dev/null; "
		"report 0 --user nobody key.pem; line rights ok web; "
		/* As the user of a service that has the certificate. */
		"keystorectl key allow web --gid nogroup --operations none > /dev/null; "
		"keystorectl service create https --kind web-server --cert 1 --uid nobody "
		"> /dev/null; report 0 --user nobody key.pem; line rights ok web; "
		"chmod 600 key.pem; report 1 --user nobody key.pem; "
		"line file fails 'chmod a+r key.pem'; "
		"chmod 644 key.pem; chmod 600 openssl.cnf; report 1 --user nobody; "
		"line openssl.cnf fails 'chmod a+r'; "
		"keystorectl doctor --user no-such-user- 2> out && exit 1; "
		"grep 'no such user' out"));
	fixture_free(fixture);
}

Test(doctor, is_content_with_what_enable_writes_into_any_file)
{
	struct fixture *fixture = plant();

	free(fixture_sh_ok(
		fixture, SHELL
		"mkdir etc; printf 'HOME = .\nopenssl_conf = i\n[i]\nproviders = p\n[p]\n"
		"default = d\nlegacy = l\n[d]\n# activate = 1\n[l]\nactivate = 1' > etc/real.cnf; "
		"chmod 640 etc/real.cnf; cp -p etc/real.cnf before; ln -s etc/real.cnf linked.cnf; "
		"keystorectl openssl enable --config linked.cnf > out; grep 'activates' out; "
		"test -L linked.cnf; test $(stat -c %%a etc/real.cnf) = 640; "
		"test \"$(ls etc)\" = real.cnf; report 0 --config linked.cnf key.pem; none fails; "
		"keystorectl openssl enable --config linked.cnf | grep 'stays as it is'; "
		"keystorectl openssl disable --config linked.cnf; cmp before etc/real.cnf; "
		"keystorectl openssl disable --config linked.cnf | grep 'stays as it is'; "
		/* None, and a link to none. */
		"keystorectl openssl enable --config new.cnf; report 0 --config new.cnf key.pem; "
		"test $(stat -c %%a new.cnf) = 644; "
		"keystorectl openssl disable --config new.cnf; if test -e new.cnf; then exit 1; "
		"fi; "
		"ln -s nowhere.cnf dangling.cnf; "
		"keystorectl openssl enable --config dangling.cnf 2> out && exit 1; "
		"grep 'leads nowhere' out; "
		/* What would stop programs is not written. */
		"printf 'openssl_conf = i\n[i]\nproviders = p\n[p]\ndefault = d\nbad = none\n"
		"[d]\n' > bad.cnf; cp bad.cnf before; "
		"keystorectl openssl enable --config bad.cnf 2> out && exit 1; "
		"grep 'is left as it is' out; cmp before bad.cnf; "
		"keystorectl openssl enable --config bad.cnf --socket relative 2> out && exit 1; "
		"grep 'absolute path' out"));
	fixture_free(fixture);
}

/* Programs of others can't load a module that was built with a sanitizer. */
Test(doctor, and_enable_are_right_about_the_systems_own_file)
{
	struct fixture *fixture = plant();

	free(fixture_sh_ok(
		fixture,
		SHELL
		"system=$(OPENSSL_CONF= openssl version -d | sed "
		"'s/.*\"\\(.*\\)\"/\\1/')/openssl.cnf; "
		"cat $system > openssl.cnf || exit 0; cp openssl.cnf before; "
		"keystorectl openssl enable --config openssl.cnf; report 0 key.pem cert.pem; "
		"none fails; export OPENSSL_MODULES=$(dirname %s); "
		"openssl req -new -key key.pem -subj /CN=plc-1 -out csr; "
		"openssl req -in csr -noout -verify; openssl list -providers > list; "
		"grep -q keystore list; grep -q default list; "
		"openssl x509 -in cert.pem -noout -pubkey > 1; openssl pkey -in key.pem -pubout > "
		"2; "
		"cmp 1 2; keystorectl openssl disable --config openssl.cnf; cmp before openssl.cnf",
		KEYSTORE_MODULE_PLAIN));
	fixture_free(fixture);
}

Test(doctor, loads_nothing_as_root_that_others_may_have_named)
{
	struct fixture *fixture;

	if (geteuid() != 0)
		return;
	fixture = plant();
	free(fixture_sh_ok(
		fixture,
		SHELL "printf '[keystore_sect]\nmodule = %%s/mine.so\n' $PWD >> openssl.cnf; "
		      "chown 65534 openssl.cnf; report 1 key.pem; "
		      "line module ok /lib/keystore.so; line openssl.cnf fails 'it was not tried'; "
		      "line OpenSSL not-checked provider; "
		      "keystorectl openssl enable --config openssl.cnf 2> out && exit 1; "
		      "grep 'others than root may write it' out; "
		      "chown 0 openssl.cnf; chmod 646 openssl.cnf; report 1; "
		      "line openssl.cnf fails 'chown root .* chmod go-w'; "
		      "chmod 644 openssl.cnf; report 1; line module fails mine.so"));
	fixture_free(fixture);
}

Test(doctor, lets_enable_write_nothing_where_it_may_not)
{
	struct fixture *fixture;

	/* Root may write everywhere. */
	if (geteuid() != 0)
		return;
	fixture = plant();
	free(fixture_sh_ok(fixture, SHELL
			   "chmod 755 .; mkdir etc; printf '[req]\nx = y\n' > etc/openssl.cnf; "
			   "cp etc/openssl.cnf before; "
			   "setpriv --reuid 65534 --clear-groups $(command -v keystorectl) "
			   "openssl enable --config etc/openssl.cnf 2> out && exit 1; "
			   "grep 'cannot be written: Permission denied' out; "
			   "cmp before etc/openssl.cnf; test \"$(ls etc)\" = openssl.cnf"));
	fixture_free(fixture);
}
