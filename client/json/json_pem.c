#include "json_pem.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

char *pem_text(const char *label, const uint8_t *der, size_t len)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	char *pem = NULL;
	long pem_len = 0;

	if (bio && PEM_write_bio(bio, label, "", der, (long)len))
		pem_len = BIO_get_mem_data(bio, &pem);
	if (pem_len > 0)
		text = strndup(pem, (size_t)pem_len);
	BIO_free(bio);
	return text;
}

json_t *json_pem(const char *label, const uint8_t *der, size_t len)
{
	char *pem = pem_text(label, der, len);
	json_t *text = pem ? json_string(pem) : NULL;

	free(pem);
	return text;
}

char *base64_text(const uint8_t *bytes, size_t len)
{
	char *text = malloc((len + 2) / 3 * 4 + 1);

	if (!text)
		return NULL;
	text[0] = '\0';
	EVP_EncodeBlock((unsigned char *)text, bytes, (int)len);
	return text;
}
