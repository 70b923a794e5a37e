#include "x509_request.h"

#include <criterion/criterion.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

static char problem[256];

static bool make(struct x509_request_spec spec, struct x509_request *ret_request)
{
	return x509_request_make(&spec, ret_request, problem, sizeof problem);
}

Test(x509_request, is_signed_with_the_key_that_comes_with_it)
{
	static const struct ks_name san[] = {
		{KS_NAME_URI, "urn:partner:client"}, {KS_NAME_IP, "2001:db8::1"},
		{KS_NAME_DNS, "client.plant"},	     {KS_NAME_EMAIL, "a@b.plant"},
		{KS_NAME_RID, "1.3.6.1.4.1.99999"},  {KS_NAME_OTHER, "1.2.3;a;ü"},
	};
	static const enum ks_algorithm algorithms[] = {
		KS_ALGORITHM_RSA_2048,
		KS_ALGORITHM_EC_P256,
		KS_ALGORITHM_EC_P384,
	};

	for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++) {
		struct x509_request request;
		X509_REQ *csr;
		EVP_PKEY *key;
		BIO *bio;

		cr_assert(make((struct x509_request_spec){algorithms[i],
							  "CN=a\\,b \\\\,O=Plant ü,C=DE", san, 6,
							  NULL, 0},
			       &request),
			  "%s", problem);
		const unsigned char *at = request.csr;

		csr = d2i_X509_REQ(NULL, &at, (long)request.csr_len);
		cr_assert_not_null(csr);
		bio = BIO_new_mem_buf(request.key, (int)request.key_len);
		key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
		cr_assert_not_null(key);
		cr_assert_eq(X509_REQ_verify(csr, key), 1);
		char *name = X509_NAME_oneline(X509_REQ_get_subject_name(csr), NULL, 0);

		cr_assert_eq(strncmp(name, "/CN=a,b \\/O=Plant ", 18), 0, "%s", name);
		OPENSSL_free(name);
		STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(csr);
		GENERAL_NAMES *names = X509V3_get_d2i(extensions, NID_subject_alt_name, NULL, NULL);

		cr_assert_eq(sk_GENERAL_NAME_num(names), 6);
		OTHERNAME *other = sk_GENERAL_NAME_value(names, 5)->d.otherName;

		cr_assert_eq(other->value->type, V_ASN1_UTF8STRING);
		cr_assert_str_eq(
			(const char *)ASN1_STRING_get0_data(other->value->value.utf8string), "a;ü");
		GENERAL_NAMES_free(names);
		sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
		EVP_PKEY_free(key);
		BIO_free(bio);
		X509_REQ_free(csr);
		x509_request_free(&request);
	}
}

Test(x509_request, encrypts_the_key_with_a_password)
{
	struct x509_request request;

	cr_assert(make((struct x509_request_spec){KS_ALGORITHM_EC_P256, "CN=a", NULL, 0,
						  (const uint8_t *)"secret", 6},
		       &request));
	BIO *bio = BIO_new_mem_buf(request.key, (int)request.key_len);

	cr_assert_null(PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)(uintptr_t) "wrong"));
	BIO_free(bio);
	bio = BIO_new_mem_buf(request.key, (int)request.key_len);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)(uintptr_t) "secret");

	cr_assert_not_null(key);
	EVP_PKEY_free(key);
	BIO_free(bio);
	x509_request_free(&request);
}

Test(x509_request, refuses_what_has_no_shape)
{
	static const char *const subjects[] = {"",     "plant",	 "CN",	   "=a",   "CN=a,",
					       "XX=a", "CN=a,O", "CN=a,,", "C=DEU"};
	static const struct ks_name ip = {KS_NAME_IP, "192.0.2.999"};
	static const struct ks_name rid = {KS_NAME_RID, "one.two"};
	static const struct ks_name others[] = {
		{KS_NAME_OTHER, "1.2.3"}, {KS_NAME_OTHER, "1.2.3;"}, {KS_NAME_OTHER, "one;a"}};
	struct x509_request request;
	char long_value[400] = "CN=";

	for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++)
		cr_assert_not(make((struct x509_request_spec){KS_ALGORITHM_EC_P256, subjects[i],
							      NULL, 0, NULL, 0},
				   &request),
			      "%s", subjects[i]);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		cr_assert_not(make((struct x509_request_spec){KS_ALGORITHM_EC_P256, "CN=a",
							      &others[i], 1, NULL, 0},
				   &request),
			      "%s", others[i].value);
	memset(long_value + 3, 'a', sizeof long_value - 4);
	cr_assert_not(
		make((struct x509_request_spec){KS_ALGORITHM_EC_P256, long_value, NULL, 0, NULL, 0},
		     &request));
	cr_assert_not(
		make((struct x509_request_spec){KS_ALGORITHM_EC_P256, "CN=a", &ip, 1, NULL, 0},
		     &request));
	cr_assert_not_null(strstr(problem, "192.0.2.999"));
	cr_assert_not(
		make((struct x509_request_spec){KS_ALGORITHM_EC_P256, "CN=a", &rid, 1, NULL, 0},
		     &request));
}
