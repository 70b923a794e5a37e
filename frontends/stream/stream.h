/*
 * A stream of bytes to and from a peer: TCP or a Unix socket, plain or with TLS. Hides OpenSSL,
 * that a handshake waits for keystored (a signature of the TPM, a verdict on the peer) while all
 * other streams go on, and that TLS reads when it wants to write.
 *
 * A stream calls its handler from the event loop only, never from within a function below; the
 * handler may free the stream.
 */
#ifndef STREAM_H
#define STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <systemd/sd-event.h>

#include "keystore_trust.h"
#include "tls.h"

#define STREAM_MESSAGE_MAX 320

enum stream_fault {
	STREAM_RESET,	 /* the connection broke, or the peer ended it where it may not */
	STREAM_TIMEOUT,	 /* the handshake took too long */
	STREAM_PROTOCOL, /* no TLS, no common version or algorithm, or a peer that has refused us */
	STREAM_NO_CERT,	 /* the peer shows no certificate, where it has to */
	STREAM_REFUSED,	 /* keystored does not accept the peer's certificate: the verdict */
	STREAM_KEY,	 /* our own key cannot be used: not granted, or gone */
	STREAM_SERVICE,	 /* keystored or its TPM did not answer */
	STREAM_RESOURCES, /* out of memory */
};

struct stream_failure {
	enum stream_fault fault;
	enum ks_verdict_reason verdict;	  /* STREAM_REFUSED */
	char message[STREAM_MESSAGE_MAX]; /* a sentence */
};

struct stream_handler {
	void (*opened)(void *user); /* bytes may flow; comes first, for plain streams too */
	void (*ready)(void *user);  /* what was wanted may succeed now */
	void (*failed)(const struct stream_failure *failure, void *user); /* free it */
};

enum stream_want { STREAM_READ = 1, STREAM_WRITE = 2 };

enum stream_result {
	STREAM_OK,
	STREAM_AGAIN,  /* not now: want it, and wait */
	STREAM_END,    /* the peer sends no more; it may still read */
	STREAM_BROKEN, /* handler->failed comes, with the reason */
};

struct stream;

/* Takes @fd, a connected socket that does not block, in each case. NULL: no memory. */
struct stream *stream_plain(sd_event *event, int fd, const struct stream_handler *handler,
			    void *user);

/*
 * The same with TLS: shows @identity's certificate (NULL: none, which a server must not), and
 * accepts the peer that @peer describes, which must outlive the stream. NULL: no memory, or as
 * many handshakes as are allowed are under way (errno EAGAIN), of @address or altogether, or
 * @identity is not ready (errno ENOKEY). @address: the peer's, for that count and for messages.
 */
struct stream *stream_tls(struct tls_identity *identity, int fd, const struct tls_peer *peer,
			  const char *address, const struct stream_handler *handler, void *user);

/* Ends the connection; NULL is fine. */
void stream_free(struct stream *stream);

/* The same, and the peer sees a connection that broke, not one that was ended: no end is sent. */
void stream_reset(struct stream *stream);

/* STREAM_OK: *ret_len, at least one byte and at most @size. */
[[nodiscard]] enum stream_result stream_read(struct stream *stream, void *buf, size_t size,
					     size_t *ret_len);

/* STREAM_OK: *ret_len bytes were taken, at least one. After STREAM_AGAIN give the same again. */
[[nodiscard]] enum stream_result stream_write(struct stream *stream, const void *buf, size_t len,
					      size_t *ret_len);

/* Bits of enum stream_want: when ready() is called. 0: only failures are told. */
void stream_wants(struct stream *stream, unsigned wants);

/* Nothing more will be written: the peer reads an end (TCP: FIN; TLS: close_notify, then FIN). */
void stream_finish(struct stream *stream);

bool stream_is_open(const struct stream *stream); /* opened() was called, failed() was not */

/* "TLSv1.3 TLS_AES_256_GCM_SHA384", or "plain". */
void stream_describe(const struct stream *stream, char *buf, size_t len);

/* The peer's subject, in one line; "": plain, or it has shown none. */
void stream_peer_subject(const struct stream *stream, char *buf, size_t len);

#endif
