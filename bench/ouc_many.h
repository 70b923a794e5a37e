/*
 * Many connections between two keystore-ouc, with a certificate of each side: one process has a
 * section with TSEND_C for each, the other one with TRCV_C. Hides configurations, and how what
 * the processes did is counted. Never fails: says what went wrong and exits.
 */
#ifndef BENCH_OUC_MANY_H
#define BENCH_OUC_MANY_H

#include <stdint.h>

#include "ouc_site.h"

enum { MANY = 1000, MANY_BYTES = 258, MANY_CYCLE_MS = 100 };

struct many {
	struct plc *sender, *receiver;
	int port;
};

/* KiB of a connection that stands and is idle, beyond what the section takes without it. */
struct many_memory {
	double sender_kib;
	double receiver_kib;
	double seconds; /* until all of them stood */
};

/* Afterwards both run; the connections stand. */
struct many_memory many_memory(const struct many *many);

struct many_traffic {
	double sender_percent; /* of a processor */
	double receiver_percent;
	double per_second; /* messages that were sent */
	double missing;	   /* of those: they did not arrive */
	double skipped;	   /* that should have been sent, and were late */
	double failures;   /* of connections */
};

/* Comes after many_memory(). Starts the sender again, with a cycle. */
struct many_traffic many_traffic(const struct many *many, double seconds);

#endif
