#include "deployment.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BEGIN "[deployment]\ncertificate = 3\n"
#define FILES "cert = /etc/tls/web.pem\nkey = /etc/tls/web.key\n"

static char problem[DEPLOY_PROBLEM_MAX];

static bool reads(const char *text, struct deployment *ret)
{
	strcpy(problem, "");
	return deployment_read(text, strlen(text), ret, problem);
}

static void refuses(const char *text, const char *said)
{
	struct deployment deployment;

	cr_assert(!reads(text, &deployment), "%s", text);
	cr_assert_not_null(strstr(problem, said), "%s: %s", text, problem);
}

Test(deployment, is_read_with_all_it_can_have)
{
	struct deployment deployment;

	cr_assert(reads("# by hand\n" BEGIN FILES "chain=/etc/tls/chain.pem\nowner = root:1000\n"
			"mode = 0640\nrun = a 'b' | c\n",
			&deployment),
		  "%s", problem);
	cr_assert_eq(deployment.cert_id, 3);
	cr_assert_str_eq(deployment.paths[DEPLOYMENT_CERT], "/etc/tls/web.pem");
	cr_assert_str_eq(deployment.paths[DEPLOYMENT_KEY], "/etc/tls/web.key");
	cr_assert_str_eq(deployment.paths[DEPLOYMENT_CHAIN], "/etc/tls/chain.pem");
	cr_assert_str_eq(deployment.owner, "root:1000");
	cr_assert_eq(deployment.mode, 0640);
	cr_assert_str_eq(deployment.unit, "");
	cr_assert_str_eq(deployment.command, "a 'b' | c");
	cr_assert(reads(BEGIN FILES "reload = nginx@1.service\n", &deployment), "%s", problem);
	cr_assert_eq(deployment.mode, DEPLOYMENT_MODE);
	cr_assert_str_eq(deployment.unit, "nginx@1.service");
}

Test(deployment, is_refused_where_it_makes_no_sense)
{
	refuses("", "certificate");
	refuses(BEGIN, "the key's file");
	refuses(BEGIN "key = /k\n", "the certificate's file");
	refuses("[deployment]\n" FILES, "ID");
	refuses("certificate = 3\n" FILES, "the one section");
	refuses("[other]\ncertificate = 3\n", "the one section");
	refuses("[deployment]\ncertificate = 0\n" FILES, "ID");
	refuses("[deployment]\ncertificate = -3\n" FILES, "not possible");
	refuses("[deployment]\ncertificate = 9999999999999999999\n" FILES, "not possible");
	refuses(BEGIN "certificate = 4\n" FILES, "a second certificate");
	refuses(BEGIN FILES "key = /k\n", "a second key");
	refuses(BEGIN FILES "mode = 0600\nmode = 0600\n", "a second mode");
	refuses(BEGIN FILES "colour = red\n", "there is no colour");
	refuses(BEGIN FILES "run =\n", "empty");
	refuses(BEGIN FILES "nonsense\n", "line 5");
	refuses(BEGIN "cert = /a\nkey = /a\n", "a file of its own");
	refuses(BEGIN FILES "chain = /etc/tls/web.key\n", "a file of its own");
	refuses(BEGIN FILES "run = a\nreload = b.service\n", "both");
}

Test(deployment, takes_paths_that_have_one_meaning_only)
{
	static const char *const paths[] = {"web.pem", "/",   "/a/",   "/a//b", "/a/./b",
					    "/a/../b", "/..", "/a\tb", "/a\xff"};
	char text[512];

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		snprintf(text, sizeof(text), BEGIN "key = /k\ncert = %s\n", paths[i]);
		refuses(text, "absolute path");
	}
	snprintf(text, sizeof(text), BEGIN "key = /k\ncert = /...\n");
	cr_assert(reads(text, &(struct deployment){0}), "%s", problem);
}

Test(deployment, lets_nobody_else_write_or_run_the_files)
{
	static const char *const modes[] = {"0660", "0666", "0602", "0755", "4644", "0044", "1644"};
	char text[256];

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		snprintf(text, sizeof(text), BEGIN FILES "mode = %s\n", modes[i]);
		refuses(text, "nobody else writes");
	}
	refuses(BEGIN FILES "mode = 9\n", "not possible");
	refuses(BEGIN FILES "mode = 06440\n", "not possible");
	refuses(BEGIN FILES "mode = rw\n", "not possible");
}

Test(deployment, takes_no_option_for_a_unit_or_an_account)
{
	static const char *const units[] = {"nginx", "-x.service",   "a b.service", "a*.service",
					    "a.exe", "../a.service", "a.service;b"};
	char text[256];

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		snprintf(text, sizeof(text), BEGIN FILES "reload = %s\n", units[i]);
		refuses(text, "name of a unit");
	}
	refuses(BEGIN FILES "owner = :\n", "not USER");
	refuses(BEGIN FILES "owner = -a\n", "not USER");
	refuses(BEGIN FILES "owner = a b\n", "not USER");
	refuses(BEGIN FILES "owner = a:b:c\n", "not USER");
}

Test(deployment, has_bounds)
{
	char text[DEPLOYMENT_TEXT_MAX + 2];
	char path[DEPLOYMENT_PATH_MAX + 2];
	struct deployment deployment;

	memset(path, 'a', sizeof(path) - 1);
	path[0] = '/';
	path[DEPLOYMENT_PATH_MAX + 1] = '\0';
	snprintf(text, sizeof(text), BEGIN "key = /k\ncert = %s\n", path);
	refuses(text, "too long");
	path[DEPLOYMENT_PATH_MAX] = '\0';
	snprintf(text, sizeof(text), BEGIN "key = /k\ncert = %s\n", path);
	cr_assert(reads(text, &deployment), "%s", problem);
	cr_assert_str_eq(deployment.paths[DEPLOYMENT_CERT], path);

	/* inih would have taken what is behind the 198th character for the next line. */
	snprintf(text, sizeof(text), BEGIN "key = /k\ncert = /c\n#%200s\nrun = x\n", "");
	refuses(text, "line 5: it is too long");
	memset(text, '\n', sizeof(text));
	cr_assert(!deployment_read(text, DEPLOYMENT_TEXT_MAX + 1, &deployment, problem));
	cr_assert(!deployment_read("a\0b", 3, &deployment, problem));
}

Test(deployment, is_written_so_that_it_is_read_as_the_same)
{
	struct deployment deployment = {.cert_id = 9, .mode = 0600, .owner = ":adm"};
	char text[DEPLOYMENT_TEXT_MAX];
	struct deployment again;

	strcpy(deployment.paths[DEPLOYMENT_CERT], "/a # b;c");
	strcpy(deployment.paths[DEPLOYMENT_KEY], "/k = [x]");
	strcpy(deployment.command, "\"x\" && y; z");
	cr_assert(deployment_write(&deployment, text, problem), "%s", problem);
	cr_assert(reads(text, &again), "%s", problem);
	cr_assert_str_eq(again.paths[DEPLOYMENT_CERT], "/a # b;c");
	cr_assert_str_eq(again.paths[DEPLOYMENT_KEY], "/k = [x]");
	cr_assert_str_eq(again.command, "\"x\" && y; z");
	cr_assert_str_eq(again.owner, ":adm");
	cr_assert_eq(again.mode, 0600);

	/* A comment would begin there, and the command would do half of what it says. */
	strcpy(deployment.command, "x ; y");
	cr_assert(!deployment_write(&deployment, text, problem));
	cr_assert_not_null(strstr(problem, "script"));
	strcpy(deployment.command, "x\nrun = y");
	cr_assert(!deployment_write(&deployment, text, problem));
}

Test(deployment, finds_whom_the_files_belong_to)
{
	struct deployment deployment = {0};
	uid_t uid = 7;
	gid_t gid = 7;

	strcpy(deployment.owner, "root:12");
	cr_assert(deployment_owner(&deployment, &uid, &gid, problem));
	cr_assert_eq(uid, 0);
	cr_assert_eq(gid, 12);
	strcpy(deployment.owner, ":root");
	cr_assert(deployment_owner(&deployment, &uid, &gid, problem));
	cr_assert_eq(uid, (uid_t)-1);
	cr_assert_eq(gid, 0);
	strcpy(deployment.owner, "4294967295");
	cr_assert(!deployment_owner(&deployment, &uid, &gid, problem));
	strcpy(deployment.owner, "nobody-of-that-name");
	cr_assert(!deployment_owner(&deployment, &uid, &gid, problem));
	cr_assert_not_null(strstr(problem, "there is no user"));
}
