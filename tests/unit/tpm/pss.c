#include <criterion/criterion.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "pss.h"
#include "public.h"

/* OpenSSL does the private-key operation that a TPM would, and then verifies. */
static void verifies(enum tpm_hash hash)
{
	EVP_PKEY *pkey = EVP_RSA_gen(2048);
	EVP_PKEY_CTX *raw = EVP_PKEY_CTX_new(pkey, NULL), *verifier;
	uint8_t digest[64], encoded[256], signature[256];
	size_t len = sizeof(signature);

	memset(digest, 0x5a, sizeof(digest));
	cr_assert(pss_encode(hash, digest, 2048, encoded));
	EVP_PKEY_decrypt_init(raw);
	EVP_PKEY_CTX_set_rsa_padding(raw, RSA_NO_PADDING);
	cr_assert_eq(EVP_PKEY_decrypt(raw, signature, &len, encoded, sizeof(encoded)), 1);

	verifier = public_verifier_new(pkey, hash, TPM_PADDING_PSS, RSA_PSS_SALTLEN_DIGEST);
	cr_assert_eq(EVP_PKEY_verify(verifier, signature, len, digest, tpm_hash_size(hash)), 1);
	EVP_PKEY_CTX_free(verifier);
	EVP_PKEY_CTX_free(raw);
	EVP_PKEY_free(pkey);
}

Test(pss, is_what_openssl_verifies_for_each_hash)
{
	for (enum tpm_hash hash = TPM_SHA1; hash < TPM_HASH_COUNT; hash++)
		verifies(hash);
}

Test(pss, takes_a_new_salt_each_time)
{
	uint8_t digest[32] = {0}, one[256], two[256];

	cr_assert(pss_encode(TPM_SHA256, digest, 2048, one));
	cr_assert(pss_encode(TPM_SHA256, digest, 2048, two));
	cr_assert_neq(memcmp(one, two, sizeof(one)), 0);
}

Test(pss, refuses_a_modulus_too_short_for_the_hash)
{
	uint8_t digest[64] = {0}, encoded[256];

	cr_assert_not(pss_encode(TPM_SHA512, digest, 1024, encoded));
	cr_assert_not(pss_encode(TPM_SHA256, digest, 2047, encoded));
}
