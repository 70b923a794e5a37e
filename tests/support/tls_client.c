#include "tls_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "process.h"

#define CLIENTS_MAX 32
#define HANDSHAKE   0x16 /* of a TLS record */
#define REQUEST	    "GET / HTTP/1.0\r\nHost: localhost\r\n\r\n"

struct tls_load {
	SSL_CTX *ctx;
	int port;
	atomic_bool is_over;
	unsigned clients;
	pthread_t threads[CLIENTS_MAX];
	pthread_mutex_t lock;
	struct tls_counts counts;
};

static int connect_to(int port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static void note_serial(const SSL *ssl, struct tls_counts *counts)
{
	X509 *certificate = SSL_get1_peer_certificate(ssl);
	BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), NULL);
	char *hex = BN_bn2hex(number);

	snprintf(counts->serial, sizeof(counts->serial), "%s", hex);
	OPENSSL_free(hex);
	BN_free(number);
	X509_free(certificate);
}

/* The whole answer; the server closes after it. */
static bool is_answered(SSL *ssl)
{
	char answer[4096];
	size_t len = 0;
	int got;

	if (SSL_write(ssl, REQUEST, sizeof(REQUEST) - 1) <= 0)
		return false;
	while (len < sizeof(answer) - 1 &&
	       (got = SSL_read(ssl, answer + len, (int)(sizeof(answer) - 1 - len))) > 0)
		len += (size_t)got;
	answer[len] = '\0';
	return strncmp(answer, "HTTP/1.", 7) == 0 && strstr(answer, " 200 ") != NULL;
}

static bool ask(SSL *ssl, int port, struct tls_counts *counts)
{
	const char *step = "connect";
	char reason[128] = "";
	bool is_good = false;
	int fd = connect_to(port);

	if (fd >= 0) {
		step = "handshake";
		SSL_set_fd(ssl, fd);
		if (SSL_connect(ssl) == 1) {
			note_serial(ssl, counts);
			step = "answer";
			is_good = is_answered(ssl);
		}
		close(fd);
	}
	if (!is_good && !counts->fault[0]) {
		ERR_error_string_n(ERR_peek_error(), reason, sizeof(reason));
		snprintf(counts->fault, sizeof(counts->fault), "%s: %s (%s)", step, reason,
			 strerror(errno));
	}
	ERR_clear_error();
	return is_good;
}

static void request(SSL_CTX *ctx, int port, struct tls_counts *counts)
{
	SSL *ssl = SSL_new(ctx);

	if (ask(ssl, port, counts))
		counts->good++;
	else
		counts->failed++;
	SSL_free(ssl);
}

static SSL_CTX *new_ctx(const char *ca_file)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (!ctx || (ca_file && !SSL_CTX_load_verify_locations(ctx, ca_file, NULL)))
		fixture_die("no TLS client with %s", ca_file);
	SSL_CTX_set_verify(ctx, ca_file ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	/* A server that is killed resets connections. */
	signal(SIGPIPE, SIG_IGN);
	return ctx;
}

struct tls_counts tls_request(const char *ca_file, int port)
{
	SSL_CTX *ctx = new_ctx(ca_file);
	struct tls_counts counts = {0};

	request(ctx, port, &counts);
	SSL_CTX_free(ctx);
	return counts;
}

static void add(struct tls_load *load, const struct tls_counts *counts)
{
	pthread_mutex_lock(&load->lock);
	load->counts.good += counts->good;
	load->counts.failed += counts->failed;
	if (!load->counts.fault[0])
		memcpy(load->counts.fault, counts->fault, sizeof(counts->fault));
	if (counts->serial[0])
		memcpy(load->counts.serial, counts->serial, sizeof(counts->serial));
	pthread_mutex_unlock(&load->lock);
}

static void *run(void *user)
{
	struct tls_load *load = user;

	while (!atomic_load(&load->is_over)) {
		struct tls_counts counts = {0};

		request(load->ctx, load->port, &counts);
		add(load, &counts);
	}
	OPENSSL_thread_stop();
	return NULL;
}

struct tls_load *tls_load_start(const char *ca_file, int port, unsigned clients)
{
	struct tls_load *load = calloc(1, sizeof(*load));

	if (!load || clients > CLIENTS_MAX || pthread_mutex_init(&load->lock, NULL))
		fixture_die("no load of %u clients", clients);
	load->ctx = new_ctx(ca_file);
	load->port = port;
	for (; load->clients < clients; load->clients++)
		if (pthread_create(&load->threads[load->clients], NULL, run, load))
			fixture_die("no thread");
	return load;
}

struct tls_counts tls_load_counts(struct tls_load *load)
{
	struct tls_counts counts;

	pthread_mutex_lock(&load->lock);
	counts = load->counts;
	pthread_mutex_unlock(&load->lock);
	return counts;
}

struct tls_counts tls_load_stop(struct tls_load *load)
{
	struct tls_counts counts;

	atomic_store(&load->is_over, true);
	for (unsigned i = 0; i < load->clients; i++)
		pthread_join(load->threads[i], NULL);
	counts = load->counts;
	SSL_CTX_free(load->ctx);
	pthread_mutex_destroy(&load->lock);
	free(load);
	return counts;
}

/* --- handshakes that are broken off --- */

static size_t make_hello(unsigned char *ret_hello, size_t size)
{
	SSL_CTX *ctx = new_ctx(NULL);
	SSL *ssl = SSL_new(ctx);
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
	int len;

	SSL_set_bio(ssl, in, out);
	SSL_connect(ssl);
	len = BIO_read(out, ret_hello, (int)size);
	if (len <= 0)
		fixture_die("no ClientHello");
	ERR_clear_error();
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	return (size_t)len;
}

unsigned tls_abort_handshakes(int port, unsigned count)
{
	const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
	unsigned char hello[2048];
	size_t len = make_hello(hello, sizeof(hello));
	unsigned answered = 0;
	char byte;

	for (unsigned i = 0; i < count; i++) {
		int fd = connect_to(port);

		if (fd < 0)
			fixture_die("connection %u of %u: %s", i, count, strerror(errno));
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
		if (send(fd, hello, len, MSG_NOSIGNAL) == (ssize_t)len && i % 2)
			answered += recv(fd, &byte, 1, 0) == 1 && byte == HANDSHAKE;
		close(fd);
	}
	return answered;
}
