/*
 * Which combinations of a connection's fields are none, and which connections cannot be together.
 * Hides the rules.
 */
#ifndef OUC_SETTINGS_CHECK_H
#define OUC_SETTINGS_CHECK_H

#include <stddef.h>

#include "conf_report.h"
#include "settings_field.h"

/* A connection by itself. */
void settings_check(const struct draft *draft, struct conf_report *report);

/* Each with those before it. Their blocks have been found already. */
void settings_check_clashes(const struct draft *drafts, size_t count, struct conf_report *report);

#endif
