/* A software key in the TPM's place. */
#ifndef SOFT_SIGN_H
#define SOFT_SIGN_H

#include <criterion/criterion.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "key.h"

/* What the TPM does with a digest. */
static inline size_t soft_sign(EVP_PKEY *key, enum tpm_hash hash, enum tpm_padding padding,
			       const uint8_t *digest, size_t digest_len, uint8_t *sig, size_t size)
{
	static const char *const md_names[TPM_HASH_COUNT] = {
		[TPM_SHA1] = "SHA1",
		[TPM_SHA256] = "SHA256",
		[TPM_SHA384] = "SHA384",
		[TPM_SHA512] = "SHA512",
	};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	EVP_MD *md = EVP_MD_fetch(NULL, md_names[hash], NULL);
	size_t len = size;

	cr_assert_eq(EVP_PKEY_sign_init(ctx), 1);
	cr_assert_eq(EVP_PKEY_CTX_set_signature_md(ctx, md), 1);
	if (padding == TPM_PADDING_PSS) {
		cr_assert_gt(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING), 0);
		cr_assert_gt(EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST), 0);
	}
	cr_assert_eq(EVP_PKEY_sign(ctx, sig, &len, digest, digest_len), 1);
	EVP_MD_free(md);
	EVP_PKEY_CTX_free(ctx);
	return len;
}

#endif
