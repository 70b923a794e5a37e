/* Keys as keystorectl(1) documents them, and the words of their members, which are static. */
#ifndef JSON_KEY_H
#define JSON_KEY_H

#include <jansson.h>

#include "keystore.h"

/*
 * A new reference. NULL: no memory. Asks for the names of users and groups, which may wait where
 * the machine has them from elsewhere.
 */
json_t *json_key(const struct ks_key *key);
json_t *json_grant(const struct ks_grant *grant);
json_t *json_operations(unsigned operations);

/* "sign,decrypt"; "none" */
const char *operations_text(unsigned operations);
/* "ec-p256"; "unknown" for one newer than this program. */
const char *algorithm_text(enum ks_algorithm algorithm);
/* "tpm", "imported" */
const char *origin_text(enum ks_origin origin);
/* "uid", "gid" */
const char *subject_text(enum ks_subject subject);

/* The name that a user or group has here. NULL: none, or no memory. free() it. */
char *subject_name(enum ks_subject subject, uint32_t id);

#endif
