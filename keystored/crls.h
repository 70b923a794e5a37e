/*
 * Keeps the CRL of each CA whose key is here: an empty one when the CA is made, a new one after
 * revocations and in time before the last one ends. Hides when lists are signed, that many
 * revocations at once become one list, and what happens while the TPM is away.
 *
 * A list is published by the transaction that stores it, under a number above all before it.
 */
#ifndef CRLS_H
#define CRLS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#define CRLS_TEXT_MAX 320

struct crls;
struct service;

/* @service has everything else, and outlives it. NULL: no memory. */
struct crls *crls_new(struct service *service);
void crls_free(struct crls *crls); /* NULL is fine */

/* Who waits for a list. done() is called once, never from within crls_wait(). */
struct crls_waiter {
	/* @trouble: why there is no new list yet, a sentence; NULL: there is. */
	void (*done)(struct crls_waiter *waiter, const char *trouble);
	void *user;
	LIST_ENTRY(crls_waiter) entry;
	bool is_waiting;
};

/* For a list of that CA that has everything revoked up to now. False: no memory. */
bool crls_wait(struct crls *crls, uint64_t ca_id, struct crls_waiter *waiter);
/* done() will not be called. */
void crls_forget(struct crls_waiter *waiter);

/* Signs what is due, soon. */
void crls_check(struct crls *crls);

#endif
