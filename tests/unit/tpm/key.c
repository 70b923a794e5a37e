#include <criterion/criterion.h>

#include <stdlib.h>

#include <openssl/x509.h>

#include "key_internal.h"
#include "support.h"
#include "tss2file.h"

static struct tpm_key *ec_key(void)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	TPM2B_PUBLIC public = support_ec_public(pkey);
	TPM2B_PRIVATE private = support_private();
	struct tpm_key *key = key_from_areas(7, &public, &private, (const uint8_t *)"auth", 4);

	EVP_PKEY_free(pkey);
	cr_assert_not_null(key);
	return key;
}

Test(key, comes_back_from_what_was_stored)
{
	struct tpm_key *key = ec_key(), *again;
	const uint8_t *der, *auth;
	size_t der_len, auth_len;

	der = tpm_key_der(key, &der_len);
	auth = tpm_key_auth(key, &auth_len);
	again = tpm_key_new(8, der, der_len, auth, auth_len, 0x81004b00);

	cr_assert_not_null(again);
	cr_assert_eq(tpm_key_id(again), 8);
	cr_assert_eq(tpm_key_algorithm(again), TPM_EC_P256);
	cr_assert_eq(tpm_key_handle(again), 0x81004b00);
	cr_assert_eq(tpm_key_usage(again), TPM_USE_SIGN);
	cr_assert(tpm_key_is_from_tpm(again));
	cr_assert_eq(EVP_PKEY_eq(tpm_key_public(key), tpm_key_public(again)), 1);
	cr_assert_eq(tpm_key_name(key)->len, 34);
	cr_assert_arr_eq(tpm_key_name(key)->bytes, tpm_key_name(again)->bytes, 34);
	tpm_key_unref(again);
	tpm_key_unref(key);
}

Test(key, says_its_public_key_as_openssl_does)
{
	EVP_PKEY *pkey = EVP_RSA_gen(2048), *parsed;
	TPM2B_PUBLIC public = support_rsa_public(pkey);
	TPM2B_PRIVATE private = support_private();
	struct tpm_key *key = key_from_areas(1, &public, &private, NULL, 0);
	const uint8_t *spki;
	size_t len;

	cr_assert_not_null(key);
	spki = tpm_key_spki(key, &len);
	parsed = d2i_PUBKEY(NULL, &spki, (long)len);

	cr_assert_eq(EVP_PKEY_eq(parsed, pkey), 1);
	cr_assert(tpm_key_is_rsa(key));
	EVP_PKEY_free(parsed);
	EVP_PKEY_free(pkey);
	tpm_key_unref(key);
}

Test(key, refuses_a_point_that_is_not_on_the_curve)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	TPM2B_PUBLIC public = support_ec_public(pkey);
	TPM2B_PRIVATE private = support_private();

	public.publicArea.unique.ecc.y.buffer[5] ^= 1;

	cr_assert_null(key_from_areas(1, &public, &private, NULL, 0));
	EVP_PKEY_free(pkey);
}

Test(key, refuses_a_modulus_of_another_length_than_it_says)
{
	EVP_PKEY *pkey = EVP_RSA_gen(2048);
	TPM2B_PUBLIC public = support_rsa_public(pkey);
	TPM2B_PRIVATE private = support_private();

	public.publicArea.unique.rsa.size = 128;

	cr_assert_null(key_from_areas(1, &public, &private, NULL, 0));
	EVP_PKEY_free(pkey);
}

Test(key, says_a_restricted_key_is_of_no_use)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	TPM2B_PUBLIC public = support_ec_public(pkey);
	TPM2B_PRIVATE private = support_private();
	struct tpm_key *key;

	public.publicArea.objectAttributes |= TPMA_OBJECT_RESTRICTED;
	key = key_from_areas(1, &public, &private, NULL, 0);

	cr_assert_eq(tpm_key_usage(key), 0);
	tpm_key_unref(key);
	EVP_PKEY_free(pkey);
}

Test(key, says_a_key_that_may_move_is_not_from_the_tpm)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	TPM2B_PUBLIC public = support_ec_public(pkey);
	TPM2B_PRIVATE private = support_private();
	struct tpm_key *key;

	public.publicArea.objectAttributes &= ~TPMA_OBJECT_SENSITIVEDATAORIGIN;
	key = key_from_areas(1, &public, &private, NULL, 0);

	cr_assert_not(tpm_key_is_from_tpm(key));
	tpm_key_unref(key);
	EVP_PKEY_free(pkey);
}

Test(key, refuses_every_truncation_and_any_byte_behind)
{
	struct tpm_key *key = ec_key();
	uint8_t longer[TPM_KEY_DER_MAX];
	size_t len;
	const uint8_t *der = tpm_key_der(key, &len);

	for (size_t cut = 0; cut < len; cut++)
		cr_assert_null(tpm_key_new(1, der, cut, NULL, 0, 0));
	memcpy(longer, der, len);
	longer[len] = 0;
	cr_assert_null(tpm_key_new(1, longer, len + 1, NULL, 0, 0));
	tpm_key_unref(key);
}

Test(key, survives_every_flipped_byte)
{
	struct tpm_key *key = ec_key();
	uint8_t copy[TPM_KEY_DER_MAX];
	size_t len, parsed = 0;
	const uint8_t *der = tpm_key_der(key, &len);

	memcpy(copy, der, len);
	for (size_t at = 0; at < len; at++) {
		struct tpm_key *flipped;

		copy[at] ^= 0xff;
		flipped = tpm_key_new(1, copy, len, NULL, 0, 0);
		parsed += flipped != NULL;
		tpm_key_unref(flipped);
		copy[at] ^= 0xff;
	}

	/* Most of it is blob that only the TPM can check; the rest must be refused. */
	cr_assert_lt(parsed, len);
	tpm_key_unref(key);
}

Test(key, goes_through_pem)
{
	struct tpm_key *key = ec_key();
	size_t len, pem_len, again_len;
	const uint8_t *der = tpm_key_der(key, &len);
	uint8_t *again;
	char *pem;

	cr_assert(tpm_key_pem_encode(der, len, &pem, &pem_len));
	cr_assert_eq(strncmp(pem, "-----BEGIN TSS2 PRIVATE KEY-----\n", 33), 0);
	cr_assert(tpm_key_pem_decode((const uint8_t *)pem, pem_len, &again, &again_len));

	cr_assert_eq(again_len, len);
	cr_assert_arr_eq(again, der, len);
	free(again);
	free(pem);
	tpm_key_unref(key);
}

Test(key, refuses_pem_of_another_kind)
{
	static const char pem[] = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";
	uint8_t *der;
	size_t len;

	cr_assert_not(tpm_key_pem_decode((const uint8_t *)pem, sizeof(pem) - 1, &der, &len));
	cr_assert_not(tpm_key_pem_decode((const uint8_t *)"", 0, &der, &len));
}

Test(key, writes_empty_auth_explicitly)
{
	struct tpm_key *key = ec_key();
	struct tss2file file;
	size_t len;
	const uint8_t *der = tpm_key_der(key, &len);
	/* [0] { BOOLEAN FALSE } right behind the type */
	static const uint8_t explicit_false[] = {0xa0, 0x03, 0x01, 0x01, 0x00};

	cr_assert_eq(tss2file_decode(der, len, &file), TSS2FILE_OK);
	cr_assert_not(file.empty_auth);
	cr_assert_eq(file.parent, TSS2FILE_PARENT_OWNER);
	cr_assert_not_null(memmem(der, len, explicit_false, sizeof(explicit_false)));
	tpm_key_unref(key);
}

Test(key, reads_a_boolean_of_one_as_true)
{
	struct tpm_key *key = ec_key();
	struct tss2file file;
	uint8_t copy[TPM_KEY_DER_MAX], *boolean;
	size_t len;
	const uint8_t *der = tpm_key_der(key, &len);
	static const uint8_t explicit_false[] = {0xa0, 0x03, 0x01, 0x01, 0x00};

	memcpy(copy, der, len);
	boolean = memmem(copy, len, explicit_false, sizeof(explicit_false));
	boolean[4] = 0x01;

	cr_assert_eq(tss2file_decode(copy, len, &file), TSS2FILE_OK);
	cr_assert(file.empty_auth);
	tpm_key_unref(key);
}

Test(key, verifies_signatures_and_notices_another_salt)
{
	EVP_PKEY *pkey = EVP_RSA_gen(2048);
	TPM2B_PUBLIC public = support_rsa_public(pkey);
	TPM2B_PRIVATE private = support_private();
	struct tpm_key *key = key_from_areas(1, &public, &private, NULL, 0);
	uint8_t digest[32] = {1}, signature[256];
	const int salts[] = {RSA_PSS_SALTLEN_DIGEST, RSA_PSS_SALTLEN_MAX};
	const enum key_verdict verdicts[] = {KEY_VERIFIES, KEY_VERIFIES_OTHER_SALT};

	for (int i = 0; i < 2; i++) {
		EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(pkey, NULL);
		size_t len = sizeof(signature);

		EVP_PKEY_sign_init(context);
		EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING);
		EVP_PKEY_CTX_set_signature_md(context, EVP_sha256());
		EVP_PKEY_CTX_set_rsa_pss_saltlen(context, salts[i]);
		cr_assert_eq(EVP_PKEY_sign(context, signature, &len, digest, sizeof(digest)), 1);
		EVP_PKEY_CTX_free(context);

		cr_assert_eq(key_verify(key, TPM_SHA256, TPM_PADDING_PSS, digest, sizeof(digest),
					signature, len),
			     verdicts[i]);
		signature[100] ^= 1;
		cr_assert_eq(key_verify(key, TPM_SHA256, TPM_PADDING_PSS, digest, sizeof(digest),
					signature, len),
			     KEY_DOES_NOT_VERIFY);
	}
	EVP_PKEY_free(pkey);
	tpm_key_unref(key);
}
