/* Protobuf messages of what clients are told about keys and the TPM. Hides their memory. */
#ifndef REPLY_H
#define REPLY_H

#include <engine.h>
#include <keystore.pb-c.h>
#include <stdbool.h>
#include <stdint.h>

#include "keyring.h"

#define REPLY_OPERATIONS 2

/* "sign" and "decrypt" as a list. */
struct reply_operations {
	Keystore__V1__Operation list[REPLY_OPERATIONS];
	size_t count;
};
struct reply_operations reply_operations(unsigned operations);

/* False: an operation that is none. */
bool reply_operations_parse(const Keystore__V1__Operation *list, size_t count,
			    unsigned *ret_operations);

struct reply_grant {
	Keystore__V1__Grant grant;
	struct reply_operations operations;
};

struct reply_key {
	Keystore__V1__KeyInfo info;
	struct reply_operations operations;
	uint8_t fingerprint[32];
	struct reply_grant *grants;
	Keystore__V1__Grant **grant_list;
};

/* All of it; borrows from @key. False: no memory. */
bool reply_key_build(struct reply_key *reply, const struct keyring_key *key);
void reply_key_wipe(struct reply_key *reply);

struct reply_tpm {
	Keystore__V1__TpmFacts facts;
	Keystore__V1__Algorithm algorithms[TPM_ALGORITHM_COUNT];
	Keystore__V1__Hash hashes[TPM_HASH_COUNT];
	struct tpm_facts known;
};

/* @reply->known is asked from @engine. */
void reply_tpm_build(struct reply_tpm *reply, struct tpm_engine *engine);

#endif
