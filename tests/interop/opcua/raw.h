/*
 * An OPC UA client of bytes: what a well-behaved one never sends, or not at that moment. Hides
 * headers, sequence numbers, and how the two requests that take no session are encoded. All of it
 * ends the process when something is not as it says.
 */
#ifndef OPCUA_RAW_H
#define OPCUA_RAW_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <open62541/types_generated_handling.h>

#define RAW_CHUNK 65536
#define RAW_MAX	  (1 << 20)

#define raw_assert(condition)                                                                      \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

struct raw {
	int fd;
	uint32_t channel, token, sequence;
	uint8_t bytes[RAW_CHUNK]; /* the chunk that came last */
	size_t len;
};

static inline int raw_socket(const char *from, uint16_t port, int receive_bytes)
{
	struct sockaddr_in own = {.sin_family = AF_INET}, peer = own;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (receive_bytes)
		raw_assert(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes,
				      sizeof(receive_bytes)) == 0);
	peer.sin_port = htons(port);
	raw_assert(inet_pton(AF_INET, from, &own.sin_addr) == 1 &&
		   inet_pton(AF_INET, "127.0.0.1", &peer.sin_addr) == 1);
	raw_assert(bind(fd, (struct sockaddr *)&own, sizeof(own)) == 0);
	raw_assert(connect(fd, (struct sockaddr *)&peer, sizeof(peer)) == 0);
	return fd;
}

static inline void raw_connect(struct raw *raw, uint16_t port)
{
	memset(raw, 0, sizeof(*raw));
	raw->fd = raw_socket("127.0.0.1", port, 0);
}

/* In pieces of @piece bytes; 0: in one. */
static inline void raw_send(struct raw *raw, const void *bytes, size_t len, size_t piece)
{
	for (size_t at = 0, n; at < len; at += n) {
		n = piece && piece < len - at ? piece : len - at;
		raw_assert(send(raw->fd, (const uint8_t *)bytes + at, n, MSG_NOSIGNAL) ==
			   (ssize_t)n);
	}
}

static inline void raw_put(uint8_t *bytes, uint32_t value)
{
	memcpy(bytes, &value, sizeof(value)); /* tests run on little-endian machines */
}

static inline uint32_t raw_get(const uint8_t *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}

static inline size_t raw_hello(uint8_t *bytes)
{
	static const char url[] = "opc.tcp://localhost";

	memcpy(bytes, "HELF", 4);
	raw_put(bytes + 4, 32 + sizeof(url) - 1);
	raw_put(bytes + 8, 0);
	raw_put(bytes + 12, RAW_CHUNK);
	raw_put(bytes + 16, RAW_CHUNK);
	raw_put(bytes + 20, 0);
	raw_put(bytes + 24, 0);
	raw_put(bytes + 28, sizeof(url) - 1);
	memcpy(bytes + 32, url, sizeof(url) - 1);
	return 32 + sizeof(url) - 1;
}

/* Puts what stands before a body, and the body, behind @header bytes that are there. */
static inline size_t raw_body(struct raw *raw, uint8_t *bytes, size_t header, const void *request,
			      const UA_DataType *type)
{
	UA_ByteString body = {RAW_MAX - header - 64, bytes + header + 16}, id = {8, NULL};
	uint8_t place[16];
	UA_NodeId type_id = UA_NODEID_NUMERIC(0, type->binaryEncodingId.identifier.numeric);

	id.data = place;
	id.length = sizeof(place);
	raw_put(bytes + header, ++raw->sequence);
	raw_put(bytes + header + 4, raw->sequence); /* the request's ID */
	raw_assert(!UA_encodeBinary(&type_id, &UA_TYPES[UA_TYPES_NODEID], &id));
	memcpy(bytes + header + 8, place, id.length);
	body.data = bytes + header + 8 + id.length;
	raw_assert(!UA_encodeBinary(request, type, &body));
	raw_put(bytes + 4, (uint32_t)(header + 8 + id.length + body.length));
	return raw_get(bytes + 4);
}

static inline size_t raw_open_request(struct raw *raw, uint8_t *bytes)
{
	static const char uri[] = "http://opcfoundation.org/UA/SecurityPolicy#None";
	UA_OpenSecureChannelRequest request;

	UA_OpenSecureChannelRequest_init(&request);
	request.requestHeader.timestamp = UA_DateTime_now();
	request.securityMode = UA_MESSAGESECURITYMODE_NONE;
	request.requestedLifetime = 3600000;
	memcpy(bytes, "OPNF", 4);
	raw_put(bytes + 8, 0);
	raw_put(bytes + 12, sizeof(uri) - 1);
	memcpy(bytes + 16, uri, sizeof(uri) - 1);
	raw_put(bytes + 16 + sizeof(uri) - 1, UINT32_MAX);
	raw_put(bytes + 20 + sizeof(uri) - 1, UINT32_MAX);
	return raw_body(raw, bytes, 24 + sizeof(uri) - 1, &request,
			&UA_TYPES[UA_TYPES_OPENSECURECHANNELREQUEST]);
}

/* The answer holds the URL, of @url_len bytes, several times. */
static inline size_t raw_endpoints_request(struct raw *raw, uint8_t *bytes, size_t url_len)
{
	UA_GetEndpointsRequest request;
	size_t len;

	UA_GetEndpointsRequest_init(&request);
	request.requestHeader.timestamp = UA_DateTime_now();
	request.requestHeader.requestHandle = raw->sequence + 1;
	raw_assert(!UA_ByteString_allocBuffer((UA_ByteString *)&request.endpointUrl, url_len + 17));
	memset(request.endpointUrl.data, 'x', request.endpointUrl.length);
	memcpy(request.endpointUrl.data, "opc.tcp://host/xx", 17);
	memcpy(bytes, "MSGF", 4);
	raw_put(bytes + 8, raw->channel);
	raw_put(bytes + 12, raw->token);
	len = raw_body(raw, bytes, 16, &request, &UA_TYPES[UA_TYPES_GETENDPOINTSREQUEST]);
	UA_GetEndpointsRequest_clear(&request);
	return len;
}

/* One chunk into raw->bytes. False: the peer has ended the connection. */
static inline bool raw_receive(struct raw *raw)
{
	size_t want = 8;

	for (raw->len = 0; raw->len < want;) {
		ssize_t n = recv(raw->fd, raw->bytes + raw->len, want - raw->len, 0);

		if (n <= 0) {
			raw_assert(raw->len == 0);
			return false;
		}
		raw->len += (size_t)n;
		if (raw->len == 8)
			want = raw_get(raw->bytes + 4);
		raw_assert(want >= 8 && want <= sizeof(raw->bytes));
	}
	return true;
}

static inline void raw_expect(struct raw *raw, const char *type)
{
	raw_assert(raw_receive(raw));
	raw_assert(memcmp(raw->bytes, type, 3) == 0);
}

/* OPC 10000-6 7.1.2.5, and then the end of the connection. */
static inline void raw_expect_error(struct raw *raw, UA_StatusCode status)
{
	raw_expect(raw, "ERR");
	raw_assert(raw->len >= 16 && raw_get(raw->bytes + 8) == status);
	raw_assert(!raw_receive(raw));
}

/* The request's ID of a MSG that is whole in one chunk. */
static inline void raw_expect_answer(struct raw *raw, uint32_t request)
{
	raw_expect(raw, "MSG");
	raw_assert(raw->bytes[3] == 'F' && raw_get(raw->bytes + 20) == request);
}

static inline void raw_take_opened(struct raw *raw)
{
	UA_OpenSecureChannelResponse response;
	UA_ByteString body = {raw->len, raw->bytes};
	/* Policy None: URI, no certificate, no thumbprint; sequence header; NodeId i=449. */
	size_t at = 8 + 4 + 4 + raw_get(raw->bytes + 12) + 4 + 4 + 8 + 4;

	raw_assert(at < raw->len);
	body.data += at;
	body.length -= at;
	raw_assert(!UA_decodeBinary(&body, &response, &UA_TYPES[UA_TYPES_OPENSECURECHANNELRESPONSE],
				    NULL));
	raw->channel = response.securityToken.channelId;
	raw->token = response.securityToken.tokenId;
	UA_OpenSecureChannelResponse_clear(&response);
}

static inline void raw_say_hello(struct raw *raw)
{
	uint8_t bytes[256];

	raw_send(raw, bytes, raw_hello(bytes), 0);
	raw_expect(raw, "ACK");
}

static inline void raw_open(struct raw *raw)
{
	uint8_t *bytes = malloc(RAW_MAX);

	raw_say_hello(raw);
	raw_send(raw, bytes, raw_open_request(raw, bytes), 0);
	raw_expect(raw, "OPN");
	raw_take_opened(raw);
	free(bytes);
}

/* Asks for endpoints; the request's ID. */
static inline uint32_t raw_ask(struct raw *raw, size_t url_len, size_t piece)
{
	uint8_t *bytes = malloc(RAW_MAX);

	raw_send(raw, bytes, raw_endpoints_request(raw, bytes, url_len), piece);
	free(bytes);
	return raw->sequence;
}

static inline void raw_asks_and_hears(struct raw *raw, unsigned times)
{
	for (unsigned i = 0; i < times; i++)
		raw_expect_answer(raw, raw_ask(raw, 0, 0));
}

#endif
