#include "x509_file.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>
#include <time.h>

static X509 *parse(const uint8_t *bytes, size_t len)
{
	const unsigned char *at = bytes;
	BIO *bio = BIO_new_mem_buf(bytes, (int)len);
	X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;

	BIO_free(bio);
	return cert ? cert : d2i_X509(NULL, &at, (long)len);
}

static bool take_time(const ASN1_TIME *time, int64_t *ret_seconds)
{
	struct tm parts;

	if (!ASN1_TIME_to_tm(time, &parts))
		return false;
	*ret_seconds = timegm(&parts);
	return true;
}

static void take_name(const X509 *cert, char name[X509_FILE_NAME_BYTES])
{
	const X509_NAME *subject = X509_get_subject_name(cert);
	int last = -1;
	int at = -1;
	unsigned char *text = NULL;
	int len;

	while ((at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0)
		last = at;
	if (last < 0)
		return;
	len = ASN1_STRING_to_UTF8(&text,
				  X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, last)));
	/* With a NUL inside it is no name that keystored has. */
	if (len > 0 && len < X509_FILE_NAME_BYTES && !memchr(text, '\0', (size_t)len))
		memcpy(name, text, (size_t)len);
	OPENSSL_free(text);
}

static bool take_key(const X509 *cert, struct x509_file *file)
{
	unsigned char *der = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
	bool is_taken = len > 0 && len <= X509_FILE_SPKI_BYTES;

	if (is_taken) {
		memcpy(file->spki, der, (size_t)len);
		file->spki_len = (size_t)len;
	}
	OPENSSL_free(der);
	return is_taken;
}

bool x509_file_parse(const uint8_t *bytes, size_t len, struct x509_file *ret_file)
{
	struct x509_file file = {0};
	unsigned digest_len = 0;
	bool is_parsed = false;
	X509 *cert;

	ERR_set_mark();
	cert = parse(bytes, len);
	if (cert && X509_digest(cert, EVP_sha256(), file.fingerprint, &digest_len) &&
	    take_time(X509_get0_notBefore(cert), &file.not_before) &&
	    take_time(X509_get0_notAfter(cert), &file.not_after) && take_key(cert, &file)) {
		take_name(cert, file.common_name);
		*ret_file = file;
		is_parsed = true;
	}
	X509_free(cert);
	ERR_pop_to_mark();
	return is_parsed;
}
