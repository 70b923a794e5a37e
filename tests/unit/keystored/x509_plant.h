/* A root, a CA below and a leaf, and what validates them: a test starts from there. */
#ifndef X509_PLANT_H
#define X509_PLANT_H

#include <stdio.h>

#include "x509_maker.h"
#include "x509_path.h"

#define MADE_MAX 256
#define URI	 "urn:plant:plc-1"

#define LEAF_USAGE                                                                                 \
	{                                                                                          \
		NID_key_usage, "critical,digitalSignature,nonRepudiation,keyEncipherment,"         \
			       "dataEncipherment"                                                  \
	}

/* Everything a test makes is freed after it. */
static struct made_cert certs[MADE_MAX];
static struct made_crl crls[MADE_MAX];
static size_t cert_count, crl_count;
static struct x509_pool *pool;
static struct path_der sent[MADE_MAX];
static struct path_request request;
static struct path_verdict verdict;

/* root → mid → leaf, and the CRLs of the two CAs. */
static struct made_cert *root, *mid, *leaf;

static inline struct made_cert *cert(struct made_spec spec)
{
	cr_assert_lt(cert_count, (size_t)MADE_MAX);
	certs[cert_count] = make_cert(spec);
	return &certs[cert_count++];
}

static inline struct made_cert *ca(const char *name, const struct made_cert *issuer)
{
	return cert((struct made_spec){
		.name = name, .issuer = issuer, .extensions = {CA_EXTENSIONS, KEY_IDS}});
}

static inline void trust(const struct made_cert *made)
{
	cr_assert_eq(x509_pool_add_cert(pool, POOL_TRUSTED, made->der, (size_t)made->len), POOL_OK);
}

static inline void know(const struct made_cert *made)
{
	cr_assert_eq(x509_pool_add_cert(pool, POOL_ISSUER, made->der, (size_t)made->len), POOL_OK);
}

static inline void add_crl(struct made_crl_spec spec)
{
	struct made_crl *made = &crls[crl_count++];

	*made = make_crl(spec);
	cr_assert_eq(x509_pool_add_crl(pool, made->der, (size_t)made->len), POOL_OK);
}

static inline void send_along(const struct made_cert *made)
{
	sent[request.sent_count++] = (struct path_der){made->der, (size_t)made->len};
}

static inline void setup(void)
{
	cert_count = crl_count = 0;
	pool = x509_pool_new(MADE_MAX, MADE_MAX);
	request = (struct path_request){.sent = sent, .at = NOW, .crls = PATH_CRLS_NONE};
	root = ca("Root", NULL);
	mid = ca("Mid", root);
	leaf = cert((struct made_spec){
		.name = "plc-1",
		.issuer = mid,
		.extensions = {LEAF_USAGE,
			       {NID_ext_key_usage, "serverAuth,clientAuth"},
			       {NID_subject_alt_name, "DNS:plc-1,URI:" URI ",URI:urn:second"},
			       KEY_IDS}});
}

static inline void teardown(void)
{
	for (size_t i = 0; i < cert_count; i++)
		made_cert_free(&certs[i]);
	for (size_t i = 0; i < crl_count; i++)
		made_crl_free(&crls[i]);
	x509_pool_free(pool);
}

static inline void concerns(const struct made_cert *made)
{
	uint8_t digest[32];

	X509_digest(made->x509, EVP_sha256(), digest, NULL);
	cr_assert_arr_eq(verdict.fingerprint, digest, sizeof(digest), "%s", verdict.text);
}

static inline void says(const char *words)
{
	cr_assert_not_null(strstr(verdict.text, words), "\"%s\" is not in: %s", words,
			   verdict.text);
}

/* The verdict on @candidate, which concerns the certificate @about at @depth. */
static inline void expect(const struct made_cert *candidate, enum path_reason reason,
			  unsigned depth, const struct made_cert *about)
{
	request.candidate = (struct path_der){candidate->der, (size_t)candidate->len};
	cr_assert_eq(x509_path_validate(pool, &request, &verdict), reason, "%d: %s", verdict.reason,
		     verdict.text);
	cr_assert_eq(verdict.reason, reason);
	cr_assert_eq(verdict.depth, depth, "%u: %s", verdict.depth, verdict.text);
	concerns(about);
}

static inline void add_both_crls(void)
{
	request.crls = PATH_CRLS_REQUIRED;
	add_crl((struct made_crl_spec){.issuer = root});
	add_crl((struct made_crl_spec){.issuer = mid});
}

#endif
