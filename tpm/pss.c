#include "pss.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "public.h"

#define TRAILER 0xbc

static bool digest_parts(const EVP_MD *md, const uint8_t *a, size_t a_len, const uint8_t *b,
			 size_t b_len, const uint8_t *c, size_t c_len, uint8_t *ret_digest)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool is_done = context && EVP_DigestInit_ex(context, md, NULL) &&
		       EVP_DigestUpdate(context, a, a_len) && EVP_DigestUpdate(context, b, b_len) &&
		       EVP_DigestUpdate(context, c, c_len) &&
		       EVP_DigestFinal_ex(context, ret_digest, NULL);

	EVP_MD_CTX_free(context);
	return is_done;
}

/* XORs MGF1(seed) into @bytes (RFC 8017 B.2.1). */
static bool mgf1_mask(const EVP_MD *md, const uint8_t *seed, size_t seed_len, uint8_t *bytes,
		      size_t len)
{
	uint8_t block[EVP_MAX_MD_SIZE], counter[4] = {0};
	size_t block_len = (size_t)EVP_MD_get_size(md);

	for (size_t at = 0; at < len; at += block_len, counter[3]++) {
		if (!digest_parts(md, seed, seed_len, counter, sizeof(counter), NULL, 0, block))
			return false;
		for (size_t i = 0; i < block_len && at + i < len; i++)
			bytes[at + i] ^= block[i];
	}
	return true;
}

/*
 * EM = maskedDB || H || 0xbc, with DB = zeros || 0x01 || salt and
 * H = hash(eight zeros || digest || salt).
 */
bool pss_encode(enum tpm_hash hash, const uint8_t *digest, size_t modulus_bits,
		uint8_t *ret_encoded)
{
	static const uint8_t zeros[8];
	const EVP_MD *md = public_hash_md(hash);
	size_t hash_len = tpm_hash_size(hash), len = modulus_bits / 8;
	size_t db_len = len - hash_len - 1;
	uint8_t encoded[512], *h, *salt;
	bool is_done = false;

	if (modulus_bits % 8 != 0 || len > sizeof(encoded) || len < 2 * hash_len + 2)
		return false;
	memset(encoded, 0, db_len);
	h = encoded + db_len;
	salt = encoded + db_len - hash_len;
	salt[-1] = 0x01;
	encoded[len - 1] = TRAILER;
	if (RAND_bytes(salt, (int)hash_len) != 1 ||
	    !digest_parts(md, zeros, sizeof(zeros), digest, hash_len, salt, hash_len, h) ||
	    !mgf1_mask(md, h, hash_len, encoded, db_len))
		goto out;
	/* emBits is one less than the modulus has. */
	encoded[0] &= 0x7f;
	memcpy(ret_encoded, encoded, len);
	is_done = true;
out:
	OPENSSL_cleanse(encoded, sizeof(encoded));
	return is_done;
}
