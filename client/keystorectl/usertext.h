/* Users, roles and rights as text. */
#ifndef CTL_USERTEXT_H
#define CTL_USERTEXT_H

#include "ctl.h"

/* "view, manage-keys"; "none". NULL: no memory. free() it. */
char *rights_text(unsigned rights);
/* "operator, auditor"; "none". NULL: no memory. free() it. */
char *names_text(const char *const *names, size_t count);

/* Prints one user, as --json says. */
enum exit_code user_print(const struct ctl *ctl, const struct ks_user *user);

#endif
