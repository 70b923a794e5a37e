#include "x509_check.h"

#include <stdio.h>

#include <openssl/x509.h>

#include "x509_der.h"
#include "x509_rule.h"

void check_report_add(struct check_report *report, const struct x509_rule *rule, const char *detail)
{
	struct check_finding *finding;

	if (report->count == CHECK_RULES_MAX)
		return;
	finding = &report->findings[report->count++];
	finding->rule = rule->name;
	finding->clause = rule->clause;
	finding->severity = rule->severity;
	finding->field = rule->field;
	snprintf(finding->text, sizeof(finding->text), "%s%s%s", rule->sentence,
		 *rule->sentence && *detail ? ": " : "", detail);
	report->error_count += rule->severity == CHECK_ERROR;
}

static void rules_run(const struct x509_rule *rules, size_t count, const struct x509_view *view,
		      struct check_report *report)
{
	for (size_t i = 0; i < count; i++) {
		char detail[DETAIL_MAX] = "";

		if (rules[i].is_violated(view, detail))
			check_report_add(report, &rules[i], detail);
	}
}

enum cert_status cert_check(const uint8_t *der, size_t len, const struct profile *profile,
			    struct check_report *ret_report)
{
	struct x509_view view;
	X509 *x509;

	if (len > CERT_DER_MAX)
		return CERT_TOO_LARGE;
	x509 = x509_der_read(der, len);
	if (!x509)
		return CERT_SUBJECT;
	x509_view_open(x509, profile, &view);
	ret_report->error_count = 0;
	ret_report->count = 0;
	rules_run(x509_rules_rfc5280, x509_rules_rfc5280_count, &view, ret_report);
	if (profile)
		rules_run(x509_rules_purpose, x509_rules_purpose_count, &view, ret_report);
	x509_view_close(&view);
	X509_free(x509);
	return CERT_OK;
}
