/*
 * Whether a certificate keeps the rules of RFC 5280, of OPC UA (OPC 10000-6 6.2.2) and of its
 * profile. Hides the table of rules. A rule looks at the certificate alone: not at the clock,
 * nor at other certificates.
 */
#ifndef X509_CHECK_H
#define X509_CHECK_H

#include <stddef.h>
#include <stdint.h>

#include "x509_cert.h"

#define CHECK_RULES_MAX 64

/* WARNING: peers take it, though it should be otherwise. ERROR: a peer may refuse it. */
enum check_severity { CHECK_WARNING = 1, CHECK_ERROR };

/* What of an order for a certificate a finding is about, as the fields of a form are called. */
#define CHECK_OF_NOTHING   "" /* nothing that one asks for */
#define CHECK_OF_PROFILE   "profile"
#define CHECK_OF_SUBJECT   "subject"
#define CHECK_OF_NAMES	   "names"
#define CHECK_OF_ISSUER	   "issuer"
#define CHECK_OF_VALIDITY  "validity"
#define CHECK_OF_KEY	   "key"
#define CHECK_OF_HASH	   "hash"
#define CHECK_OF_CA_LEVELS "ca_levels"

struct check_finding {
	const char *rule;   /* "san-uri-mandatory"; a name keeps its meaning for ever */
	const char *clause; /* "OPC 10000-6 6.2.2" */
	enum check_severity severity;
	const char *field;	   /* CHECK_OF_* */
	char text[X509_ERROR_MAX]; /* a sentence, UTF-8 */
};

/* The violated rules, in the order of the table. */
struct check_report {
	size_t error_count;
	size_t count; /* warnings included */
	struct check_finding findings[CHECK_RULES_MAX];
};

/* Adds a finding, if there is room. @detail "": there is none. */
struct x509_rule;
void check_report_add(struct check_report *report, const struct x509_rule *rule,
		      const char *detail);

/*
 * @profile: NULL where the purpose is not known, which leaves its rules out. SUBJECT: it is no
 * certificate, or no memory; TOO_LARGE.
 */
[[nodiscard]] enum cert_status cert_check(const uint8_t *der, size_t len,
					  const struct profile *profile,
					  struct check_report *ret_report);

#endif
