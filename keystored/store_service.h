/*
 * Services and what is assigned to them: certificate, trust group, and the user that it runs as.
 * Hides the SQL, like store.h, whose rules on memory and failures hold here too.
 */
#ifndef STORE_SERVICE_H
#define STORE_SERVICE_H

#include "store.h"

enum store_service_kind {
	STORE_OPCUA_SERVER = 1,
	STORE_OPCUA_CLIENT,
	STORE_WEB_SERVER,
	STORE_OUC, /* a connection by its name */
	STORE_PG_HMI,
	STORE_SYSLOG,
	STORE_CUSTOM,
	STORE_SERVICE_KINDS,
};

#define STORE_SERVICES_MAX 256

struct store_service {
	uint64_t id;
	char name[NAMES_KEY_MAX + 1];
	enum store_service_kind kind;
	uint64_t cert_id;  /* 0: none */
	uint64_t group_id; /* 0: none */
	bool has_uid, has_gid;
	uint32_t uid, gid; /* who uses the certificate's key and the group */
	uint64_t revision; /* counts changes */
	int64_t updated;   /* Unix time, seconds */
	/* read only: */
	char group[NAMES_KEY_MAX + 1];
	char common_name[128]; /* of the certificate */
	uint64_t key_id;       /* of its current version; 0: none */
};

/* @name NULL: by @id. */
[[nodiscard]] enum store_status store_service_get(struct store *store, const char *name,
						  uint64_t id, struct store_service *ret_service);
/* Calls @each in order of names after @after. */
[[nodiscard]] enum store_status
store_service_list(struct store *store, const char *after,
		   bool (*each)(const struct store_service *service, void *user), void *user);
[[nodiscard]] enum store_status store_service_count(struct store *store, uint64_t *ret_count);
/* EXISTS: the name is taken. */
[[nodiscard]] enum store_status store_service_add(struct store *store,
						  const struct store_service *service);
[[nodiscard]] enum store_status store_service_set(struct store *store,
						  const struct store_service *service);
[[nodiscard]] enum store_status store_service_delete(struct store *store, uint64_t id);

/* The first service that has the certificate, the trust group, or a certificate with the key. */
[[nodiscard]] enum store_status store_service_of_cert(struct store *store, uint64_t cert_id,
						      struct store_service *ret_service);
[[nodiscard]] enum store_status store_service_of_group(struct store *store, uint64_t group_id,
						       struct store_service *ret_service);
[[nodiscard]] enum store_status store_service_of_key(struct store *store, uint64_t key_id,
						     struct store_service *ret_service);

/* Calls @each with every key that versions of the certificate have had and may be used yet. */
[[nodiscard]] enum store_status store_service_keys(struct store *store, uint64_t cert_id,
						   void (*each)(uint64_t key_id, void *user),
						   void *user);

/* The grants that services have on a trust group; free() *ret_grants. */
[[nodiscard]] enum store_status store_group_grants(struct store *store, uint64_t group_id,
						   struct grant **ret_grants, size_t *ret_count);
/* Who the users of services of that kind are, as grants of @operation; free() *ret_grants. */
[[nodiscard]] enum store_status
store_service_kind_grants(struct store *store, enum store_service_kind kind, unsigned operation,
			  struct grant **ret_grants, size_t *ret_count);

#endif
