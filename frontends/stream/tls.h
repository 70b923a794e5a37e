/*
 * TLS by OpenSSL with keys of keystored. Hides the provider, contexts, that certificates are
 * fetched from keystored and exchanged while connections go on, and that peers are judged by it:
 * at the handshake, and again when trust changes.
 */
#ifndef STREAM_TLS_H
#define STREAM_TLS_H

#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-event.h>

#include "keystore.h"
#include "uplink.h"

#define TLS_MESSAGE_MAX 320

struct tls_options {
	unsigned handshakes_max;	/* under way at a time, of all; 0: 256 */
	unsigned handshakes_of_address; /* of one address; 0: 32 */
	uint32_t handshake_ms;		/* until it is over, whatever the peer does; 0: 10000 */
	uint32_t recheck_s; /* how often peers that are connected are judged again; 0: 3600 */
};

struct tls;

/*
 * The program ignores SIGPIPE: OpenSSL writes to sockets without asking.
 *
 * Everything below belongs to it and to the thread that made it, which has no other. @uplink stays
 * the caller's; call tls_uplink_up() and tls_event() from its handler. False: @problem (the provider
 * cannot be loaded).
 */
[[nodiscard]] bool tls_new(sd_event *event, struct uplink *uplink,
			   const struct tls_options *options, struct tls **ret_tls,
			   char problem[TLS_MESSAGE_MAX]);
void tls_free(struct tls *tls); /* after all streams; NULL is fine */

/* Certificates that were not there or not current are fetched; peers are judged again. */
void tls_uplink_up(struct tls *tls);
void tls_event(struct tls *tls, const struct ks_event *event);

/* What this side shows: a certificate of keystored by its ID, with its issuers and its key. */
struct tls_identity;

enum tls_identity_state {
	TLS_IDENTITY_WAITING, /* keystored has not answered yet */
	TLS_IDENTITY_READY,
	TLS_IDENTITY_UNFIT, /* no such certificate, without a key here, ended, or not granted */
};

struct tls_identity_status {
	enum tls_identity_state state;
	char message[TLS_MESSAGE_MAX]; /* not ready, or ready and odd: why, what to do; else "" */
	uint32_t version;	       /* of the certificate; 0: none yet */
	int64_t not_after;	       /* Unix time, seconds */
};

/*
 * Told of each change: ready, renewed, unfit. One that was ready stays in use while keystored is
 * away, and after its end. Free no identity from in here.
 */
typedef void tls_identity_fn(const struct tls_identity_status *status, void *user);

/*
 * @cert_id 0: none, for clients that need none: always ready. Those of one ID share what is
 * fetched. @changed may be NULL. NULL: no memory.
 */
struct tls_identity *tls_identity_new(struct tls *tls, uint64_t cert_id, tls_identity_fn *changed,
				      void *user);
void tls_identity_free(struct tls_identity *identity); /* NULL is fine; its streams go on */

struct tls_identity_status tls_identity_status(const struct tls_identity *identity);

/* Who is accepted. Texts are borrowed. */
struct tls_peer {
	bool is_server;	    /* this side is the client */
	const char *group;  /* keystored's trust group */
	const char *host;   /* a name or an address that the certificate has to have; NULL: any */
	uint64_t anchor_id; /* a certificate that has to be on its path; 0: any that is trusted */
	bool may_be_anonymous; /* a client that shows none is accepted … */
	bool is_asked;	       /* … and asked for one all the same; else it is not */
	/*
	 * A client that was not asked, and comes again, needs no signature: by a ticket, which is good
	 * for two hours, and no longer than this side's certificate stays the same.
	 */
	bool may_resume;
	bool allows_tls12; /* else TLS 1.3 only */
	/*
	 * A client that shows a certificate is not open before the server has accepted it, as far as
	 * one can know: with TLS 1.3 by a ticket, or half a second later.
	 */
	bool awaits_acceptance;
};

#endif
