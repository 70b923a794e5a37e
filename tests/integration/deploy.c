/* keystore-deploy: certificates in programs' files, with the real service and TPM. */
#include <criterion/criterion.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "deploy_site.h"

#define ADD "keystorectl deploy add 3 --cert $PWD/tls/web.pem --key $PWD/tls/web.key "

#define STATE_IS(state)                                                                            \
	"keystorectl deploy status --json | grep -q '\"state\":\"" state "\"' || exit 1; "

#define CURRENT "keystorectl deploy status > /dev/null"

/* Files can be given to others by root only. */
static void skip_unless_root(void)
{
	if (geteuid() != 0)
		cr_skip_test("this takes root");
}

static void expect(struct deploy_site *site, int code, const char *said, const char *command)
{
	struct run run = fixture_sh(site->fixture, DEPLOY_SITE_SHELL "%s 2>&1", command);

	cr_assert_eq(run.exit_code, code, "%s: %d: %s", command, run.exit_code, run.out);
	cr_assert_not_null(strstr(run.out, said), "%s: %s", command, run.out);
	run_free(&run);
}

Test(deploy, writes_matching_files_with_owner_and_mode)
{
	struct deploy_site site;

	skip_unless_root();
	site = deploy_site_new();

	deploy_site_start(&site);
	deploy_site_until(&site, "test -d deploy.d");
	SITE(&site, ADD "--chain $PWD/tls/chain.pem --owner nobody:daemon --mode 0640 > added; "
			"grep -q 'goes to' added; grep -q 'may not sign with key web' added; "
			"fails grep -q 'not running' added");
	deploy_site_until(&site, CURRENT);
	SITE(&site, "pair tls/web.pem tls/web.key; "
		    "for file in web.pem web.key chain.pem; do "
		    "stat -c '%%U:%%G %%a' tls/$file | grep -qx 'nobody:daemon 640'; done; "
		    "test $(ls -A tls | wc -l) = 3; "
		    "test $(grep -c BEGIN tls/web.pem) = 1; "
		    "openssl verify -x509_strict -CAfile tls/chain.pem tls/web.pem; "
		    "keystorectl key export web --reference --out key; cmp key tls/web.key; "
		    "keystorectl deploy status | grep -q '^3 .* web .* 1 .*current.*web.pem'; "
		    "keystorectl deploy list | grep -q '^access *nobody:daemon 0640'");
	/* What is right already is left alone. */
	cr_assert_eq(deploy_site_end(&site, SIGTERM), 0);
	SITE(&site, "stat -c '%%n %%i %%Y' tls/* > before; "
		    "fails keystorectl deploy status; "
		    "keystorectl deploy status | grep -q 'is not running'; "
		    "keystore-deploy --once; stat -c '%%n %%i %%Y' tls/* | cmp - before; "
		    "rm tls/chain.pem; chmod 600 tls/web.key; keystore-deploy --once; "
		    "test -s tls/chain.pem; stat -c %%a tls/web.key | grep -qx 640; "
		    "keystore-deploy --check | grep plausible");
	SITE(&site, "keystorectl deploy remove 3 | grep -q 'Left as they are: .*web.pem.*web.key'; "
		    "test -s tls/web.pem; keystorectl deploy list --json | "
		    "grep -qx '{\"deployments\":\\[\\]}'; keystore-deploy --once; "
		    "test -z \"$(ls status)\"");
	deploy_site_free(&site);
}

Test(deploy, follows_renewals_and_tells_the_program)
{
	struct deploy_site site;

	skip_unless_root();
	site = deploy_site_new();

	/* What would be systemd, told apart by its arguments. */
	SITE(&site, "printf '#!/bin/sh\\necho \"$@\" >> told\\n' > bin/systemctl; "
		    "chmod +x bin/systemctl; keystorectl key allow web --gid daemon "
		    "--operations sign > /dev/null; "
		    "rm tls -r; mkdir real; ln -s real tls; mkdir elsewhere; "
		    "echo old > elsewhere/web.pem; ln -s ../elsewhere/web.pem real/web.pem; " ADD
		    "--owner :daemon --reload nginx.service > added; "
		    "fails grep -q 'may not sign' added; grep -q 'not running' added");
	deploy_site_start(&site);
	deploy_site_until(&site, CURRENT);
	SITE(&site, "pair tls/web.pem tls/web.key; test $(grep -c BEGIN tls/web.pem) = 2; "
		    "grep -qx old elsewhere/web.pem; test ! -L real/web.pem; "
		    "grep -qx -- '--no-ask-password try-reload-or-restart -- nginx.service' told; "
		    "test $(wc -l < told) = 1; cp tls/web.key first.key; "
		    "keystorectl cert renew 3 --days 100");
	deploy_site_until(&site, "test $(wc -l < told) = 2 && " CURRENT);
	SITE(&site, "pair tls/web.pem tls/web.key; cmp tls/web.key first.key; "
		    "openssl x509 -in tls/web.pem -noout -checkend $((101 * 86400)) && exit 1; "
		    "keystorectl cert renew 3 --rekey");
	deploy_site_until(&site, "test $(wc -l < told) = 3 && " CURRENT);
	SITE(&site, "pair tls/web.pem tls/web.key; fails cmp tls/web.key first.key; "
		    "grep -q 'web.v3' tls/web.key; test $(ls -A real | wc -l) = 2");
	/* The issuer is in the file too. */
	SITE(&site, "keystorectl cert renew 2; keystorectl cert export 2 --out ca.pem");
	deploy_site_until(&site, "test $(wc -l < told) = 4 && " CURRENT);
	SITE(&site, "keystorectl cert export 3 --format chain --out chain; cmp chain tls/web.pem");
	/* A change of the deployment is one of the files. */
	SITE(&site, "sed -i 's/^mode.*/mode = 0600/' deploy.d/3.conf");
	deploy_site_until(&site, "stat -c %a tls/web.key | grep -qx 600 && " CURRENT);
	cr_assert_eq(deploy_site_end(&site, SIGTERM), 0);
	deploy_site_free(&site);
}

Test(deploy, tries_a_failing_command_again_and_says_why)
{
	struct deploy_site site = deploy_site_new();

	SITE(&site, ADD "--run 'echo no luck with $PWD; test -e lucky && echo done > told'");
	deploy_site_start(&site);
	deploy_site_until(&site, STATE_IS("failed"));
	SITE(&site, "pair tls/web.pem tls/web.key; fails keystorectl deploy status > said; "
		    "grep -q 'program may not know.*exit code 1' said; "
		    "grep -q '| no luck with /' said; grep -q 'next try: 20' said; "
		    "keystorectl deploy status --json | python3 -c 'import json, sys; "
		    "d = json.load(sys.stdin)[\"deployments\"][0]; "
		    "assert d[\"output\"].startswith(\"no luck\") and d[\"next_try\"], d'");
	/* It is not forgotten by an agent that is started anew. */
	deploy_site_end(&site, SIGKILL);
	SITE(&site, "fails keystore-deploy --once; test ! -e told; touch lucky");
	deploy_site_start(&site);
	deploy_site_until(&site, "test -e told && " CURRENT);
	SITE(&site, "rm told lucky; keystorectl cert renew 3");
	deploy_site_until(&site, STATE_IS("failed"));
	SITE(&site, "touch lucky");
	deploy_site_until(&site, "test -e told && " CURRENT);
	cr_assert_eq(deploy_site_end(&site, SIGTERM), 0);
	deploy_site_free(&site);
}

Test(deploy, keeps_the_old_files_while_new_ones_cannot_be_written)
{
	struct deploy_site site = deploy_site_new();
	struct run run = fixture_sh(site.fixture, "unshare -m mount -t tmpfs none tls 2>&1");
	char inside[64];

	if (run.exit_code != 0) {
		deploy_site_free(&site);
		cr_skip_test("nothing may be mounted here: %s", run.out);
	}
	run_free(&run);
	SITE(&site, ADD);
	deploy_site_start_as(&site, "exec unshare -m sh -c 'mount -t tmpfs -o size=16k none tls && "
				    "exec keystore-deploy'");
	deploy_site_until(&site, CURRENT);
	snprintf(inside, sizeof(inside), "nsenter -t %d -m", (int)site.agent);

	/* Full: not even the certificate has room beside its predecessor. */
	SITE(&site,
	     "at=\"%s --wd\"; $at sha256sum tls/web.pem tls/web.key > before; "
	     "$at dd if=/dev/zero of=tls/filler bs=4096 count=9 2> dd.log || true; "
	     "keystorectl cert renew 3 --rekey",
	     inside);
	deploy_site_until(&site, STATE_IS("failed"));
	SITE(&site,
	     "keystorectl deploy status > said || true; "
	     "grep -q 'cannot be written: No space left' said; at=\"%s --wd\"; "
	     "$at sha256sum -c before; test $($at ls -A tls | wc -l) = 3; "
	     "$at rm tls/filler",
	     inside);
	deploy_site_until(&site, CURRENT);
	SITE(&site,
	     "at=\"%s --wd\"; $at cat tls/web.pem > c; $at cat tls/web.key > k; "
	     "pair c k; grep -q web.v2 k; $at mount -o remount,ro tls; "
	     "keystorectl cert renew 3 --rekey",
	     inside);

	/* Read-only. */
	deploy_site_until(&site, STATE_IS("failed"));
	SITE(&site,
	     "keystorectl deploy status > said || true; grep -q 'Read-only' said; "
	     "at=\"%s --wd\"; $at cat tls/web.key | cmp - k; "
	     "$at mount -o remount,rw tls",
	     inside);
	deploy_site_until(&site, CURRENT);

	/* Gone. */
	SITE(&site, "%s --wd umount tls; rmdir tls; keystorectl cert renew 3 --rekey", inside);
	deploy_site_until(&site, STATE_IS("failed"));
	SITE(&site,
	     "keystorectl deploy status > said || true; grep -q 'tls cannot be reached' said;"
	     " mkdir tls");
	deploy_site_until(&site, CURRENT);
	SITE(&site, "pair tls/web.pem tls/web.key; grep -q web.v4 tls/web.key");
	cr_assert_eq(deploy_site_end(&site, SIGTERM), 0);
	deploy_site_free(&site);
}

Test(deploy, outlives_restarts_of_the_service)
{
	struct deploy_site site = deploy_site_new();

	SITE(&site, ADD);
	deploy_site_start(&site);
	deploy_site_until(&site, CURRENT);
	SITE(&site, "sha256sum tls/* > before");
	cr_assert_eq(fixture_service_stop(site.fixture), 0);
	/* A deployment added by hand meanwhile waits. */
	SITE(&site, "sed 's/web\\./other./' deploy.d/3.conf > new; mv new deploy.d/other.conf");
	deploy_site_until(&site, STATE_IS("waiting"));
	SITE(&site, "sha256sum -c before; keystorectl deploy status > said || true; "
		    "grep -q 'No such file\\|refused' said; test ! -e tls/other.pem");
	fixture_service_start(site.fixture);
	fixture_service_wait(site.fixture);
	deploy_site_until(&site, CURRENT);
	SITE(&site, "sha256sum -c before; pair tls/other.pem tls/other.key");
	fixture_service_kill(site.fixture);
	fixture_service_start(site.fixture);
	fixture_service_wait(site.fixture);
	SITE(&site, "keystorectl cert renew 3 --rekey");
	deploy_site_until(&site, "grep -q web.v2 tls/web.key && " CURRENT);
	SITE(&site, "pair tls/web.pem tls/web.key; pair tls/other.pem tls/other.key");
	cr_assert_eq(deploy_site_end(&site, SIGTERM), 0);
	deploy_site_free(&site);
}

Test(deploy, leaves_the_files_of_what_is_revoked_or_deleted)
{
	struct deploy_site site = deploy_site_new();

	SITE(&site, ADD);
	deploy_site_start(&site);
	deploy_site_until(&site, CURRENT);
	SITE(&site, "sha256sum tls/* > before; keystorectl cert revoke 3 --reason superseded");
	deploy_site_until(&site, STATE_IS("failed"));
	SITE(&site, "keystorectl deploy status > said || true; "
		    "grep -q 'was revoked.*files stay' said; sha256sum -c before; "
		    "keystorectl cert delete 3");
	deploy_site_until(&site, "keystorectl deploy status | grep 'there is no'");
	SITE(&site, "sha256sum -c before; keystorectl deploy remove 3");
	expect(&site, 3, "no such deployment", "keystorectl deploy remove 3");
	expect(&site, 3, "certificate", ADD);
	cr_assert_eq(deploy_site_end(&site, SIGTERM), 0);
	deploy_site_free(&site);
}

Test(deploy, refuses_what_others_could_have_written)
{
	struct deploy_site site;

	skip_unless_root();
	site = deploy_site_new();

	SITE(&site, ADD "--run 'touch ran'; chmod g+w deploy.d/3.conf");
	expect(&site, 1, "can be written by others", "keystore-deploy --once");
	expect(&site, 1, "can be written by others", "keystore-deploy --check");
	expect(&site, 1, "can be written by others", "keystorectl deploy status");
	SITE(&site, "chmod g-w deploy.d/3.conf; chown nobody deploy.d/3.conf");
	expect(&site, 1, "can be written by others", "keystore-deploy --once");
	SITE(&site, "chown root deploy.d/3.conf; chmod o+w deploy.d");
	expect(&site, 1, "can be changed by others", "keystore-deploy --once");
	expect(&site, 1, "can be changed by others", "keystorectl deploy list");
	SITE(&site, "chmod o-w deploy.d; mkdir theirs; mv deploy.d theirs; chown nobody theirs");
	expect(&site, 1, "can be changed by others",
	       "KEYSTORE_DEPLOY_DIR=$PWD/theirs/deploy.d keystore-deploy --once");
	SITE(&site, "test ! -e ran; test ! -e tls/web.pem; mv theirs/deploy.d .; "
		    "keystore-deploy --once; test -e ran");

	/* Nor is it led elsewhere on its way to the files. */
	SITE(&site, "mkdir theirs/tls secret; rm -r tls; "
		    "sed -i \"s,tls/,theirs/tls/,\" deploy.d/3.conf; keystore-deploy --once; "
		    "test -e theirs/tls/web.pem; rm -r theirs/tls; ln -s $PWD/secret theirs/tls");
	expect(&site, 1, "is not entered", "keystore-deploy --once");
	SITE(&site, "test -z \"$(ls secret)\"");
	deploy_site_free(&site);
}

Test(deploy, add_refuses_what_could_not_work)
{
	struct deploy_site site = deploy_site_new();

	SITE(&site, ADD);
	expect(&site, 7, "web.pem is written by the deployment of certificate 3",
	       "keystorectl deploy add 3 --cert $PWD/tls/web.pem --key $PWD/tls/other.key");
	/* By another name of the folder, too. */
	SITE(&site, "ln -s tls alias");
	expect(&site, 7, "is written by the deployment of certificate 3",
	       "keystorectl deploy add 3 --cert $PWD/tls/other.pem --key $PWD/alias/web.pem");
	expect(&site, 2, "absolute path", "keystorectl deploy add 3 --cert web.pem --key /tmp/k");
	expect(&site, 2, "a file of its own",
	       "keystorectl deploy add 3 --cert /tmp/a.pem --key /tmp/a.pem");
	expect(&site, 2, "cannot be reached",
	       "keystorectl deploy add 3 --cert /nowhere/a.pem --key /tmp/a.key");
	expect(&site, 2, "is no file", "keystorectl deploy add 3 --cert $PWD/tls --key $PWD/k");
	expect(&site, 2, "there is no user", ADD "--owner no-such-user-");
	expect(&site, 2, "0400 to 0644", ADD "--mode 0666");
	expect(&site, 2, "not octal", ADD "--mode rw");
	expect(&site, 2, "not the name of a unit", ADD "--reload -x.service");
	expect(&site, 2, "both a unit", ADD "--reload a.service --run b");
	expect(&site, 2, "needs --key", "keystorectl deploy add 3 --cert /tmp/a.pem");
	SITE(&site, "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out own.key; "
		    "keystorectl cert create --profile tls-client --self-signed --new-key self "
		    "--algorithm ec-p256 --subject CN=self; "
		    "keystorectl cert request --profile tls-client --new-key asked --algorithm "
		    "ec-p256 --subject CN=asked --out /dev/null");
	expect(&site, 7, "holds a private key",
	       "keystorectl deploy add 3 --cert $PWD/a.pem --key $PWD/own.key");
	expect(&site, 2, "leave --chain out",
	       "keystorectl deploy add 4 --cert $PWD/a.pem --key $PWD/a.key --chain $PWD/c");
	expect(&site, 7, "only requested",
	       "keystorectl deploy add 5 --cert $PWD/a.pem --key $PWD/a.key");
	expect(&site, 3, "99", "keystorectl deploy add 99 --cert $PWD/a.pem --key $PWD/a.key");

	/* Two of one certificate are told apart by their files; by hand, two of one file do not. */
	SITE(&site,
	     "keystorectl deploy add 3 --cert $PWD/tls/b.pem --key $PWD/tls/b.key; "
	     "cp deploy.d/3.conf deploy.d/twice.conf; fails keystore-deploy --once; "
	     "pair tls/web.pem tls/web.key; pair tls/b.pem tls/b.key; "
	     "keystorectl deploy status > said || true; "
	     "grep -q 'twice.*written by deployment 3 already' said; rm deploy.d/twice.conf");
	expect(&site, 3, "2 deployments", "keystorectl deploy remove 3");
	expect(&site, 0, "b.key", "keystorectl deploy remove 3 --cert $PWD/tls/b.pem");
	expect(&site, 0, "web.key", "keystorectl deploy remove 3 --cert $PWD/tls/web.pem");
	deploy_site_free(&site);
}
