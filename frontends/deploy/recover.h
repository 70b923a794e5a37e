/* What a death in the middle of replacing files has left, put in order without keystored. */
#ifndef DEPLOY_RECOVER_H
#define DEPLOY_RECOVER_H

#include "deployment.h"

/*
 * Certificate and reference file of the deployment belong together afterwards, if they did before
 * and what was to follow is still beside its place; what else is there is removed. True: a file
 * has taken its place.
 */
bool recover_files(const struct deployment *deployment);

#endif
