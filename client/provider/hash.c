#include "hash.h"

#include <openssl/obj_mac.h>

static const struct hash hashes[] = {
	{KS_HASH_SHA1, "SHA1", 20, NID_sha1, NID_sha1WithRSAEncryption, NID_ecdsa_with_SHA1},
	{KS_HASH_SHA256, "SHA256", 32, NID_sha256, NID_sha256WithRSAEncryption,
	 NID_ecdsa_with_SHA256},
	{KS_HASH_SHA384, "SHA384", 48, NID_sha384, NID_sha384WithRSAEncryption,
	 NID_ecdsa_with_SHA384},
	{KS_HASH_SHA512, "SHA512", 64, NID_sha512, NID_sha512WithRSAEncryption,
	 NID_ecdsa_with_SHA512},
};

const struct hash *hash_of(const EVP_MD *md)
{
	for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++)
		if (EVP_MD_is_a(md, hashes[i].name))
			return &hashes[i];
	return NULL;
}

const struct hash *hash_of_size(size_t size)
{
	for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++)
		if (hashes[i].size == size)
			return &hashes[i];
	return NULL;
}
