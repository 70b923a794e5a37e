/*
 * The proxy itself: clients on one side, swtpm on the other, one command at a time between
 * them. Hides connections and the moment at which an answer may leave.
 */
#ifndef PROXY_H
#define PROXY_H

#include <signal.h>
#include <stdbool.h>

#include "chip.h"

struct proxy_config {
	const char *listen;	 /* path; <path>.ctrl is swtpm's control channel */
	const char *tpm;	 /* path of swtpm's data socket */
	const char *control;	 /* path for orders (faults.h); NULL: none */
	const char *counts;	 /* file for the counts; NULL: none */
	const struct chip *chip; /* NULL: no latency added */
	bool pss_salt_max;
};

struct proxy;

/* NULL: errno says. */
struct proxy *proxy_new(const struct proxy_config *config);
void proxy_free(struct proxy *proxy);

/*
 * Serves until SIGTERM or SIGINT, which are blocked but while it waits; SIGUSR1 writes the
 * counts. False: errno says.
 */
bool proxy_run(struct proxy *proxy);

#endif
