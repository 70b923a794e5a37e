/* Validating a peer's certificate, and the list of those that were refused. */
#ifndef SERVICE_REJECTED_H
#define SERVICE_REJECTED_H

#include "keyring.h"

struct request;

void service_validate(struct request *request, const void *body, const struct keyring_key *key);
void service_rejected_list(struct request *request, const void *body,
			   const struct keyring_key *key);
void service_rejected_trust(struct request *request, const void *body,
			    const struct keyring_key *key);
void service_rejected_delete(struct request *request, const void *body,
			     const struct keyring_key *key);

#endif
