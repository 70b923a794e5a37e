/*
 * Many clients of one TLS server on loopback: what they got, and what went wrong first. Hides
 * threads and TLS.
 */
#ifndef SUPPORT_TLS_CLIENT_H
#define SUPPORT_TLS_CLIENT_H

#include <stdbool.h>

/* What all clients have seen so far. */
struct tls_counts {
	unsigned good; /* requests with an answer, over verified connections */
	unsigned failed;
	char fault[256]; /* of the first that failed */
	char serial[80]; /* of the server's certificate that was seen last, hexadecimal */
};

struct tls_load;

/*
 * Starts @clients threads, each of which connects to 127.0.0.1:@port, verifies the server by
 * @ca_file, sends a request of HTTP and reads its answer, over and over, each with a new
 * connection and without resumption.
 */
struct tls_load *tls_load_start(const char *ca_file, int port, unsigned clients);
struct tls_counts tls_load_counts(struct tls_load *load); /* while it runs */
struct tls_counts tls_load_stop(struct tls_load *load);

/* One such request. */
struct tls_counts tls_request(const char *ca_file, int port);

/*
 * @count times: connects, sends a ClientHello, and resets the connection without reading, or, for
 * every other, when the server has begun to answer. Returns how many of those it has answered: one
 * that bounds how many it has at a time refuses some.
 */
unsigned tls_abort_handshakes(int port, unsigned count);

#endif
