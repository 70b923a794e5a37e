/* The answer to an OPN that is signed when the private key has done it (OPC 10000-6 6.7.4). */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "policy_private.h"

struct policy_late {
	const struct policy_kind *kind;
	struct own_cert *own;	     /* by which it is signed */
	struct asymmetric_key *peer; /* for whom it is encrypted */
	uint8_t digest[ASYMMETRIC_DIGEST_MAX];
	size_t digest_len;
	uint8_t *plain; /* with room for the signature at its end */
	size_t plain_len;
};

bool policy_late_begin(struct policy_channel *channel, const uint8_t *digest, size_t digest_len)
{
	struct policy_late *late = calloc(1, sizeof(*late));

	if (!late)
		return false;
	late->kind = channel->policy->kind;
	late->own = own_cert_share(channel->policy->shown);
	late->peer = asymmetric_key_share(channel->peer);
	memcpy(late->digest, digest, digest_len);
	late->digest_len = digest_len;
	policy_late_free(channel->late);
	channel->late = late;
	return true;
}

bool policy_late_keep(struct policy_late *late, const uint8_t *plain, size_t len)
{
	late->plain = len >= late->own->key_size ? malloc(len) : NULL;
	if (!late->plain)
		return false;
	memcpy(late->plain, plain, len);
	late->plain_len = len;
	return true;
}

struct policy_late *policy_channel_late(struct policy_channel *channel)
{
	struct policy_late *late = channel->late;

	/* Without its plain text open62541 has not come to send it. */
	if (!late || !late->plain)
		return NULL;
	channel->late = NULL;
	return late;
}

void policy_late_order(const struct policy_late *late, struct policy_order *ret_order)
{
	*ret_order = (struct policy_order){
		.kind = late->kind,
		.own = late->own,
		.bytes = late->digest,
		.len = late->digest_len,
	};
}

bool policy_late_finish(struct policy_late *late, const uint8_t *signature, uint8_t *chunk,
			size_t len)
{
	const size_t block = asymmetric_key_size(late->peer);
	const size_t cipher_len = late->plain_len / (block - late->kind->cipher_overhead) * block;
	size_t done;

	if (len < cipher_len)
		return false;
	memcpy(late->plain + late->plain_len - late->own->key_size, signature, late->own->key_size);
	return asymmetric_encrypt(late->peer, late->plain, late->plain_len,
				  chunk + len - cipher_len, cipher_len, &done) &&
	       done == cipher_len;
}

void policy_late_free(struct policy_late *late)
{
	if (!late)
		return;
	own_cert_free(late->own);
	asymmetric_key_free(late->peer);
	if (late->plain)
		OPENSSL_cleanse(late->plain, late->plain_len);
	free(late->plain);
	free(late);
}
