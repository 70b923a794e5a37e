/* What a key's user may ask for: signatures, decryption, a CSR; and random bytes. */
#ifndef SERVICE_USE_H
#define SERVICE_USE_H

#include <keystore.pb-c.h>

#include "keyring.h"

struct request;

void service_use_sign(struct request *request, const void *body, const struct keyring_key *key);
void service_use_decrypt(struct request *request, const void *body, const struct keyring_key *key);
void service_use_csr(struct request *request, const void *body, const struct keyring_key *key);
void service_use_random(struct request *request, const void *body, const struct keyring_key *key);

/*
 * How a key (@name) is to sign: defaults filled in, what the key or the configuration do not
 * allow refused. False: answered.
 */
bool service_use_scheme(struct request *request, const char *name, bool is_rsa,
			Keystore__V1__Hash wire_hash, Keystore__V1__Padding wire_padding,
			enum tpm_hash *ret_hash, enum tpm_padding *ret_padding);

#endif
