/* The versions of a certificate as revocation sees them. Hides the SQL, like store.h. */
#ifndef STORE_REVOKE_H
#define STORE_REVOKE_H

#include "store_cert.h"

struct store_revoke {
	uint64_t id; /* the certificate's */
	uint32_t version;
	enum store_cert_state state;
	uint64_t issuer_id; /* 0: elsewhere */
	char serial[64];
	unsigned reason; /* REVOKED */
};

/* *ret_versions: all of them, the latest last; free() it. None: no certificate, or only a CSR. */
[[nodiscard]] enum store_status store_revoke_list(struct store *store, uint64_t id,
						  struct store_revoke **ret_versions,
						  size_t *ret_count);

/* The state of a version, and when and why it is REVOKED; else 0. In a transaction. */
[[nodiscard]] enum store_status store_revoke_set(struct store *store,
						 const struct store_revoke *version, int64_t at);

/*
 * Makes REVOKED, as the issuer's list here says, what that lists: of all that the CA @ca_id
 * issued, or of the certificate @id. In a transaction. *ret_versions: those that were not
 * before; free() it.
 */
[[nodiscard]] enum store_status store_revoke_listed_by(struct store *store, uint64_t ca_id,
						       struct store_revoke **ret_versions,
						       size_t *ret_count);
[[nodiscard]] enum store_status store_revoke_if_listed(struct store *store, uint64_t id,
						       struct store_revoke **ret_versions,
						       size_t *ret_count);

#endif
