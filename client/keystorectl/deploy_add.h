/* The command that enters a deployment. Hides what is looked at before that is done. */
#ifndef CTL_DEPLOY_ADD_H
#define CTL_DEPLOY_ADD_H

#include "ctl.h"

enum exit_code command_deploy_add(struct ctl *ctl);

#endif
