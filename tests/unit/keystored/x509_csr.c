#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "profile.h"
#include "soft_sign.h"
#include "x509_csr.h"

static const struct csr_name three_names[] = {
	{SAN_URI, "urn:plc-1:app"},
	{SAN_IP, "192.0.2.1"},
	{SAN_DNS, "plc-1.example"},
};

struct made {
	uint8_t *der;
	size_t len;
	X509_REQ *req;
};

static struct made make_for(const struct profile *profile, EVP_PKEY *key, const char *subject,
			    const struct csr_name *names, size_t n, enum tpm_hash hash,
			    enum tpm_padding padding)
{
	char error[X509_ERROR_MAX] = "";
	struct made made = {0};
	const uint8_t *digest;
	size_t digest_len;
	const uint8_t *at;
	struct csr *csr;
	uint8_t sig[1024];
	size_t sig_len;

	cr_assert_eq(csr_new(subject, names, n, profile, key, hash, padding, error, &csr), CSR_OK,
		     "%s", error);
	csr_digest(csr, &digest, &digest_len);
	sig_len = soft_sign(key, hash, padding, digest, digest_len, sig, sizeof(sig));
	cr_assert_eq(csr_finish(csr, sig, sig_len, &made.der, &made.len), CSR_OK);
	csr_free(csr);
	at = made.der;
	made.req = d2i_X509_REQ(NULL, &at, (long)made.len);
	cr_assert_not_null(made.req);
	cr_assert_eq(at, made.der + made.len);
	cr_assert_eq(X509_REQ_verify(made.req, key), 1);
	return made;
}

static struct made make(EVP_PKEY *key, const char *subject, const struct csr_name *names, size_t n,
			enum tpm_hash hash, enum tpm_padding padding)
{
	return make_for(NULL, key, subject, names, n, hash, padding);
}

static void made_free(struct made *made)
{
	X509_REQ_free(made->req);
	free(made->der);
}

static bool contains(const struct made *made, const void *bytes, size_t len)
{
	return memmem(made->der, made->len, bytes, len) != NULL;
}

Test(x509_csr, has_subject_key_and_names_and_nothing_else)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct made made =
		make(key, "CN=plc-1,O=Plant", three_names, 3, TPM_SHA256, TPM_PADDING_NONE);
	STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(made.req);
	GENERAL_NAMES *names;
	char subject[128];
	int critical = -1;

	X509_NAME_oneline(X509_REQ_get_subject_name(made.req), subject, sizeof(subject));
	cr_assert_str_eq(subject, "/CN=plc-1/O=Plant");
	cr_assert_eq(X509_REQ_get_version(made.req), 0);
	cr_assert_eq(EVP_PKEY_eq(X509_REQ_get0_pubkey(made.req), key), 1);
	cr_assert_eq(X509_REQ_get_attr_count(made.req), 1);
	cr_assert_eq(sk_X509_EXTENSION_num(extensions), 1);
	names = X509V3_get_d2i(extensions, NID_subject_alt_name, &critical, NULL);
	cr_assert_not_null(names);
	cr_assert_eq(critical, 0);
	cr_assert_eq(sk_GENERAL_NAME_num(names), 3);
	cr_assert_eq(sk_GENERAL_NAME_value(names, 0)->type, GEN_URI);
	cr_assert_eq(sk_GENERAL_NAME_value(names, 1)->type, GEN_IPADD);
	cr_assert_eq(sk_GENERAL_NAME_value(names, 2)->type, GEN_DNS);
	GENERAL_NAMES_free(names);
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	made_free(&made);
	EVP_PKEY_free(key);
}

/* As the names of a CA: with them and without. */
static void expect_ca(EVP_PKEY *key, size_t names)
{
	struct made made = make_for(profile_by_id(PROFILE_CA), key, "CN=Plant CA", three_names,
				    names, TPM_SHA256, TPM_PADDING_NONE);
	STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(made.req);
	BASIC_CONSTRAINTS *constraints;
	ASN1_BIT_STRING *usage;
	int critical = -1;

	cr_assert_eq(X509_REQ_get_attr_count(made.req), 1);
	cr_assert_eq(sk_X509_EXTENSION_num(extensions), names ? 3 : 2);
	constraints = X509V3_get_d2i(extensions, NID_basic_constraints, &critical, NULL);
	cr_assert_not_null(constraints);
	cr_assert(constraints->ca);
	cr_assert_null(constraints->pathlen);
	cr_assert_eq(critical, 1);
	usage = X509V3_get_d2i(extensions, NID_key_usage, &critical, NULL);
	cr_assert_not_null(usage);
	cr_assert_eq(critical, 1);
	for (int i = 0; i < KEY_USAGE_BITS; i++)
		cr_assert_eq(ASN1_BIT_STRING_get_bit(usage, i), i == 5 || i == 6, "bit %d", i);
	BASIC_CONSTRAINTS_free(constraints);
	ASN1_BIT_STRING_free(usage);
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	made_free(&made);
}

Test(x509_csr, of_a_ca_asks_to_be_one)
{
	EVP_PKEY *ec = EVP_EC_gen("P-256");
	EVP_PKEY *rsa = EVP_RSA_gen(2048);

	expect_ca(ec, 3);
	expect_ca(rsa, 0);
	EVP_PKEY_free(ec);
	EVP_PKEY_free(rsa);
}

Test(x509_csr, of_others_asks_for_no_more_than_names)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");

	for (enum profile_id id = PROFILE_OPCUA_SERVER; id < PROFILE_CA; id++) {
		struct made made = make_for(profile_by_id(id), key, "CN=plc-1", NULL, 0, TPM_SHA256,
					    TPM_PADDING_NONE);

		cr_assert_eq(X509_REQ_get_attr_count(made.req), 0);
		made_free(&made);
	}
	EVP_PKEY_free(key);
}

Test(x509_csr, has_no_attributes_without_names)
{
	EVP_PKEY *key = EVP_EC_gen("P-384");
	struct made made = make(key, "CN=plc-1", NULL, 0, TPM_SHA384, TPM_PADDING_NONE);

	cr_assert_eq(X509_REQ_get_attr_count(made.req), 0);
	cr_assert_eq(X509_REQ_get_signature_nid(made.req), NID_ecdsa_with_SHA384);
	made_free(&made);
	EVP_PKEY_free(key);
}

Test(x509_csr, marks_the_names_critical_where_the_subject_is_empty)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct made made = make(key, "", three_names, 3, TPM_SHA256, TPM_PADDING_NONE);
	STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(made.req);

	cr_assert_eq(X509_EXTENSION_get_critical(sk_X509_EXTENSION_value(extensions, 0)), 1);
	cr_assert_eq(X509_NAME_entry_count(X509_REQ_get_subject_name(made.req)), 0);
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	made_free(&made);
	EVP_PKEY_free(key);
}

Test(x509_csr, is_verified_with_every_key_hash_and_padding)
{
	static const enum tpm_hash all[] = {TPM_SHA1, TPM_SHA256, TPM_SHA384, TPM_SHA512};
	EVP_PKEY *rsa = EVP_RSA_gen(2048);
	EVP_PKEY *ec = EVP_EC_gen("P-384");

	for (size_t i = 0; i < 4; i++) {
		struct made made = make(rsa, "CN=a", three_names, 3, all[i], TPM_PADDING_PKCS1);

		made_free(&made);
		made = make(rsa, "CN=a", three_names, 3, all[i], TPM_PADDING_PSS);
		cr_assert_eq(X509_REQ_get_signature_nid(made.req), NID_rsassaPss);
		made_free(&made);
		made = make(ec, "CN=a", three_names, 3, all[i], TPM_PADDING_NONE);
		made_free(&made);
	}
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ec);
}

/* RFC 4055 6, in the form that CAs compare byte by byte. */
Test(x509_csr, writes_the_algorithms_of_rsa_exactly)
{
	static const uint8_t pss[] = {
		0x30, 0x41, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a, 0x30,
		0x34, 0xa0, 0x0f, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04,
		0x02, 0x01, 0x05, 0x00, 0xa1, 0x1c, 0x30, 0x1a, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
		0xf7, 0x0d, 0x01, 0x01, 0x08, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65,
		0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0xa2, 0x03, 0x02, 0x01, 0x20};
	static const uint8_t pss_sha1[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
					   0xf7, 0x0d, 0x01, 0x01, 0x0a, 0x30, 0x00};
	static const uint8_t pkcs1[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
					0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00};
	EVP_PKEY *key = EVP_RSA_gen(2048);
	struct made made = make(key, "CN=a", NULL, 0, TPM_SHA256, TPM_PADDING_PSS);

	cr_assert(contains(&made, pss, sizeof(pss)));
	made_free(&made);
	made = make(key, "CN=a", NULL, 0, TPM_SHA1, TPM_PADDING_PSS);
	cr_assert(contains(&made, pss_sha1, sizeof(pss_sha1)));
	made_free(&made);
	made = make(key, "CN=a", NULL, 0, TPM_SHA256, TPM_PADDING_NONE);
	cr_assert(contains(&made, pkcs1, sizeof(pkcs1)));
	made_free(&made);
	EVP_PKEY_free(key);
}

Test(x509_csr, writes_the_algorithm_of_ecdsa_without_parameters)
{
	static const uint8_t ecdsa[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
					0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct made made = make(key, "CN=a", NULL, 0, TPM_SHA256, TPM_PADDING_NONE);

	cr_assert(contains(&made, ecdsa, sizeof(ecdsa)));
	made_free(&made);
	EVP_PKEY_free(key);
}

Test(x509_csr, keeps_zero_bytes_at_the_end_of_a_signature)
{
	EVP_PKEY *key = EVP_RSA_gen(1024);
	struct made made;
	uint8_t last;

	/* One signature in 256 ends with a zero byte. */
	for (unsigned i = 0;; i++) {
		char subject[32];
		const ASN1_BIT_STRING *bits;

		snprintf(subject, sizeof(subject), "CN=plc-%u", i);
		made = make(key, subject, NULL, 0, TPM_SHA256, TPM_PADDING_PKCS1);
		last = made.der[made.len - 1];
		X509_REQ_get0_signature(made.req, &bits, NULL);
		cr_assert_eq(ASN1_STRING_length(bits), 128);
		made_free(&made);
		if (last == 0)
			break;
	}
	EVP_PKEY_free(key);
}

Test(x509_csr, does_not_let_a_wrong_signature_out)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	EVP_PKEY *other = EVP_RSA_gen(2048);
	char error[X509_ERROR_MAX];
	const uint8_t *digest;
	uint8_t *der = NULL;
	size_t der_len = 7;
	size_t digest_len;
	struct csr *csr;
	uint8_t sig[2048] = {0};
	size_t len;

	cr_assert_eq(csr_new("CN=a", NULL, 0, NULL, key, TPM_SHA256, TPM_PADDING_PSS, error, &csr),
		     CSR_OK);
	csr_digest(csr, &digest, &digest_len);

	len = soft_sign(other, TPM_SHA256, TPM_PADDING_PSS, digest, digest_len, sig, sizeof(sig));
	cr_assert_eq(csr_finish(csr, sig, len, &der, &der_len), CSR_UNVERIFIED);
	len = soft_sign(key, TPM_SHA256, TPM_PADDING_PKCS1, digest, digest_len, sig, sizeof(sig));
	cr_assert_eq(csr_finish(csr, sig, len, &der, &der_len), CSR_UNVERIFIED);
	cr_assert_eq(csr_finish(csr, sig, 0, &der, &der_len), CSR_UNVERIFIED);
	cr_assert_eq(csr_finish(csr, sig, sizeof(sig), &der, &der_len), CSR_UNVERIFIED);
	cr_assert_null(der);
	cr_assert_eq(der_len, 7);
	csr_free(csr);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}

static enum csr_status refused(const char *subject, const struct csr_name *names, size_t n,
			       const char *because)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	char error[X509_ERROR_MAX] = "";
	struct csr *csr = NULL;
	enum csr_status status =
		csr_new(subject, names, n, NULL, key, TPM_SHA256, TPM_PADDING_NONE, error, &csr);

	cr_assert_null(csr);
	cr_assert_not_null(strstr(error, because), "%s", error);
	EVP_PKEY_free(key);
	return status;
}

Test(x509_csr, says_which_part_of_the_request_is_wrong)
{
	static const struct csr_name bad[] = {{SAN_IP, "plc-1"}};

	cr_assert_eq(refused("", NULL, 0, "it is empty"), CSR_SUBJECT);
	cr_assert_eq(refused("plc-1", NULL, 0, "has no ="), CSR_SUBJECT);
	cr_assert_eq(refused("CN=a", bad, 1, "is not an address"), CSR_NAME);
}

Test(x509_csr, refuses_to_grow_past_its_limit)
{
	static char text[X509_TEXT_MAX + 1];
	static struct csr_name names[SAN_NAMES_MAX];

	memset(text, 'a', X509_TEXT_MAX);
	memcpy(text, "urn:", 4);
	for (size_t i = 0; i < SAN_NAMES_MAX; i++)
		names[i] = (struct csr_name){SAN_URI, text};

	cr_assert_eq(refused("CN=a", names, SAN_NAMES_MAX, "fewer"), CSR_TOO_LARGE);
}

/* The exit status of a shell command that reads the request from stdin. */
static int run_on(const struct made *made, const char *command)
{
	FILE *tool = popen(command, "w");

	cr_assert_not_null(tool);
	cr_assert_eq(fwrite(made->der, 1, made->len, tool), made->len);
	return WEXITSTATUS(pclose(tool));
}

Test(x509_csr, is_accepted_by_openssl_and_gnutls)
{
	EVP_PKEY *rsa = EVP_RSA_gen(2048);
	EVP_PKEY *keys[] = {rsa, rsa, EVP_EC_gen("P-256")};
	static const enum tpm_padding paddings[] = {TPM_PADDING_PKCS1, TPM_PADDING_PSS,
						    TPM_PADDING_NONE};

	for (size_t i = 0; i < 3; i++) {
		struct made made =
			make(keys[i], "CN=plc-1,O=Plant", three_names, 3, TPM_SHA256, paddings[i]);

		cr_assert_eq(
			run_on(&made, "openssl req -verify -noout -inform DER >/dev/null 2>&1"), 0);
		cr_assert_eq(run_on(&made,
				    "command -v certtool >/dev/null || { cat >/dev/null; exit; };"
				    "certtool --crq-info --inder 2>/dev/null | "
				    "grep -q 'Self signature: verified'"),
			     0);
		made_free(&made);
	}
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(keys[2]);
}
