/*
 * A certificate from outside: shown, checked, and used as an issuer. The first byte is the
 * profile, the rest is the DER.
 */
#include "fuzz.h"

#include <string.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "x509_check.h"
#include "x509_der.h"

static void text_check(const char *text, size_t size)
{
	size_t chars;

	fuzz_expect(memchr(text, '\0', size) != NULL);
	/* It goes into a reply, which readers refuse when it is not UTF-8. */
	fuzz_expect(x509_text_is_utf8(text, strlen(text), &chars));
}

static void facts_check(const struct cert_facts *facts)
{
	text_check(facts->subject, sizeof(facts->subject));
	text_check(facts->common_name, sizeof(facts->common_name));
	text_check(facts->issuer, sizeof(facts->issuer));
	text_check(facts->serial, sizeof(facts->serial));
	text_check(facts->signature_algorithm, sizeof(facts->signature_algorithm));
}

static void report_check(const struct check_report *report)
{
	size_t errors = 0;

	fuzz_expect(report->count <= CHECK_RULES_MAX);
	for (size_t i = 0; i < report->count; i++) {
		text_check(report->findings[i].text, sizeof(report->findings[i].text));
		errors += report->findings[i].severity == CHECK_ERROR;
	}
	fuzz_expect(errors == report->error_count);
}

static void issue(const uint8_t *der, size_t len, const struct cert_facts *facts, EVP_PKEY *key)
{
	X509 *x509 = x509_der_read(der, len);
	struct cert_spec spec = {
		.profile = profile_by_id(PROFILE_TLS_CLIENT),
		.subject = "CN=plc-1",
		.public_key = key,
		.not_before = facts->not_before,
		.not_after = facts->not_after,
		.issuer = der,
		.issuer_len = len,
		.path_length = -1,
		.hash = TPM_SHA256,
	};
	char error[CERT_ERROR_MAX] = "";
	struct cert *cert = NULL;
	const uint8_t *digest;
	size_t digest_len;

	fuzz_expect(x509 != NULL);
	spec.issuer_key = X509_get0_pubkey(x509);
	if (spec.issuer_key) {
		if (cert_new(&spec, error, &cert) == CERT_OK) {
			cert_digest(cert, &digest, &digest_len);
			fuzz_expect(digest_len == 32);
		} else {
			fuzz_expect(cert == NULL);
			text_check(error, sizeof(error));
		}
	}
	cert_free(cert);
	X509_free(x509);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct check_report report;
	static EVP_PKEY *key;
	struct cert_facts facts;
	enum cert_status status;

	if (!key)
		key = EVP_EC_gen("P-256");
	fuzz_expect(key != NULL);
	if (len == 0)
		return 0;
	status = cert_check(bytes + 1, len - 1, profile_by_id(bytes[0] % PROFILE_COUNT), &report);
	if (status == CERT_OK)
		report_check(&report);
	if (cert_read(bytes + 1, len - 1, &facts) == CERT_OK) {
		fuzz_expect(status == CERT_OK);
		facts_check(&facts);
		issue(bytes + 1, len - 1, &facts, key);
	}
	return 0;
}
