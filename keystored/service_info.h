/* What a client may ask of the service itself: hello, status, subscribe. */
#ifndef SERVICE_INFO_H
#define SERVICE_INFO_H

#include <keystore.pb-c.h>

#include "keyring.h"

struct request;
struct service;

#define SERVICE_RANDOM_MAX 1024u /* bytes in one request */
#define SERVICE_LIST_PAGE  256u	 /* keys in one reply */

void service_info_hello(struct request *request, const void *body, const struct keyring_key *key);
void service_info_status(struct request *request, const void *body, const struct keyring_key *key);
void service_info_subscribe(struct request *request, const void *body,
			    const struct keyring_key *key);

/* Tells subscribers that the TPM's state changed. */
void service_info_publish_tpm(struct service *service);

void service_info_publish_all(struct service *service, Keystore__V1__Event *event);
/* Tells those who may see @key, or where it is NULL everything. */
void service_info_publish(struct service *service, const struct keyring_key *key,
			  Keystore__V1__Event *event);
void service_info_publish_key(struct service *service, const struct keyring_key *key,
			      Keystore__V1__KeyEvent__Change change);

#endif
