/* What the files tls*.c share. Hides from everybody else what tls.h and tls_session.h hide. */
#ifndef STREAM_TLS_PRIVATE_H
#define STREAM_TLS_PRIVATE_H

#include <openssl/ssl.h>

#include "keystore_trust.h"
#include "tls.h"
#include "tls_session.h"

#define TLS_CHAIN_MAX	 10 /* certificates of a peer that are shown to keystored */
#define TLS_RECHECKS_MAX 8  /* peers that are judged again at a time */

/* Sessions that shake hands, that are open, that are dropped: each is in one ring. */
struct tls_ring {
	struct tls_ring *next, *prev;
};

struct tls_material; /* of one certificate: tls_material.h */

struct tls {
	sd_event *event;
	struct uplink *uplink;
	struct tls_options options;
	OSSL_LIB_CTX *libctx;
	OSSL_PROVIDER *providers[2];
	struct tls_material *materials;
	struct tls_ring shaking, open, dropped;
	struct tls_ring due;	/* open, and to be judged again */
	unsigned shaking_count; /* with those that are dropped */
	unsigned shaking_most;	/* at a time, since there was none */
	unsigned rechecks;	/* under way */
	sd_event_source *recheck;
};

void tls_ring_add(struct tls_ring *ring, struct tls_ring *item);
void tls_ring_remove(struct tls_ring *item); /* one that is in none is fine */

/*
 * A context of OpenSSL that shows a certificate with its issuers, as PEM, and signs with a key by
 * reference (client/reference); without them, one that shows none. NULL: @problem.
 */
SSL_CTX *tls_context_new(struct tls *tls, const char *chain, size_t chain_len,
			 const char *reference, size_t reference_len,
			 char problem[TLS_MESSAGE_MAX]);

/* The current one; the caller has a share of it: SSL_CTX_free(). NULL: none is ready. */
SSL_CTX *tls_identity_context(const struct tls_identity *identity);
struct tls *tls_identity_owner(const struct tls_identity *identity);

void tls_material_refresh(struct tls_material *material);
struct tls_material *tls_material_next(const struct tls_material *material);
bool tls_material_concerns(const struct tls_material *material, const struct ks_event *event);

/* Asks keystored about the peer again; a refusal is told by the session's wake. False: not asked. */
bool tls_session_recheck(struct tls_session *session);
bool tls_session_is_of_group(const struct tls_session *session, const char *group);
struct tls_session *tls_session_of(struct tls_ring *item);
void tls_rechecked(struct tls *tls); /* one is done: the next */

void tls_shaking_begins(struct tls *tls);
void tls_shaking_ends(struct tls *tls); /* with or without success; not from within its job */

/* The job of one that was dropped goes on, and may come to its end, with which the session goes. */
void tls_session_drain(struct tls_session *session);
bool tls_session_await(struct tls_session *session, int ms); /* whether it can go on */

/* An empty one whose sessions have their peers judged by keystored. */
SSL_CTX *tls_session_context_new(struct tls *tls);

/* The name that a client asks a server for (RFC 6066 3), where @host is one. */
bool tls_context_names(SSL *ssl, const char *host);

/* A question to keystored about a peer. */
struct tls_verdict {
	enum ks_status status; /* KS_OK: it was answered */
	enum ks_verdict_reason reason;
	char message[STREAM_MESSAGE_MAX];
};
struct tls_question;
typedef void tls_answer_fn(const struct tls_verdict *verdict, void *user);

/*
 * @answer comes later, unless the question is dropped before. NULL: it cannot be asked now, and
 * @ret_verdict says why.
 */
struct tls_question *tls_ask(struct tls *tls, const struct tls_peer *peer, X509 *cert,
			     STACK_OF(X509) * others, tls_answer_fn *answer, void *user,
			     struct tls_verdict *ret_verdict);
void tls_question_drop(struct tls_question *question); /* NULL is fine */

/* The error of X509_verify_cert() by which OpenSSL sends the alert that fits best. */
int tls_verdict_error(const struct tls_verdict *verdict);

/* What OpenSSL's queue says of a failed handshake or record; empties it. */
void tls_errors_tell(int ssl_error, bool is_handshake, struct stream_failure *ret_failure);

#endif
