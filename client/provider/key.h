/*
 * A key as OpenSSL holds it: one that keystored keeps, of which the public half is here, or,
 * where a program prefers this provider for everything, a key that another provider made, whole.
 * Hides what identifies a key to keystored.
 */
#ifndef PROVIDER_KEY_H
#define PROVIDER_KEY_H

#include <openssl/evp.h>

#include "provider.h"

enum key_type { KEY_RSA, KEY_RSA_PSS, KEY_EC };

struct key; /* counts its owners */

/* "RSA", "RSA-PSS", "EC": what OpenSSL calls it. */
const char *key_type_name(enum key_type type);
/* False: none of these. */
bool key_type_of(const EVP_PKEY *pkey, enum key_type *ret_type);

/*
 * A key of keystored. @spki: its SubjectPublicKeyInfo. NULL: an error was raised.
 */
struct key *key_new_kept(struct provider *provider, uint64_t key_id, const char *name,
			 const uint8_t *spki, size_t spki_len);
/* Takes over @pkey, NULL for a key that is still to be filled in. NULL: no memory, raised. */
struct key *key_new_foreign(struct provider *provider, enum key_type type, EVP_PKEY *pkey);

struct key *key_share(struct key *key);
void key_drop(struct key *key); /* NULL is fine */

struct provider *key_provider(const struct key *key);
enum key_type key_type(const struct key *key);
/* Its private half is in keystored. */
bool key_is_kept(const struct key *key);
/* The public half, or the whole key when it is not kept; NULL: not filled in. Borrowed. */
EVP_PKEY *key_pkey(const struct key *key);
void key_fill(struct key *key, EVP_PKEY *pkey); /* takes it over */

/*
 * Has keystored do something with a kept key. False: an error was raised. Wipe @ret_answer after
 * a decryption.
 */
bool key_sign(const struct key *key, enum ks_hash hash, enum ks_padding padding,
	      const uint8_t *digest, size_t len, struct call_answer *ret_answer);
bool key_decrypt(const struct key *key, enum ks_hash hash, const uint8_t *ciphertext, size_t len,
		 struct call_answer *ret_answer);

/* Gives the key to OpenSSL, whose KEYMGMT load takes it over: what decoder and store end with. */
bool key_hand_over(struct key *key, OSSL_CALLBACK *callback, void *arg);

#endif
