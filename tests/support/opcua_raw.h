/*
 * A client of OPC UA that sends what it likes: OPNs by a certificate of its own, and bytes. Hides
 * sockets and how an OPN is made. Without open62541, for tests with Criterion.
 */
#ifndef SUPPORT_OPCUA_RAW_H
#define SUPPORT_OPCUA_RAW_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "asymmetric.h"
#include "fixture.h"

#define OPCUA_RAW_MAX 65536

struct opcua_raw {
	const struct policy_kind *kind;
	uint8_t *cert, *server; /* DER, one */
	size_t cert_len, server_len;
	EVP_PKEY *key;
};

struct opcua_bytes {
	uint8_t bytes[OPCUA_RAW_MAX];
	size_t len;
};

static inline void raw_expect(bool holds, const char *what)
{
	if (!holds)
		fixture_die("%s", what);
}

static inline void raw_put(struct opcua_bytes *to, const void *bytes, size_t len)
{
	raw_expect(to->len + len <= sizeof(to->bytes), "an OPN that is too long");
	if (len)
		memcpy(to->bytes + to->len, bytes, len);
	to->len += len;
}

static inline void raw_put_u32(struct opcua_bytes *to, uint32_t value)
{
	const uint8_t bytes[] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
				 (uint8_t)(value >> 24)};

	raw_put(to, bytes, sizeof(bytes));
}

static inline void raw_put_bytes(struct opcua_bytes *to, const void *bytes, size_t len)
{
	raw_put_u32(to, bytes ? (uint32_t)len : UINT32_MAX);
	raw_put(to, bytes, bytes ? len : 0);
}

static inline uint32_t raw_u32(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

static inline void raw_set_u32(uint8_t *bytes, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		bytes[i] = (uint8_t)(value >> 8 * i);
}

/* Of files in @dir: client.der, client.key.der, and server.der, what the server shows. */
static inline struct opcua_raw raw_new(const char *dir, const char *policy)
{
	struct opcua_raw raw = {.kind = policy_kind_by_name(policy)};
	char path[512];
	const uint8_t *at;
	uint8_t *key;
	size_t len;

	snprintf(path, sizeof(path), "%s/client.der", dir);
	raw.cert = (uint8_t *)file_read(path, &raw.cert_len);
	snprintf(path, sizeof(path), "%s/server.der", dir);
	raw.server = (uint8_t *)file_read(path, &raw.server_len);
	raw.server_len = asymmetric_leaf(raw.server, raw.server_len);
	snprintf(path, sizeof(path), "%s/client.key.der", dir);
	at = key = (uint8_t *)file_read(path, &len);
	raw.key = d2i_AutoPrivateKey(NULL, &at, (long)len);
	free(key);
	raw_expect(raw.kind && raw.key && raw.server_len, "no client to be");
	return raw;
}

static inline void raw_free(struct opcua_raw *raw)
{
	free(raw->cert);
	free(raw->server);
	EVP_PKEY_free(raw->key);
}

static inline void raw_put_request(struct opcua_bytes *plain, const struct policy_kind *kind,
				   uint32_t type, uint32_t mode)
{
	static const uint8_t id[] = {1, 0, 0xbe, 1}, nothing[32] = {0};
	uint8_t nonce[POLICY_NONCE_MAX];

	raw_expect(RAND_bytes(nonce, sizeof(nonce)) == 1, "no random bytes");
	raw_put_u32(plain, 1); /* sequence, request */
	raw_put_u32(plain, 1);
	raw_put(plain, id, sizeof(id));
	raw_put(plain, nothing, 2 + 8 + 4 + 4); /* token, timestamp, handle, diagnostics */
	raw_put_bytes(plain, NULL, 0);		/* auditEntryId */
	raw_put(plain, nothing, 4 + 3 + 4);	/* timeoutHint, additionalHeader, version */
	raw_put_u32(plain, type);
	raw_put_u32(plain, mode);
	raw_put_bytes(plain, nonce, kind->nonce_size);
	raw_put_u32(plain, 600000);
}

static inline void raw_sign(const struct opcua_raw *raw, const struct opcua_bytes *message,
			    uint8_t *signature, size_t size)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *key;
	const EVP_MD *md = raw->kind->sign_hash == KS_HASH_SHA1 ? EVP_sha1() : EVP_sha256();
	bool is_pss = raw->kind->sign_padding == KS_PADDING_PSS;

	raw_expect(EVP_DigestSignInit(context, &key, md, NULL, raw->key) == 1 &&
			   EVP_PKEY_CTX_set_rsa_padding(key, is_pss ? RSA_PKCS1_PSS_PADDING
								    : RSA_PKCS1_PADDING) == 1 &&
			   (!is_pss || EVP_PKEY_CTX_set_rsa_pss_saltlen(key, 32) == 1) &&
			   EVP_DigestSign(context, signature, &size, message->bytes,
					  message->len) == 1,
		   "no signature");
	EVP_MD_CTX_free(context);
}

/* The headers of an OPN, whose length is not known yet. */
static inline void raw_put_header(struct opcua_bytes *chunk, const struct opcua_raw *raw)
{
	uint8_t thumbprint[20];

	raw_expect(asymmetric_thumbprint(raw->server, raw->server_len, thumbprint),
		   "no thumbprint");
	chunk->len = 0;
	raw_put(chunk, "OPNF", 4);
	raw_put_u32(chunk, 0);
	raw_put_u32(chunk, 0);
	raw_put_bytes(chunk, raw->kind->uri, strlen(raw->kind->uri));
	raw_put_bytes(chunk, raw->cert, raw->cert_len);
	raw_put_bytes(chunk, thumbprint, sizeof(thumbprint));
}

/* As a good client makes it; or with a signature that is none. The server's key has 2048 bits. */
static inline void raw_open(const struct opcua_raw *raw, bool is_good, struct opcua_bytes *chunk)
{
	struct asymmetric_key *key = asymmetric_key_new(raw->kind, raw->server, raw->server_len);
	size_t block = asymmetric_key_size(key), part = block - raw->kind->cipher_overhead;
	size_t signature = (size_t)EVP_PKEY_get_size(raw->key), head, rest, len;
	uint8_t padding, plain[4096];

	raw_put_header(chunk, raw);
	head = chunk->len;
	raw_put_request(chunk, raw->kind, 0, 3);
	rest = (chunk->len - head + 1 + signature) % part;
	padding = (uint8_t)(rest ? part - rest : 0);
	for (unsigned i = 0; i <= padding; i++)
		raw_put(chunk, &padding, 1);
	len = chunk->len - head + signature;
	raw_set_u32(chunk->bytes + 4, (uint32_t)(head + len / part * block));
	raw_sign(raw, chunk, chunk->bytes + chunk->len, signature);
	if (!is_good)
		chunk->bytes[chunk->len + 7] ^= 1;
	raw_expect(len <= sizeof(plain), "an OPN that is too long");
	memcpy(plain, chunk->bytes + head, len);
	raw_expect(asymmetric_encrypt(key, plain, len, chunk->bytes + head,
				      sizeof(chunk->bytes) - head, &len),
		   "no encryption");
	chunk->len = head + len;
	asymmetric_key_free(key);
}

/* The length, after it was changed. */
static inline void raw_close(struct opcua_bytes *chunk)
{
	raw_set_u32(chunk->bytes + 4, (uint32_t)chunk->len);
}

static inline void raw_send(int fd, const void *bytes, size_t len)
{
	raw_expect(send(fd, bytes, len, MSG_NOSIGNAL) == (ssize_t)len, "nothing could be sent");
}

/* A whole chunk; 0: the connection has ended. */
static inline size_t raw_receive(int fd, struct opcua_bytes *chunk)
{
	size_t want = 8;

	for (chunk->len = 0; chunk->len < want;) {
		ssize_t n = recv(fd, chunk->bytes + chunk->len, want - chunk->len, 0);

		if (n <= 0)
			return 0;
		chunk->len += (size_t)n;
		if (chunk->len == 8)
			want = raw_u32(chunk->bytes + 4);
		raw_expect(want >= 8 && want <= sizeof(chunk->bytes), "a chunk out of shape");
	}
	return chunk->len;
}

/* Connected, and HEL is answered. */
static inline int raw_connect(int port)
{
	static const char url[] = "opc.tcp://localhost";
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct opcua_bytes hello = {.len = 0};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	raw_expect(connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0, "no connection");
	raw_put(&hello, "HELF", 4);
	raw_put_u32(&hello, 32 + sizeof(url) - 1);
	raw_put_u32(&hello, 0);
	raw_put_u32(&hello, OPCUA_RAW_MAX);
	raw_put_u32(&hello, OPCUA_RAW_MAX);
	raw_put_u32(&hello, 0);
	raw_put_u32(&hello, 0);
	raw_put_bytes(&hello, url, sizeof(url) - 1);
	raw_send(fd, hello.bytes, hello.len);
	raw_expect(raw_receive(fd, &hello) && memcmp(hello.bytes, "ACK", 3) == 0, "no ACK");
	return fd;
}

/* 0: an OPN; else the status of an ERR (OPC 10000-6 7.1.2.5); 1: the connection has ended. */
static inline uint32_t raw_answer(int fd)
{
	struct opcua_bytes chunk;

	if (!raw_receive(fd, &chunk))
		return 1;
	if (memcmp(chunk.bytes, "OPN", 3) == 0)
		return 0;
	raw_expect(memcmp(chunk.bytes, "ERR", 3) == 0 && chunk.len >= 12, "no ERR");
	return raw_u32(chunk.bytes + 8);
}

/* What @chunk is answered on a connection of its own. */
static inline uint32_t raw_try(int port, const struct opcua_bytes *chunk)
{
	int fd = raw_connect(port);
	uint32_t answer;

	raw_send(fd, chunk->bytes, chunk->len);
	answer = raw_answer(fd);
	close(fd);
	return answer;
}

#endif
