/*
 * Certificates, CAs, keys, trust and services by the API of keystore-https, as a program uses it. What
 * each test does is a function of its name in https/certs.py or https/trust.py; every answer is held
 * against openapi.json there.
 */
#include <criterion/criterion.h>
#include <signal.h>

#include "https_site.h"

TestSuite(https_certs, .timeout = 300);
TestSuite(https_trust, .timeout = 300);

/* A user who may everything, and keystorectl logged in as the same. */
#define LOGGED_IN                                                                                  \
	"export HOME=$PWD; unset XDG_RUNTIME_DIR KEYSTORE_TOKEN; printf 'correct horse\\n' > pw; " \
	"keystorectl mode set local > /dev/null; keystorectl user create admin --roles "           \
	"administrator --password-file pw > /dev/null; "                                           \
	"keystorectl login admin --password-file pw > /dev/null; "

static void run(const char *script, const char *name)
{
	struct https_site site = https_site_new(NULL);

	https_site_start(&site, "%s", "");
	free(HTTPS_SITE(&site,
			LOGGED_IN "export HTTPS_URL=https://127.0.0.1:%d HTTPS_CA=$PWD/ca.pem "
				  "HTTPS_OPENAPI=%s/frontends/https/openapi.json "
				  "PKI=%s/tests/support/pki.sh PYTHONDONTWRITEBYTECODE=1; "
				  "mkdir work; cd work; "
				  "exec /usr/bin/python3 %s/tests/integration/https/%s.py %s >&2",
			site.port, KEYSTORE_SOURCE_DIR, KEYSTORE_SOURCE_DIR, KEYSTORE_SOURCE_DIR,
			script, name));
	/* Nothing was left behind: a sanitizer would say so. */
	cr_expect(https_site_end(&site, SIGTERM) == 0);
	https_site_free(&site);
}

#define CERTS(name)                                                                                \
	Test(https_certs, name)                                                                    \
	{                                                                                          \
		run("certs", #name);                                                               \
	}
#define TRUST(name)                                                                                \
	Test(https_trust, name)                                                                    \
	{                                                                                          \
		run("trust", #name);                                                               \
	}

CERTS(a_ca_makes_one)
CERTS(pages_follow_each_other)
CERTS(it_signs_itself)
CERTS(a_key_gets_a_name_where_none_is_given)
CERTS(a_draft_tells_everything_at_once)
CERTS(what_was_sent_is_looked_at)
CERTS(it_is_renewed)
CERTS(a_ca_elsewhere_answers)
CERTS(somebody_elses_csr_is_certified)
CERTS(files_come_in)
CERTS(what_is_no_certificate_is_refused)
CERTS(each_format_goes_out)
CERTS(a_revoked_one_is_in_the_list)
CERTS(a_long_list_goes_out_whole)
CERTS(a_service_keeps_its_certificate)
CERTS(of_deletes_at_the_same_time_one_does_it)
CERTS(hostile_text_stays_text)
CERTS(keys_are_shown_pinned_and_deleted)
CERTS(the_mode_is_switched)
TRUST(groups_come_and_go)
TRUST(files_are_added_shown_and_removed)
TRUST(what_does_not_belong_there_is_refused)
TRUST(who_was_refused_is_trusted)
