/*
 * What a MSG asks for, as far as it takes the private key or a login: seen in a copy, before
 * open62541 sees it. What cannot be read here is let through: open62541 reads it itself, and says
 * what is wrong with it.
 */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "gate_private.h"

/* CHUNK_HEADER, channel, token; then sequence number, request (OPC 10000-6 6.7.2.2 to 6.7.2.4). */
#define SEQUENCE_AT 16
#define REQUEST_AT  4 /* behind that */
#define BODY_AT	    8

/* Less has no room for a signature, a certificate or an encrypted password. */
#define LEAST_BYTES 320

#define ID_CREATE_SESSION   461 /* binary encodings (OPC 10000-6 A) */
#define ID_ACTIVATE_SESSION 467

static uint32_t u32(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

/* A NodeId of namespace 0 with a number, in all that need more than two bytes; 0: it is none. */
static uint32_t type_of(const uint8_t *body, size_t len, size_t *ret_len)
{
	if (len >= 4 && body[0] == 1 && body[1] == 0) {
		*ret_len = 4;
		return body[2] | (uint32_t)body[3] << 8;
	}
	if (len >= 7 && body[0] == 2 && body[1] == 0 && body[2] == 0) {
		*ret_len = 7;
		return u32(body + 3);
	}
	return 0;
}

static bool is_wanted(const uint8_t *body, size_t len)
{
	size_t skip;
	uint32_t type = type_of(body, len, &skip);

	return type == ID_CREATE_SESSION || type == ID_ACTIVATE_SESSION;
}

/*
 * Whether it may be one of these, by its first block alone: all other messages, which are nearly all
 * there are, cost no more than that.
 */
static bool may_be_wanted(const struct peer *peer, const uint8_t *chunk)
{
	uint8_t block[SYMMETRIC_BLOCK];

	if (peer->mode != OPN_MODE_SIGN_AND_ENCRYPT)
		return is_wanted(chunk + SEQUENCE_AT + BODY_AT, SYMMETRIC_BLOCK - BODY_AT);
	for (size_t i = 0; i < 2; i++) {
		memcpy(block, chunk + SEQUENCE_AT, sizeof(block));
		if (peer->keys[i].work &&
		    symmetric_work_crypt(peer->keys[i].work, block, sizeof(block)) &&
		    is_wanted(block + BODY_AT, sizeof(block) - BODY_AT))
			return true;
	}
	return false;
}

/*
 * A copy, for free(), in which *ret_body is what is between the sequence header and the padding.
 * NULL: it is not the peer's, or there is no memory.
 */
static uint8_t *open_copy(const struct peer *peer, const uint8_t *chunk, size_t len,
			  const uint8_t **ret_body, size_t *ret_len)
{
	uint8_t *copy = malloc(len);

	for (size_t i = 0; copy && peer->mode != OPN_MODE_NONE && i < 2; i++) {
		memcpy(copy, chunk, len);
		if (peer->keys[i].work &&
		    symmetric_open(&peer->keys[i].keys, peer->mode == OPN_MODE_SIGN_AND_ENCRYPT,
				   copy, len, ret_body, ret_len))
			return copy;
	}
	if (copy && peer->mode == OPN_MODE_NONE) {
		memcpy(copy, chunk, len);
		*ret_body = copy + SEQUENCE_AT + BODY_AT;
		*ret_len = len - SEQUENCE_AT - BODY_AT;
		return copy;
	}
	free(copy);
	return NULL;
}

static enum tcp_step ask(struct peer *peer, const uint8_t *body, size_t len)
{
	size_t skip = 0;
	uint32_t type = type_of(body, len, &skip);

	if (type == ID_CREATE_SESSION)
		return session_create(peer, body + skip, len - skip);
	if (type == ID_ACTIVATE_SESSION)
		return session_activate(peer, body + skip, len - skip);
	return TCP_PASS;
}

/* What came so far, and @body. False: there is no memory, or too much. */
static bool assemble(struct peer *peer, const uint8_t *body, size_t len)
{
	uint8_t *message;

	if (len > GATE_ASSEMBLED_MAX - peer->message_len)
		return false;
	/* realloc() would leave a copy, and a password may be in it. */
	message = malloc(peer->message_len + len);
	if (!message)
		return false;
	if (peer->message_len)
		memcpy(message, peer->message, peer->message_len);
	memcpy(message + peer->message_len, body, len);
	len += peer->message_len;
	message_forget(peer);
	peer->message = message;
	peer->message_len = len;
	return true;
}

static enum tcp_step read_body(struct peer *peer, char final, uint32_t request, const uint8_t *body,
			       size_t len)
{
	enum tcp_step step = TCP_PASS;

	if (peer->message && peer->message_request != request)
		message_forget(peer);
	if (final == 'F' && !peer->message)
		return ask(peer, body, len);
	if (final == 'A' || !assemble(peer, body, len)) {
		message_forget(peer);
		return TCP_PASS;
	}
	peer->message_request = request;
	if (final == 'F') {
		step = ask(peer, peer->message, peer->message_len);
		message_forget(peer);
	}
	return step;
}

enum tcp_step message_in(struct peer *peer, const uint8_t *chunk, size_t len)
{
	struct chunk_header header;
	const uint8_t *body;
	uint8_t *copy;
	size_t body_len;
	enum tcp_step step;

	if (peer->asking)
		return TCP_HOLD; /* what waits on the way out was released, and this with it */
	if (peer->is_ready || !peer->kind)
		return TCP_PASS;
	if (len < SEQUENCE_AT + SYMMETRIC_BLOCK || !chunk_header_read(chunk, &header))
		return TCP_PASS;
	if (!peer->message &&
	    ((header.final == 'F' && len < LEAST_BYTES) || !may_be_wanted(peer, chunk)))
		return TCP_PASS;
	copy = open_copy(peer, chunk, len, &body, &body_len);
	if (!copy)
		return TCP_PASS;
	/* In the clear by now, before the body. */
	step = read_body(peer, header.final, u32(body - BODY_AT + REQUEST_AT), body, body_len);
	OPENSSL_cleanse(copy, len);
	free(copy);
	return step;
}

void message_forget(struct peer *peer)
{
	if (peer->message)
		OPENSSL_cleanse(peer->message, peer->message_len);
	free(peer->message);
	peer->message = NULL;
	peer->message_len = 0;
}

void message_keys(struct peer *peer)
{
	struct peer_keys *now = &peer->keys[0], *before = &peer->keys[1];

	symmetric_work_free(before->work);
	*before = *now;
	now->work = NULL;
	/* Without them nothing is looked into, and open62541 waits for keystored. */
	if (symmetric_keys_derive(peer->kind, peer->server_nonce, peer->kind->nonce_size,
				  peer->client_nonce, peer->kind->nonce_size, &now->keys))
		now->work = symmetric_work_new(&now->keys, false);
}
