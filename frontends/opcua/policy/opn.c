#include "opn.h"

#include <string.h>

/* What is left to be read; once something is missing, nothing more is. */
struct reader {
	const uint8_t *at;
	size_t left;
	bool is_short;
};

static const uint8_t *take(struct reader *reader, size_t len)
{
	const uint8_t *at = reader->at;

	if (reader->is_short || len > reader->left) {
		reader->is_short = true;
		return NULL;
	}
	reader->at += len;
	reader->left -= len;
	return at;
}

static uint32_t u32(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

static uint32_t take_u32(struct reader *reader)
{
	const uint8_t *bytes = take(reader, 4);

	return bytes ? u32(bytes) : 0;
}

/* A ByteString or String (OPC 10000-6 5.2.2.4, 5.2.2.7): -1 is none, which has no bytes either. */
static const uint8_t *take_bytes(struct reader *reader, size_t *ret_len)
{
	const uint32_t len = take_u32(reader);
	const uint8_t *bytes;

	*ret_len = 0;
	if (len == UINT32_MAX)
		return NULL;
	if (len > INT32_MAX)
		reader->is_short = true;
	bytes = take(reader, len);
	if (bytes)
		*ret_len = len;
	return bytes;
}

/* A NodeId (OPC 10000-6 5.2.2.9). True: its numeric identifier in namespace 0 is *ret_id. */
static bool take_node_id(struct reader *reader, uint32_t *ret_id)
{
	const uint8_t *encoding = take(reader, 1), *bytes;
	size_t len;

	if (!encoding)
		return false;
	switch (*encoding) {
	case 0: /* two bytes in all */
		bytes = take(reader, 1);
		if (bytes)
			*ret_id = bytes[0];
		return bytes;
	case 1: /* four bytes */
		bytes = take(reader, 3);
		if (bytes)
			*ret_id = (uint32_t)bytes[1] | (uint32_t)bytes[2] << 8;
		return bytes && bytes[0] == 0;
	case 2: /* any number */
		bytes = take(reader, 6);
		if (bytes)
			*ret_id = u32(bytes + 2);
		return bytes && bytes[0] == 0 && bytes[1] == 0;
	case 4: /* a GUID */
		(void)take(reader, 2 + 16);
		return false;
	case 3: /* text, … */
	case 5: /* … bytes */
		(void)take(reader, 2);
		(void)take_bytes(reader, &len);
		return false;
	default:
		reader->is_short = true;
		return false;
	}
}

/* An ExtensionObject (OPC 10000-6 5.2.2.15). */
static void pass_extension(struct reader *reader)
{
	const uint8_t *encoding;
	uint32_t id;
	size_t len;

	(void)take_node_id(reader, &id);
	encoding = take(reader, 1);
	if (encoding && *encoding > 2)
		reader->is_short = true;
	else if (encoding && *encoding)
		(void)take_bytes(reader, &len);
}

bool chunk_header_read(const uint8_t *bytes, struct chunk_header *ret_header)
{
	static const char *const types[] = {
		[CHUNK_HEL] = "HEL", [CHUNK_ACK] = "ACK", [CHUNK_ERR] = "ERR", [CHUNK_RHE] = "RHE",
		[CHUNK_OPN] = "OPN", [CHUNK_MSG] = "MSG", [CHUNK_CLO] = "CLO",
	};
	const char final = (char)bytes[3];
	const uint32_t size = u32(bytes + 4);

	for (size_t type = 0; type < sizeof(types) / sizeof(*types); type++) {
		if (memcmp(bytes, types[type], 3) != 0)
			continue;
		/* Only a message of a channel comes in several chunks (OPC 10000-6 6.7.2.2). */
		if (size < CHUNK_HEADER ||
		    (final != 'F' && (type != CHUNK_MSG || (final != 'C' && final != 'A'))))
			return false;
		*ret_header = (struct chunk_header){
			.type = (enum chunk_type)type,
			.final = final,
			.size = size,
		};
		return true;
	}
	return false;
}

bool opn_header_read(const uint8_t *chunk, size_t len, struct opn_header *ret_header)
{
	struct reader reader = {.at = chunk, .left = len};
	const uint8_t *head = take(&reader, CHUNK_HEADER), *uri;
	struct opn_header header = {0};
	struct chunk_header first;
	size_t uri_len, thumbprint_len;

	if (!head || !chunk_header_read(head, &first) || first.type != CHUNK_OPN)
		return false;
	header.channel_id = take_u32(&reader);
	uri = take_bytes(&reader, &uri_len);
	header.sender = take_bytes(&reader, &header.sender_len);
	header.thumbprint = take_bytes(&reader, &thumbprint_len);
	if (reader.is_short || (thumbprint_len && thumbprint_len != OWN_CERT_THUMBPRINT))
		return false;
	/* None of them and one without bytes is the same to everybody. */
	if (!header.sender_len)
		header.sender = NULL;
	if (!thumbprint_len)
		header.thumbprint = NULL;
	header.kind = policy_kind_by_uri(uri, uri_len);
	header.body = len - reader.left;
	*ret_header = header;
	return true;
}

/* RequestHeader (OPC 10000-4 7.33). */
static void pass_request_header(struct reader *reader)
{
	uint32_t id;
	size_t len;

	(void)take_node_id(reader, &id); /* authenticationToken */
	(void)take(reader, 8 + 4 + 4);	 /* timestamp, requestHandle, returnDiagnostics */
	(void)take_bytes(reader, &len);	 /* auditEntryId */
	(void)take(reader, 4);		 /* timeoutHint */
	pass_extension(reader);		 /* additionalHeader */
}

bool opn_request_read(const uint8_t *body, size_t len, struct opn_request *ret_request)
{
	enum { ID_OPEN_SECURE_CHANNEL_REQUEST = 446 }; /* its binary encoding (OPC 10000-6 A) */
	struct reader reader = {.at = body, .left = len};
	struct opn_request request = {0};
	uint32_t id = 0, type, mode;

	request.sequence = take_u32(&reader);
	request.request_id = take_u32(&reader);
	if (!take_node_id(&reader, &id) || id != ID_OPEN_SECURE_CHANNEL_REQUEST)
		return false;
	pass_request_header(&reader);
	(void)take_u32(&reader); /* clientProtocolVersion */
	type = take_u32(&reader);
	mode = take_u32(&reader);
	request.nonce = take_bytes(&reader, &request.nonce_len);
	request.lifetime_at = len - reader.left;
	request.lifetime_ms = take_u32(&reader);
	if (reader.is_short || type > OPN_RENEW || mode < OPN_MODE_NONE ||
	    mode > OPN_MODE_SIGN_AND_ENCRYPT)
		return false;
	request.type = (enum opn_request_type)type;
	request.mode = (enum opn_mode)mode;
	*ret_request = request;
	return true;
}
