/*
 * One TLS connection, as stream.c drives it. Hides SSL objects, the job in which a handshake runs,
 * what that job waits for, and that a job cannot be dropped before it has come to its end.
 */
#ifndef STREAM_TLS_SESSION_H
#define STREAM_TLS_SESSION_H

#include "stream.h"
#include "tls.h"

enum session_step {
	SESSION_OK,
	SESSION_WANTS_READ, /* of the socket */
	SESSION_WANTS_WRITE,
	SESSION_WAITS, /* for keystored: do nothing until it wakes */
	SESSION_END,   /* the peer's close_notify */
	SESSION_FAILED,
};

struct tls_session;

sd_event *tls_session_loop(const struct tls_identity *identity);

/*
 * @wake is called from the loop when a handshake may go on, or when the session has failed since:
 * keystored does not accept the peer any more. NULL with errno: EAGAIN (handshakes), ENOKEY
 * (@identity is not ready), ENOMEM.
 */
struct tls_session *tls_session_new(struct tls_identity *identity, int fd,
				    const struct tls_peer *peer, const char *address,
				    void (*wake)(void *user), void *user);

/* Nothing is sent any more, close_notify included. */
void tls_session_give_up(struct tls_session *session);

/* Takes @fd, which is closed now or when the job ends. NULL is fine. */
void tls_session_free(struct tls_session *session, int fd);

enum session_step tls_session_handshake(struct tls_session *session);
enum session_step tls_session_read(struct tls_session *session, void *buf, size_t size,
				   size_t *ret_len);
enum session_step tls_session_write(struct tls_session *session, const void *buf, size_t len,
				    size_t *ret_len);
enum session_step tls_session_finish(struct tls_session *session); /* sends close_notify */

/* Bytes are in memory that no readiness of the socket will tell of. */
bool tls_session_has_bytes(const struct tls_session *session);

uint32_t tls_session_handshake_ms(const struct tls_session *session); /* how long it may take */

/* After SESSION_FAILED, or a wake: whether and why it failed. */
bool tls_session_has_failed(const struct tls_session *session);
void tls_session_failure(const struct tls_session *session, struct stream_failure *ret_failure);

void tls_session_describe(const struct tls_session *session, char *buf, size_t len);
void tls_session_peer_subject(const struct tls_session *session, char *buf, size_t len);

#endif
