/* A channel as a policy of open62541 knows it: its peer, and its keys of both directions. */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "policy_private.h"

static void direction_clear(struct policy_direction *direction)
{
	symmetric_work_free(direction->work);
	OPENSSL_cleanse(direction, sizeof(*direction));
}

static void delete_context(void *context)
{
	struct policy_channel *channel = context;
	const struct policy_set *set;

	if (!channel)
		return;
	set = channel->policy->set;
	policy_settle(channel->policy);
	if (channel->is_open && set->keys->closed)
		set->keys->closed(channel, set->user);
	policy_late_free(channel->late);
	asymmetric_key_free(channel->peer);
	own_cert_free(channel->own);
	direction_clear(&channel->local);
	direction_clear(&channel->remote);
	free(channel->peer_cert);
	free(channel);
}

/* The peer's certificate, the first of what he sent. */
static UA_StatusCode take_peer(struct policy_channel *channel, const UA_ByteString *chain)
{
	const size_t len = asymmetric_leaf(chain->data, chain->length);

	channel->peer = asymmetric_key_new(channel->policy->kind, chain->data, len);
	if (!channel->peer)
		return UA_STATUSCODE_BADCERTIFICATEINVALID;
	channel->peer_cert = malloc(len);
	if (!channel->peer_cert)
		return UA_STATUSCODE_BADOUTOFMEMORY;
	memcpy(channel->peer_cert, chain->data, len);
	channel->peer_cert_len = len;
	return UA_STATUSCODE_GOOD;
}

static UA_StatusCode new_context(const UA_SecurityPolicy *sp, const UA_ByteString *certificate,
				 void **ret_context)
{
	struct policy *policy = sp->policyContext;
	struct policy_channel *channel = calloc(1, sizeof(*channel));
	UA_StatusCode status = UA_STATUSCODE_GOOD;

	policy_settle(policy);
	policy->matched = NULL;
	if (!channel)
		return UA_STATUSCODE_BADOUTOFMEMORY;
	channel->policy = policy;
	channel->local.keys.kind = channel->remote.keys.kind = policy->kind;
	/* open62541 decrypts a password in a context with our own certificate as the peer's. */
	if (certificate != &sp->localCertificate)
		status = take_peer(channel, certificate);
	if (status == UA_STATUSCODE_GOOD)
		*ret_context = channel;
	else
		delete_context(channel);
	return status;
}

static UA_StatusCode keep(const UA_ByteString *key, uint8_t *at, size_t size)
{
	if (key->length != size)
		return UA_STATUSCODE_BADINTERNALERROR;
	memcpy(at, key->data, size);
	return UA_STATUSCODE_GOOD;
}

/* The last of three: now all of them are there. */
static UA_StatusCode take_iv(struct policy_direction *direction, const UA_ByteString *iv,
			     bool encrypts)
{
	UA_StatusCode status = keep(iv, direction->keys.iv, SYMMETRIC_BLOCK);
	struct symmetric_work *work = NULL;

	if (status == UA_STATUSCODE_GOOD) {
		work = symmetric_work_new(&direction->keys, encrypts);
		if (!work)
			status = UA_STATUSCODE_BADOUTOFMEMORY;
	}
	symmetric_work_free(direction->work);
	direction->work = work;
	return status;
}

static UA_StatusCode set_local_signing(void *context, const UA_ByteString *key)
{
	struct policy_channel *channel = context;

	return keep(key, channel->local.keys.hmac, channel->policy->kind->hmac_key_size);
}

static UA_StatusCode set_local_encrypting(void *context, const UA_ByteString *key)
{
	struct policy_channel *channel = context;

	return keep(key, channel->local.keys.aes, channel->policy->kind->aes_key_size);
}

static UA_StatusCode set_local_iv(void *context, const UA_ByteString *iv)
{
	struct policy_channel *channel = context;

	return take_iv(&channel->local, iv, true);
}

static UA_StatusCode set_remote_signing(void *context, const UA_ByteString *key)
{
	struct policy_channel *channel = context;

	return keep(key, channel->remote.keys.hmac, channel->policy->kind->hmac_key_size);
}

static UA_StatusCode set_remote_encrypting(void *context, const UA_ByteString *key)
{
	struct policy_channel *channel = context;

	return keep(key, channel->remote.keys.aes, channel->policy->kind->aes_key_size);
}

static UA_StatusCode set_remote_iv(void *context, const UA_ByteString *iv)
{
	struct policy_channel *channel = context;

	return take_iv(&channel->remote, iv, false);
}

/*
 * CreateSession's, whose client has to be the one that has opened the channel. It is the first that
 * open62541 does for it, so that what it shows of us from here on is what that client knows.
 */
static UA_StatusCode compare_certificate(const void *context, const UA_ByteString *certificate)
{
	const struct policy_channel *channel = context;
	const size_t len = asymmetric_leaf(certificate->data, certificate->length);

	if (!len || len != channel->peer_cert_len ||
	    memcmp(certificate->data, channel->peer_cert, len) != 0)
		return UA_STATUSCODE_BADCERTIFICATEINVALID;
	if (policy_is_good(channel->policy->set, channel->own))
		policy_show(channel->policy, channel->own);
	return UA_STATUSCODE_GOOD;
}

void policy_channel_set(UA_SecurityPolicy *sp)
{
	sp->channelModule = (UA_SecurityPolicyChannelModule){
		.newContext = new_context,
		.deleteContext = delete_context,
		.setLocalSymSigningKey = set_local_signing,
		.setLocalSymEncryptingKey = set_local_encrypting,
		.setLocalSymIv = set_local_iv,
		.setRemoteSymSigningKey = set_remote_signing,
		.setRemoteSymEncryptingKey = set_remote_encrypting,
		.setRemoteSymIv = set_remote_iv,
		.compareCertificate = compare_certificate,
	};
}
