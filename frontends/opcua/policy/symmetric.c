#include "symmetric.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

#include "opn.h"

#define HMAC_MAX 32

/* OPC 10000-6 6.7.2.2 to 6.7.2.4: the message header, then channel and token; then the sequence. */
#define SECURITY_HEADER 8
#define SEQUENCE_HEADER 8

struct symmetric_work {
	const struct policy_kind *kind;
	EVP_MAC_CTX *mac;
	EVP_CIPHER_CTX *cipher;
	uint8_t iv[SYMMETRIC_BLOCK];
	int encrypts;
};

static EVP_MAC_CTX *mac_new(const struct policy_kind *kind, const uint8_t *key, size_t len)
{
	char sha1[] = "SHA1", sha256[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(
			OSSL_MAC_PARAM_DIGEST, kind->hmac_hash == KS_HASH_SHA1 ? sha1 : sha256, 0),
		OSSL_PARAM_END,
	};
	/* OpenSSL takes no key for "the key of before". */
	const uint8_t *any = len ? key : (const uint8_t *)"";
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *mac = hmac ? EVP_MAC_CTX_new(hmac) : NULL;

	EVP_MAC_free(hmac);
	if (mac && EVP_MAC_init(mac, any, len, params) != 1) {
		EVP_MAC_CTX_free(mac);
		mac = NULL;
	}
	return mac;
}

/* HMAC of @a and @b, one after the other. */
static bool mac_of(EVP_MAC_CTX *mac, const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len,
		   uint8_t out[HMAC_MAX])
{
	size_t len = 0;

	return EVP_MAC_init(mac, NULL, 0, NULL) == 1 && EVP_MAC_update(mac, a, a_len) == 1 &&
	       (b_len == 0 || EVP_MAC_update(mac, b, b_len) == 1) &&
	       EVP_MAC_final(mac, out, &len, HMAC_MAX) == 1;
}

bool symmetric_derive(const struct policy_kind *kind, const uint8_t *secret, size_t secret_len,
		      const uint8_t *seed, size_t seed_len, uint8_t *out, size_t len)
{
	uint8_t chain[HMAC_MAX], block[HMAC_MAX];
	const size_t size = kind->hmac_size;
	size_t done = 0;
	EVP_MAC_CTX *mac;
	bool is_done;

	if (size == 0)
		return false;
	ERR_set_mark();
	mac = mac_new(kind, secret, secret_len);
	is_done = mac && mac_of(mac, seed, seed_len, NULL, 0, chain);
	while (is_done && done < len) {
		const size_t part = len - done < size ? len - done : size;

		is_done = mac_of(mac, chain, size, seed, seed_len, block);
		memcpy(out + done, block, is_done ? part : 0);
		done += part;
		is_done = is_done && mac_of(mac, chain, size, NULL, 0, chain);
	}
	EVP_MAC_CTX_free(mac);
	OPENSSL_cleanse(chain, sizeof(chain));
	OPENSSL_cleanse(block, sizeof(block));
	ERR_pop_to_mark();
	return is_done;
}

bool symmetric_keys_derive(const struct policy_kind *kind, const uint8_t *secret, size_t secret_len,
			   const uint8_t *seed, size_t seed_len, struct symmetric_keys *ret_keys)
{
	uint8_t bytes[2 * SYMMETRIC_KEY_MAX + SYMMETRIC_BLOCK];
	const size_t len = kind->hmac_key_size + kind->aes_key_size + SYMMETRIC_BLOCK;
	struct symmetric_keys keys = {.kind = kind};
	bool is_done = symmetric_derive(kind, secret, secret_len, seed, seed_len, bytes, len);

	if (is_done) {
		/* OPC 10000-6 6.7.5: one after the other. */
		memcpy(keys.hmac, bytes, kind->hmac_key_size);
		memcpy(keys.aes, bytes + kind->hmac_key_size, kind->aes_key_size);
		memcpy(keys.iv, bytes + len - SYMMETRIC_BLOCK, SYMMETRIC_BLOCK);
		*ret_keys = keys;
	}
	OPENSSL_cleanse(&keys, sizeof(keys));
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return is_done;
}

struct symmetric_work *symmetric_work_new(const struct symmetric_keys *keys, bool encrypts)
{
	const struct policy_kind *kind = keys->kind;
	struct symmetric_work *work = NULL;
	EVP_CIPHER *cipher = NULL;
	bool is_ready = false;

	if (kind->hmac_size)
		work = OPENSSL_zalloc(sizeof(*work));
	if (!work)
		return NULL;
	ERR_set_mark();
	work->kind = kind;
	work->encrypts = encrypts;
	memcpy(work->iv, keys->iv, sizeof(work->iv));
	work->mac = mac_new(kind, keys->hmac, kind->hmac_key_size);
	work->cipher = EVP_CIPHER_CTX_new();
	cipher = EVP_CIPHER_fetch(NULL, kind->aes_key_size == 16 ? "AES-128-CBC" : "AES-256-CBC",
				  NULL);
	is_ready = work->mac && work->cipher && cipher &&
		   EVP_CipherInit_ex2(work->cipher, cipher, keys->aes, keys->iv, encrypts, NULL) ==
			   1 &&
		   EVP_CIPHER_CTX_set_padding(work->cipher, 0) == 1;
	EVP_CIPHER_free(cipher);
	ERR_pop_to_mark();
	if (!is_ready) {
		symmetric_work_free(work);
		work = NULL;
	}
	return work;
}

void symmetric_work_free(struct symmetric_work *work)
{
	if (!work)
		return;
	EVP_MAC_CTX_free(work->mac);
	EVP_CIPHER_CTX_free(work->cipher);
	OPENSSL_clear_free(work, sizeof(*work));
}

bool symmetric_work_sign(struct symmetric_work *work, const uint8_t *bytes, size_t len,
			 uint8_t *signature)
{
	uint8_t mac[HMAC_MAX];
	bool is_done = mac_of(work->mac, bytes, len, NULL, 0, mac);

	if (is_done)
		memcpy(signature, mac, work->kind->hmac_size);
	OPENSSL_cleanse(mac, sizeof(mac));
	return is_done;
}

bool symmetric_work_verify(struct symmetric_work *work, const uint8_t *bytes, size_t len,
			   const uint8_t *signature, size_t signature_len)
{
	uint8_t mac[HMAC_MAX];
	bool is_right = signature_len == work->kind->hmac_size &&
			mac_of(work->mac, bytes, len, NULL, 0, mac) &&
			CRYPTO_memcmp(mac, signature, signature_len) == 0;

	OPENSSL_cleanse(mac, sizeof(mac));
	return is_right;
}

bool symmetric_work_crypt(struct symmetric_work *work, uint8_t *bytes, size_t len)
{
	int done = 0;

	if (len % SYMMETRIC_BLOCK || len > INT_MAX)
		return false;
	/* Each chunk begins with the IV of the keys (OPC 10000-6 6.7.5). */
	return EVP_CipherInit_ex2(work->cipher, NULL, NULL, work->iv, work->encrypts, NULL) == 1 &&
	       (len == 0 || (EVP_CipherUpdate(work->cipher, bytes, &done, bytes, (int)len) == 1 &&
			     (size_t)done == len));
}

bool symmetric_sign(const struct symmetric_keys *keys, const uint8_t *bytes, size_t len,
		    uint8_t *signature)
{
	struct symmetric_work *work = symmetric_work_new(keys, true);
	bool is_done = work && symmetric_work_sign(work, bytes, len, signature);

	symmetric_work_free(work);
	return is_done;
}

bool symmetric_verify(const struct symmetric_keys *keys, const uint8_t *bytes, size_t len,
		      const uint8_t *signature, size_t signature_len)
{
	struct symmetric_work *work = symmetric_work_new(keys, true);
	bool is_right = work && symmetric_work_verify(work, bytes, len, signature, signature_len);

	symmetric_work_free(work);
	return is_right;
}

static bool crypt_once(const struct symmetric_keys *keys, bool encrypts, uint8_t *bytes, size_t len)
{
	struct symmetric_work *work = symmetric_work_new(keys, encrypts);
	bool is_done = work && symmetric_work_crypt(work, bytes, len);

	symmetric_work_free(work);
	return is_done;
}

bool symmetric_encrypt(const struct symmetric_keys *keys, uint8_t *bytes, size_t len)
{
	return crypt_once(keys, true, bytes, len);
}

bool symmetric_decrypt(const struct symmetric_keys *keys, uint8_t *bytes, size_t len)
{
	return crypt_once(keys, false, bytes, len);
}

static bool open_chunk(struct symmetric_work *work, bool is_encrypted, uint8_t *chunk, size_t len,
		       const uint8_t **ret_body, size_t *ret_len)
{
	const size_t clear = CHUNK_HEADER + SECURITY_HEADER, head = clear + SEQUENCE_HEADER;
	const size_t tail = work->kind->hmac_size;
	size_t padding = 0;

	if (is_encrypted && !symmetric_work_crypt(work, chunk + clear, len - clear))
		return false;
	if (!symmetric_work_verify(work, chunk, len - tail, chunk + len - tail, tail))
		return false;
	/* Its own length, and as many more as it says (OPC 10000-6 6.7.2.5). */
	if (is_encrypted)
		padding = 1 + (size_t)chunk[len - tail - 1];
	if (padding > len - head - tail)
		return false;
	*ret_body = chunk + head;
	*ret_len = len - head - tail - padding;
	return true;
}

bool symmetric_open(const struct symmetric_keys *keys, bool is_encrypted, uint8_t *chunk,
		    size_t len, const uint8_t **ret_body, size_t *ret_len)
{
	struct chunk_header header;
	struct symmetric_work *work;
	bool is_open;

	if (len < CHUNK_HEADER + SECURITY_HEADER + SEQUENCE_HEADER + keys->kind->hmac_size ||
	    !chunk_header_read(chunk, &header) || header.size != len ||
	    (header.type != CHUNK_MSG && header.type != CHUNK_CLO))
		return false;
	work = symmetric_work_new(keys, false);
	is_open = work && open_chunk(work, is_encrypted, chunk, len, ret_body, ret_len);
	symmetric_work_free(work);
	return is_open;
}
