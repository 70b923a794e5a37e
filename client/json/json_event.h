/* Events as keystorectl(1) documents them. */
#ifndef JSON_EVENT_H
#define JSON_EVENT_H

#include <jansson.h>

#include "keystore.h"

/* A new reference; @seconds: when it came. NULL: no memory. */
json_t *json_event(const struct ks_event *event, int64_t seconds);

/* "key created", …; "unknown" for one newer than this program. Static. */
const char *event_text(enum ks_event_type type);

#endif
