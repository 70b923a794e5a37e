/*
 * A peer's certificate, what it sent along, issuers and CRLs, the host and the anchor that are
 * asked for: the first byte has purpose and CRL
 * policy, then each has a byte for what it is, two for its length (big-endian), and DER, or a host's text.
 */
#include "fuzz.h"

#include <string.h>

#include <openssl/x509.h>

#include "x509_host.h"
#include "x509_path.h"
#include "x509_text.h"

#define AT	 1800000000
#define SENT_MAX 16
#define HOST_MAX 300

enum kind {
	KIND_CANDIDATE,
	KIND_SENT,
	KIND_ISSUER,
	KIND_TRUSTED,
	KIND_CRL,
	KIND_HOST,
	KIND_ANCHOR,
	KIND_COUNT
};

struct input {
	struct x509_pool *pool;
	struct path_der candidate;
	struct path_der sent[SENT_MAX];
	size_t sent_count;
	struct path_der anchor;
	char host[HOST_MAX + 1];
	bool has_trusted;
};

static void take(struct input *input, enum kind kind, struct path_der der)
{
	enum pool_status status = POOL_OK;

	switch (kind) {
	case KIND_CANDIDATE:
		input->candidate = der;
		break;
	case KIND_SENT:
		if (input->sent_count < SENT_MAX)
			input->sent[input->sent_count++] = der;
		break;
	case KIND_ISSUER:
		status = x509_pool_add_cert(input->pool, POOL_ISSUER, der.bytes, der.len);
		break;
	case KIND_TRUSTED:
		status = x509_pool_add_cert(input->pool, POOL_TRUSTED, der.bytes, der.len);
		input->has_trusted = input->has_trusted || status == POOL_OK;
		break;
	case KIND_CRL:
		status = x509_pool_add_crl(input->pool, der.bytes, der.len);
		break;
	case KIND_HOST:
		der.len = der.len < HOST_MAX ? der.len : HOST_MAX;
		memcpy(input->host, der.bytes, der.len);
		input->host[der.len] = '\0';
		break;
	case KIND_ANCHOR:
		input->anchor = der;
		break;
	case KIND_COUNT:
		break;
	}
	fuzz_expect(status != POOL_NOMEM && status != POOL_TOO_LARGE);
}

/* Of any certificate, whether a path leads to it or not. */
static void look_at_hosts(const struct input *input, bool is_host)
{
	char shown[128];
	size_t chars;
	X509 *cert;

	if (x509_pool_parse(input->candidate.bytes, input->candidate.len, &cert) != POOL_OK)
		return;
	fuzz_expect(!x509_host_is_named(cert, input->host) || is_host);
	x509_host_show(cert, shown, sizeof(shown));
	fuzz_expect(memchr(shown, '\0', sizeof(shown)) &&
		    x509_text_is_utf8(shown, strlen(shown), &chars));
	X509_free(cert);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct input input = {.pool = x509_pool_new(16, 8), .candidate = {bytes, 0}};
	struct path_request request = {.at = AT, .application_uri = "urn:plant:plc-1"};
	struct path_verdict verdict;
	enum path_reason reason;
	size_t chars;
	size_t at = 1;

	fuzz_expect(input.pool != NULL);
	while (len >= at + 3) {
		size_t want = (size_t)bytes[at + 1] << 8 | bytes[at + 2];
		enum kind kind = bytes[at] % KIND_COUNT;

		at += 3;
		want = want < len - at ? want : len - at;
		take(&input, kind, (struct path_der){bytes + at, want});
		at += want;
	}
	request.purpose = len ? bytes[0] % PATH_PURPOSE_COUNT : PATH_ANY;
	request.crls = len ? bytes[0] / PATH_PURPOSE_COUNT % (PATH_CRLS_NONE + 1) : PATH_CRLS_NONE;
	request.candidate = input.candidate;
	request.sent = input.sent;
	request.sent_count = input.sent_count;
	request.anchor = input.anchor;
	request.host = x509_host_wrong(input.host) ? NULL : input.host;
	look_at_hosts(&input, request.host != NULL);

	for (int again = 0; again < 2; again++) {
		reason = x509_path_validate(input.pool, &request, &verdict);
		fuzz_expect(reason == verdict.reason && reason < PATH_REASON_COUNT);
		fuzz_expect((reason != PATH_OK && reason != PATH_HOST && reason != PATH_ANCHOR) ||
			    input.has_trusted);
		fuzz_expect(reason != PATH_HOST || request.host);
		fuzz_expect(reason != PATH_ANCHOR || request.anchor.len);
		fuzz_expect(verdict.text[0] && memchr(verdict.text, '\0', PATH_TEXT_MAX));
		fuzz_expect(x509_text_is_utf8(verdict.text, strlen(verdict.text), &chars));
	}
	x509_pool_free(input.pool);
	return 0;
}
