#include "reply.h"

#include <openssl/evp.h>
#include <stdlib.h>

struct reply_operations reply_operations(unsigned operations)
{
	struct reply_operations reply = {0};

	if (operations & POLICY_SIGN)
		reply.list[reply.count++] = KEYSTORE__V1__OPERATION__OPERATION_SIGN;
	if (operations & POLICY_DECRYPT)
		reply.list[reply.count++] = KEYSTORE__V1__OPERATION__OPERATION_DECRYPT;
	return reply;
}

bool reply_operations_parse(const Keystore__V1__Operation *list, size_t count,
			    unsigned *ret_operations)
{
	unsigned operations = 0;

	for (size_t i = 0; i < count; i++) {
		if (list[i] == KEYSTORE__V1__OPERATION__OPERATION_SIGN)
			operations |= POLICY_SIGN;
		else if (list[i] == KEYSTORE__V1__OPERATION__OPERATION_DECRYPT)
			operations |= POLICY_DECRYPT;
		else
			return false;
	}
	*ret_operations = operations;
	return true;
}

static bool build_grants(struct reply_key *reply, const struct keyring_key *key)
{
	if (!key->own_grant_count)
		return true;
	reply->grants = calloc(key->own_grant_count, sizeof *reply->grants);
	reply->grant_list = calloc(key->own_grant_count, sizeof(Keystore__V1__Grant *));
	if (!reply->grants || !reply->grant_list)
		return false;
	for (size_t i = 0; i < key->own_grant_count; i++) {
		struct reply_grant *grant = &reply->grants[i];

		keystore__v1__grant__init(&grant->grant);
		grant->operations = reply_operations(key->grants[i].operations);
		grant->grant.operations = grant->operations.list;
		grant->grant.n_operations = grant->operations.count;
		if (key->grants[i].subject == POLICY_UID) {
			grant->grant.subject_case = KEYSTORE__V1__GRANT__SUBJECT_UID;
			grant->grant.uid = key->grants[i].id;
		} else {
			grant->grant.subject_case = KEYSTORE__V1__GRANT__SUBJECT_GID;
			grant->grant.gid = key->grants[i].id;
		}
		reply->grant_list[i] = &grant->grant;
	}
	reply->info.grants = reply->grant_list;
	reply->info.n_grants = key->own_grant_count;
	return true;
}

bool reply_key_build(struct reply_key *reply, const struct keyring_key *key)
{
	Keystore__V1__KeyInfo *info = &reply->info;

	*reply = (struct reply_key){0};
	keystore__v1__key_info__init(info);
	reply->operations = reply_operations(key->operations);
	info->id = key->id;
	info->name = (char *)(uintptr_t)key->name;
	info->algorithm = (Keystore__V1__Algorithm)key->algorithm;
	info->operations = reply->operations.list;
	info->n_operations = reply->operations.count;
	info->origin = (Keystore__V1__Origin)key->origin;
	info->persistent_handle = key->handle;
	info->pinned = info->persistent_handle != 0;
	info->created = key->created;
	info->created_by = key->created_by;
	info->of_ca = key->of_ca;
	info->public_key.data = (uint8_t *)(uintptr_t)key->spki;
	info->public_key.len = key->spki_len;
	if (!EVP_Digest(key->spki, key->spki_len, reply->fingerprint, NULL, EVP_sha256(), NULL) ||
	    !build_grants(reply, key)) {
		reply_key_wipe(reply);
		return false;
	}
	info->fingerprint.data = reply->fingerprint;
	info->fingerprint.len = sizeof reply->fingerprint;
	return true;
}

void reply_key_wipe(struct reply_key *reply)
{
	free(reply->grants);
	free(reply->grant_list);
	reply->grants = NULL;
	reply->grant_list = NULL;
}

void reply_tpm_build(struct reply_tpm *reply, struct tpm_engine *engine)
{
	struct tpm_facts *known = &reply->known;
	Keystore__V1__TpmFacts *facts = &reply->facts;

	tpm_engine_facts(engine, known);
	keystore__v1__tpm_facts__init(facts);
	facts->state = (Keystore__V1__TpmState)known->state;
	facts->reason = known->reason;
	facts->manufacturer = known->manufacturer;
	facts->model = known->model;
	facts->firmware = known->firmware;
	facts->algorithms = reply->algorithms;
	facts->hashes = reply->hashes;
	for (int i = 1; i < TPM_ALGORITHM_COUNT; i++) {
		if (known->has_algorithm[i])
			reply->algorithms[facts->n_algorithms++] = (Keystore__V1__Algorithm)i;
	}
	for (int i = 1; i < TPM_HASH_COUNT; i++) {
		if (known->has_hash[i])
			reply->hashes[facts->n_hashes++] = (Keystore__V1__Hash)i;
	}
	facts->transient_slots = known->transient_slots;
	facts->persistent_free = known->persistent_free;
	facts->pss_padded_here = known->pss_padded_here;
}
