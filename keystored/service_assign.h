/* Services: what is assigned to each, and who its user is. */
#ifndef SERVICE_ASSIGN_H
#define SERVICE_ASSIGN_H

#include <keystore.pb-c.h>

#include "keyring.h"
#include "store_service.h"
#include "x509_path.h"

struct request;
struct service;

void service_assign_list(struct request *request, const void *body, const struct keyring_key *key);
void service_assign_set(struct request *request, const void *body, const struct keyring_key *key);
void service_assign_remove(struct request *request, const void *body,
			   const struct keyring_key *key);

/* The service of that name, if the caller may see it. False: answered. */
bool service_assign_find(struct request *request, const char *name,
			 struct store_service *ret_service);

/* What the peers of a service of that kind are. */
enum path_purpose service_assign_purpose(enum store_service_kind kind);

/* A certificate has changed: whoever uses it is told, and its keys' grants follow. */
void service_assign_cert_changed(struct service *service, uint64_t cert_id);

#endif
