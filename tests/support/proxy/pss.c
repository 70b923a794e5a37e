#include "pss.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>

#include "command.h"

enum {
	ALG_NULL = 0x0010,
	ALG_RSAPSS = 0x0016,
	RS_PW = 0x40000009,
	ENCODED_MAX = 512,
	EMPTY_LEN = 2, /* a TPM2B of no bytes */
};

static const struct {
	uint16_t id;
	const char *name;
} hashes[] = {
	{0x0004, "SHA1"},
	{0x000b, "SHA256"},
	{0x000c, "SHA384"},
	{0x000d, "SHA512"},
};

/* The parts of a TPM2_Sign. */
struct sign {
	const uint8_t *digest;
	size_t digest_len;
	size_t parameters; /* where they begin */
	uint16_t scheme;
	uint16_t hash;
	bool has_password;
};

static bool parse_sign(const uint8_t *command, size_t len, struct sign *ret_sign)
{
	struct sign sign = {0};
	size_t authorisations, at;

	if (message_code(command, len) != TPM_CC_Sign || len < 30)
		return false;
	authorisations = get_u32(command + 14);
	if (authorisations < 4 || authorisations > len - 18)
		return false;
	sign.has_password = get_u32(command + 18) == RS_PW;
	sign.parameters = at = 18 + authorisations;
	if (at + 2 > len)
		return false;
	sign.digest_len = get_u16(command + at);
	sign.digest = command + at + 2;
	at += 2 + sign.digest_len;
	if (at + 4 > len)
		return false;
	sign.scheme = get_u16(command + at);
	sign.hash = get_u16(command + at + 2);
	*ret_sign = sign;
	return true;
}

bool pss_is_sign(const uint8_t *command, size_t len)
{
	struct sign sign;

	return parse_sign(command, len, &sign) && sign.scheme == ALG_RSAPSS;
}

static const EVP_MD *find_hash(uint16_t id)
{
	for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
		if (hashes[i].id == id)
			return EVP_get_digestbyname(hashes[i].name);
	}
	return NULL;
}

/* MGF1 and the encoding of RFC 8017 9.1.1, for a modulus of whole bytes. */
static bool encode(const struct sign *sign, const EVP_MD *hash, uint8_t *encoded, size_t len)
{
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	static const uint8_t eight_zeros[8];
	size_t hash_len = sign->digest_len, db_len = len - hash_len - 1;
	size_t salt_len = len - hash_len - 2;
	uint8_t salt[ENCODED_MAX], *seed = encoded + db_len, mask[EVP_MAX_MD_SIZE];
	bool is_done = false;

	memset(salt, 0xa5, salt_len);
	if (!digest || !EVP_DigestInit_ex(digest, hash, NULL) ||
	    !EVP_DigestUpdate(digest, eight_zeros, sizeof(eight_zeros)) ||
	    !EVP_DigestUpdate(digest, sign->digest, hash_len) ||
	    !EVP_DigestUpdate(digest, salt, salt_len) || !EVP_DigestFinal_ex(digest, seed, NULL))
		goto out;
	encoded[0] = 0x01;
	memcpy(encoded + 1, salt, salt_len);
	for (uint32_t block = 0; block * hash_len < db_len; block++) {
		uint8_t counter[4];

		put_u32(counter, block);
		if (!EVP_DigestInit_ex(digest, hash, NULL) ||
		    !EVP_DigestUpdate(digest, seed, hash_len) ||
		    !EVP_DigestUpdate(digest, counter, sizeof(counter)) ||
		    !EVP_DigestFinal_ex(digest, mask, NULL))
			goto out;
		for (size_t i = 0; i < hash_len && block * hash_len + i < db_len; i++)
			encoded[block * hash_len + i] ^= mask[i];
	}
	encoded[0] &= 0x7f;
	encoded[len - 1] = 0xbc;
	is_done = true;
out:
	EVP_MD_CTX_free(digest);
	return is_done;
}

bool pss_command(const struct key_facts *key, uint8_t *command, size_t *len, uint16_t *ret_hash)
{
	uint8_t encoded[ENCODED_MAX], *at;
	size_t encoded_len = key->bits / 8;
	const EVP_MD *hash;
	struct sign sign;

	if (!parse_sign(command, *len, &sign) || sign.scheme != ALG_RSAPSS || !sign.has_password ||
	    !key->decrypts || encoded_len > sizeof(encoded))
		return false;
	hash = find_hash(sign.hash);
	if (!hash || sign.digest_len != (size_t)EVP_MD_get_size(hash) ||
	    encoded_len < 2 * sign.digest_len + 2 || !encode(&sign, hash, encoded, encoded_len))
		return false;

	at = put_u16(command + sign.parameters, (uint16_t)encoded_len);
	memcpy(at, encoded, encoded_len);
	at = put_u16(at + encoded_len, ALG_NULL);
	at = put_u16(at, 0); /* label */
	*len = (size_t)(at - command);
	put_u32(put_u32(command + 2, (uint32_t)*len), TPM_CC_RSA_Decrypt);
	*ret_hash = sign.hash;
	return true;
}

void pss_response(uint8_t *response, size_t *len, uint16_t hash)
{
	const size_t parameters = TPM_HEADER + 4, added = 4;

	if (message_code(response, *len) != 0 || *len < parameters + EMPTY_LEN ||
	    *len + added > TPM_MESSAGE_MAX)
		return;
	memmove(response + parameters + added, response + parameters, *len - parameters);
	put_u16(put_u16(response + parameters, ALG_RSAPSS), hash);
	*len += added;
	put_u32(response + 2, (uint32_t)*len);
	put_u32(response + TPM_HEADER, get_u32(response + TPM_HEADER) + (uint32_t)added);
}
