/* The policy that protects nothing (OPC 10000-7, SecurityPolicy – None). */
#include "policy_private.h"

/* open62541 asks for an OPN only; the context is the policy itself. */
static UA_StatusCode verify(void *context, const UA_ByteString *message,
			    const UA_ByteString *signature)
{
	(void)signature;
	return policy_check_opn(context, message);
}

static UA_StatusCode sign(void *context, const UA_ByteString *message, UA_ByteString *signature)
{
	(void)context;
	(void)message;
	(void)signature;
	return UA_STATUSCODE_GOOD;
}

static UA_StatusCode crypt(void *context, UA_ByteString *data)
{
	(void)context;
	(void)data;
	return UA_STATUSCODE_GOOD;
}

static size_t no_length(const void *context)
{
	(void)context;
	return 0;
}

static UA_StatusCode make_thumbprint(const UA_SecurityPolicy *sp, const UA_ByteString *certificate,
				     UA_ByteString *thumbprint)
{
	(void)sp;
	(void)certificate;
	(void)thumbprint;
	return UA_STATUSCODE_GOOD;
}

static UA_StatusCode compare(const UA_SecurityPolicy *sp, const UA_ByteString *thumbprint)
{
	(void)sp;
	(void)thumbprint;
	return UA_STATUSCODE_GOOD;
}

static UA_StatusCode compare_certificate(const void *context, const UA_ByteString *certificate)
{
	(void)context;
	(void)certificate;
	return UA_STATUSCODE_GOOD;
}

static UA_StatusCode generate(void *policy_context, const UA_ByteString *secret,
			      const UA_ByteString *seed, UA_ByteString *out)
{
	(void)policy_context;
	(void)secret;
	(void)seed;
	(void)out;
	return UA_STATUSCODE_GOOD;
}

static UA_StatusCode new_context(const UA_SecurityPolicy *sp, const UA_ByteString *certificate,
				 void **ret_context)
{
	(void)certificate;
	*ret_context = sp->policyContext;
	return UA_STATUSCODE_GOOD;
}

static void delete_context(void *context)
{
	(void)context;
}

static UA_StatusCode set_key(void *context, const UA_ByteString *key)
{
	(void)context;
	(void)key;
	return UA_STATUSCODE_GOOD;
}

void policy_none_set(UA_SecurityPolicy *sp)
{
	const UA_SecurityPolicySignatureAlgorithm signature = {
		.verify = verify,
		.sign = sign,
		.getLocalSignatureSize = no_length,
		.getRemoteSignatureSize = no_length,
		.getLocalKeyLength = no_length,
		.getRemoteKeyLength = no_length,
	};
	const UA_SecurityPolicyEncryptionAlgorithm encryption = {
		.encrypt = crypt,
		.decrypt = crypt,
		.getLocalKeyLength = no_length,
		.getRemoteKeyLength = no_length,
		.getRemoteBlockSize = no_length,
		.getRemotePlainTextBlockSize = no_length,
	};
	const UA_SecurityPolicyCryptoModule nothing = {signature, encryption};

	sp->symmetricModule.generateKey = generate;
	sp->symmetricModule.cryptoModule = nothing;
	sp->asymmetricModule.makeCertificateThumbprint = make_thumbprint;
	sp->asymmetricModule.compareCertificateThumbprint = compare;
	sp->asymmetricModule.cryptoModule = nothing;
	sp->certificateSigningAlgorithm = signature;
	sp->channelModule = (UA_SecurityPolicyChannelModule){
		.newContext = new_context,
		.deleteContext = delete_context,
		.setLocalSymEncryptingKey = set_key,
		.setLocalSymSigningKey = set_key,
		.setLocalSymIv = set_key,
		.setRemoteSymEncryptingKey = set_key,
		.setRemoteSymSigningKey = set_key,
		.setRemoteSymIv = set_key,
		.compareCertificate = compare_certificate,
	};
}
