#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "asymmetric.h"
#include "gate_private.h"

enum open_step {
	OPEN_WAITS, /* until fewer are worked on */
	OPEN_VALIDATES,
	OPEN_ACCEPTED,
	OPEN_DECRYPTS,
	OPEN_DECRYPTED,
	OPEN_GIVEN, /* to open62541 */
	OPEN_SIGNS,
	OPEN_SIGNED,
};

/*
 * What would tell whoever tries certificates which of them are trusted is not told: OPC 10000-4
 * 6.1.3. CRLs of its issuer concern the certificate, those above its issuers.
 */
static const struct {
	enum ks_verdict_reason reason;
	UA_StatusCode status, status_of_issuer;
} statuses[] = {
	{KS_VERDICT_MALFORMED, UA_STATUSCODE_BADCERTIFICATEINVALID,
	 UA_STATUSCODE_BADSECURITYCHECKSFAILED},
	{KS_VERDICT_NOT_YET_VALID, UA_STATUSCODE_BADCERTIFICATETIMEINVALID,
	 UA_STATUSCODE_BADCERTIFICATEISSUERTIMEINVALID},
	{KS_VERDICT_EXPIRED, UA_STATUSCODE_BADCERTIFICATETIMEINVALID,
	 UA_STATUSCODE_BADCERTIFICATEISSUERTIMEINVALID},
	{KS_VERDICT_CRL_MISSING, UA_STATUSCODE_BADCERTIFICATEREVOCATIONUNKNOWN,
	 UA_STATUSCODE_BADCERTIFICATEISSUERREVOCATIONUNKNOWN},
	{KS_VERDICT_CRL_NOT_YET_VALID, UA_STATUSCODE_BADCERTIFICATEREVOCATIONUNKNOWN,
	 UA_STATUSCODE_BADCERTIFICATEISSUERREVOCATIONUNKNOWN},
	{KS_VERDICT_CRL_EXPIRED, UA_STATUSCODE_BADCERTIFICATEREVOCATIONUNKNOWN,
	 UA_STATUSCODE_BADCERTIFICATEISSUERREVOCATIONUNKNOWN},
	{KS_VERDICT_USAGE, UA_STATUSCODE_BADCERTIFICATEUSENOTALLOWED,
	 UA_STATUSCODE_BADSECURITYCHECKSFAILED},
	{KS_VERDICT_URI, UA_STATUSCODE_BADCERTIFICATEURIINVALID,
	 UA_STATUSCODE_BADSECURITYCHECKSFAILED},
	{KS_VERDICT_WEAK, UA_STATUSCODE_BADCERTIFICATEPOLICYCHECKFAILED,
	 UA_STATUSCODE_BADCERTIFICATEPOLICYCHECKFAILED},
};

UA_StatusCode open_status(enum ks_verdict_reason reason, uint32_t depth)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (statuses[i].reason == reason)
			return depth ? statuses[i].status_of_issuer : statuses[i].status;
	return UA_STATUSCODE_BADSECURITYCHECKSFAILED;
}

/*
 * OPC 10000-12 7.5. With a channel already, nobody becomes one: his sessions may be of users who do
 * not set anything up.
 */
static bool is_newcomer(const struct flow *flow)
{
	const struct peer *peer = flow->peer;

	return flow->is_thorough && peer->gate->is_in_setup &&
	       (peer->is_newcomer || !peer->channel) &&
	       (flow->reason == KS_VERDICT_UNTRUSTED || flow->reason == KS_VERDICT_INCOMPLETE);
}

static void let_in_newcomer(struct flow *flow)
{
	struct peer *peer = flow->peer;

	if (!peer->is_newcomer)
		gate_log_let_in(peer->gate, peer->address, flow->message);
	flow->is_newcomer = true;
	peer->is_newcomer = true;
}

static void on_verdict(struct flow *flow)
{
	struct peer *peer = flow->peer;

	if (flow->status != KS_OK) {
		peer_turn_away(peer, UA_STATUSCODE_BADTCPINTERNALERROR, flow->message);
	} else if (flow->reason != KS_VERDICT_ACCEPTED && !is_newcomer(flow)) {
		peer_turn_away(peer, open_status(flow->reason, flow->depth), flow->message);
	} else {
		if (flow->reason != KS_VERDICT_ACCEPTED)
			let_in_newcomer(flow);
		flow->step = OPEN_ACCEPTED;
		tcp_release(peer->connection);
	}
}

/* What keystored says of it, which names the switch where it has switched off what a policy needs. */
static void turn_away_unserved(struct flow *flow)
{
	peer_turn_away(flow->peer,
		       flow->status == KS_UNSUPPORTED ? UA_STATUSCODE_BADSECURITYPOLICYREJECTED
						      : UA_STATUSCODE_BADTCPINTERNALERROR,
		       flow->message);
}

/*
 * By PKCS#1 v1.5 what is for another key decrypts, too, to something: it is no request then, or is
 * not signed.
 */
static void on_decrypted(struct flow *flow)
{
	struct peer *peer = flow->peer;

	/* Which block it was, or whether it is one at all, is nobody's business. */
	if (flow->status == KS_DECRYPT_FAILED || flow->status == KS_INVALID) {
		peer_turn_away(peer, UA_STATUSCODE_BADSECURITYCHECKSFAILED,
			       "what it sent to open a channel is not for the server's key");
	} else if (flow->status != KS_OK) {
		turn_away_unserved(flow);
	} else {
		flow->step = OPEN_DECRYPTED;
		tcp_release(peer->connection);
	}
}

static enum tcp_step validate(struct peer *peer, const struct opn_header *header,
			      UA_StatusCode *ret_status)
{
	struct flow *flow = peer->opening;
	const uint8_t *certs[GATE_CHAIN_MAX];
	size_t lens[GATE_CHAIN_MAX], count = 0;
	struct ks_validation validation = {
		.service = peer->gate->options.service,
		.purpose = KS_PURPOSE_OPCUA,
		.thorough = peer->gate->is_in_setup,
	};

	if (!flow_work(flow)) {
		flow->step = OPEN_WAITS;
		return TCP_HOLD;
	}
	if (!gate_chain(header->sender, header->sender_len, certs, lens, &count))
		return peer_refuse(peer, UA_STATUSCODE_BADCERTIFICATEINVALID,
				   "its certificate is none, or comes with too many others",
				   ret_status);
	validation.candidate = certs[0];
	validation.candidate_len = lens[0];
	validation.chain = certs + 1;
	validation.chain_lens = lens + 1;
	validation.chain_count = count - 1;
	flow->is_thorough = validation.thorough;
	flow->step = OPEN_VALIDATES;
	flow->next = on_verdict;
	if (flow_ask_verdict(flow, &validation) == KS_OK)
		return TCP_HOLD;
	return peer_refuse(peer, UA_STATUSCODE_BADTCPINTERNALERROR, flow->message, ret_status);
}

static enum tcp_step decrypt(struct peer *peer, const uint8_t *body, UA_StatusCode *ret_status)
{
	struct flow *flow = peer->opening;
	size_t size = flow->own->key_size;

	flow->step = OPEN_DECRYPTS;
	flow->next = on_decrypted;
	for (size_t i = 0; i < flow->block_count; i++) {
		struct flow_block *block = &flow->blocks[i];

		memcpy(block->asked, body + i * size, size);
		block->asked_len = size;
		if (flow_ask_decrypt(flow, i, KS_PRIORITY_NORMAL) != KS_OK)
			return peer_refuse(peer, UA_STATUSCODE_BADTCPINTERNALERROR, flow->message,
					   ret_status);
	}
	return TCP_HOLD;
}

/* What of it is needed to look into messages later. False: it is no OpenSecureChannelRequest. */
static bool read_request(struct peer *peer, const uint8_t *body, size_t len)
{
	struct opn_request request;

	if (!opn_request_read(body, len, &request))
		return false;
	if (request.type == OPN_ISSUE)
		peer->mode = request.mode;
	memset(peer->client_nonce, 0, sizeof(peer->client_nonce));
	/* One of the wrong size has no keys here; what open62541 says of it is its own. */
	if (request.nonce_len && request.nonce_len == peer->kind->nonce_size)
		memcpy(peer->client_nonce, request.nonce, request.nonce_len);
	return true;
}

/* All is there: open62541 may have it. */
static enum tcp_step give(struct peer *peer, UA_StatusCode *ret_status)
{
	struct flow *flow = peer->opening;
	uint8_t plain[FLOW_BLOCKS_MAX * FLOW_BYTES];
	size_t len = 0;
	bool is_read;

	for (size_t i = 0; i < flow->block_count; i++) {
		memcpy(plain + len, flow->blocks[i].answer, flow->blocks[i].answer_len);
		len += flow->blocks[i].answer_len;
	}
	is_read = read_request(peer, plain, len) && peer_keep(peer, flow, ANSWERS_PLAIN);
	OPENSSL_cleanse(plain, sizeof(plain));
	OPENSSL_cleanse(flow->blocks, sizeof(flow->blocks));
	if (!is_read)
		return peer_refuse(peer, UA_STATUSCODE_BADSECURITYCHECKSFAILED,
				   "what it sent to open a channel is no such request", ret_status);
	flow->step = OPEN_GIVEN;
	own_cert_free(peer->own);
	peer->own = own_cert_share(flow->own);
	peer->is_accepted = true;
	peer->is_opening = true;
	return TCP_PASS;
}

static const char *wait_text(uint64_t ms, char text[GATE_MESSAGE_MAX])
{
	snprintf(text, GATE_MESSAGE_MAX,
		 "too much from there has failed: it may come again in %llu s; "
		 "look at the lines before for what was wrong",
		 (unsigned long long)(ms + 999) / 1000);
	return text;
}

/*
 * A peer that has shown before whose certificate it is goes on with its channel, whatever others do
 * from the same address.
 */
static enum tcp_step admit(struct peer *peer, const struct opn_header *header, const uint8_t *body,
			   size_t len, UA_StatusCode *ret_status)
{
	struct gate *gate = peer->gate;
	char text[GATE_MESSAGE_MAX];
	uint64_t wait = 0;

	if (!peer->is_proven)
		wait = throttle_wait(gate->throttle, peer->address, peer->leaf, sizeof(peer->leaf),
				     gate_now());
	if (wait)
		return peer_refuse(peer, UA_STATUSCODE_BADTCPSERVERTOOBUSY, wait_text(wait, text),
				   ret_status);
	if (!peer->is_proven && !flow_enter(peer->opening))
		return peer_refuse(peer, UA_STATUSCODE_BADTCPSERVERTOOBUSY,
				   "as many as may open a channel at a time are doing so",
				   ret_status);
	peer->is_owing = !peer->is_proven;
	/* Encryption is never the same twice (RFC 8017 7.1.1, 7.2.1). */
	if (throttle_seen(gate->throttle, body, len))
		return peer_refuse(peer, UA_STATUSCODE_BADSECURITYCHECKSFAILED,
				   "it sends again what somebody has sent before", ret_status);
	return validate(peer, header, ret_status);
}

static enum tcp_step begin(struct peer *peer, const struct opn_header *header, const uint8_t *body,
			   size_t len, UA_StatusCode *ret_status)
{
	struct own_cert *own = header->thumbprint
				       ? policy_set_find(peer->gate->policies, header->thumbprint)
				       : NULL;
	size_t leaf = header->sender ? asymmetric_leaf(header->sender, header->sender_len) : 0;

	if (!leaf)
		return peer_refuse(peer, UA_STATUSCODE_BADCERTIFICATEINVALID,
				   "it sends no certificate of its own", ret_status);
	if (!own)
		return peer_refuse(peer, UA_STATUSCODE_BADCERTIFICATEINVALID,
				   "it has encrypted for another certificate than the server's: "
				   "let it ask for the endpoints again",
				   ret_status);
	if (!len || len % own->key_size || len / own->key_size > FLOW_BLOCKS_MAX)
		return peer_refuse(peer, UA_STATUSCODE_BADSECURITYCHECKSFAILED,
				   "what it sent to open a channel is not for the server's key",
				   ret_status);
	peer->is_accepted = false;
	if (!gate_digest(header->sender, leaf, peer->leaf) ||
	    !gate_digest(header->sender, header->sender_len, peer->accepted))
		return peer_refuse(peer, UA_STATUSCODE_BADTCPINTERNALERROR, "out of memory",
				   ret_status);
	peer->opening = flow_new(peer, header->kind, own, NULL);
	if (!peer->opening)
		return peer_refuse(peer, UA_STATUSCODE_BADTCPINTERNALERROR, "out of memory",
				   ret_status);
	peer->kind = header->kind;
	peer->opening->block_count = len / own->key_size;
	return admit(peer, header, body, len, ret_status);
}

static enum tcp_step begin_plain(struct peer *peer, const struct opn_header *header,
				 const uint8_t *body, size_t len, UA_StatusCode *ret_status)
{
	peer->kind = header->kind;
	peer->is_accepted = false;
	if (!read_request(peer, body, len))
		return peer_refuse(peer, UA_STATUSCODE_BADSECURITYCHECKSFAILED,
				   "what it sent to open a channel is no such request", ret_status);
	peer->is_opening = true;
	return TCP_PASS;
}

enum tcp_step open_in(struct peer *peer, const uint8_t *chunk, size_t len,
		      UA_StatusCode *ret_status)
{
	struct flow *flow = peer->opening;
	struct opn_header header;

	if (!opn_header_read(chunk, len, &header))
		return peer_refuse(peer, UA_STATUSCODE_BADSECURITYCHECKSFAILED,
				   "what it sent to open a channel is out of shape", ret_status);
	if (flow && flow->step == OPEN_WAITS)
		return validate(peer, &header, ret_status);
	if (flow && flow->step == OPEN_ACCEPTED)
		return decrypt(peer, chunk + header.body, ret_status);
	if (flow && flow->step == OPEN_DECRYPTED)
		return give(peer, ret_status);
	/* What waits on the way out was released, and this with it. */
	if (flow && (flow->step == OPEN_VALIDATES || flow->step == OPEN_DECRYPTS))
		return TCP_HOLD;
	if (flow)
		return peer_refuse(peer, UA_STATUSCODE_BADTCPINTERNALERROR,
				   "it opens a channel while it is opening one", ret_status);
	if (!header.kind || !(peer->gate->options.kinds & 1u << header.kind->id) ||
	    (peer->kind && peer->kind != header.kind))
		return peer_refuse(peer, UA_STATUSCODE_BADSECURITYPOLICYREJECTED,
				   "it wants a security policy that is not on here", ret_status);
	if (header.kind->id == POLICY_NONE)
		return begin_plain(peer, &header, chunk + header.body, len - header.body,
				   ret_status);
	return begin(peer, &header, chunk + header.body, len - header.body, ret_status);
}

static void on_signed(struct flow *flow)
{
	struct peer *peer = flow->peer;

	flow->step = OPEN_SIGNED;
	if (flow->status == KS_OK && flow->blocks[0].answer_len == flow->own->key_size)
		tcp_release(peer->connection);
	else
		turn_away_unserved(flow);
}

static enum tcp_step sign(struct peer *peer, struct policy_late *late, UA_StatusCode *ret_status)
{
	struct flow *flow = peer->opening;
	struct policy_order order;

	policy_late_order(late, &order);
	flow->late = late;
	if (order.len > sizeof(flow->blocks[0].asked))
		return peer_refuse(peer, UA_STATUSCODE_BADTCPINTERNALERROR,
				   "there is more to sign than can be signed", ret_status);
	own_cert_free(flow->own);
	flow->own = own_cert_share(order.own);
	flow->status = KS_OK;
	flow->step = OPEN_SIGNS;
	flow->next = on_signed;
	memcpy(flow->blocks[0].asked, order.bytes, order.len);
	flow->blocks[0].asked_len = order.len;
	if (flow_ask_sign(flow, 0, KS_PRIORITY_NORMAL) == KS_OK)
		return TCP_HOLD;
	return peer_refuse(peer, UA_STATUSCODE_BADTCPINTERNALERROR, flow->message, ret_status);
}

static enum tcp_step finish(struct peer *peer, uint8_t *chunk, size_t len,
			    UA_StatusCode *ret_status)
{
	struct flow *flow = peer->opening;

	if (!policy_late_finish(flow->late, flow->blocks[0].answer, chunk, len))
		return peer_refuse(peer, UA_STATUSCODE_BADTCPINTERNALERROR,
				   "what the server answers it could not be made", ret_status);
	/* Not before: only now it is known that the certificate is its own. */
	peer->is_newcomer = flow->is_newcomer;
	peer->opening = NULL;
	flow_drop(flow);
	return TCP_PASS;
}

enum tcp_step open_out(struct peer *peer, uint8_t *chunk, size_t len, UA_StatusCode *ret_status)
{
	struct policy_late *late;

	if (peer->opening && peer->opening->step == OPEN_SIGNED)
		return finish(peer, chunk, len, ret_status);
	if (peer->opening && peer->opening->step == OPEN_SIGNS)
		return TCP_HOLD;
	if (peer->kind && peer->kind->id == POLICY_NONE)
		return TCP_PASS;
	/* What is not to be signed is not signed, and nobody else shall be taken in by it. */
	late = peer->opening && peer->channel ? policy_channel_late(peer->channel) : NULL;
	if (!late)
		return peer_refuse(
			peer, UA_STATUSCODE_BADSECURITYMODEREJECTED,
			"it wants a channel without signatures by a policy that has them",
			ret_status);
	message_keys(peer);
	return sign(peer, late, ret_status);
}

void open_fed(struct peer *peer)
{
	struct flow *flow = peer->opening;

	peer->is_opening = false;
	if (!flow || flow->step != OPEN_GIVEN)
		return;
	/* It was not answered. */
	peer->opening = NULL;
	flow_drop(flow);
}
