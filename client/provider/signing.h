/*
 * What a signature is made or checked with: key, hash, padding. Hides where it is done: by
 * keystored for its keys, by other providers for public and other keys. The dispatch tables of
 * signature_*.c translate OpenSSL's calls to this.
 */
#ifndef PROVIDER_SIGNING_H
#define PROVIDER_SIGNING_H

#include <openssl/evp.h>

#include "hash.h"
#include "key.h"

enum signing_operation { SIGNING_SIGN, SIGNING_VERIFY };

/* RSA_PKCS1_PSS_PADDING's salt: what OpenSSL has below zero, or bytes. */
#define SIGNING_SALT_UNSET (-100)

struct signing {
	struct provider *provider;
	struct key *key; /* shared; NULL: not begun */
	enum signing_operation operation;
	EVP_MD *md;	     /* NULL: not said */
	EVP_MD *mgf1;	     /* NULL: as md */
	EVP_MD_CTX *hashing; /* between update and final; NULL: none */
	int padding;	     /* RSA_PKCS1_PADDING, RSA_PKCS1_PSS_PADDING; 0 for EC */
	int salt;
};

struct signing *signing_new(struct provider *provider);
struct signing *signing_copy(const struct signing *signing); /* NULL: no memory */
void signing_free(struct signing *signing);

/* Each: false: an error was raised. */
bool signing_begin(struct signing *signing, struct key *key, enum signing_operation operation);
bool signing_set_md(struct signing *signing, const char *name, const char *properties);
bool signing_set_mgf1(struct signing *signing, const char *name);
bool signing_start_hashing(struct signing *signing);
bool signing_update(struct signing *signing, const uint8_t *data, size_t len);
bool signing_finish_hashing(struct signing *signing, uint8_t digest[EVP_MAX_MD_SIZE],
			    size_t *ret_len);

/*
 * @signature NULL: how long it can be. Otherwise of @size bytes.
 */
bool signing_sign(struct signing *signing, const uint8_t *digest, size_t digest_len,
		  uint8_t *signature, size_t size, size_t *ret_len);
bool signing_verify(struct signing *signing, const uint8_t *digest, size_t digest_len,
		    const uint8_t *signature, size_t len);

/* The salt that a signature has or has to have, in bytes or below zero as OpenSSL has it. */
int signing_salt(const struct signing *signing);

#endif
