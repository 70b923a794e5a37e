/* What open62541 does for each message of an open channel. */
#include "policy_private.h"

static UA_StatusCode generate_key(void *policy_context, const UA_ByteString *secret,
				  const UA_ByteString *seed, UA_ByteString *out)
{
	const struct policy *policy = policy_context;

	if (!symmetric_derive(policy->kind, secret->data, secret->length, seed->data, seed->length,
			      out->data, out->length))
		return UA_STATUSCODE_BADINTERNALERROR;
	return UA_STATUSCODE_GOOD;
}

/* The answer goes out: whatever of us it was to show is in it. */
static UA_StatusCode sign(void *context, const UA_ByteString *message, UA_ByteString *signature)
{
	struct policy_channel *channel = context;

	policy_settle(channel->policy);
	if (!channel->local.work || signature->length != channel->policy->kind->hmac_size ||
	    !symmetric_work_sign(channel->local.work, message->data, message->length,
				 signature->data))
		return UA_STATUSCODE_BADINTERNALERROR;
	return UA_STATUSCODE_GOOD;
}

static UA_StatusCode verify(void *context, const UA_ByteString *message,
			    const UA_ByteString *signature)
{
	struct policy_channel *channel = context;

	policy_settle(channel->policy);
	if (!channel->remote.work ||
	    !symmetric_work_verify(channel->remote.work, message->data, message->length,
				   signature->data, signature->length))
		return UA_STATUSCODE_BADSECURITYCHECKSFAILED;
	return UA_STATUSCODE_GOOD;
}

static UA_StatusCode encrypt(void *context, UA_ByteString *data)
{
	struct policy_channel *channel = context;

	if (!channel->local.work ||
	    !symmetric_work_crypt(channel->local.work, data->data, data->length))
		return UA_STATUSCODE_BADINTERNALERROR;
	return UA_STATUSCODE_GOOD;
}

static UA_StatusCode decrypt(void *context, UA_ByteString *data)
{
	struct policy_channel *channel = context;

	if (!channel->remote.work ||
	    !symmetric_work_crypt(channel->remote.work, data->data, data->length))
		return UA_STATUSCODE_BADSECURITYCHECKSFAILED;
	return UA_STATUSCODE_GOOD;
}

static const struct policy_kind *kind_of(const void *context)
{
	const struct policy_channel *channel = context;

	return channel->policy->kind;
}

static size_t signature_size(const void *context)
{
	return kind_of(context)->hmac_size;
}

static size_t hmac_key_size(const void *context)
{
	return kind_of(context)->hmac_key_size;
}

static size_t aes_key_size(const void *context)
{
	return kind_of(context)->aes_key_size;
}

static size_t block_size(const void *context)
{
	(void)context;
	return SYMMETRIC_BLOCK;
}

void policy_symmetric_set(UA_SecurityPolicy *sp, const struct policy_kind *kind)
{
	UA_SecurityPolicySymmetricModule *module = &sp->symmetricModule;

	module->generateKey = generate_key;
	module->secureChannelNonceLength = kind->nonce_size;
	module->cryptoModule.signatureAlgorithm = (UA_SecurityPolicySignatureAlgorithm){
		.uri = policy_text(kind->hmac_uri),
		.verify = verify,
		.sign = sign,
		.getLocalSignatureSize = signature_size,
		.getRemoteSignatureSize = signature_size,
		.getLocalKeyLength = hmac_key_size,
		.getRemoteKeyLength = hmac_key_size,
	};
	module->cryptoModule.encryptionAlgorithm = (UA_SecurityPolicyEncryptionAlgorithm){
		.uri = policy_text(kind->aes_uri),
		.encrypt = encrypt,
		.decrypt = decrypt,
		.getLocalKeyLength = aes_key_size,
		.getRemoteKeyLength = aes_key_size,
		.getRemoteBlockSize = block_size,
		.getRemotePlainTextBlockSize = block_size,
	};
}
