/*
 * What a peer of an OPC UA connection sends: chunks, OPNs before and after they are decrypted,
 * messages whose peer has the keys, chains of certificates. The first byte says which.
 */
#include "fuzz.h"

#include <string.h>

#include "asymmetric.h"
#include "opn.h"
#include "symmetric.h"

static void expect_within(const uint8_t *part, size_t part_len, const uint8_t *bytes, size_t len)
{
	fuzz_expect(part_len == 0 ||
		    (part >= bytes && part_len <= len && (size_t)(part - bytes) <= len - part_len));
}

static void try_certs(const uint8_t *bytes, size_t len)
{
	const size_t leaf = asymmetric_leaf(bytes, len);
	struct asymmetric_key *key;
	char uri[256];

	fuzz_expect(leaf <= len);
	if (asymmetric_uri(bytes, leaf, uri, sizeof(uri)))
		fuzz_expect(strlen(uri) > 0);
	key = asymmetric_key_new(policy_kind(POLICY_BASIC256SHA256), bytes, leaf);
	if (key)
		fuzz_expect(asymmetric_key_size(key) >= 256 &&
			    asymmetric_key_size(key) <= ASYMMETRIC_KEY_MAX);
	asymmetric_key_free(key);
}

static void try_request(const uint8_t *bytes, size_t len)
{
	struct opn_request request;

	if (!opn_request_read(bytes, len, &request))
		return;
	expect_within(request.nonce, request.nonce_len, bytes, len);
	fuzz_expect(len >= 4 && request.lifetime_at <= len - 4);
}

static void try_opn(const uint8_t *bytes, size_t len)
{
	struct opn_header header;

	if (!opn_header_read(bytes, len, &header))
		return;
	fuzz_expect(header.body <= len);
	expect_within(header.sender, header.sender_len, bytes, len);
	expect_within(header.thumbprint, header.thumbprint ? OWN_CERT_THUMBPRINT : 0, bytes, len);
	try_certs(header.sender, header.sender_len);
	try_request(bytes + header.body, len - header.body);
}

/* Chunks that hold what they say, of a peer that may say anything. */
static void try_message(const uint8_t *bytes, size_t len, bool is_encrypted)
{
	struct symmetric_keys keys = {.kind = policy_kind(POLICY_BASIC256SHA256)};
	const size_t tail = keys.kind->hmac_size;
	uint8_t *chunk = len >= 24 + tail && len < 65536 ? malloc(len) : NULL;
	const uint8_t *body;
	size_t body_len;

	if (!chunk)
		return;
	memcpy(chunk, bytes, len);
	memcpy(chunk, "MSG", 3);
	for (unsigned i = 0; i < 4; i++)
		chunk[4 + i] = (uint8_t)(len >> 8 * i);
	fuzz_expect(symmetric_sign(&keys, chunk, len - tail, chunk + len - tail));
	if ((!is_encrypted || symmetric_encrypt(&keys, chunk + 16, len - 16)) &&
	    symmetric_open(&keys, is_encrypted, chunk, len, &body, &body_len))
		expect_within(body, body_len, chunk + 24, len - 24 - tail);
	free(chunk);
}

/* As it is, it can only be refused. */
static void try_forged(const uint8_t *bytes, size_t len)
{
	struct symmetric_keys keys = {.kind = policy_kind(POLICY_BASIC256SHA256)};
	uint8_t *chunk = malloc(len + 1);
	const uint8_t *body;
	size_t body_len;

	if (!chunk)
		return;
	memcpy(chunk, bytes, len);
	fuzz_expect(!symmetric_open(&keys, true, chunk, len, &body, &body_len));
	free(chunk);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct chunk_header header;
	uint8_t which;

	if (len == 0)
		return 0;
	which = bytes[0];
	bytes++;
	len--;
	if (len >= CHUNK_HEADER && chunk_header_read(bytes, &header))
		fuzz_expect(header.size >= CHUNK_HEADER);
	switch (which % 6) {
	case 0:
		try_opn(bytes, len);
		break;
	case 1:
		try_request(bytes, len);
		break;
	case 2:
		try_message(bytes, len, false);
		break;
	case 3:
		try_message(bytes, len, true);
		break;
	case 4:
		try_certs(bytes, len);
		break;
	default:
		try_forged(bytes, len);
		break;
	}
	return 0;
}
