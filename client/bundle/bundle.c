#include "bundle.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <string.h>

#define DER_SEQUENCE 0x30

static bool is_wanted(const char *name)
{
	static const char *const names[] = {PEM_STRING_X509, PEM_STRING_X509_OLD,
					    PEM_STRING_X509_CRL};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static enum bundle_status read_blocks(BIO *bio, struct bundle *bundle)
{
	enum bundle_status status = BUNDLE_OK;
	unsigned char *data = NULL;
	char *header = NULL;
	char *name = NULL;
	long len = 0;

	while (status == BUNDLE_OK && PEM_read_bio(bio, &name, &header, &data, &len)) {
		if (is_wanted(name) && bundle->count < BUNDLE_MAX) {
			bundle->ders[bundle->count] = bundle->decoded[bundle->count] = data;
			bundle->lens[bundle->count++] = (size_t)len;
		} else {
			status = is_wanted(name) ? BUNDLE_TOO_MANY : BUNDLE_OK;
			/* It may be a private key. */
			OPENSSL_clear_free(data, (size_t)len);
		}
		OPENSSL_free(name);
		OPENSSL_free(header);
	}
	ERR_clear_error();
	return status;
}

enum bundle_status bundle_parse(const uint8_t *bytes, size_t len, struct bundle *ret_bundle)
{
	BIO *bio = len <= INT_MAX ? BIO_new_mem_buf(bytes, (int)len) : NULL;
	enum bundle_status status = BUNDLE_NOMEM;
	struct bundle bundle = {0};

	if (bio)
		status = read_blocks(bio, &bundle);
	BIO_free(bio);
	/* What the DER is of, whoever takes it finds out. */
	if (status == BUNDLE_OK && !bundle.count && len && bytes[0] == DER_SEQUENCE) {
		bundle.ders[0] = bytes;
		bundle.lens[0] = len;
		bundle.count = 1;
	}
	if (status == BUNDLE_OK && !bundle.count)
		status = BUNDLE_EMPTY;
	if (status == BUNDLE_OK)
		*ret_bundle = bundle;
	else
		bundle_free(&bundle);
	return status;
}

void bundle_free(struct bundle *bundle)
{
	for (size_t i = 0; i < bundle->count; i++)
		OPENSSL_free(bundle->decoded[i]);
	*bundle = (struct bundle){0};
}
