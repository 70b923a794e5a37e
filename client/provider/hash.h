/* The hashes that keystored signs, by the names and sizes that OpenSSL has for them. */
#ifndef PROVIDER_HASH_H
#define PROVIDER_HASH_H

#include <openssl/evp.h>
#include <stdbool.h>

#include "keystore.h"

struct hash {
	enum ks_hash hash;
	const char *name; /* "SHA256" */
	size_t size;	  /* of a digest, bytes */
	int nid;
	int nid_with_rsa; /* its PKCS #1 v1.5 signatures */
	int nid_with_ec;
};

/* NULL: none of them. */
const struct hash *hash_of(const EVP_MD *md);
const struct hash *hash_of_size(size_t size);

#endif
