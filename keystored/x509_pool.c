#include "x509_pool.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

struct x509_pool {
	struct pool_cert **certs;   /* by hash of the subject */
	struct pool_cert **digests; /* the same, by digest */
	struct pool_crl **crls;	    /* by hash of the issuer */
	size_t cert_buckets, crl_buckets;
	size_t cert_count, cert_max;
	size_t crl_count, crl_max;
	pool_source_fn *source;
	void *source_user;
	uint32_t *names; /* asked of the source: open addressing, 0 is a free place */
	size_t name_count;
	bool asked_zero; /* the name whose hash is 0 */
	bool is_short;
};

#define NAME_PLACES (2 * POOL_NAMES_MAX)

static size_t buckets_for(size_t max)
{
	size_t buckets = 16;

	while (buckets < max && buckets < SIZE_MAX / 4)
		buckets *= 2;
	return buckets;
}

static uint32_t hash_of(const X509_NAME *name)
{
	return (uint32_t)X509_NAME_hash_ex(name, NULL, NULL, NULL);
}

struct x509_pool *x509_pool_new(size_t certs_max, size_t crls_max)
{
	struct x509_pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return NULL;
	pool->cert_max = certs_max;
	pool->crl_max = crls_max;
	pool->cert_buckets = buckets_for(certs_max);
	pool->crl_buckets = buckets_for(crls_max);
	pool->certs = calloc(pool->cert_buckets, sizeof(struct pool_cert *));
	pool->digests = calloc(pool->cert_buckets, sizeof(struct pool_cert *));
	pool->crls = calloc(pool->crl_buckets, sizeof(struct pool_crl *));
	if (pool->certs && pool->digests && pool->crls)
		return pool;
	x509_pool_free(pool);
	return NULL;
}

static void free_certs(struct pool_cert *cert)
{
	struct pool_cert *next;

	for (; cert; cert = next) {
		next = cert->next;
		X509_free(cert->x509);
		free(cert);
	}
}

static void free_crls(struct pool_crl *crl)
{
	struct pool_crl *next;

	for (; crl; crl = next) {
		next = crl->next;
		X509_CRL_free(crl->crl);
		free(crl);
	}
}

void x509_pool_free(struct x509_pool *pool)
{
	if (!pool)
		return;
	for (size_t i = 0; pool->certs && i < pool->cert_buckets; i++)
		free_certs(pool->certs[i]);
	for (size_t i = 0; pool->crls && i < pool->crl_buckets; i++)
		free_crls(pool->crls[i]);
	free(pool->certs);
	free(pool->digests);
	free(pool->crls);
	free(pool->names);
	free(pool);
}

void x509_pool_set_source(struct x509_pool *pool, pool_source_fn *source, void *user)
{
	pool->source = source;
	pool->source_user = user;
}

bool x509_pool_is_short(const struct x509_pool *pool)
{
	return pool->is_short;
}

/* Remembers @hash as asked for. False: it was before, or it cannot be remembered. */
static bool is_new_name(struct x509_pool *pool, uint32_t hash)
{
	size_t at = hash % NAME_PLACES;

	if (!hash) {
		bool is_new = !pool->asked_zero;

		pool->asked_zero = true;
		return is_new;
	}
	if (!pool->names)
		pool->names = calloc(NAME_PLACES, sizeof(*pool->names));
	while (pool->names && pool->names[at] && pool->names[at] != hash)
		at = (at + 1) % NAME_PLACES;
	if (pool->names && pool->names[at] == hash)
		return false;
	if (!pool->names || pool->name_count == POOL_NAMES_MAX) {
		pool->is_short = true;
		return false;
	}
	pool->names[at] = hash;
	pool->name_count++;
	return true;
}

static void ask_source(struct x509_pool *pool, uint32_t hash)
{
	if (pool->source && is_new_name(pool, hash) && !pool->source(pool, hash, pool->source_user))
		pool->is_short = true;
}

enum pool_status x509_pool_parse(const uint8_t *der, size_t len, X509 **ret_cert)
{
	const uint8_t *at = der;
	X509 *cert;

	if (len > POOL_CERT_DER_MAX)
		return POOL_TOO_LARGE;
	cert = d2i_X509(NULL, &at, (long)len);
	if (!cert || at != der + len) {
		X509_free(cert);
		ERR_clear_error();
		return POOL_MALFORMED;
	}
	/* Reads the extensions now; what is wrong with them is said when a path is checked. */
	X509_check_purpose(cert, -1, 0);
	ERR_clear_error();
	*ret_cert = cert;
	return POOL_OK;
}

static bool digest_of(const uint8_t *der, size_t len, uint8_t digest[POOL_DIGEST_SIZE])
{
	return EVP_Digest(der, len, digest, NULL, EVP_sha256(), NULL) == 1;
}

static struct pool_cert **digest_bucket(const struct x509_pool *pool, const uint8_t *digest)
{
	uint32_t hash;

	memcpy(&hash, digest, sizeof(hash));
	return &pool->digests[hash & (pool->cert_buckets - 1)];
}

struct pool_cert *x509_pool_find(const struct x509_pool *pool, const uint8_t *der, size_t len)
{
	uint8_t digest[POOL_DIGEST_SIZE];
	struct pool_cert *cert;

	if (len > POOL_CERT_DER_MAX || !digest_of(der, len, digest))
		return NULL;
	cert = *digest_bucket(pool, digest);
	while (cert && memcmp(cert->digest, digest, sizeof(digest)) != 0)
		cert = cert->next_of_digest;
	return cert;
}

enum pool_status x509_pool_add_cert(struct x509_pool *pool, enum pool_role role, const uint8_t *der,
				    size_t len)
{
	enum pool_status status;
	struct pool_cert *entry;
	struct pool_cert **bucket;
	X509 *cert = NULL;

	status = x509_pool_parse(der, len, &cert);
	if (status != POOL_OK)
		return status;
	entry = x509_pool_same(pool, cert);
	if (entry) {
		entry->trusted = entry->trusted || role == POOL_TRUSTED;
		goto out;
	}
	status = POOL_FULL;
	if (pool->cert_count == pool->cert_max)
		goto out;
	status = POOL_NOMEM;
	entry = calloc(1, sizeof(*entry));
	if (!entry || !digest_of(der, len, entry->digest)) {
		free(entry);
		goto out;
	}
	entry->x509 = cert;
	cert = NULL;
	entry->name_hash = hash_of(X509_get_subject_name(entry->x509));
	entry->trusted = role == POOL_TRUSTED;
	entry->kept = true;
	bucket = &pool->certs[entry->name_hash & (pool->cert_buckets - 1)];
	entry->next = *bucket;
	*bucket = entry;
	bucket = digest_bucket(pool, entry->digest);
	entry->next_of_digest = *bucket;
	*bucket = entry;
	pool->cert_count++;
	status = POOL_OK;
out:
	X509_free(cert);
	return status;
}

enum pool_status x509_pool_add_crl(struct x509_pool *pool, const uint8_t *der, size_t len)
{
	const uint8_t *at = der;
	enum pool_status status;
	struct pool_crl *entry;
	struct pool_crl **bucket;
	X509_CRL *crl;

	if (len > POOL_CRL_DER_MAX)
		return POOL_TOO_LARGE;
	crl = d2i_X509_CRL(NULL, &at, (long)len);
	status = POOL_MALFORMED;
	if (!crl || at != der + len)
		goto out;
	status = POOL_OK;
	entry = x509_pool_crl(pool, X509_CRL_get_issuer(crl));
	for (; entry; entry = x509_pool_crl_next(entry)) {
		if (X509_CRL_match(entry->crl, crl) == 0)
			goto out;
	}
	status = POOL_FULL;
	if (pool->crl_count == pool->crl_max)
		goto out;
	status = POOL_NOMEM;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		goto out;
	entry->crl = crl;
	crl = NULL;
	entry->name_hash = hash_of(X509_CRL_get_issuer(entry->crl));
	bucket = &pool->crls[entry->name_hash & (pool->crl_buckets - 1)];
	entry->next = *bucket;
	*bucket = entry;
	pool->crl_count++;
	status = POOL_OK;
out:
	X509_CRL_free(crl);
	ERR_clear_error();
	return status;
}

static struct pool_cert *named_cert(struct pool_cert *cert, uint32_t hash, const X509_NAME *name)
{
	while (cert && (cert->name_hash != hash ||
			X509_NAME_cmp(X509_get_subject_name(cert->x509), name) != 0))
		cert = cert->next;
	return cert;
}

static struct pool_crl *named_crl(struct pool_crl *crl, uint32_t hash, const X509_NAME *name)
{
	while (crl &&
	       (crl->name_hash != hash || X509_NAME_cmp(X509_CRL_get_issuer(crl->crl), name) != 0))
		crl = crl->next;
	return crl;
}

struct pool_cert *x509_pool_cert(struct x509_pool *pool, const X509_NAME *subject)
{
	uint32_t hash = hash_of(subject);

	ask_source(pool, hash);
	return named_cert(pool->certs[hash & (pool->cert_buckets - 1)], hash, subject);
}

struct pool_cert *x509_pool_cert_next(const struct pool_cert *cert)
{
	return named_cert(cert->next, cert->name_hash, X509_get_subject_name(cert->x509));
}

struct pool_crl *x509_pool_crl(struct x509_pool *pool, const X509_NAME *issuer)
{
	uint32_t hash = hash_of(issuer);

	ask_source(pool, hash);
	return named_crl(pool->crls[hash & (pool->crl_buckets - 1)], hash, issuer);
}

struct pool_crl *x509_pool_crl_next(const struct pool_crl *crl)
{
	return named_crl(crl->next, crl->name_hash, X509_CRL_get_issuer(crl->crl));
}

struct pool_cert *x509_pool_same(struct x509_pool *pool, const X509 *cert)
{
	struct pool_cert *entry = x509_pool_cert(pool, X509_get_subject_name(cert));

	while (entry && X509_cmp(entry->x509, cert) != 0)
		entry = x509_pool_cert_next(entry);
	return entry;
}
