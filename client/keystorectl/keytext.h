/* A key as people read it. */
#ifndef CTL_KEYTEXT_H
#define CTL_KEYTEXT_H

#include <stdio.h>

#include "ctl.h"

/* One fact in a line. */
void key_print(const struct ks_key *key, FILE *out);

/* Prints a result of one key, in the form asked for. */
enum exit_code key_show_result(const struct ctl *ctl, const struct ks_result *result);

#endif
