/* Public areas with real keys in them, made by OpenSSL: what a TPM would return. */
#ifndef UNIT_TPM_SUPPORT_H
#define UNIT_TPM_SUPPORT_H

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <tss2/tss2_tpm2_types.h>

#define SUPPORT_ATTRIBUTES                                                                         \
	(TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |        \
	 TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA | TPMA_OBJECT_SIGN_ENCRYPT)

static inline UINT16 support_bignum(EVP_PKEY *pkey, const char *name, uint8_t *ret_bytes)
{
	BIGNUM *number = NULL;
	int len = 0;

	if (EVP_PKEY_get_bn_param(pkey, name, &number))
		len = BN_bn2bin(number, ret_bytes);
	BN_free(number);
	return (UINT16)len;
}

static inline TPM2B_PUBLIC support_ec_public(EVP_PKEY *pkey)
{
	TPM2B_PUBLIC public = {
		.publicArea = {.type = TPM2_ALG_ECC,
			       .nameAlg = TPM2_ALG_SHA256,
			       .objectAttributes = SUPPORT_ATTRIBUTES,
			       .parameters.eccDetail = {.symmetric.algorithm = TPM2_ALG_NULL,
							.scheme.scheme = TPM2_ALG_NULL,
							.curveID = TPM2_ECC_NIST_P256,
							.kdf.scheme = TPM2_ALG_NULL}}};
	TPMS_ECC_POINT *point = &public.publicArea.unique.ecc;

	point->x.size = support_bignum(pkey, OSSL_PKEY_PARAM_EC_PUB_X, point->x.buffer);
	point->y.size = support_bignum(pkey, OSSL_PKEY_PARAM_EC_PUB_Y, point->y.buffer);
	return public;
}

static inline TPM2B_PUBLIC support_rsa_public(EVP_PKEY *pkey)
{
	TPM2B_PUBLIC public = {
		.publicArea = {.type = TPM2_ALG_RSA,
			       .nameAlg = TPM2_ALG_SHA256,
			       .objectAttributes = SUPPORT_ATTRIBUTES,
			       .parameters.rsaDetail = {.symmetric.algorithm = TPM2_ALG_NULL,
							.scheme.scheme = TPM2_ALG_NULL,
							.keyBits = 2048}}};
	TPM2B_PUBLIC_KEY_RSA *modulus = &public.publicArea.unique.rsa;

	modulus->size = support_bignum(pkey, OSSL_PKEY_PARAM_RSA_N, modulus->buffer);
	return public;
}

static inline TPM2B_PRIVATE support_private(void)
{
	TPM2B_PRIVATE private = {.size = 126};

	memset(private.buffer, 0xa5, private.size);
	return private;
}

#endif
