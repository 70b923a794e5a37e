#include "x509_csr.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "x509_name.h"

/* What a signature of the largest key and its algorithm may add. */
#define SIGNATURE_ROOM 1024

struct csr {
	X509_REQ *req;
	EVP_PKEY *public_key;
	X509_ALGOR *algorithm;
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned digest_len;
};

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

static const enum csr_status from_name[] = {
	[NAME_OK] = CSR_OK,
	[NAME_INVALID] = CSR_SUBJECT,
	[NAME_NOMEM] = CSR_NOMEM,
};

static const enum csr_status from_san[] = {
	[SAN_OK] = CSR_OK,
	[SAN_INVALID] = CSR_NAME,
	[SAN_NOMEM] = CSR_NOMEM,
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

static X509_ALGOR *algorithm_new(const EVP_PKEY *key, enum tpm_hash hash, enum tpm_padding padding)
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

static enum csr_status add_subject(struct csr *csr, const char *subject, bool has_names,
				   char *ret_error, bool *ret_is_empty)
{
	X509_NAME *name = NULL;
	enum csr_status status = from_name[x509_name_parse(subject, ret_error, &name)];

	if (status != CSR_OK)
		return status;
	*ret_is_empty = X509_NAME_entry_count(name) == 0;
	if (*ret_is_empty && !has_names) {
		snprintf(ret_error, X509_ERROR_MAX,
			 "subject: it is empty and there is no subject alternative name: write "
			 "CN=plc-1,O=Plant, or give names");
		status = CSR_SUBJECT;
	} else if (!X509_REQ_set_subject_name(csr->req, name)) {
		status = CSR_NOMEM;
	}
	X509_NAME_free(name);
	return status;
}

static enum csr_status add_names(struct csr *csr, const struct csr_name *names, size_t n,
				 bool critical, char *ret_error)
{
	STACK_OF(X509_EXTENSION) *extensions = NULL;
	GENERAL_NAMES *list = NULL;
	enum csr_status status = from_san[x509_san_build(names, n, ret_error, &list)];

	if (status != CSR_OK)
		return status;
	status = CSR_NOMEM;
	if (X509V3_add1_i2d(&extensions, NID_subject_alt_name, list, critical, 0) == 1 &&
	    X509_REQ_add_extensions(csr->req, extensions))
		status = CSR_OK;
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	GENERAL_NAMES_free(list);
	return status;
}

static enum csr_status digest_make(struct csr *csr, enum tpm_hash hash, char *ret_error)
{
	EVP_MD *md = EVP_MD_fetch(NULL, hashes[hash].md, NULL);
	enum csr_status status = CSR_NOMEM;
	unsigned char *tbs = NULL;
	int len = i2d_re_X509_REQ_tbs(csr->req, &tbs);

	if (!md || len <= 0)
		goto out;
	if (len > CSR_DER_MAX - SIGNATURE_ROOM) {
		snprintf(ret_error, X509_ERROR_MAX,
			 "the request would have %d bytes, at most %d are made: give fewer or "
			 "shorter names",
			 len + SIGNATURE_ROOM, CSR_DER_MAX);
		status = CSR_TOO_LARGE;
		goto out;
	}
	if (EVP_Digest(tbs, (size_t)len, csr->digest, &csr->digest_len, md, NULL))
		status = CSR_OK;
out:
	OPENSSL_free(tbs);
	EVP_MD_free(md);
	return status;
}

enum csr_status csr_new(const char *subject, const struct csr_name *names, size_t n,
			EVP_PKEY *public_key, enum tpm_hash hash, enum tpm_padding padding,
			char ret_error[X509_ERROR_MAX], struct csr **ret_csr)
{
	enum csr_status status = CSR_NOMEM;
	struct csr *csr = calloc(1, sizeof(*csr));
	bool is_nameless;

	if (!csr)
		return CSR_NOMEM;
	csr->req = X509_REQ_new();
	csr->algorithm = algorithm_new(public_key, hash, padding);
	if (!csr->req || !csr->algorithm || !EVP_PKEY_up_ref(public_key))
		goto out;
	csr->public_key = public_key;

	/* X.509 counts versions from 0. */
	if (!X509_REQ_set_version(csr->req, 0) || !X509_REQ_set_pubkey(csr->req, public_key))
		goto out;
	status = add_subject(csr, subject, n > 0, ret_error, &is_nameless);
	if (status != CSR_OK)
		goto out;
	if (n > 0) {
		status = add_names(csr, names, n, is_nameless, ret_error);
		if (status != CSR_OK)
			goto out;
	}
	status = digest_make(csr, hash, ret_error);
	if (status != CSR_OK)
		goto out;

	*ret_csr = csr;
	csr = NULL;
out:
	csr_free(csr);
	return status;
}

void csr_digest(const struct csr *csr, const uint8_t **ret_digest, size_t *ret_len)
{
	*ret_digest = csr->digest;
	*ret_len = csr->digest_len;
}

enum csr_status csr_finish(struct csr *csr, const uint8_t *sig, size_t sig_len, uint8_t **ret_der,
			   size_t *ret_len)
{
	enum csr_status status = CSR_NOMEM;
	ASN1_BIT_STRING *bits = NULL;
	uint8_t *copy = NULL;
	uint8_t *end;
	int len;

	if (sig_len > SIGNATURE_ROOM)
		return CSR_UNVERIFIED;
	bits = ASN1_BIT_STRING_new();
	if (!bits || !ASN1_BIT_STRING_set(bits, (unsigned char *)(uintptr_t)sig, (int)sig_len))
		goto out;
	/* Or zero bits at the end would be left out, as in a list of named bits. */
	bits->flags = (bits->flags & ~0x07L) | ASN1_STRING_FLAG_BITS_LEFT;
	if (!X509_REQ_set1_signature_algo(csr->req, csr->algorithm))
		goto out;
	X509_REQ_set0_signature(csr->req, bits);
	bits = NULL;

	status = CSR_UNVERIFIED;
	if (X509_REQ_verify(csr->req, csr->public_key) != 1)
		goto out;

	status = CSR_TOO_LARGE;
	len = i2d_X509_REQ(csr->req, NULL);
	if (len <= 0 || len > CSR_DER_MAX)
		goto out;
	status = CSR_NOMEM;
	copy = malloc((size_t)len);
	if (!copy)
		goto out;
	end = copy;
	i2d_X509_REQ(csr->req, &end);

	*ret_der = copy;
	*ret_len = (size_t)len;
	status = CSR_OK;
out:
	ASN1_BIT_STRING_free(bits);
	return status;
}

void csr_free(struct csr *csr)
{
	if (!csr)
		return;
	X509_REQ_free(csr->req);
	X509_ALGOR_free(csr->algorithm);
	EVP_PKEY_free(csr->public_key);
	free(csr);
}
