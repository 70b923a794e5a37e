/* Transactions: requests that stage, apply and cancel. */
#ifndef SERVICE_TXN_H
#define SERVICE_TXN_H

#include "keyring.h"

struct change;
struct request;

void service_txn_begin(struct request *request, const void *body, const struct keyring_key *key);
void service_txn_apply(struct request *request, const void *body, const struct keyring_key *key);
void service_txn_cancel(struct request *request, const void *body, const struct keyring_key *key);
void service_txn_status(struct request *request, const void *body, const struct keyring_key *key);

/* Keeps @change, which it takes over, in the caller's transaction, and answers. */
void service_txn_stage(struct request *request, struct change *change);

#endif
