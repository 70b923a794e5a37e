/*
 * The clients of bench tls, ouc and https, threads of this process: full TLS 1.3 handshakes without
 * resumption, and echoes on a connection that stands. Never fails: says what went wrong and exits,
 * except where a server does not do what it should.
 */
#ifndef BENCH_TLS_LOAD_H
#define BENCH_TLS_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/ssl.h>

enum { LOAD_CLIENTS_MAX = 32 };

struct load {
	unsigned done;
	unsigned failed;
	double per_second; /* from the first that was done to the last */
	double shortest;   /* seconds, of a handshake that was done; 0: none */
};

/*
 * @clients threads that each make one handshake after the other with the server at @place
 * (tls_dial.h), and begin none after @seconds.
 */
struct load load_run(const char *place, unsigned clients, double seconds);

struct echo {
	size_t count;
	double p50_ms;
	double p99_ms;
	double max_ms;
	struct load load; /* the handshakes meanwhile */
};

/* Asks something on a connection that stands, and reads the answer; false: it is another. */
typedef bool load_ask_fn(SSL *ssl);

/*
 * Echoes, or what @ask asks unless it is NULL, every 3 ms for @seconds on one connection, while
 * @clients threads make handshakes as load_run() does. An echo's time begins when it was due, also
 * when those before it held it up.
 */
struct echo load_echo(const char *place, unsigned clients, double seconds, load_ask_fn *ask);

#endif
