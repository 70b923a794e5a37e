/* The audit trail as keystorectl(1) documents it. */
#ifndef JSON_AUDIT_H
#define JSON_AUDIT_H

#include <jansson.h>

#include "keystore.h"

/* New references. NULL: no memory. */
json_t *json_record(const struct ks_record *record);
json_t *json_audit(const struct ks_audit *audit);

#endif
