/*
 * What a client puts into a certification request: the first line is the subject, each other
 * line a digit for the kind of name and its value.
 */
#include "fuzz.h"

#include <string.h>

#include <openssl/ec.h>
#include <openssl/evp.h>

#include "x509_csr.h"

#define NAMES_MAX (SAN_NAMES_MAX + 1)

static void error_check(const char *error)
{
	size_t chars;

	fuzz_expect(error[0] != '\0' && memchr(error, '\0', X509_ERROR_MAX) != NULL);
	/* It goes into a reply, which readers refuse when it is not UTF-8. */
	fuzz_expect(x509_text_is_utf8(error, strlen(error), &chars));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static EVP_PKEY *key;
	struct csr_name names[NAMES_MAX];
	char error[X509_ERROR_MAX] = "";
	struct csr *csr = NULL;
	const uint8_t *digest;
	enum csr_status status;
	size_t digest_len;
	size_t n = 0;
	char *text;
	char *line;
	char *rest;

	if (!key)
		key = EVP_EC_gen("P-256");
	text = strndup((const char *)bytes, len);
	fuzz_expect(key && text);
	rest = text;
	strsep(&rest, "\n");
	while (n < NAMES_MAX && (line = strsep(&rest, "\n"))) {
		names[n].type = line[0] - '0';
		names[n++].value = line[0] ? line + 1 : line;
	}

	status = csr_new(text, names, n, NULL, key, TPM_SHA256, TPM_PADDING_NONE, error, &csr);
	if (status == CSR_OK) {
		csr_digest(csr, &digest, &digest_len);
		fuzz_expect(digest_len == 32);
	} else {
		fuzz_expect(csr == NULL);
		error_check(error);
	}
	csr_free(csr);
	free(text);
	return 0;
}
