/*
 * What the trust groups trust, parsed. Hides that only what was asked for is fetched from the
 * store, how long it is kept, and the memory that this may take.
 */
#ifndef TRUST_H
#define TRUST_H

#include "store_trust.h"
#include "x509_path.h"

#define TRUST_POOLS_MAX 8    /* groups that are kept parsed */
#define TRUST_CERTS_MAX 2048 /* certificates of a group, parsed */
#define TRUST_CRLS_MAX	256  /* CRLs of a group, parsed */
#define TRUST_BYTES_MAX                                                                            \
	(size_t)(2 * 1024 * 1024) /* DER of what is kept parsed: it takes 6 times that */

struct trust;

/* Reads from @store, which outlives it. NULL: no memory. */
struct trust *trust_new(struct store *store);
void trust_free(struct trust *trust);

/* What is in the group has changed. */
void trust_changed(struct trust *trust, uint64_t group_id);

/* A CA of this service has published another CRL: a group that has the CA has that too. */
void trust_crl_changed(struct trust *trust);

/*
 * As x509_path_validate(). @is_trusted: as if the candidate were among the trusted certificates.
 * TOO_COMPLEX also where the group has more of the names in question than are looked at.
 */
[[nodiscard]] enum store_status trust_validate(struct trust *trust, uint64_t group_id,
					       const struct path_request *request, bool is_trusted,
					       struct path_verdict *ret_verdict);

#endif
