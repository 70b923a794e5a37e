/*
 * What each uid has open: connections, and requests in flight. Hides how the uids are kept;
 * there are never more of them than connections and requests.
 */
#ifndef ACCOUNT_H
#define ACCOUNT_H

#include <sys/queue.h>
#include <sys/types.h>

struct account {
	uid_t uid;
	unsigned connections;
	unsigned requests;
	LIST_ENTRY(account) all;
};

LIST_HEAD(accounts, account);

/* The account of @uid, made if there is none. NULL: no memory. */
struct account *account_of(struct accounts *accounts, uid_t uid);

/* Frees it when nothing is counted there any more. NULL is fine. */
void account_settle(struct account *account);

#endif
