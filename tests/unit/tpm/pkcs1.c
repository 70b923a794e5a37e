/* RSAES-PKCS1-v1_5 without an oracle. */
#include "pkcs1.h"

#include <criterion/criterion.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>

#define SIZE 256

static uint8_t secret[32];
static uint8_t ciphertext[512];

static void set_up(void)
{
	for (size_t i = 0; i < sizeof(secret); i++)
		secret[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(ciphertext); i++)
		ciphertext[i] = (uint8_t)i;
}

TestSuite(pkcs1, .init = set_up);

struct answer {
	uint8_t bytes[512];
	size_t len;
};

static struct answer unpad_of(const uint8_t *encoded, size_t size)
{
	struct pkcs1 block = {
		.secret = secret,
		.secret_len = sizeof(secret),
		.ciphertext = ciphertext,
		.encoded = encoded,
		.size = size,
	};
	struct answer answer = {0};

	cr_assert(pkcs1_unpad(&block, answer.bytes, &answer.len));
	return answer;
}

/* 00 02, @pad bytes that are not zero, 00 where there is an end, and the rest. */
static struct answer unpad(uint8_t first, uint8_t second, size_t pad, bool has_end)
{
	uint8_t encoded[SIZE];

	for (size_t i = 0; i < SIZE; i++)
		encoded[i] = (uint8_t)(i % 255 + 1);
	encoded[0] = first;
	encoded[1] = second;
	if (has_end)
		encoded[2 + pad] = 0;
	return unpad_of(encoded, SIZE);
}

static bool is_message(const struct answer *answer, size_t pad)
{
	if (answer->len != SIZE - 3 - pad)
		return false;
	for (size_t i = 0; i < answer->len; i++) {
		if (answer->bytes[i] != (uint8_t)((i + 3 + pad) % 255 + 1))
			return false;
	}
	return true;
}

Test(pkcs1, finds_the_message_behind_each_padding)
{
	for (size_t pad = 8; pad <= SIZE - 3; pad++) {
		struct answer answer = unpad(0, 2, pad, true);

		cr_assert(is_message(&answer, pad), "%zu", pad);
	}
}

Test(pkcs1, is_what_openssl_encrypts)
{
	EVP_PKEY *pkey = EVP_RSA_gen(2048);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(pkey, NULL);
	uint8_t message[245], encoded[SIZE];

	memset(message, 0x5a, sizeof(message));
	for (size_t len = 0; len <= sizeof(message); len += 49) {
		size_t size = SIZE;

		cr_assert_eq(EVP_PKEY_encrypt_init(context), 1);
		EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING);
		cr_assert_eq(EVP_PKEY_encrypt(context, ciphertext, &size, message, len), 1);
		cr_assert_eq(EVP_PKEY_decrypt_init(context), 1);
		EVP_PKEY_CTX_set_rsa_padding(context, RSA_NO_PADDING);
		cr_assert_eq(EVP_PKEY_decrypt(context, encoded, &size, ciphertext, SIZE), 1);
		struct answer answer = unpad_of(encoded, SIZE);

		cr_assert_eq(answer.len, len);
		cr_assert_arr_eq(answer.bytes, message, len);
	}
	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(pkey);
}

/* Whatever is wrong: the same bytes, of which nothing tells that they are none. */
Test(pkcs1, answers_wrong_paddings_alike)
{
	struct answer wrong = unpad(1, 2, 20, true);
	struct answer others[] = {
		unpad(0, 1, 20, true), unpad(0, 3, 20, true),  unpad(0, 2, 0, true),
		unpad(0, 2, 7, true),  unpad(0, 2, 20, false), unpad(0xff, 0xff, 0, false),
	};

	cr_assert_leq(wrong.len, (size_t)SIZE - 11);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		cr_assert_eq(others[i].len, wrong.len, "%zu", i);
		cr_assert_arr_eq(others[i].bytes, wrong.bytes, wrong.len, "%zu", i);
	}
}

Test(pkcs1, answers_each_wrong_ciphertext_and_each_key_otherwise)
{
	struct answer first = unpad(1, 2, 20, true);

	ciphertext[SIZE - 1] ^= 1;
	struct answer second = unpad(1, 2, 20, true);

	secret[0] ^= 1;
	struct answer third = unpad(1, 2, 20, true);

	cr_assert(first.len != second.len || memcmp(first.bytes, second.bytes, first.len) != 0);
	cr_assert(third.len != second.len || memcmp(third.bytes, second.bytes, third.len) != 0);
}

/* Made by another program, from the description alone. */
Test(pkcs1, answers_as_it_always_did)
{
	static const struct {
		size_t size, len;
		const char *digest;
	} known[] = {
		{256, 88, "f6ad6ecdde8d5956c935f7826703ca86c4fca832083ddb36b641eb4f67fdcad9"},
		{384, 77, "25cf75ef3634774ac214b939a38f378fd41bc587b25f2a456d193bf372e54659"},
		{512, 267, "83d3aad9d8d5e9678768bfcd95f4ae9517337b9330cf6d2afcd11feef08962c9"},
	};
	static const uint8_t zeros[512];

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct answer answer = unpad_of(zeros, known[i].size);
		uint8_t digest[32];
		char hex[65];

		EVP_Digest(answer.bytes, answer.len, digest, NULL, EVP_sha256(), NULL);
		for (size_t j = 0; j < sizeof(digest); j++)
			snprintf(hex + 2 * j, 3, "%02x", digest[j]);
		cr_assert_eq(answer.len, known[i].len);
		cr_assert_str_eq(hex, known[i].digest);
	}
}

Test(pkcs1, answers_lengths_of_all_kinds)
{
	size_t shortest = SIZE, longest = 0;

	for (unsigned i = 0; i < 2000; i++) {
		memcpy(ciphertext, &i, sizeof(i));
		struct answer answer = unpad(1, 2, 20, true);

		shortest = answer.len < shortest ? answer.len : shortest;
		longest = answer.len > longest ? answer.len : longest;
	}
	cr_assert_lt(shortest, 5u);
	cr_assert_gt(longest, (size_t)SIZE - 16);
	cr_assert_leq(longest, (size_t)SIZE - 11);
}

Test(pkcs1, refuses_sizes_that_no_key_has)
{
	uint8_t bytes[600] = {0};
	struct pkcs1 block = {.secret = secret,
			      .secret_len = sizeof(secret),
			      .ciphertext = bytes,
			      .encoded = bytes};
	size_t len;

	block.size = 63;
	cr_assert_not(pkcs1_unpad(&block, bytes, &len));
	block.size = 513;
	cr_assert_not(pkcs1_unpad(&block, bytes, &len));
	block.size = SIZE;
	block.secret_len = 0;
	cr_assert_not(pkcs1_unpad(&block, bytes, &len));
}
