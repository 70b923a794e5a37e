#include "bundle.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#define FILE_MAX (4 * 1024 * 1024)

static bool is_wanted(const char *name)
{
	static const char *const names[] = {PEM_STRING_X509, PEM_STRING_X509_OLD,
					    PEM_STRING_X509_CRL};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static enum exit_code read_blocks(const struct ctl *ctl, const char *path, BIO *bio,
				  struct bundle *bundle)
{
	enum exit_code code = EXIT_OK;
	unsigned char *data = NULL;
	char *header = NULL;
	char *name = NULL;
	long len = 0;

	while (code == EXIT_OK && PEM_read_bio(bio, &name, &header, &data, &len)) {
		if (!is_wanted(name)) {
			/* It may be a private key. */
			OPENSSL_clear_free(data, (size_t)len);
		} else if (bundle->count == BUNDLE_MAX) {
			OPENSSL_free(data);
			code = ctl_fail(ctl, EXIT_USAGE,
					"%s has more than %d certificates and CRLs: take several "
					"files",
					path, BUNDLE_MAX);
		} else {
			bundle->ders[bundle->count] = bundle->decoded[bundle->count] = data;
			bundle->lens[bundle->count++] = (size_t)len;
		}
		OPENSSL_free(name);
		OPENSSL_free(header);
	}
	ERR_clear_error();
	return code;
}

enum exit_code bundle_read(const struct ctl *ctl, const char *path, struct bundle *ret_bundle)
{
	struct bundle bundle = {0};
	enum exit_code code = file_read(ctl, path, FILE_MAX, &bundle.file);
	BIO *bio;

	if (code != EXIT_OK)
		return code;
	bio = BIO_new_mem_buf(bundle.file.data, (int)bundle.file.len);
	code = bio ? read_blocks(ctl, path, bio, &bundle)
		   : ctl_fail(ctl, EXIT_FAILED, "out of memory");
	BIO_free(bio);
	/* DER begins with a SEQUENCE; what it is of, the service finds out. */
	if (code == EXIT_OK && !bundle.count && bundle.file.len && bundle.file.data[0] == 0x30) {
		bundle.ders[0] = bundle.file.data;
		bundle.lens[0] = bundle.file.len;
		bundle.count = 1;
	}
	if (code == EXIT_OK && !bundle.count)
		code = ctl_fail(ctl, EXIT_USAGE, "%s has no certificate and no CRL, PEM or DER",
				path);
	if (code == EXIT_OK)
		*ret_bundle = bundle;
	else
		bundle_free(&bundle);
	return code;
}

void bundle_free(struct bundle *bundle)
{
	for (size_t i = 0; i < bundle->count; i++)
		OPENSSL_free(bundle->decoded[i]);
	file_free(&bundle->file);
	*bundle = (struct bundle){0};
}
