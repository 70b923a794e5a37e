/*
 * What methods do, in the push thread: each waits for keystored as long as it takes. Hides how OPC
 * UA's groups, certificates and lists are services, certificates and trust groups of keystored.
 */
#ifndef OPCUA_PUSH_WORK_H
#define OPCUA_PUSH_WORK_H

#include "push_txn.h"

#define PUSH_NAME_MAX 64

struct push_place_names {
	const char *services[PUSH_GROUPS]; /* "": it has none */
	const char *user_group;		   /* trust group of PUSH_USER_TOKEN; "": none */
	uint32_t trust_list_max;	   /* bytes */
};

struct push_work {
	struct push_place_names names;
	struct push_link *link; /* for what is no part of the transaction */
	struct push_txn *txn;
	/* A list that would have locked out who wrote it: a digest of both, and when; 0: none. */
	uint8_t refused[32];
	UA_DateTime refused_at;
};

bool push_work_open(struct push_work *work, const char *socket,
		    const struct push_place_names *names);
void push_work_close(struct push_work *work);

/* Does it; the job has its outcome. */
void push_work_do(struct push_work *work, struct push_job *job);

/* Where a group of OPC UA is in keystored. */
struct push_place {
	enum push_group group;
	const char *service;		     /* "": none */
	char trust_group[PUSH_NAME_MAX + 1]; /* "": none */
	unsigned kind;			     /* enum ks_service_kind */
	uint64_t cert_id;		     /* 0: it has none */
};
/* False: the job has failed. */
bool push_place_look(struct push_work *work, struct push_job *job, enum push_group group,
		     struct push_place *ret_place, bool *ret_found);
/* The same, and one whose service is not there fails. */
bool push_place_find(struct push_work *work, struct push_job *job, enum push_group group,
		     struct push_place *ret_place);
/* The group by the job's input 0 and, if there is one, the type by input 1. */
bool push_place_take(struct push_work *work, struct push_job *job, bool with_type,
		     struct push_place *ret_place);

typedef void push_do_fn(struct push_work *work, struct push_job *job);
push_do_fn push_do_get_certificates, push_do_update_certificate, push_do_create_self_signed,
	push_do_delete_certificate, push_do_create_signing_request, push_do_get_rejected_list,
	push_do_group_get_rejected_list, push_do_apply, push_do_cancel, push_do_reset,
	push_do_list_open, push_do_list_update, push_do_list_add, push_do_list_remove,
	push_do_session_ended, push_do_refresh;

/* "CN=plc-1/O=Plant" (OPC 10000-12 7.10.9) as keystored takes it. NULL: no memory; free() it. */
char *push_subject(const char *asked);

#endif
