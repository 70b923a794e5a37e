/* Certificates for other programs, with their issuers as far as they are here. */
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request.h"
#include "service.h"
#include "service_cert.h"
#include "store_csr.h"
#include "x509_export.h"
#include "x509_import.h"

struct chain {
	struct store_cert certs[SERVICE_CERT_CHAIN]; /* the one that was asked for first */
	struct export_cert list[SERVICE_CERT_CHAIN];
	size_t count;
};

static void chain_wipe(struct chain *chain)
{
	for (size_t i = 0; i < chain->count; i++)
		store_cert_wipe(&chain->certs[i]);
}

static void chain_add(struct chain *chain, struct store_cert *cert)
{
	chain->list[chain->count] = (struct export_cert){cert->der, cert->der_len};
	chain->certs[chain->count++] = *cert;
	*cert = (struct store_cert){0};
}

/* The issuers behind the first, up to one that is its own or not here. False: answered. */
static bool chain_complete(struct request *request, struct chain *chain)
{
	while (chain->count < SERVICE_CERT_CHAIN) {
		const struct store_cert *last = &chain->certs[chain->count - 1];
		struct store_cert issuer;

		if (!last->issuer_id || last->issuer_id == last->id)
			return true;
		enum store_status status =
			store_cert_get(request->service->store, last->issuer_id, &issuer);

		if (status != STORE_OK) {
			request_fail_store(request, status);
			return false;
		}
		chain_add(chain, &issuer);
	}
	return true;
}

static void reply_pem(struct request *request, const char *label, const struct export_cert *list,
		      size_t count)
{
	BIO *pem = BIO_new(BIO_s_mem());
	bool is_written = pem != NULL;
	char *text = NULL;
	long len = 0;

	for (size_t i = 0; i < count && is_written; i++)
		is_written = PEM_write_bio(pem, label, "", list[i].der, (long)list[i].len) > 0;
	if (is_written) {
		len = BIO_get_mem_data(pem, &text);
		request_reply_data(request, (const uint8_t *)text, (size_t)len);
	} else {
		request_fail_memory(request);
	}
	BIO_free(pem);
}

/* A password for PKCS#12; "": none. NULL: answered. */
static char *take_password(struct request *request, const ProtobufCBinaryData *asked)
{
	char *password;

	if (asked->len > IMPORT_PASSWORD_MAX ||
	    (asked->len && memchr(asked->data, '\0', asked->len))) {
		request_fail(request, STATUS_INVALID,
			     "a password has at most %d bytes, and none of them is zero",
			     IMPORT_PASSWORD_MAX);
		return NULL;
	}
	password = asked->len ? strndup((const char *)asked->data, asked->len) : strdup("");
	if (!password)
		request_fail_memory(request);
	return password;
}

static void reply_packed(struct request *request, const struct chain *chain,
			 const Keystore__V1__CertExportRequest *asked)
{
	enum export_status status = EXPORT_NOMEM;
	uint8_t *bytes = NULL;
	size_t len = 0;
	char *password;

	if (asked->format == KEYSTORE__V1__CERT_FORMAT__CERT_FORMAT_P12) {
		password = take_password(request, &asked->password);
		if (!password)
			return;
		status = export_pkcs12(chain->list, chain->count, chain->certs[0].facts.common_name,
				       password, &bytes, &len);
		OPENSSL_cleanse(password, strlen(password));
		free(password);
	} else {
		status = export_pkcs7(chain->list, chain->count,
				      asked->format ==
					      KEYSTORE__V1__CERT_FORMAT__CERT_FORMAT_P7B_PEM,
				      &bytes, &len);
	}
	if (status == EXPORT_OK)
		request_reply_data(request, bytes, len);
	else if (status == EXPORT_MALFORMED)
		request_fail(request, STATUS_STORAGE,
			     "certificate %llu or one of its issuers cannot be read",
			     (unsigned long long)asked->id);
	else
		request_fail_memory(request);
	free(bytes);
}

static void reply_csr(struct request *request, uint64_t id, bool is_pem)
{
	struct store_csr csr;
	enum store_status status = store_csr_get(request->service->store, id, &csr);

	if (status == STORE_NOT_FOUND) {
		request_fail(request, STATUS_CONFLICT,
			     "no CSR of certificate %llu waits for an answer: cert request makes "
			     "one",
			     (unsigned long long)id);
		return;
	}
	if (status != STORE_OK) {
		request_fail_store(request, status);
		return;
	}
	if (is_pem)
		reply_pem(request, PEM_STRING_X509_REQ, &(struct export_cert){csr.der, csr.der_len},
			  1);
	else
		request_reply_data(request, csr.der, csr.der_len);
	store_csr_wipe(&csr);
}

static void reply_certificate(struct request *request, struct chain *chain,
			      const Keystore__V1__CertExportRequest *asked)
{
	switch (asked->format) {
	case KEYSTORE__V1__CERT_FORMAT__CERT_FORMAT_DER:
		request_reply_data(request, chain->list[0].der, chain->list[0].len);
		return;
	case KEYSTORE__V1__CERT_FORMAT__CERT_FORMAT_PEM:
		reply_pem(request, PEM_STRING_X509, chain->list, 1);
		return;
	case KEYSTORE__V1__CERT_FORMAT__CERT_FORMAT_CHAIN_PEM:
		if (chain_complete(request, chain))
			reply_pem(request, PEM_STRING_X509, chain->list, chain->count);
		return;
	case KEYSTORE__V1__CERT_FORMAT__CERT_FORMAT_P7B:
	case KEYSTORE__V1__CERT_FORMAT__CERT_FORMAT_P7B_PEM:
	case KEYSTORE__V1__CERT_FORMAT__CERT_FORMAT_P12:
		if (chain_complete(request, chain))
			reply_packed(request, chain, asked);
		return;
	case KEYSTORE__V1__CERT_FORMAT__CERT_FORMAT_UNSPECIFIED:
	case KEYSTORE__V1__CERT_FORMAT__CERT_FORMAT_CSR:
	case KEYSTORE__V1__CERT_FORMAT__CERT_FORMAT_CSR_DER:
	case KEYSTORE__V1__CERT_FORMAT__CERT_FORMAT_PRIVATE_KEY:
	case _KEYSTORE__V1__CERT_FORMAT_IS_INT_SIZE:
		break;
	}
	request_fail(
		request, STATUS_INVALID,
		"certificate %llu can be exported as DER (1), PEM (2), PEM with its chain (3), "
		"PKCS#7 (4, 5) and PKCS#12 without a key (6), and its CSR (7, 8)",
		(unsigned long long)asked->id);
}

void service_cert_export(struct request *request, const void *body, const struct keyring_key *key)
{
	const Keystore__V1__CertExportRequest *asked = body;
	struct store_cert cert;

	(void)key;
	if (!service_cert_find_visible(request, asked->id, &cert))
		return;
	bool is_csr = asked->format == KEYSTORE__V1__CERT_FORMAT__CERT_FORMAT_CSR ||
		      asked->format == KEYSTORE__V1__CERT_FORMAT__CERT_FORMAT_CSR_DER;

	if (asked->format == KEYSTORE__V1__CERT_FORMAT__CERT_FORMAT_PRIVATE_KEY) {
		request_fail(
			request, STATUS_UNSUPPORTED,
			"private keys do not leave the TPM, whoever asks: programs use the key "
			"of certificate %llu where it is; one that is to have a key of its own "
			"gets a certificate by ca sign",
			(unsigned long long)asked->id);
	} else if (is_csr) {
		reply_csr(request, asked->id,
			  asked->format == KEYSTORE__V1__CERT_FORMAT__CERT_FORMAT_CSR);
	} else if (cert.state == STORE_CERT_REQUESTED) {
		request_fail(request, STATUS_CONFLICT,
			     "certificate %llu is not there yet: its CSR waits for an answer",
			     (unsigned long long)asked->id);
	} else {
		struct chain *chain = calloc(1, sizeof *chain);

		if (chain) {
			chain_add(chain, &cert);
			reply_certificate(request, chain, asked);
			chain_wipe(chain);
		} else {
			request_fail_memory(request);
		}
		free(chain);
	}
	store_cert_wipe(&cert);
}
