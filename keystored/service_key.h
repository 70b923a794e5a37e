/* Managing keys: create, import, list, show, delete, allow, export. */
#ifndef SERVICE_KEY_H
#define SERVICE_KEY_H

#include "keyring.h"

struct request;
struct service;

void service_key_create(struct request *request, const void *body, const struct keyring_key *key);
void service_key_import(struct request *request, const void *body, const struct keyring_key *key);
void service_key_list(struct request *request, const void *body, const struct keyring_key *key);
void service_key_show(struct request *request, const void *body, const struct keyring_key *key);
void service_key_delete(struct request *request, const void *body, const struct keyring_key *key);
void service_key_allow(struct request *request, const void *body, const struct keyring_key *key);
void service_key_export(struct request *request, const void *body, const struct keyring_key *key);

/* "ec-p256"; "" for none of ours. */
const char *service_key_algorithm_name(unsigned algorithm);

/* For requests that make a key, whose name is their object. False: answered. */
bool service_key_has_room(struct request *request);
bool service_key_can_make(struct request *request, unsigned algorithm);

/* Stores the key under the request's object; in a transaction. The creator is granted @operations. */
[[nodiscard]] enum store_status service_key_add(struct request *request, uint64_t id,
						struct tpm_key *key, unsigned operations,
						bool of_ca);
/* The same for others: who is granted what, as far as it is among @operations. */
[[nodiscard]] enum store_status service_key_add_for(struct request *request, uint64_t id,
						    struct tpm_key *key, unsigned operations,
						    const struct grant *grants, size_t count);
/* The same without a request: for @creator, under @name. */
[[nodiscard]] enum store_status service_key_put(struct service *service, uint32_t creator,
						const char *name, uint64_t id, struct tpm_key *key,
						unsigned operations, bool of_ca);
[[nodiscard]] enum store_status service_key_put_for(struct service *service, uint32_t creator,
						    const char *name, uint64_t id,
						    struct tpm_key *key, unsigned operations,
						    const struct grant *grants, size_t count);

#endif
