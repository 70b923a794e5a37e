/*
 * opcua-policy_hostile: our security policies, called as open62541 calls them, with what a peer may
 * send. Ends with 0 if all of it held; tells what did not otherwise.
 */
#include "two_parties.h"

#define NONCE_SIZE 32

struct hostile {
	struct rsa_cert own[5], issuer, peer, other;
	struct party_keys keys;
	struct policy_set *set;
	UA_SecurityPolicy *sp; /* Basic256Sha256 */
};

static void hostile_init(struct hostile *hostile)
{
	static const char *const names[] = {"a", "b", "c", "d", "e"};
	size_t count;

	*hostile = (struct hostile){
		.issuer = rsa_cert_make(2048, "issuer", NULL, NULL),
		.peer = rsa_cert_make(2048, "peer", "URI:urn:peer", NULL),
		.other = rsa_cert_make(2048, "other", "URI:urn:other", NULL),
		.keys.count = 5,
	};
	for (size_t i = 0; i < 5; i++) {
		hostile->own[i] =
			rsa_cert_make(2048, names[i], "URI:urn:own", i ? NULL : &hostile->issuer);
		hostile->keys.certs[i] = &hostile->own[i];
	}
	hostile->set = policy_set_new(1u << POLICY_BASIC256SHA256, party_logger(),
				      &party_server_keys, &hostile->keys);
	party_show(hostile->set, &hostile->keys, 0, 0);
	hostile->sp = policy_set_policies(hostile->set, &count);
	party_expect(count == 1, "one policy");
}

static void hostile_clear(struct hostile *hostile)
{
	policy_set_free(hostile->set);
	for (size_t i = 0; i < 5; i++)
		rsa_cert_clear(&hostile->own[i]);
	rsa_cert_clear(&hostile->issuer);
	rsa_cert_clear(&hostile->peer);
	rsa_cert_clear(&hostile->other);
}

static UA_ByteString bytes_of(const struct rsa_cert *cert)
{
	return (UA_ByteString){cert->len, cert->der};
}

static void *channel_new(const struct hostile *hostile, const struct rsa_cert *peer)
{
	UA_ByteString cert = bytes_of(peer);
	void *context = NULL;

	party_good(hostile->sp->channelModule.newContext(hostile->sp, &cert, &context), "channel");
	return context;
}

static UA_StatusCode match(const struct hostile *hostile, const uint8_t *thumbprint, size_t len)
{
	uint8_t copy[64];
	UA_ByteString bytes = {len, copy};

	memcpy(copy, thumbprint, len);
	return hostile->sp->asymmetricModule.compareCertificateThumbprint(hostile->sp, &bytes);
}

static bool matches(const struct hostile *hostile, const struct rsa_cert *cert)
{
	uint8_t thumbprint[20];

	rsa_expect(EVP_Digest(cert->der, cert->len, thumbprint, NULL, EVP_sha1(), NULL));
	return match(hostile, thumbprint, 20) == UA_STATUSCODE_GOOD;
}

static UA_StatusCode decrypt(const struct hostile *hostile, void *channel, size_t len)
{
	UA_Byte bytes[4096] = {0};
	UA_ByteString data = {len, bytes};

	return hostile->sp->asymmetricModule.cryptoModule.encryptionAlgorithm.decrypt(channel,
										      &data);
}

/* As @peer's software signs. */
static UA_StatusCode verify(const struct hostile *hostile, void *channel,
			    const UA_ByteString *message, const struct rsa_cert *peer)
{
	UA_Byte signature[512];
	UA_ByteString out = {sizeof(signature), signature};
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	rsa_expect(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, peer->key) == 1 &&
		   EVP_DigestSign(ctx, signature, &out.length, message->data, message->length) ==
			   1);
	EVP_MD_CTX_free(ctx);
	return hostile->sp->asymmetricModule.cryptoModule.signatureAlgorithm.verify(channel,
										    message, &out);
}

static void thumbprints(struct hostile *hostile)
{
	uint8_t bytes[64] = {0};

	for (size_t len = 0; len < sizeof(bytes); len++)
		party_expect(match(hostile, bytes, len) != UA_STATUSCODE_GOOD, "a thumbprint");
	party_expect(matches(hostile, &hostile->own[0]), "ours");
	party_expect(!matches(hostile, &hostile->own[1]), "not shown yet");
	party_expect(!matches(hostile, &hostile->issuer), "our issuer's");
}

/* The private key is not used for what could never be an OPN. */
static void blocks(struct hostile *hostile)
{
	static const size_t lens[] = {0, 1, 255, 257, 256 * (POLICY_BLOCKS_MAX + 1)};
	void *channel = channel_new(hostile, &hostile->peer);

	party_expect(decrypt(hostile, channel, 256) == UA_STATUSCODE_BADSECURITYCHECKSFAILED,
		     "decrypts for nobody");
	for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
		party_expect(matches(hostile, &hostile->own[0]), "ours");
		party_expect(decrypt(hostile, channel, lens[i]) ==
				     UA_STATUSCODE_BADSECURITYCHECKSFAILED,
			     "decrypts part of a block, or too many");
	}
	party_expect(hostile->keys.decryptions == 0, "the key was used");
	party_expect(matches(hostile, &hostile->own[0]), "ours");
	party_expect(decrypt(hostile, channel, 256 * POLICY_BLOCKS_MAX) ==
			     UA_STATUSCODE_BADSECURITYCHECKSFAILED,
		     "decrypts nothing");
	party_expect(hostile->keys.decryptions == 1, "the key was used after the first failure");
	party_expect(decrypt(hostile, channel, 256) == UA_STATUSCODE_BADSECURITYCHECKSFAILED &&
			     hostile->keys.decryptions == 1,
		     "a thumbprint is good for a second OPN");
	hostile->sp->channelModule.deleteContext(channel);
}

static UA_StatusCode decrypt_to_too_much(const struct policy_order *order, uint8_t *plain,
					 size_t *ret_len, void *user)
{
	(void)user;
	memset(plain, 0, order->own->key_size);
	*ret_len = order->own->key_size;
	return UA_STATUSCODE_GOOD;
}

/* keystored's answers are not believed either. */
static void answers(const struct hostile *hostile)
{
	const struct policy_keys keys = {.sign = party_sign, .decrypt = decrypt_to_too_much};
	struct hostile lied_to = *hostile;
	size_t count;
	void *channel;

	lied_to.set = policy_set_new(1u << POLICY_BASIC256SHA256, party_logger(), &keys, NULL);
	party_show(lied_to.set, &hostile->keys, 0, 0);
	lied_to.sp = policy_set_policies(lied_to.set, &count);
	channel = channel_new(&lied_to, &hostile->peer);
	party_expect(matches(&lied_to, &hostile->own[0]), "ours");
	party_expect(decrypt(&lied_to, channel, 256) == UA_STATUSCODE_BADSECURITYCHECKSFAILED,
		     "more than a block can hold");
	lied_to.sp->channelModule.deleteContext(channel);
	policy_set_free(lied_to.set);
}

static void peers(struct hostile *hostile)
{
	struct rsa_cert small = rsa_cert_make(1024, "small", "URI:urn:small", NULL);
	struct rsa_cert ec = rsa_cert_of(EVP_EC_gen("P-256"), "ec", "URI:urn:ec", NULL);
	UA_ByteString certs[] = {bytes_of(&small),
				 bytes_of(&ec),
				 bytes_of(&hostile->peer),
				 {4, (UA_Byte *)(uintptr_t) "\x30\x02\x05\x00"},
				 UA_BYTESTRING_NULL};
	void *context = NULL;

	certs[2].length--;
	for (size_t i = 0; i < sizeof(certs) / sizeof(*certs); i++)
		party_expect(hostile->sp->channelModule.newContext(hostile->sp, &certs[i],
								   &context) != UA_STATUSCODE_GOOD,
			     "a channel with such a certificate");
	party_expect(context == NULL, "a context of it");
	rsa_cert_clear(&small);
	rsa_cert_clear(&ec);
}

static void put_u32(UA_ByteString *bytes, uint32_t n)
{
	for (unsigned i = 0; i < 4; i++)
		bytes->data[bytes->length++] = (UA_Byte)(n >> 8 * i);
}

static void put(UA_ByteString *bytes, const void *what, size_t len)
{
	memcpy(bytes->data + bytes->length, what, len);
	bytes->length += len;
}

/* An OPN, decrypted, without its signature. */
static void make_opn(UA_ByteString *bytes, const struct rsa_cert *sender, uint32_t mode,
		     uint32_t nonce_len)
{
	const char *uri = policy_kind(POLICY_BASIC256SHA256)->uri;

	bytes->length = 0;
	put(bytes, "OPNF", 4);
	put_u32(bytes, 4096);
	put_u32(bytes, 0);
	put_u32(bytes, (uint32_t)strlen(uri));
	put(bytes, uri, strlen(uri));
	put_u32(bytes, (uint32_t)sender->len);
	put(bytes, sender->der, sender->len);
	put_u32(bytes, 20);
	put(bytes, "01234567890123456789", 20);
	put_u32(bytes, 1); /* sequence header */
	put_u32(bytes, 1);
	put(bytes, "\1\0\xbe\1\0\0", 6); /* OpenSecureChannelRequest, no token */
	put(bytes, "0123456789abcdef", 16);
	put_u32(bytes, UINT32_MAX);
	put_u32(bytes, 0);
	put(bytes, "\0\0\0", 3);
	put_u32(bytes, 0);
	put_u32(bytes, 0);
	put_u32(bytes, mode);
	put_u32(bytes, nonce_len);
	put(bytes, "0123456789abcdef0123456789abcdef0", nonce_len);
	put_u32(bytes, 1000);
}

static void opns(struct hostile *hostile)
{
	void *channel = channel_new(hostile, &hostile->peer);
	UA_Byte buffer[4096];
	UA_ByteString opn = {0, buffer};

	policy_set_lifetime(hostile->set, 300000);
	make_opn(&opn, &hostile->peer, UA_MESSAGESECURITYMODE_SIGN, NONCE_SIZE);
	party_good(verify(hostile, channel, &opn, &hostile->peer), "an OPN");
	party_expect(memcmp(opn.data + opn.length - 4, "\xe0\x93\x04\0", 4) == 0,
		     "5 minutes at least");
	party_expect(verify(hostile, channel, &opn, &hostile->other) ==
			     UA_STATUSCODE_BADSECURITYCHECKSFAILED,
		     "an OPN that somebody else has signed");
	/* What is validated is the certificate in the header. */
	make_opn(&opn, &hostile->other, UA_MESSAGESECURITYMODE_SIGN, NONCE_SIZE);
	party_expect(verify(hostile, channel, &opn, &hostile->peer) ==
			     UA_STATUSCODE_BADSECURITYCHECKSFAILED,
		     "a renewal in the name of somebody else");
	make_opn(&opn, &hostile->peer, UA_MESSAGESECURITYMODE_NONE, NONCE_SIZE);
	party_expect(verify(hostile, channel, &opn, &hostile->peer) ==
			     UA_STATUSCODE_BADSECURITYMODEREJECTED,
		     "no security on a channel of a policy that has some");
	make_opn(&opn, &hostile->peer, UA_MESSAGESECURITYMODE_SIGN, NONCE_SIZE - 1);
	party_expect(verify(hostile, channel, &opn, &hostile->peer) ==
			     UA_STATUSCODE_BADNONCEINVALID,
		     "a nonce too short");
	make_opn(&opn, &hostile->peer, UA_MESSAGESECURITYMODE_SIGN, NONCE_SIZE + 1);
	party_expect(verify(hostile, channel, &opn, &hostile->peer) ==
			     UA_STATUSCODE_BADNONCEINVALID,
		     "a nonce too long");
	opn = (UA_ByteString){3, buffer};
	party_expect(verify(hostile, channel, &opn, &hostile->peer) ==
			     UA_STATUSCODE_BADSECURITYCHECKSFAILED,
		     "hardly an OPN");
	hostile->sp->channelModule.deleteContext(channel);
}

/* What is verified is what open62541 makes: what is shown now, and the nonce. */
static bool is_taken(const struct hostile *hostile, void *channel, const uint8_t *cert, size_t len)
{
	const UA_ByteString *shown = &hostile->sp->localCertificate;
	UA_Byte signature[512], theirs[8192] = {0}, ours[8192] = {0};
	UA_ByteString out = {sizeof(signature), signature},
		      message = {shown->length + NONCE_SIZE, ours};
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	memcpy(theirs, cert, len);
	if (shown->length)
		memcpy(ours, shown->data, shown->length);
	rsa_expect(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, hostile->peer.key) == 1 &&
		   EVP_DigestSign(ctx, signature, &out.length, theirs, len + NONCE_SIZE) == 1);
	EVP_MD_CTX_free(ctx);
	return hostile->sp->asymmetricModule.cryptoModule.signatureAlgorithm.verify(
		       channel, &message, &out) == UA_STATUSCODE_GOOD;
}

/* OPC 10000-4 5.6.3: over the leaf, or over all that was shown. */
static void chains(struct hostile *hostile)
{
	struct rsa_cert *root = &hostile->issuer;
	struct rsa_cert middle = rsa_cert_make(2048, "middle", NULL, root);
	struct own_cert *chain = party_own(&hostile->keys, 0, &middle);
	void *channel = channel_new(hostile, &hostile->peer);

	party_expect(chain->chain_len == chain->leaf_len + middle.len, "a chain");
	policy_set_show(hostile->set, chain, 10);
	party_expect(is_taken(hostile, channel, chain->chain, chain->leaf_len), "over the leaf");
	party_expect(is_taken(hostile, channel, chain->chain, chain->chain_len), "over the chain");
	party_expect(!is_taken(hostile, channel, chain->chain, chain->leaf_len - 1),
		     "over part of it");
	party_show(hostile->set, &hostile->keys, 1, 10);
	party_expect(is_taken(hostile, channel, chain->chain, chain->leaf_len), "the leaf before");
	party_expect(is_taken(hostile, channel, chain->chain, chain->chain_len),
		     "the chain before");
	hostile->keys.now_ms += 10000;
	party_expect(!is_taken(hostile, channel, chain->chain, chain->leaf_len), "past its grace");
	party_expect(!is_taken(hostile, channel, chain->chain, chain->chain_len),
		     "past its grace, all of it");
	party_expect(is_taken(hostile, channel, hostile->own[1].der, hostile->own[1].len),
		     "the current one");
	policy_set_show(hostile->set, NULL, 0);
	party_expect(!is_taken(hostile, channel, hostile->peer.der, 0), "nothing");
	party_show(hostile->set, &hostile->keys, 0, 0);
	hostile->sp->channelModule.deleteContext(channel);
	own_cert_free(chain);
	rsa_cert_clear(&middle);
}

static void generations(struct hostile *hostile)
{
	/* One more than there is room for: the oldest is not good any more. */
	for (size_t i = 1; i < 5; i++)
		party_show(hostile->set, &hostile->keys, i, 100);
	party_expect(!matches(hostile, &hostile->own[0]), "the fifth");
	for (size_t i = 1; i < 5; i++)
		party_expect(matches(hostile, &hostile->own[i]), "one of four");
	/* What is shown again is not in its grace any more. */
	party_show(hostile->set, &hostile->keys, 3, 100);
	party_show(hostile->set, &hostile->keys, 3, 100);
	hostile->keys.now_ms += 100000;
	party_expect(matches(hostile, &hostile->own[3]), "the current one");
	for (size_t i = 0; i < 5; i++)
		party_expect(i == 3 || !matches(hostile, &hostile->own[i]), "past its grace");
	policy_set_show(hostile->set, NULL, 100);
	party_expect(!policy_set_current(hostile->set) && matches(hostile, &hostile->own[3]),
		     "nothing, and one in its grace");
	party_expect(hostile->sp->localCertificate.length == 0, "nothing is shown");
	party_show(hostile->set, &hostile->keys, 0, 0);
	party_expect(matches(hostile, &hostile->own[0]), "shown again");
}

static void messages(struct hostile *hostile)
{
	const UA_SecurityPolicyChannelModule *module = &hostile->sp->channelModule;
	const UA_SecurityPolicyCryptoModule *crypto = &hostile->sp->symmetricModule.cryptoModule;
	void *channel = channel_new(hostile, &hostile->peer);
	UA_Byte bytes[64] = {0}, out[32];
	UA_ByteString key = {31, bytes}, message = {64, bytes}, signature = {32, out};

	/* Before there are keys. */
	party_expect(crypto->signatureAlgorithm.verify(channel, &message, &signature) ==
			     UA_STATUSCODE_BADSECURITYCHECKSFAILED,
		     "without a key");
	party_expect(crypto->signatureAlgorithm.sign(channel, &message, &signature) !=
			     UA_STATUSCODE_GOOD,
		     "signs without a key");
	party_expect(crypto->encryptionAlgorithm.decrypt(channel, &message) != UA_STATUSCODE_GOOD,
		     "decrypts without a key");
	party_expect(crypto->encryptionAlgorithm.encrypt(channel, &message) != UA_STATUSCODE_GOOD,
		     "encrypts without a key");
	party_expect(module->setRemoteSymSigningKey(channel, &key) != UA_STATUSCODE_GOOD &&
			     module->setRemoteSymEncryptingKey(channel, &key) !=
				     UA_STATUSCODE_GOOD &&
			     module->setRemoteSymIv(channel, &key) != UA_STATUSCODE_GOOD,
		     "keys of another length");
	module->deleteContext(channel);
	module->deleteContext(NULL);
}

int main(void)
{
	struct hostile hostile;

	hostile_init(&hostile);
	thumbprints(&hostile);
	blocks(&hostile);
	answers(&hostile);
	peers(&hostile);
	opns(&hostile);
	chains(&hostile);
	generations(&hostile);
	messages(&hostile);
	hostile_clear(&hostile);
	return 0;
}
