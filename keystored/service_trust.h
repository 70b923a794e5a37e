/* Trust groups and their lists: showing and changing them. */
#ifndef SERVICE_TRUST_H
#define SERVICE_TRUST_H

#include "keyring.h"
#include "store_trust.h"

struct request;

#define SERVICE_TRUST_PAGE 128u /* entries in one reply */

void service_trust_list(struct request *request, const void *body, const struct keyring_key *key);
void service_trust_add(struct request *request, const void *body, const struct keyring_key *key);
void service_trust_set(struct request *request, const void *body, const struct keyring_key *key);
void service_trust_remove(struct request *request, const void *body, const struct keyring_key *key);
void service_trust_export(struct request *request, const void *body, const struct keyring_key *key);
void service_trust_group_list(struct request *request, const void *body,
			      const struct keyring_key *key);
void service_trust_group_set(struct request *request, const void *body,
			     const struct keyring_key *key);

/* The group of that name. False: answered. */
bool service_trust_find(struct request *request, const char *name, struct store_group *ret_group);
/* The same, and the caller may use it. */
bool service_trust_find_usable(struct request *request, const char *name,
			       struct store_group *ret_group);

/* Whether the caller may use the group. */
bool service_trust_may_use(struct request *request, uint64_t group_id);

#endif
