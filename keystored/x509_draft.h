/*
 * What would be wrong with a certificate that is wanted: everything at once, since who fills in a
 * form has many fields to correct. Hides how the rest is measured although a part is wrong.
 */
#ifndef X509_DRAFT_H
#define X509_DRAFT_H

#include "x509_check.h"

/*
 * Adds to @report what cert_new() would refuse, each wrong name included, and which rules the
 * certificate would break. @spec: without keys; its profile may be NULL, not known, and its
 * validity 0 to 0, not known. NOMEM.
 */
[[nodiscard]] enum cert_status cert_draft(const struct cert_spec *spec,
					  struct check_report *report);

/* What no certificate could be made of, as a finding about @field (CHECK_OF_*). */
void cert_draft_refuse(struct check_report *report, const char *field, const char *sentence);

#endif
