/*
 * One given chain, from the candidate to a trusted certificate: is it valid? Hides
 * X509_verify_cert(), and the key sizes, usages and CRLs that are accepted. For x509_path.c.
 */
#ifndef X509_CHAIN_H
#define X509_CHAIN_H

#include "x509_path.h"

struct chain {
	struct pool_cert *certs[PATH_CERTS_MAX]; /* the candidate first */
	size_t count;
};

/* What is wrong. Borrowed from the chain and the pool. */
struct chain_fault {
	enum path_reason reason;
	unsigned depth;
	const X509 *cert;   /* NULL: none */
	const X509 *issuer; /* of it, where there is one and it matters */
	X509_CRL *crl;	    /* where it matters */
	int error;	    /* X509_V_ERR_…, or 0 */
};

/* Its key is of a kind and size that is accepted, but for the least size of RSA keys. */
bool chain_key_is_accepted(const X509 *cert);

/* With the key of @issuer. What the pool keeps is verified once. */
bool chain_is_signed(struct pool_cert *cert, const struct pool_cert *issuer);

/*
 * Its last certificate is relied on, as one that is trusted or stands above one. False:
 * *ret_fault says why not.
 */
[[nodiscard]] bool chain_check(struct x509_pool *pool, const struct chain *chain,
			       const struct path_request *request, struct chain_fault *ret_fault);

/*
 * Only whether one from @from up, but for the last, is revoked. False: *ret_fault says why not.
 */
[[nodiscard]] bool chain_check_revocation(struct x509_pool *pool, const struct chain *chain,
					  size_t from, const struct path_request *request,
					  struct chain_fault *ret_fault);

/* @fault as a sentence, and the rest of the verdict. */
void chain_tell(const struct chain_fault *fault, const struct path_request *request,
		struct path_verdict *ret_verdict);

#endif
