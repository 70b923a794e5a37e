/* The JSON API of keystore-https over real connections: tests/support/https_api.py asks it. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "https_site.h"

#define SCRIPT KEYSTORE_SOURCE_DIR "/tests/support/https_api.py"
#define ASK    "/usr/bin/python3 '" SCRIPT "' '" KEYSTORE_SOURCE_DIR "' %d"

TestSuite(https_api, .timeout = 300);

static struct https_site site_with_admin(void)
{
	struct https_site site = https_site_new(NULL);

	free(HTTPS_SITE(&site, "echo 'correct horse battery' > pw; { keystorectl user create admin "
			       "--roles administrator --password-file pw; } >&2"));
	https_site_start(&site, "%s", "");
	return site;
}

static void ask(struct https_site *site, const char *what)
{
	free(HTTPS_SITE(site, ASK " %s >&2", site->port, what));
}

static void ask_one(const char *what)
{
	struct https_site site = site_with_admin();

	ask(&site, what);
	cr_expect_eq(https_site_end(&site, SIGTERM), 0);
	https_site_free(&site);
}

Test(https_api, lets_each_role_do_what_keystored_lets_it_and_no_more)
{
	struct https_site site = site_with_admin();

	ask(&site, "covers_all");
	ask(&site, "roles");
	cr_expect_eq(https_site_end(&site, SIGTERM), 0);
	https_site_free(&site);
}

Test(https_api, names_each_member_that_is_wrong)
{
	ask_one("members");
}

Test(https_api, refuses_paths_that_could_be_read_differently)
{
	ask_one("paths");
}

Test(https_api, wards_off_forged_requests_and_logins_that_are_over)
{
	ask_one("forged");
}

Test(https_api, slows_down_who_guesses_passwords)
{
	ask_one("guessing");
}

Test(https_api, ends_the_logins_that_a_change_of_users_ends)
{
	ask_one("passwords");
}

Test(https_api, shows_anybody_the_root_that_browsers_have_to_trust)
{
	ask_one("roots");
}

Test(https_api, tells_each_login_what_it_may_see)
{
	ask_one("events");
}

Test(https_api, lets_as_many_listen_as_leave_it_connections_to_keystored)
{
	ask_one("feeds");
}

Test(https_api, says_to_who_sends_too_much_that_it_is)
{
	ask_one("large");
}

Test(https_api, samples_what_is_done_while_somebody_looks)
{
	ask_one("trend");
}

/* It goes on while we look after keystored. */
static pid_t start_asking(struct https_site *site, const char *what)
{
	const char *top = fixture_dir(site->fixture);
	char port[16], pid[16], log[256];
	const char *argv[] = {
		"/usr/bin/python3", SCRIPT, KEYSTORE_SOURCE_DIR, port, what, pid, NULL};

	snprintf(port, sizeof(port), "%d", site->port);
	snprintf(pid, sizeof(pid), "%d", (int)fixture_service_pid(site->fixture));
	snprintf(log, sizeof(log), "%s/%s.log", top, what);
	return process_start(argv, top, log, NULL);
}

Test(https_api, says_that_keystored_is_away_and_goes_on_when_it_is_back)
{
	struct https_site site = site_with_admin();
	pid_t asking = start_asking(&site, "away");

	https_site_until(&site, "test -e down || grep -qE 'not so|Error' away.log");
	fixture_service_kill(site.fixture);
	fixture_service_start(site.fixture);
	fixture_service_wait(site.fixture);
	https_site_until(&site, "test -e up || grep -qE 'not so|Error' away.log");
	free(HTTPS_SITE(&site, "test -e up || { cat away.log >&2; false; }"));
	(void)process_end(asking, SIGKILL);
	cr_expect_eq(https_site_end(&site, SIGTERM), 0);
	https_site_free(&site);
}

/* Who calls a keystored that hangs does not for ever, and goes on as soon as it does. */
Test(https_api, gives_up_on_a_keystored_that_hangs_and_goes_on_with_it)
{
	struct https_site site = site_with_admin();

	free(HTTPS_SITE(&site, ASK " hang %d >&2", site.port,
			(int)fixture_service_pid(site.fixture)));
	https_site_until_said(&site, "takes requests and does not answer");
	cr_expect_eq(https_site_end(&site, SIGTERM), 0);
	https_site_free(&site);
}
