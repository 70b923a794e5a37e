/*
 * Who may have issued whom, by their names, as stored. Hides the SQL. Names are only where to
 * look: whether one issued the other, its signature tells.
 */
#ifndef STORE_ISSUER_H
#define STORE_ISSUER_H

#include "store_cert.h"

#define STORE_ISSUER_MAX 64 /* found at once */

struct store_issuer {
	uint64_t cert_id;
	uint32_t version;
	uint8_t *der;
	size_t der_len;
};

struct store_issuers {
	struct store_issuer list[STORE_ISSUER_MAX];
	size_t count;
};

/* Versions of CAs' certificates whose subject reads like that, active ones first. */
[[nodiscard]] enum store_status store_issuer_candidates(struct store *store, const char *subject,
							struct store_issuers *ret_found);

/*
 * Versions of certificates whose issuer is not known here and reads like that, of certificates
 * after @after in order of IDs; not all of them where it is as many as fit.
 */
[[nodiscard]] enum store_status store_issuer_orphans(struct store *store, const char *issuer,
						     uint64_t after,
						     struct store_issuers *ret_found);
void store_issuers_wipe(struct store_issuers *found);

/*
 * The issuer has come to be known; left as it is where the issuer has another certificate with
 * that serial. In a transaction.
 */
[[nodiscard]] enum store_status store_issuer_link(struct store *store, uint64_t cert_id,
						  uint32_t version, uint64_t issuer_id);

/* The key whose SubjectPublicKeyInfo that is, byte for byte. NOT_FOUND: none here. */
[[nodiscard]] enum store_status store_issuer_key(struct store *store, const uint8_t *spki,
						 size_t len, uint64_t *ret_key_id);

#endif
