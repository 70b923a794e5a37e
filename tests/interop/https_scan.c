/* keystore-https as scanners of TLS see it, which know what is weak. */
#include <criterion/criterion.h>

#include "https_site.h"

#define JUDGES KEYSTORE_SOURCE_DIR "/tests/interop/scan"

TestSuite(https_scan, .timeout = 600);

static bool has(struct https_site *site, const char *program)
{
	struct run run = fixture_sh(site->fixture, "command -v %s", program);
	bool is_there = run.exit_code == 0;

	run_free(&run);
	return is_there;
}

/* Ends the test where the tool is absent. */
static void need(struct https_site *site, const char *program)
{
	if (has(site, program))
		return;
	https_site_free(site);
	cr_skip_test("%s is not installed (packaging/dev-packages)", program);
}

static void sslscan(struct https_site *site, const char *versions)
{
	free(HTTPS_SITE(site,
			"sslscan --no-colour --xml=scan.xml --show-certificate localhost:%d > "
			"said 2>&1 || { cat said >&2; exit 1; }; python3 " JUDGES
			"/sslscan.py scan.xml %s >&2",
			site->port, versions));
}

Test(https_scan, sslscan_finds_nothing_weak)
{
	struct https_site site = https_site_new(NULL);

	need(&site, "sslscan");
	https_site_start(&site, "%s", "");
	sslscan(&site, "1.2 1.3");
	https_site_free(&site);
}

Test(https_scan, sslscan_finds_tls_1_3_alone_where_that_is_said)
{
	struct https_site site = https_site_new(NULL);

	need(&site, "sslscan");
	https_site_start(&site, "%s", "TLS12 = no");
	sslscan(&site, "1.3");
	https_site_free(&site);
}

Test(https_scan, sslscan_finds_nothing_weak_with_rsa)
{
	struct https_site site = https_site_new(NULL);

	need(&site, "sslscan");
	free(HTTPS_SITE(&site, "keystorectl cert create --profile web-server --issuer 1 --new-key "
			       "rsa --algorithm rsa-2048 --subject CN=localhost --san "
			       "DNS:localhost >&2; keystorectl service set web-server --cert 4 "
			       ">&2"));
	https_site_start(&site, "%s", "");
	sslscan(&site, "1.2 1.3");
	https_site_free(&site);
}

Test(https_scan, testssl_finds_nothing_above_low)
{
	struct https_site site = https_site_new(NULL);

	need(&site, "testssl");
	/* What browsers take of public CAs, which is what testssl goes by. */
	free(HTTPS_SITE(&site, "keystorectl cert renew 3 --days 365 >&2"));
	https_site_start(&site, "%s", "");
	free(HTTPS_SITE(&site,
			"testssl --quiet --color 0 --warnings batch --add-ca ca.pem --jsonfile "
			"scan.json -p -s -f -P -S -h -U localhost:%d > said 2>&1 || :; "
			"python3 " JUDGES "/testssl.py scan.json >&2 || { cat said >&2; exit 1; }",
			site.port));
	https_site_free(&site);
}

/* For the compression that testssl finds: an answer that may hold a secret has none. */
Test(https_scan, data_are_not_compressed)
{
	struct https_site site = https_site_new(NULL);

	https_site_start(&site, "%s", "");
	free(HTTPS_SITE(&site,
			"for path in identification root-certificates session certs; do "
			"get -D h -H 'Accept-Encoding: gzip' -o /dev/null "
			"https://localhost:%d/api/v1/$path; fails grep -qi ^Content-Encoding h; "
			"grep -qi '^Strict-Transport-Security' h; done",
			site.port));
	https_site_free(&site);
}
