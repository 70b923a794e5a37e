/* What open62541 does for an OPN, CreateSession, ActivateSession and passwords. */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "opn.h"
#include "policy_private.h"

static UA_StatusCode make_thumbprint(const UA_SecurityPolicy *sp, const UA_ByteString *certificate,
				     UA_ByteString *thumbprint)
{
	const size_t len = asymmetric_leaf(certificate->data, certificate->length);

	(void)sp;
	if (!len || thumbprint->length != OWN_CERT_THUMBPRINT ||
	    !asymmetric_thumbprint(certificate->data, len, thumbprint->data))
		return UA_STATUSCODE_BADCERTIFICATEINVALID;
	return UA_STATUSCODE_GOOD;
}

/* For whom an OPN is; what open62541 does next with it is to decrypt it. */
static UA_StatusCode compare_thumbprint(const UA_SecurityPolicy *sp,
					const UA_ByteString *thumbprint)
{
	struct policy *policy = sp->policyContext;

	policy_settle(policy);
	policy->matched = thumbprint->length == OWN_CERT_THUMBPRINT
				  ? policy_set_find(policy->set, thumbprint->data)
				  : NULL;
	return policy->matched ? UA_STATUSCODE_GOOD : UA_STATUSCODE_BADCERTIFICATEINVALID;
}

/* All blocks by the key of one generation, apart from @data. */
static UA_StatusCode decrypt_by(const struct policy *policy, struct own_cert *own,
				const UA_ByteString *data, uint8_t *out, size_t *ret_len)
{
	const struct policy_set *set = policy->set;
	const size_t block = own->key_size, part = block - policy->kind->cipher_overhead;
	UA_StatusCode status = UA_STATUSCODE_GOOD;
	uint8_t plain[ASYMMETRIC_KEY_MAX];
	size_t done = 0;

	if (data->length % block || data->length == 0 || data->length / block > POLICY_BLOCKS_MAX)
		return UA_STATUSCODE_BADSECURITYCHECKSFAILED;
	for (size_t at = 0; status == UA_STATUSCODE_GOOD && at < data->length; at += block) {
		const struct policy_order order = {
			.kind = policy->kind, .own = own, .bytes = data->data + at, .len = block};
		size_t len = 0;

		status = set->keys->decrypt(&order, plain, &len, set->user);
		if (status == UA_STATUSCODE_GOOD && len > part)
			status = UA_STATUSCODE_BADSECURITYCHECKSFAILED;
		if (status != UA_STATUSCODE_GOOD)
			break;
		memcpy(out + done, plain, len);
		done += len;
	}
	OPENSSL_cleanse(plain, sizeof(plain));
	if (status == UA_STATUSCODE_GOOD)
		*ret_len = done;
	return status;
}

/* A password says nothing about whose it is: what is shown, or was when its client looked. */
static UA_StatusCode decrypt_by_any(const struct policy *policy, const UA_ByteString *data,
				    uint8_t *out, size_t *ret_len)
{
	UA_StatusCode status = UA_STATUSCODE_BADSECURITYCHECKSFAILED;

	for (size_t i = 0; status != UA_STATUSCODE_GOOD && i < POLICY_GENERATIONS; i++) {
		struct own_cert *own = policy_generation(policy->set, i);

		if (own)
			status = decrypt_by(policy, own, data, out, ret_len);
	}
	return status;
}

static UA_StatusCode decrypt_opn(struct policy_channel *channel, const UA_ByteString *data,
				 uint8_t *out, size_t *ret_len)
{
	struct policy *policy = channel->policy;
	const struct policy_set *set = policy->set;
	struct own_cert *own = policy->matched;

	policy->matched = NULL;
	if (!own)
		return UA_STATUSCODE_BADSECURITYCHECKSFAILED;
	own_cert_free(channel->own);
	channel->own = own_cert_share(own);
	if (!channel->is_open && set->keys->opened) {
		channel->is_open = true;
		channel->is_late = set->keys->opened(channel, set->user);
	}
	return decrypt_by(policy, own, data, out, ret_len);
}

/* Whatever fails says the same, so that nobody learns from it what was behind the padding. */
static UA_StatusCode decrypt(void *context, UA_ByteString *data)
{
	struct policy_channel *channel = context;
	uint8_t plain[POLICY_BLOCKS_MAX * ASYMMETRIC_KEY_MAX];
	UA_StatusCode status;
	size_t len = 0;

	if (channel->peer)
		status = decrypt_opn(channel, data, plain, &len);
	else
		status = decrypt_by_any(channel->policy, data, plain, &len);
	if (status != UA_STATUSCODE_GOOD)
		return UA_STATUSCODE_BADSECURITYCHECKSFAILED;
	memcpy(data->data, plain, len);
	data->length = len;
	OPENSSL_cleanse(plain, sizeof(plain));
	return UA_STATUSCODE_GOOD;
}

static bool is_opn(const UA_ByteString *message)
{
	/* Certificates, with which everything else begins, do so with a SEQUENCE. */
	return message->length >= 3 && memcmp(message->data, "OPN", 3) == 0;
}

/*
 * open62541 checks the signature by the certificate with which the channel was opened, and has the
 * one in the header validated: they have to be the same, or a certificate that was revoked goes on
 * in the shade of somebody else's.
 */
static bool is_of_peer(const struct policy_channel *channel, const UA_ByteString *message)
{
	struct opn_header header;
	size_t len;

	if (!opn_header_read(message->data, message->length, &header))
		return false;
	len = asymmetric_leaf(header.sender, header.sender_len);
	return len && len == channel->peer_cert_len &&
	       memcmp(header.sender, channel->peer_cert, len) == 0;
}

static UA_StatusCode verify_opn(struct policy_channel *channel, const UA_ByteString *message,
				const UA_ByteString *signature)
{
	if (!is_of_peer(channel, message) ||
	    !asymmetric_verify(channel->peer, message->data, message->length, signature->data,
			       signature->length))
		return UA_STATUSCODE_BADSECURITYCHECKSFAILED;
	/* What it is answered with shows, and is signed by, what it was encrypted for. */
	policy_show(channel->policy, channel->own);
	return policy_check_opn(channel->policy, message);
}

static bool verify_over(const struct asymmetric_key *peer, const uint8_t *cert, size_t cert_len,
			const uint8_t *nonce, size_t nonce_len, const UA_ByteString *signature)
{
	uint8_t *bytes = malloc(cert_len + nonce_len);
	bool is_right;

	if (!bytes)
		return false;
	memcpy(bytes, cert, cert_len);
	memcpy(bytes + cert_len, nonce, nonce_len);
	is_right = asymmetric_verify(peer, bytes, cert_len + nonce_len, signature->data,
				     signature->length);
	free(bytes);
	return is_right;
}

/*
 * A peer's signature over our certificate and a nonce (OPC 10000-4 5.6.2, 5.6.3). open62541 gives us
 * what is shown now; the peer may have been shown another, and sign its leaf alone or all of it.
 */
static UA_StatusCode verify_nonce(const struct policy_channel *channel,
				  const UA_ByteString *message, const UA_ByteString *signature)
{
	const struct policy *policy = channel->policy;
	const struct own_cert *shown = policy->shown;
	const uint8_t *nonce;
	size_t nonce_len;

	if (!shown || message->length <= shown->chain_len)
		return UA_STATUSCODE_BADSECURITYCHECKSFAILED;
	nonce = message->data + shown->chain_len;
	nonce_len = message->length - shown->chain_len;
	for (size_t i = 0; i < POLICY_GENERATIONS; i++) {
		const struct own_cert *own = policy_generation(policy->set, i);

		if (!own)
			continue;
		if (verify_over(channel->peer, own->chain, own->leaf_len, nonce, nonce_len,
				signature))
			return UA_STATUSCODE_GOOD;
		if (own->chain_len != own->leaf_len &&
		    verify_over(channel->peer, own->chain, own->chain_len, nonce, nonce_len,
				signature))
			return UA_STATUSCODE_GOOD;
	}
	return UA_STATUSCODE_BADSECURITYCHECKSFAILED;
}

static UA_StatusCode verify(void *context, const UA_ByteString *message,
			    const UA_ByteString *signature)
{
	struct policy_channel *channel = context;

	if (!channel->peer)
		return UA_STATUSCODE_BADSECURITYCHECKSFAILED;
	return is_opn(message) ? verify_opn(channel, message, signature)
			       : verify_nonce(channel, message, signature);
}

/* By what is shown: that is in the header of the OPN, or in the answer to CreateSession. */
static UA_StatusCode sign(void *context, const UA_ByteString *message, UA_ByteString *signature)
{
	struct policy_channel *channel = context;
	const struct policy *policy = channel->policy;
	const struct policy_set *set = policy->set;
	uint8_t digest[ASYMMETRIC_DIGEST_MAX];
	const size_t len = asymmetric_digest(policy->kind, message->data, message->length, digest);
	struct policy_order order = {
		.kind = policy->kind, .own = policy->shown, .bytes = digest, .len = len};

	if (!policy->shown || signature->length != policy->shown->key_size || !len)
		return UA_STATUSCODE_BADINTERNALERROR;
	if (!channel->is_late || !is_opn(message))
		return set->keys->sign(&order, signature->data, set->user);
	memset(signature->data, 0, signature->length);
	return policy_late_begin(channel, digest, len) ? UA_STATUSCODE_GOOD
						       : UA_STATUSCODE_BADOUTOFMEMORY;
}

/* In place: open62541 has left room for what it becomes. */
static UA_StatusCode encrypt(void *context, UA_ByteString *data)
{
	struct policy_channel *channel = context;
	struct policy_late *late = channel->late;
	uint8_t *plain;
	size_t len = 0, cipher_len;
	bool is_done;

	policy_settle(channel->policy);
	if (!channel->peer)
		return UA_STATUSCODE_BADINTERNALERROR;
	cipher_len = data->length /
		     (asymmetric_key_size(channel->peer) - channel->policy->kind->cipher_overhead) *
		     asymmetric_key_size(channel->peer);
	if (late) {
		if (!policy_late_keep(late, data->data, data->length))
			return UA_STATUSCODE_BADOUTOFMEMORY;
		/* Were it sent as it is, it would not tell anybody the nonce. */
		memset(data->data, 0, cipher_len);
		return UA_STATUSCODE_GOOD;
	}
	plain = malloc(data->length);
	if (!plain)
		return UA_STATUSCODE_BADOUTOFMEMORY;
	memcpy(plain, data->data, data->length);
	is_done = asymmetric_encrypt(channel->peer, plain, data->length, data->data, cipher_len,
				     &len);
	OPENSSL_cleanse(plain, data->length);
	free(plain);
	return is_done ? UA_STATUSCODE_GOOD : UA_STATUSCODE_BADINTERNALERROR;
}

/* While an OPN is looked at and answered: of that for which it was encrypted. */
static size_t local_signature_size(const void *context)
{
	const struct policy_channel *channel = context;
	const struct own_cert *shown = channel->policy->shown;

	return shown ? shown->key_size : 0;
}

static size_t peer_size(const void *context)
{
	const struct policy_channel *channel = context;

	return channel->peer ? asymmetric_key_size(channel->peer) : 0;
}

static size_t peer_plain_size(const void *context)
{
	const struct policy_channel *channel = context;

	return channel->peer
		       ? asymmetric_key_size(channel->peer) - channel->policy->kind->cipher_overhead
		       : 0;
}

/* In bits, both: whether a padding has a second byte for its length hangs on it. */
static size_t peer_bits(const void *context)
{
	return peer_size(context) * 8;
}

static size_t local_bits(const void *context)
{
	return local_signature_size(context) * 8;
}

void policy_asymmetric_set(UA_SecurityPolicy *sp, const struct policy_kind *kind)
{
	UA_SecurityPolicyAsymmetricModule *module = &sp->asymmetricModule;

	module->makeCertificateThumbprint = make_thumbprint;
	module->compareCertificateThumbprint = compare_thumbprint;
	module->cryptoModule.signatureAlgorithm = (UA_SecurityPolicySignatureAlgorithm){
		.uri = policy_text(kind->sign_uri),
		.verify = verify,
		.sign = sign,
		.getLocalSignatureSize = local_signature_size,
		.getRemoteSignatureSize = peer_size,
		.getLocalKeyLength = local_bits,
		.getRemoteKeyLength = peer_bits,
	};
	module->cryptoModule.encryptionAlgorithm = (UA_SecurityPolicyEncryptionAlgorithm){
		.uri = policy_text(kind->cipher_uri),
		.encrypt = encrypt,
		.decrypt = decrypt,
		.getLocalKeyLength = local_bits,
		.getRemoteKeyLength = peer_bits,
		.getRemoteBlockSize = peer_size,
		.getRemotePlainTextBlockSize = peer_plain_size,
	};
	sp->certificateSigningAlgorithm = module->cryptoModule.signatureAlgorithm;
}
