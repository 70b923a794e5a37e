/*
 * The transaction of whoever pushes (OPC 10000-12 7.10.2): one at a time, of one session, and kept by
 * keystored until it is applied. Hides its connection, with which it ends, and what is told of it.
 */
#ifndef OPCUA_PUSH_TXN_H
#define OPCUA_PUSH_TXN_H

#include "push_link.h"

struct push_txn;

struct push_txn *push_txn_new(const char *socket); /* NULL: no memory */
void push_txn_free(struct push_txn *txn);	   /* cancelled, if one is open; NULL is fine */

/* False: another session's is open, and the job has failed. */
bool push_txn_is_free(struct push_txn *txn, struct push_job *job);
bool push_txn_is_open(const struct push_txn *txn);

/*
 * For what the job changes: what is asked over it is staged. Opens one, if none is. NULL: the job has
 * failed.
 */
struct ks_client *push_txn_join(struct push_txn *txn, struct push_job *job);
/*
 * The job has staged what it wanted, of a certificate (or of a trust list) of @group, or has failed
 * (@is_ok false). A job that failed with a part of it staged (@is_partial) takes the whole transaction
 * with it.
 */
void push_txn_leave(struct push_txn *txn, struct push_job *job, enum push_group group, bool is_list,
		    bool is_ok, bool is_partial);

/* False: the job has failed, as what is staged changes the certificate of @group already. */
bool push_txn_lacks(const struct push_txn *txn, struct push_job *job, enum push_group group);

#define PUSH_MADE_MAX	  PUSH_GROUPS
#define PUSH_KEY_NAME_MAX 40

/* What was made for the transaction and is there already, for nothing if it is not applied. */
struct push_made {
	uint64_t cert_id;
	char key[PUSH_KEY_NAME_MAX];
};
void push_txn_made(struct push_txn *txn, const struct push_made *made);
/* The next that was for nothing. False: there is none. */
bool push_txn_take_vain(struct push_txn *txn, struct push_made *ret_made);

bool push_txn_apply(struct push_txn *txn, struct push_job *job);
bool push_txn_cancel(struct push_txn *txn, struct push_job *job);
/* The session has ended: so does what it has open. */
void push_txn_end(struct push_txn *txn, struct push_job *job);

#endif
