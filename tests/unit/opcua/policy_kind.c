#include "policy_kind.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

TestSuite(policy_kind, .timeout = 60);

static const uint8_t *bytes(const char *text)
{
	return (const uint8_t *)text;
}

Test(policy_kind, is_found_by_its_name_and_by_its_uri)
{
	for (int id = POLICY_NONE; id < POLICY_COUNT; id++) {
		const struct policy_kind *kind = policy_kind((enum policy_id)id);
		char uri[128];

		cr_expect(kind->id == (enum policy_id)id);
		cr_expect(policy_kind_by_name(kind->name) == kind);
		cr_expect(policy_kind_by_uri(bytes(kind->uri), strlen(kind->uri)) == kind);
		snprintf(uri, sizeof(uri), "http://opcfoundation.org/UA/SecurityPolicy#%s",
			 kind->name);
		cr_expect(strcmp(kind->uri, uri) == 0);
	}
	cr_expect(!policy_kind_by_name("basic256sha256"));
	cr_expect(!policy_kind_by_name(""));
	cr_expect(!policy_kind_by_uri(NULL, 0));
}

/* OPC 10000-7: what is still recommended, and by what a password says how it is encrypted. */
Test(policy_kind, says_what_is_deprecated_and_how_passwords_are_encrypted)
{
	const struct policy_kind *pss = policy_kind(POLICY_AES256_SHA256_RSAPSS);
	const struct policy_kind *old = policy_kind(POLICY_BASIC128RSA15);

	cr_expect(old->is_deprecated && policy_kind(POLICY_BASIC256)->is_deprecated);
	cr_expect(!policy_kind(POLICY_BASIC256SHA256)->is_deprecated && !pss->is_deprecated);
	cr_expect(policy_kind_by_cipher(bytes(pss->cipher_uri), strlen(pss->cipher_uri)) == pss);
	cr_expect(policy_kind_by_cipher(bytes(old->cipher_uri), strlen(old->cipher_uri)) == old);
	cr_expect(!policy_kind_by_cipher(NULL, 0));
	cr_expect(!policy_kind_by_cipher(bytes("aes"), 3));
}

/* Whoever keeps keys and blocks in arrays relies on it. */
Test(policy_kind, keeps_within_the_sizes_that_others_have_room_for)
{
	for (int id = POLICY_BASIC128RSA15; id < POLICY_COUNT; id++) {
		const struct policy_kind *kind = policy_kind((enum policy_id)id);

		cr_expect(kind->hmac_size == 20 || kind->hmac_size == 32);
		cr_expect(kind->hmac_key_size && kind->hmac_key_size <= 32);
		cr_expect(kind->aes_key_size == 16 || kind->aes_key_size == 32);
		cr_expect(kind->nonce_size && kind->nonce_size <= POLICY_NONCE_MAX);
		cr_expect(kind->key_bits_min >= 1024 && kind->key_bits_max <= 4096);
		cr_expect(kind->cipher_overhead < kind->key_bits_min / 8);
	}
}
