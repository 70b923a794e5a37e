/* Services and the transaction that is open, as keystorectl(1) documents them. */
#ifndef JSON_SERVICE_H
#define JSON_SERVICE_H

#include <jansson.h>

#include "keystore.h"
#include "keystore_service.h"

/* New references. NULL: no memory. */
json_t *json_service(const struct ks_assignment *service);
json_t *json_txn(const struct ks_txn *txn);

/* "opcua-server", …; "unknown" for one newer than this program. Static. */
const char *service_kind_text(enum ks_service_kind kind);

#endif
