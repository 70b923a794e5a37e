/*
 * Certificate requests that wait for the answer of a CA elsewhere, one for each certificate at
 * most, as stored. Hides the SQL, like store.h, whose rules on memory and failures hold here too.
 */
#ifndef STORE_CSR_H
#define STORE_CSR_H

#include "store_cert.h"

struct store_csr {
	uint64_t cert_id;
	uint64_t key_id; /* the key that the answer is to be for */
	char common_name[sizeof((struct cert_facts){0}).common_name];
	enum tpm_hash hash;
	enum tpm_padding padding;
	int64_t created;
	uint8_t *der;
	size_t der_len;
};

void store_csr_wipe(struct store_csr *csr);

/*
 * A certificate of which there is nothing but what it is to be: state REQUESTED until
 * store_cert_renew() adds version 1. In a transaction, with its CSR.
 */
[[nodiscard]] enum store_status store_csr_announce(struct store *store,
						   const struct store_cert *cert, uint64_t *ret_id);

/* Takes the place of one that was there. In a transaction. */
[[nodiscard]] enum store_status store_csr_put(struct store *store, const struct store_csr *csr);

/* NOT_FOUND: none waits. */
[[nodiscard]] enum store_status store_csr_get(struct store *store, uint64_t cert_id,
					      struct store_csr *ret_csr);

/* It was answered, or is no longer wanted; none there: fine. In a transaction. */
[[nodiscard]] enum store_status store_csr_remove(struct store *store, uint64_t cert_id);

#endif
