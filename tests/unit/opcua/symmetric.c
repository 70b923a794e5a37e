#include "symmetric.h"

#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <string.h>

TestSuite(symmetric, .timeout = 60);

static const struct policy_kind *kind_256(void)
{
	return policy_kind(POLICY_BASIC256SHA256);
}

static size_t unhex(const char *text, uint8_t *out, size_t size)
{
	size_t len = 0;

	cr_assert(OPENSSL_hexstr2buf_ex(out, size, &len, text, '\0') == 1);
	return len;
}

static bool is_hex(const uint8_t *bytes, size_t len, const char *text)
{
	uint8_t expected[256];

	return unhex(text, expected, sizeof(expected)) == len && memcmp(bytes, expected, len) == 0;
}

static struct symmetric_keys some_keys(const struct policy_kind *kind)
{
	uint8_t ours[32], theirs[32];
	struct symmetric_keys keys;

	memset(ours, 1, sizeof(ours));
	memset(theirs, 2, sizeof(theirs));
	cr_assert(symmetric_keys_derive(kind, ours, kind->nonce_size, theirs, kind->nonce_size,
					&keys));
	return keys;
}

/* P_SHA256's vector of the TLS working group, label and seed joined; P_SHA1 by another program. */
Test(symmetric, derives_what_the_published_vector_says)
{
	uint8_t secret[16], seed[26] = "test label", out[100];

	unhex("9bbe436ba940f017b17652849a71db35", secret, sizeof(secret));
	unhex("a0ba9f936cda311827a6f796ffd5198c", seed + 10, 16);
	cr_assert(symmetric_derive(kind_256(), secret, 16, seed, 26, out, 100));
	cr_expect(is_hex(out, 100,
			 "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791"
			 "e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b"
			 "97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66"));
	cr_assert(symmetric_derive(policy_kind(POLICY_BASIC256), secret, 16, seed, 26, out, 56));
	cr_expect(is_hex(out, 56,
			 "811429c07ba1f6aee5059e6071ff3e69de62e7cd767fd55700042ec2fcd7db6ca3143cf3"
			 "c78bb929c1ae51f51cdd3804a3bd642e63c09267"));
}

Test(symmetric, derives_nothing_where_there_is_nothing_to_derive)
{
	uint8_t bytes[16] = {0}, out[16];

	cr_expect(!symmetric_derive(policy_kind(POLICY_NONE), bytes, 16, bytes, 16, out, 16));
	/* Whoever sends no nonce has a key all the same; that he has to is said elsewhere. */
	cr_expect(symmetric_derive(kind_256(), bytes, 0, bytes, 0, out, 16));
	cr_expect(symmetric_derive(kind_256(), bytes, 16, bytes, 16, out, 0));
}

Test(symmetric, cuts_keys_in_the_order_of_the_standard)
{
	for (int id = POLICY_BASIC128RSA15; id < POLICY_COUNT; id++) {
		const struct policy_kind *kind = policy_kind((enum policy_id)id);
		const size_t hmac = kind->hmac_key_size, aes = kind->aes_key_size;
		struct symmetric_keys keys = some_keys(kind);
		uint8_t ours[32], theirs[32], all[80];

		memset(ours, 1, sizeof(ours));
		memset(theirs, 2, sizeof(theirs));
		cr_assert(symmetric_derive(kind, ours, kind->nonce_size, theirs, kind->nonce_size,
					   all, hmac + aes + 16));
		cr_expect(keys.kind == kind);
		cr_expect(memcmp(keys.hmac, all, hmac) == 0);
		cr_expect(memcmp(keys.aes, all + hmac, aes) == 0);
		cr_expect(memcmp(keys.iv, all + hmac + aes, 16) == 0);
	}
}

/* RFC 4231, case 1, whose key is padded with zeros as HMAC does itself. */
Test(symmetric, signs_as_rfc_4231_does)
{
	struct symmetric_keys keys = {.kind = kind_256()};
	uint8_t signature[32];

	memset(keys.hmac, 0x0b, 20);
	cr_assert(symmetric_sign(&keys, (const uint8_t *)"Hi There", 8, signature));
	cr_expect(is_hex(signature, 32,
			 "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"));
}

/* NIST SP 800-38A F.2.1 and F.2.5. */
Test(symmetric, encrypts_as_nist_does)
{
	static const char plain[] = "6bc1bee22e409f96e93d7e117393172a"
				    "ae2d8a571e03ac9c9eb76fac45af8e51";
	struct symmetric_keys keys = {.kind = policy_kind(POLICY_AES128_SHA256_RSAOAEP)};
	uint8_t bytes[32];

	unhex("000102030405060708090a0b0c0d0e0f", keys.iv, 16);
	unhex("2b7e151628aed2a6abf7158809cf4f3c", keys.aes, 16);
	unhex(plain, bytes, 32);
	cr_assert(symmetric_encrypt(&keys, bytes, 32));
	cr_expect(is_hex(bytes, 32,
			 "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"));
	cr_assert(symmetric_decrypt(&keys, bytes, 32));
	cr_expect(is_hex(bytes, 32, plain));

	keys.kind = kind_256();
	unhex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", keys.aes, 32);
	cr_assert(symmetric_encrypt(&keys, bytes, 32));
	cr_expect(is_hex(bytes, 32,
			 "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"));
	cr_expect(!symmetric_encrypt(&keys, bytes, 31));
	cr_expect(!symmetric_decrypt(&keys, bytes, 17));
	cr_expect(symmetric_encrypt(&keys, bytes, 0));
}

Test(symmetric, works_on_many_messages_with_the_same_keys)
{
	struct symmetric_keys keys = some_keys(kind_256());
	struct symmetric_work *out = symmetric_work_new(&keys, true);
	struct symmetric_work *in = symmetric_work_new(&keys, false);
	uint8_t bytes[64], once[64], signature[32], signature_once[32];

	for (uint8_t i = 0; i < 5; i++) {
		memset(bytes, i, sizeof(bytes));
		memset(once, i, sizeof(once));
		cr_assert(symmetric_work_sign(out, bytes, 64, signature));
		cr_assert(symmetric_sign(&keys, once, 64, signature_once));
		cr_expect(memcmp(signature, signature_once, 32) == 0);
		cr_assert(symmetric_work_crypt(out, bytes, 64));
		cr_assert(symmetric_encrypt(&keys, once, 64));
		cr_expect(memcmp(bytes, once, 64) == 0);
		cr_assert(symmetric_work_crypt(in, bytes, 64));
		cr_expect(symmetric_work_verify(in, bytes, 64, signature, 32));
		cr_expect(!symmetric_work_verify(in, bytes, 63, signature, 32));
		cr_expect(!symmetric_work_verify(in, bytes, 64, signature, 31));
		signature[31] ^= 1;
		cr_expect(!symmetric_work_verify(in, bytes, 64, signature, 32));
	}
	symmetric_work_free(out);
	symmetric_work_free(in);
	symmetric_work_free(NULL);
}

struct chunk {
	uint8_t bytes[512];
	size_t len;
};

/* "MSG" with a body of @body bytes, and @padding of them, the one that says so included. */
static struct chunk make_chunk(const struct symmetric_keys *keys, bool is_encrypted, size_t body,
			       size_t padding, uint8_t says)
{
	struct chunk chunk = {.bytes = "MSGF"};
	const size_t tail = keys->kind->hmac_size;

	memset(chunk.bytes + 8, 7, 16);
	memset(chunk.bytes + 24, 'b', body);
	memset(chunk.bytes + 24 + body, says, padding);
	chunk.len = 24 + body + padding + tail;
	chunk.bytes[4] = (uint8_t)chunk.len;
	chunk.bytes[5] = (uint8_t)(chunk.len >> 8);
	cr_assert(symmetric_sign(keys, chunk.bytes, chunk.len - tail,
				 chunk.bytes + chunk.len - tail));
	if (is_encrypted)
		cr_assert(symmetric_encrypt(keys, chunk.bytes + 16, chunk.len - 16));
	return chunk;
}

static bool opens(const struct symmetric_keys *keys, bool is_encrypted, struct chunk *chunk,
		  size_t *ret_len)
{
	const uint8_t *body = NULL;
	bool is_open = symmetric_open(keys, is_encrypted, chunk->bytes, chunk->len, &body, ret_len);

	cr_expect(!is_open || body == chunk->bytes + 24);
	return is_open;
}

Test(symmetric, opens_a_chunk_of_a_peer)
{
	for (int id = POLICY_BASIC128RSA15; id < POLICY_COUNT; id++) {
		const struct symmetric_keys keys = some_keys(policy_kind((enum policy_id)id));
		struct chunk chunk;
		size_t len = 0;

		/* 8 + 40 + 16 + 32 and 8 + 40 + 12 + 20: whole blocks. */
		const size_t padding = keys.kind->hmac_size == 32 ? 16 : 12;

		chunk = make_chunk(&keys, true, 40, padding, (uint8_t)(padding - 1));
		cr_assert(opens(&keys, true, &chunk, &len));
		cr_expect(len == 40 && chunk.bytes[24] == 'b' && chunk.bytes[63] == 'b');
		chunk = make_chunk(&keys, false, 41, 0, 0);
		cr_assert(opens(&keys, false, &chunk, &len));
		cr_expect(len == 41);
	}
}

Test(symmetric, opens_nothing_that_was_changed)
{
	const struct symmetric_keys keys = some_keys(kind_256());
	const struct chunk good = make_chunk(&keys, true, 40, 16, 15);

	for (size_t i = 0; i < good.len; i++) {
		struct chunk chunk = good;
		size_t len;

		chunk.bytes[i] ^= 1;
		cr_expect(!opens(&keys, true, &chunk, &len), "byte %zu", i);
	}
}

Test(symmetric, opens_nothing_that_is_too_short_or_too_long)
{
	const struct symmetric_keys keys = some_keys(kind_256());
	const struct chunk good = make_chunk(&keys, true, 40, 16, 15);

	for (size_t i = 0; i <= good.len + 16; i++) {
		struct chunk chunk = good;
		size_t len;

		chunk.len = i;
		cr_expect(opens(&keys, true, &chunk, &len) == (i == good.len), "%zu bytes", i);
		/* What says of itself that it is so long, is nothing better. */
		chunk = good;
		chunk.len = i;
		chunk.bytes[4] = (uint8_t)i;
		cr_expect(opens(&keys, true, &chunk, &len) == (i == good.len), "%zu bytes", i);
	}
}

Test(symmetric, believes_no_padding_that_is_longer_than_the_chunk)
{
	const struct symmetric_keys keys = some_keys(kind_256());
	struct chunk chunk;
	size_t len = 1;

	chunk = make_chunk(&keys, true, 40, 16, 55); /* all of the body */
	cr_expect(opens(&keys, true, &chunk, &len) && len == 0);
	chunk = make_chunk(&keys, true, 40, 16, 56);
	cr_expect(!opens(&keys, true, &chunk, &len));
	chunk = make_chunk(&keys, true, 40, 16, 255);
	cr_expect(!opens(&keys, true, &chunk, &len));
}

Test(symmetric, opens_no_opn)
{
	const struct symmetric_keys keys = some_keys(kind_256());
	struct chunk chunk = make_chunk(&keys, false, 40, 0, 0);
	size_t len;

	memcpy(chunk.bytes, "OPNF", 4);
	cr_assert(symmetric_sign(&keys, chunk.bytes, chunk.len - 32, chunk.bytes + chunk.len - 32));
	cr_expect(!opens(&keys, false, &chunk, &len));
	memcpy(chunk.bytes, "CLOF", 4);
	cr_assert(symmetric_sign(&keys, chunk.bytes, chunk.len - 32, chunk.bytes + chunk.len - 32));
	cr_expect(opens(&keys, false, &chunk, &len));
}
