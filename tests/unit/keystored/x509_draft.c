#include "x509_draft.h"

#include <string.h>

#include "cert_maker.h"

static const struct check_finding *find(const struct check_report *report, const char *rule)
{
	for (size_t i = 0; i < report->count; i++) {
		if (strcmp(report->findings[i].rule, rule) == 0)
			return &report->findings[i];
	}
	return NULL;
}

static struct check_report draft(const struct cert_spec *spec)
{
	struct check_report report = {0};

	cr_assert_eq(cert_draft(spec, &report), CERT_OK);
	return report;
}

static void expect(const struct check_report *report, const char *rule, const char *field)
{
	const struct check_finding *finding = find(report, rule);

	cr_assert(finding, "%s is not found", rule);
	cr_assert_str_eq(finding->field, field, "%s", rule);
	cr_assert_gt(strlen(finding->text), 10);
}

Test(x509_draft, finds_nothing_in_what_can_be_made)
{
	EVP_PKEY *ca_key;
	struct made ca = maker_ca(&ca_key, -1);

	for (int profile = 1; profile < PROFILE_COUNT; profile++) {
		struct cert_spec spec = maker_spec(profile, NULL);
		struct check_report report = draft(&spec);

		cr_assert_eq(report.count, 0, "%s: %s", spec.profile->name,
			     report.findings[0].text);
		spec = maker_spec_by(profile, NULL, &ca, ca_key);
		spec.subject = "CN=plc-2,O=Plant";
		report = draft(&spec);
		cr_assert_eq(report.count, 0, "%s, issued: %s", spec.profile->name,
			     report.findings[0].text);
	}
	made_free(&ca);
	EVP_PKEY_free(ca_key);
}

Test(x509_draft, finds_everything_at_once)
{
	static const struct csr_name names[] = {
		{SAN_DNS, "a b"}, {SAN_IP, "300.0.0.1"}, {99, "x"}, {SAN_DNS, "plc-1.example"}};
	struct cert_spec spec = maker_spec(PROFILE_OPCUA_SERVER, NULL);

	spec.subject = "CN";
	spec.names = names;
	spec.name_count = 4;
	spec.not_after = spec.not_before;
	spec.hash = TPM_SHA1;
	struct check_report report = draft(&spec);

	expect(&report, "subject-form", "subject");
	expect(&report, "names-form", "names");
	expect(&report, "san-uri-mandatory", "names");
	expect(&report, "validity-possible", "validity");
	expect(&report, "hash-strength", "hash");
	cr_assert_eq(report.count, 7); /* three names */
	cr_assert_eq(report.error_count, 7);
}

Test(x509_draft, tells_rules_by_their_own_names)
{
	static const struct csr_name uris[] = {{SAN_URI, "urn:a"}, {SAN_URI, "urn:b"}};
	struct cert_spec spec = maker_spec(PROFILE_OPCUA_SERVER, NULL);
	struct check_report report;

	spec.subject = "C=DE";
	spec.names = uris;
	spec.name_count = 2;
	report = draft(&spec);
	expect(&report, "opcua-common-name", "subject");
	expect(&report, "san-uri-single", "names");
	expect(&report, "opcua-san-host", "names");
	cr_assert_eq(find(&report, "opcua-san-host")->severity, CHECK_WARNING);

	spec = maker_spec(PROFILE_WEB_SERVER, NULL);
	spec.name_count = 0;
	report = draft(&spec);
	expect(&report, "san-host-mandatory", "names");
	cr_assert_eq(report.count, 1);
}

Test(x509_draft, looks_at_the_issuer_and_what_it_allows)
{
	EVP_PKEY *ca_key;
	struct made ca = maker_ca(&ca_key, 0);
	struct cert_spec spec = maker_spec_by(PROFILE_CA, NULL, &ca, ca_key);
	struct check_report report;

	spec.subject = "CN=Hall 1";
	spec.not_after += 100 * YEAR;
	report = draft(&spec);
	expect(&report, "issuer-fit", "issuer");
	spec = maker_spec_by(PROFILE_TLS_CLIENT, NULL, &ca, ca_key);
	spec.not_after += 100 * YEAR;
	report = draft(&spec);
	expect(&report, "validity-possible", "validity");
	cr_assert_eq(report.count, 1);
	made_free(&ca);
	EVP_PKEY_free(ca_key);
}

Test(x509_draft, does_without_a_profile_and_a_validity)
{
	struct cert_spec spec = maker_spec(PROFILE_TLS_CLIENT, NULL);
	struct check_report report;

	spec.profile = NULL;
	spec.not_before = spec.not_after = 0;
	report = draft(&spec);
	cr_assert_eq(report.count, 0);
	spec.subject = "X";
	report = draft(&spec);
	expect(&report, "subject-form", "subject");
	cr_assert_eq(report.count, 1);
}

Test(x509_draft, of_very_many_names_tells_that_they_are_too_many)
{
	static struct csr_name names[SAN_NAMES_MAX + 1];
	struct cert_spec spec = maker_spec(PROFILE_WEB_SERVER, NULL);
	struct check_report report;

	for (size_t i = 0; i < SAN_NAMES_MAX + 1; i++)
		names[i] = (struct csr_name){SAN_DNS, "no name"};
	spec.names = names;
	spec.name_count = SAN_NAMES_MAX + 1;
	report = draft(&spec);
	cr_assert_eq(report.count, 1);
	cr_assert(strstr(report.findings[0].text, "257"));
	spec.name_count = SAN_NAMES_MAX;
	report = draft(&spec);
	cr_assert_eq(report.count, CHECK_RULES_MAX);
}
