/*
 * Peers on their way to a connection, dialled or come, and the one that has it. Hides that the
 * first of them whose handshake is over gets it, so that one that only holds the port keeps nobody
 * out.
 */
#ifndef OUC_APPROACH_H
#define OUC_APPROACH_H

#include <stdbool.h>
#include <sys/queue.h>

#include "address.h"
#include "connection_parts.h"
#include "stream.h"

#define APPROACH_CANDIDATES_MAX	       8 /* peers whose handshakes are under way */
#define APPROACH_CANDIDATES_OF_ADDRESS 2

struct approach_handler {
	void (*arrived)(void *user); /* approach_leg() is there */
	void (*ready)(void *user);   /* as of its stream */
	/* The leg, or this side's way to the peer: approach_drop(). */
	void (*failed)(enum ouc_status status, const char *message, void *user);
};

/* What there is between this side and a peer. */
struct leg {
	struct approach *approach;
	struct stream *stream;
	int fd; /* the stream's */
	char address[ADDRESS_TEXT_MAX];
	TAILQ_ENTRY(leg) next;
};

struct approach;

/* NULL: no memory. */
struct approach *approach_new(struct connection *connection, const struct approach_handler *handler,
			      void *user);
void approach_free(struct approach *approach); /* NULL is fine */

/* Connects to the remote; failed() may come from within. */
void approach_dial(struct approach *approach);
void approach_accept(struct approach *approach, int fd, const char *address);
enum connection_fit approach_fits(const struct approach *approach, const char *address,
				  unsigned *ret_load);

const struct leg *approach_leg(const struct approach *approach); /* NULL: not connected */
bool approach_is_idle(const struct approach *approach);		 /* nor is anybody on the way */
unsigned approach_handshakes(const struct approach *approach);

/* Ends all of them. */
void approach_drop(struct approach *approach);

#endif
