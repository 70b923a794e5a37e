/*
 * Trust groups with OPC UA's four lists (OPC 10000-12 7.8.2), and what was refused, as stored.
 * Hides the SQL, like store.h, whose rules on memory and failures hold here too.
 */
#ifndef STORE_TRUST_H
#define STORE_TRUST_H

#include "store.h"
#include "x509_entry.h"

enum store_list {
	STORE_LIST_ANY = 0,
	STORE_TRUSTED_CERTS = 1,
	STORE_TRUSTED_CRLS = 2,
	STORE_ISSUER_CERTS = 3,
	STORE_ISSUER_CRLS = 4,
	STORE_LIST_COUNT,
};

#define STORE_GROUPS_MAX 64

struct store_group {
	uint64_t id;
	char name[NAMES_KEY_MAX + 1];
	bool is_predefined;
	bool auto_accept;
	unsigned crls;	   /* enum path_crls */
	uint64_t revision; /* counts each change of what is in it */
	int64_t updated;   /* the last one: Unix time, seconds */
};

/* @name NULL: by @id. */
[[nodiscard]] enum store_status store_group_get(struct store *store, const char *name, uint64_t id,
						struct store_group *ret_group);
/* Calls @each in order of names after @after. */
[[nodiscard]] enum store_status
store_group_list(struct store *store, const char *after,
		 bool (*each)(const struct store_group *group, void *user), void *user);
/* How many entries each list has; that takes as long as they are many. */
[[nodiscard]] enum store_status store_group_entries(struct store *store, uint64_t id,
						    uint64_t ret_counts[STORE_LIST_COUNT]);
[[nodiscard]] enum store_status store_group_count(struct store *store, uint64_t *ret_count);
[[nodiscard]] enum store_status store_group_add(struct store *store,
						const struct store_group *group, uint64_t *ret_id);
/* Its switches. */
[[nodiscard]] enum store_status store_group_set(struct store *store,
						const struct store_group *group);
/* With its lists, and what was refused there. */
[[nodiscard]] enum store_status store_group_delete(struct store *store, uint64_t id);
/* What is in it has changed at @now. */
[[nodiscard]] enum store_status store_group_touch(struct store *store, uint64_t id, int64_t now);

/* One entry of a list. */
struct store_trust {
	uint64_t id;
	uint64_t group_id;
	enum store_list list;
	struct entry_facts facts;
	int64_t added; /* Unix time, seconds */
	uint32_t added_by;
	bool auto_accepted;
	/* borrowed in lists and for adding; else malloc()ed: */
	const uint8_t *der;
	size_t der_len;
};

void store_trust_wipe(struct store_trust *entry);

/* EXISTS: the same is in that list. */
[[nodiscard]] enum store_status store_trust_add(struct store *store,
						const struct store_trust *entry);
/* @list ANY: the first there is. */
[[nodiscard]] enum store_status store_trust_get(struct store *store, uint64_t group_id,
						enum store_list list, const uint8_t fingerprint[32],
						struct store_trust *ret_entry);
[[nodiscard]] enum store_status store_trust_remove(struct store *store, uint64_t id);
/* Empties a list. */
[[nodiscard]] enum store_status store_trust_clear(struct store *store, uint64_t group_id,
						  enum store_list list);
/* How many there are in all groups; and in @group_id of those that were accepted by themselves. */
[[nodiscard]] enum store_status store_trust_count(struct store *store, uint64_t *ret_count);
[[nodiscard]] enum store_status store_trust_count_auto(struct store *store, uint64_t group_id,
						       uint64_t *ret_count);

/* Calls @each after entry @after in order of IDs until it returns false. @list ANY: all four. */
[[nodiscard]] enum store_status
store_trust_list(struct store *store, uint64_t group_id, enum store_list list, uint64_t after,
		 bool (*each)(const struct store_trust *entry, void *user), void *user);

/* The certificates whose subject, and the CRLs whose issuer, has that hash. */
[[nodiscard]] enum store_status
store_trust_named(struct store *store, uint64_t group_id, uint32_t name_hash,
		  bool (*each)(const struct store_trust *entry, void *user), void *user);

#define STORE_SENTENCE_MAX 512

/* A certificate that was refused. */
struct store_rejected {
	uint64_t id;
	uint64_t group_id;
	char group[NAMES_KEY_MAX + 1]; /* read only */
	uint8_t fingerprint[32];
	char subject[256];
	char issuer[256];
	unsigned reason; /* enum path_reason */
	char sentence[STORE_SENTENCE_MAX];
	int64_t first_seen; /* Unix time, seconds */
	int64_t last_seen;
	uint64_t count;
	const uint8_t *der; /* as in struct store_trust */
	size_t der_len;
};

void store_rejected_wipe(struct store_rejected *rejected);

/*
 * One more time, or for the first time; then only the @keep seen last stay. In a transaction.
 */
[[nodiscard]] enum store_status store_rejected_add(struct store *store,
						   const struct store_rejected *rejected,
						   uint64_t keep, uint64_t *ret_id);
[[nodiscard]] enum store_status store_rejected_get(struct store *store, uint64_t id,
						   struct store_rejected *ret_rejected);
[[nodiscard]] enum store_status store_rejected_delete(struct store *store, uint64_t id);
/* @group_id 0: of all groups. */
[[nodiscard]] enum store_status store_rejected_clear(struct store *store, uint64_t group_id);
/* It is trusted now. None there is fine. */
[[nodiscard]] enum store_status store_rejected_forget(struct store *store, uint64_t group_id,
						      const uint8_t fingerprint[32]);
/* Calls @each after @after in order of IDs. @group_id 0: of all groups. */
[[nodiscard]] enum store_status
store_rejected_list(struct store *store, uint64_t group_id, uint64_t after,
		    bool (*each)(const struct store_rejected *rejected, void *user), void *user);

#endif
