/* A key as people and programs read it. */
#ifndef CTL_KEYTEXT_H
#define CTL_KEYTEXT_H

#include <stdio.h>

#include "ctl.h"

/* The object that keystorectl(1) documents. NULL: no memory. */
json_t *key_json(const struct ks_key *key);

/* One fact in a line. */
void key_print(const struct ks_key *key, FILE *out);

/* "ec-p256"; "unknown" for one newer than this program. */
const char *key_algorithm(const struct ks_key *key);

/* "tpm", "imported" */
const char *origin_text(enum ks_origin origin);

/* Prints a result of one key, in the form asked for. */
enum exit_code key_show_result(const struct ctl *ctl, const struct ks_result *result);

#endif
