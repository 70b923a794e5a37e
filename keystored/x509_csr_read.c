#include "x509_csr_read.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "x509_der.h"
#include "x509_name.h"

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 4096
#define EC_BITS_MIN  256

static enum csr_read_status fail(char *ret_error, enum csr_read_status status, const char *sentence)
{
	snprintf(ret_error, X509_ERROR_MAX, "%s", sentence);
	return status;
}

/* NULL: it is none. */
static X509_REQ *parse(const uint8_t *bytes, size_t len)
{
	const uint8_t *at = bytes;
	X509_REQ *request = d2i_X509_REQ(NULL, &at, (long)len);
	BIO *bio;

	if (request && at == bytes + len)
		return request;
	X509_REQ_free(request);
	bio = BIO_new_mem_buf(bytes, (int)len);
	request = bio ? PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL) : NULL;
	BIO_free(bio);
	return request;
}

static enum csr_read_status take_key(X509_REQ *request, struct csr_content *content,
				     char *ret_error)
{
	EVP_PKEY *key = X509_REQ_get0_pubkey(request);
	int bits = key ? EVP_PKEY_get_bits(key) : 0;
	bool is_fit = key &&
		      (EVP_PKEY_is_a(key, "RSA") ? bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX
						 : EVP_PKEY_is_a(key, "EC") && bits >= EC_BITS_MIN);

	if (!is_fit)
		return fail(ret_error, CSR_READ_UNVERIFIED,
			    "the request's key is too weak, or of a kind that is not certified "
			    "here: RSA with 2048 to 4096 bits and EC from P-256 on are");
	if (X509_REQ_verify(request, key) != 1)
		return fail(ret_error, CSR_READ_UNVERIFIED,
			    "the request is not signed with its own key: whoever sent it need not "
			    "have that key");
	if (!EVP_PKEY_up_ref(key))
		return CSR_READ_NOMEM;
	content->public_key = key;
	return CSR_READ_OK;
}

/* As text and back again: nothing may be lost on the way. */
static enum csr_read_status take_subject(const X509_NAME *subject, struct csr_content *content,
					 char *ret_error)
{
	X509_NAME *again = NULL;
	enum csr_read_status status = CSR_READ_OK;
	enum name_status shown =
		x509_name_show(subject, content->subject, sizeof(content->subject));

	if (shown == NAME_NOMEM)
		return CSR_READ_NOMEM;
	if (shown != NAME_OK)
		return fail(ret_error, CSR_READ_UNFIT, "the subject is malformed");
	switch (x509_name_parse(content->subject, ret_error, &again)) {
	case NAME_OK:
		if (X509_NAME_cmp(subject, again) != 0)
			status = fail(ret_error, CSR_READ_UNFIT,
				      "the subject is too long, or of a form that is not "
				      "issued here (several attributes in one)");
		break;
	case NAME_INVALID:
		status = CSR_READ_UNFIT;
		break;
	case NAME_NOMEM:
		status = CSR_READ_NOMEM;
		break;
	}
	X509_NAME_free(again);
	return status;
}

static char *text_of(const ASN1_STRING *string)
{
	const char *bytes = (const char *)ASN1_STRING_get0_data(string);
	size_t len = (size_t)ASN1_STRING_length(string);

	/* A NUL inside would hide what follows it. */
	return memchr(bytes, '\0', len) ? NULL : strndup(bytes, len);
}

static char *address_of(const ASN1_STRING *octets)
{
	int len = ASN1_STRING_length(octets);
	char text[INET6_ADDRSTRLEN];

	if (len != 4 && len != 16)
		return NULL;
	inet_ntop(len == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(octets), text, sizeof(text));
	return strdup(text);
}

static char *oid_of(const ASN1_OBJECT *object)
{
	char text[X509_TEXT_MAX + 1];
	int len = OBJ_obj2txt(text, sizeof(text), object, 1);

	return len > 0 && len < (int)sizeof(text) ? strdup(text) : NULL;
}

/* As x509_san.h has it; NULL where the value is not a UTF8String. */
static char *other_of(const OTHERNAME *other)
{
	const ASN1_TYPE *value = other->value;
	bool is_text = value && value->type == V_ASN1_UTF8STRING;
	char *text = is_text ? text_of(value->value.utf8string) : NULL;
	char *oid = oid_of(other->type_id);
	char *whole = NULL;

	if (text && oid && asprintf(&whole, "%s;%s", oid, text) < 0)
		whole = NULL;
	free(text);
	free(oid);
	return whole;
}

/* False: a kind that is not issued here, malformed, or no memory. */
static bool name_of(const GENERAL_NAME *general, struct csr_name *ret_name)
{
	int type;
	const void *value = GENERAL_NAME_get0_value(general, &type);

	switch (type) {
	case GEN_URI:
		*ret_name = (struct csr_name){SAN_URI, text_of(value)};
		break;
	case GEN_DNS:
		*ret_name = (struct csr_name){SAN_DNS, text_of(value)};
		break;
	case GEN_EMAIL:
		*ret_name = (struct csr_name){SAN_EMAIL, text_of(value)};
		break;
	case GEN_IPADD:
		*ret_name = (struct csr_name){SAN_IP, address_of(value)};
		break;
	case GEN_RID:
		*ret_name = (struct csr_name){SAN_RID, oid_of(value)};
		break;
	case GEN_OTHERNAME:
		*ret_name = (struct csr_name){SAN_OTHER, other_of(value)};
		break;
	default: /* OpenSSL's numbers */
		return false;
	}
	return ret_name->value != NULL;
}

static enum csr_read_status take_names(const STACK_OF(X509_EXTENSION) * extensions,
				       struct csr_content *content, char *ret_error)
{
	GENERAL_NAMES *list = X509V3_get_d2i(extensions, NID_subject_alt_name, NULL, NULL);
	bool is_there = X509v3_get_ext_by_NID(extensions, NID_subject_alt_name, -1) >= 0;
	enum csr_read_status status = CSR_READ_OK;
	int count = sk_GENERAL_NAME_num(list);

	if (is_there && !list)
		status = fail(ret_error, CSR_READ_MALFORMED,
			      "the subject alternative names are malformed");
	else if (count > SAN_NAMES_MAX)
		status = fail(ret_error, CSR_READ_TOO_LARGE,
			      "there are more than 256 subject alternative names");
	for (int i = 0; i < count && status == CSR_READ_OK; i++) {
		if (name_of(sk_GENERAL_NAME_value(list, i), &content->names[content->name_count]))
			content->name_count++;
		else
			status = fail(ret_error, CSR_READ_UNFIT,
				      "there is a subject alternative name that is "
				      "malformed, or of a kind that is not issued here: URI, IP, "
				      "DNS, email, RID and other names of UTF-8 text are");
	}
	GENERAL_NAMES_free(list);
	return status;
}

static enum csr_read_status take_der(X509_REQ *request, struct csr_content *content)
{
	uint8_t *end;
	int len = i2d_X509_REQ(request, NULL);

	content->der = len > 0 ? malloc((size_t)len) : NULL;
	if (!content->der)
		return CSR_READ_NOMEM;
	end = content->der;
	content->der_len = (size_t)i2d_X509_REQ(request, &end);
	return CSR_READ_OK;
}

enum csr_read_status csr_read(const uint8_t *bytes, size_t len, char ret_error[X509_ERROR_MAX],
			      struct csr_content **ret_content)
{
	enum csr_read_status status = CSR_READ_NOMEM;
	struct csr_content *content = NULL;
	STACK_OF(X509_EXTENSION) *extensions = NULL;
	X509_REQ *request = NULL;

	/* PEM takes a third more. */
	if (len > 2 * CSR_DER_MAX)
		return fail(ret_error, CSR_READ_TOO_LARGE,
			    "the request has more than 64 KiB: one has a few hundred bytes");
	content = calloc(1, sizeof(*content));
	if (!content)
		return CSR_READ_NOMEM;
	request = parse(bytes, len);
	if (!request) {
		status = fail(ret_error, CSR_READ_MALFORMED,
			      "the file is no certificate signing request (PKCS#10) in PEM or DER");
		goto out;
	}
	status = take_key(request, content, ret_error);
	if (status == CSR_READ_OK)
		status = take_subject(X509_REQ_get_subject_name(request), content, ret_error);
	if (status == CSR_READ_OK) {
		extensions = X509_REQ_get_extensions(request);
		status = take_names(extensions, content, ret_error);
	}
	if (status == CSR_READ_OK)
		status = take_der(request, content);
	if (status != CSR_READ_OK)
		goto out;

	*ret_content = content;
	content = NULL;
out:
	csr_content_free(content);
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	X509_REQ_free(request);
	ERR_clear_error();
	return status;
}

enum csr_read_status csr_from_cert(const uint8_t *der, size_t len, char ret_error[X509_ERROR_MAX],
				   struct csr_content **ret_content)
{
	struct csr_content *content = calloc(1, sizeof(*content));
	X509 *cert = x509_der_read(der, len);
	enum csr_read_status status = CSR_READ_NOMEM;

	if (!content)
		goto out;
	status = fail(ret_error, CSR_READ_MALFORMED, "the certificate is malformed");
	if (!cert || !X509_get0_pubkey(cert))
		goto out;
	content->public_key = X509_get_pubkey(cert);
	status = take_subject(X509_get_subject_name(cert), content, ret_error);
	if (status == CSR_READ_OK)
		status = take_names(X509_get0_extensions(cert), content, ret_error);
	if (status != CSR_READ_OK)
		goto out;

	*ret_content = content;
	content = NULL;
out:
	csr_content_free(content);
	X509_free(cert);
	ERR_clear_error();
	return status;
}

void csr_common_name(const uint8_t *der, size_t len, char *ret_name, size_t size)
{
	X509_REQ *request = parse(der, len);
	X509_NAME *subject = request ? X509_REQ_get_subject_name(request) : NULL;
	int at = subject ? X509_NAME_get_index_by_NID(subject, NID_commonName, -1) : -1;
	unsigned char *utf8 = NULL;
	int utf8_len = 0;

	ret_name[0] = '\0';
	if (at >= 0)
		utf8_len = ASN1_STRING_to_UTF8(
			&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
	if (utf8_len > 0)
		x509_text_copy((const char *)utf8, (size_t)utf8_len, ret_name, size);
	OPENSSL_free(utf8);
	X509_REQ_free(request);
	ERR_clear_error();
}

void csr_content_free(struct csr_content *content)
{
	if (!content)
		return;
	for (size_t i = 0; i < content->name_count; i++)
		free((char *)(uintptr_t)content->names[i].value);
	EVP_PKEY_free(content->public_key);
	free(content->der);
	free(content);
}
