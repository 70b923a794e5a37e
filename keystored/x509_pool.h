/*
 * Certificates and CRLs of a trust group, parsed once and found by name. Hides the index, the
 * parsing of DER from outside, which CRL was already seen to be signed by whom, and that what a
 * source has is only fetched when its name is asked for.
 */
#ifndef X509_POOL_H
#define X509_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#define POOL_CERT_DER_MAX 65536		    /* bytes of a certificate */
#define POOL_CRL_DER_MAX  (4 * 1024 * 1024) /* bytes of a CRL: some 100,000 revocations */
#define POOL_NAMES_MAX	  4096		    /* names asked of a source */
#define POOL_DIGEST_SIZE  32

enum pool_status {
	POOL_OK = 0,
	POOL_MALFORMED, /* not exactly one certificate or CRL */
	POOL_TOO_LARGE, /* over the size of its kind */
	POOL_FULL,	/* over the number given to x509_pool_new() */
	POOL_NOMEM,
};

enum pool_role {
	POOL_TRUSTED, /* trusted as such: itself, and as a CA what it issued */
	POOL_ISSUER,  /* only helps to build a chain */
};

struct x509_pool;

struct pool_cert {
	struct pool_cert *next;
	X509 *x509;
	const struct pool_cert *issuer; /* whose key was seen to have signed this one, or NULL */
	uint32_t name_hash;		/* of the subject */
	struct pool_cert *next_of_digest;
	uint8_t digest[POOL_DIGEST_SIZE]; /* SHA-256 of the DER, of one that is kept */
	bool trusted;
	bool kept; /* lives as long as its pool: results about it may be kept */
};

struct pool_crl {
	struct pool_crl *next;
	X509_CRL *crl;
	const struct pool_cert *issuer; /* whose key was seen to have signed it, or NULL */
	uint32_t name_hash;		/* of the issuer */
};

/* At most so many certificates (trusted and issuers together) and CRLs; NULL: no memory. */
struct x509_pool *x509_pool_new(size_t certs_max, size_t crls_max);

/* One that is there already is not added again, but becomes trusted if @role says so. */
[[nodiscard]] enum pool_status x509_pool_add_cert(struct x509_pool *pool, enum pool_role role,
						  const uint8_t *der, size_t len);

/* One that is there already is not added again. Nothing is verified yet. */
[[nodiscard]] enum pool_status x509_pool_add_crl(struct x509_pool *pool, const uint8_t *der,
						 size_t len);

void x509_pool_free(struct x509_pool *pool); /* NULL is fine */

/*
 * Adds to @pool the certificates with a subject, and the CRLs with an issuer, of that hash. False:
 * it could not add them all.
 */
typedef bool pool_source_fn(struct x509_pool *pool, uint32_t name_hash, void *user);

/* Asked once for each name that is looked for from now on. */
void x509_pool_set_source(struct x509_pool *pool, pool_source_fn *source, void *user);

/* The source had more than there was room for: verdicts with this pool are not to be relied on. */
bool x509_pool_is_short(const struct x509_pool *pool);

/*
 * What follows is for x509_path.c and x509_chain.c.
 *
 * The first certificate with this subject, or CRL with this issuer, and the ones after; NULL:
 * no more. Names compare as RFC 5280 7.1 says.
 */
struct pool_cert *x509_pool_cert(struct x509_pool *pool, const X509_NAME *subject);
struct pool_cert *x509_pool_cert_next(const struct pool_cert *cert);
struct pool_crl *x509_pool_crl(struct x509_pool *pool, const X509_NAME *issuer);
struct pool_crl *x509_pool_crl_next(const struct pool_crl *crl);

/* The same certificate, byte for byte, or NULL. */
struct pool_cert *x509_pool_same(struct x509_pool *pool, const X509 *cert);

/* What is in the pool already of exactly these bytes, without parsing them, or NULL. */
struct pool_cert *x509_pool_find(const struct x509_pool *pool, const uint8_t *der, size_t len);

/* Exactly one certificate; *ret_cert is the caller's: X509_free(). */
[[nodiscard]] enum pool_status x509_pool_parse(const uint8_t *der, size_t len, X509 **ret_cert);

#endif
