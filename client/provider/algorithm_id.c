#include "algorithm_id.h"

#include <openssl/asn1.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

/* RFC 4055 2.1: NULL parameters; RFC 5758 3.2: none. */
static X509_ALGOR *plain(int nid, int parameter_type)
{
	X509_ALGOR *algorithm = X509_ALGOR_new();

	if (algorithm && X509_ALGOR_set0(algorithm, OBJ_nid2obj(nid), parameter_type, NULL))
		return algorithm;
	X509_ALGOR_free(algorithm);
	return NULL;
}

static ASN1_STRING *packed(const X509_ALGOR *algorithm)
{
	return algorithm ? ASN1_item_pack((void *)(uintptr_t)algorithm, ASN1_ITEM_rptr(X509_ALGOR),
					  NULL)
			 : NULL;
}

/* id-mgf1 with the hash as its parameter. */
static X509_ALGOR *mgf1(const struct hash *hash)
{
	X509_ALGOR *of_hash = plain(hash->nid, V_ASN1_NULL);
	ASN1_STRING *parameter = packed(of_hash);
	X509_ALGOR *algorithm = parameter ? X509_ALGOR_new() : NULL;

	X509_ALGOR_free(of_hash);
	if (algorithm &&
	    X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_mgf1), V_ASN1_SEQUENCE, parameter))
		return algorithm;
	ASN1_STRING_free(parameter);
	X509_ALGOR_free(algorithm);
	return NULL;
}

static RSA_PSS_PARAMS *pss_params(const struct hash *hash)
{
	RSA_PSS_PARAMS *params = RSA_PSS_PARAMS_new();

	if (!params)
		return NULL;
	/* DER leaves out the default, SHA-1. */
	if (hash->nid != NID_sha1) {
		params->hashAlgorithm = plain(hash->nid, V_ASN1_NULL);
		params->maskGenAlgorithm = mgf1(hash);
		params->saltLength = ASN1_INTEGER_new();
		if (params->hashAlgorithm && params->maskGenAlgorithm && params->saltLength &&
		    ASN1_INTEGER_set(params->saltLength, (long)hash->size))
			return params;
		RSA_PSS_PARAMS_free(params);
		return NULL;
	}
	return params;
}

static X509_ALGOR *pss(const struct hash *hash)
{
	RSA_PSS_PARAMS *params = pss_params(hash);
	ASN1_STRING *parameter =
		params ? ASN1_item_pack(params, ASN1_ITEM_rptr(RSA_PSS_PARAMS), NULL) : NULL;
	X509_ALGOR *algorithm = parameter ? X509_ALGOR_new() : NULL;

	RSA_PSS_PARAMS_free(params);
	if (algorithm &&
	    X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_rsassaPss), V_ASN1_SEQUENCE, parameter))
		return algorithm;
	ASN1_STRING_free(parameter);
	X509_ALGOR_free(algorithm);
	return NULL;
}

unsigned char *algorithm_id(enum algorithm_kind kind, const struct hash *hash, size_t *ret_len)
{
	X509_ALGOR *algorithm = NULL;
	unsigned char *der = NULL;
	int len = -1;

	switch (kind) {
	case ALGORITHM_PKCS1:
		algorithm = plain(hash->nid_with_rsa, V_ASN1_NULL);
		break;
	case ALGORITHM_PSS:
		algorithm = pss(hash);
		break;
	case ALGORITHM_ECDSA:
		algorithm = plain(hash->nid_with_ec, V_ASN1_UNDEF);
		break;
	}
	if (algorithm)
		len = i2d_X509_ALGOR(algorithm, &der);
	X509_ALGOR_free(algorithm);
	if (len <= 0)
		return NULL;
	*ret_len = (size_t)len;
	return der;
}
