/* Users and groups of this machine, by number or name. Hides the databases. */
#ifndef CTL_ACCOUNT_H
#define CTL_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "ctl.h"

/* False: told, and the caller ends with EXIT_USAGE. */
bool account_id(const struct ctl *ctl, const char *text, bool is_group, uint32_t *ret_id);

#endif
