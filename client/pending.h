/* Operations that wait for their answer. Hides how an id leads to one, and their bound. */
#ifndef CLIENT_PENDING_H
#define CLIENT_PENDING_H

#include <stdbool.h>
#include <stdint.h>

#include "codec.h"
#include "keystore.h"

#define PENDING_MAX 1024 /* a power of two */

struct waiter;

/* Exactly one of @done and @waiter is set, or neither: the answer doesn't matter. */
struct pending {
	uint64_t id; /* 0: free */
	Keystore__V1__Reply__BodyCase expected;
	ks_done_fn *done;
	void *user;
	struct waiter *waiter; /* a blocking caller */
	uint16_t next_free;
};

/* Zero-initialise. */
struct pending_table {
	struct pending slots[PENDING_MAX];
	uint64_t sequence;
	uint16_t used_once; /* slots above this have never been touched */
	uint16_t free_count;
	uint16_t first_free;
};

/* Copies @entry and gives it an id, never 0 and not given for the last 2^54 entries; 0: full. */
uint64_t pending_add(struct pending_table *table, const struct pending *entry);

/* Takes the entry out. False: nothing waits under that id. */
bool pending_take(struct pending_table *table, uint64_t id, struct pending *ret_entry);

/* Takes any entry out. False: the table is empty. */
bool pending_take_any(struct pending_table *table, struct pending *ret_entry);

#endif
