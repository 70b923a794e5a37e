/* keystore-deploy, killed in the middle of its work. */
#include <criterion/criterion.h>

#include <signal.h>
#include <time.h>

#include "deploy_site.h"

#define ROUNDS 30

/* Never twice the same moment, and spread over what a renewal takes. */
static void wait_some(unsigned round)
{
	const struct timespec time = {.tv_nsec = (long)(round * 7919u % ROUNDS) * 4000000};

	nanosleep(&time, NULL);
}

Test(deploy, killed_at_any_moment_leaves_a_pair_that_belongs_together)
{
	struct deploy_site site = deploy_site_new();

	SITE(&site, "keystorectl deploy add 3 --cert $PWD/tls/web.pem --key $PWD/tls/web.key "
		    "--run 'cp tls/web.pem tls/web.key .'; keystore-deploy --once");
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct run run;

		deploy_site_start(&site);
		/* Half of them while it starts, half while it is told of a renewal. */
		if (round % 2)
			deploy_site_until(&site, "keystorectl deploy status > /dev/null");
		SITE(&site, "keystorectl cert renew 3 --rekey > /dev/null");
		wait_some(round);
		deploy_site_end(&site, SIGKILL);
		/* Without keystored, which may be gone too. */
		run = fixture_sh(site.fixture, DEPLOY_SITE_SHELL
				 "keystore-deploy --once --socket /nonexistent 2>&1");
		cr_assert_eq(run.exit_code, 1, "%s", run.out);
		run_free(&run);
		SITE(&site,
		     "pair tls/web.pem tls/web.key; test $(ls -A tls | wc -l) = 2; "
		     "keystorectl deploy status | grep -q waiting; "
		     "keystore-deploy --once; pair tls/web.pem tls/web.key; "
		     "keystorectl cert export 3 --format chain --out chain; "
		     "cmp chain tls/web.pem; cmp tls/web.pem web.pem; cmp tls/web.key web.key");
	}
	deploy_site_free(&site);
}
