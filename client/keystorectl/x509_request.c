#include "x509_request.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PART_BYTES 256 /* of a subject: a type or a value */

static EVP_PKEY *generate(enum ks_algorithm algorithm)
{
	switch (algorithm) {
	case KS_ALGORITHM_RSA_2048:
		return EVP_RSA_gen(2048);
	case KS_ALGORITHM_RSA_3072:
		return EVP_RSA_gen(3072);
	case KS_ALGORITHM_RSA_4096:
		return EVP_RSA_gen(4096);
	case KS_ALGORITHM_EC_P256:
		return EVP_EC_gen("P-256");
	case KS_ALGORITHM_EC_P384:
		return EVP_EC_gen("P-384");
	}
	return NULL;
}

/* Takes @text up to one of @ends, without its backslashes. NULL: it is too long. */
static const char *take_part(const char *text, const char *ends, char part[PART_BYTES])
{
	size_t len = 0;

	while (*text && !strchr(ends, *text)) {
		if (*text == '\\' && text[1])
			text++;
		if (len + 1 == PART_BYTES)
			return NULL;
		part[len++] = *text++;
	}
	part[len] = '\0';
	return text;
}

static bool add_subject(X509_REQ *csr, const char *subject, char *problem, size_t problem_len)
{
	X509_NAME *name = X509_NAME_new();
	const char *at = subject;
	char type[PART_BYTES];
	char value[PART_BYTES];
	bool is_good = name && *at;

	snprintf(problem, problem_len, "the subject is not like CN=client,O=Plant: %s", subject);
	while (is_good && *at) {
		at = take_part(at, "=", type);
		is_good = at && *at == '=' && (at = take_part(at + 1, ",", value)) &&
			  X509_NAME_add_entry_by_txt(name, type, MBSTRING_UTF8,
						     (const unsigned char *)value, -1, -1, 0);
		/* Nothing follows a comma at the end. */
		if (is_good && *at == ',' && !*++at)
			is_good = false;
	}
	is_good = is_good && X509_REQ_set_subject_name(csr, name);
	X509_NAME_free(name);
	return is_good;
}

static bool set_text(GENERAL_NAME *name, int type, const char *value)
{
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();

	if (text && ASN1_STRING_set(text, value, -1)) {
		GENERAL_NAME_set0_value(name, type, text);
		return true;
	}
	ASN1_IA5STRING_free(text);
	return false;
}

/* OID;text */
static bool set_other(GENERAL_NAME *name, const char *value)
{
	ASN1_UTF8STRING *text = ASN1_UTF8STRING_new();
	ASN1_TYPE *any = ASN1_TYPE_new();
	ASN1_OBJECT *type = NULL;
	char oid[PART_BYTES];
	const char *end = take_part(value, ";", oid);
	bool is_set = false;

	if (!text || !any || !end || !*end || !end[1] || !ASN1_STRING_set(text, end + 1, -1))
		goto out;
	type = OBJ_txt2obj(oid, 1);
	if (!type)
		goto out;
	ASN1_TYPE_set(any, V_ASN1_UTF8STRING, text);
	text = NULL;
	is_set = GENERAL_NAME_set0_othername(name, type, any);
	if (is_set) {
		type = NULL;
		any = NULL;
	}
out:
	ASN1_UTF8STRING_free(text);
	ASN1_TYPE_free(any);
	ASN1_OBJECT_free(type);
	return is_set;
}

static bool set_name(GENERAL_NAME *name, const struct ks_name *from)
{
	ASN1_OCTET_STRING *address;
	ASN1_OBJECT *object;

	switch (from->type) {
	case KS_NAME_URI:
		return set_text(name, GEN_URI, from->value);
	case KS_NAME_DNS:
		return set_text(name, GEN_DNS, from->value);
	case KS_NAME_EMAIL:
		return set_text(name, GEN_EMAIL, from->value);
	case KS_NAME_IP:
		address = a2i_IPADDRESS(from->value);
		if (address)
			GENERAL_NAME_set0_value(name, GEN_IPADD, address);
		return address != NULL;
	case KS_NAME_RID:
		object = OBJ_txt2obj(from->value, 1);
		if (object)
			GENERAL_NAME_set0_value(name, GEN_RID, object);
		return object != NULL;
	case KS_NAME_OTHER:
		return set_other(name, from->value);
	}
	return false;
}

static bool add_names(X509_REQ *csr, const struct x509_request_spec *spec, char *problem,
		      size_t problem_len)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	STACK_OF(X509_EXTENSION) *extensions = NULL;
	bool is_good = names != NULL;

	for (size_t i = 0; i < spec->name_count && is_good; i++) {
		GENERAL_NAME *name = GENERAL_NAME_new();

		is_good = name && set_name(name, &spec->names[i]);
		if (!is_good)
			snprintf(problem, problem_len, "%s is no such name", spec->names[i].value);
		else
			is_good = sk_GENERAL_NAME_push(names, name) > 0;
		if (!is_good)
			GENERAL_NAME_free(name);
	}
	if (is_good && spec->name_count)
		is_good = X509V3_add1_i2d(&extensions, NID_subject_alt_name, names, 0, 0) > 0 &&
			  X509_REQ_add_extensions(csr, extensions);
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	GENERAL_NAMES_free(names);
	return is_good;
}

static bool make_csr(const struct x509_request_spec *spec, EVP_PKEY *key, uint8_t **ret_der,
		     size_t *ret_len, char *problem, size_t problem_len)
{
	const EVP_MD *md = spec->algorithm == KS_ALGORITHM_EC_P384 ? EVP_sha384() : EVP_sha256();
	X509_REQ *csr = X509_REQ_new();
	unsigned char *der = NULL;
	bool is_made = csr && add_subject(csr, spec->subject, problem, problem_len) &&
		       add_names(csr, spec, problem, problem_len) &&
		       X509_REQ_set_pubkey(csr, key) && X509_REQ_sign(csr, key, md) > 0;
	int len = is_made ? i2d_X509_REQ(csr, &der) : 0;

	X509_REQ_free(csr);
	if (len <= 0)
		return false;
	*ret_der = malloc((size_t)len);
	if (*ret_der)
		memcpy(*ret_der, der, (size_t)len);
	*ret_len = (size_t)len;
	OPENSSL_free(der);
	return *ret_der != NULL;
}

static bool write_key(const struct x509_request_spec *spec, EVP_PKEY *key, uint8_t **ret_pem,
		      size_t *ret_len)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	char *pem = NULL;
	long len = 0;

	if (bio && PEM_write_bio_PKCS8PrivateKey(
			   bio, key, spec->password ? EVP_aes_256_cbc() : NULL,
			   (const char *)spec->password, (int)spec->password_len, NULL, NULL))
		len = BIO_get_mem_data(bio, &pem);
	if (len > 0)
		*ret_pem = malloc((size_t)len);
	if (*ret_pem) {
		memcpy(*ret_pem, pem, (size_t)len);
		*ret_len = (size_t)len;
	}
	BIO_free(bio);
	return *ret_pem != NULL;
}

bool x509_request_make(const struct x509_request_spec *spec, struct x509_request *ret_request,
		       char *problem, size_t problem_len)
{
	struct x509_request made = {0};
	EVP_PKEY *key = generate(spec->algorithm);
	bool is_made;

	snprintf(problem, problem_len, "OpenSSL made no key: there is no memory, or no randomness");
	is_made = key && write_key(spec, key, &made.key, &made.key_len) &&
		  make_csr(spec, key, &made.csr, &made.csr_len, problem, problem_len);
	EVP_PKEY_free(key);
	ERR_clear_error();
	if (is_made)
		*ret_request = made;
	else
		x509_request_free(&made);
	return is_made;
}

void x509_request_free(struct x509_request *request)
{
	OPENSSL_cleanse(request->key, request->key_len);
	free(request->key);
	free(request->csr);
	*request = (struct x509_request){0};
}
