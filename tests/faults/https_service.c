/*
 * keystore-https while what it stands on is not there: keystored, the TPM. Its certificate and its
 * port are in integration/https_server.c.
 */
#include <criterion/criterion.h>
#include <signal.h>

#include "https_site.h"

TestSuite(https_service, .timeout = 240);

#define SITE(site, script, ...)                                                                    \
	free(HTTPS_SITE(site, "port=%d; " LOGIN S_CLIENT script, (site)->port, ##__VA_ARGS__))

/* A login's token for curl, in "auth". */
#define LOGIN                                                                                      \
	"log_in() { get -D head -o session -H 'Content-Type: application/json' -d '{\"user\":"     \
	"\"admin\",\"password\":\"long enough\"}' https://localhost:$port/api/v1/session; "        \
	"tr -d '\\r' < head | sed -n 's/^set-cookie: __Host-keystore=\\([^;]*\\).*/"               \
	"Authorization: Bearer \\1/Ip' > auth; [ -s auth ]; }; "

/* A request with the login, by a connection whose session may be one of before. */
#define S_CLIENT                                                                                   \
	"ask() { path=$1; shift; printf 'GET %%s HTTP/1.1\\r\\nHost: localhost\\r\\n%%s\\r\\n"     \
	"Connection: close\\r\\n\\r\\n' $path \"$(cat auth)\" | timeout 30 openssl s_client "      \
	"-connect 127.0.0.1:$port -servername localhost -CAfile ca.pem -verify_return_error "      \
	"-ign_eof \"$@\" 2>&1; }; "

static void administer(struct https_site *site)
{
	SITE(site, "echo 'long enough' > password; keystorectl user create admin --roles "
		   "administrator --password-file password >&2; log_in");
}

/*
 * Requests one after the other by one connection, whose statuses go to "codes". They end by
 * themselves when a test that fails leaves them.
 */
static void start_load(struct https_site *site)
{
	SITE(site,
	     "(timeout 240 curl -sS --max-time 30 --cacert ca.pem -H @auth -w '%%{http_code}\\n' "
	     "-o /dev/null "
	     "\"https://localhost:$port/api/v1/certs#[1-9999999]\" > codes 2> said < /dev/null "
	     "& echo $! > load)");
	https_site_until(site, "grep -q 200 codes");
}

Test(https_service, tells_that_keystored_is_killed_and_goes_on_when_it_is_back)
{
	struct https_site site = https_site_new(NULL);

	https_site_start(&site, "%s", "");
	administer(&site);
	start_load(&site);
	SITE(&site, "ask /api/v1/certs -sess_out session > before; grep -q '^HTTP/1.1 200' before");
	fixture_service_kill(site.fixture);
	https_site_until(&site, "grep -q 503 codes");
	https_site_until_said(&site, "keystored ended");
	/* Who has been here is told what it is, and sees the pages. */
	SITE(&site, "ask /api/v1/certs -sess_in session > away; grep -q '^HTTP/1.1 503' away; "
		    "grep -qi '^Retry-After: ' away; "
		    "grep -qi '^Content-Type: application/problem+json' away; "
		    "grep -q '\"detail\":\"[^\"]*keystored' away; "
		    "ask / -sess_in session > page; grep -q '^HTTP/1.1 200' page; "
		    "ask /api/v1/identification -sess_in session | grep -q "
		    "'\"keystored\": *\"down\"'");
	SITE(&site, "wc -l < codes > count");
	fixture_service_start(site.fixture);
	fixture_service_wait(site.fixture);
	https_site_until_said(&site, "serving with certificate 3, version 1");
	/* The connection is the one from before; its login went with keystored. */
	https_site_until(&site, "tail -n +$(($(cat count) + 1)) codes | grep -qE '200|401'");
	SITE(&site,
	     "kill -0 $(cat load); kill $(cat load); fails grep -qvE '^(200|401|503)$' codes; "
	     "[ ! -s said ]; log_in; "
	     "[ $(get -H @auth -o none -w '%%{http_code}' "
	     "https://localhost:$port/api/v1/certs) = 200 ]");
	cr_assert_eq(https_site_end(&site, SIGTERM), 0);
	https_site_free(&site);
}

Test(https_service, waits_for_a_tpm_that_is_slow_and_holds_up_nobody_who_is_there)
{
	struct https_site site = https_site_new(&(struct fixture_options){.with_proxy = true});

	https_site_start(&site, "%s", "");
	administer(&site);
	start_load(&site);
	fixture_proxy(site.fixture, "stop");
	SITE(&site, "wc -l < codes > count; "
		    "(get -o late https://localhost:$port/ > late.said 2>&1 < /dev/null && touch "
		    "came) & ");
	https_site_until(&site, "[ $(wc -l < codes) -gt $(($(cat count) + 100)) ]");
	SITE(&site, "[ ! -e came ]; kill $(cat load); fails grep -qv 200 codes");
	fixture_proxy(site.fixture, "go");
	https_site_until(&site, "[ -e came ] && grep -q '<!doctype html>' late");
	https_site_free(&site);
}

Test(https_service, fails_handshakes_while_the_tpm_is_away_and_shakes_hands_when_it_is_back)
{
	struct https_site site = https_site_new(NULL);

	https_site_start(&site, "%s", "");
	administer(&site);
	start_load(&site);
	fixture_tpm_kill(site.fixture);
	SITE(&site, "fails get -o none https://localhost:$port/ 2> refused");
	https_site_until_said(&site, "new connections fail, and open ones go on");
	/* What needs no TPM goes on. */
	SITE(&site, "wc -l < codes > count");
	https_site_until(&site, "[ $(wc -l < codes) -gt $(($(cat count) + 20)) ]");
	SITE(&site, "kill $(cat load); fails grep -qv 200 codes; wc -l < https.log > lines");
	fixture_tpm_start(site.fixture);
	fixture_service_wait(site.fixture);
	https_site_until(&site, "get -o none https://localhost:$(sed -n 's/.*127.0.0.1://p' "
				"https.conf | head -n 1)/ 2> /dev/null");
	https_site_until(&site, "tail -n +$(($(cat lines) + 1)) https.log | grep -q 'serving with "
				"certificate 3'");
	https_site_free(&site);
}
