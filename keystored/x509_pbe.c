#include "x509_pbe.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

/* Of OpenSSL 3.4: PKCS#12 files with a MAC by PBKDF2 (RFC 9579). */
#define PBMAC1_OID "1.2.840.113549.1.5.14"

static int nid_of(const X509_ALGOR *algorithm)
{
	const ASN1_OBJECT *object;

	X509_ALGOR_get0(&object, NULL, NULL, algorithm);
	return OBJ_obj2nid(object);
}

static enum pbe_status spend(const ASN1_INTEGER *count, unsigned *rounds)
{
	uint64_t wanted;

	if (!ASN1_INTEGER_get_uint64(&wanted, count))
		return PBE_TOO_COSTLY;
	if (wanted > *rounds)
		return PBE_TOO_COSTLY;
	*rounds -= (unsigned)wanted;
	return PBE_OK;
}

static void *parameter(const X509_ALGOR *algorithm, const ASN1_ITEM *item)
{
	const void *value;
	int type;

	X509_ALGOR_get0(NULL, &type, &value, algorithm);
	return type == V_ASN1_SEQUENCE ? ASN1_item_unpack(value, item) : NULL;
}

static bool cipher_is_there(int nid)
{
	const char *name = nid == NID_undef ? NULL : OBJ_nid2sn(nid);
	EVP_CIPHER *cipher = name ? EVP_CIPHER_fetch(NULL, name, NULL) : NULL;

	EVP_CIPHER_free(cipher);
	return cipher != NULL;
}

static enum pbe_status pbkdf2_spend(const X509_ALGOR *function, unsigned *rounds)
{
	PBKDF2PARAM *asked = parameter(function, ASN1_ITEM_rptr(PBKDF2PARAM));
	enum pbe_status status = asked ? spend(asked->iter, rounds) : PBE_MALFORMED;

	PBKDF2PARAM_free(asked);
	return status;
}

/* N · r · p blocks of 128 bytes are mixed: as long as so many rounds, more or less. */
static enum pbe_status scrypt_spend(const X509_ALGOR *function, unsigned *rounds)
{
	SCRYPT_PARAMS *asked = parameter(function, ASN1_ITEM_rptr(SCRYPT_PARAMS));
	enum pbe_status status = PBE_MALFORMED;
	uint64_t n, r, p;

	if (!asked)
		return PBE_MALFORMED;
	if (ASN1_INTEGER_get_uint64(&n, asked->costParameter) &&
	    ASN1_INTEGER_get_uint64(&r, asked->blockSize) &&
	    ASN1_INTEGER_get_uint64(&p, asked->parallelizationParameter)) {
		status = PBE_TOO_COSTLY;
		if (n <= *rounds && r <= *rounds && p <= *rounds && n * r <= *rounds &&
		    n * r * p <= *rounds) {
			*rounds -= (unsigned)(n * r * p);
			status = PBE_OK;
		}
	}
	SCRYPT_PARAMS_free(asked);
	return status;
}

static enum pbe_status function_spend(const X509_ALGOR *function, unsigned *rounds)
{
	int nid = nid_of(function);

	if (nid == NID_id_pbkdf2)
		return pbkdf2_spend(function, rounds);
	if (nid == NID_id_scrypt)
		return scrypt_spend(function, rounds);
	return PBE_UNSUPPORTED;
}

static enum pbe_status pbes2_can_open(const X509_ALGOR *algorithm, unsigned *rounds)
{
	PBE2PARAM *asked = parameter(algorithm, ASN1_ITEM_rptr(PBE2PARAM));
	enum pbe_status status = PBE_MALFORMED;

	if (!asked)
		return PBE_MALFORMED;
	status = function_spend(asked->keyfunc, rounds);
	if (status == PBE_OK && !cipher_is_there(nid_of(asked->encryption)))
		status = PBE_UNSUPPORTED;
	PBE2PARAM_free(asked);
	return status;
}

enum pbe_status pbe_can_open(const X509_ALGOR *algorithm, unsigned *rounds)
{
	int nid = nid_of(algorithm);
	enum pbe_status status;
	PBEPARAM *asked;
	int cipher;

	if (nid == NID_pbes2)
		return pbes2_can_open(algorithm, rounds);
	if (nid == NID_undef || !EVP_PBE_find(EVP_PBE_TYPE_OUTER, nid, &cipher, NULL, NULL) ||
	    !cipher_is_there(cipher))
		return PBE_UNSUPPORTED;
	asked = parameter(algorithm, ASN1_ITEM_rptr(PBEPARAM));
	status = asked ? spend(asked->iter, rounds) : PBE_MALFORMED;
	PBEPARAM_free(asked);
	return status;
}

enum pbe_status pbe_can_verify(const X509_ALGOR *mac, const ASN1_INTEGER *iterations,
			       unsigned *rounds)
{
	const ASN1_OBJECT *object;
	char oid[64] = "";
	PBE2PARAM *asked;
	enum pbe_status status;

	X509_ALGOR_get0(&object, NULL, NULL, mac);
	OBJ_obj2txt(oid, sizeof(oid), object, 1);
	if (strcmp(oid, PBMAC1_OID) != 0)
		return iterations ? spend(iterations, rounds) : PBE_OK;
	/* The same two algorithm identifiers as in PBES2. */
	asked = parameter(mac, ASN1_ITEM_rptr(PBE2PARAM));
	status = asked ? function_spend(asked->keyfunc, rounds) : PBE_MALFORMED;
	PBE2PARAM_free(asked);
	return status;
}
