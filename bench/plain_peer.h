/*
 * What is behind a forward: a port of loopback where TCP is served, without TLS. Hides its threads,
 * which end with the program.
 */
#ifndef BENCH_PLAIN_PEER_H
#define BENCH_PLAIN_PEER_H

#include <stddef.h>
#include <stdint.h>

enum plain_kind {
	PLAIN_ECHO,
	PLAIN_SINK,   /* reads */
	PLAIN_SOURCE, /* writes without end */
};

#define PLAIN_CHUNK ((size_t)65536) /* of a write */

struct plain_peer;

/* Never fails: says what went wrong and exits. */
struct plain_peer *plain_peer_start(enum plain_kind kind);
int plain_peer_port(const struct plain_peer *peer);
uint64_t plain_peer_received(const struct plain_peer *peer); /* bytes, of all connections */

#endif
