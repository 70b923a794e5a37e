/* nginx with docs/openssl.md's configuration: two workers, reload, renewal with traffic running. */
#include <criterion/criterion.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "deploy_site.h"
#include "nginx.h"
#include "tls_client.h"

#define CLIENTS 4

Test(program_nginx, serves_each_version_and_key)
{
	struct program program;

	program_init(&program);
	nginx_start(&program);
	for (int i = 0; i < 4; i++)
		program_shakes_hands(&program, i / 2 ? "1.3" : "1.2", i % 2 ? "rsa" : "ec");
	program_free(&program);
}

static bool has_500(void *load)
{
	return tls_load_counts(load).good >= 500;
}

/* Replies that go to the wrong worker, or to the wrong handshake of one, fail the handshake. */
Test(program_nginx, signs_in_both_workers_at_once)
{
	struct program program;
	struct tls_load *load;
	struct tls_counts counts;

	program_init(&program);
	nginx_start(&program);
	load = nginx_load(&program, 2 * CLIENTS);
	fixture_until(has_500, load, "500 requests");
	counts = tls_load_stop(load);
	cr_expect_eq(counts.failed, 0, "%u of %u failed: %s", counts.failed,
		     counts.good + counts.failed, counts.fault);
	free(fixture_sh_ok(program.fixture, "test $(sort -u access.log | wc -l) = 2"));
	program_free(&program);
}

Test(program_nginx, reloads_while_requests_run)
{
	struct program program;
	struct tls_load *load;
	struct tls_counts counts;

	program_init(&program);
	nginx_start(&program);
	load = nginx_load(&program, CLIENTS);
	for (int i = 0; i < 5; i++)
		nginx_reload(&program);
	counts = tls_load_stop(load);
	cr_expect_eq(counts.failed, 0, "%u of %u failed: %s", counts.failed,
		     counts.good + counts.failed, counts.fault);
	program_free(&program);
}

/* --- renewal --- */

struct wanted {
	struct tls_load *load;
	char *serial;
};

static bool is_seen(void *user)
{
	const struct wanted *wanted = user;

	return strcmp(tls_load_counts(wanted->load).serial, wanted->serial) == 0;
}

static void deploy(struct program *program, struct tls_load *load, const char *renew,
		   const char *key)
{
	struct wanted wanted = {.load = load};

	wanted.serial = fixture_sh_ok(
		program->fixture,
		"set -e; %s >&2; keystorectl cert export 3 --format chain --out new.pem; "
		"keystorectl key export %s --reference --out new.key; "
		"mv new.key web-ec.key; mv new.pem web-ec.pem; "
		"openssl x509 -in web-ec.pem -noout -serial | sed 's/serial=//' | tr -d '\\n'",
		renew, key);
	nginx_reload(program);
	fixture_until(is_seen, &wanted, "the renewed certificate");
	free(wanted.serial);
}

Test(program_nginx, gets_a_renewed_certificate_without_a_failed_request)
{
	struct program program;
	struct tls_load *load;
	struct tls_counts counts;

	program_init(&program);
	nginx_start(&program);
	load = nginx_load(&program, CLIENTS);
	deploy(&program, load, "keystorectl cert renew 3", "web-ec");
	deploy(&program, load, "keystorectl cert renew 3 --rekey", "web-ec.v3");
	counts = tls_load_stop(load);
	cr_expect_eq(counts.failed, 0, "%u of %u failed: %s", counts.failed,
		     counts.good + counts.failed, counts.fault);
	cr_expect_gt(counts.good, 10);
	program_shakes_hands(&program, "1.2", "ec");
	program_free(&program);
}

Test(program_nginx, goes_on_with_the_old_files_when_the_new_ones_do_not_fit)
{
	struct program program;

	program_init(&program);
	nginx_start(&program);
	free(fixture_sh_ok(program.fixture, "cp panel-ec.key web-ec.key"));
	kill(program.pid, SIGHUP);
	program_until_log(&program, "error.log", "key values mismatch");
	program_shakes_hands(&program, "1.3", "ec");
	program_free(&program);
}

/* The serial number of the newest version, which the program has to come to serve. */
static void expect_newest(struct program *program, struct tls_load *load)
{
	struct wanted wanted = {.load = load};

	wanted.serial = fixture_sh_ok(program->fixture,
				      "keystorectl cert export 3 | openssl x509 -noout -serial | "
				      "sed 's/serial=//' | tr -d '\\n'");
	fixture_until(is_seen, &wanted, "the renewed certificate");
	free(wanted.serial);
}

Test(program_nginx, is_kept_current_by_keystore_deploy_without_a_failed_request)
{
	struct deploy_site site = {0};
	struct program program;
	struct tls_counts counts;
	struct tls_load *load;

	program_init(&program);
	site.fixture = program.fixture;
	nginx_start(&program);
	load = nginx_load(&program, CLIENTS);
	SITE(&site, "keystorectl deploy add 3 --cert $PWD/web-ec.pem --key $PWD/web-ec.key "
		    "--owner root:www-data --mode 0640 --run \"kill -HUP $(cat nginx.pid)\"");
	deploy_site_start(&site);
	for (int i = 0; i < 3; i++) {
		SITE(&site, "keystorectl cert renew 3 --rekey");
		expect_newest(&program, load);
	}
	counts = tls_load_stop(load);
	cr_expect_eq(counts.failed, 0, "%u of %u failed: %s", counts.failed,
		     counts.good + counts.failed, counts.fault);
	program_shakes_hands(&program, "1.3", "ec");
	cr_assert_eq(deploy_site_end(&site, SIGTERM), 0);
	program_free(&program);
}
