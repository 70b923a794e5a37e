/*
 * Revocations, and the CRL of each CA as it was published last. Hides the SQL, like store.h. A
 * revocation outlives its certificate: what was revoked and deleted stays on the list.
 */
#ifndef STORE_CRL_H
#define STORE_CRL_H

#include "store.h"
#include "x509_crl.h"

struct store_crl {
	uint64_t ca_id;
	struct crl_number number; /* zeros: none was published yet */
	int64_t this_update;
	int64_t next_update;
	uint64_t count; /* entries */
	uint64_t size;	/* bytes of the DER */
	bool is_stale;	/* something was revoked or released since */
};

/* NOT_FOUND: neither a list nor a revocation. */
[[nodiscard]] enum store_status store_crl_get(struct store *store, uint64_t ca_id,
					      struct store_crl *ret_crl);

/* Calls @each in order of the CAs' IDs until it returns false. */
[[nodiscard]] enum store_status
store_crl_list(struct store *store, uint64_t after,
	       bool (*each)(const struct store_crl *crl, void *user), void *user);

/* At most @size bytes of the DER from @offset, for as many calls as that takes. */
[[nodiscard]] enum store_status store_crl_read(struct store *store, uint64_t ca_id, uint64_t offset,
					       uint8_t *bytes, size_t size, size_t *ret_len);

/* Everything revoked, for the next list. *ret_entries: free(). *ret_changes: for store_crl_put(). */
[[nodiscard]] enum store_status store_crl_entries(struct store *store, uint64_t ca_id,
						  struct crl_entry **ret_entries, size_t *ret_count,
						  uint64_t *ret_changes);

/*
 * Publishes a list that has what was revoked as of @changes. In a transaction. EXISTS: its number
 * is not above the last one's.
 */
[[nodiscard]] enum store_status store_crl_put(struct store *store, const struct store_crl *crl,
					      uint64_t changes, const uint8_t *der, size_t len);

/*
 * Goes on from the list that a CA had elsewhere: its number, where that is above ours, and its
 * entries. In a transaction. The list is stale then.
 */
[[nodiscard]] enum store_status store_crl_adopt(struct store *store, uint64_t ca_id,
						const struct crl_number *number,
						const struct crl_entry *entries, size_t count);

/* A serial is on the list of @ca_id from now on, or with other values. In a transaction. */
[[nodiscard]] enum store_status store_crl_revoke(struct store *store, uint64_t ca_id,
						 const struct crl_entry *entry);
/* Or no longer. In a transaction. */
[[nodiscard]] enum store_status store_crl_release(struct store *store, uint64_t ca_id,
						  const char *serial);

#define STORE_CRL_DUE_MAX 64
/*
 * CAs with a key here whose list is missing, stale, or half over at @now (0: that is not looked
 * at), unless the CA's own time is over by then.
 */
[[nodiscard]] enum store_status store_crl_due(struct store *store, int64_t now,
					      uint64_t ret_ids[STORE_CRL_DUE_MAX],
					      size_t *ret_count);

#endif
