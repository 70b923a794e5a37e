/*
 * Fetches a certificate with all that TLS wants of it. Hides the calls that it takes, and what
 * happens when the certificate changes between two of them.
 */
#ifndef STREAM_TLS_FETCH_H
#define STREAM_TLS_FETCH_H

#include "tls_private.h"

enum tls_fetch_result {
	TLS_FETCH_DONE,
	TLS_FETCH_UNFIT, /* and it will be, unless somebody changes something */
	TLS_FETCH_AWAY,	 /* keystored or its TPM: try again */
};

struct tls_fetched {
	enum tls_fetch_result result;
	char message[TLS_MESSAGE_MAX]; /* not done: why; done: what is odd, or "" */
	SSL_CTX *context;	       /* TLS_FETCH_DONE: the receiver's */
	uint32_t version;
	int64_t not_after;
};

struct tls_fetch;
typedef void tls_fetched_fn(struct tls_fetched *fetched, void *user);

/* Calls @done once, later, unless it is dropped before. NULL: it could not be started. */
struct tls_fetch *tls_fetch_start(struct tls *tls, uint64_t cert_id, tls_fetched_fn *done,
				  void *user);
void tls_fetch_drop(struct tls_fetch *fetch); /* NULL is fine */

#endif
