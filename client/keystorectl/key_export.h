/* keystorectl key export. Hides what a key can be written as. */
#ifndef CTL_KEY_EXPORT_H
#define CTL_KEY_EXPORT_H

#include "ctl.h"

enum exit_code command_key_export(struct ctl *ctl);

#endif
