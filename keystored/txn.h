/*
 * The transaction that is open: changes that are kept until all of them are applied as one, or
 * none (OPC 10000-12 7.10.2). Hides its bounds, its end by idleness, and who it belongs to: one
 * connection, with which it ends. Nothing of it is stored before, so that a crash loses it whole.
 */
#ifndef TXN_H
#define TXN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "change.h"

#define TXN_CHANGES_MAX 16384 /* and of bytes that they hold, what the configuration has */

struct txn;

enum txn_status {
	TXN_OK = 0,
	TXN_NONE,  /* this connection has none open */
	TXN_TAKEN, /* another one has */
	TXN_FULL,
	TXN_EMPTY,  /* there is nothing to apply */
	TXN_FAILED, /* a change could not be applied, and all of them are gone */
};

/* NULL: no memory. */
struct txn *txn_new(struct service *service);
/* Drops what is open; the engine has to be there yet. */
void txn_close(struct txn *txn);
void txn_free(struct txn *txn);

/* As it is now. */
struct txn_facts {
	bool is_open;
	uint64_t owner; /* a connection's number */
	uint32_t uid;
	int32_t pid;
	int64_t since;	  /* Unix time, seconds */
	uint64_t idle_ms; /* until it is dropped */
	size_t changes;
	size_t bytes;
};
void txn_facts(const struct txn *txn, struct txn_facts *ret_facts);

/* Calls @each in order until it returns false. */
void txn_list(const struct txn *txn, bool (*each)(const struct change *change, void *user),
	      void *user);

/* That changes may hold. */
size_t txn_bytes_max(const struct txn *txn);

[[nodiscard]] enum txn_status txn_begin(struct txn *txn, uint64_t owner, uint32_t uid, int32_t pid);
/* Takes over @change, unless it fails. */
[[nodiscard]] enum txn_status txn_stage(struct txn *txn, uint64_t owner, struct change *change);

#define TXN_SENTENCE_MAX 512
/*
 * All changes in one store transaction; then none is open any more, but for NONE and EMPTY.
 * FAILED: @ret_sentence says which one and why; *ret_status is what the store had, CONFLICT's
 * place is STORE_EXISTS.
 */
[[nodiscard]] enum txn_status txn_apply(struct txn *txn, uint64_t owner, size_t *ret_count,
					enum store_status *ret_status,
					char ret_sentence[TXN_SENTENCE_MAX]);
[[nodiscard]] enum txn_status txn_cancel(struct txn *txn, uint64_t owner);

/* The connection is gone. */
void txn_gone(struct txn *txn, uint64_t owner);

#endif
