/*
 * Chunks of the OPC UA connection protocol, as bytes (OPC 10000-6 6.7 and 7.1), without open62541:
 * what can be said of one before anybody decrypts it, and of an OPN afterwards. All input is
 * hostile; outputs point into it.
 */
#ifndef OPCUA_OPN_H
#define OPCUA_OPN_H

#include "own_cert.h"
#include "policy_kind.h"

#define CHUNK_HEADER 8

enum chunk_type { CHUNK_HEL, CHUNK_ACK, CHUNK_ERR, CHUNK_RHE, CHUNK_OPN, CHUNK_MSG, CHUNK_CLO };

struct chunk_header {
	enum chunk_type type;
	char final;    /* 'F', 'C', 'A' */
	uint32_t size; /* of all of it */
};
/* @bytes: CHUNK_HEADER of them. False: no chunk of OPC UA begins so. */
[[nodiscard]] bool chunk_header_read(const uint8_t *bytes, struct chunk_header *ret_header);

struct opn_header {
	uint32_t channel_id;
	const struct policy_kind *kind; /* NULL: one that nobody knows */
	const uint8_t *sender;		/* certificates, DER one after the other */
	size_t sender_len;
	const uint8_t *thumbprint; /* NULL: none */
	size_t body;		   /* offset of what is encrypted, or of the sequence header */
};
[[nodiscard]] bool opn_header_read(const uint8_t *chunk, size_t len, struct opn_header *ret_header);

enum opn_request_type { OPN_ISSUE = 0, OPN_RENEW = 1 };
enum opn_mode { OPN_MODE_NONE = 1, OPN_MODE_SIGN = 2, OPN_MODE_SIGN_AND_ENCRYPT = 3 };

struct opn_request {
	uint32_t sequence, request_id;
	enum opn_request_type type;
	enum opn_mode mode;
	const uint8_t *nonce;
	size_t nonce_len;
	uint32_t lifetime_ms;
	size_t lifetime_at; /* offset in @body */
};
/* @body: the sequence header and the OpenSecureChannelRequest, decrypted. */
[[nodiscard]] bool opn_request_read(const uint8_t *body, size_t len,
				    struct opn_request *ret_request);

#endif
