#include "tls_load.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "rows.h"

enum { ECHOES_MAX = 8192, ECHO_SIZE = 16, FAILURES_MAX = 4, PATIENCE_S = 30 };

#define ECHO_EVERY 0.003

struct client {
	pthread_t thread;
	SSL_CTX *tls;
	const char *path;
	pthread_barrier_t *start;
	double seconds;
	unsigned done;
	unsigned failed;
	double first;
	double last;
};

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	ERR_print_errors_fp(stderr);
	exit(2);
}

static SSL_CTX *tls_new(void)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_client_method());

	if (!tls || !SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION) ||
	    !SSL_CTX_set1_sigalgs_list(tls, "ECDSA+SHA256:RSA-PSS+SHA256"))
		die("a TLS client");
	/* The certificate is anyone's; the signature with its key is verified all the same. */
	SSL_CTX_set_verify(tls, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
	return tls;
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0 &&
	    connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

bool load_is_listening(const char *path)
{
	int fd = connect_to(path);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* A connection whose handshake is done; NULL: it was not to be had. */
static SSL *shake_hands(SSL_CTX *tls, const char *path)
{
	int fd = connect_to(path);
	SSL *ssl;

	if (fd < 0)
		return NULL;
	ssl = SSL_new(tls);
	if (!ssl || SSL_set_fd(ssl, fd) != 1)
		die("a TLS connection");
	ERR_clear_error();
	if (SSL_connect(ssl) == 1)
		return ssl;
	SSL_free(ssl);
	close(fd);
	return NULL;
}

static void hang_up(SSL *ssl)
{
	int fd = SSL_get_fd(ssl);

	SSL_free(ssl);
	close(fd);
}

static void *client_run(void *user)
{
	struct client *client = user;
	double end;

	pthread_barrier_wait(client->start);
	end = seconds_now() + client->seconds;
	while (seconds_now() < end && client->failed < FAILURES_MAX) {
		SSL *ssl = shake_hands(client->tls, client->path);

		if (!ssl) {
			client->failed++;
			continue;
		}
		client->last = seconds_now();
		if (!client->done++)
			client->first = client->last;
		hang_up(ssl);
	}
	return NULL;
}

static void start(struct client *clients, unsigned count, SSL_CTX *tls, const char *path,
		  double seconds, pthread_barrier_t *barrier)
{
	pthread_barrier_init(barrier, NULL, count + 1);
	for (unsigned i = 0; i < count; i++) {
		clients[i] = (struct client){
			.tls = tls, .path = path, .start = barrier, .seconds = seconds};
		if (pthread_create(&clients[i].thread, NULL, client_run, &clients[i]))
			die("a thread");
	}
	pthread_barrier_wait(barrier);
}

static struct load finish(struct client *clients, unsigned count, pthread_barrier_t *barrier)
{
	struct load load = {0};
	double first = 0, last = 0;

	for (unsigned i = 0; i < count; i++) {
		const struct client *client = &clients[i];

		pthread_join(client->thread, NULL);
		load.done += client->done;
		load.failed += client->failed;
		if (client->done && (first == 0 || client->first < first))
			first = client->first;
		if (client->done && client->last > last)
			last = client->last;
	}
	pthread_barrier_destroy(barrier);
	if (last > first)
		load.per_second = (load.done - 1) / (last - first);
	return load;
}

struct load load_run(const char *path, unsigned clients, double seconds)
{
	struct client all[LOAD_CLIENTS_MAX];
	pthread_barrier_t barrier;
	SSL_CTX *tls = tls_new();
	struct load load;

	if (clients > LOAD_CLIENTS_MAX)
		abort();
	start(all, clients, tls, path, seconds, &barrier);
	load = finish(all, clients, &barrier);
	SSL_CTX_free(tls);
	return load;
}

static void sleep_until(double when)
{
	struct timespec until = {.tv_sec = (time_t)when};

	until.tv_nsec = (long)((when - (double)until.tv_sec) * 1e9);
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

static void echo_once(SSL *ssl)
{
	char sent[ECHO_SIZE] = "are you there?", got[ECHO_SIZE];

	if (SSL_write(ssl, sent, sizeof(sent)) != sizeof(sent) ||
	    SSL_read(ssl, got, sizeof(got)) != sizeof(got))
		die("an echo");
}

static struct echo echo_all(SSL *ssl, double seconds)
{
	double times[ECHOES_MAX];
	double began = seconds_now();
	size_t count = 0;

	for (double due = began; due < began + seconds && count < ECHOES_MAX; due += ECHO_EVERY) {
		sleep_until(due);
		echo_once(ssl);
		times[count++] = (seconds_now() - due) * 1000;
	}
	return (struct echo){
		.count = count,
		.p50_ms = median(times, count), /* which sorts them */
		.p99_ms = times[count * 99 / 100],
		.max_ms = times[count - 1],
	};
}

struct echo load_echo(const char *path, unsigned clients, double seconds)
{
	struct client all[LOAD_CLIENTS_MAX];
	pthread_barrier_t barrier;
	SSL_CTX *tls = tls_new();
	SSL *ssl = shake_hands(tls, path);
	struct echo echo;

	if (clients > LOAD_CLIENTS_MAX)
		abort();
	if (!ssl)
		die("the connection for the echoes");
	echo_once(ssl);
	start(all, clients, tls, path, seconds, &barrier);
	echo = echo_all(ssl, seconds);
	finish(all, clients, &barrier);
	hang_up(ssl);
	SSL_CTX_free(tls);
	return echo;
}
