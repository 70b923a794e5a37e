/* What is wrong with certificates, in words. */
#ifndef CTL_CHECKS_H
#define CTL_CHECKS_H

#include "ctl.h"

/* Prints what would be wrong with the certificate that @request asks for, and makes nothing. */
enum exit_code check_draft(struct ctl *ctl, const struct ks_cert_request *request);

#endif
