#include "template.h"

#include "public.h"

#define PRIMARY_ATTRIBUTES                                                                         \
	(TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT | TPMA_OBJECT_FIXEDTPM |                     \
	 TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH |    \
	 TPMA_OBJECT_NODA)

TPM2B_PUBLIC template_primary(void)
{
	return (TPM2B_PUBLIC){
		.publicArea = {
			.type = TPM2_ALG_ECC,
			.nameAlg = TPM2_ALG_SHA256,
			.objectAttributes = PRIMARY_ATTRIBUTES,
			.parameters.eccDetail = {.symmetric = {.algorithm = TPM2_ALG_AES,
							       .keyBits.aes = 128,
							       .mode.aes = TPM2_ALG_CFB},
						 .scheme.scheme = TPM2_ALG_NULL,
						 .curveID = TPM2_ECC_NIST_P256,
						 .kdf.scheme = TPM2_ALG_NULL},
		}};
}

bool template_is_primary(const TPMT_PUBLIC *public)
{
	return public->type == TPM2_ALG_ECC && public->nameAlg == TPM2_ALG_SHA256 &&
	       public->objectAttributes == PRIMARY_ATTRIBUTES &&
	       public->parameters.eccDetail.curveID == TPM2_ECC_NIST_P256;
}

TPM2B_PUBLIC template_key(enum tpm_algorithm algorithm, unsigned usage)
{
	TPM2B_PUBLIC template = {
		.publicArea = {.nameAlg = TPM2_ALG_SHA256,
			       .objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
						   TPMA_OBJECT_SENSITIVEDATAORIGIN |
						   TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA}};
	TPMT_PUBLIC *area = &template.publicArea;

	if (usage & TPM_USE_SIGN)
		area->objectAttributes |= TPMA_OBJECT_SIGN_ENCRYPT;
	if (usage & TPM_USE_DECRYPT)
		area->objectAttributes |= TPMA_OBJECT_DECRYPT;
	if (public_is_rsa(algorithm)) {
		area->type = TPM2_ALG_RSA;
		area->parameters.rsaDetail.symmetric.algorithm = TPM2_ALG_NULL;
		area->parameters.rsaDetail.scheme.scheme = TPM2_ALG_NULL;
		area->parameters.rsaDetail.keyBits = public_rsa_bits(algorithm);
	} else {
		area->type = TPM2_ALG_ECC;
		area->parameters.eccDetail.symmetric.algorithm = TPM2_ALG_NULL;
		area->parameters.eccDetail.scheme.scheme = TPM2_ALG_NULL;
		area->parameters.eccDetail.curveID = public_curve(algorithm);
		area->parameters.eccDetail.kdf.scheme = TPM2_ALG_NULL;
	}
	return template;
}
