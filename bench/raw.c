#include "raw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tss2/tss2_esys.h>
#include <tss2/tss2_rc.h>
#include <tss2/tss2_tctildr.h>

/* Outside the range that keystored takes by default. */
#define HANDLE 0x81008000

struct raw {
	TSS2_TCTI_CONTEXT *tcti;
	ESYS_CONTEXT *esys;
	ESYS_TR keys[2];
};

static void must(TSS2_RC rc, const char *what)
{
	if (rc == TSS2_RC_SUCCESS)
		return;
	fprintf(stderr, "bench: %s: %s\n", what, Tss2_RC_Decode(rc));
	exit(2);
}

#define KEY_ATTRIBUTES                                                                             \
	(TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |        \
	 TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA)

static const TPM2B_PUBLIC parent_template = {
	.publicArea =
		{
			.type = TPM2_ALG_ECC,
			.nameAlg = TPM2_ALG_SHA256,
			.objectAttributes =
				KEY_ATTRIBUTES | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT,
			.parameters.eccDetail =
				{
					.symmetric = {.algorithm = TPM2_ALG_AES,
						      .keyBits.aes = 128,
						      .mode.aes = TPM2_ALG_CFB},
					.scheme.scheme = TPM2_ALG_NULL,
					.curveID = TPM2_ECC_NIST_P256,
					.kdf.scheme = TPM2_ALG_NULL,
				},
		},
};

static const TPM2B_PUBLIC templates[] = {
	[RAW_EC_P256] =
		{
			.publicArea =
				{
					.type = TPM2_ALG_ECC,
					.nameAlg = TPM2_ALG_SHA256,
					.objectAttributes =
						KEY_ATTRIBUTES | TPMA_OBJECT_SIGN_ENCRYPT,
					.parameters.eccDetail =
						{
							.symmetric.algorithm = TPM2_ALG_NULL,
							.scheme.scheme = TPM2_ALG_NULL,
							.curveID = TPM2_ECC_NIST_P256,
							.kdf.scheme = TPM2_ALG_NULL,
						},
				},
		},
	[RAW_RSA_2048] =
		{
			.publicArea =
				{
					.type = TPM2_ALG_RSA,
					.nameAlg = TPM2_ALG_SHA256,
					.objectAttributes = KEY_ATTRIBUTES |
							    TPMA_OBJECT_SIGN_ENCRYPT |
							    TPMA_OBJECT_DECRYPT,
					.parameters.rsaDetail =
						{
							.symmetric.algorithm = TPM2_ALG_NULL,
							.scheme.scheme = TPM2_ALG_NULL,
							.keyBits = 2048,
						},
				},
		},
};

static const TPMT_SIG_SCHEME schemes[] = {
	[RAW_EC_P256] = {.scheme = TPM2_ALG_ECDSA, .details.ecdsa.hashAlg = TPM2_ALG_SHA256},
	[RAW_RSA_2048] = {.scheme = TPM2_ALG_RSASSA, .details.rsassa.hashAlg = TPM2_ALG_SHA256},
};

static void make_key(struct raw *raw, ESYS_TR parent, enum raw_kind kind)
{
	TPM2B_SENSITIVE_CREATE sensitive = {.sensitive.userAuth.size = 32};
	const TPM2B_DATA no_data = {0};
	const TPML_PCR_SELECTION no_pcrs = {0};
	TPM2B_PRIVATE *private = NULL;
	TPM2B_PUBLIC *public = NULL;
	ESYS_TR loaded;

	memset(sensitive.sensitive.userAuth.buffer, 0x5a, 32);
	must(Esys_Create(raw->esys, parent, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
			 &sensitive, &templates[kind], &no_data, &no_pcrs, &private, &public, NULL,
			 NULL, NULL),
	     "TPM2_Create");
	must(Esys_Load(raw->esys, parent, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, private,
		       public, &loaded),
	     "TPM2_Load");
	must(Esys_EvictControl(raw->esys, ESYS_TR_RH_OWNER, loaded, ESYS_TR_PASSWORD, ESYS_TR_NONE,
			       ESYS_TR_NONE, HANDLE + (unsigned)kind, &raw->keys[kind]),
	     "TPM2_EvictControl");
	must(Esys_TR_SetAuth(raw->esys, raw->keys[kind], &sensitive.sensitive.userAuth),
	     "the key's password");
	must(Esys_FlushContext(raw->esys, loaded), "TPM2_FlushContext");
	Esys_Free(private);
	Esys_Free(public);
}

struct raw *raw_open(const char *tcti)
{
	struct raw *raw = calloc(1, sizeof(*raw));
	const TPM2B_SENSITIVE_CREATE no_sensitive = {0};
	const TPM2B_DATA no_data = {0};
	const TPML_PCR_SELECTION no_pcrs = {0};
	ESYS_TR parent;

	if (!raw)
		exit(2);
	must(Tss2_TctiLdr_Initialize(tcti, &raw->tcti), "the TCTI");
	must(Esys_Initialize(&raw->esys, raw->tcti, NULL), "ESYS");
	must(Esys_CreatePrimary(raw->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
				ESYS_TR_NONE, &no_sensitive, &parent_template, &no_data, &no_pcrs,
				&parent, NULL, NULL, NULL, NULL),
	     "TPM2_CreatePrimary");
	make_key(raw, parent, RAW_EC_P256);
	make_key(raw, parent, RAW_RSA_2048);
	must(Esys_FlushContext(raw->esys, parent), "TPM2_FlushContext");
	return raw;
}

void raw_close(struct raw *raw)
{
	Esys_Finalize(&raw->esys);
	Tss2_TctiLdr_Finalize(&raw->tcti);
	free(raw);
}

void raw_sign(struct raw *raw, enum raw_kind kind, const uint8_t digest[32])
{
	const TPMT_TK_HASHCHECK no_ticket = {.tag = TPM2_ST_HASHCHECK, .hierarchy = TPM2_RH_NULL};
	TPM2B_DIGEST input = {.size = 32};
	TPMT_SIGNATURE *signature = NULL;

	memcpy(input.buffer, digest, 32);
	must(Esys_Sign(raw->esys, raw->keys[kind], ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
		       &input, &schemes[kind], &no_ticket, &signature),
	     "TPM2_Sign");
	Esys_Free(signature);
}
