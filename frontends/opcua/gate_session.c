/* What CreateSession and ActivateSession take of keystored (OPC 10000-4 5.6.2, 5.6.3). */
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asymmetric.h"
#include "gate_private.h"

/* Of one connection; whoever makes ever more of them waits like anybody else. */
#define URGENT_SESSIONS 4

#define SIGNED_MAX 8192 /* bytes that keystored takes for signed ones */

/* A channel goes on with the certificate that it began with, as long as that is good. */
static struct own_cert *own_of(const struct peer *peer)
{
	struct policy_set *policies = peer->gate->policies;

	if (peer->own && policy_set_find(policies, peer->own->thumbprint) == peer->own)
		return peer->own;
	return policy_set_current(policies);
}

static void end(struct peer *peer)
{
	struct flow *flow = peer->asking;

	peer->asking = NULL;
	flow_drop(flow);
}

static void let_in(struct peer *peer)
{
	end(peer);
	peer->is_ready = true;
	tcp_release(peer->connection);
}

static void on_signature(struct flow *flow)
{
	struct peer *peer = flow->peer;

	(void)peer_keep(peer, flow, ANSWERS_SIGNATURE);
	let_in(peer);
}

/* The client's is the channel's, and the nonce long enough: else open62541 signs nothing. */
static bool will_be_signed(const struct peer *peer, const UA_CreateSessionRequest *request)
{
	const UA_ByteString *cert = &request->clientCertificate;
	uint8_t digest[GATE_DIGEST];
	size_t leaf = cert->length ? asymmetric_leaf(cert->data, cert->length) : 0;

	return leaf && request->clientNonce.length >= GATE_NONCE &&
	       gate_digest(cert->data, leaf, digest) &&
	       memcmp(digest, peer->leaf, sizeof(digest)) == 0;
}

static enum tcp_step ask_signature(struct peer *peer, const UA_CreateSessionRequest *request)
{
	const UA_ByteString *cert = &request->clientCertificate, *nonce = &request->clientNonce;
	struct own_cert *own = own_of(peer);
	struct flow *flow = own ? flow_new(peer, peer->kind, own, on_signature) : NULL;
	uint8_t *bytes = flow ? malloc(cert->length + nonce->length) : NULL;

	peer->asking = flow;
	if (!bytes) {
		end(peer);
		return TCP_PASS;
	}
	memcpy(bytes, cert->data, cert->length);
	memcpy(bytes + cert->length, nonce->data, nonce->length);
	flow->block_count = 1;
	flow->blocks[0].asked_len = asymmetric_digest(
		peer->kind, bytes, cert->length + nonce->length, flow->blocks[0].asked);
	free(bytes);
	if (flow->blocks[0].asked_len &&
	    flow_ask_sign(flow, 0,
			  peer->sessions++ < URGENT_SESSIONS ? KS_PRIORITY_URGENT
							     : KS_PRIORITY_NORMAL) == KS_OK)
		return TCP_HOLD;
	end(peer);
	return TCP_PASS;
}

enum tcp_step session_create(struct peer *peer, const uint8_t *body, size_t len)
{
	const UA_ByteString bytes = {len, (UA_Byte *)(uintptr_t)body};
	UA_CreateSessionRequest request;
	enum tcp_step step = TCP_PASS;

	if (peer->mode == OPN_MODE_NONE ||
	    UA_decodeBinary(&bytes, &request, &UA_TYPES[UA_TYPES_CREATESESSIONREQUEST], NULL))
		return TCP_PASS;
	if (will_be_signed(peer, &request))
		step = ask_signature(peer, &request);
	UA_CreateSessionRequest_clear(&request);
	return step;
}

/* What failures of one user are counted by. */
static size_t user_key(const struct flow *flow, uint8_t key[GATE_USER_MAX + 2])
{
	key[0] = 'u';
	memcpy(key + 1, flow->user, strlen(flow->user));
	return 1 + strlen(flow->user);
}

/* What cannot be said of a password, since keystored is away, is not held against it. */
static void count_password(const struct flow *flow, enum ks_status status)
{
	uint8_t key[GATE_USER_MAX + 2];
	size_t len = user_key(flow, key);

	if (!*flow->user)
		return;
	if (status == KS_OK)
		throttle_right(flow->gate->throttle, flow->address, key, len, gate_now());
	else if (status == KS_DENIED || status == KS_DECRYPT_FAILED)
		throttle_wrong(flow->gate->throttle, flow->address, key, len, gate_now());
}

static void on_login(struct flow *flow)
{
	struct peer *peer = flow->peer;

	count_password(flow, flow->login.status);
	peer->login = malloc(sizeof(*peer->login));
	if (peer->login) {
		memcpy(peer->login->credential, flow->credential, sizeof(flow->credential));
		peer->login->login = flow->login;
		OPENSSL_cleanse(&flow->login, sizeof(flow->login));
	}
	let_in(peer);
}

static bool ask_login(struct flow *flow, const uint8_t *password, size_t len)
{
	const struct ks_login_order order = {
		.lasting = true,
		.origin = flow->address,
		.user = flow->user,
		.password = password,
		.password_len = len,
	};

	flow->next = on_login;
	flow->status = KS_OK;
	return gate_credential(flow->user, strlen(flow->user), password, len, flow->credential) &&
	       flow_ask_login(flow, &order) == KS_OK;
}

/*
 * What is in the blocks (OPC 10000-4 7.40.2.2): how long it is, password, the session's nonce. Of a
 * nonce that nobody gave out it is what somebody has heard, and no reason to log anybody in. True:
 * a login is asked for.
 */
static bool read_password(struct flow *flow)
{
	uint8_t secret[FLOW_BLOCKS_MAX * FLOW_BYTES];
	size_t at = 0, len;
	bool is_asked = false;

	for (size_t i = 0; i < flow->block_count; i++) {
		memcpy(secret + at, flow->blocks[i].answer, flow->blocks[i].answer_len);
		at += flow->blocks[i].answer_len;
	}
	if (at < 4)
		goto out;
	len = (size_t)secret[0] | (size_t)secret[1] << 8 | (size_t)secret[2] << 16 |
	      (size_t)secret[3] << 24;
	if (len >= GATE_NONCE && len <= at - 4 &&
	    gate_knows_nonce(flow->gate, secret + 4 + len - GATE_NONCE))
		is_asked = ask_login(flow, secret + 4, len - GATE_NONCE);
out:
	OPENSSL_cleanse(secret, sizeof(secret));
	return is_asked;
}

static bool ask_blocks(struct flow *flow);

static void on_password(struct flow *flow)
{
	struct peer *peer = flow->peer;
	struct own_cert *current = policy_set_current(peer->gate->policies);
	bool is_other = current && strcmp(current->key, flow->own->key) != 0;
	bool is_decrypted = flow->status == KS_OK;
	bool is_read = is_decrypted && read_password(flow);
	/* By PKCS#1 v1.5 what is for another key decrypts, too, to something. */
	bool is_for_other = flow->status == KS_DECRYPT_FAILED ||
			    (is_decrypted && !is_read && flow->kind->cipher == POLICY_CIPHER_PKCS1);

	(void)peer_keep(peer, flow, ANSWERS_PLAIN);
	/* open62541 tries what is shown first. */
	if (is_decrypted && is_other && !is_for_other)
		(void)peer_keep_refused(peer, flow, current);
	if (is_read)
		return;
	/* Its client may have looked at the endpoints before the certificate was exchanged, or after. */
	if (is_for_other && is_other) {
		own_cert_free(flow->own);
		flow->own = own_cert_share(current);
		flow->status = KS_OK;
		if (ask_blocks(flow))
			return;
	}
	if (flow->status == KS_UNSUPPORTED)
		gate_log(peer->gate, flow->address, flow->message);
	count_password(flow, flow->status == KS_OK ? KS_DENIED : flow->status);
	let_in(peer);
}

/* False: none was asked, and nobody will answer. */
static bool ask_blocks(struct flow *flow)
{
	enum ks_priority priority =
		flow->peer->kind->id == POLICY_NONE ? KS_PRIORITY_NORMAL : KS_PRIORITY_URGENT;

	for (size_t i = 0; i < flow->block_count; i++)
		if (flow_ask_decrypt(flow, i, priority) != KS_OK)
			flow->blocks[i].is_refused = true;
	return flow->pending;
}

/* open62541 is told that it does not decrypt, and keystored is spared. */
static enum tcp_step refuse_password(struct flow *flow, const char *why)
{
	struct peer *peer = flow->peer;

	(void)peer_keep_refused(peer, flow, flow->own);
	gate_log(peer->gate, peer->address, why);
	end(peer);
	return TCP_PASS;
}

static enum tcp_step admit_password(struct flow *flow)
{
	struct gate *gate = flow->gate;
	uint8_t key[GATE_USER_MAX + 2];

	if (throttle_wait(gate->throttle, flow->address, key, user_key(flow, key), gate_now()))
		return refuse_password(flow, "too many passwords from there were wrong: it has to "
					     "wait before it tries another");
	if (flow->peer->kind->id == POLICY_NONE && !flow_enter(flow))
		return refuse_password(flow, "as many as may log in at a time are doing so");
	if (ask_blocks(flow))
		return TCP_HOLD;
	end(flow->peer);
	return TCP_PASS;
}

/* Nobody has anything decrypted by PKCS#1 v1.5 where its policy is off. */
static bool may_decrypt(const struct peer *peer, const struct policy_kind *kind)
{
	return kind->cipher == POLICY_CIPHER_OAEP ||
	       (kind->cipher == POLICY_CIPHER_PKCS1 && peer->gate->options.kinds & 1u << kind->id);
}

static enum tcp_step ask_password(struct peer *peer, const UA_UserNameIdentityToken *token)
{
	const struct policy_kind *kind = policy_kind_by_cipher(token->encryptionAlgorithm.data,
							       token->encryptionAlgorithm.length);
	struct own_cert *own = own_of(peer);
	size_t size = own ? own->key_size : 0, len = token->password.length;
	struct flow *flow;

	if (!kind || !may_decrypt(peer, kind) || !size || !len || len % size ||
	    len / size > FLOW_BLOCKS_MAX || !token->userName.length ||
	    token->userName.length > GATE_USER_MAX ||
	    memchr(token->userName.data, '\0', token->userName.length))
		return TCP_PASS;
	flow = flow_new(peer, kind, own, on_password);
	if (!flow)
		return TCP_PASS;
	peer->asking = flow;
	memcpy(flow->user, token->userName.data, token->userName.length);
	flow->block_count = len / size;
	for (size_t i = 0; i < flow->block_count; i++) {
		memcpy(flow->blocks[i].asked, token->password.data + i * size, size);
		flow->blocks[i].asked_len = size;
	}
	return admit_password(flow);
}

/* The policy by which a user's certificate signs, as open62541 chooses it; NULL: none. */
static const struct policy_kind *token_kind(const struct peer *peer)
{
	if (peer->kind->id != POLICY_NONE)
		return peer->kind;
	for (unsigned id = POLICY_COUNT; id-- > 1;)
		if (peer->gate->options.kinds & 1u << id)
			return policy_kind((enum policy_id)id);
	return NULL;
}

/* What was signed, if @signature is over it; the length, or 0. */
static size_t signed_bytes(const struct asymmetric_key *key, const uint8_t *cert, size_t cert_len,
			   const uint8_t *nonce, const UA_ByteString *signature,
			   uint8_t bytes[SIGNED_MAX])
{
	if (cert_len > SIGNED_MAX - GATE_NONCE)
		return 0;
	memcpy(bytes, cert, cert_len);
	memcpy(bytes + cert_len, nonce, GATE_NONCE);
	return asymmetric_verify(key, bytes, cert_len + GATE_NONCE, signature->data,
				 signature->length)
		       ? cert_len + GATE_NONCE
		       : 0;
}

/* A user signs the server's certificate, or all that is shown with it, and his session's nonce. */
static size_t signed_over(const struct own_cert *own, const struct asymmetric_key *key,
			  const uint8_t *nonce, const UA_ByteString *signature,
			  uint8_t bytes[SIGNED_MAX])
{
	size_t len = signed_bytes(key, own->chain, own->chain_len, nonce, signature, bytes);

	if (!len && own->leaf_len != own->chain_len)
		len = signed_bytes(key, own->chain, own->leaf_len, nonce, signature, bytes);
	return len;
}

/*
 * OPC 10000-4 5.6.3: the nonce is the session's, which was made on this connection, or, where it is
 * activated again on another, when it was activated last.
 */
static size_t find_signed(const struct peer *peer, const struct asymmetric_key *key,
			  const UA_ByteString *signature, uint8_t bytes[SIGNED_MAX])
{
	const uint8_t *last = gate_nonce_of(peer->gate, peer->session);
	const struct own_cert *own = own_of(peer);
	size_t len = own && last ? signed_over(own, key, last, signature, bytes) : 0;

	for (size_t i = 1; own && !len && i <= GATE_PEER_NONCES; i++)
		len = signed_over(
			own, key,
			peer->nonces[(peer->nonce_next + GATE_PEER_NONCES - i) % GATE_PEER_NONCES],
			signature, bytes);
	return len;
}

static enum tcp_step ask_certificate_login(struct peer *peer, const struct policy_kind *kind,
					   const UA_ByteString *chain, struct ks_login_order *order)
{
	const uint8_t *certs[GATE_CHAIN_MAX];
	size_t lens[GATE_CHAIN_MAX], count = 0;
	struct flow *flow;

	if (!gate_chain(chain->data, chain->length, certs, lens, &count))
		return TCP_PASS;
	flow = flow_new(peer, kind, NULL, on_login);
	if (!flow)
		return TCP_PASS;
	peer->asking = flow;
	order->lasting = true;
	order->origin = flow->address;
	order->group = peer->gate->options.user_group;
	order->certificate = certs[0];
	order->certificate_len = lens[0];
	order->chain = certs + 1;
	order->chain_lens = lens + 1;
	order->chain_count = count - 1;
	order->hash = kind->sign_hash;
	order->padding = kind->sign_padding;
	if (gate_credential("", 0, chain->data, chain->length, flow->credential) &&
	    flow_ask_login(flow, order) == KS_OK)
		return TCP_HOLD;
	end(peer);
	return TCP_PASS;
}

static enum tcp_step ask_certificate(struct peer *peer, const UA_X509IdentityToken *token,
				     const UA_SignatureData *signature)
{
	const struct policy_kind *kind = token_kind(peer);
	const UA_ByteString *cert = &token->certificateData;
	size_t leaf = cert->length ? asymmetric_leaf(cert->data, cert->length) : 0;
	struct asymmetric_key *key =
		kind && leaf ? asymmetric_key_new(kind, cert->data, leaf) : NULL;
	uint8_t bytes[SIGNED_MAX];
	struct ks_login_order order = {
		.data = bytes,
		.signature = signature->signature.data,
		.signature_len = signature->signature.length,
	};

	if (key && peer->gate->options.user_group)
		order.data_len = find_signed(peer, key, &signature->signature, bytes);
	asymmetric_key_free(key);
	return order.data_len ? ask_certificate_login(peer, kind, cert, &order) : TCP_PASS;
}

enum tcp_step session_activate(struct peer *peer, const uint8_t *body, size_t len)
{
	const UA_ByteString bytes = {len, (UA_Byte *)(uintptr_t)body};
	UA_ActivateSessionRequest request;
	const UA_ExtensionObject *token = &request.userIdentityToken;
	enum tcp_step step = TCP_PASS;

	if (UA_decodeBinary(&bytes, &request, &UA_TYPES[UA_TYPES_ACTIVATESESSIONREQUEST], NULL))
		return TCP_PASS;
	peer->session =
		UINT64_C(1) << 32 | UA_NodeId_hash(&request.requestHeader.authenticationToken);
	if (token->encoding == UA_EXTENSIONOBJECT_DECODED) {
		if (token->content.decoded.type == &UA_TYPES[UA_TYPES_USERNAMEIDENTITYTOKEN])
			step = ask_password(peer, token->content.decoded.data);
		else if (token->content.decoded.type == &UA_TYPES[UA_TYPES_X509IDENTITYTOKEN])
			step = ask_certificate(peer, token->content.decoded.data,
					       &request.userTokenSignature);
	}
	UA_ActivateSessionRequest_clear(&request);
	return step;
}
