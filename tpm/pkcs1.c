#include "pkcs1.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#define MAC_SIZE   32 /* SHA-256 */
#define BLOCK_MIN  64
#define BLOCK_MAX  512
#define PAD_MIN	   8   /* RFC 8017 7.2.1: PS has so many bytes at least, behind 00 02 */
#define LENGTHS	   128 /* of which hardly ever none is short enough */
#define LABEL_MAX  16
#define SECRET_FOR "keystored RSAES-PKCS1-v1_5"

/*
 * Masks: all bits or none. No branch, index or length below depends on what was decrypted, but for
 * the length of the answer, which its reader learns anyway.
 */
static uint32_t mask_of_top(uint32_t value)
{
	return 0u - (value >> 31);
}

static uint32_t is_zero(uint32_t value)
{
	return mask_of_top(~value & (value - 1));
}

static uint32_t is_less(uint32_t a, uint32_t b)
{
	return mask_of_top(a ^ ((a ^ b) | ((a - b) ^ a)));
}

static uint32_t choose(uint32_t mask, uint32_t yes, uint32_t no)
{
	/* Compilers see through a mask that is all or nothing; they are not to make a branch of it. */
	__asm__("" : "+r"(mask));
	return (mask & yes) | (~mask & no);
}

static bool mac(const uint8_t *key, size_t key_len, const uint8_t *bytes, size_t len,
		uint8_t ret_mac[MAC_SIZE])
{
	return HMAC(EVP_sha256(), key, (int)key_len, bytes, len, ret_mac, NULL) != NULL;
}

/* P(1) || P(2) || …, P(i) = HMAC(key, i - 1 || label || bits), numbers of two bytes. */
static bool expand(const uint8_t key[MAC_SIZE], const char *label, uint8_t *bytes, size_t len)
{
	uint8_t input[2 + LABEL_MAX + 2];
	size_t label_len = strlen(label);
	size_t bits = 8 * len;
	uint8_t block[MAC_SIZE];
	bool is_done = true;

	memcpy(input + 2, label, label_len);
	input[2 + label_len] = (uint8_t)(bits >> 8);
	input[3 + label_len] = (uint8_t)bits;
	for (size_t at = 0, i = 0; at < len && is_done; at += MAC_SIZE, i++) {
		size_t left = len - at < MAC_SIZE ? len - at : MAC_SIZE;

		input[0] = (uint8_t)(i >> 8);
		input[1] = (uint8_t)i;
		is_done = mac(key, MAC_SIZE, input, label_len + 4, block);
		if (is_done)
			memcpy(bytes + at, block, left);
	}
	OPENSSL_cleanse(block, sizeof(block));
	return is_done;
}

/* What is answered where the padding is wrong: bytes, of which the last so many are the message. */
struct other {
	uint8_t bytes[BLOCK_MAX];
	uint32_t len;
};

static bool make_other(const struct pkcs1 *block, struct other *other)
{
	uint32_t most = (uint32_t)block->size - 2 - PAD_MIN;
	uint8_t lengths[2 * LENGTHS];
	uint8_t secret[MAC_SIZE];
	uint8_t key[MAC_SIZE];
	uint32_t bits = most;
	bool is_done;

	for (unsigned shift = 1; shift < 16; shift *= 2)
		bits |= bits >> shift;
	is_done = mac(block->secret, block->secret_len, (const uint8_t *)SECRET_FOR,
		      strlen(SECRET_FOR), secret) &&
		  mac(secret, sizeof(secret), block->ciphertext, block->size, key) &&
		  expand(key, "length", lengths, sizeof(lengths)) &&
		  expand(key, "message", other->bytes, block->size);
	other->len = 0;
	for (size_t i = 0; is_done && i < LENGTHS; i++) {
		uint32_t len = (((uint32_t)lengths[2 * i] << 8) | lengths[2 * i + 1]) & bits;

		other->len = choose(is_less(len, most), len, other->len);
	}
	OPENSSL_cleanse(secret, sizeof(secret));
	OPENSSL_cleanse(key, sizeof(key));
	OPENSSL_cleanse(lengths, sizeof(lengths));
	return is_done;
}

bool pkcs1_unpad(const struct pkcs1 *block, uint8_t *ret_message, size_t *ret_len)
{
	const uint8_t *encoded = block->encoded;
	uint32_t size = (uint32_t)block->size;
	struct other other;
	uint32_t found = 0; /* the zero that ends PS */
	uint32_t end = 0;

	if (block->size < BLOCK_MIN || block->size > BLOCK_MAX ||
	    block->secret_len > PKCS1_SECRET_MAX || !block->secret_len ||
	    !make_other(block, &other)) {
		OPENSSL_cleanse(&other, sizeof(other));
		return false;
	}
	for (uint32_t i = 2; i < size; i++) {
		uint32_t zero = is_zero(encoded[i]);

		end = choose(~found & zero, i, end);
		found |= zero;
	}
	uint32_t good =
		is_zero(encoded[0]) & is_zero(encoded[1] ^ 2u) & found & ~is_less(end, 2 + PAD_MIN);
	uint32_t start = choose(good, end + 1, size - other.len);

	for (uint32_t i = start; i < size; i++)
		ret_message[i - start] = (uint8_t)choose(good, encoded[i], other.bytes[i]);
	*ret_len = size - start;
	OPENSSL_cleanse(&other, sizeof(other));
	return true;
}
