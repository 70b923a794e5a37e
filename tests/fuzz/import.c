/* A file that somebody imports, with the password "sesame" or none, and a request to be signed. */
#include "fuzz.h"

#include <string.h>

#include "x509_cert.h"
#include "x509_csr_read.h"
#include "x509_export.h"
#include "x509_import.h"

static void export_again(const struct import *import)
{
	struct export_cert certs[IMPORT_CERTS_MAX];
	uint8_t *bytes = NULL;
	size_t len;

	for (size_t i = 0; i < import->cert_count; i++)
		certs[i] = (struct export_cert){import->certs[i].der, import->certs[i].len};
	if (export_pkcs7(certs, import->cert_count, true, &bytes, &len) == EXPORT_OK)
		free(bytes);
}

static void import_take(const uint8_t *bytes, size_t len, const char *password)
{
	char error[X509_ERROR_MAX] = "";
	struct import *import = NULL;

	if (import_read(bytes, len, password, error, &import) != IMPORT_OK) {
		fuzz_expect(!import && *error && strlen(error) < sizeof(error));
		return;
	}
	fuzz_expect(import->cert_count <= IMPORT_CERTS_MAX && import->crl_count <= IMPORT_CRLS_MAX);
	fuzz_expect(import->cert_count || import->crl_count || import->key.der);
	for (size_t i = 0; i < import->cert_count; i++)
		fuzz_expect(import->certs[i].len > 0 && import->certs[i].len <= CERT_DER_MAX);
	export_again(import);
	import_free(import);
}

static void request_take(const uint8_t *bytes, size_t len)
{
	char error[X509_ERROR_MAX] = "";
	struct csr_content *content = NULL;

	if (csr_read(bytes, len, error, &content) == CSR_READ_OK) {
		fuzz_expect(content->public_key && content->der && content->der_len);
		fuzz_expect(content->name_count <= SAN_NAMES_MAX);
		fuzz_expect(strlen(content->subject) <= X509_TEXT_MAX);
	}
	csr_content_free(content);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	import_take(bytes, len, NULL);
	import_take(bytes, len, "sesame");
	request_take(bytes, len);
	return 0;
}
