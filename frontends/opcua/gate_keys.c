/* How open62541 comes upon what was asked for it: by its policies, its PKI and its access control. */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asymmetric.h"
#include "gate_private.h"

bool gate_credential(const char *user, size_t user_len, const uint8_t *bytes, size_t len,
		     uint8_t digest[GATE_DIGEST])
{
	const uint64_t head = user_len;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool is_done = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
		       EVP_DigestUpdate(context, &head, sizeof(head)) == 1 &&
		       EVP_DigestUpdate(context, user, user_len) == 1 &&
		       EVP_DigestUpdate(context, bytes, len) == 1 &&
		       EVP_DigestFinal_ex(context, digest, NULL) == 1;

	EVP_MD_CTX_free(context);
	return is_done;
}

bool gate_knows_nonce(const struct gate *gate, const uint8_t nonce[GATE_NONCE])
{
	for (size_t i = 0; i < GATE_NONCES; i++)
		if (CRYPTO_memcmp(gate->nonces[i].bytes, nonce, GATE_NONCE) == 0)
			return true;
	return false;
}

const uint8_t *gate_nonce_of(const struct gate *gate, uint64_t session)
{
	for (size_t i = 1; session && i <= GATE_NONCES; i++) {
		const struct gate_nonce *nonce =
			&gate->nonces[(gate->nonce_next + GATE_NONCES - i) % GATE_NONCES];

		if (nonce->session == session)
			return nonce->bytes;
	}
	return NULL;
}

static struct answers_question question_of(enum answers_kind kind, const struct policy_kind *policy,
					   const struct own_cert *own, const uint8_t *bytes,
					   size_t len)
{
	return (struct answers_question){
		.kind = kind,
		.key = own->key,
		.way = kind == ANSWERS_SIGNATURE
			       ? (unsigned)policy->sign_hash << 8 | (unsigned)policy->sign_padding
			       : (unsigned)policy->cipher << 8 | (unsigned)policy->cipher_hash,
		.bytes = bytes,
		.len = len,
	};
}

static bool answers_are_there(struct peer *peer)
{
	if (!peer->answers)
		peer->answers = calloc(1, sizeof(*peer->answers));
	return peer->answers;
}

bool peer_keep(struct peer *peer, const struct flow *flow, enum answers_kind kind)
{
	if (!answers_are_there(peer))
		return false;
	for (size_t i = 0; i < flow->block_count; i++) {
		const struct flow_block *block = &flow->blocks[i];
		const struct answers_question question =
			question_of(kind, flow->kind, flow->own, block->asked, block->asked_len);

		answers_put(peer->answers, &question, block->is_refused ? NULL : block->answer,
			    block->answer_len);
	}
	return true;
}

bool peer_keep_refused(struct peer *peer, const struct flow *flow, const struct own_cert *own)
{
	if (!answers_are_there(peer))
		return false;
	for (size_t i = 0; i < flow->block_count; i++) {
		const struct flow_block *block = &flow->blocks[i];
		const struct answers_question question =
			question_of(ANSWERS_PLAIN, flow->kind, own, block->asked, block->asked_len);

		answers_put(peer->answers, &question, NULL, 0);
	}
	return true;
}

void peer_forget(struct peer *peer)
{
	if (peer->answers)
		answers_wipe(peer->answers);
	free(peer->answers);
	peer->answers = NULL;
	if (!peer->login)
		return;
	gate_logout(peer->gate, &peer->login->login);
	OPENSSL_cleanse(peer->login, sizeof(*peer->login));
	free(peer->login);
	peer->login = NULL;
}

static enum answers_found take(struct gate *gate, enum answers_kind kind,
			       const struct policy_order *order, uint8_t *bytes, size_t *ret_len)
{
	const struct answers_question question =
		question_of(kind, order->kind, order->own, order->bytes, order->len);

	if (!gate->current || !gate->current->answers)
		return ANSWERS_NOTHING;
	return answers_take(gate->current->answers, &question, bytes, order->own->key_size,
			    ret_len);
}

/*
 * Everybody waits for what was not seen to be needed: a message of many pieces, or one that open62541
 * reads otherwise than the gate. Nobody makes them wait often.
 */
static bool may_wait(struct gate *gate)
{
	static const uint8_t waiting[] = "waiting";
	const char *address = gate->current ? gate->current->address : "";
	uint64_t now = gate_now();
	char message[GATE_MESSAGE_MAX];

	if (throttle_wait(gate->throttle, address, waiting, sizeof(waiting), now))
		return false;
	throttle_wrong(gate->throttle, address, waiting, sizeof(waiting), now);
	snprintf(message, sizeof(message),
		 "all sessions wait for keystored, since %s asks for what was not expected",
		 address);
	if (gate->options.log)
		gate->options.log(message, gate->options.user);
	return true;
}

static UA_StatusCode on_sign(const struct policy_order *order, uint8_t *signature, void *user)
{
	struct gate *gate = user;
	size_t len = 0;

	switch (take(gate, ANSWERS_SIGNATURE, order, signature, &len)) {
	case ANSWERS_GOOD:
		return len == order->own->key_size ? UA_STATUSCODE_GOOD
						   : UA_STATUSCODE_BADINTERNALERROR;
	case ANSWERS_REFUSED:
		return UA_STATUSCODE_BADINTERNALERROR;
	case ANSWERS_NOTHING:
		break;
	}
	return may_wait(gate) ? keys_sign(gate->keys, order, signature)
			      : UA_STATUSCODE_BADTOOMANYOPERATIONS;
}

static UA_StatusCode on_decrypt(const struct policy_order *order, uint8_t *plain, size_t *ret_len,
				void *user)
{
	struct gate *gate = user;

	switch (take(gate, ANSWERS_PLAIN, order, plain, ret_len)) {
	case ANSWERS_GOOD:
		return UA_STATUSCODE_GOOD;
	case ANSWERS_REFUSED:
		return UA_STATUSCODE_BADSECURITYCHECKSFAILED;
	case ANSWERS_NOTHING:
		break;
	}
	return may_wait(gate) ? keys_decrypt(gate->keys, order, plain, ret_len)
			      : UA_STATUSCODE_BADTOOMANYOPERATIONS;
}

static bool on_channel_opened(struct policy_channel *channel, void *user)
{
	struct gate *gate = user;

	if (!gate->current || !gate->current->is_opening)
		return false;
	gate->current->channel = channel;
	return true;
}

static void on_channel_closed(struct policy_channel *channel, void *user)
{
	struct gate *gate = user;
	struct peer *peer;

	LIST_FOREACH(peer, &gate->peers, all)
	{
		if (peer->channel == channel)
			peer->channel = NULL;
	}
}

static void on_nonce(const uint8_t *nonce, size_t len, void *user)
{
	struct gate *gate = user;
	struct peer *peer = gate->current;

	if (!peer)
		return;
	if (peer->is_opening) {
		if (len && len <= sizeof(peer->server_nonce))
			memcpy(peer->server_nonce, nonce, len);
	} else if (len == GATE_NONCE) {
		memcpy(gate->nonces[gate->nonce_next].bytes, nonce, GATE_NONCE);
		gate->nonces[gate->nonce_next].session = peer->session;
		gate->nonce_next = (gate->nonce_next + 1) % GATE_NONCES;
		memcpy(peer->nonces[peer->nonce_next], nonce, GATE_NONCE);
		peer->nonce_next = (peer->nonce_next + 1) % GATE_PEER_NONCES;
	}
}

static UA_StatusCode verify_certificate(const UA_CertificateVerification *pki,
					const UA_ByteString *certificate)
{
	const struct gate *gate = pki->context;
	const struct peer *peer = gate->current;
	uint8_t digest[GATE_DIGEST];

	if (!peer || !peer->is_opening || !peer->is_accepted ||
	    !gate_digest(certificate->data, certificate->length, digest) ||
	    memcmp(digest, peer->accepted, sizeof(digest)) != 0)
		return UA_STATUSCODE_BADSECURITYCHECKSFAILED;
	return UA_STATUSCODE_GOOD;
}

/*
 * That a client says in CreateSession what its certificate does (OPC 10000-4 6.1.3). Without security
 * a certificate is not looked at (OPC 10000-4 5.6.2.2).
 */
static UA_StatusCode verify_uri(const UA_CertificateVerification *pki,
				const UA_ByteString *certificate, const UA_String *uri)
{
	const struct gate *gate = pki->context;
	size_t leaf = asymmetric_leaf(certificate->data, certificate->length);
	char said[512];

	if (gate->current && gate->current->kind && gate->current->kind->id == POLICY_NONE)
		return UA_STATUSCODE_GOOD;
	if (!leaf || !asymmetric_uri(certificate->data, leaf, said, sizeof(said)) ||
	    strlen(said) != uri->length || memcmp(said, uri->data, uri->length) != 0)
		return UA_STATUSCODE_BADCERTIFICATEURIINVALID;
	return UA_STATUSCODE_GOOD;
}

UA_CertificateVerification gate_pki(struct gate *gate)
{
	return (UA_CertificateVerification){
		.context = gate,
		.verifyCertificate = verify_certificate,
		.verifyApplicationURI = verify_uri,
	};
}

static bool login_take(struct gate *gate, const uint8_t credential[GATE_DIGEST],
		       struct gate_login *ret_login)
{
	struct peer *peer = gate->current;

	if (!peer || !peer->login ||
	    CRYPTO_memcmp(peer->login->credential, credential, GATE_DIGEST) != 0)
		return false;
	*ret_login = peer->login->login;
	OPENSSL_cleanse(peer->login, sizeof(*peer->login));
	free(peer->login);
	peer->login = NULL;
	return true;
}

bool gate_login_take(struct gate *gate, const UA_String *user, const UA_ByteString *password,
		     struct gate_login *ret_login)
{
	uint8_t credential[GATE_DIGEST];

	return user->length &&
	       gate_credential((const char *)user->data, user->length, password->data,
			       password->length, credential) &&
	       login_take(gate, credential, ret_login);
}

bool gate_login_take_certificate(struct gate *gate, const UA_ByteString *certificate,
				 struct gate_login *ret_login)
{
	uint8_t credential[GATE_DIGEST];

	return gate_credential("", 0, certificate->data, certificate->length, credential) &&
	       login_take(gate, credential, ret_login);
}

const struct policy_keys *gate_keys(void)
{
	static const struct policy_keys keys = {
		.sign = on_sign,
		.decrypt = on_decrypt,
		.opened = on_channel_opened,
		.closed = on_channel_closed,
		.nonce = on_nonce,
	};

	return &keys;
}
