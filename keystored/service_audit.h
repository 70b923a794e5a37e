/* The audit trail for those who read it. Hides how a long trail is checked a little at a time. */
#ifndef SERVICE_AUDIT_H
#define SERVICE_AUDIT_H

#include "keyring.h"

struct request;

#define SERVICE_AUDIT_LOOK   2000u /* records in one request, some milliseconds */
#define SERVICE_AUDIT_FILTER 128u  /* bytes */

void service_audit_list(struct request *request, const void *body, const struct keyring_key *key);
void service_audit_verify(struct request *request, const void *body, const struct keyring_key *key);

#endif
