/* Rules for certificates, as x509_check.c runs them. Hides nothing: it is how they are written. */
#ifndef X509_RULE_H
#define X509_RULE_H

#include <stdbool.h>
#include <stddef.h>

#include "x509_check.h"
#include "x509_view.h"

#define DETAIL_MAX 160 /* bytes, with its NUL */

/* True: violated; what is in @ret_detail, which begins empty, is told with the sentence. */
typedef bool violated_fn(const struct x509_view *view, char ret_detail[DETAIL_MAX]);

struct x509_rule {
	const char *name;
	const char *clause;
	enum check_severity severity;
	const char *field; /* CHECK_OF_* */
	violated_fn *is_violated;
	const char *sentence;
};

/* What every certificate keeps. */
extern const struct x509_rule x509_rules_rfc5280[];
extern const size_t x509_rules_rfc5280_count;

/* What a profile asks for. */
extern const struct x509_rule x509_rules_purpose[];
extern const size_t x509_rules_purpose_count;

#endif
