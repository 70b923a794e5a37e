/* What a key's user may ask for: signatures, decryption, a CSR; and random bytes. */
#ifndef SERVICE_USE_H
#define SERVICE_USE_H

#include "keyring.h"

struct request;

void service_use_sign(struct request *request, const void *body, const struct keyring_key *key);
void service_use_decrypt(struct request *request, const void *body, const struct keyring_key *key);
void service_use_csr(struct request *request, const void *body, const struct keyring_key *key);
void service_use_random(struct request *request, const void *body, const struct keyring_key *key);

#endif
