#include "x509_maker.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include "x509_export.h"
#include "x509_import.h"
#include "x509_pbe.h"

static char error[X509_ERROR_MAX];

struct file {
	uint8_t *bytes;
	size_t len;
};

static struct file file_of(BIO *bio)
{
	struct file file = {0};
	char *view;
	long len = BIO_get_mem_data(bio, &view);

	file.bytes = malloc((size_t)len);
	memcpy(file.bytes, view, (size_t)len);
	file.len = (size_t)len;
	BIO_free(bio);
	return file;
}

static enum import_status reads(const struct file *file, const char *password,
				struct import **ret_import)
{
	*ret_import = NULL;
	error[0] = '\0';
	return import_read(file->bytes, file->len, password, error, ret_import);
}

/* A failure that has a sentence; and no queue of OpenSSL's is left behind. */
static void refuses(const struct file *file, const char *password, enum import_status expected)
{
	struct import *import;
	enum import_status status = reads(file, password, &import);

	cr_expect_eq(status, expected, "%d: %s", status, error);
	cr_expect_gt(strlen(error), 10);
	cr_expect_null(import);
	cr_expect_eq(ERR_peek_error(), 0);
}

static bool is_cert(const struct import *import, size_t at, const struct made_cert *cert)
{
	return at < import->cert_count && import->certs[at].len == (size_t)cert->len &&
	       memcmp(import->certs[at].der, cert->der, (size_t)cert->len) == 0;
}

static bool is_key(const struct import *import, EVP_PKEY *key)
{
	const uint8_t *at = import->key.der;
	EVP_PKEY *found = at ? d2i_AutoPrivateKey(NULL, &at, (long)import->key.len) : NULL;
	bool is = found && EVP_PKEY_eq(found, key) == 1;

	EVP_PKEY_free(found);
	return is;
}

static struct made_cert ca(const char *name)
{
	return make_cert((struct made_spec){.name = name, .extensions = {CA_EXTENSIONS, KEY_IDS}});
}

static struct made_cert leaf(const struct made_cert *issuer)
{
	return make_cert((struct made_spec){.name = "plc-1", .issuer = issuer});
}

static struct file pkcs12_of(const struct made_cert *cert, const struct made_cert *issuer,
			     const char *password, int key_nid, int iterations)
{
	STACK_OF(X509) *others = sk_X509_new_null();
	BIO *bio = BIO_new(BIO_s_mem());
	PKCS12 *pkcs12;

	sk_X509_push(others, issuer->x509);
	pkcs12 = PKCS12_create(password, "plc-1", cert->key, cert->x509, others, key_nid, key_nid,
			       iterations, iterations > 0 ? 1 : iterations, 0);
	cr_assert_not_null(pkcs12);
	i2d_PKCS12_bio(bio, pkcs12);
	PKCS12_free(pkcs12);
	sk_X509_free(others);
	return file_of(bio);
}

Test(x509_import, tells_a_certificate_a_crl_and_a_key_in_der_apart)
{
	struct made_cert root = ca("root");
	struct made_crl crl = make_crl((struct made_crl_spec){.issuer = &root});
	struct file file = {root.der, (size_t)root.len};
	struct import *import;
	uint8_t *der = NULL;
	int len;

	cr_assert_eq(reads(&file, NULL, &import), IMPORT_OK, "%s", error);
	cr_assert_eq(import->cert_count, 1);
	cr_assert(is_cert(import, 0, &root));
	cr_assert_null(import->key.der);
	import_free(import);

	file = (struct file){crl.der, (size_t)crl.len};
	cr_assert_eq(reads(&file, NULL, &import), IMPORT_OK, "%s", error);
	cr_assert_eq(import->crl_count, 1);
	import_free(import);

	/* SEC 1, as openssl ecparam writes it */
	len = i2d_PrivateKey(root.key, &der);
	file = (struct file){der, (size_t)len};
	cr_assert_eq(reads(&file, NULL, &import), IMPORT_OK, "%s", error);
	cr_assert(is_key(import, root.key));
	import_free(import);
	OPENSSL_free(der);
	made_crl_free(&crl);
	made_cert_free(&root);
}

Test(x509_import, takes_all_of_a_pem_bundle_and_each_once)
{
	struct made_cert root = ca("root"), plc = leaf(&root);
	struct made_crl crl = make_crl((struct made_crl_spec){.issuer = &root});
	BIO *bio = BIO_new(BIO_s_mem());
	struct import *import;
	struct file file;

	BIO_puts(bio, "0 a text before, as openssl x509 -text has it\n");
	PEM_write_bio_X509(bio, plc.x509);
	PEM_write_bio_PrivateKey(bio, plc.key, NULL, NULL, 0, NULL, NULL);
	BIO_puts(bio, "\nsubject=CN = root\n");
	PEM_write_bio_X509(bio, root.x509);
	PEM_write_bio_X509(bio, plc.x509);
	PEM_write_bio_X509_CRL(bio, crl.crl);
	PEM_write_bio_PUBKEY(bio, plc.key);
	file = file_of(bio);

	cr_assert_eq(reads(&file, NULL, &import), IMPORT_OK, "%s", error);
	cr_assert_eq(import->cert_count, 2);
	cr_assert(is_cert(import, 0, &plc));
	cr_assert(is_cert(import, 1, &root));
	cr_assert_eq(import->crl_count, 1);
	cr_assert(is_key(import, plc.key));
	import_free(import);
	free(file.bytes);
	made_crl_free(&crl);
	made_cert_free(&plc);
	made_cert_free(&root);
}

Test(x509_import, opens_encrypted_keys_with_their_password_only)
{
	struct made_cert root = ca("root");
	const EVP_CIPHER *ciphers[] = {EVP_aes_256_cbc(), EVP_aes_128_cbc()};
	struct import *import;

	for (int traditional = 0; traditional < 2; traditional++) {
		BIO *bio = BIO_new(BIO_s_mem());
		struct file file;

		if (traditional)
			PEM_write_bio_PrivateKey_traditional(bio, root.key, ciphers[1],
							     (const unsigned char *)"sesame", 6,
							     NULL, NULL);
		else
			PEM_write_bio_PKCS8PrivateKey(bio, root.key, ciphers[0], "sesame", 6, NULL,
						      NULL);
		file = file_of(bio);
		refuses(&file, NULL, IMPORT_PASSWORD_NEEDED);
		refuses(&file, "wrong", IMPORT_PASSWORD_WRONG);
		cr_assert_eq(reads(&file, "sesame", &import), IMPORT_OK, "%s", error);
		cr_assert(is_key(import, root.key));
		import_free(import);
		free(file.bytes);
	}
	made_cert_free(&root);
}

Test(x509_import, opens_pkcs12_with_its_password_only)
{
	struct made_cert root = ca("root"), plc = leaf(&root);
	const int ciphers[] = {NID_aes_256_cbc, NID_pbe_WithSHA1And3_Key_TripleDES_CBC};
	struct import *import;

	for (size_t i = 0; i < 2; i++) {
		struct file file = pkcs12_of(&plc, &root, "s\xc3\xa9same", ciphers[i], 2048);

		refuses(&file, NULL, IMPORT_PASSWORD_NEEDED);
		refuses(&file, "sesame", IMPORT_PASSWORD_WRONG);
		cr_assert_eq(reads(&file, "s\xc3\xa9same", &import), IMPORT_OK, "%s", error);
		cr_assert_eq(import->cert_count, 2);
		cr_assert(is_key(import, plc.key));
		import_free(import);
		free(file.bytes);
	}
	made_cert_free(&plc);
	made_cert_free(&root);
}

Test(x509_import, opens_pkcs12_that_has_no_password)
{
	struct made_cert root = ca("root"), plc = leaf(&root);
	const struct {
		const char *password;
		int nid;
		int iterations;
	} files[] = {{"", NID_aes_256_cbc, 2048}, {NULL, -1, 1}, {NULL, -1, -1}};
	struct import *import;

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		struct file file = pkcs12_of(&plc, &root, files[i].password, files[i].nid,
					     files[i].iterations);

		cr_assert_eq(reads(&file, NULL, &import), IMPORT_OK, "%zu: %s", i, error);
		cr_assert_eq(import->cert_count, 2);
		import_free(import);
		free(file.bytes);
	}
	made_cert_free(&plc);
	made_cert_free(&root);
}

Test(x509_import, refuses_to_hash_a_password_for_hours)
{
	struct made_cert root = ca("root");
	PKCS8_PRIV_KEY_INFO *key = EVP_PKEY2PKCS8(root.key);
	X509_ALGOR *costly[2];
	ASN1_OCTET_STRING *nothing = ASN1_OCTET_STRING_new();

	ASN1_OCTET_STRING_set(nothing, (const unsigned char *)"0123456789abcdef", 16);
	costly[0] = PKCS5_pbe2_set(EVP_aes_128_cbc(), PBE_ROUNDS_MAX + 1, NULL, 8);
	costly[1] = PKCS5_pbe2_set_scrypt(EVP_aes_128_cbc(), NULL, 8, NULL, 1u << 14, 8, 32);
	for (size_t i = 0; i < 2; i++) {
		X509_SIG *sig = X509_SIG_new();
		X509_ALGOR *algorithm;
		ASN1_OCTET_STRING *content;
		struct file file = {0};

		cr_assert_not_null(costly[i]);
		X509_SIG_getm(sig, &algorithm, &content);
		X509_ALGOR_copy(algorithm, costly[i]);
		ASN1_OCTET_STRING_set(content, ASN1_STRING_get0_data(nothing), 16);
		file.len = (size_t)i2d_X509_SIG(sig, &file.bytes);
		refuses(&file, "sesame", IMPORT_TOO_COSTLY);
		OPENSSL_free(file.bytes);
		X509_SIG_free(sig);
		X509_ALGOR_free(costly[i]);
	}
	ASN1_OCTET_STRING_free(nothing);
	PKCS8_PRIV_KEY_INFO_free(key);
	made_cert_free(&root);
}

Test(x509_import, counts_what_all_parts_of_a_file_cost_together)
{
	struct made_cert root = ca("root");
	BIO *bio = BIO_new(BIO_s_mem());
	X509_ALGOR *algorithm = PKCS5_pbe2_set(EVP_aes_128_cbc(), 900000, NULL, 8);
	PKCS8_PRIV_KEY_INFO *key = EVP_PKEY2PKCS8(root.key);
	X509_SIG *sig;
	struct file file;

	/* One is affordable; four are not, even though they hold the same key. */
	sig = PKCS8_set0_pbe("sesame", 6, key, algorithm);
	for (int i = 0; i < 4; i++)
		PEM_write_bio_PKCS8(bio, sig);
	file = file_of(bio);
	refuses(&file, "sesame", IMPORT_TOO_COSTLY);
	free(file.bytes);
	X509_SIG_free(sig);
	PKCS8_PRIV_KEY_INFO_free(key);
	made_cert_free(&root);
}

Test(x509_import, refuses_what_is_too_many_and_takes_as_much_as_it_may)
{
	struct made_cert certs[IMPORT_CERTS_MAX + 1];
	EVP_PKEY *key = EVP_EC_gen("P-256"), *other = EVP_EC_gen("P-256");
	BIO *bio = BIO_new(BIO_s_mem());
	struct import *import;
	struct file file;

	for (size_t i = 0; i <= IMPORT_CERTS_MAX; i++) {
		certs[i] = make_cert((struct made_spec){.name = "plc", .key = key});
		PEM_write_bio_X509(bio, certs[i].x509);
		if (i + 1 == IMPORT_CERTS_MAX) {
			BIO *so_far = BIO_new(BIO_s_mem());
			char *view;
			long len = BIO_get_mem_data(bio, &view);

			BIO_write(so_far, view, (int)len);
			file = file_of(so_far);
			cr_assert_eq(reads(&file, NULL, &import), IMPORT_OK, "%s", error);
			cr_assert_eq(import->cert_count, IMPORT_CERTS_MAX);
			import_free(import);
			free(file.bytes);
		}
	}
	file = file_of(bio);
	refuses(&file, NULL, IMPORT_TOO_MANY);
	free(file.bytes);

	bio = BIO_new(BIO_s_mem());
	PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
	PEM_write_bio_PrivateKey(bio, other, NULL, NULL, 0, NULL, NULL);
	file = file_of(bio);
	refuses(&file, NULL, IMPORT_TOO_MANY);
	free(file.bytes);
	for (size_t i = 0; i <= IMPORT_CERTS_MAX; i++)
		made_cert_free(&certs[i]);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}

Test(x509_import, refuses_what_is_too_large)
{
	struct file file = {calloc(1, IMPORT_BYTES_MAX + 1), IMPORT_BYTES_MAX + 1};

	refuses(&file, NULL, IMPORT_TOO_LARGE);
	file.len--;
	refuses(&file, NULL, IMPORT_UNKNOWN);
	free(file.bytes);
}

Test(x509_import, refuses_files_of_other_kinds_with_a_way_out)
{
	static const struct {
		const char *text;
		enum import_status status;
		const char *says;
	} files[] = {
		{"", IMPORT_EMPTY, "empty"},
		{"hello", IMPORT_UNKNOWN, "neither"},
		{"-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n", IMPORT_EMPTY,
		 "no"},
		{"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", IMPORT_UNKNOWN,
		 "damaged"},
		{"-----BEGIN CERTIFICATE-----\nMAA=\n", IMPORT_UNKNOWN, "PEM"},
		{"-----BEGIN TSS2 PRIVATE KEY-----\nMAA=\n-----END TSS2 PRIVATE KEY-----\n",
		 IMPORT_UNSUPPORTED, "key import"},
	};
	X509_REQ *request = X509_REQ_new();
	EVP_PKEY *key = EVP_EC_gen("P-256");
	BIO *bio = BIO_new(BIO_s_mem());
	struct file file;

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		file = (struct file){(uint8_t *)(uintptr_t)files[i].text, strlen(files[i].text)};
		refuses(&file, NULL, files[i].status);
		cr_expect_not_null(strstr(error, files[i].says), "%s", error);
	}
	X509_REQ_set_pubkey(request, key);
	X509_REQ_sign(request, key, EVP_sha256());
	PEM_write_bio_X509_REQ(bio, request);
	file = file_of(bio);
	refuses(&file, NULL, IMPORT_EMPTY);
	cr_expect_not_null(strstr(error, "ca sign"), "%s", error);
	free(file.bytes);
	X509_REQ_free(request);
	EVP_PKEY_free(key);
}

Test(x509_import, survives_every_cut_and_flip_of_a_pkcs12_file)
{
	struct made_cert root = ca("root"), plc = leaf(&root);
	struct file file = pkcs12_of(&plc, &root, "", -1, 1), cut;
	struct import *import;

	for (size_t len = 1; len < file.len; len += 5) {
		cut = (struct file){malloc(len), len};
		memcpy(cut.bytes, file.bytes, len);
		cr_expect_neq(reads(&cut, NULL, &import), IMPORT_OK);
		free(cut.bytes);
	}
	for (size_t at = 0; at < file.len; at += 3) {
		file.bytes[at] ^= 0x41;
		if (reads(&file, NULL, &import) == IMPORT_OK)
			import_free(import);
		file.bytes[at] ^= 0x41;
	}
	free(file.bytes);
	made_cert_free(&plc);
	made_cert_free(&root);
}

Test(x509_import, reads_what_is_exported)
{
	struct made_cert root = ca("root"), plc = leaf(&root);
	const struct export_cert certs[] = {{plc.der, (size_t)plc.len},
					    {root.der, (size_t)root.len}};
	struct import *import;
	struct file file;

	for (int form = 0; form < 4; form++) {
		const char *password = form == 3 ? "sesame" : "";
		enum export_status status =
			form < 2 ? export_pkcs7(certs, 2, form == 1, &file.bytes, &file.len)
				 : export_pkcs12(certs, 2, "plc-1", password, &file.bytes,
						 &file.len);

		cr_assert_eq(status, EXPORT_OK);
		if (form == 3)
			refuses(&file, "wrong", IMPORT_PASSWORD_WRONG);
		cr_assert_eq(reads(&file, *password ? password : NULL, &import), IMPORT_OK,
			     "%d: %s", form, error);
		cr_assert_eq(import->cert_count, 2);
		cr_assert_null(import->key.der);
		import_free(import);
		free(file.bytes);
	}
	made_cert_free(&plc);
	made_cert_free(&root);
}

Test(x509_export, does_not_write_what_it_cannot_read)
{
	const struct export_cert certs[] = {{(const uint8_t *)"0", 1}};
	uint8_t *bytes = NULL;
	size_t len;

	cr_assert_eq(export_pkcs7(certs, 1, false, &bytes, &len), EXPORT_MALFORMED);
	cr_assert_eq(export_pkcs12(certs, 1, "", "", &bytes, &len), EXPORT_MALFORMED);
	cr_assert_null(bytes);
}
