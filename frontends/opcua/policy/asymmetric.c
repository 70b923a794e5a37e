#include "asymmetric.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <string.h>

/* As long as the digest (OPC 10000-7, RSA-PSS-SHA2-256). */
#define PSS_SALT 32

struct asymmetric_key {
	const struct policy_kind *kind;
	EVP_PKEY *public_key;
	size_t size;
	unsigned shares;
};

/* One certificate, and nothing behind it. */
static X509 *parse(const uint8_t *cert, size_t len)
{
	const unsigned char *at = cert;
	X509 *x509 = cert && len && len <= LONG_MAX ? d2i_X509(NULL, &at, (long)len) : NULL;

	if (x509 && at != cert + len) {
		X509_free(x509);
		x509 = NULL;
	}
	return x509;
}

struct asymmetric_key *asymmetric_key_new(const struct policy_kind *kind, const uint8_t *cert,
					  size_t len)
{
	struct asymmetric_key *key = NULL;
	EVP_PKEY *public_key;
	X509 *x509;
	int bits;

	ERR_set_mark();
	x509 = parse(cert, len);
	public_key = x509 ? X509_get0_pubkey(x509) : NULL;
	if (!public_key || !EVP_PKEY_is_a(public_key, "RSA"))
		goto out;
	bits = EVP_PKEY_get_bits(public_key);
	if (bits < (int)kind->key_bits_min || bits > (int)kind->key_bits_max)
		goto out;
	key = OPENSSL_zalloc(sizeof(*key));
	if (!key || !EVP_PKEY_up_ref(public_key))
		goto out;
	key->kind = kind;
	key->shares = 1;
	key->public_key = public_key;
	key->size = (size_t)EVP_PKEY_get_size(public_key);
out:
	if (key && !key->public_key) {
		OPENSSL_free(key);
		key = NULL;
	}
	X509_free(x509);
	ERR_pop_to_mark();
	return key;
}

struct asymmetric_key *asymmetric_key_share(struct asymmetric_key *key)
{
	key->shares++;
	return key;
}

void asymmetric_key_free(struct asymmetric_key *key)
{
	if (!key || --key->shares)
		return;
	EVP_PKEY_free(key->public_key);
	OPENSSL_free(key);
}

size_t asymmetric_key_size(const struct asymmetric_key *key)
{
	return key->size;
}

static const EVP_MD *hash_of(enum ks_hash hash)
{
	return hash == KS_HASH_SHA1 ? EVP_sha1() : EVP_sha256();
}

static bool set_sign_padding(const struct policy_kind *kind, EVP_PKEY_CTX *ctx)
{
	if (kind->sign_padding != KS_PADDING_PSS)
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, hash_of(kind->sign_hash)) == 1 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, PSS_SALT) == 1;
}

bool asymmetric_verify(const struct asymmetric_key *key, const uint8_t *bytes, size_t len,
		       const uint8_t *signature, size_t signature_len)
{
	EVP_PKEY_CTX *padding = NULL; /* the context's */
	EVP_MD_CTX *ctx;
	bool is_right;

	if (signature_len != key->size)
		return false;
	ERR_set_mark();
	ctx = EVP_MD_CTX_new();
	is_right = ctx &&
		   EVP_DigestVerifyInit(ctx, &padding, hash_of(key->kind->sign_hash), NULL,
					key->public_key) == 1 &&
		   set_sign_padding(key->kind, padding) &&
		   EVP_DigestVerify(ctx, signature, signature_len, bytes, len) == 1;
	EVP_MD_CTX_free(ctx);
	ERR_pop_to_mark();
	return is_right;
}

static bool set_cipher_padding(const struct policy_kind *kind, EVP_PKEY_CTX *ctx)
{
	if (kind->cipher == POLICY_CIPHER_PKCS1)
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_rsa_oaep_md(ctx, hash_of(kind->cipher_hash)) == 1 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, hash_of(kind->cipher_hash)) == 1;
}

bool asymmetric_encrypt(const struct asymmetric_key *key, const uint8_t *plain, size_t len,
			uint8_t *out, size_t out_size, size_t *ret_len)
{
	const size_t part = key->size - key->kind->cipher_overhead;
	const size_t blocks = len / part;
	EVP_PKEY_CTX *ctx;
	bool is_done;

	if (len % part || blocks > out_size / key->size)
		return false;
	ERR_set_mark();
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->public_key, NULL);
	is_done = ctx && EVP_PKEY_encrypt_init(ctx) == 1 && set_cipher_padding(key->kind, ctx);
	for (size_t i = 0; is_done && i < blocks; i++) {
		size_t size = key->size;

		is_done = EVP_PKEY_encrypt(ctx, out + i * key->size, &size, plain + i * part,
					   part) == 1 &&
			  size == key->size;
	}
	EVP_PKEY_CTX_free(ctx);
	ERR_pop_to_mark();
	if (is_done)
		*ret_len = blocks * key->size;
	return is_done;
}

size_t asymmetric_digest(const struct policy_kind *kind, const uint8_t *bytes, size_t len,
			 uint8_t digest[ASYMMETRIC_DIGEST_MAX])
{
	unsigned size = 0;

	if (EVP_Digest(bytes, len, digest, &size, hash_of(kind->sign_hash), NULL) != 1)
		return 0;
	return size;
}

bool asymmetric_thumbprint(const uint8_t *cert, size_t len, uint8_t thumbprint[20])
{
	return EVP_Digest(cert, len, thumbprint, NULL, EVP_sha1(), NULL) == 1;
}

size_t asymmetric_leaf(const uint8_t *chain, size_t len)
{
	const unsigned char *at = chain;
	long inner = 0;
	int tag = 0, class = 0, flags;

	if (!chain || !len || len > LONG_MAX)
		return 0;
	ERR_set_mark();
	flags = ASN1_get_object(&at, &inner, &tag, &class, (long)len);
	ERR_pop_to_mark();
	/* 0x80: it would not fit. Bit 0: of indefinite length, which DER does not have. */
	if (flags & 0x81 || tag != V_ASN1_SEQUENCE || class != V_ASN1_UNIVERSAL ||
	    !(flags & V_ASN1_CONSTRUCTED))
		return 0;
	return (size_t)(at - chain) + (size_t)inner;
}

/* Printable ASCII, which has no NUL in it that would end it for one reader and not for another. */
static bool copy_uri(const ASN1_IA5STRING *uri, char *buf, size_t size)
{
	const unsigned char *text = ASN1_STRING_get0_data(uri);
	const int len = ASN1_STRING_length(uri);

	if (len <= 0 || (size_t)len >= size)
		return false;
	for (int i = 0; i < len; i++)
		if (text[i] <= 0x20 || text[i] > 0x7e)
			return false;
	memcpy(buf, text, (size_t)len);
	buf[len] = '\0';
	return true;
}

bool asymmetric_uri(const uint8_t *cert, size_t len, char *buf, size_t size)
{
	GENERAL_NAMES *names = NULL;
	bool is_there = false;
	X509 *x509;

	ERR_set_mark();
	x509 = parse(cert, len);
	if (x509)
		names = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);
	for (int i = 0; names && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type != GEN_URI)
			continue;
		is_there = copy_uri(name->d.uniformResourceIdentifier, buf, size);
		break;
	}
	GENERAL_NAMES_free(names);
	X509_free(x509);
	ERR_pop_to_mark();
	return is_there;
}
