/* A certificate as people read it. */
#ifndef CTL_CERTTEXT_H
#define CTL_CERTTEXT_H

#include <stdio.h>

#include "ctl.h"

/* One fact in a line. */
void cert_print(const struct ks_cert *cert, FILE *out);

/* A row of the list, and its heads. */
#define CERT_COLUMNS 10
extern const char *const cert_heads[CERT_COLUMNS];
struct table;
bool cert_add_row(struct table *table, const struct ks_cert *cert); /* false: no memory */

/* Prints a result of certificates, in the form asked for. */
enum exit_code cert_show_result(const struct ctl *ctl, const struct ks_result *result);
enum exit_code cert_show_results(const struct ctl *ctl, const struct ks_result *result);

/* The versions of the one certificate, the latest first. */
enum exit_code cert_show_history(const struct ctl *ctl, const struct ks_result *result);

#endif
