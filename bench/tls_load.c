#include "tls_load.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "rows.h"
#include "tls_dial.h"

enum { ECHOES_MAX = 8192, ECHO_SIZE = 16, FAILURES_MAX = 4 };

#define ECHO_EVERY 0.003

struct client {
	pthread_t thread;
	SSL_CTX *tls;
	const char *place;
	pthread_barrier_t *start;
	double seconds;
	unsigned done;
	unsigned failed;
	double first;
	double last;
	double shortest;
};

/* 0: none yet. */
static double shorter(double a, double b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

static void *client_run(void *user)
{
	struct client *client = user;
	double end;

	pthread_barrier_wait(client->start);
	end = seconds_now() + client->seconds;
	while (seconds_now() < end && client->failed < FAILURES_MAX) {
		double began = seconds_now();
		SSL *ssl = tls_dial(client->tls, client->place);

		if (!ssl) {
			client->failed++;
			continue;
		}
		client->last = seconds_now();
		client->shortest = shorter(client->shortest, client->last - began);
		if (!client->done++)
			client->first = client->last;
		tls_hang_up(ssl);
	}
	return NULL;
}

static void start(struct client *clients, unsigned count, SSL_CTX *tls, const char *place,
		  double seconds, pthread_barrier_t *barrier)
{
	pthread_barrier_init(barrier, NULL, count + 1);
	for (unsigned i = 0; i < count; i++) {
		clients[i] = (struct client){
			.tls = tls, .place = place, .start = barrier, .seconds = seconds};
		if (pthread_create(&clients[i].thread, NULL, client_run, &clients[i]))
			tls_die("a thread");
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
		load.shortest = shorter(load.shortest, client->shortest);
	}
	pthread_barrier_destroy(barrier);
	if (last > first)
		load.per_second = (load.done - 1) / (last - first);
	return load;
}

struct load load_run(const char *place, unsigned clients, double seconds)
{
	struct client all[LOAD_CLIENTS_MAX];
	pthread_barrier_t barrier;
	SSL_CTX *tls = tls_dial_context();
	struct load load;

	if (clients > LOAD_CLIENTS_MAX)
		abort();
	start(all, clients, tls, place, seconds, &barrier);
	load = finish(all, clients, &barrier);
	SSL_CTX_free(tls);
	return load;
}

static bool ask_echo(SSL *ssl)
{
	char sent[ECHO_SIZE] = "are you there?", got[ECHO_SIZE];

	return SSL_write(ssl, sent, sizeof(sent)) == sizeof(sent) &&
	       SSL_read(ssl, got, sizeof(got)) == sizeof(got) && !memcmp(sent, got, sizeof(got));
}

static void ask_once(SSL *ssl, load_ask_fn *ask)
{
	if (!ask(ssl))
		tls_die("an echo");
}

static struct echo echo_all(SSL *ssl, double seconds, load_ask_fn *ask)
{
	double times[ECHOES_MAX];
	double began = seconds_now();
	size_t count = 0;

	for (double due = began; due < began + seconds && count < ECHOES_MAX; due += ECHO_EVERY) {
		sleep_until(due);
		ask_once(ssl, ask);
		times[count++] = (seconds_now() - due) * 1000;
	}
	return (struct echo){
		.count = count,
		.p50_ms = median(times, count), /* which sorts them */
		.p99_ms = times[count * 99 / 100],
		.max_ms = times[count - 1],
	};
}

struct echo load_echo(const char *place, unsigned clients, double seconds, load_ask_fn *ask)
{
	struct client all[LOAD_CLIENTS_MAX];
	pthread_barrier_t barrier;
	SSL_CTX *tls = tls_dial_context();
	SSL *ssl = tls_dial(tls, place);
	struct echo echo;

	if (clients > LOAD_CLIENTS_MAX)
		abort();
	if (!ssl)
		tls_die("the connection for the echoes");
	ask = ask ? ask : ask_echo;
	ask_once(ssl, ask);
	start(all, clients, tls, place, seconds, &barrier);
	echo = echo_all(ssl, seconds, ask);
	echo.load = finish(all, clients, &barrier);
	tls_hang_up(ssl);
	SSL_CTX_free(tls);
	return echo;
}
