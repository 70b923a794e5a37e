/* Managing keys: create, import, list, show, delete, allow, export. */
#ifndef SERVICE_KEY_H
#define SERVICE_KEY_H

#include "keyring.h"

struct request;

void service_key_create(struct request *request, const void *body, const struct keyring_key *key);
void service_key_import(struct request *request, const void *body, const struct keyring_key *key);
void service_key_list(struct request *request, const void *body, const struct keyring_key *key);
void service_key_show(struct request *request, const void *body, const struct keyring_key *key);
void service_key_delete(struct request *request, const void *body, const struct keyring_key *key);
void service_key_allow(struct request *request, const void *body, const struct keyring_key *key);
void service_key_export(struct request *request, const void *body, const struct keyring_key *key);

#endif
