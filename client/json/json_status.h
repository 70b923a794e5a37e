/* keystored and its TPM as keystorectl(1) documents them. */
#ifndef JSON_STATUS_H
#define JSON_STATUS_H

#include <jansson.h>

#include "keystore.h"

/* New references. NULL: no memory. */
json_t *json_status(const struct ks_service *service);
json_t *json_tpm(const struct ks_tpm *tpm);

/* "ready", …; "unknown" for one newer than this program. Static. */
const char *tpm_state_text(enum ks_tpm_state state);

#endif
