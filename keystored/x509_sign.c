#include "x509_sign.h"

#include <stdbool.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#define KEY_ID_LEN 20

static const struct {
	const char *md;
	int md_nid;
	int rsa_nid;
	int ecdsa_nid;
	long size; /* bytes, and of the PSS salt */
} hashes[TPM_HASH_COUNT] = {
	[TPM_SHA1] = {"SHA1", NID_sha1, NID_sha1WithRSAEncryption, NID_ecdsa_with_SHA1, 20},
	[TPM_SHA256] = {"SHA256", NID_sha256, NID_sha256WithRSAEncryption, NID_ecdsa_with_SHA256,
			32},
	[TPM_SHA384] = {"SHA384", NID_sha384, NID_sha384WithRSAEncryption, NID_ecdsa_with_SHA384,
			48},
	[TPM_SHA512] = {"SHA512", NID_sha512, NID_sha512WithRSAEncryption, NID_ecdsa_with_SHA512,
			64},
};

/*
 * { mgf1, { hash, NULL } } as the type of mgf1's parameter. The NULL is RFC 4055's form, and
 * the only one that some CAs take.
 */
static X509_ALGOR *mgf1_new(int md_nid)
{
	X509_ALGOR *hash = X509_ALGOR_new();
	X509_ALGOR *mgf1 = X509_ALGOR_new();
	ASN1_STRING *parameter = NULL;

	if (!hash || !mgf1 || !X509_ALGOR_set0(hash, OBJ_nid2obj(md_nid), V_ASN1_NULL, NULL))
		goto fail;
	parameter = ASN1_item_pack(hash, ASN1_ITEM_rptr(X509_ALGOR), NULL);
	if (!parameter || !X509_ALGOR_set0(mgf1, OBJ_nid2obj(NID_mgf1), V_ASN1_SEQUENCE, parameter))
		goto fail;
	X509_ALGOR_free(hash);
	return mgf1;
fail:
	ASN1_STRING_free(parameter);
	X509_ALGOR_free(mgf1);
	X509_ALGOR_free(hash);
	return NULL;
}

/* RFC 4055 3.1. With SHA-1 everything has its default, which DER leaves out. */
static ASN1_STRING *pss_parameters(enum tpm_hash hash)
{
	RSA_PSS_PARAMS *params = RSA_PSS_PARAMS_new();
	ASN1_STRING *packed = NULL;

	if (!params)
		return NULL;
	if (hash != TPM_SHA1) {
		params->hashAlgorithm = X509_ALGOR_new();
		params->maskGenAlgorithm = mgf1_new(hashes[hash].md_nid);
		params->saltLength = ASN1_INTEGER_new();
		if (!params->hashAlgorithm || !params->maskGenAlgorithm || !params->saltLength ||
		    !X509_ALGOR_set0(params->hashAlgorithm, OBJ_nid2obj(hashes[hash].md_nid),
				     V_ASN1_NULL, NULL) ||
		    !ASN1_INTEGER_set(params->saltLength, hashes[hash].size))
			goto out;
	}
	packed = ASN1_item_pack(params, ASN1_ITEM_rptr(RSA_PSS_PARAMS), NULL);
out:
	RSA_PSS_PARAMS_free(params);
	return packed;
}

X509_ALGOR *x509_sign_algorithm(const EVP_PKEY *key, enum tpm_hash hash, enum tpm_padding padding)
{
	X509_ALGOR *algorithm = X509_ALGOR_new();
	ASN1_STRING *parameters = NULL;
	bool done;

	if (!algorithm)
		return NULL;
	if (EVP_PKEY_is_a(key, "EC")) {
		done = X509_ALGOR_set0(algorithm, OBJ_nid2obj(hashes[hash].ecdsa_nid), V_ASN1_UNDEF,
				       NULL);
	} else if (padding == TPM_PADDING_PSS) {
		parameters = pss_parameters(hash);
		done = parameters && X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_rsassaPss),
						     V_ASN1_SEQUENCE, parameters);
		if (!done)
			ASN1_STRING_free(parameters);
	} else {
		done = X509_ALGOR_set0(algorithm, OBJ_nid2obj(hashes[hash].rsa_nid), V_ASN1_NULL,
				       NULL);
	}
	if (done)
		return algorithm;
	X509_ALGOR_free(algorithm);
	return NULL;
}

bool x509_sign_digest(const uint8_t *tbs, size_t len, enum tpm_hash hash,
		      struct x509_digest *ret_digest)
{
	EVP_MD *md = EVP_MD_fetch(NULL, hashes[hash].md, NULL);
	struct x509_digest digest;
	unsigned digest_len;
	bool done = md && EVP_Digest(tbs, len, digest.bytes, &digest_len, md, NULL);

	EVP_MD_free(md);
	if (!done)
		return false;
	digest.len = digest_len;
	*ret_digest = digest;
	return true;
}

bool x509_sign_fill(ASN1_BIT_STRING *bits, const uint8_t *sig, size_t len)
{
	if (len > X509_SIGNATURE_ROOM ||
	    !ASN1_BIT_STRING_set(bits, (unsigned char *)(uintptr_t)sig, (int)len))
		return false;
	/* Or zero bits at the end would be left out, as in a list of named bits. */
	bits->flags = (bits->flags & ~0x07L) | ASN1_STRING_FLAG_BITS_LEFT;
	return true;
}

ASN1_OCTET_STRING *x509_sign_key_id(const X509 *x509)
{
	const ASN1_BIT_STRING *key = X509_get0_pubkey_bitstr(x509);
	ASN1_OCTET_STRING *id = ASN1_OCTET_STRING_new();
	struct x509_digest digest;

	if (id &&
	    x509_sign_digest(ASN1_STRING_get0_data(key), (size_t)ASN1_STRING_length(key),
			     TPM_SHA256, &digest) &&
	    ASN1_OCTET_STRING_set(id, digest.bytes, KEY_ID_LEN))
		return id;
	ASN1_OCTET_STRING_free(id);
	return NULL;
}

ASN1_OCTET_STRING *x509_sign_issuer_id(X509 *issuer)
{
	const ASN1_OCTET_STRING *known = X509_get0_subject_key_id(issuer);

	return known ? ASN1_OCTET_STRING_dup(known) : x509_sign_key_id(issuer);
}
