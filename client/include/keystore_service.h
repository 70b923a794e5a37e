/*
 * libkeystore: services and what is assigned to them, and transactions. Hides nothing that
 * keystore.h does not.
 */
#ifndef KEYSTORE_SERVICE_H
#define KEYSTORE_SERVICE_H

#include "keystore.h"

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/* By it go the certificates that a service takes and the peers that it has. */
enum ks_service_kind {
	KS_SERVICE_OPCUA_SERVER = 1,
	KS_SERVICE_OPCUA_CLIENT = 2,
	KS_SERVICE_WEB_SERVER = 3,
	KS_SERVICE_OUC = 4, /* a connection, by its name */
	KS_SERVICE_PG_HMI = 5,
	KS_SERVICE_SYSLOG = 6,
	KS_SERVICE_CUSTOM = 7,
};

/* "web-server"; NULL and 0 where there is none. */
const char *ks_service_kind_name(enum ks_service_kind kind);
enum ks_service_kind ks_service_kind_from_name(const char *name);

/*
 * A service's user may use the key of its certificate, and of former versions while they are
 * valid; and validate with its trust group.
 */
struct ks_assignment {
	const char *name;
	enum ks_service_kind kind;
	uint64_t cert_id;  /* 0: none. No other service has it, or its key. */
	const char *group; /* trust group; "": none */
	bool has_uid, has_gid;
	uint32_t uid, gid;	 /* whom the service runs as */
	const char *common_name; /* of the certificate */
	uint64_t key_id;	 /* of its current version; 0: none */
	uint64_t revision;	 /* counts changes */
	int64_t updated;	 /* the last one: Unix time, seconds */
	/* To set KS_FIELD_CERT by: the certificate of that key, which a call before this one in the
	 * same transaction may make; NULL: by @cert_id. */
	const char *cert_key;
};

/* A page of the services that this process may see, after the name @after (NULL: the first). */
enum ks_status ks_service_list(struct ks_client *client, const char *after,
			       struct ks_result **ret_result);
enum ks_status ks_service_list_start(struct ks_client *client, const char *after, ks_done_fn *done,
				     void *user);

/* Bits: what of a ks_assignment is set; the rest stays as it is. */
enum ks_service_field {
	KS_FIELD_KIND = 1 << 1,
	KS_FIELD_CERT = 1 << 2,
	KS_FIELD_GROUP = 1 << 3,
	KS_FIELD_UID = 1 << 4,
	KS_FIELD_GID = 1 << 5,
};
/* @create: KS_EXISTS if it is there. */
enum ks_status ks_service_set(struct ks_client *client, const struct ks_assignment *assignment,
			      unsigned fields, bool create, struct ks_result **ret_result);
enum ks_status ks_service_set_start(struct ks_client *client,
				    const struct ks_assignment *assignment, unsigned fields,
				    bool create, ks_done_fn *done, void *user);

/* Its certificate and its trust group stay. */
enum ks_status ks_service_remove(struct ks_client *client, const char *name,
				 struct ks_result **ret_result);
enum ks_status ks_service_remove_start(struct ks_client *client, const char *name, ks_done_fn *done,
				       void *user);

struct ks_txn {
	bool open;
	bool mine; /* of this connection */
	uint32_t uid;
	int32_t pid;
	int64_t since;		   /* Unix time, seconds */
	uint64_t idle_ms;	   /* until it is dropped */
	uint32_t changes;	   /* that are staged */
	uint64_t bytes;		   /* that they hold */
	uint32_t applied;	   /* txn apply: how many were */
	const char *const *staged; /* the first 64: "trust add opcua" */
	size_t staged_count;
};

/*
 * One at a time in the whole service, and it ends with this connection: KS_CONFLICT while another
 * has one. With in_transaction in the options, what changes trust, services and certificates is
 * kept from then on, and its result has nothing in it. What cannot be part of one is refused.
 */
enum ks_status ks_txn_begin(struct ks_client *client, struct ks_result **ret_result);
enum ks_status ks_txn_begin_start(struct ks_client *client, ks_done_fn *done, void *user);
/* All of it or nothing; in either case it is over. */
enum ks_status ks_txn_apply(struct ks_client *client, struct ks_result **ret_result);
enum ks_status ks_txn_apply_start(struct ks_client *client, ks_done_fn *done, void *user);
enum ks_status ks_txn_cancel(struct ks_client *client, struct ks_result **ret_result);
enum ks_status ks_txn_cancel_start(struct ks_client *client, ks_done_fn *done, void *user);
enum ks_status ks_txn_status(struct ks_client *client, struct ks_result **ret_result);
enum ks_status ks_txn_status_start(struct ks_client *client, ks_done_fn *done, void *user);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
