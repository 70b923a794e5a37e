/*
 * Certificates, what is wrong with them, and CRLs of CAs, as keystorectl(1) documents them; and
 * the words of their members, which are static, and "unknown" for what is newer than this program.
 */
#ifndef JSON_CERT_H
#define JSON_CERT_H

#include <jansson.h>

#include "keystore.h"
#include "keystore_cert.h"

/* New references. NULL: no memory. */
json_t *json_cert(const struct ks_cert *cert);
json_t *json_cert_version(const struct ks_cert_version *version);
/* The versions, the latest first. */
json_t *json_cert_history(const struct ks_cert *cert);
json_t *json_check_finding(const struct ks_check_finding *finding);
json_t *json_profile(const struct ks_profile *profile);
json_t *json_crl(const struct ks_crl *crl);

/* "active", … */
const char *cert_state_text(enum ks_cert_state state);
/* "ca", "device", "trusted" */
const char *cert_kind_text(enum ks_cert_kind kind);
/* "keyCompromise", … */
const char *reason_text(unsigned reason);
/* "URI", "IP", "DNS", "email", "RID", "other" */
const char *name_type_text(enum ks_name_type type);
/* "warning", "error" */
const char *severity_text(enum ks_severity severity);
/* "follow", …; of what is no device's "none" */
const char *addresses_text(enum ks_addresses addresses);

#endif
