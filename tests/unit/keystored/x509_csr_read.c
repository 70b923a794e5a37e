#include "x509_csr_read.h"

#include "x509_maker.h"

#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/pem.h>

static char error[X509_ERROR_MAX];

struct asked {
	EVP_PKEY *key;	     /* NULL: P-256 */
	EVP_PKEY *signed_by; /* NULL: the key */
	const char *names;   /* as openssl.cnf has them; NULL: none */
	int nid;	     /* of the subject's attribute; 0: CN */
	const char *value;   /* NULL: "plc-1" */
	int value_len;	     /* 0: strlen */
};

/* DER; OPENSSL_free(). */
static int make(struct asked asked, uint8_t **ret_der)
{
	X509_REQ *request = X509_REQ_new();
	EVP_PKEY *key = asked.key ? asked.key : EVP_EC_gen("P-256");
	const char *value = asked.value ? asked.value : "plc-1";
	int len;

	X509_REQ_set_pubkey(request, key);
	X509_NAME_add_entry_by_NID(X509_REQ_get_subject_name(request),
				   asked.nid ? asked.nid : NID_commonName, V_ASN1_UTF8STRING,
				   (const unsigned char *)value,
				   asked.value_len ? asked.value_len : -1, -1, 0);
	if (asked.names) {
		STACK_OF(X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null();
		X509V3_CTX context;

		X509V3_set_ctx(&context, NULL, NULL, request, NULL, 0);
		sk_X509_EXTENSION_push(
			extensions,
			X509V3_EXT_conf_nid(NULL, &context, NID_subject_alt_name, asked.names));
		cr_assert_not_null(sk_X509_EXTENSION_value(extensions, 0));
		X509_REQ_add_extensions(request, extensions);
		sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	}
	cr_assert_gt(X509_REQ_sign(request, asked.signed_by ? asked.signed_by : key, EVP_sha256()),
		     0);
	*ret_der = NULL;
	len = i2d_X509_REQ(request, ret_der);
	X509_REQ_free(request);
	if (!asked.key)
		EVP_PKEY_free(key);
	return len;
}

static enum csr_read_status reads(struct asked asked, struct csr_content **ret_content)
{
	uint8_t *der;
	int len = make(asked, &der);
	enum csr_read_status status;

	*ret_content = NULL;
	error[0] = '\0';
	status = csr_read(der, (size_t)len, error, ret_content);
	OPENSSL_free(der);
	cr_expect_eq(ERR_peek_error(), 0);
	return status;
}

static void refuses(struct asked asked, enum csr_read_status expected, const char *says)
{
	struct csr_content *content;

	cr_expect_eq(reads(asked, &content), expected, "%s", error);
	cr_expect_not_null(strstr(error, says), "%s", error);
	cr_expect_null(content);
}

Test(x509_csr_read, takes_subject_names_and_key)
{
	static const struct csr_name expected[] = {
		{SAN_URI, "urn:plc-1:app"},
		{SAN_DNS, "plc-1.example"},
		{SAN_IP, "192.0.2.1"},
		{SAN_IP, "2001:db8::1"},
		{SAN_EMAIL, "a@b.example"},
		{SAN_RID, "1.2.3.4"},
		{SAN_OTHER, "1.3.6.1.4.1.311.20.2.3;a@b"},
	};
	EVP_PKEY *key = EVP_EC_gen("P-384");
	struct csr_content *content;

	cr_assert_eq(
		reads(
			(struct asked){
				.key = key,
				.names = "URI:urn:plc-1:app,DNS:plc-1.example,"
					 "IP:192.0.2.1,IP:2001:db8::1,"
					 "email:a@b.example,RID:1.2.3.4,otherName:msUPN;UTF8:a@b",
				.value = "plc, 1"},
			&content),
		CSR_READ_OK, "%s", error);
	cr_assert_str_eq(content->subject, "CN=plc\\, 1");
	cr_assert_eq(EVP_PKEY_eq(content->public_key, key), 1);
	cr_assert_eq(content->name_count, 7);
	for (size_t i = 0; i < 7; i++) {
		cr_assert_eq(content->names[i].type, expected[i].type);
		cr_assert_str_eq(content->names[i].value, expected[i].value);
	}
	csr_content_free(content);
	EVP_PKEY_free(key);
}

Test(x509_csr_read, takes_pem_too)
{
	struct csr_content *content = NULL;
	BIO *bio = BIO_new(BIO_s_mem());
	uint8_t *der;
	int len = make((struct asked){0}, &der);
	char *text;
	long text_len;

	PEM_write_bio(bio, PEM_STRING_X509_REQ_OLD, "", der, len);
	text_len = BIO_get_mem_data(bio, &text);
	cr_assert_eq(csr_read((const uint8_t *)text, (size_t)text_len, error, &content),
		     CSR_READ_OK, "%s", error);
	cr_assert_eq(content->der_len, (size_t)len);
	cr_assert_arr_eq(content->der, der, (size_t)len);
	csr_content_free(content);
	BIO_free(bio);
	OPENSSL_free(der);
}

Test(x509_csr_read, refuses_one_that_another_key_signed)
{
	EVP_PKEY *other = EVP_EC_gen("P-256");

	refuses((struct asked){.signed_by = other}, CSR_READ_UNVERIFIED, "own key");
	EVP_PKEY_free(other);
}

Test(x509_csr_read, refuses_keys_that_are_too_weak_or_strange)
{
	EVP_PKEY *keys[] = {EVP_RSA_gen(1024), EVP_EC_gen("P-224")};

	for (size_t i = 0; i < 2; i++) {
		refuses((struct asked){.key = keys[i]}, CSR_READ_UNVERIFIED, "2048");
		EVP_PKEY_free(keys[i]);
	}
}

Test(x509_csr_read, refuses_names_that_are_not_issued_here)
{
	refuses((struct asked){.names = "otherName:1.2.3.4;IA5:x"}, CSR_READ_UNFIT, "kind");
	/* A NUL in the middle: one reader sees "a", another all of it. */
	refuses((struct asked){.value = "a\0b", .value_len = 3}, CSR_READ_UNFIT, "subject");
	refuses((struct asked){.nid = NID_businessCategory}, CSR_READ_UNFIT, "subject");
}

Test(x509_csr_read, refuses_what_is_no_request_or_too_large)
{
	uint8_t *large = calloc(1, 2 * CSR_DER_MAX + 1), *der;
	struct csr_content *content = NULL;
	int len = make((struct asked){0}, &der);

	cr_assert_eq(csr_read(large, 2 * CSR_DER_MAX + 1, error, &content), CSR_READ_TOO_LARGE);
	cr_assert_eq(csr_read(large, 2 * CSR_DER_MAX, error, &content), CSR_READ_MALFORMED);
	for (int cut = 0; cut < len; cut += 3)
		cr_assert_eq(csr_read(der, (size_t)cut, error, &content), CSR_READ_MALFORMED);
	free(large);
	OPENSSL_free(der);
}
