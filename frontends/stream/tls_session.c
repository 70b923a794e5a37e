#include "tls_session.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/async.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include "tls_private.h"

#define ADDRESS_MAX   64
#define TICKETS	      2	  /* a browser's, which opens several connections at once */
#define ACCEPTANCE_MS 500 /* a server that sends no ticket has refused by then, or never will */

enum verdict_state { VERDICT_NONE, VERDICT_WANTED, VERDICT_ASKED, VERDICT_THERE };

struct tls_session {
	struct tls_ring ring;
	struct tls *tls;
	SSL *ssl;
	int fd; /* of one that is dropped; else its stream's */
	const struct tls_peer *peer;
	char address[ADDRESS_MAX];
	void (*wake)(void *user);
	void *user;
	sd_event_source *waited_for; /* by the job that is paused */
	X509_STORE_CTX *judged;	     /* while the job wants a verdict */
	enum verdict_state verdict_state;
	struct tls_question *question;
	sd_event_source *grace; /* until a server is taken to have accepted */
	bool is_asked;		/* by the server, for a certificate */
	bool is_taken;		/* by the server, as far as one can know */
	bool is_shaking, is_paused, is_dropped, is_accepted, has_failed;
	struct stream_failure failure;
};

struct tls_session *tls_session_of(struct tls_ring *item)
{
	return (struct tls_session *)((char *)item - offsetof(struct tls_session, ring));
}

sd_event *tls_session_loop(const struct tls_identity *identity)
{
	return tls_identity_owner(identity)->event;
}

/* Has the peer judged, from the job's stack: keystored is asked from the loop's. */
static int on_verify(X509_STORE_CTX *context, void *user)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls_session *session = SSL_get_app_data(ssl);
	bool can_pause = true;

	(void)user;
	session->judged = context;
	session->verdict_state = VERDICT_WANTED;
	while (session->verdict_state != VERDICT_THERE && !session->is_dropped && can_pause)
		can_pause = ASYNC_get_current_job() && ASYNC_pause_job();
	session->judged = NULL;
	if (session->is_accepted)
		return 1;
	if (session->verdict_state != VERDICT_THERE)
		X509_STORE_CTX_set_error(context, X509_V_ERR_OUT_OF_MEM);
	return 0;
}

static void take_refusal(struct tls_session *session, const struct tls_verdict *verdict)
{
	session->failure.fault = verdict->status == KS_OK ? STREAM_REFUSED : STREAM_SERVICE;
	session->failure.verdict = verdict->reason;
	snprintf(session->failure.message, sizeof(session->failure.message), "%s",
		 verdict->message);
}

static bool is_acceptance(const struct tls_verdict *verdict)
{
	return verdict->status == KS_OK && verdict->reason == KS_VERDICT_ACCEPTED;
}

static void judge(struct tls_session *session, const struct tls_verdict *verdict)
{
	session->verdict_state = VERDICT_THERE;
	session->is_accepted = is_acceptance(verdict);
	if (session->is_accepted)
		return;
	take_refusal(session, verdict);
	X509_STORE_CTX_set_error(session->judged, tls_verdict_error(verdict));
}

static void on_verdict(const struct tls_verdict *verdict, void *user)
{
	struct tls_session *session = user;

	session->question = NULL;
	judge(session, verdict);
	session->wake(session->user);
}

static void ask(struct tls_session *session)
{
	struct tls_verdict verdict;

	session->verdict_state = VERDICT_ASKED;
	session->question = tls_ask(
		session->tls, session->peer, X509_STORE_CTX_get0_cert(session->judged),
		X509_STORE_CTX_get0_untrusted(session->judged), on_verdict, session, &verdict);
	if (!session->question)
		judge(session, &verdict);
}

static void session_delete(struct tls_session *session)
{
	tls_ring_remove(&session->ring);
	sd_event_source_disable_unref(session->waited_for);
	sd_event_source_disable_unref(session->grace);
	SSL_free(session->ssl);
	if (session->fd >= 0)
		close(session->fd);
	if (session->is_shaking)
		tls_shaking_ends(session->tls);
	free(session);
}

static int on_job(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct tls_session *session = user;

	(void)source;
	(void)fd;
	(void)events;
	session->waited_for = sd_event_source_disable_unref(session->waited_for);
	if (session->is_dropped)
		tls_session_drain(session);
	else
		session->wake(session->user);
	return 0;
}

/* keystore.so waits by one descriptor, which becomes readable. */
static bool await_job(struct tls_session *session)
{
	size_t count = 1;
	int fd;

	if (session->waited_for)
		return true;
	return SSL_get_all_async_fds(session->ssl, NULL, &count) == 1 && count == 1 &&
	       SSL_get_all_async_fds(session->ssl, &fd, &count) == 1 &&
	       sd_event_add_io(session->tls->event, &session->waited_for, fd, EPOLLIN, on_job,
			       session) >= 0;
}

void tls_session_drain(struct tls_session *session)
{
	int result = SSL_do_handshake(session->ssl);
	bool is_paused = SSL_get_error(session->ssl, result) == SSL_ERROR_WANT_ASYNC;

	ERR_clear_error();
	if (!is_paused || !await_job(session))
		session_delete(session);
}

bool tls_session_await(struct tls_session *session, int ms)
{
	struct pollfd ready = {.events = POLLIN};
	size_t count = 1;

	return SSL_get_all_async_fds(session->ssl, NULL, &count) == 1 && count == 1 &&
	       SSL_get_all_async_fds(session->ssl, &ready.fd, &count) == 1 &&
	       poll(&ready, 1, ms) == 1;
}

static enum session_step failed(struct tls_session *session, int error)
{
	session->has_failed = true;
	if (session->is_shaking && session->verdict_state == VERDICT_THERE && !session->is_accepted)
		ERR_clear_error(); /* the refusal is told already */
	else
		tls_errors_tell(error, session->is_shaking, &session->failure);
	return SESSION_FAILED;
}

static enum session_step step_of(struct tls_session *session, int result)
{
	int error = SSL_get_error(session->ssl, result);

	switch (error) {
	case SSL_ERROR_NONE:
		return SESSION_OK;
	case SSL_ERROR_WANT_READ:
		return SESSION_WANTS_READ;
	case SSL_ERROR_WANT_WRITE:
		return SESSION_WANTS_WRITE;
	case SSL_ERROR_ZERO_RETURN:
		return SESSION_END;
	case SSL_ERROR_WANT_ASYNC:
		return SESSION_WAITS;
	default:
		return failed(session, error);
	}
}

static int shake_hands(struct tls_session *session)
{
	int result;

	ERR_clear_error();
	errno = 0;
	result = SSL_do_handshake(session->ssl);
	session->is_paused = SSL_get_error(session->ssl, result) == SSL_ERROR_WANT_ASYNC;
	return result;
}

static void on_message(int is_sent, int version, int type, const void *bytes, size_t len, SSL *ssl,
		       void *user)
{
	struct tls_session *session = user;

	(void)version;
	(void)ssl;
	if (is_sent || type != SSL3_RT_HANDSHAKE || !len)
		return;
	session->is_asked |= *(const uint8_t *)bytes == SSL3_MT_CERTIFICATE_REQUEST;
	session->is_taken |= *(const uint8_t *)bytes == SSL3_MT_NEWSESSION_TICKET;
}

static int on_grace(sd_event_source *source, uint64_t usec, void *user)
{
	struct tls_session *session = user;

	(void)source;
	(void)usec;
	session->is_taken = true;
	session->wake(session->user);
	return 0;
}

/*
 * With TLS 1.3 a client is through before the server has judged its certificate, and what it sends
 * then goes with the connection. Most servers send a ticket once they have accepted, as ours do.
 */
static enum session_step await_acceptance(struct tls_session *session)
{
	enum session_step step;
	uint8_t byte;
	size_t len;

	if (!session->peer->awaits_acceptance || !session->is_asked || session->is_taken ||
	    SSL_version(session->ssl) != TLS1_3_VERSION)
		return SESSION_OK;
	step = step_of(session, SSL_peek_ex(session->ssl, &byte, 1, &len));
	if (step == SESSION_END || (session->is_taken && step != SESSION_FAILED))
		return SESSION_OK;
	if (step == SESSION_WANTS_READ && !session->grace &&
	    sd_event_add_time_relative(session->tls->event, &session->grace, CLOCK_MONOTONIC,
				       ACCEPTANCE_MS * 1000, 0, on_grace, session) < 0)
		return SESSION_OK;
	return step;
}

static void opened(struct tls_session *session)
{
	session->is_shaking = false;
	session->grace = sd_event_source_disable_unref(session->grace);
	SSL_set_msg_callback(session->ssl, NULL);
	tls_shaking_ends(session->tls);
	tls_ring_remove(&session->ring);
	tls_ring_add(&session->tls->open, &session->ring);
}

enum session_step tls_session_handshake(struct tls_session *session)
{
	enum session_step step;
	int result;

	do {
		result = shake_hands(session);
		if (session->is_paused && session->verdict_state == VERDICT_WANTED)
			ask(session);
		/* It could not be asked: that is a verdict too. */
	} while (session->is_paused && session->judged && session->verdict_state == VERDICT_THERE);

	if (session->is_paused && !session->judged && !await_job(session)) {
		session->has_failed = true;
		session->failure.fault = STREAM_RESOURCES;
		snprintf(session->failure.message, sizeof(session->failure.message),
			 "out of memory");
		return SESSION_FAILED;
	}
	if (result != 1)
		return step_of(session, result);
	/* Nothing signs any more: no more jobs, which cost time and memory. */
	SSL_clear_mode(session->ssl, SSL_MODE_ASYNC);
	step = await_acceptance(session);
	if (step == SESSION_OK)
		opened(session);
	return step;
}

enum session_step tls_session_read(struct tls_session *session, void *buf, size_t size,
				   size_t *ret_len)
{
	ERR_clear_error();
	errno = 0;
	return step_of(session, SSL_read_ex(session->ssl, buf, size, ret_len));
}

enum session_step tls_session_write(struct tls_session *session, const void *buf, size_t len,
				    size_t *ret_len)
{
	ERR_clear_error();
	errno = 0;
	return step_of(session, SSL_write_ex(session->ssl, buf, len, ret_len));
}

enum session_step tls_session_finish(struct tls_session *session)
{
	int result;

	ERR_clear_error();
	errno = 0;
	if (SSL_get_shutdown(session->ssl) & SSL_SENT_SHUTDOWN)
		return SESSION_OK;
	result = SSL_shutdown(session->ssl);
	return result >= 0 ? SESSION_OK : step_of(session, result);
}

bool tls_session_has_bytes(const struct tls_session *session)
{
	return SSL_has_pending(session->ssl) == 1;
}

uint32_t tls_session_handshake_ms(const struct tls_session *session)
{
	return session->tls->options.handshake_ms;
}

bool tls_session_has_failed(const struct tls_session *session)
{
	return session->has_failed;
}

void tls_session_failure(const struct tls_session *session, struct stream_failure *ret_failure)
{
	*ret_failure = session->failure;
}

void tls_session_describe(const struct tls_session *session, char *buf, size_t len)
{
	snprintf(buf, len, "%s %s", SSL_get_version(session->ssl),
		 SSL_get_cipher_name(session->ssl));
}

void tls_session_peer_subject(const struct tls_session *session, char *buf, size_t len)
{
	X509 *cert = SSL_get0_peer_certificate(session->ssl);
	BIO *bio = cert ? BIO_new(BIO_s_mem()) : NULL;
	int got = 0;

	if (bio && X509_NAME_print_ex(bio, X509_get_subject_name(cert), 0, XN_FLAG_RFC2253) >= 0)
		got = BIO_read(bio, buf, (int)len - 1);
	buf[got > 0 ? got : 0] = '\0';
	BIO_free(bio);
	ERR_clear_error();
}

static void on_recheck(const struct tls_verdict *verdict, void *user)
{
	struct tls_session *session = user;

	session->question = NULL;
	tls_rechecked(session->tls);
	if (verdict->status != KS_OK || is_acceptance(verdict))
		return; /* keystored away: it is asked again when it is back */
	take_refusal(session, verdict);
	session->has_failed = true;
	session->wake(session->user);
}

bool tls_session_recheck(struct tls_session *session)
{
	X509 *cert = SSL_get0_peer_certificate(session->ssl);
	struct tls_verdict verdict;

	if (cert && !session->question && !session->has_failed)
		session->question = tls_ask(session->tls, session->peer, cert,
					    SSL_get_peer_cert_chain(session->ssl), on_recheck,
					    session, &verdict);
	return session->question != NULL;
}

bool tls_session_is_of_group(const struct tls_session *session, const char *group)
{
	return strcmp(session->peer->group, group) == 0;
}

/* So many of one address, or of all, may be under way: who floods shuts out itself. */
static bool has_room(const struct tls *tls, const char *address)
{
	const struct tls_ring *const rings[] = {&tls->shaking, &tls->dropped};
	unsigned count = 0;

	if (tls->shaking_count >= tls->options.handshakes_max)
		return false;
	for (size_t i = 0; i < sizeof(rings) / sizeof(rings[0]); i++)
		for (struct tls_ring *item = rings[i]->next; item != rings[i]; item = item->next)
			count += strcmp(tls_session_of(item)->address, address) == 0;
	return count < tls->options.handshakes_of_address;
}

static int verification_of(const struct tls_peer *peer)
{
	if (!peer->is_server && !peer->may_be_anonymous)
		return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
	return peer->is_server || peer->is_asked ? SSL_VERIFY_PEER : SSL_VERIFY_NONE;
}

static bool set_up(struct tls_session *session, int fd)
{
	const struct tls_peer *peer = session->peer;
	int mode = verification_of(peer);

	if (SSL_set_fd(session->ssl, fd) != 1 || SSL_set_app_data(session->ssl, session) != 1)
		return false;
	SSL_set_verify(session->ssl, mode, NULL);
	SSL_set_mode(session->ssl, SSL_MODE_ASYNC);
	if (!peer->allows_tls12 && SSL_set_min_proto_version(session->ssl, TLS1_3_VERSION) != 1)
		return false;
	if (!peer->is_server) {
		/* With a certificate of the client's, it would go by the judgement. */
		if (peer->may_resume && mode == SSL_VERIFY_NONE) {
			SSL_clear_options(session->ssl, SSL_OP_NO_TICKET);
			(void)SSL_set_num_tickets(session->ssl, TICKETS);
		}
		SSL_set_accept_state(session->ssl);
		return true;
	}
	SSL_set_connect_state(session->ssl);
	if (peer->awaits_acceptance) {
		SSL_set_msg_callback(session->ssl, on_message);
		SSL_set_msg_callback_arg(session->ssl, session);
	}
	return tls_context_names(session->ssl, peer->host);
}

struct tls_session *tls_session_new(struct tls_identity *identity, int fd,
				    const struct tls_peer *peer, const char *address,
				    void (*wake)(void *user), void *user)
{
	struct tls *tls = tls_identity_owner(identity);
	SSL_CTX *context = tls_identity_context(identity);
	struct tls_session *session = NULL;
	int error = ENOKEY;

	if (!context)
		goto failed;
	error = EAGAIN;
	if (!peer->is_server && !has_room(tls, address))
		goto failed;
	error = ENOMEM;
	session = calloc(1, sizeof(*session));
	if (!session)
		goto failed;
	session->tls = tls;
	session->fd = -1;
	session->peer = peer;
	session->wake = wake;
	session->user = user;
	snprintf(session->address, sizeof(session->address), "%s", address);
	session->ssl = SSL_new(context);
	if (!session->ssl || !set_up(session, fd))
		goto failed;
	SSL_CTX_free(context);
	session->is_shaking = true;
	tls_shaking_begins(tls);
	tls_ring_add(&tls->shaking, &session->ring);
	return session;
failed:
	ERR_clear_error();
	SSL_CTX_free(context);
	if (session)
		SSL_free(session->ssl);
	free(session);
	errno = error;
	return NULL;
}

void tls_session_give_up(struct tls_session *session)
{
	session->has_failed = true;
}

void tls_session_free(struct tls_session *session, int fd)
{
	if (!session)
		return;
	session->fd = fd;
	if (session->question && !session->is_shaking)
		tls_rechecked(session->tls);
	tls_question_drop(session->question);
	session->question = NULL;
	if (!session->is_paused) {
		if (!session->is_shaking && !session->has_failed)
			(void)tls_session_finish(session);
		session_delete(session);
		return;
	}
	/* OpenSSL has no way to drop a job that is paused: it goes on, and finds a closed door. */
	session->is_dropped = true;
	shutdown(fd, SHUT_RDWR);
	tls_ring_remove(&session->ring);
	tls_ring_add(&session->tls->dropped, &session->ring);
	if (session->judged)
		tls_session_drain(session);
}

SSL_CTX *tls_session_context_new(struct tls *tls)
{
	SSL_CTX *context = SSL_CTX_new_ex(tls->libctx, NULL, TLS_method());

	if (context)
		SSL_CTX_set_cert_verify_callback(context, on_verify, NULL);
	return context;
}
