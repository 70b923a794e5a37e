/* Policies of renewal, and the news that a certificate ends. */
#ifndef SERVICE_RENEWAL_H
#define SERVICE_RENEWAL_H

#include "keyring.h"
#include "store_cert.h"

struct request;
struct service;

void service_cert_set_renewal(struct request *request, const void *body,
			      const struct keyring_key *key);

void service_clock_confirm(struct request *request, const void *body,
			   const struct keyring_key *key);

/* Tells those who may see the certificate. @note: what else there is to know, or "". */
void service_renewal_publish(struct service *service, const struct store_cert *cert, int days_left,
			     const char *note);

#endif
