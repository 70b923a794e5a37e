#include "asymmetric.h"

#include <criterion/criterion.h>
#include <string.h>

#include "../../support/rsa_maker.h"

TestSuite(asymmetric, .timeout = 60);

#define MESSAGE ((const uint8_t *)"message")

static const EVP_MD *hash_of(enum ks_hash hash)
{
	return hash == KS_HASH_SHA1 ? EVP_sha1() : EVP_sha256();
}

/* What a peer's software does, or keystored. */
static size_t sign(const struct rsa_cert *cert, const struct policy_kind *kind, int salt,
		   uint8_t *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *padding;
	size_t len = ASYMMETRIC_KEY_MAX;

	cr_assert(EVP_DigestSignInit(ctx, &padding, hash_of(kind->sign_hash), NULL, cert->key));
	if (kind->sign_padding == KS_PADDING_PSS) {
		cr_assert(EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING) == 1);
		cr_assert(EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, salt) == 1);
	}
	cr_assert(EVP_DigestSign(ctx, out, &len, MESSAGE, 7) == 1);
	EVP_MD_CTX_free(ctx);
	return len;
}

static size_t decrypt(const struct rsa_cert *cert, const struct policy_kind *kind,
		      const uint8_t *block, size_t len, uint8_t *out)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(cert->key, NULL);
	size_t out_len = ASYMMETRIC_KEY_MAX;

	cr_assert(EVP_PKEY_decrypt_init(ctx) == 1);
	if (kind->cipher == POLICY_CIPHER_OAEP) {
		cr_assert(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1);
		cr_assert(EVP_PKEY_CTX_set_rsa_oaep_md(ctx, hash_of(kind->cipher_hash)) == 1);
	}
	cr_assert(EVP_PKEY_decrypt(ctx, out, &out_len, block, len) == 1);
	EVP_PKEY_CTX_free(ctx);
	return out_len;
}

Test(asymmetric, verifies_what_a_peer_signs_and_encrypts_for_him)
{
	struct rsa_cert cert = rsa_cert_make(2048, "peer", "URI:urn:peer", NULL);

	for (int id = POLICY_BASIC128RSA15; id < POLICY_COUNT; id++) {
		const struct policy_kind *kind = policy_kind((enum policy_id)id);
		struct asymmetric_key *key = asymmetric_key_new(kind, cert.der, cert.len);
		const size_t part = 256 - kind->cipher_overhead;
		uint8_t signature[ASYMMETRIC_KEY_MAX], plain[512], out[512], back[512];
		size_t len = 0;

		cr_assert(key && asymmetric_key_size(key) == 256);
		cr_assert(sign(&cert, kind, 32, signature) == 256);
		cr_expect(asymmetric_verify(key, MESSAGE, 7, signature, 256), "%s", kind->name);
		cr_expect(!asymmetric_verify(key, MESSAGE, 6, signature, 256));
		cr_expect(!asymmetric_verify(key, MESSAGE, 7, signature, 255));
		signature[255] ^= 1;
		cr_expect(!asymmetric_verify(key, MESSAGE, 7, signature, 256));

		memset(plain, 'p', sizeof(plain));
		cr_assert(asymmetric_encrypt(key, plain, 2 * part, out, sizeof(out), &len));
		cr_expect(len == 512);
		cr_expect(decrypt(&cert, kind, out + 256, 256, back) == part);
		cr_expect(memcmp(back, plain, part) == 0);
		cr_expect(!asymmetric_encrypt(key, plain, 2 * part, out, 511, &len));
		cr_expect(!asymmetric_encrypt(key, plain, part + 1, out, sizeof(out), &len));
		asymmetric_key_free(key);
	}
	rsa_cert_clear(&cert);
}

/* OPC 10000-7: another length is another algorithm. */
Test(asymmetric, takes_no_pss_with_another_salt)
{
	const struct policy_kind *kind = policy_kind(POLICY_AES256_SHA256_RSAPSS);
	struct rsa_cert cert = rsa_cert_make(2048, "peer", "URI:urn:peer", NULL);
	struct asymmetric_key *key = asymmetric_key_new(kind, cert.der, cert.len);
	uint8_t signature[ASYMMETRIC_KEY_MAX];

	sign(&cert, kind, 0, signature);
	cr_expect(!asymmetric_verify(key, MESSAGE, 7, signature, 256));
	sign(&cert, kind, RSA_PSS_SALTLEN_MAX, signature);
	cr_expect(!asymmetric_verify(key, MESSAGE, 7, signature, 256));
	asymmetric_key_free(key);
	rsa_cert_clear(&cert);
}

Test(asymmetric, takes_keys_of_the_sizes_that_a_policy_allows)
{
	static const struct {
		unsigned bits;
		enum policy_id id;
		bool is_allowed;
	} cases[] = {
		{1024, POLICY_BASIC128RSA15, true}, {1024, POLICY_BASIC256SHA256, false},
		{2048, POLICY_BASIC256, true},	    {2048, POLICY_AES256_SHA256_RSAPSS, true},
		{3072, POLICY_BASIC256, false},	    {3072, POLICY_AES128_SHA256_RSAOAEP, true},
		{2048, POLICY_NONE, false},	    {1023, POLICY_BASIC256, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct rsa_cert cert = rsa_cert_make(cases[i].bits, "peer", "URI:urn:peer", NULL);
		struct asymmetric_key *key =
			asymmetric_key_new(policy_kind(cases[i].id), cert.der, cert.len);

		cr_expect(!key == !cases[i].is_allowed, "case %zu", i);
		asymmetric_key_free(key);
		rsa_cert_clear(&cert);
	}
}

Test(asymmetric, takes_no_other_keys)
{
	const struct policy_kind *kind = policy_kind(POLICY_BASIC256SHA256);
	struct rsa_cert cert = rsa_cert_of(EVP_EC_gen("P-256"), "peer", "URI:urn:peer", NULL);

	cr_expect(!asymmetric_key_new(kind, cert.der, cert.len));
	rsa_cert_clear(&cert);
}

Test(asymmetric, takes_no_certificate_that_is_cut_off_or_has_something_behind_it)
{
	const struct policy_kind *kind = policy_kind(POLICY_BASIC256SHA256);
	struct rsa_cert cert = rsa_cert_make(2048, "peer", "URI:urn:peer", NULL);
	uint8_t *longer = calloc(1, cert.len + 1);

	for (size_t len = 0; len < cert.len; len++)
		cr_expect(!asymmetric_key_new(kind, cert.der, len));
	memcpy(longer, cert.der, cert.len);
	cr_expect(!asymmetric_key_new(kind, longer, cert.len + 1));
	cr_expect(!asymmetric_key_new(kind, NULL, 0));
	free(longer);
	rsa_cert_clear(&cert);
}

Test(asymmetric, gives_the_digest_that_is_signed)
{
	uint8_t digest[ASYMMETRIC_DIGEST_MAX], thumbprint[20], expected[ASYMMETRIC_DIGEST_MAX];

	cr_expect(asymmetric_digest(policy_kind(POLICY_BASIC256), MESSAGE, 7, digest) == 20);
	cr_expect(EVP_Digest(MESSAGE, 7, expected, NULL, EVP_sha1(), NULL) == 1);
	cr_expect(memcmp(digest, expected, 20) == 0);
	cr_assert(asymmetric_thumbprint(MESSAGE, 7, thumbprint));
	cr_expect(memcmp(thumbprint, expected, 20) == 0);
	cr_expect(asymmetric_digest(policy_kind(POLICY_BASIC256SHA256), MESSAGE, 7, digest) == 32);
	cr_expect(EVP_Digest(MESSAGE, 7, expected, NULL, EVP_sha256(), NULL) == 1);
	cr_expect(memcmp(digest, expected, 32) == 0);
}

Test(asymmetric, tells_the_leaf_of_a_chain)
{
	static const struct {
		const char *bytes;
		size_t len, leaf;
	} cases[] = {
		{"\x30\x02\x05\x00", 4, 4},
		{"\x30\x02\x05\x00\x30\x00", 6, 4},
		{"\x30\x00\x30\x00", 4, 2},
		{"\x30\x02\x05", 3, 0},		    /* cut off */
		{"\x30\x80\x05\x00\x00\x00", 6, 0}, /* of indefinite length */
		{"\x10\x02\x05\x00", 4, 0},	    /* not constructed */
		{"\x31\x02\x05\x00", 4, 0},	    /* a SET */
		{"\xb0\x02\x05\x00", 4, 0},	    /* of another class */
		{"\x30\x84\x7f\xff\xff\xff", 6, 0},
		{"\x30\x84\xff\xff\xff\xff", 6, 0},
		{"\x30\x88\xff\xff\xff\xff\xff\xff\xff\xff", 10, 0},
		{"\x30", 1, 0},
		{"", 0, 0},
	};
	struct rsa_cert cert = rsa_cert_make(2048, "peer", "URI:urn:peer", NULL);

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		cr_expect(asymmetric_leaf((const uint8_t *)cases[i].bytes, cases[i].len) ==
				  cases[i].leaf,
			  "case %zu", i);
	cr_expect(asymmetric_leaf(NULL, 0) == 0);
	cr_expect(asymmetric_leaf(cert.der, cert.len) == cert.len);
	cr_expect(asymmetric_leaf(cert.der, cert.len - 1) == 0);
	rsa_cert_clear(&cert);
}

static bool uri_is(const char *names, const char *expected)
{
	struct rsa_cert cert = rsa_cert_make(1024, "peer", names, NULL);
	char uri[16] = "before";
	bool is_there = asymmetric_uri(cert.der, cert.len, uri, sizeof(uri));

	rsa_cert_clear(&cert);
	if (!expected)
		return !is_there && strcmp(uri, "before") == 0;
	return is_there && strcmp(uri, expected) == 0;
}

Test(asymmetric, has_the_first_uri_of_a_certificate)
{
	cr_expect(uri_is("URI:urn:peer", "urn:peer"));
	cr_expect(uri_is("DNS:peer,URI:urn:peer,URI:urn:other", "urn:peer"));
	cr_expect(uri_is("DNS:peer", NULL));
	cr_expect(uri_is("URI:urn:56789012345", "urn:56789012345"));
	cr_expect(uri_is("URI:urn:567890123456", NULL)); /* no room for its end */
	cr_expect(uri_is("URI:urn:a b", NULL));
}
