/*
 * Forwards from TLS to plain TCP, keystore-ouc's and stunnel's. Hides their configurations, and the
 * client and the plain peers that are the same for both. Never fails: says what went wrong and
 * exits.
 */
#ifndef BENCH_OUC_FORWARD_H
#define BENCH_OUC_FORWARD_H

#include "ouc_site.h"
#include "tls_load.h"

#define FORWARD_CIPHER "TLS_AES_128_GCM_SHA256"

enum forward_direction { TO_PLAIN, FROM_PLAIN, FORWARD_DIRECTIONS };

enum forward_program { FORWARD_OUC, FORWARD_STUNNEL, FORWARD_PROGRAMS };

struct forwards;

/* Starts keystore-ouc of @plc, which must not run, and stunnel. */
struct forwards *forwards_new(struct plc *plc);
void forwards_free(struct forwards *forwards);

/* Echoes by way of keystore-ouc, as load_echo(). */
struct echo forwards_echo(const struct forwards *forwards, unsigned clients, double seconds);

/* Medians, of rounds in which the programs take turns. */
struct forward_rates {
	double rate[FORWARD_PROGRAMS][FORWARD_DIRECTIONS];    /* MB/s */
	double per_cpu[FORWARD_PROGRAMS][FORWARD_DIRECTIONS]; /* MB by a second of a processor */
	double ratio[FORWARD_DIRECTIONS];		      /* keystore-ouc's rate by stunnel's */
};

struct forward_rates forwards_run(struct forwards *forwards);

#endif
