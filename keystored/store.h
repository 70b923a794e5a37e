/*
 * What survives a restart: keys, who may use them, which persistent handles are ours, the
 * audit trail. Hides SQL, the schema and its migrations.
 *
 * One thread. Strings and blobs passed in are borrowed; what is passed out belongs to the
 * caller where a _wipe function says so.
 */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "names.h"
#include "policy.h"
#include "store_link.h"

#define STORE_ERROR_MAX 256
#define STORE_AUTH_MAX	64
#define STORE_NAME_MAX	68 /* of a TPM object */

enum store_status {
	STORE_OK = 0,
	STORE_NOT_FOUND,
	STORE_EXISTS,
	STORE_BUSY,	 /* locked by another program */
	STORE_READ_ONLY, /* the file or its file system */
	STORE_FULL,	 /* disk or quota */
	STORE_CORRUPT,
	STORE_NEWER,	/* written by a newer version */
	STORE_NOT_OURS, /* a database of another program */
	STORE_IO,
	STORE_NOMEM,
};

struct store;

/*
 * Opens or creates @dir/keystored.db and migrates it. On failure @error has a sentence with
 * the way out.
 */
[[nodiscard]] enum store_status store_open(const char *dir, char error[STORE_ERROR_MAX],
					   struct store **ret_store);
void store_close(struct store *store);

/* A sentence on the last failure: what is wrong with the database, and the way out. */
const char *store_error(const struct store *store);

/* Not nested. A failed commit has rolled back. Rolling back without a transaction is fine. */
[[nodiscard]] enum store_status store_begin(struct store *store);
[[nodiscard]] enum store_status store_commit(struct store *store);
void store_rollback(struct store *store);

struct store_key {
	uint64_t id;
	char name[NAMES_KEY_MAX + 1];
	uint32_t algorithm;
	uint32_t operations;
	uint32_t origin;
	int64_t created;
	uint32_t created_by;
	bool of_ca;	 /* signs only what this service built */
	uint32_t handle; /* where it is pinned; 0: nowhere. Not written. */
	/* not in lists: */
	uint8_t *spki; /* SubjectPublicKeyInfo, DER */
	size_t spki_len;
	struct grant *grants;
	size_t grant_count;
	size_t own_grant_count; /* of them, first; the rest is its service's, and not written */
	/* only from store_key_secrets(): */
	uint8_t *der;
	size_t der_len;
	uint8_t auth[STORE_AUTH_MAX];
	size_t auth_len;
};

void store_key_wipe(struct store_key *key);

/* For the next key; never handed out before, deleted keys and earlier runs included. */
uint64_t store_key_next_id(struct store *store);
/* With those that the transaction under way adds. */
uint64_t store_key_count(const struct store *store);

/* All of it. */
[[nodiscard]] enum store_status store_key_add(struct store *store, const struct store_key *key);
/* @name NULL: by @id. */
[[nodiscard]] enum store_status store_key_get(struct store *store, const char *name, uint64_t id,
					      struct store_key *ret_key);
/* What the TPM needs, and nothing else but the id and the handle. */
[[nodiscard]] enum store_status store_key_secrets(struct store *store, uint64_t id,
						  struct store_key *ret_key);
[[nodiscard]] enum store_status store_key_id(struct store *store, const char *name,
					     uint64_t *ret_id);
/* Its grants go with it; its persistent handle does not. */
[[nodiscard]] enum store_status store_key_delete(struct store *store, uint64_t id);
/* operations 0 removes the grant. */
[[nodiscard]] enum store_status store_grant_set(struct store *store, uint64_t key_id,
						const struct grant *grant);

/*
 * Calls @each for keys after @after in order of names until it returns false. @peer not NULL:
 * only keys that have a grant for the peer or one of its groups.
 */
[[nodiscard]] enum store_status
store_key_list(struct store *store, const char *after, const struct peer *peer,
	       bool (*each)(const struct store_key *key, void *user), void *user);

/*
 * Persistent handles that are, or may be, ours. A handle is entered before the TPM is asked
 * for it and removed after the TPM has let go of it.
 */
enum store_handle_state {
	STORE_PINNING = 1, /* the TPM may hold the key there */
	STORE_PINNED,
	STORE_UNPINNING, /* to be evicted, if the name is still that */
};

struct store_handle {
	uint32_t handle;
	uint64_t key_id;
	enum store_handle_state state;
	uint8_t name[STORE_NAME_MAX];
	size_t name_len;
};

/* EXISTS: the handle is in use. */
[[nodiscard]] enum store_status store_handle_add(struct store *store,
						 const struct store_handle *handle);
[[nodiscard]] enum store_status store_handle_set(struct store *store, uint32_t handle,
						 enum store_handle_state state);
[[nodiscard]] enum store_status store_handle_remove(struct store *store, uint32_t handle);
/* The first handle entered for the key. */
[[nodiscard]] enum store_status store_handle_of_key(struct store *store, uint64_t key_id,
						    struct store_handle *ret_handle);
/* The first in the range that is not entered and >= @first. NOT_FOUND: none. */
[[nodiscard]] enum store_status store_handle_free(struct store *store, uint32_t first,
						  uint32_t last, uint32_t *ret_handle);
/* All that are not PINNED. @each may not change them. */
[[nodiscard]] enum store_status
store_handle_leftovers(struct store *store,
		       void (*each)(const struct store_handle *handle, void *user), void *user);

struct store_audit {
	int64_t time; /* Unix time, microseconds */
	uint32_t uid;
	int32_t pid;
	const char *operation;
	const char *object;
	const char *status;
	const char *detail;
	uint32_t count;	      /* how often in a row */
	const uint8_t *chain; /* STORE_CHAIN_SIZE bytes; not for adding */
	const char *user;     /* who was logged in; NULL or "": nobody */
};

/*
 * In a transaction. Chains the entry to the one before. Keeps the last @keep entries, roughly,
 * and more for a while if the TPM has not vouched for newer ones.
 */
[[nodiscard]] enum store_status store_audit_add(struct store *store,
						const struct store_audit *entry, uint64_t keep);
/* From the oldest. */
[[nodiscard]] enum store_status
store_audit_list(struct store *store, uint64_t after,
		 bool (*each)(uint64_t seq, const struct store_audit *entry, void *user),
		 void *user);
/* From the one before @before down to the one after @after. */
[[nodiscard]] enum store_status
store_audit_list_back(struct store *store, uint64_t before, uint64_t after,
		      bool (*each)(uint64_t seq, const struct store_audit *entry, void *user),
		      void *user);

struct store_audit_state {
	struct store_link begin; /* the last record that was dropped */
	struct store_link head;	 /* the last record */
	uint64_t anchored;	 /* the record that the TPM is known to vouch for; 0: none */
};
[[nodiscard]] enum store_status store_audit_state(struct store *store,
						  struct store_audit_state *ret_state);

/* As it is stored. NOT_FOUND: not kept any more, or never was. */
[[nodiscard]] enum store_status store_audit_link(struct store *store, uint64_t seq,
						 struct store_link *ret_link);

/* The TPM holds record @seq now; 0: nothing. */
[[nodiscard]] enum store_status store_audit_anchored(struct store *store, uint64_t seq);

/* What the TPM's NV index is opened with; made when it is first asked for. The caller wipes it. */
#define STORE_ANCHOR_AUTH 32
[[nodiscard]] enum store_status store_audit_auth(struct store *store,
						 uint8_t ret_auth[STORE_ANCHOR_AUTH]);

#endif
