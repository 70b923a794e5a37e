#include "opn.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

TestSuite(opn, .timeout = 60);

struct bytes {
	uint8_t at[1024];
	size_t len;
};

static void put(struct bytes *bytes, const void *what, size_t len)
{
	cr_assert(bytes->len + len <= sizeof(bytes->at));
	memcpy(bytes->at + bytes->len, what, len);
	bytes->len += len;
}

static void put_u32(struct bytes *bytes, uint32_t n)
{
	const uint8_t le[] = {(uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16),
			      (uint8_t)(n >> 24)};

	put(bytes, le, sizeof(le));
}

/* NULL: the length -1. */
static void put_bytes(struct bytes *bytes, const void *what, size_t len)
{
	put_u32(bytes, what ? (uint32_t)len : UINT32_MAX);
	if (what)
		put(bytes, what, len);
}

static struct bytes an_opn(const char *uri, const void *sender, size_t sender_len,
			   const void *thumbprint, size_t thumbprint_len)
{
	struct bytes bytes = {0};

	put(&bytes, "OPNF", 4);
	put_u32(&bytes, 1000);
	put_u32(&bytes, 0xc0ffee);
	put_bytes(&bytes, uri, uri ? strlen(uri) : 0);
	put_bytes(&bytes, sender, sender_len);
	put_bytes(&bytes, thumbprint, thumbprint_len);
	return bytes;
}

Test(opn, tells_the_chunks_of_the_protocol)
{
	static const struct {
		char bytes[9];
		bool is_one;
		enum chunk_type type;
	} cases[] = {
		{"HELF\x20\0\0", true, CHUNK_HEL},
		{"ACKF\x1c\0\0", true, CHUNK_ACK},
		{"ERRF\x10\0\0", true, CHUNK_ERR},
		{"RHEF\x20\0\0", true, CHUNK_RHE},
		{"OPNF\xff\0\0", true, CHUNK_OPN},
		{"MSGF\x20\0\0", true, CHUNK_MSG},
		{"MSGC\x20\0\0", true, CHUNK_MSG},
		{"MSGA\x20\0\0", true, CHUNK_MSG},
		{"CLOF\x20\0\0", true, CHUNK_CLO},
		{"MSGF\x08\0\0", true, CHUNK_MSG},
		{"MSGF\x07\0\0", false, CHUNK_MSG},
		{"MSGX\x20\0\0", false, CHUNK_MSG},
		{"OPNC\xff\0\0", false, CHUNK_OPN},
		{"HELC\x20\0\0", false, CHUNK_HEL},
		{"CLOA\x20\0\0", false, CHUNK_CLO},
		{"GET / HT", false, CHUNK_HEL},
		{"\x16\x03\x01\x02\0\x01\0", false, CHUNK_HEL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct chunk_header header = {.size = 1};

		cr_expect(chunk_header_read((const uint8_t *)cases[i].bytes, &header) ==
				  cases[i].is_one,
			  "case %zu", i);
		if (cases[i].is_one)
			cr_expect(header.type == cases[i].type &&
				  header.final == cases[i].bytes[3] &&
				  header.size == (uint8_t)cases[i].bytes[4]);
		else
			cr_expect(header.size == 1, "case %zu", i);
	}
}

Test(opn, reads_the_header_of_an_opn)
{
	struct bytes chunk = an_opn(policy_kind(POLICY_BASIC256SHA256)->uri, "cert", 4,
				    "01234567890123456789", 20);
	struct opn_header header;

	put(&chunk, "encrypted", 9);
	cr_assert(opn_header_read(chunk.at, chunk.len, &header));
	cr_expect(header.channel_id == 0xc0ffee);
	cr_expect(header.kind == policy_kind(POLICY_BASIC256SHA256));
	cr_expect(header.sender_len == 4 && memcmp(header.sender, "cert", 4) == 0);
	cr_expect(header.thumbprint && memcmp(header.thumbprint, "01234567890123456789", 20) == 0);
	cr_expect(header.body == chunk.len - 9);
}

Test(opn, reads_an_opn_of_a_peer_without_security)
{
	struct bytes chunk = an_opn(policy_kind(POLICY_NONE)->uri, NULL, 0, NULL, 0);
	struct opn_header header;

	cr_assert(opn_header_read(chunk.at, chunk.len, &header));
	cr_expect(header.kind == policy_kind(POLICY_NONE));
	cr_expect(!header.sender && header.sender_len == 0 && !header.thumbprint);
	cr_expect(header.body == chunk.len);
	chunk = an_opn(policy_kind(POLICY_NONE)->uri, "", 0, "", 0);
	cr_assert(opn_header_read(chunk.at, chunk.len, &header));
	cr_expect(!header.sender && header.sender_len == 0 && !header.thumbprint);
}

Test(opn, knows_no_policy_by_half_its_name)
{
	static const char *const uris[] = {
		NULL,
		"",
		"http://opcfoundation.org/UA/SecurityPolicy#",
		"http://opcfoundation.org/UA/SecurityPolicy#Basic256Sha25",
		"http://opcfoundation.org/UA/SecurityPolicy#Basic256Sha2567",
		"http://opcfoundation.org/UA/SecurityPolicy#ECC_nistP256"};

	for (size_t i = 0; i < sizeof(uris) / sizeof(*uris); i++) {
		struct bytes chunk = an_opn(uris[i], "cert", 4, NULL, 0);
		struct opn_header header;

		cr_assert(opn_header_read(chunk.at, chunk.len, &header));
		cr_expect(header.kind == NULL);
	}
}

Test(opn, reads_no_header_that_is_cut_off)
{
	struct bytes chunk =
		an_opn(policy_kind(POLICY_BASIC256)->uri, "cert", 4, "01234567890123456789", 20);

	for (size_t len = 0; len < chunk.len; len++) {
		struct opn_header header;
		uint8_t *copy = malloc(len + 1);

		/* In memory of exactly that size, so that a sanitizer sees one byte too many. */
		cr_assert(copy);
		memcpy(copy, chunk.at, len);
		copy = realloc(copy, len ? len : 1);
		cr_expect(!opn_header_read(copy, len, &header), "%zu bytes", len);
		free(copy);
	}
}

Test(opn, reads_no_header_with_lengths_that_are_not_true)
{
	static const uint32_t lengths[] = {0x7fffffff, 0x80000000, 0xfffffffe, 100000};

	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++)
		for (int field = 0; field < 3; field++) {
			struct bytes chunk = {0};
			struct opn_header header;

			put(&chunk, "OPNF\x00\x01\0\0\1\0\0\0", 12);
			for (int n = 0; n < field; n++)
				put_bytes(&chunk, "x", 1);
			put_u32(&chunk, lengths[i]);
			put(&chunk, "abcdefghijklmnopqrstuvwxyz", 26);
			cr_expect(!opn_header_read(chunk.at, chunk.len, &header));
		}
}

Test(opn, reads_no_thumbprint_of_another_length)
{
	for (size_t len = 1; len < 40; len++) {
		struct bytes chunk = an_opn(policy_kind(POLICY_BASIC256)->uri, "cert", 4,
					    "0123456789012345678901234567890123456789", len);
		struct opn_header header;

		cr_expect(opn_header_read(chunk.at, chunk.len, &header) == (len == 20));
	}
}

Test(opn, is_no_other_message)
{
	struct bytes chunk = an_opn(policy_kind(POLICY_NONE)->uri, NULL, 0, NULL, 0);
	struct opn_header header;

	memcpy(chunk.at, "MSGF", 4);
	cr_expect(!opn_header_read(chunk.at, chunk.len, &header));
}

/* The sequence header and the request up to authenticationToken. */
static struct bytes a_request_begin(void)
{
	struct bytes body = {0};

	put_u32(&body, 51);
	put_u32(&body, 1);
	put(&body, "\x01\x00\xbe\x01", 4);
	return body;
}

static void a_request_end(struct bytes *body, uint32_t type, uint32_t mode)
{
	put_u32(body, 0);
	put_u32(body, type);
	put_u32(body, mode);
	put_bytes(body, "nonce", 5);
	put_u32(body, 3600000);
}

static struct bytes a_request(uint32_t type, uint32_t mode)
{
	struct bytes body = a_request_begin();

	put(&body, "\0\0", 2);		     /* authenticationToken: none */
	put(&body, "\0\0\0\0\0\0\0\0", 8);   /* timestamp */
	put(&body, "\1\0\0\0\0\0\0\0", 8);   /* requestHandle, returnDiagnostics */
	put_bytes(&body, NULL, 0);	     /* auditEntryId */
	put(&body, "\x10\x27\0\0\0\0\0", 4); /* timeoutHint */
	put(&body, "\0\0\0", 3);	     /* additionalHeader: none */
	a_request_end(&body, type, mode);
	return body;
}

Test(opn, reads_what_a_peer_asks_for)
{
	struct bytes body = a_request(OPN_RENEW, OPN_MODE_SIGN);
	struct opn_request request;

	cr_assert(opn_request_read(body.at, body.len, &request));
	cr_expect(request.sequence == 51 && request.request_id == 1);
	cr_expect(request.type == OPN_RENEW && request.mode == OPN_MODE_SIGN);
	cr_expect(request.nonce_len == 5 && memcmp(request.nonce, "nonce", 5) == 0);
	cr_expect(request.lifetime_ms == 3600000 && request.lifetime_at == body.len - 4);
	/* Padding and what else there may be behind it is not ours. */
	put(&body, "\3\3\3\3", 4);
	cr_assert(opn_request_read(body.at, body.len, &request));
	cr_expect(request.lifetime_at == body.len - 8);
}

Test(opn, reads_every_form_of_a_request_header)
{
	static const struct {
		const char *token;
		size_t token_len;
		const char *extension;
		size_t extension_len;
	} cases[] = {
		{"\0\x09", 2, "\0\0\0", 3},
		{"\1\0\x09\0", 4, "\1\0\x09\0\0", 5},
		{"\2\1\0\1\2\3\4", 7, "\2\0\0\1\2\3\4\0", 8},
		{"\3\1\0\2\0\0\0ab", 9, "\0\0\1\3\0\0\0abc", 10},
		{"\4\1\0"
		 "0123456789abcdef",
		 19, "\0\0\2\xff\xff\xff\xff", 7},
		{"\5\1\0\xff\xff\xff\xff", 7, "\0\0\1\0\0\0\0", 7},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct bytes body = a_request_begin();
		struct opn_request request;

		put(&body, cases[i].token, cases[i].token_len);
		put(&body, "0123456789abcdef", 16);
		put_bytes(&body, "audit", 5);
		put_u32(&body, 0);
		put(&body, cases[i].extension, cases[i].extension_len);
		a_request_end(&body, OPN_ISSUE, OPN_MODE_SIGN_AND_ENCRYPT);
		cr_assert(opn_request_read(body.at, body.len, &request), "case %zu", i);
		cr_expect(request.lifetime_ms == 3600000 && request.lifetime_at == body.len - 4);
		for (size_t len = 0; len < body.len; len++)
			cr_expect(!opn_request_read(body.at, len, &request), "case %zu, %zu", i,
				  len);
	}
}

Test(opn, reads_no_other_request_and_no_values_that_there_are_not)
{
	struct opn_request request = {.sequence = 7};
	struct bytes body = a_request(2, OPN_MODE_SIGN);

	cr_expect(!opn_request_read(body.at, body.len, &request));
	body = a_request(OPN_ISSUE, 0);
	cr_expect(!opn_request_read(body.at, body.len, &request));
	body = a_request(OPN_ISSUE, 4);
	cr_expect(!opn_request_read(body.at, body.len, &request));
	body = a_request(OPN_ISSUE, 0xffffffff);
	cr_expect(!opn_request_read(body.at, body.len, &request));
	body = a_request(OPN_ISSUE, OPN_MODE_NONE);
	body.at[10] = 0xcd; /* CreateSessionRequest */
	cr_expect(!opn_request_read(body.at, body.len, &request));
	body = a_request(OPN_ISSUE, OPN_MODE_NONE);
	body.at[9] = 1; /* of another namespace */
	cr_expect(!opn_request_read(body.at, body.len, &request));
	body = a_request(OPN_ISSUE, OPN_MODE_NONE);
	body.at[12] = 6; /* no NodeId */
	cr_expect(!opn_request_read(body.at, body.len, &request));
	cr_expect(request.sequence == 7);
}
