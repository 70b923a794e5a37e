#include "x509_csr.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "profile.h"
#include "x509_name.h"
#include "x509_sign.h"

struct csr {
	X509_REQ *req;
	EVP_PKEY *public_key;
	X509_ALGOR *algorithm;
	struct x509_digest digest;
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

typedef STACK_OF(X509_EXTENSION) extension_stack;

static enum csr_status add_names(extension_stack **extensions, const struct csr_name *names,
				 size_t n, bool critical, char *ret_error)
{
	GENERAL_NAMES *list = NULL;
	enum csr_status status = from_san[x509_san_build(names, n, ret_error, &list)];

	if (status == CSR_OK &&
	    X509V3_add1_i2d(extensions, NID_subject_alt_name, list, critical, 0) != 1)
		status = CSR_NOMEM;
	GENERAL_NAMES_free(list);
	return status;
}

/* Many a CA goes by what is asked for, and would make somebody without CAs of one that asks. */
static enum csr_status add_ca(extension_stack **extensions, uint32_t usage)
{
	BASIC_CONSTRAINTS *constraints = BASIC_CONSTRAINTS_new();
	ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();
	bool is_done = constraints && bits;

	if (constraints)
		constraints->ca = 0xff;
	for (int i = 0; is_done && i < KEY_USAGE_BITS; i++) {
		if (usage & (1u << i))
			is_done = ASN1_BIT_STRING_set_bit(bits, i, 1);
	}
	is_done = is_done &&
		  X509V3_add1_i2d(extensions, NID_basic_constraints, constraints, 1, 0) == 1 &&
		  X509V3_add1_i2d(extensions, NID_key_usage, bits, 1, 0) == 1;
	BASIC_CONSTRAINTS_free(constraints);
	ASN1_BIT_STRING_free(bits);
	return is_done ? CSR_OK : CSR_NOMEM;
}

static enum csr_status add_extensions(struct csr *csr, const struct csr_name *names, size_t n,
				      bool is_nameless, const struct profile *profile,
				      char *ret_error)
{
	bool is_rsa = EVP_PKEY_is_a(csr->public_key, "RSA");
	extension_stack *extensions = NULL;
	enum csr_status status = CSR_OK;

	if (profile && profile->is_ca)
		status = add_ca(&extensions, profile_key_usage(profile, is_rsa, false));
	if (status == CSR_OK && n > 0)
		status = add_names(&extensions, names, n, is_nameless, ret_error);
	if (status == CSR_OK && extensions && !X509_REQ_add_extensions(csr->req, extensions))
		status = CSR_NOMEM;
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	return status;
}

static enum csr_status digest_make(struct csr *csr, enum tpm_hash hash, char *ret_error)
{
	enum csr_status status = CSR_NOMEM;
	unsigned char *tbs = NULL;
	int len = i2d_re_X509_REQ_tbs(csr->req, &tbs);

	if (len <= 0)
		goto out;
	if (len > CSR_DER_MAX - X509_SIGNATURE_ROOM) {
		snprintf(ret_error, X509_ERROR_MAX,
			 "the request would have %d bytes, at most %d are made: give fewer or "
			 "shorter names",
			 len + X509_SIGNATURE_ROOM, CSR_DER_MAX);
		status = CSR_TOO_LARGE;
		goto out;
	}
	if (x509_sign_digest(tbs, (size_t)len, hash, &csr->digest))
		status = CSR_OK;
out:
	OPENSSL_free(tbs);
	return status;
}

enum csr_status csr_new(const char *subject, const struct csr_name *names, size_t n,
			const struct profile *profile, EVP_PKEY *public_key, enum tpm_hash hash,
			enum tpm_padding padding, char ret_error[X509_ERROR_MAX],
			struct csr **ret_csr)
{
	enum csr_status status = CSR_NOMEM;
	struct csr *csr = calloc(1, sizeof(*csr));
	bool is_nameless;

	if (!csr)
		return CSR_NOMEM;
	csr->req = X509_REQ_new();
	csr->algorithm = x509_sign_algorithm(public_key, hash, padding);
	if (!csr->req || !csr->algorithm || !EVP_PKEY_up_ref(public_key))
		goto out;
	csr->public_key = public_key;

	/* X.509 counts versions from 0. */
	if (!X509_REQ_set_version(csr->req, 0) || !X509_REQ_set_pubkey(csr->req, public_key))
		goto out;
	status = add_subject(csr, subject, n > 0, ret_error, &is_nameless);
	if (status != CSR_OK)
		goto out;
	status = add_extensions(csr, names, n, is_nameless, profile, ret_error);
	if (status != CSR_OK)
		goto out;
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
	*ret_digest = csr->digest.bytes;
	*ret_len = csr->digest.len;
}

enum csr_status csr_finish(struct csr *csr, const uint8_t *sig, size_t sig_len, uint8_t **ret_der,
			   size_t *ret_len)
{
	enum csr_status status = CSR_NOMEM;
	ASN1_BIT_STRING *bits = NULL;
	uint8_t *copy = NULL;
	uint8_t *end;
	int len;

	if (sig_len > X509_SIGNATURE_ROOM)
		return CSR_UNVERIFIED;
	bits = ASN1_BIT_STRING_new();
	if (!bits || !x509_sign_fill(bits, sig, sig_len))
		goto out;
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
