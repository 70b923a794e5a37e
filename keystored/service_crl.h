/* CRLs as clients see them: listing, exporting, signing anew; and revocation. */
#ifndef SERVICE_CRL_H
#define SERVICE_CRL_H

#include "keyring.h"
#include "store_crl.h"

struct request;
struct service;

#define SERVICE_CRL_PAGE 64u	 /* lists in one reply */
#define SERVICE_CRL_PART 131072u /* bytes of a list in one reply */

void service_crl_export(struct request *request, const void *body, const struct keyring_key *key);
void service_crl_list(struct request *request, const void *body, const struct keyring_key *key);
void service_crl_renew(struct request *request, const void *body, const struct keyring_key *key);
void service_cert_revoke(struct request *request, const void *body, const struct keyring_key *key);

/* Tells everybody of a new list. */
void service_crl_publish(struct service *service, const struct store_crl *crl);

#endif
