/*
 * Trust groups, what is in their lists, what was refused, and verdicts, as keystorectl(1) documents
 * them; and the words of their members, which are static, and "unknown" for what is newer than this
 * program.
 */
#ifndef JSON_TRUST_H
#define JSON_TRUST_H

#include <jansson.h>

#include "keystore.h"
#include "keystore_trust.h"

/* New references. NULL: no memory. */
json_t *json_trust_group(const struct ks_trust_group *group);
json_t *json_trust_entry(const struct ks_trust_entry *entry);
json_t *json_rejected(const struct ks_rejected *rejected);
json_t *json_verdict(const struct ks_verdict *verdict);

/* "trusted-certs", … */
const char *trust_list_text(enum ks_trust_list list);
/* "where-known", … */
const char *crl_policy_text(enum ks_crl_policy policy);

#endif
